//! The histograms of a recording (D1): 1 µs to one hour, three significant digits.

use crate::unit::Span;

/// The greatest value a histogram holds, in µs: one hour. A right answer over it is recorded here,
/// counted as over range, and ranks with what was not right (D1).
pub const TOP: u64 = 3_600_000_000;

const DIGITS: u8 = 3;

/// A histogram of merged counts.
pub type Histogram = hdrhistogram::Histogram<u64>;

/// A histogram of one lane: half the memory; handed over long before its counts could be full.
pub type LaneHistogram = hdrhistogram::Histogram<u32>;

/// An empty lane histogram.
pub fn lane_histogram() -> LaneHistogram {
    LaneHistogram::new_with_bounds(1, TOP, DIGITS).expect("the bounds are constants that HdrHistogram accepts")
}

/// An empty histogram of merged counts.
pub fn total_histogram() -> Histogram {
    Histogram::new_with_bounds(1, TOP, DIGITS).expect("the bounds are constants that HdrHistogram accepts")
}

/// Records a span rounded to the nearest µs; `false` if it was over the range and stands at [`TOP`].
pub fn record_span(histogram: &mut LaneHistogram, span: Span) -> bool {
    let micros = span.as_nanos().saturating_add(500) / 1_000;
    let in_range = micros <= TOP;
    histogram.record(micros.min(TOP)).expect("the value was limited to the histogram's bounds");
    in_range
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PEERS defect 8: a tool rounded everything over a second to whole seconds.
    #[test]
    fn resolution_holds_from_microseconds_to_a_minute() {
        for nanos in [50_000, 5_000_000, 1_234_000_000, 61_000_000_000] {
            let mut histogram = lane_histogram();
            assert!(record_span(&mut histogram, Span::from_nanos(nanos)));
            let seen = histogram.value_at_quantile(0.5) as f64 * 1e3;
            assert!((seen / nanos as f64 - 1.0).abs() <= 1e-3, "{nanos} ns shows as {seen} ns");
        }
    }

    /// PEERS defect 11: a tool dropped latencies over 60 s.
    #[test]
    fn over_an_hour_stands_at_the_top_and_is_told() {
        let mut histogram = lane_histogram();
        assert!(record_span(&mut histogram, Span::from_secs(3600)));
        assert!(!record_span(&mut histogram, Span::from_secs(3601)));
        assert_eq!(histogram.len(), 2);
    }
}
