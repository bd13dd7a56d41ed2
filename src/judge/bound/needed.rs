//! How many requests prove an objective: before a run, and after one that decided nothing.

use super::batches::FEWEST;
use super::distribution::{normal_quantile, student_quantile};
use super::share::{at_most, lower, upper};
use super::{ALPHA, Bounds};

/// The part of what is allowed that a service is taken to be bad by where a likely proof is planned.
const LIKELY_PART: f64 = 0.5;
/// How likely a proof is then.
const LIKELY_POWER: f64 = 0.95;
/// How many times as many requests the correction for few batches takes: measured by simulation, power .95 to .96.
const LIKELY_FACTOR: f64 = 1.5;
/// Bad ones that a plan for a likely proof allows: where it needs more, the service is too close to the limit.
const PLANNED_BAD_MAX: u32 = 10_000;
/// A run this many times as long is no advice.
const LONGER_MAX: f64 = 20.0;
/// No number above this is looked for: no run has as many, and rounding would begin to show.
const REQUESTS_MAX: u64 = 1 << 40;

/// The least number of requests that can prove, with not one of them bad, that at most the share `allowed`
/// is bad: ⌈ln .025 / ln(1 − allowed)⌉ (P10; docs/sources.md, Evidence). `u64::MAX` where nothing may be bad: no number
/// proves that.
pub fn requests_needed(allowed: f64) -> u64 {
    (ALPHA.ln() / (-allowed).ln_1p()).ceil().max(1.0) as u64
}

/// As [`requests_needed`] with `bad` bad ones, in a run in which the bad ones come evenly. From the first on, how they vary
/// is estimated, from as few as ten batches, and that takes its toll: the bound is that of n·(z/t)² requests, with t of
/// 10 − S degrees of freedom where the planned curve has S strata.
pub fn requests_needed_with(allowed: f64, bad: u64, strata: usize) -> u64 {
    let degrees = FEWEST.saturating_sub(strata.max(1)).max(1) as f64;
    let part = if bad == 0 { 1.0 } else { (normal_quantile(ALPHA) / student_quantile(degrees, ALPHA)).powi(2) };
    least_proof(allowed, bad, part, ALPHA)
}

/// As [`requests_needed`], if it were known that requests are independent of one another.
pub fn requests_needed_if_independent(allowed: f64, bad: u64, alpha: f64) -> u64 {
    least_proof(allowed, bad, 1.0, alpha)
}

/// The least number of requests with which the upper bound is at most `allowed`, where of each only a `part` counts: the
/// bound is, if with just that share so few bad ones would be too unlikely.
fn least_proof(allowed: f64, bad: u64, part: f64, alpha: f64) -> u64 {
    let proves = |n: u64| at_most(bad as f64 * part, n as f64 * part, allowed) <= alpha;
    let (mut low, mut high) = (bad, bad.max(1));
    while !proves(high) {
        if allowed <= 0.0 || high >= REQUESTS_MAX {
            return u64::MAX;
        }
        (low, high) = (high, high * 2);
    }
    while low + 1 < high {
        let middle = low.midpoint(high);
        *(if proves(middle) { &mut high } else { &mut low }) = middle;
    }
    high
}

/// How many requests prove an objective in 95 of 100 runs against a service that is bad by half of what is allowed, if
/// its requests are independent of one another: times the design effect if they are not. `u64::MAX`: no number does.
pub fn requests_for_likely_proof(allowed: f64) -> u64 {
    planned(allowed, LIKELY_PART, ALPHA).map_or(u64::MAX, |n| (n as f64 * LIKELY_FACTOR).ceil() as u64)
}

/// The chance that `n` requests prove an objective against a service that is bad by half of what is allowed, if they are
/// independent of one another, on a planned curve of so many strata: that no more are bad than those which n requests
/// can bear.
pub fn chance_of_proof(allowed: f64, n: u64, strata: usize) -> f64 {
    let bears = |bad: u64| requests_needed_with(allowed, bad, strata) <= n;
    if !bears(0) {
        return 0.0;
    }
    let (mut low, mut high) = (0, n);
    while low + 1 < high {
        let middle = low.midpoint(high);
        *(if bears(middle) { &mut low } else { &mut high }) = middle;
    }
    at_most(low as f64, n as f64, allowed * LIKELY_PART)
}

