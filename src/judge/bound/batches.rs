//! How much a sum over bins varies: by the sums of a few batches of bins, as neighbours are not independent.
//!
//! Requests that follow one another meet the same stall, so that n of them say less than n independent ones. The sums of
//! long batches are nearly independent (Schmeiser 1982, Operations Research 30: ten to thirty). What the plan moves is not
//! variance: so each bin counts by what it has more than its stratum of the planned curve has in the mean. Each stratum's
//! mean is estimated, which costs a degree of freedom. Of several looks at one plan (O17) no batch joins two, as their bins
//! are not neighbours, and each stratum has one mean in all.

/// Into how many batches bins are cut; the number that gives the widest bounds counts.
const BATCHES: [usize; 4] = [60, 30, 20, 10];
/// The fewest of those: with fewer bins there is one batch for each, and one stratum.
pub const FEWEST: usize = BATCHES[3];
/// The number of batches that joins where the run is short against its correlation time.
const BATCHES_IF_SHORT: usize = 5;
/// A run of fewer correlation times than this is short.
const SHORT_TIMES: f64 = 30.0;
/// Batches for each stratum, at least.
const BATCHES_A_STRATUM: usize = 2;
/// More bins than this are merged before their correlation time is estimated, which takes up to the square of it.
const CORRELATED_MAX: usize = 6_000;

/// The bins of an objective that saw something, look by look, as what they have above their stratum.
pub struct Batches {
    residuals: Vec<Vec<f64>>,
    strata: usize,
}

/// How much the sum of all bins varies, estimated from one number of batches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The variance of the sum.
    pub variance: f64,
    /// Degrees of freedom of that estimate.
    pub degrees: f64,
}

impl Batches {
    /// Of pairs (n, K) by bin of each look, those with n = 0 left out; `strata` are the numbers of the bins with which one
    /// begins, the same in each look.
    pub fn new(looks: &[Vec<(f64, f64)>], strata: &[usize]) -> Self {
        let filled = looks.iter().map(|bins| bins.iter().filter(|(n, _)| *n > 0.0).count()).max().unwrap_or(0);
        let strata = if filled < FEWEST { &[] } else { strata };
        let mut batches = Self { residuals: vec![Vec::new(); looks.len()], strata: 0 };
        let mut from = 0;
        for to in strata.iter().copied().chain([usize::MAX]) {
            let part =
                |bins: &Vec<(f64, f64)>| from.min(bins.len())..to.clamp(from, bins.len().max(from)).min(bins.len());
            let stratum: Vec<&[(f64, f64)]> = looks.iter().map(|bins| &bins[part(bins)]).collect();
            batches.add(&stratum);
            from = from.max(to);
        }
        batches
    }

    fn add(&mut self, stratum: &[&[(f64, f64)]]) {
        let filled = |bins: &[(f64, f64)]| bins.iter().filter(|(n, _)| *n > 0.0).copied().collect::<Vec<_>>();
        let looks: Vec<Vec<(f64, f64)>> = stratum.iter().map(|bins| filled(bins)).collect();
        let (n, k) = looks.iter().flatten().fold((0.0, 0.0), |sum, bin| (sum.0 + bin.0, sum.1 + bin.1));
        if n > 0.0 {
            for (residuals, bins) in self.residuals.iter_mut().zip(&looks) {
                residuals.extend(bins.iter().map(|bin| bin.1 - k / n * bin.0));
            }
            self.strata += 1;
        }
    }

    /// An estimate for each number of batches that there may be; none of a single bin. Looks share that number, rounded up
    /// for each, so that their batches are about as long as those of one run that is as long as all of them.
    pub fn spreads(&self) -> impl Iterator<Item = Spread> {
        let (bins, looks) = (self.longest(), self.residuals.len().max(1));
        let fits = move |each: &usize| *each <= bins && self.sums(*each).count() >= BATCHES_A_STRATUM * self.strata;
        let usual = BATCHES.into_iter().map(move |batches| batches.div_ceil(looks)).filter(fits);
        let few = Some(bins).filter(|bins| *bins < FEWEST && self.bins() > 1);
        let short =
            Some(BATCHES_IF_SHORT.div_ceil(looks)).filter(|each| fits(each) && *each != bins && self.is_short());
        usual.chain(few).chain(short).map(|each| self.spread(each))
    }

    /// Σs²·nb/(nb − S)·m/(nb·b), s being the sums of nb batches of b of the m bins.
    fn spread(&self, batches: usize) -> Spread {
        let (bins, length) = (self.bins() as f64, self.longest() / batches);
        let squares: f64 = self.sums(batches).map(|sum| sum * sum).sum();
        let count = self.sums(batches).count();
        let degrees = (count - self.strata) as f64;
        let count = count as f64;
        Spread { variance: squares * count / degrees * bins / (count * length as f64), degrees }
    }

