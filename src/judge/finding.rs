//! What held the generator up, and answers that nobody asked for (R8), in numbers: what `report` says in sentences, and
//! `summary.json` has as `data`.

use serde::{Deserialize, Serialize};

use crate::record::{MemoryTrend, OtherRun, Place};
use crate::unit::Span;

use super::held_up::HeldUp;

/// Something that was found beside the verdict. In JSON its fields have their units in their names; `code` stands beside.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Finding {
    /// Bytes came that nobody asked for (R8).
    Unasked {
        /// Where, the most first; not more than three.
        places: Vec<UnaskedAt>,
        /// Times that they came elsewhere.
        elsewhere: u64,
        /// The first of the bytes, escaped, at most 120 characters.
        first: String,
    },
    /// In the warm-up the generator was late, or sessions fell behind (O5, O15).
    WarmUp {
        /// How long it is.
        seconds: usize,
        /// Its seconds that are short.
        late_seconds: usize,
        /// Seconds in which planned requests of it were overdue.
        overdue_seconds: usize,
    },
    /// Other runs were on this machine at the same time.
    AnotherRun {
        /// Which.
        runs: Vec<OtherRun>,
    },
    /// A lane neither woke nor read for a while, though its timer had rung.
    StoodStill {
        /// How long, over all such seconds.
        #[serde(rename = "stood_still_ns")]
        stood: Span,
        /// The seconds in which one did for longer than `limit_share` of them.
        seconds: usize,
        /// The one of them in which one did longest.
        longest_second: usize,
        /// How long that was.
        #[serde(rename = "longest_ns")]
        longest: Span,
        /// The share of a second from which on it is told.
        limit_share: f64,
        /// What the kernel says of these seconds; `None` where it says nothing.
        held_up: Option<HeldUp>,
    },
    /// A lane had more to do than its core can handle.
    LaneBusy {
        /// The intervals in which one ran for more than `limit_share` of the time.
        busy_intervals: usize,
        /// Of so many.
        intervals: usize,
        /// The share of an interval above which requests queue.
        limit_share: f64,
        /// The lane that ran most.
        lane: usize,
        /// The share of the run that it ran.
        run_share: f64,
        /// Whether each connection waits for its answer, so that the generator is to be the bottleneck of a fast target.
        closed_loop: bool,
    },
    /// A lane waited for its core.
    RunQueue {
        /// The lane that waited longest.
        lane: usize,
        /// How long.
        #[serde(rename = "waited_ns")]
        waited: Span,
        /// Of so much of the run.
        #[serde(rename = "of_ns")]
        of: Span,
        /// The share that this is.
        run_share: f64,
        /// The interval in which one waited longest; `None` if none waited.
        worst: Option<WaitedIn>,
        /// The shares from which on it is told.
        limits: Limits,
    },
    /// The machine's host took processor time away.
    Steal {
        /// The share of the machine's time.
        run_share: f64,
        /// The interval in which it took most; `None` if it took nothing in any.
        worst: Option<StolenIn>,
        /// The shares from which on it is told.
        limits: Limits,
    },
    /// The generator's memory grew as the run went on.
    MemoryGrows {
        /// How.
        #[serde(flatten)]
        trend: MemoryTrend,
        /// The share of what it had from which on it is told.
        limit_share: f64,
        /// The rise from which on it is told.
        limit_bytes: u64,
    },
}

/// Where bytes came that nobody asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnaskedAt {
    /// The population of the connection's last request.
    pub population: String,
    /// That request's step.
    pub step: String,
    /// Where.
    pub place: Place,
    /// How often.
    pub times: u64,
}

/// The interval in which a lane waited longest for its core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct WaitedIn {
    /// The second of the run in which it began.
    pub second: u32,
    /// How long.
    #[serde(rename = "waited_ns")]
    pub waited: Span,
    /// Of so long an interval.
    #[serde(rename = "of_ns")]
    pub of: Span,
}

/// The interval in which the machine's host took most.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StolenIn {
    /// The second of the run in which it began.
    pub second: u32,
    /// The share of the machine's time.
    pub share: f64,
}

/// Shares from which on something is told.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Limits {
    /// Of the run.
    pub run_share: f64,
    /// Of one interval.
    pub interval_share: f64,
}

/// What kind of finding it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingCode {
    /// A lane had more to do than its core can handle.
    LaneBusy,
    /// A lane waited for its core.
    RunQueue,
    /// The machine's host took processor time away.
    Steal,
    /// The generator's memory grew as the run went on.
    MemoryGrows,
    /// A lane neither woke nor read for a while, though its timer had rung.
    StoodStill,
    /// Bytes came that nobody asked for (R8).
    Unasked,
    /// Another run was on this machine at the same time.
    AnotherRun,
    /// In the warm-up the generator was late, or sessions fell behind (O15).
    WarmUp,
}

impl Finding {
    /// What kind of finding it is.
    pub const fn code(&self) -> FindingCode {
        match self {
            Self::Unasked { .. } => FindingCode::Unasked,
            Self::WarmUp { .. } => FindingCode::WarmUp,
            Self::AnotherRun { .. } => FindingCode::AnotherRun,
            Self::StoodStill { .. } => FindingCode::StoodStill,
            Self::LaneBusy { .. } => FindingCode::LaneBusy,
            Self::RunQueue { .. } => FindingCode::RunQueue,
            Self::Steal { .. } => FindingCode::Steal,
            Self::MemoryGrows { .. } => FindingCode::MemoryGrows,
        }
    }
}
