//! The response times that a server must have, and how far those of a sample may lie from them.

use crate::unit::{Quantile, Span};

use super::queue::QueueLaw;
use super::stall::Stall;

/// What timers and loopback may add to a response where the machine has time left: assumed.
pub const OVERHEAD: Span = Span::from_micros(1_500);

/// The law of a server's responses in open loop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Law {
    /// Always the same.
    Constant(Span),
    /// A queue in equilibrium.
    Queue(QueueLaw),
    /// A server that stands still now and then.
    Stall(Stall),
    /// A queue that is asked for more than it can serve.
    Backlog(Backlog),
}

/// One server that takes `service` for each request, asked evenly `spacing` apart, which is less: each request waits for
/// all before it, so that the k-th, from 0, takes `service` + k·(`service` − `spacing`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backlog {
    /// The time that each takes.
    pub service: Span,
    /// From one request to the next.
    pub spacing: Span,
}

impl Backlog {
    /// The response of the k-th, from 0.
    fn of(self, k: f64) -> Span {
        let late = self.service.saturating_sub(self.spacing).as_secs_f64();
        self.service.saturating_add(Span::from_secs_f64(k * late))
    }
}

impl Law {
    /// The quantile of `n` responses.
    pub fn quantile(&self, quantile: Quantile, n: u64) -> Span {
        match self {
            Self::Constant(delay) => *delay,
            Self::Queue(law) => law.quantile(quantile),
            Self::Stall(law) => law.quantile(quantile),
            Self::Backlog(law) => law.of((quantile.as_fraction() * n as f64).ceil() - 1.0),
        }
    }

    /// The mean of `n` responses.
    pub fn mean(&self, n: u64) -> Span {
        match self {
            Self::Constant(delay) => *delay,
            Self::Queue(law) => law.mean(),
            Self::Stall(law) => law.mean(),
            Self::Backlog(law) => law.of((n as f64 - 1.0) / 2.0),
        }
    }

    /// Between which two values the quantile of `n` responses lies but for one sample in 16,000: four standard deviations.
    /// `None` where it is not known how far the quantile scatters.
    pub fn between(&self, quantile: Quantile, n: u64) -> Option<(Span, Span)> {
        let expected = self.quantile(quantile, n);
        match self {
            Self::Constant(_) => Some((expected, expected)),
            Self::Queue(law) => law.deviation(quantile, n).map(|deviation| around(expected, deviation)),
            Self::Stall(law) => Some(law.between(quantile, n)),
            // One rank more or less, as the quantile of a fraction is computed with fractions.
            Self::Backlog(law) => Some((expected.saturating_sub(law.spacing), expected.saturating_add(law.spacing))),
        }
    }

    /// The same of the mean.
    pub fn mean_between(&self, n: u64) -> (Span, Span) {
        let expected = self.mean(n);
        match self {
            Self::Queue(law) => around(expected, law.deviation_of_mean(n)),
            Self::Stall(law) => law.mean_between(n),
            Self::Constant(_) | Self::Backlog(_) => (expected, expected),
        }
    }
}

fn around(expected: Span, deviation: Span) -> (Span, Span) {
    let four = Span::from_nanos(4 * deviation.as_nanos());
    (expected.saturating_sub(four), expected.saturating_add(four))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backlog_grows_by_what_each_request_is_late() {
        let law = Law::Backlog(Backlog { service: Span::from_millis(10), spacing: Span::from_millis(6) });
        // 10, 14, 18, 22 … 406 ms of a hundred.
        assert_eq!(law.quantile("p50".parse().unwrap(), 100), Span::from_millis(206));
        assert_eq!(law.quantile("p99".parse().unwrap(), 100), Span::from_millis(402));
        assert_eq!(law.mean(100), Span::from_millis(208));
    }
}
