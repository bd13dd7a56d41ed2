//! The knobs that make a target misbehave on purpose, as the user writes them.
//!
//! Values and their arithmetic only; `faults` puts them to work. Every knob has a known right answer for
//! the harness (docs/sources.md, Closed forms), so what each does is stated exactly.

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

use super::shed::Shed;
use crate::unit::{Instant, ParseError, Percent, Span};

/// All knobs of a target; the default is none turned. They act in this order on a request: shed, stall, queue,
/// delay, then its fate (dropped, 503 or the service's own answer).
#[derive(Clone, Debug, PartialEq)]
pub struct Knobs {
    /// Added to every response, whatever else happens.
    pub delay: Span,
    /// Makes every request pass one first-come-first-served queue with this service time.
    pub service: Option<ServiceTime>,
    /// The number of servers of that queue.
    pub servers: NonZeroU16,
    /// When no request begins to be served.
    pub stall: Option<Stall>,
    /// The share answered 503 instead of served, drawn for each request.
    pub errors: Percent,
    /// The share whose connection is closed without an answer, drawn for each request.
    pub drops: Percent,
    /// Above this, requests are answered 503 at once.
    pub shed: Option<Shed>,
    /// What its Retry-After says, in whole seconds and at least one: real time, which is what clients wait in.
    pub shed_retry_after: Span,
    /// The seed of all draws; each station has a random stream of its own.
    pub seed: u64,
}

/// How long a server of the queue works on a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceTime {
    /// Exponential with this mean (M/M/c under Poisson arrivals).
    Exponential(Span),
    /// Always the same (M/D/c).
    Fixed(Span),
}

/// A standstill of `length` in every `period`: from kT to kT + S after the target's start, for k = 1, 2, …
/// A request that arrives in it is held to its end; one already in service is finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall {
    length: Span,
    period: Span,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            delay: Span::ZERO,
            service: None,
            servers: NonZeroU16::MIN,
            stall: None,
            errors: Percent::default(),
            drops: Percent::default(),
            shed: None,
            shed_retry_after: Span::from_secs(1),
            seed: 0,
        }
    }
}

impl Knobs {
    /// True if no knob is turned.
    pub fn are_untouched(&self) -> bool {
        let bystanders = Self { seed: self.seed, servers: self.servers, ..Self::default() };
        *self == Self { shed_retry_after: self.shed_retry_after, ..bystanders }
    }

    /// The knobs with every time divided by `factor` and the rate of `shed` multiplied by it, for a target that a scenario compressed by `factor`
    /// starts itself (T5). None is divided down to nothing.
    pub fn compressed(self, factor: f64) -> Self {
        let divide = |span: Span| match span {
            Span::ZERO => Span::ZERO,
            span => Span::from_secs_f64(span.as_secs_f64() / factor).max(Span::from_nanos(1)),
        };
        Self {
            delay: divide(self.delay),
            service: self.service.map(|service| match service {
                ServiceTime::Exponential(mean) => ServiceTime::Exponential(divide(mean)),
                ServiceTime::Fixed(time) => ServiceTime::Fixed(divide(time)),
            }),
            stall: self.stall.map(|s| Stall { length: divide(s.length), period: divide(s.period) }),
            shed: self.shed.map(|shed| shed.compressed(factor)),
            ..self
        }
    }
}

impl Stall {
    /// A stall of `length` every `period`; `None` unless 0 < `length` < `period`.
    pub fn new(length: Span, period: Span) -> Option<Self> {
        (Span::ZERO < length && length < period).then_some(Self { length, period })
    }

    /// The first instant at or after `at` that is outside every stall.
    pub fn release(self, at: Instant) -> Instant {
        let into_period = at.as_nanos() % self.period.as_nanos();
        if at.as_nanos() >= self.period.as_nanos() && into_period < self.length.as_nanos() {
            Instant::from_nanos(at.as_nanos() - into_period) + self.length
        } else {
            at
        }
    }
}

/// Parses `2s/60s`: two seconds of standstill in every sixty.
impl FromStr for Stall {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let parse = || {
            let (length, period) = text.split_once('/')?;
            Self::new(length.parse().ok()?, period.parse().ok()?)
        };
        let expected = "a stall LENGTH/PERIOD such as `2s/60s`, its length above zero and shorter than its period";
        parse().ok_or_else(|| ParseError { expected, given: text.to_owned() })
    }
}

impl fmt::Display for Stall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.length, self.period))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stall_is_read_and_shown() {
        let stall: Stall = "2s/60s".parse().unwrap();
        assert_eq!(Some(stall), Stall::new(Span::from_secs(2), Span::from_secs(60)));
        assert_eq!(stall.to_string(), "2s/60s");
        for text in ["2s", "2s/", "/60s", "60s/2s", "2s/2s", "0s/60s", "2/60", "2s/60s/3s", ""] {
            let error = text.parse::<Stall>().unwrap_err().to_string();
            assert!(error.contains("`2s/60s`") && error.contains(text), "{text}: {error}");
        }
    }

    #[test]
    fn a_stall_holds_from_each_whole_period_but_the_start() {
        let stall: Stall = "2s/10s".parse().unwrap();
        let release = |millis| stall.release(Instant::ZERO + Span::from_millis(millis)).as_nanos() / 1_000_000;
        for (at, released) in [
            (0, 0),
            (1_000, 1_000),
            (9_999, 9_999),
            (10_000, 12_000),
            (11_999, 12_000),
            (12_000, 12_000),
            (20_500, 22_000),
        ] {
            assert_eq!(release(at), released, "at {at} ms");
        }
    }

    #[test]
    fn compression_divides_every_time_and_nothing_else() {
        let knobs = Knobs {
            delay: Span::from_millis(200),
            service: Some(ServiceTime::Exponential(Span::from_secs(4))),
            stall: "2s/60s".parse().ok(),
            errors: "1%".parse().unwrap(),
            ..Knobs::default()
        };
        let compressed = knobs.clone().compressed(200.0);
        assert_eq!(compressed.delay, Span::from_millis(1));
        assert_eq!(compressed.service, Some(ServiceTime::Exponential(Span::from_millis(20))));
        assert_eq!(compressed.stall, "10ms/300ms".parse().ok());
        assert_eq!(compressed.errors, knobs.errors);
        assert!(!knobs.are_untouched() && Knobs { seed: 7, ..Knobs::default() }.are_untouched());
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_parser(text in ".*") {
            let _ = text.parse::<Stall>();
        }

        #[test]
        fn a_release_is_the_first_instant_outside_every_stall(length in 1_u64..100, more in 1_u64..100, at in 0_u64..1_000) {
            let stall = Stall::new(Span::from_nanos(length), Span::from_nanos(length + more)).unwrap();
            let stalled = |at: u64| at >= length + more && at % (length + more) < length;
            let by_hand = (at..).find(|at| !stalled(*at));
            proptest::prop_assert_eq!(Some(stall.release(Instant::from_nanos(at)).as_nanos()), by_hand);
        }
    }
}
