//! The run's clock: CLOCK_MONOTONIC, counted from the run's start (T1).

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::unit::Instant;

/// The run's clock. A copy a lane; all count from the same start.
#[derive(Clone, Copy, Debug)]
pub struct RunClock {
    start: u64,
}

/// CLOCK_MONOTONIC in nanoseconds.
pub fn monotonic_nanos() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

impl RunClock {
    /// A clock whose zero is at `start` nanoseconds of CLOCK_MONOTONIC; may lie a little ahead.
    pub const fn starting_at(start: u64) -> Self {
        Self { start }
    }

    /// Now; the run's start before it.
    pub fn now(&self) -> Instant {
        Instant::from_nanos(monotonic_nanos().saturating_sub(self.start))
    }

    /// Sleeps until the run's start. Before it no instant can be told from zero, so nothing may be timed.
    pub fn wait_for_start(&self) {
        while let Some(ahead) = self.start.checked_sub(monotonic_nanos()).filter(|ahead| *ahead > 0) {
            std::thread::sleep(Duration::from_nanos(ahead));
        }
    }

    /// CLOCK_MONOTONIC nanoseconds of an instant.
    pub const fn monotonic(&self, at: Instant) -> u64 {
        self.start.saturating_add(at.as_nanos())
    }

    /// The run's start in CLOCK_MONOTONIC nanoseconds.
    pub const fn start(&self) -> u64 {
        self.start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_timed_before_the_start() {
        let clock = RunClock::starting_at(monotonic_nanos() + 20_000_000);
        assert_eq!(clock.now(), Instant::ZERO);
        clock.wait_for_start();
        assert!(monotonic_nanos() >= clock.start());
    }
}