    /// The sums of so many batches of the look that has most bins, and of as long ones of the others.
    fn sums(&self, batches: usize) -> impl Iterator<Item = f64> {
        let length = self.longest() / batches;
        let of = move |bins: &Vec<f64>| {
            let sums = bins.chunks_exact(length).take(batches).map(|batch| batch.iter().sum::<f64>());
            sums.collect::<Vec<f64>>()
        };
        self.residuals.iter().flat_map(of)
    }

    fn longest(&self) -> usize {
        self.residuals.iter().map(Vec::len).max().unwrap_or(0)
    }

    fn bins(&self) -> usize {
        self.residuals.iter().map(Vec::len).sum()
    }

    /// Whether a look, in the mean, is shorter than thirty times the integrated autocorrelation time of its bins.
    fn is_short(&self) -> bool {
        let merged = self.longest().div_ceil(CORRELATED_MAX).max(1);
        let of = |bins: &Vec<f64>| bins.chunks(merged).map(|bins| bins.iter().sum()).collect::<Vec<f64>>();
        let looks: Vec<Vec<f64>> = self.residuals.iter().map(of).collect();
        let length = looks.iter().map(Vec::len).sum::<usize>() as f64 / looks.len() as f64;
        length < SHORT_TIMES * correlation_time(&looks)
    }
}

