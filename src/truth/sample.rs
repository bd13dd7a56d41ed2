//! Responses by a server's own stamps, and their order statistics.

use crate::unit::{Quantile, Span};

/// The times of all requests: those of the right ones, in order, and how many there are in all. A request that was not right
/// took longer than every other (D1).
#[derive(Clone, Debug)]
pub struct Sample {
    sorted: Vec<Span>,
    count: u64,
}

impl Sample {
    /// Of requests, each with its time, or `None` if it was not right.
    pub fn of(times: impl IntoIterator<Item = Option<Span>>) -> Self {
        let (mut sorted, mut count) = (Vec::new(), 0);
        for time in times {
            sorted.extend(time);
            count += 1;
        }
        sorted.sort_unstable();
        Self { sorted, count }
    }

    /// All requests.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The quantile: of n requests so many are allowed above it, ⌊n·(1 − p)⌋, and it is the slowest of the others. `None`
    /// where that one was not right, and without any.
    pub fn quantile(&self, quantile: Quantile) -> Option<Span> {
        // In whole millionths: a fraction would miss a rank by one.
        let above = (quantile.allowed_above() * 1e6).round() as u128;
        let rank = self.count - (u128::from(self.count) * above / 1_000_000) as u64;
        self.sorted.get((rank as usize).checked_sub(1)?).copied()
    }

    /// The fastest right one.
    pub fn fastest(&self) -> Option<Span> {
        self.sorted.first().copied()
    }

    /// The slowest right one.
    pub fn slowest(&self) -> Option<Span> {
        self.sorted.last().copied()
    }

    /// The mean of the right ones; `None` without any.
    pub fn mean(&self) -> Option<Span> {
        let sum: f64 = self.sorted.iter().map(|time| time.as_secs_f64()).sum();
        (!self.sorted.is_empty()).then(|| Span::from_secs_f64(sum / self.sorted.len() as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_is_exact_and_counts_what_was_not_right() {
        let sample = Sample::of((1..=1_000).rev().map(|ms| (ms <= 980).then(|| Span::from_millis(ms))));
        let millis = |text: &str| sample.quantile(text.parse().unwrap()).map(|span| span.as_micros() / 1_000);
        assert_eq!(["p50", "p90", "p98", "p98.01", "p99.9"].map(millis), [Some(500), Some(900), Some(980), None, None]);
        assert_eq!(
            (sample.count(), sample.fastest(), sample.mean().unwrap().as_micros()),
            (1_000, Some(Span::from_millis(1)), 490_500)
        );
        assert_eq!(Sample::of([]).quantile("p50".parse().unwrap()), None);
    }
}
