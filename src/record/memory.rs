//! Whether a run's memory stays flat: a line through what the process held, interval by interval.

use serde::{Deserialize, Serialize};

use crate::unit::Instant;

/// Fewer samples than this say nothing about a slope.
const SAMPLES_MIN: usize = 10;

/// How the resident memory of the process moved after the first tenth of a run, in which buffers find their sizes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemoryTrend {
    /// Where the line begins, in bytes.
    pub from_bytes: u64,
    /// How much it rises up to the end of the run, in bytes; negative where it falls.
    pub rise_bytes: i64,
    /// How much it rises in an hour, in bytes.
    pub slope_bytes_per_hour: f64,
    /// The same through the last third of the run only: memory that rose once and stayed is not a leak.
    pub late_slope_bytes_per_hour: f64,
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
        let end = self.0.last()?.0;
        let after = |at: f64| &self.0[self.0.partition_point(|sample| sample.0 <= at)..];
        let (most, late) = (after(end / 10.0), after(end * 2.0 / 3.0));
        let (first, last) = (most.first()?.0, most.last()?.0);
        if most.len() < SAMPLES_MIN || last <= first {
            return None;
        }
        let (at, bytes, slope) = line(most);
        Some(MemoryTrend {
            from_bytes: (bytes + slope * (first - at)).max(0.0) as u64,
            rise_bytes: (slope * (last - first)).round() as i64,
            slope_bytes_per_hour: slope * 3600.0,
            late_slope_bytes_per_hour: if late.len() > 1 { line(late).2 * 3600.0 } else { 0.0 },
        })
    }
}

/// A point of the least-squares line through samples, and its slope in bytes a second.
fn line(samples: &[(f64, u64)]) -> (f64, f64, f64) {
    let n = samples.len() as f64;
    let mean_at = samples.iter().map(|(at, _)| at).sum::<f64>() / n;
    let mean = samples.iter().map(|(_, bytes)| *bytes as f64).sum::<f64>() / n;
    let square: f64 = samples.iter().map(|(at, _)| (at - mean_at).powi(2)).sum();
    let product: f64 = samples.iter().map(|(at, bytes)| (at - mean_at) * (*bytes as f64 - mean)).sum();
    (mean_at, mean, product / square)
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
    fn a_step_does_not_go_on_rising_and_a_leak_does() {
        let step = sampled(|s| if s <= 50 { 10_000_000 } else { 20_000_000 }).trend().unwrap();
        assert!(step.rise_bytes > 10_000_000, "{step:?}");
        assert!(step.late_slope_bytes_per_hour.abs() < 1.0, "{step:?}");
        let leak = sampled(|s| 20_000_000 + s * 10_000).trend().unwrap();
        assert!((leak.late_slope_bytes_per_hour / 36e6 - 1.0).abs() < 1e-6, "{leak:?}");
    }

    #[test]
    fn a_short_run_has_no_trend() {
        let mut samples = MemorySamples::default();
        (1..=10).for_each(|s| samples.add(Instant::ZERO + Span::from_secs(s), 5));
        assert_eq!(samples.trend(), None);
        assert_eq!(MemorySamples::default().trend(), None);
    }
}
