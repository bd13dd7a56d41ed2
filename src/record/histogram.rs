//! The histograms of a recording (D1): 1 µs to one hour, three significant digits.

use hdrhistogram::Counter;

use crate::unit::Span;

/// The greatest value a histogram holds, in µs: one hour. A right answer over it is recorded here,
/// counted as over range, and ranks with what was not right (D1).
pub const TOP: u64 = 3_600_000_000;

/// Significant digits.
pub(super) const DIGITS: u8 = 3;

/// A histogram of merged counts.
pub type Histogram = hdrhistogram::Histogram<u64>;

/// A histogram of one lane: half the memory; handed over long before its counts could be full.
pub type LaneHistogram = hdrhistogram::Histogram<u32>;

/// What a new histogram has room for, in µs: 2,048 counts. A greater value makes room for itself, 1,024 counts for each
/// doubling, so that a step whose answers take milliseconds costs a tenth of one with answers of up to an hour; and a
/// step that is never used next to nothing. Growing is over after the first few requests.
const FIRST_ROOM: u64 = 2_047;

/// An empty lane histogram.
pub fn lane_histogram() -> LaneHistogram {
    empty()
}

/// An empty histogram of merged counts.
pub fn total_histogram() -> Histogram {
    empty()
}

/// The greatest value that a histogram can tell: [`TOP`] and what stands in the same bucket.
pub fn highest() -> u64 {
    total_histogram().highest_equivalent(TOP)
}

fn empty<T: Counter>() -> hdrhistogram::Histogram<T> {
    let new = hdrhistogram::Histogram::new_with_bounds(1, FIRST_ROOM, DIGITS);
    let mut histogram = new.expect("the bounds are constants that HdrHistogram accepts");
    histogram.auto(true);
    histogram
}

/// Records a span rounded to the nearest µs; `false` if it was over the range and stands at [`TOP`].
pub fn record_span(histogram: &mut LaneHistogram, span: Span) -> bool {
    let micros = span.as_nanos().saturating_add(500) / 1_000;
    let in_range = micros <= TOP;
    histogram.record(micros.min(TOP)).expect("the value was limited to the histogram's bounds");
    in_range
}

/// Adds the counts of a lane or an interval to merged ones; the buckets of both have the same edges, so nothing moves.
pub fn absorb<T: Counter>(total: &mut Histogram, part: &hdrhistogram::Histogram<T>) {
    if !part.is_empty() {
        // Makes room once: growing bucket by bucket would leave a hole in the heap for each doubling.
        total.record_n(part.max(), 0).expect("the buckets of both histograms are the same");
    }
    for bucket in part.iter_recorded() {
        let count = bucket.count_at_value().as_u64();
        total.record_n(bucket.value_iterated_to(), count).expect("the buckets of both histograms are the same");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_moves_no_value_not_even_at_the_ends() {
        let (mut lane, mut total) = (lane_histogram(), total_histogram());
        let values = [0, 1, 2047, 2048, 2049, 123_456, 59_999_999, TOP - 1, TOP];
        for value in values {
            lane.record_n(value, 3).expect("in range");
        }
        absorb(&mut total, &lane);
        absorb(&mut total, &lane);
        assert_eq!(total.len(), 2 * lane.len());
        for value in values {
            assert_eq!(total.count_at(value), 2 * u64::from(lane.count_at(value)), "{value}");
        }
        assert_eq!((total.min(), total.max()), (lane.min(), lane.max()));
    }

    /// Defect 8 of docs/sources.md: a tool rounded everything over a second to whole seconds.
    #[test]
    fn resolution_holds_from_microseconds_to_a_minute() {
        for nanos in [50_000, 5_000_000, 1_234_000_000, 61_000_000_000] {
            let mut histogram = lane_histogram();
            assert!(record_span(&mut histogram, Span::from_nanos(nanos)));
            let seen = histogram.value_at_quantile(0.5) as f64 * 1e3;
            assert!((seen / nanos as f64 - 1.0).abs() <= 1e-3, "{nanos} ns shows as {seen} ns");
        }
    }

    /// Defect 11 of docs/sources.md: a tool dropped latencies over 60 s.
    #[test]
    fn over_an_hour_stands_at_the_top_and_is_told() {
        let mut histogram = lane_histogram();
        assert!(record_span(&mut histogram, Span::from_secs(3600)));
        assert!(!record_span(&mut histogram, Span::from_secs(3601)));
        assert_eq!(histogram.len(), 2);
    }
}
