//! How much evidence a proportion needs, and how sure a run may be of what it saw.
//!
//! Everything comes from bins, (n, K) of the requests due in each, and from the strata of the planned curve: so a stored
//! run is judged as it was when it ended.

mod batches;
mod bins;
mod distribution;
mod needed;
mod rank;
mod ratio;
mod several;
mod share;
#[cfg(test)]
mod simulated;

pub use bins::Bins;
pub use needed::{
    chance_of_proof, requests_for_likely_proof, requests_needed, requests_needed_if_independent, requests_needed_with,
};
pub use rank::{Ranks, ranks};
pub use ratio::Interval;
pub use several::proven_breaches;
pub use share::{lower, upper};

use batches::Spread;
pub(super) use distribution::{normal_quantile, student_quantile};

/// One-sided level of every statement: 97.5 % (O3).
pub const ALPHA: f64 = 0.025;

/// Looks at one plan until it is decided, at most (O17).
pub const LOOKS: u64 = 3;

/// One-sided level of every statement of a look: so that all of them together are wrong no oftener than one run is.
pub const ALPHA_OF_A_LOOK: f64 = ALPHA / LOOKS as f64;

/// What is taken for requests that are all of one bin, which has no batches: that they are two that happen to agree. So
/// one bad request leaves it undecided, and a bin with nearly all bad is a breach.
const AS_OF_ONE_BIN: Spread = Spread { variance: 0.0, degrees: 1.0 };

/// What a run says of a share of bad requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// The requests.
    pub n: u64,
    /// One less the confidence asked for.
    pub alpha: f64,
    /// The share seen.
    pub seen: f64,
    /// What the share is above, with that confidence.
    pub lower: f64,
    /// What it is below, with that confidence.
    pub upper: f64,
    /// The number of independent requests that would say as much.
    pub effective_n: f64,
    /// How many times the variance of independent requests the bad ones have: at least 1.
    pub design_effect: f64,
}

/// The bounds of the share of bad requests of one run, each with confidence 1 − `alpha`: [`Bins::share`].
pub fn share_bounds(bins: &[(u64, u64)], strata: &[usize], alpha: f64) -> Bounds {
    Bins::of_one(bins, strata).share(alpha)
}

impl Bins {
    /// The bounds of the share of bad requests, each with confidence 1 − `alpha`, from pairs (n, K) by bin. Of an
    /// objective, the lower bound is asked of K′ and the upper one of K.
    ///
    /// The bounds are those of n/deff·(z/t)² independent requests with the same share of bad ones (Korn and Graubard 1998,
    /// Survey Methodology 24), by the number of batches that gives the fewest. With none bad, or all, nothing can be
    /// estimated, and nothing is corrected but for the weights.
    pub fn share(&self, alpha: f64) -> Bounds {
        let (n, k) = self.sums();
        let seen = if n > 0.0 { k / n } else { 0.0 };
        let of = |spread: Spread| {
            let effect = (spread.variance / (n * seen * (1.0 - seen))).max(self.weight);
            (n / effect * (normal_quantile(alpha) / student_quantile(spread.degrees, alpha)).powi(2), effect)
        };
        let (effective_n, design_effect) = if k > 0.0 && k < n {
            let each = self.batches().spreads().map(of).min_by(|a, b| a.0.total_cmp(&b.0));
            each.unwrap_or_else(|| of(AS_OF_ONE_BIN))
        } else {
            (n / self.weight, self.weight)
        };
        let bad = seen * effective_n;
        let (lower, upper) = (lower(bad, effective_n, alpha), upper(bad, effective_n, alpha));
        Bounds { n: n.round() as u64, alpha, seen, lower, upper, effective_n, design_effect }
    }
}

