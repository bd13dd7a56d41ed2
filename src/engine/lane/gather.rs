//! Lets answers gather where a closed loop's come faster than a lane can fall asleep and be woken.
//!
//! A lane that keeps up with a busy server empties its sockets, sleeps, and is woken by the very next answer. The server
//! pays for that waking, so the more eager the lane, the slower the server. As network cards hold an interrupt back while
//! packets stream in, the lane then waits for a moment before it sleeps, and finds several answers
//! ([decision 0007](../../../docs/decisions/0007-gathering.md)). Only in closed loop, where nothing is ever due: a planned
//! request never waits for this.

use std::num::NonZeroU64;
use std::thread;

use crate::unit::{Instant, Span};

use super::super::Load;

/// How long answers gather. It lengthens the read delay (T3) by as much.
const MOMENT: Span = Span::from_micros(30);

/// Requests that must be open: with fewer, each waits for its own answer, and there is nothing to gather.
const OPEN_AT_LEAST: u64 = 16;

/// A look that found this part of what is open needs no more gathering.
const ENOUGH: u64 = 4;

/// How much one look counts in the mean time between answers: an eighth.
const MEMORY: u64 = 8;

/// What the lane knows of how answers come.
pub(super) struct Gathering {
    closed: bool,
    /// Answers that the last look found.
    found: u64,
    last_look: Instant,
    /// The smoothed time from answer to answer, in nanoseconds.
    gap_ns: u64,
}

impl Gathering {
    /// For the thread that it is made on, whose naps shall be as short as they say.
    pub(super) fn new(load: Load) -> Self {
        let closed = matches!(load, Load::Closed { .. });
        if closed {
            // Without it the kernel may lengthen each nap by 50 µs. Where it is refused, naps are longer and nothing is wrong.
            let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
        }
        Self { closed, found: 0, last_look: Instant::ZERO, gap_ns: Span::from_secs(1).as_nanos() }
    }

    /// A look at `now` found `ready` sockets.
    pub(super) fn looked(&mut self, now: Instant, ready: usize) {
        self.found = ready as u64;
        let Some(gap) = now.since(self.last_look).as_nanos().checked_div(self.found) else { return };
        self.gap_ns = (self.gap_ns * (MEMORY - 1) + gap) / MEMORY;
        self.last_look = now;
    }

    /// Waits for a moment, if some of the `open` answers are expected within it.
    pub(super) fn gather(&self, open: u64) {
        if self.worthwhile(open) {
            thread::sleep(MOMENT.to_duration());
        }
    }

    fn worthwhile(&self, open: u64) -> bool {
        self.closed && open >= OPEN_AT_LEAST && self.found < open / ENOUGH && self.gap_ns <= MOMENT.as_nanos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOSED: Load = Load::Closed { until: None, budget: None, streams: 1 };

    /// After `looks` that each found `ready`, one every `apart`.
    fn after(looks: u64, ready: usize, apart: Span) -> Gathering {
        let mut gathering = Gathering::new(CLOSED);
        for look in 1..=looks {
            gathering.looked(Instant::ZERO + Span::from_nanos(look * apart.as_nanos()), ready);
        }
        gathering
    }

    #[test]
    fn answers_that_stream_in_gather() {
        assert!(after(200, 1, Span::from_micros(14)).worthwhile(64));
        assert!(after(200, 5, Span::from_micros(70)).worthwhile(64));
    }

    #[test]
    fn nothing_gathers_before_a_rate_is_known() {
        assert!(!Gathering::new(CLOSED).worthwhile(64));
        assert!(!after(3, 1, Span::from_micros(14)).worthwhile(64));
    }

    #[test]
    fn a_slow_server_is_read_at_once() {
        assert!(!after(200, 1, Span::from_micros(100)).worthwhile(64));
    }

    #[test]
    fn a_plan_never_waits() {
        let mut planned = after(200, 1, Span::from_micros(14));
        planned.closed = false;
        assert!(!planned.worthwhile(64));
    }

    #[test]
    fn few_connections_are_read_at_once() {
        assert!(!after(200, 1, Span::from_micros(14)).worthwhile(15));
    }

    #[test]
    fn what_has_gathered_is_enough() {
        assert!(!after(200, 16, Span::from_micros(200)).worthwhile(64));
    }

    #[test]
    fn a_look_that_finds_nothing_is_not_a_gap_of_its_own() {
        let mut gathering = after(200, 1, Span::from_micros(14));
        let last = gathering.last_look;
        gathering.looked(last + Span::from_micros(100), 0);
        gathering.looked(last + Span::from_micros(14), 1);
        assert!(gathering.worthwhile(64));
    }
}
