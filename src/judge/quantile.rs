//! Between what a quantile of the response lies, with confidence (D1, O6).

use crate::record::{Block, Ranked};
use crate::unit::Quantile;

use super::bound::{ALPHA, ranks, share_bounds};

/// Between what a quantile lies, in µs, each bound with a confidence of 97.5 %.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuantileBounds {
    /// It is at least this; `None` where nothing is known below it.
    pub low: Option<u64>,
    /// It is at most this; `None` where too few requests, or what was not right, leave it without an upper bound.
    pub high: Option<u64>,
}

/// The bounds of a quantile of all requests that `ranked` has. `blocks` has the same requests by stretches of the run, of
/// the population of this number or of all; `strata` are the numbers of the blocks with which one begins.
///
/// The ranks are those of n independent requests (order statistics), with n lowered to the number that says as much about
/// the share which is slower than the quantile: that comes in bursts.
pub fn quantile_bounds(
    quantile: Quantile,
    ranked: &Ranked<'_>,
    (blocks, population): (&[Block], Option<usize>),
    strata: &[usize],
) -> QuantileBounds {
    let Some(value) = ranked.quantile(quantile) else { return QuantileBounds::default() };
    let slower = |block: &Block| {
        let parts = block.populations.iter().enumerate().filter(|(index, _)| population.is_none_or(|it| it == *index));
        parts.fold((0, 0), |(n, k), (_, ends)| (n + ends.count(), k + ends.above(value)))
    };
    let bins: Vec<(u64, u64)> = blocks.iter().map(slower).collect();
    let (count, effective) = (ranked.count(), share_bounds(&bins, strata, ALPHA).effective_n.floor());
    if effective < 1.0 {
        return QuantileBounds::default();
    }
    let each = count as f64 / effective;
    let found = ranks(effective as u64, quantile.as_fraction(), ALPHA);
    let low = found.low.map(|rank| ((rank as f64 * each).floor() as u64).max(1));
    let high = found.high.map(|rank| ((rank as f64 * each).ceil() as u64).min(count));
    QuantileBounds {
        low: low.and_then(|rank| ranked.at_rank(rank)).map(|bucket| *bucket.start()),
        high: high.and_then(|rank| ranked.at_rank(rank)).map(|bucket| *bucket.end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Ends, Tally, total_histogram};
    use crate::unit::{Instant, Span};

    /// Sixty seconds of a hundred requests each, of which some take a tenth of a second and the others a millisecond.
    fn bounds(slow: impl Fn(u64) -> u64, not_right: u64, quantile: &str) -> QuantileBounds {
        let mut histogram = total_histogram();
        let mut blocks = Vec::new();
        for second in 0..60 {
            let slow = slow(second);
            histogram.record_n(1_000, 100 - slow).expect("in range");
            histogram.record_n(100_000, slow).expect("in range");
            let right = vec![(1_000, 100 - slow), (100_000, slow)];
            blocks.push(Block {
                end: Instant::ZERO + Span::from_secs(second + 1),
                populations: vec![Ends { right, not_right: 0 }],
            });
        }
        let tally = Tally { completed: 6_000, ..Tally::default() };
        let ranked = Ranked { not_right, ..Ranked::new(&histogram, &tally) };
        quantile_bounds(quantile.parse().expect("a quantile"), &ranked, (&blocks, Some(0)), &[0])
    }

    #[test]
    fn a_quantile_that_every_second_agrees_on_is_known_to_the_bucket() {
        let known = QuantileBounds { low: Some(1_000), high: Some(1_000) };
        assert_eq!(bounds(|_| 5, 0, "p50"), known);
        assert_eq!(bounds(|_| 5, 0, "p90"), known);
        let edges = bounds(|_| 5, 0, "p99");
        assert!(edges.low <= Some(100_000) && edges.high >= Some(100_000) && edges.high <= Some(100_100), "{edges:?}");
    }

    #[test]
    fn what_came_in_one_burst_widens_the_bounds() {
        // Three in a hundred are slow: in each second, or all within two.
        let (even, burst) = (bounds(|_| 3, 0, "p95"), bounds(|second| if second < 2 { 90 } else { 0 }, 0, "p95"));
        assert_eq!((even.low, even.high), (Some(1_000), Some(1_000)));
        assert_eq!(burst.low, Some(1_000));
        assert!(burst.high.is_none_or(|high| high >= 100_000), "{burst:?}");
    }

    #[test]
    fn what_was_not_right_or_too_few_have_no_upper_bound() {
        assert_eq!(bounds(|_| 5, 0, "p99.99").high, None);
        assert_eq!(bounds(|_| 5, 60, "p99").high, None);
        assert_eq!(bounds(|_| 5, 600, "p99"), QuantileBounds::default());
    }
}
