//! The exact rank test of two groups of runs.

/// The most runs on both sides: beyond, the numbers of ways leave what an `f64` holds exactly.
const MOST: usize = 40;

/// The probability that ranks as far apart as these, in either direction, come by chance: Mann and Whitney 1947 (Annals of
/// Mathematical Statistics 18), over all ways to choose so many of the runs; equal values share their ranks. Twice the
/// smaller tail. `None` where there are none, or more than forty.
pub(super) fn rank_test(base: &[f64], new: &[f64]) -> Option<f64> {
    let all: Vec<f64> = base.iter().chain(new).copied().collect();
    if base.is_empty() || new.is_empty() || all.len() > MOST {
        return None;
    }
    // Twice the rank, so that shared ones are whole: how many are below, and how many are not above.
    let twice = |value: f64| {
        let below = all.iter().filter(|other| **other < value).count();
        below + all.iter().filter(|other| **other <= value).count() + 1
    };
    let ranks: Vec<usize> = all.iter().map(|value| twice(*value)).collect();
    let seen: usize = ranks[base.len()..].iter().sum();
    let top: usize = ranks.iter().sum();
    // In how many ways so many runs have this sum of ranks.
    let mut ways = vec![vec![0.0; top + 1]; new.len() + 1];
    ways[0][0] = 1.0;
    for rank in &ranks {
        for taken in (1..=new.len()).rev() {
            for sum in (*rank..=top).rev() {
                ways[taken][sum] += ways[taken - 1][sum - rank];
            }
        }
    }
    let of = &ways[new.len()];
    let (total, low, high): (f64, f64, f64) = (of.iter().sum(), of[..=seen].iter().sum(), of[seen..].iter().sum());
    Some((2.0 * low.min(high) / total).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_sided(base: &[f64], new: &[f64]) -> f64 {
        rank_test(base, new).expect("there are runs") / 2.0
    }

    #[test]
    fn probabilities_are_those_of_the_table() {
        let a = one_sided(&[101.0, 103.0, 99.0, 102.0, 100.0], &[106.0, 108.0, 104.0, 107.0, 109.0]);
        let b = one_sided(&[101.0, 103.0, 99.0, 107.0, 100.0], &[106.0, 102.0, 104.0, 108.0, 105.0]);
        assert!((a - 0.003_968_25).abs() < 1e-8 && (b - 0.075_396_8).abs() < 1e-7, "{a} {b}");
        // The least that k a side can have: 2/C(2k, k).
        for (k, least) in [(3, 0.1), (4, 0.028_571_4), (5, 0.007_936_5), (6, 0.002_164_5)] {
            let side = |from: usize| (from..from + k).map(|value| value as f64).collect::<Vec<_>>();
            let p = rank_test(&side(0), &side(k)).expect("there are runs");
            assert!((p - least).abs() < 1e-6, "{k}: {p}");
        }
    }

    #[test]
    fn equal_values_say_nothing_and_neither_do_none() {
        assert_eq!(rank_test(&[1.0; 4], &[1.0; 4]), Some(1.0));
        assert_eq!(rank_test(&[], &[1.0]), None);
        assert_eq!(rank_test(&[1.0; 21], &[1.0; 20]), None);
    }
}
