//! Whether a run's memory stays flat: a line through what the process held, interval by interval.

use crate::unit::Instant;

/// Fewer samples than this say nothing about a slope.
const SAMPLES_MIN: usize = 10;

/// How the resident memory of the process moved after the first tenth of a run, in which buffers find their sizes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemoryTrend {
    /// Where the line begins, in bytes.
    pub from_bytes: u64,
    /// How much it rises up to the end of the run, in bytes; negative where it falls.
    pub rise_bytes: i64,
    /// How much it rises in an hour, in bytes.
    pub slope_bytes_per_hour: f64,
}

/// Resident memory over a run.
#[derive(Debug, Default)]
pub(super) struct MemorySamples(Vec<(f64, u64)>);

impl MemorySamples {
    /// What the process held at an instant. An instant without a figure is left out.
    pub(super) fn add(&mut self, at: Instant, rss_bytes: u64) {
        if rss_bytes > 0 {
            self.0.push((at.as_nanos() as f64 / 1e9, rss_bytes));
        }
    }

    /// The least-squares line through what was sampled after the first tenth; `None` of fewer than ten samples.
    pub(super) fn trend(&self) -> Option<MemoryTrend> {
        let tenth = self.0.last()?.0 / 10.0;
        let after = &self.0[self.0.partition_point(|(at, _)| *at <= tenth)..];
        let (first, last) = (after.first()?.0, after.last()?.0);
        if after.len() < SAMPLES_MIN || last <= first {
            return None;
        }
        let n = after.len() as f64;
        let mean_at = after.iter().map(|(at, _)| at).sum::<f64>() / n;
        let mean = after.iter().map(|(_, bytes)| *bytes as f64).sum::<f64>() / n;
        let square: f64 = after.iter().map(|(at, _)| (at - mean_at).powi(2)).sum();
        let product: f64 = after.iter().map(|(at, bytes)| (at - mean_at) * (*bytes as f64 - mean)).sum();
        let slope = product / square;
        Some(MemoryTrend {
            from_bytes: (mean + slope * (first - mean_at)).max(0.0) as u64,
            rise_bytes: (slope * (last - first)).round() as i64,
            slope_bytes_per_hour: slope * 3600.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::Span;

    fn sampled(bytes: impl Fn(u64) -> u64) -> MemorySamples {
        let mut samples = MemorySamples::default();
        (1..=100).for_each(|s| samples.add(Instant::ZERO + Span::from_secs(s), bytes(s)));
        samples
    }

    #[test]
    fn what_settles_in_the_first_tenth_is_no_rise() {
        let trend = sampled(|s| if s <= 10 { s * 1_000_000 } else { 10_000_000 }).trend().unwrap();
        assert_eq!((trend.from_bytes, trend.rise_bytes), (10_000_000, 0));
    }

    #[test]
    fn a_leak_is_told_by_its_rate() {
        let trend = sampled(|s| 20_000_000 + s * 10_000).trend().unwrap();
        assert_eq!(trend.rise_bytes, 89 * 10_000);
        assert!((trend.slope_bytes_per_hour / 36e6 - 1.0).abs() < 1e-6, "{trend:?}");
    }

    #[test]
    fn a_short_run_has_no_trend() {
        let mut samples = MemorySamples::default();
        (1..=10).for_each(|s| samples.add(Instant::ZERO + Span::from_secs(s), 5));
        assert_eq!(samples.trend(), None);
        assert_eq!(MemorySamples::default().trend(), None);
    }
}
