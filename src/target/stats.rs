//! How many requests came and were answered, by the target's own count.
//!
//! The run reads them at the end and prints sent = received (D5); the shape of a day is judged by them.
//! Each thread counts for itself; whoever asks gets the sum.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::clock::Clock;
use crate::unit::{Instant, Span};

/// Seconds counted one by one: a week. Requests after it are counted in the totals only.
const MAX_SECONDS: usize = 7 * 24 * 3600;

/// The counts of all threads.
pub struct Stats {
    clock: Clock,
    threads: Vec<Mutex<Counts>>,
}

/// Aligned to a cache line, as each thread writes its own.
#[derive(Default)]
#[repr(align(64))]
struct Counts {
    received: u64,
    answered: u64,
    per_second: Vec<u32>,
}

/// One thread's hand on the counts.
#[derive(Clone)]
pub struct Counter {
    stats: Arc<Stats>,
    thread: usize,
}

/// The sum over all threads, as `GET /__scrutinio/stats` shows it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Requests whose head was read, those under `/__scrutinio/` excepted.
    pub received: u64,
    /// Of these, those whose answer was handed over for writing.
    pub answered: u64,
    /// Requests received in each second since the start.
    pub per_second: Vec<u64>,
    /// The target's start on CLOCK_MONOTONIC, in nanoseconds.
    pub start_ns: u64,
}

impl Stats {
    /// Counts at zero for `threads` threads.
    pub fn new(clock: Clock, threads: usize) -> Arc<Self> {
        Arc::new(Self { clock, threads: (0..threads).map(|_| Mutex::default()).collect() })
    }

    /// The hand of thread number `thread`, from 0.
    pub fn counter(self: &Arc<Self>, thread: usize) -> Counter {
        Counter { stats: Arc::clone(self), thread }
    }

    /// The sum over all threads.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals { received: 0, answered: 0, per_second: Vec::new(), start_ns: self.clock.start_ns() };
        for thread in 0..self.threads.len() {
            let counts = self.lock(thread);
            totals.received += counts.received;
            totals.answered += counts.answered;
            let seconds = totals.per_second.len().max(counts.per_second.len());
            totals.per_second.resize(seconds, 0);
            totals.per_second.iter_mut().zip(&counts.per_second).for_each(|(sum, n)| *sum += u64::from(*n));
        }
        totals
    }

    fn lock(&self, thread: usize) -> MutexGuard<'_, Counts> {
        // No count is left half made by a panic elsewhere.
        self.threads[thread].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counter {
    /// One more request received at `at`.
    pub fn received(&self, at: Instant) {
        let second = at.bin(Span::from_secs(1)) as usize;
        let mut counts = self.stats.lock(self.thread);
        counts.received += 1;
        if counts.per_second.len() <= second && second < MAX_SECONDS {
            counts.per_second.resize(second + 1, 0);
        }
        if let Some(n) = counts.per_second.get_mut(second) {
            *n += 1;
        }
    }

    /// One more request answered.
    pub fn answered(&self) {
        self.stats.lock(self.thread).answered += 1;
    }

    /// The sum over all threads.
    pub fn totals(&self) -> Totals {
        self.stats.totals()
    }

    /// The clock that counts the seconds.
    pub fn clock(&self) -> Clock {
        self.stats.clock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_threads_add_up() {
        let stats = Stats::new(Clock::start(), 2);
        let (one, two) = (stats.counter(0), stats.counter(1));
        let at = |millis| Instant::ZERO + Span::from_millis(millis);
        one.received(at(0));
        one.received(at(2_999));
        two.received(at(999));
        two.received(at(1_000));
        two.answered();
        let totals = stats.totals();
        assert_eq!((totals.received, totals.answered), (4, 1));
        assert_eq!(totals.per_second, [2, 1, 1]);
    }

    #[test]
    fn after_a_week_only_the_totals_grow() {
        let stats = Stats::new(Clock::start(), 1);
        let counter = stats.counter(0);
        counter.received(Instant::ZERO + Span::from_secs(MAX_SECONDS as u64));
        counter.received(Instant::MAX);
        assert_eq!(stats.totals().received, 2);
        assert!(stats.totals().per_second.is_empty());
    }
}