/// The bounds of a share of `k` of `n` requests that are independent of each other (Clopper and Pearson 1934, Biometrika 26).
pub fn independent_bounds(n: u64, k: u64, alpha: f64) -> Bounds {
    let (requests, bad) = (n as f64, k as f64);
    let (lower, upper) = (lower(bad, requests, alpha), upper(bad, requests, alpha));
    let seen = if n > 0 { bad / requests } else { 0.0 };
    Bounds { n, alpha, seen, lower, upper, effective_n: requests, design_effect: 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, wanted: f64, relative: f64) {
        assert!((got - wanted).abs() <= relative * wanted, "{got} instead of {wanted}");
    }

    /// Sixty bins of a thousand, with four bad ones each in every other six: the table's.
    fn in_sixes() -> Vec<(u64, u64)> {
        (0..60).map(|bin| (1_000, if bin / 6 % 2 == 0 { 4 } else { 0 })).collect()
    }

    #[test]
    fn each_number_of_batches_gives_the_design_effect_of_the_table() {
        let (n, seen) = (60_000.0, 0.002);
        let wanted = [
            (2.037_974, 28_523.70, 0.002_492_81),
            (4.146_223, 13_561.30, 0.002_755_03),
            (6.328_446, 8_579.30, 0.002_992_78),
            (13.360_054, 3_615.92, 0.003_715_90),
        ];
        let batches = Bins::of_one(&in_sixes(), &[0]).batches();
        for (spread, (effect, effective_n, high)) in batches.spreads().zip(wanted) {
            let found = spread.variance / (n * seen * (1.0 - seen));
            close(found, effect, 1e-6);
            let found = n / found * (normal_quantile(0.05) / student_quantile(spread.degrees, 0.05)).powi(2);
            close(found, effective_n, 1e-6);
            close(upper(seen * found, found, 0.05), high, 2e-6);
        }
        let bounds = share_bounds(&in_sixes(), &[0], 0.05);
        close(bounds.upper, 0.003_715_90, 2e-6);
        close(bounds.lower, 0.000_953_01, 6e-6);
        close(bounds.design_effect, 13.360_054, 1e-6);
        close(bounds.effective_n, 3_615.92, 1e-6);
        assert_eq!(bounds.seen, 0.002);
        // As if they were independent.
        close(upper(120.0, n, 0.05), 0.002_327_02, 3e-6);
        close(lower(120.0, n, 0.05), 0.001_709_70, 3e-6);
    }

    #[test]
    fn what_comes_evenly_pays_for_few_batches_alone() {
        let bounds = share_bounds(&[(1_000, 2); 60], &[0], 0.05);
        close(bounds.upper, 0.002_368_02, 3e-6);
        close(bounds.lower, 0.001_677_75, 3e-6);
        assert_eq!(bounds.design_effect, 1.0);
        // And as for a plan with so many bad ones.
        let needed = requests_needed_with(0.01, 6, 1) as f64 / 60.0;
        let with = |n: f64| upper(6.0 * 0.750_669, n * 60.0 * 0.750_669, ALPHA);
        assert!(with(needed.ceil()) <= 0.01 && with(needed.floor() - 1.0) > 0.01);
    }

    #[test]
    fn none_bad_and_all_bad_are_not_corrected() {
        for strata in [&[0][..], &[0, 20, 40]] {
            let none = share_bounds(&[(100, 0); 60], strata, ALPHA);
            let all = share_bounds(&[(100, 100); 60], strata, ALPHA);
            assert_eq!((none.lower, all.upper), (0.0, 1.0));
            close(none.upper, 1.0 - 0.025f64.powf(1.0 / 6_000.0), 1e-12);
            close(all.lower, 0.025f64.powf(1.0 / 6_000.0), 1e-12);
            assert_eq!((none.effective_n, none.design_effect), (6_000.0, 1.0));
        }
        assert!(share_bounds(&[(4, 0); 92], &[0], ALPHA).upper <= 0.01);
        assert!(share_bounds(&[(1, 0); 367], &[0], ALPHA).upper > 0.01);
        let nothing = share_bounds(&[], &[0], ALPHA);
        assert_eq!((nothing.lower, nothing.upper, nothing.effective_n), (0.0, 1.0, 0.0));
    }

    #[test]
    fn the_fewer_the_bins_the_wider_the_bounds() {
        let mut last = share_bounds(&[(200, 2); 60], &[0], ALPHA);
        for bins in [30, 8, 4, 3, 2, 1] {
            let n = 12_000 / bins as u64;
            let bounds = share_bounds(&vec![(n, n / 100); bins], &[0], ALPHA);
            assert!(bounds.upper >= last.upper && bounds.lower <= last.lower, "{bins}: {bounds:?}");
            last = bounds;
        }
        // One burst: one of 174 bad proves nothing, and 170 prove a breach.
        let [one, most] = [1, 170].map(|bad| share_bounds(&[(174, bad)], &[0], ALPHA));
        assert!(one.upper > 0.5 && most.lower > 0.3, "{one:?} {most:?}");
    }

    #[test]
    fn an_outage_says_little_of_the_share_and_a_trickle_much() {
        let bins = |bad: fn(usize) -> u64| (0..600).map(|bin| (200, bad(bin))).collect::<Vec<_>>();
        let outage = share_bounds(&bins(|bin| if (300..306).contains(&bin) { 100 } else { 0 }), &[0], ALPHA);
        let trickle = share_bounds(&bins(|_| 1), &[0], ALPHA);
        assert_eq!((outage.seen, trickle.seen), (0.005, 0.005));
        assert!(outage.upper > 0.01 && trickle.upper < 0.006, "{outage:?} {trickle:?}");
    }
}
