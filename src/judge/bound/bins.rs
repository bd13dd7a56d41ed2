//! What bounds are made of: counts by bin, of one run or of several looks at one plan (O17).

use super::batches::Batches;

/// Pairs (n, K) by bin, look by look. A pair of another meaning is of a ratio: what is below, and what is above.
#[derive(Clone, Debug)]
pub struct Bins {
    /// Each times its weight.
    looks: Vec<Vec<(f64, f64)>>,
    /// The numbers of the bins with which a stratum of the plan begins, the same in each look.
    strata: Vec<usize>,
    /// How many times the variance of as many requests of the same weight these have: Σw²n/Σwn (Kish 1965, *Survey
    /// Sampling*, 11.7); 1 of one run.
    pub(super) weight: f64,
}

impl Bins {
    /// Of one run.
    pub fn of_one(bins: &[(u64, u64)], strata: &[usize]) -> Self {
        Self::of_looks(&[bins], strata)
    }

    /// Of looks of which nothing is left out.
    pub fn of_looks(looks: &[&[(u64, u64)]], strata: &[usize]) -> Self {
        Self::pooled(looks, &vec![Vec::new(); looks.len()], strata)
    }

    /// Of looks, of each of which some bins are left out. What another look has of the same bin of the plan counts in their
    /// place, so that each part of the plan keeps its share of the whole: with half of the looks left out, twice.
    pub fn pooled(looks: &[&[(u64, u64)]], left_out: &[Vec<bool>], strata: &[usize]) -> Self {
        let is_out = |look: usize, bin: usize| left_out[look].get(bin).copied().unwrap_or(false);
        let (mut squares, mut sum) = (0.0, 0.0);
        let mut weighed = |look: usize, bin: usize, (n, k): (u64, u64)| {
            if is_out(look, bin) {
                return (0.0, 0.0);
            }
            let kept = (0..looks.len()).filter(|look| !is_out(*look, bin)).count();
            let weight = looks.len() as f64 / kept as f64;
            let (n, k) = (n as f64 * weight, k as f64 * weight);
            (squares, sum) = (squares + n * weight, sum + n);
            (n, k)
        };
        let mut of =
            |look: usize| looks[look].iter().enumerate().map(|(bin, seen)| weighed(look, bin, *seen)).collect();
        let looks = (0..looks.len()).map(&mut of).collect();
        Self { looks, strata: strata.to_vec(), weight: if sum > 0.0 { squares / sum } else { 1.0 } }
    }

    /// Σn and ΣK.
    pub(super) fn sums(&self) -> (f64, f64) {
        self.looks.iter().flatten().fold((0.0, 0.0), |sum, bin| (sum.0 + bin.0, sum.1 + bin.1))
    }

    pub(super) fn batches(&self) -> Batches {
        Batches::new(&self.looks, &self.strata)
    }
}

#[cfg(test)]
mod tests {
    use super::super::ALPHA;
    use super::*;

    const BINS: usize = 120;

    /// A look whose second half is a surge, bad as told in either half.
    fn look(quiet: u64, surge: u64) -> Vec<(u64, u64)> {
        (0..BINS).map(|bin| if bin < BINS / 2 { (100, quiet) } else { (300, surge) }).collect()
    }

    fn out(from: usize, to: usize) -> Vec<bool> {
        (0..BINS).map(|bin| (from..to).contains(&bin)).collect()
    }

    #[test]
    fn what_is_left_out_of_a_look_is_made_good_by_the_same_part_of_another() {
        let looks = [look(0, 9), look(0, 9), look(0, 9)];
        let looks: Vec<&[(u64, u64)]> = looks.iter().map(Vec::as_slice).collect();
        let whole = Bins::of_looks(&looks, &[0, BINS / 2]).share(ALPHA);
        assert!((whole.seen - 0.0225).abs() < 1e-12);
        // Of the surge only one look is left: it counts for all three.
        let left_out = [out(BINS / 2, BINS), out(BINS / 2, BINS), out(0, 0)];
        let part = Bins::pooled(&looks, &left_out, &[0, BINS / 2]).share(ALPHA);
        assert!((part.seen - whole.seen).abs() < 1e-12, "{part:?}");
        assert_eq!(part.n, whole.n);
        // And not as if three had been seen: Σw²n/Σwn = (3·1 + 3·3·3)/(3·1 + 3·3) = 2.5.
        assert!((part.design_effect - 2.5).abs() < 1e-12, "{part:?}");
        assert!(part.upper > whole.upper && part.lower < whole.lower);
    }

    #[test]
    fn with_none_bad_what_is_left_out_costs_its_evidence() {
        let looks = [look(0, 0), look(0, 0)];
        let looks: Vec<&[(u64, u64)]> = looks.iter().map(Vec::as_slice).collect();
        let effective =
            |left_out: [Vec<bool>; 2]| Bins::pooled(&looks, &left_out, &[0]).share(ALPHA).effective_n.round() as u64;
        assert_eq!(effective([out(0, 0), out(0, 0)]), 48_000);
        assert_eq!(effective([out(0, BINS), out(0, 0)]), 24_000);
        assert_eq!(effective([out(0, BINS), out(0, BINS)]), 0);
        // The quiet half twice from one look: 48,000 · 48,000 / (36,000 + 2 · 12,000).
        assert_eq!(effective([out(0, BINS / 2), out(0, 0)]), 38_400);
    }

    #[test]
    fn one_look_is_one_run() {
        let bins: Vec<(u64, u64)> = (0..BINS as u64).map(|bin| (100 + bin, bin % 5)).collect();
        let (one, look) =
            (Bins::of_one(&bins, &[0]).share(ALPHA), Bins::pooled(&[&bins], &[out(0, 0)], &[0]).share(ALPHA));
        assert_eq!(one, look);
    }
}