/// The least number of requests with which a service that is bad by `part` of what is allowed is proven to meet it with a
/// probability of 95 %: of the numbers that K bad ones need, the first at which so few are that likely.
fn planned(allowed: f64, part: f64, alpha: f64) -> Option<u64> {
    let enough = |bad: u32| {
        let n = requests_needed_if_independent(allowed, u64::from(bad), alpha);
        (n == u64::MAX || at_most(f64::from(bad), n as f64, allowed * part) >= LIKELY_POWER).then_some(n)
    };
    (0..=PLANNED_BAD_MAX).find_map(enough).filter(|n| *n < u64::MAX)
}

impl Bounds {
    /// How many requests would decide whether at most `allowed` are bad, with the same share and the same design effect.
    /// `None` where even twenty times as many would not, as the service stands at its limit.
    pub fn would_decide(&self, allowed: f64) -> Option<u64> {
        let Self { n, alpha, seen, effective_n, .. } = *self;
        let most = (n as f64 * LONGER_MAX) as u64;
        if seen <= 0.0 {
            return Some(requests_needed_if_independent(allowed, 0, alpha)).filter(|needed| *needed <= most);
        }
        let part = effective_n / n as f64;
        let decides = |n: u64| {
            let effective = n as f64 * part;
            let bad = seen * effective;
            if seen <= allowed {
                upper(bad, effective, alpha) <= allowed
            } else {
                lower(bad, effective, alpha) > allowed
            }
        };
        let (mut low, mut high) = (n, most);
        if !decides(high) {
            return None;
        }
        while low + 1 < high {
            let middle = low.midpoint(high);
            *(if decides(middle) { &mut high } else { &mut low }) = middle;
        }
        Some(high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_evidence_is_that_of_the_table() {
        for (allowed, needed) in [(0.05, 72), (0.01, 368), (0.001, 3_688), (0.0001, 36_887)] {
            assert_eq!(requests_needed(allowed), needed, "{allowed}");
            assert_eq!(requests_needed_with(allowed, 0, 1), needed, "{allowed}");
        }
        for (alpha, allowed, needed) in [
            (0.05, 0.05, [59, 93, 124, 208, 336, 577]),
            (0.05, 0.01, [299, 473, 628, 1_049, 1_693, 2_902]),
            (0.05, 0.001, [2_995, 4_742, 6_294, 10_511, 16_959, 29_058]),
            (0.05, 0.0001, [29_956, 47_437, 62_956, 105_128, 169_619, 290_616]),
            (0.025, 0.05, [72, 110, 142, 230, 364, 613]),
            (0.025, 0.01, [368, 555, 720, 1_164, 1_835, 3_084]),
            (0.025, 0.001, [3_688, 5_570, 7_223, 11_665, 18_387, 30_883]),
            (0.025, 0.0001, [36_887, 55_715, 72_245, 116_680, 183_900, 308_879]),
            (0.01, 0.01, [459, 662, 838, 1_307, 2_010, 3_304]),
            (0.01, 0.001, [4_603, 6_636, 8_403, 13_105, 20_140, 33_097]),
            (0.01, 0.0001, [46_050, 66_381, 84_057, 131_081, 201_442, 331_025]),
        ] {
            let found = [0, 1, 2, 5, 10, 20].map(|bad| requests_needed_if_independent(allowed, bad, alpha));
            assert_eq!(found, needed, "{alpha} {allowed}");
        }
    }

    #[test]
    fn the_first_bad_one_nearly_doubles_what_a_proof_needs() {
        for (allowed, bad, needed) in [
            (0.1, 0, 36),
            (0.1, 1, 66),
            (0.1, 2, 83),
            (0.05, 1, 134),
            (0.05, 2, 168),
            (0.01, 1, 681),
            (0.01, 2, 852),
            (0.01, 5, 1_313),
            (0.001, 1, 6_834),
            (0.001, 2, 8_548),
            (0.0057, 0, 646),
            (0.0057, 1, 1_197),
        ] {
            assert_eq!(requests_needed_with(allowed, bad, 1), needed, "{allowed} with {bad}");
        }
        // t of five degrees of freedom for that of nine: (2.5706/2.2622)² times as many, but for the first few.
        let [flat, uneven] = [1, 5].map(|strata| requests_needed_with(0.001, 1_000, strata) as f64);
        assert!(flat < uneven && uneven < 1.29 * flat, "{flat} {uneven}");
    }

    /// 368 requests prove a p99 only with none bad, 681 with one: binomial probabilities of 0, and of 0 and 1.
    #[test]
    fn the_chance_of_a_proof_is_that_of_the_bad_ones_that_it_bears() {
        for (n, chance) in [(367, 0.0), (368, 0.995f64.powi(368)), (680, 0.995f64.powi(680))] {
            assert!((chance_of_proof(0.01, n, 1) - chance).abs() < 1e-9, "{n}");
        }
        let one = 0.995f64.powi(681) + 681.0 * 0.005 * 0.995f64.powi(680);
        assert!((chance_of_proof(0.01, 681, 1) - one).abs() < 1e-9);
        assert!(chance_of_proof(0.01, requests_for_likely_proof(0.01), 1) > 0.94);
        assert_eq!(chance_of_proof(0.0, 1_000, 1), 0.0);
        let all: Vec<f64> = [1_000, 10_000, 100_000, 5_944_971].map(|n| chance_of_proof(0.01, n, 5)).to_vec();
        assert!(all.is_sorted() && all[3] > 0.999_999, "{all:?}");
    }

    #[test]
    fn a_likely_proof_is_planned_as_in_the_table() {
        for (allowed, part, alpha, n) in [
            (0.001, 0.1, 0.05, 6_294),
            (0.001, 0.25, 0.05, 11_840),
            (0.001, 0.5, 0.05, 31_411),
            (0.01, 0.1, 0.05, 628),
            (0.01, 0.25, 0.05, 1_182),
            (0.01, 0.5, 0.05, 3_137),
            (0.01, 0.8, 0.05, 24_061),
            (0.0001, 0.1, 0.05, 62_956),
            (0.0001, 0.25, 0.05, 118_422),
            (0.0001, 0.5, 0.05, 314_144),
            (0.01, 0.25, 0.025, 1_303),
            (0.01, 0.5, 0.025, 3_804),
            (0.01, 0.8, 0.025, 29_026),
            (0.001, 0.5, 0.025, 38_090),
        ] {
            assert_eq!(planned(allowed, part, alpha), Some(n), "{allowed} {part} {alpha}");
        }
        assert_eq!(requests_for_likely_proof(0.01), 5_706);
        assert_eq!(requests_for_likely_proof(0.001), 57_135);
    }

    #[test]
    fn the_ends_are_no_accidents() {
        for needed in [requests_needed, |allowed| requests_needed_with(allowed, 1, 1), requests_for_likely_proof] {
            assert_eq!(needed(0.0), u64::MAX);
        }
        assert_eq!(requests_needed(1.0), 1);
        assert_eq!(requests_needed_with(1.0, 3, 1), 4);
    }

    #[test]
    fn what_would_decide_decides_and_one_less_does_not() {
        let bounds = |seen, n, effective_n| Bounds {
            n,
            alpha: ALPHA,
            seen,
            lower: 0.0,
            upper: 1.0,
            effective_n,
            design_effect: 2.0,
        };
        for (seen, allowed) in [(0.005, 0.01), (0.02, 0.01), (0.45, 0.5)] {
            let n = bounds(seen, 400, 200.0).would_decide(allowed).expect("within twenty times");
            let bound = |n: u64| {
                let n = n as f64 / 2.0;
                if seen < allowed { allowed - upper(seen * n, n, ALPHA) } else { lower(seen * n, n, ALPHA) - allowed }
            };
            assert!(n > 400 && bound(n) >= 0.0 && bound(n - 1) < 0.0, "{seen}: {n}");
        }
        assert_eq!(bounds(0.01, 400, 200.0).would_decide(0.01), None);
        assert_eq!(bounds(0.0, 100, 100.0).would_decide(0.01), Some(368));
        assert_eq!(bounds(0.0, 0, 0.0).would_decide(0.01), None);
        assert_eq!(bounds(0.0, 18, 18.0).would_decide(0.01), None);
    }
}
