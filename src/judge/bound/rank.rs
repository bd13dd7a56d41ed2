//! Between which ranks a quantile lies.

use super::distribution::normal_quantile;
use super::share::at_most;

/// From this variance of the number below the quantile on, it is taken for a normal variable: off by one rank at most.
const NORMAL_FROM: f64 = 1_000.0;

/// The interval of a quantile, as ranks of what was seen in order, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ranks {
    /// The quantile is at least the value of this rank; `None`: nothing is known below it.
    pub low: Option<u64>,
    /// It is at most the value of this rank; `None`: there are too few for an upper bound.
    pub high: Option<u64>,
}

/// The ranks of the quantile `p` of `n` independent values, each with confidence 1 − `alpha`: order statistics (David and
/// Nagaraja 2003, section 7.1), the least rank s with BinCDF(s − 1; n, p) ≥ 1 − α and the greatest r with
/// BinCDF(r − 1; n, p) ≤ α.
pub fn ranks(n: u64, p: f64, alpha: f64) -> Ranks {
    let count = n as f64;
    let (mean, variance) = (count * p, count * p * (1.0 - p));
    if variance >= NORMAL_FROM {
        let away = normal_quantile(alpha) * variance.sqrt();
        return Ranks { low: Some((mean - away).floor() as u64), high: Some((mean + away).ceil() as u64 + 1) };
    }
    // The probability that fewer than `rank` values are below the quantile grows with the rank.
    let fewer = |rank: u64| at_most(rank as f64 - 1.0, count, p);
    let first = |reached: &dyn Fn(f64) -> bool| {
        let (mut low, mut high) = (0, n + 1);
        while low + 1 < high {
            let middle = low.midpoint(high);
            *(if reached(fewer(middle)) { &mut high } else { &mut low }) = middle;
        }
        high
    };
    let (low, high) = (first(&|share| share > alpha) - 1, first(&|share| share >= 1.0 - alpha));
    Ranks { low: Some(low).filter(|rank| *rank > 0), high: Some(high).filter(|rank| *rank <= n) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_those_of_the_table() {
        for (n, p, alpha, low, high) in [
            (100, 0.5, 0.025, 40, 61),
            (1_000, 0.99, 0.025, 983, 997),
            (10_000, 0.99, 0.025, 9_880, 9_920),
            (10_000, 0.999, 0.025, 9_983, 9_997),
            (1_000_000, 0.999, 0.025, 998_938, 999_062),
            (7_000_000, 0.999, 0.025, 6_992_836, 6_993_164),
            (7_000_000, 0.9999, 0.025, 6_999_248, 6_999_352),
            (1_000_000_000, 0.999, 0.025, 998_998_041, 999_001_960),
            (300, 0.99, 0.05, 294, 300),
            (10_000, 0.99, 0.05, 9_883, 9_917),
        ] {
            let found = ranks(n, p, alpha);
            // Where the normal variable stands in, one rank off is allowed.
            let off = u64::from(n as f64 * p * (1.0 - p) >= NORMAL_FROM);
            let [below, above] = [found.low, found.high].map(|rank| rank.expect("there is such a rank"));
            assert!(below.abs_diff(low) <= off && above.abs_diff(high) <= off, "{n} {p}: {found:?}");
        }
    }

    #[test]
    fn too_few_values_have_no_bound() {
        // As many as can prove a p99 with none bad, and one fewer.
        assert_eq!(ranks(368, 0.99, 0.025).high, Some(368));
        assert_eq!(ranks(367, 0.99, 0.025).high, None);
        assert_eq!(ranks(4, 0.5, 0.025), Ranks { low: None, high: None });
        assert_eq!(ranks(0, 0.99, 0.025), Ranks { low: None, high: None });
        assert_eq!(ranks(1, 0.99, 0.025), Ranks { low: Some(1), high: None });
    }

    #[test]
    fn the_exact_ranks_pass_into_the_normal_ones() {
        for p in [0.5, 0.9, 0.99, 0.999] {
            let n = (NORMAL_FROM / (p * (1.0 - p))) as u64;
            let [before, after] = [n - 2, n + 2].map(|n| ranks(n, p, 0.025));
            let apart = |a: Option<u64>, b: Option<u64>| a.unwrap_or(0).abs_diff(b.unwrap_or(0));
            assert!(
                apart(before.low, after.low) <= 6 && apart(before.high, after.high) <= 6,
                "{p} {before:?} {after:?}"
            );
        }
    }
}
