//! The target's own clock.
//!
//! Inside this room an [`Instant`] counts from the target's start, so that stalls and per-second counts
//! need no offset; what leaves the room (log, stats) is on CLOCK_MONOTONIC, which the run reads too.

use rustix::time::{ClockId, clock_gettime};

use crate::unit::Instant;

/// CLOCK_MONOTONIC, read as instants since the target's start.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start_ns: u64,
}

impl Clock {
    /// A clock whose [`Instant::ZERO`] is now.
    pub fn start() -> Self {
        Self { start_ns: monotonic_ns() }
    }

    /// The target's start in nanoseconds of CLOCK_MONOTONIC.
    pub fn start_ns(self) -> u64 {
        self.start_ns
    }

    /// The present instant.
    pub fn now(self) -> Instant {
        Instant::from_nanos(monotonic_ns() - self.start_ns)
    }

    /// `at` in nanoseconds of CLOCK_MONOTONIC.
    pub fn monotonic_ns(self, at: Instant) -> u64 {
        self.start_ns.saturating_add(at.as_nanos())
    }
}

fn monotonic_ns() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    // The monotonic clock counts from boot: both parts are never negative.
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
