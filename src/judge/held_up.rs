//! What the kernel says of the seconds in which the generator was late.
//!
//! Its counts distinguish three causes: the lane had too much to do (its processor time), something else had its core
//! (run-queue delay), or the machine's host had it (steal). A lane that was late without any of them was not running at
//! all: stopped, or frozen with its machine.

use serde::Serialize;

use crate::record::{LaneInterval, Recording, share as share_of};
use crate::unit::{Instant, Span};

use super::findings::{BUSY, INTERVAL_SHARE};

/// What held the generator up in some seconds of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeldUp {
    /// What explains that it was late, what to cure first ahead; empty: it was not running at all.
    pub by: Vec<HeldUpBy>,
    /// The share of the time that a lane ran.
    pub busy_share: f64,
    /// The share of it that a lane waited for its core.
    pub waited_share: f64,
    /// The share of the machine's time that its host took away.
    pub stolen_share: f64,
}

/// What can hold the generator up, by the kernel's counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldUpBy {
    /// Something else had the lane's core.
    RunQueue,
    /// The machine's host had it.
    Steal,
    /// The lane had too much to do.
    Busy,
}

/// What held the generator up in these seconds of the run; `None` if the kernel does not say.
pub(super) fn held_up(recording: &Recording, seconds: &[usize]) -> Option<HeldUp> {
    let middle = |second: &usize| Instant::ZERO + Span::from_millis(*second as u64 * 1_000 + 500);
    let within = |i: &&LaneInterval| seconds.iter().map(middle).any(|at| i.from <= at && at < i.from + i.wall);
    let intervals: Vec<&LaneInterval> = recording.end.lanes.intervals.iter().filter(within).collect();
    let sum =
        |part: fn(&LaneInterval) -> Span| intervals.iter().map(|i| part(i)).fold(Span::ZERO, Span::saturating_add);
    let wall = sum(|i| i.wall);
    if wall == Span::ZERO {
        return None;
    }
    let busy_share = share_of(sum(|i| i.most_cpu), wall);
    let waited_share = share_of(sum(|i| i.most_waited), wall);
    let stolen = intervals.iter().map(|i| i.steal_pct / 100.0 * i.wall.as_secs_f64()).sum::<f64>();
    let stolen_share = stolen / wall.as_secs_f64();
    let causes = [
        (waited_share > INTERVAL_SHARE, HeldUpBy::RunQueue),
        (stolen_share > INTERVAL_SHARE, HeldUpBy::Steal),
        (busy_share > BUSY, HeldUpBy::Busy),
    ];
    let by = causes.into_iter().filter_map(|(holds, cause)| holds.then_some(cause)).collect();
    Some(HeldUp { by, busy_share, waited_share, stolen_share })
}
