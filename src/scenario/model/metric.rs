//! What a line of the SLO demands: which requests are bad, and how many may be (O1, O2).

use serde::Serialize;

use super::Failure;
use crate::unit::{Percent, Quantile, Rate, Span};

/// What an objective demands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum Metric {
    /// A quantile of a time: of all requests, at most the share above the quantile is slow.
    Quantile {
        /// The quantile.
        quantile: Quantile,
        /// What is slow.
        slow: Slow,
    },
    /// The share of requests that fail so.
    Errors {
        /// Which failures count.
        errors: Errors,
        /// The greatest share.
        allowed: Percent,
        /// Whether exactly that share meets the objective (`<=`).
        inclusive: bool,
    },
    /// A number of bad requests: decided by counting, for populations that are a census.
    AtMost {
        /// The greatest number.
        most: u64,
        /// Which requests are bad.
        bad: Bad,
    },
    /// Exchanges over the requests that were sent at all.
    Amplification {
        /// The greatest ratio, at least 1.
        allowed: f64,
        /// Whether exactly that ratio meets the objective (`<=`).
        inclusive: bool,
    },
    /// Right answers a second, by done.
    Rate {
        /// The least mean.
        at_least: Rate,
    },
}

/// What makes a request bad.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum Bad {
    /// One of its times.
    Slow(Slow),
    /// How it ended.
    Errors(Errors),
}

/// A time that is too long. What was not right is slower than everything.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Slow {
    /// Which time.
    pub time: Time,
    /// Its limit.
    pub limit: Span,
    /// Whether a time of exactly the limit is good (`<=`, `slower than`).
    pub inclusive: bool,
}

/// A time of a request (T2), or what a measure times of its samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Time {
    /// done − due; of a sample its value.
    Response,
    /// done − sent.
    Service,
    /// sent − woke.
    Wait,
    /// first − sent.
    FirstByte,
}

/// Which requests that were not right count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Errors {
    /// All of them.
    All,
    /// Those that failed so.
    Failed(Failure),
    /// Those that failed with a last answer of a status from `first` to `last`.
    Status {
        /// The least.
        first: u16,
        /// The greatest.
        last: u16,
    },
}

impl Metric {
    /// What makes a request bad; `None` where none is.
    pub const fn bad(&self) -> Option<Bad> {
        match *self {
            Self::Quantile { slow, .. } => Some(Bad::Slow(slow)),
            Self::Errors { errors, .. } => Some(Bad::Errors(errors)),
            Self::AtMost { bad, .. } => Some(bad),
            Self::Amplification { .. } | Self::Rate { .. } => None,
        }
    }

    /// What is slow, where time is what it is about.
    pub const fn slow(&self) -> Option<Slow> {
        match self.bad() {
            Some(Bad::Slow(slow)) => Some(slow),
            _ => None,
        }
    }

    /// The greatest share of bad requests: 0.01 of `p99 < 300ms`; `None` where no share is demanded.
    pub fn share(&self) -> Option<f64> {
        match *self {
            Self::Quantile { quantile, .. } => Some(quantile.allowed_above()),
            Self::Errors { allowed, .. } => Some(allowed.as_fraction()),
            Self::AtMost { .. } | Self::Amplification { .. } | Self::Rate { .. } => None,
        }
    }

    /// The share, the number of bad requests or the ratio that it allows at most, or the rate a second that it demands.
    pub fn allowed(&self) -> f64 {
        match *self {
            Self::Quantile { quantile, .. } => quantile.allowed_above(),
            Self::Errors { allowed, .. } => allowed.as_fraction(),
            Self::AtMost { most, .. } => most as f64,
            Self::Amplification { allowed, .. } => allowed,
            Self::Rate { at_least } => at_least.as_per_second(),
        }
    }

    /// Whether it counts exchanges and not bad requests: then K is exchanges, and K′ the same.
    pub const fn counts_exchanges(&self) -> bool {
        matches!(self, Self::Amplification { .. })
    }

    /// Whether each request that is not right is bad for it.
    pub const fn bounds_failures(&self) -> bool {
        match self.bad() {
            Some(Bad::Slow(slow)) => !matches!(slow.time, Time::Wait),
            Some(Bad::Errors(errors)) => matches!(errors, Errors::All),
            None => false,
        }
    }

    /// Why it cannot be about transactions and other measures; `None`: it can.
    pub const fn only_of_requests(&self) -> Option<&'static str> {
        match self {
            Self::Amplification { .. } => Some("only requests are sent more than once"),
            Self::Rate { .. } => Some("a rate is that of right answers to requests"),
            metric => match metric.bad() {
                Some(Bad::Slow(Slow { time: Time::Response, .. }))
                | Some(Bad::Errors(Errors::All | Errors::Failed(_)))
                | None => None,
                Some(Bad::Slow(_)) => Some("only requests have this time"),
                Some(Bad::Errors(_)) => Some("only requests are answered with a status"),
            },
        }
    }
}

impl Slow {
    /// Whether it is slow to take so long.
    pub fn is(&self, took: Span) -> bool {
        if self.inclusive { took > self.limit } else { took >= self.limit }
    }
}

impl Time {
    /// The times that a line names; without a word it is about the response.
    pub const NAMED: [Self; 3] = [Self::Service, Self::Wait, Self::FirstByte];

    /// The time's name: `first_byte`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Response => "response",
            Self::Service => "service",
            Self::Wait => "wait",
            Self::FirstByte => "first_byte",
        }
    }
}

impl Errors {
    /// Whether a request that failed so, with a last answer of this status (0: without one), counts.
    pub fn has(self, failure: Option<Failure>, status: u16) -> bool {
        match self {
            Self::All => true,
            Self::Failed(wanted) => failure == Some(wanted),
            Self::Status { first, last } => failure.is_some() && (first..=last).contains(&status),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_those_of_their_kind() {
        let errors = |text: &str| match format!("at most 0 {text}").parse() {
            Ok(Metric::AtMost { bad: Bad::Errors(errors), .. }) => errors,
            other => panic!("{text}: {other:?}"),
        };
        let (status, timeout) = (Some(Failure::Status), Some(Failure::Timeout));
        for (text, failure, code, counts) in [
            ("errors", None, 0, true),
            ("errors timeout", timeout, 0, true),
            ("errors timeout", status, 503, false),
            ("errors timeout", None, 0, false),
            ("errors 503", status, 503, true),
            ("errors 503", Some(Failure::Expect), 503, true),
            ("errors 503", status, 502, false),
            ("errors 503", None, 503, false),
            ("errors 5xx", status, 500, true),
            ("errors 5xx", status, 599, true),
            ("errors 5xx", status, 499, false),
            ("errors 5xx", timeout, 0, false),
        ] {
            assert_eq!(errors(text).has(failure, code), counts, "{text} {failure:?} {code}");
        }
    }
}
