//! The threads of the lanes: whether they run, and how they ended.

use std::io;
use std::thread::{Builder, JoinHandle};

use super::LaneEnd;
use crate::unit::{NotStarted, STACK_BYTES};

/// The lanes of a run.
#[derive(Default)]
pub(super) struct Lanes {
    running: Vec<JoinHandle<io::Result<LaneEnd>>>,
    /// The ends in one of those that have ended.
    end: LaneEnd,
}

impl Lanes {
    /// Starts a lane.
    pub(super) fn start(
        &mut self,
        index: u32,
        run: impl FnOnce() -> io::Result<LaneEnd> + Send + 'static,
    ) -> Result<(), NotStarted> {
        let name = format!("lane-{index}");
        let thread = Builder::new().name(name.clone()).stack_size(STACK_BYTES);
        self.running.push(thread.spawn(run).map_err(NotStarted::of(format!("a thread for {name}")))?);
        Ok(())
    }

    /// Whether every lane has ended; an error as soon as one has failed, though others may run on.
    pub(super) fn have_ended(&mut self) -> io::Result<bool> {
        while let Some(ended) = self.running.iter().position(JoinHandle::is_finished) {
            let lane = self.running.swap_remove(ended);
            self.end_of(lane)?;
        }
        Ok(self.running.is_empty())
    }

    /// Waits for the lanes; their ends in one, or the first error of one.
    pub(super) fn join(&mut self) -> io::Result<LaneEnd> {
        while let Some(lane) = self.running.pop() {
            self.end_of(lane)?;
        }
        Ok(self.end)
    }

    fn end_of(&mut self, lane: JoinHandle<io::Result<LaneEnd>>) -> io::Result<()> {
        let name = lane.thread().name().unwrap_or("a lane").to_owned();
        let end = lane.join().map_err(|_| io::Error::other(format!("{name} panicked")))?;
        let end = end.map_err(|error| io::Error::new(error.kind(), format!("{name} failed: {error}")))?;
        self.end.arrivals_hash = self.end.arrivals_hash.wrapping_add(end.arrivals_hash);
        self.end.gave_up = self.end.gave_up.or(end.gave_up);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    /// Lanes of which the first ends so, while the other runs until `go_on` goes.
    fn beside_one_that_runs(ends: impl FnOnce() -> io::Result<LaneEnd> + Send + 'static) -> (Lanes, Sender<()>) {
        let (go_on, wait) = channel();
        let mut lanes = Lanes::default();
        lanes.start(0, ends).expect("a thread");
        let waits = move || {
            let _ = wait.recv();
            Ok(LaneEnd { arrivals_hash: 2, gave_up: None })
        };
        lanes.start(1, waits).expect("a thread");
        while !lanes.running[0].is_finished() {
            std::thread::yield_now();
        }
        (lanes, go_on)
    }

    #[test]
    fn a_lane_that_fails_is_told_while_the_others_run() {
        let (mut lanes, _other) = beside_one_that_runs(|| panic!("a defect"));
        assert_eq!(lanes.have_ended().expect_err("it panicked").to_string(), "lane-0 panicked");
        let (mut lanes, _other) = beside_one_that_runs(|| Err(io::Error::other("no epoll")));
        assert_eq!(lanes.have_ended().expect_err("it failed").to_string(), "lane-0 failed: no epoll");
    }

    #[test]
    fn a_lane_that_is_through_leaves_the_run_to_the_others() {
        let (mut lanes, other) = beside_one_that_runs(|| Ok(LaneEnd { arrivals_hash: u128::MAX, gave_up: None }));
        assert!(!lanes.have_ended().expect("none failed"));
        drop(other);
        assert_eq!(lanes.join().expect("none failed").arrivals_hash, 1);
        assert!(lanes.have_ended().expect("none failed"));
    }
}
