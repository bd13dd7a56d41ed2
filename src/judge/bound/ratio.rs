//! The bounds of a ratio of sums, and of a mean per second.

use super::Bins;
use super::batches::Spread;
use super::distribution::student_quantile;

/// Between what a figure lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The figure seen; 0 where nothing was.
    pub seen: f64,
    /// What it is above, with the confidence asked for.
    pub lower: f64,
    /// What it is below, with that confidence; infinite where nothing can be said.
    pub upper: f64,
}

impl Bins {
    /// The bounds of ΣA/ΣB from pairs (B, A) by bin, as those of a share: the ratio estimator (Cochran 1977, *Sampling
    /// Techniques*, chapter 6) over the same batches and strata, R ± t·√var/ΣB, each with confidence 1 − `alpha`, the
    /// widest over the numbers of batches. All in one bin say nothing, as how much they vary is not known.
    pub fn ratio(&self, alpha: f64) -> Interval {
        let (below, above) = self.sums();
        if below == 0.0 {
            return Interval { seen: 0.0, lower: 0.0, upper: f64::INFINITY };
        }
        let seen = above / below;
        let of = |spread: Spread| student_quantile(spread.degrees, alpha) * spread.variance.sqrt() / below;
        let away = self.batches().spreads().map(of).reduce(f64::max).unwrap_or(f64::INFINITY);
        Interval { seen, lower: (seen - away).max(0.0), upper: seen + away }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio_bounds(bins: &[(u64, u64)], strata: &[usize], alpha: f64) -> Interval {
        Bins::of_one(bins, strata).ratio(alpha)
    }

    /// Of a count per second.
    fn mean_bounds(counts: &[u64], strata: &[usize], alpha: f64) -> Interval {
        let bins: Vec<(u64, u64)> = counts.iter().map(|count| (1, *count)).collect();
        ratio_bounds(&bins, strata, alpha)
    }

    fn close(got: f64, wanted: f64) {
        assert!((got - wanted).abs() <= 1e-9 * wanted.abs(), "{got} instead of {wanted}");
    }

    /// Of ten bins each is a batch: the interval of the textbook for a mean, 2.2622 standard errors.
    #[test]
    fn the_mean_of_ten_seconds_has_the_interval_of_the_textbook() {
        let counts = [12, 15, 11, 14, 13, 12, 16, 10, 14, 13];
        let mean = 13.0;
        let variance = counts.iter().map(|count| (*count as f64 - mean).powi(2)).sum::<f64>() / 9.0;
        let error = (variance / 10.0).sqrt();
        // Ten bins are short, so that five batches join; take those away by their own bound.
        let pairs: Vec<f64> = counts.chunks(2).map(|pair| (pair[0] + pair[1]) as f64 / 2.0).collect();
        let of_pairs = (pairs.iter().map(|pair| (pair - mean).powi(2)).sum::<f64>() / 4.0 / 5.0).sqrt();
        let away = f64::max(2.262_157_162_798_206 * error, 2.776_445_105_197_794 * of_pairs);
        let bounds = mean_bounds(&counts, &[0], 0.025);
        close(bounds.seen, mean);
        close(bounds.lower, mean - away);
        close(bounds.upper, mean + away);
    }

    #[test]
    fn what_the_plan_moves_widens_no_mean() {
        let counts: Vec<u64> = (0..120).map(|second| if second < 60 { 50 } else { 400 } + second % 2).collect();
        let [known, unknown] = [&[0, 60][..], &[0]].map(|strata| mean_bounds(&counts, strata, 0.025));
        assert_eq!((known.seen, unknown.seen), (225.5, 225.5));
        assert!(known.upper - known.lower < 1.0 && unknown.upper - unknown.lower > 50.0, "{known:?} {unknown:?}");
    }

    #[test]
    fn an_amplification_that_never_varies_is_known_and_one_of_a_single_bin_is_not() {
        let steady = ratio_bounds(&[(100, 150); 40], &[0], 0.025);
        assert_eq!((steady.seen, steady.lower, steady.upper), (1.5, 1.5, 1.5));
        let one = ratio_bounds(&[(0, 0), (100, 150), (0, 0)], &[0], 0.025);
        assert_eq!((one.seen, one.lower, one.upper), (1.5, 0.0, f64::INFINITY));
        assert_eq!(ratio_bounds(&[], &[0], 0.025).upper, f64::INFINITY);
        // A storm of retries in one tenth of the run.
        let storm: Vec<(u64, u64)> = (0..600).map(|bin| (100, if bin < 60 { 400 } else { 110 })).collect();
        let bounds = ratio_bounds(&storm, &[0], 0.025);
        assert!(bounds.lower < 1.2 && bounds.upper > 1.7, "{bounds:?}");
    }
}
