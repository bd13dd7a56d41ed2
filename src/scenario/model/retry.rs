//! What a client does about a request that failed: tries again, later and not forever.

use serde::Serialize;

use super::Failure;
use crate::unit::Span;

/// When a request is tried again, how often, and after what wait. Waits are real time, like timeouts (T5).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Retry {
    /// Statuses of wrong answers after which it is tried again.
    pub statuses: Vec<u16>,
    /// Other ends after which it is tried again.
    pub reasons: Vec<Failure>,
    /// Tries after the first, at most.
    pub times: u32,
    /// The wait before each.
    pub backoff: Backoff,
    /// The longest wait that a `Retry-After` can ask for; `None`: it is ignored.
    pub retry_after: Option<Span>,
    /// Retries for each million requests of the step on a lane, at most; `None`: no bound.
    pub budget: Option<u64>,
}

/// How waits grow.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Backoff {
    /// The first wait.
    pub base: Span,
    /// Whether each wait is twice the one before.
    pub doubles: bool,
    /// The longest wait.
    pub max: Span,
    /// How it is drawn.
    pub jitter: Jitter,
}

/// How a wait is drawn below its ceiling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Jitter {
    /// Not at all.
    None,
    /// Anything from 0 to the ceiling.
    Full,
    /// Anything from half of the ceiling to the ceiling.
    Equal,
}

impl Backoff {
    /// The wait before the `k`-th retry, counted from 1, for a draw `u` between 0 and 1.
    pub fn wait(&self, k: u32, u: f64) -> Span {
        let ceiling = self.ceiling(k).as_secs_f64();
        Span::from_secs_f64(match self.jitter {
            Jitter::None => ceiling,
            Jitter::Full => ceiling * u,
            Jitter::Equal => ceiling * (0.5 + u / 2.0),
        })
    }

    /// The longest wait before the `k`-th retry. With jitter it is one doubling ahead, so that the mean of full jitter
    /// is the wait without any, until the maximum cuts it.
    fn ceiling(&self, k: u32) -> Span {
        let doublings = match (self.doubles, self.jitter) {
            (false, _) => 0,
            (true, Jitter::None) => k - 1,
            (true, _) => k,
        };
        let factor = 1u64.checked_shl(doublings).unwrap_or(u64::MAX);
        Span::from_nanos(self.base.as_nanos().saturating_mul(factor)).min(self.max)
    }
}

impl Retry {
    /// The longest that all tries of a request can take, each within its timeout.
    pub fn longest(&self, timeout: Span) -> Span {
        let waits = (1..=self.times).map(|k| self.backoff.ceiling(k).max(self.retry_after.unwrap_or_default()));
        waits.fold(timeout, |all, wait| all.saturating_add(wait).saturating_add(timeout))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Use, uniform};

    fn backoff(jitter: Jitter) -> Backoff {
        Backoff { base: Span::from_millis(100), doubles: true, max: Span::from_secs(10), jitter }
    }

    #[test]
    fn full_jitter_has_the_means_of_its_formula() {
        for (k, mean) in (1..).zip([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]) {
            let n = 40_000u32;
            let drawn = |session| backoff(Jitter::Full).wait(k, uniform(1, session, 3, Use::Backoff, k));
            let sum: f64 = (0..u64::from(n)).map(|session| drawn(session).as_secs_f64()).sum();
            // Four standard errors of a uniform draw's mean.
            let tolerance = 4.0 / 3f64.sqrt() / f64::from(n).sqrt();
            assert!((sum / f64::from(n) / mean - 1.0).abs() < tolerance, "retry {k}: {}", sum / f64::from(n));
        }
    }

    #[test]
    fn waits_without_jitter_double_up_to_the_maximum_and_fixed_ones_stay() {
        let waits = |backoff: Backoff| [1, 2, 3, 8, 50].map(|k| backoff.wait(k, 0.5).as_nanos() / 1_000_000);
        assert_eq!(waits(backoff(Jitter::None)), [100, 200, 400, 10_000, 10_000]);
        assert_eq!(waits(Backoff { doubles: false, ..backoff(Jitter::None) }), [100; 5]);
        assert_eq!(waits(Backoff { doubles: false, ..backoff(Jitter::Equal) }), [75; 5]);
    }

    #[test]
    fn the_longest_takes_every_timeout_and_every_wait() {
        let retry = Retry {
            statuses: vec![503],
            reasons: vec![],
            times: 2,
            backoff: backoff(Jitter::Full),
            retry_after: None,
            budget: None,
        };
        // 1 s + 200 ms + 1 s + 400 ms + 1 s.
        assert_eq!(retry.longest(Span::from_secs(1)), Span::from_millis(3_600));
        let retry = Retry { retry_after: Some(Span::from_secs(2)), ..retry };
        assert_eq!(retry.longest(Span::from_secs(1)), Span::from_secs(7));
    }

    proptest::proptest! {
        #[test]
        fn a_draw_lies_within_its_bounds(k in 1u32..=50, u in 0.0f64..1.0, base in 0u64..10_000, max in 1u64..100_000) {
            let of = |jitter| Backoff { base: Span::from_millis(base), doubles: true, max: Span::from_millis(max), jitter };
            let (full, equal) = (of(Jitter::Full).wait(k, u), of(Jitter::Equal).wait(k, u));
            let ceiling = of(Jitter::Full).ceiling(k);
            proptest::prop_assert!(full <= ceiling && equal <= ceiling && ceiling <= Span::from_millis(max));
            proptest::prop_assert!(equal.as_nanos() + 1 >= ceiling.as_nanos() / 2);
            proptest::prop_assert!(of(Jitter::None).wait(k, u) <= ceiling);
        }
    }
}