/// The integrated autocorrelation time of series whose mean in all is 0, in their steps, at least 1: by the initial monotone
/// sequence (Geyer 1992, Statistical Science 7), which adds up neighbouring autocovariances in pairs while the pairs are
/// positive, none greater than the one before it.
fn correlation_time(looks: &[Vec<f64>]) -> f64 {
    let longest = looks.iter().map(Vec::len).max().unwrap_or(0);
    let of =
        |series: &Vec<f64>, lag: usize| series.iter().zip(series.iter().skip(lag)).map(|(a, b)| a * b).sum::<f64>();
    let covariance = |lag: usize| looks.iter().map(|series| of(series, lag)).sum::<f64>();
    let own = covariance(0);
    if own <= 0.0 {
        return 1.0;
    }
    let (mut sum, mut least) = (0.0, f64::INFINITY);
    for lag in (0..longest - 1).step_by(2) {
        least = f64::min(least, covariance(lag) + covariance(lag + 1));
        if least <= 0.0 {
            break;
        }
        sum += least;
    }
    (2.0 * sum / own - 1.0).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of one run.
    fn batches(bins: &[(u64, u64)], strata: &[usize]) -> Batches {
        looks(&[bins], strata)
    }

    fn looks(looks: &[&[(u64, u64)]], strata: &[usize]) -> Batches {
        let floats = |bins: &&[(u64, u64)]| bins.iter().map(|(n, k)| (*n as f64, *k as f64)).collect::<Vec<_>>();
        Batches::new(&looks.iter().map(floats).collect::<Vec<_>>(), strata)
    }

    fn counts(batches: &Batches) -> Vec<f64> {
        batches.spreads().map(|spread| spread.degrees).collect()
    }

    /// Bad ones that alternate from bin to bin: nothing that lasts.
    fn alternating(bins: usize) -> Vec<(u64, u64)> {
        (0..bins).map(|bin| (100, (bin % 2) as u64)).collect()
    }

    #[test]
    fn a_number_of_batches_needs_as_many_bins_and_two_for_each_stratum() {
        for (bins, strata, degrees) in [
            (600, vec![0], vec![59.0, 29.0, 19.0, 9.0]),
            (600, vec![], vec![59.0, 29.0, 19.0, 9.0]),
            (59, vec![0], vec![29.0, 19.0, 9.0]),
            (600, vec![0, 120, 240, 360, 480], vec![55.0, 25.0, 15.0, 5.0]),
            (600, vec![0, 100, 200, 300, 400, 500], vec![54.0, 24.0, 14.0]),
            // Fewer than thirty bins are always short; with three strata five batches are too few.
            (12, vec![0], vec![9.0, 4.0]),
            (12, vec![0, 4, 8], vec![7.0]),
            (9, vec![0, 4], vec![8.0, 4.0]),
            (5, vec![0], vec![4.0]),
            (2, vec![0], vec![1.0]),
            (1, vec![0], vec![]),
            (0, vec![0], vec![]),
        ] {
            assert_eq!(counts(&batches(&alternating(bins), &strata)), degrees, "{bins} {strata:?}");
        }
    }

    #[test]
    fn empty_bins_are_left_out_and_strata_of_them_do_not_count() {
        let filled = alternating(40);
        let mut bins = vec![(0, 0); 10];
        bins.extend(filled.iter().flat_map(|bin| [*bin, (0, 0)]));
        bins.extend([(0, 0); 30]);
        let (with, without) = (batches(&bins, &[0, 10, 50, 90, 200]), batches(&filled, &[0, 20]));
        assert_eq!((with.residuals, with.strata), (without.residuals, without.strata));
    }

    #[test]
    fn what_the_plan_moves_is_no_variance() {
        let bins: Vec<(u64, u64)> = (0..120).map(|bin| if bin < 60 { (1_000, 10) } else { (100, 9) }).collect();
        assert!(batches(&bins, &[0]).spreads().all(|spread| spread.variance > 100.0));
        assert!(batches(&bins, &[0, 60]).spreads().all(|spread| spread.variance < 1e-20));
    }

    #[test]
    fn what_lasts_for_long_makes_a_run_short() {
        let waves =
            |length: usize| -> Vec<(u64, u64)> { (0..600).map(|bin| (100, (bin / length % 2) as u64)).collect() };
        let is_short = |length| batches(&waves(length), &[0]).is_short();
        assert_eq!([1, 10, 60, 150].map(is_short), [false, false, true, true]);
        assert_eq!(counts(&batches(&waves(60), &[0])).last(), Some(&4.0));
        // As long, in ten times as many bins.
        let finer: Vec<(u64, u64)> = (0..12_000).map(|bin| (100, (bin / 1_200 % 2) as u64)).collect();
        assert!(batches(&finer, &[0]).is_short());
    }

    #[test]
    fn correlation_times_are_those_of_the_initial_monotone_sequence() {
        assert_eq!(correlation_time(&[vec![0.0; 20]]), 1.0);
        assert_eq!(correlation_time(&[vec![1.0, -1.0, 1.0, -1.0]]), 1.0);
        let series = vec![1.0, 1.0, 1.0, -1.0, -1.0, -1.0];
        // Autocovariances 6, 3, 0, −3: the pair (6 + 3) is added, (0 − 3) is not.
        assert_eq!(correlation_time(std::slice::from_ref(&series)), 2.0 * 9.0 / 6.0 - 1.0);
        // What ends one look and begins the next are no neighbours.
        assert_eq!(correlation_time(&[series.clone(), series]), 2.0 * 9.0 / 6.0 - 1.0);
    }

    #[test]
    fn no_batch_joins_two_looks() {
        // Sixty bins in a row would have 60, 30, 20 and 10 batches; so twenty have 20, 10, 7 and 4 each, and 2 if short.
        let (up, down): (Vec<_>, Vec<_>) =
            (0..20).map(|bin| ((100, u64::from(bin >= 10)), (100, u64::from(bin < 10)))).unzip();
        let pooled = looks(&[&up, &down, &up], &[0]);
        assert_eq!(counts(&pooled), [59.0, 29.0, 20.0, 11.0, 5.0]);
        let [one, three] = [looks(&[&up], &[0]), looks(&[&up, &up, &up], &[0])];
        let variances = |batches: &Batches| batches.spreads().map(|spread| spread.variance).collect::<Vec<_>>();
        // Twenty batches of one look, and twenty of each of three, of which nb/(nb − 1) is less.
        let (one, three) = (variances(&one)[0], variances(&three)[0]);
        assert!((three / one - 3.0 * (60.0 / 59.0) / (20.0 / 19.0)).abs() < 1e-9, "{one} {three}");
    }

    #[test]
    fn looks_share_the_mean_of_a_stratum_so_that_one_which_differs_widens_the_bounds() {
        let bins = |bad: u64| vec![(100, bad); 60];
        let [alike, other] = [looks(&[&bins(1), &bins(1)], &[0]), looks(&[&bins(1), &bins(3)], &[0])];
        assert!(alike.spreads().all(|spread| spread.variance < 1e-20));
        assert!(other.spreads().all(|spread| spread.variance > 100.0));
    }

    #[test]
    fn a_bin_of_each_look_is_a_batch_where_one_has_few() {
        let one = [(174, 2)];
        assert_eq!(counts(&looks(&[&one, &one, &one], &[0])), [2.0]);
        assert_eq!(counts(&looks(&[&one], &[0])), Vec::<f64>::new());
        // One of which all is left out has none.
        assert_eq!(counts(&looks(&[&one, &[], &one], &[0])), [1.0]);
    }
}
