//! How long streams last: drawn as thinks are, so that the planning pass knows when their sessions go on (T5, R7).

use super::draw::{Use, seconds, uniform};
use super::{Due, PathContext};
use crate::scenario::{Action, Distribution, StepKind, Stream};
use crate::unit::Span;

/// More than a stream has actions: each has a draw of its own.
const ACTIONS: u32 = 1024;

impl PathContext {
    /// How long a session stays on a stream, if action `action` of the step that is due is one of this length.
    pub fn stream_length(&self, session: u64, due: &Due, action: usize, length: &Distribution) -> Span {
        let n = due.nth.wrapping_mul(ACTIONS).wrapping_add(action as u32);
        self.clock.span(seconds(length, uniform(self.seed, session, due.step, Use::Think, n)))
    }

    /// How long the streams of the step that is due last together, if it opens any.
    pub fn streams_length(&self, session: u64, due: &Due) -> Span {
        let Some(stream) = self.stream(due.step) else { return Span::ZERO };
        let lengths = stream.actions.iter().enumerate().filter_map(|(action, it)| match it {
            Action::Hold(hold) => Some(self.stream_length(session, due, action, &hold.length)),
            _ => None,
        });
        lengths.fold(Span::ZERO, Span::saturating_add)
    }

    /// The stream that a step opens, if it opens one.
    pub(super) fn stream(&self, step: u32) -> Option<&Stream> {
        match &self.flow.steps[step as usize].kind {
            StepKind::Request(request) => request.stream.as_deref(),
            _ => None,
        }
    }
}

/// The streams of a plan in numbers, with zero response times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamSeries {
    /// Change of the number of streams that are open at each second.
    pub open: Vec<i64>,
    /// Change of the rate at which messages are sent on them at each second, in millionths of a message a second: whole
    /// numbers, so that the order in which threads add up does not matter.
    pub sending: Vec<i64>,
    /// Messages that are sent.
    pub messages: u64,
}

/// The highest that a series of changes comes to, and where it first does.
pub fn highest(changes: &[i64]) -> (usize, u64) {
    let (mut now, mut highest) = (0, (0, 0));
    for (at, change) in changes.iter().enumerate() {
        now += change;
        if now > highest.1 {
            highest = (at, now);
        }
    }
    (highest.0, highest.1 as u64)
}

/// The rate of messages that are this far apart, in millionths of a message a second.
pub(super) fn millionths(every: Span) -> i64 {
    (1_000_000_000_000_000 / every.as_nanos().max(1)) as i64
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::path::Path;

    use super::super::Plan;
    use crate::scenario::{Overrides, parse};
    use crate::unit::{Instant, Span};

    #[test]
    fn sessions_are_alive_while_their_streams_last_and_go_on_behind_them() {
        let text = "name: t\nclock: { from: 2026-01-01T00:00, to: 2026-01-01T00:01, compress: 10 }\n\
            target: http://127.0.0.1:1\n\
            populations: { all: { users: 3, arrivals: { burst: { at: \"00:00\", weight: 100% } }, flow: all } }\n\
            flows: { all: { steps: [{ ws: /, then: [{ stream: { for: 40s } }, { stream: { for: 60s } }] }, { get: / }] } }";
        let scenario = parse(text, "t", Path::new(""), &Overrides::default(), &|_| None).expect("sound").scenario;
        let plan = Plan::build(&scenario, NonZeroUsize::MIN, &Default::default()).expect("a plan");
        assert_eq!((plan.requests, plan.alive_peak), (6, 3));
        // 100 s of the day are ten of the run.
        assert_eq!(plan.last_due, Instant::ZERO + Span::from_secs(10));
        assert_eq!((plan.nominal[0], plan.nominal[10]), (3, 3));
    }

    #[test]
    fn open_streams_and_what_is_sent_on_them_are_counted_in_seconds_of_the_run() {
        let text = "name: t\nclock: { from: 2026-01-01T00:00, to: 2026-01-01T00:01, compress: 10 }\n\
            target: http://127.0.0.1:1\n\
            populations: { all: { users: 3, arrivals: { burst: { at: \"00:00\", weight: 100% } }, flow: all } }\n\
            flows: { all: { steps: [{ think: 10s }, { ws: /, then: [{ send: hello }, { stream: { for: 40s, send: { rate: 4/s, text: a } } },\n\
              { stream: { for: 60s, send: { rate: 0.5/s, text: b } } }] }] } }";
        let scenario = parse(text, "t", Path::new(""), &Overrides::default(), &|_| None).expect("sound").scenario;
        let plan = Plan::build(&scenario, NonZeroUsize::MIN, &Default::default()).expect("a plan");
        // Each is open from second 1 to second 11 of the run, and sends four messages a second for four, then a half for six.
        assert_eq!(super::highest(&plan.streams.open), (2, 3));
        assert_eq!(super::highest(&plan.streams.sending), (2, 12_000_000));
        assert_eq!(plan.streams.messages, 3 * (1 + 16 + 3));
        assert_eq!(plan.streams.open.iter().sum::<i64>(), 0);
        assert_eq!(plan.streams.sending.iter().sum::<i64>(), 0);
    }
}
