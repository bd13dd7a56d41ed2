//! Why a run is not READY, in numbers: what `report` says in sentences, and `summary.json` has as `data`.
//!
//! Nothing here is a sentence. In JSON `what` tells the variants apart, and names of fields have their units.

use serde::{Serialize, Serializer};

use crate::record::{AroundOutcome, AroundRequest, Ending, Imbalance, LeftOut, Reason};
use crate::scenario::Time;
use crate::unit::Span;

use super::again::Unanswered;
use super::code::Code;
use super::held_up::HeldUp;
use super::objective::{ObjectiveResult, Standing};

/// Why a run is not READY.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Why {
    /// A request of `after` that was not answered as it is expected to be (O4).
    After(AroundRequest),
    /// Requests are not accounted for (R3).
    Unaccounted {
        /// Where, and how many.
        broken: Vec<Imbalance>,
    },
    /// What ran is not what was planned (P8).
    AnotherPlan {
        /// The sum over the sessions that were planned.
        #[serde(rename = "planned_hash", serialize_with = "hex")]
        planned: u128,
        /// The sum over those that ran.
        #[serde(rename = "ran_hash", serialize_with = "hex")]
        ran: u128,
    },
    /// The embedded target died before the run ended.
    TargetDied {
        /// How it ended, as the system says.
        how: String,
    },
    /// The run was stopped or killed.
    Interrupted {
        /// How it ended.
        ending: Ending,
        /// After how long.
        #[serde(rename = "elapsed_ns")]
        elapsed: Span,
        /// Requests that were answered or failed.
        ended: u64,
        /// Requests of the plan; `None` where it is not known.
        planned: Option<u64>,
    },
    /// Sessions had not begun when the hard stop came (O5).
    NeverBegan {
        /// How many.
        sessions: u64,
    },
    /// In too many seconds the generator did not deliver what was ready (O5).
    Late {
        /// How many.
        late_seconds: usize,
        /// Of so many.
        seconds: usize,
        /// Those of the late ones in which a lane stood still.
        stood_still_seconds: usize,
        /// The first of them.
        first_second: usize,
        /// What the kernel says of them; `None` where it says nothing.
        held_up: Option<HeldUp>,
    },
    /// The generator did not send some requests, because it ran out of something (R6).
    Unsent {
        /// Of what it ran out most often.
        most: Reason,
        /// How many requests, by reason.
        by_reason: Vec<UnsentOf>,
        /// What was told of the first of the most; `None` where nothing was.
        detail: Option<String>,
    },
    /// Planned requests came too late or not at all, as sessions waited for answers (O5).
    FellBehind(FellBehind),
    /// Each connection waited for its answer before it asked again (O7).
    ClosedLoop,
    /// The window has nothing of any objective (P9).
    NothingToJudge {
        /// The objectives, each with its scope.
        objectives: Vec<String>,
    },
    /// A gate has no objective (O7).
    NoObjective,
    /// A gate has objectives that are not judged (O7).
    NotJudged {
        /// How many objectives it has.
        objectives: usize,
        /// Those that are not judged.
        left_out: Vec<LeftOut>,
    },
    /// An objective that a stored run is asked about, and cannot answer.
    Unanswered {
        /// What it is about.
        scope: String,
        /// The line as written.
        text: String,
        /// Why not.
        why: Unanswered,
        /// The command that runs it again.
        run: String,
    },
    /// An objective that is not met.
    Unmet(Box<Unmet>),
}

/// Requests that were due and never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct UnsentOf {
    /// Of what the generator ran out.
    pub reason: Reason,
    /// How many.
    pub requests: u64,
}

/// An objective that is not met, and what is behind it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unmet {
    /// The objective in numbers, as in the judgement's list of them.
    #[serde(flatten)]
    pub objective: ObjectiveResult,
    /// What is behind it.
    pub behind: Behind,
}

/// What is behind an objective that is not met.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Behind {
    /// Nothing but what its own numbers say.
    Numbers,
    /// The generator: it was late.
    Generator {
        /// Requests of the run that it did not send at all.
        unsent: u64,
    },
    /// The embedded target died, and what it answered no more counts as bad.
    DeadTarget,
    /// Requests were still open, or not begun, at the hard stop, and count as bad (D3).
    Open {
        /// How many, of the run.
        requests: u64,
    },
    /// The target, which answered too slowly or wrongly; which of both is not known.
    Target,
    /// The target, by what was wrong with the bad ones.
    TargetBy(BadOnes),
    /// There were too few of them to prove anything, however good they were (P10).
    TooFew {
        /// How many can prove it.
        needs: u64,
    },
    /// It is too near to its limit for so many.
    TooNear(TooNear),
}

/// What was wrong with the bad ones of an objective.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BadOnes {
    /// The time that it is about; `response` too where it is about failures.
    #[serde(serialize_with = "time")]
    pub time: Time,
    /// How many were right, and too slow.
    pub slow: u64,
    /// How many were not right.
    pub wrong: u64,
    /// The one or two parts that most of the slow ones are of; none where no part stands out.
    pub slow_in: Vec<BadPart>,
    /// The same of those that were not right.
    pub wrong_in: Vec<BadPart>,
}

/// A step, transaction or stream that many of the bad ones are of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BadPart {
    /// Its name: `buyers.checkout`.
    pub name: String,
    /// How many are its.
    pub bad: u64,
    /// Its median, in µs; `None` where it has none.
    pub p50_us: Option<u64>,
}

/// What would decide an objective that is too near to its limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TooNear {
    /// Whether it is so near that no longer run decides it.
    pub at_limit: bool,
    /// How many times what it had would decide it, with some room; `None` where nobody can tell, or not even twenty times as
    /// many would.
    pub times: Option<f64>,
    /// How long a run of the same plan that is; `None` where `times` is, or the objective has a window of its own.
    #[serde(rename = "run_ns")]
    pub run: Option<Span>,
    /// Whether a greater scale brings more of what it is about.
    pub can_grow: bool,
}

/// How far planned requests were behind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FellBehind {
    /// The seconds in which planned requests were overdue.
    pub overdue_seconds: usize,
    /// Of so many.
    pub seconds: usize,
    /// The first of the seconds in which most are missing.
    pub from_second: usize,
    /// The last of them.
    pub to_second: usize,
    /// Requests that the plan has in them.
    pub planned: u64,
    /// How many of these were taken up by the second `by_second`.
    pub delivered: u64,
    /// The second up to which they may be late.
    pub by_second: usize,
    /// How long they may be late, in seconds.
    pub patience_s: usize,
    /// The share of the planned ones that has to come, but for what scatters.
    pub least_share: f64,
}

impl Why {
    /// What kind of reason it is.
    pub fn code(&self) -> Code {
        match self {
            // What is right is no reason.
            Self::After(request) if request.outcome == AroundOutcome::Broken => Code::Invariant,
            Self::After(_) => Code::InvariantUnknown,
            Self::Unaccounted { .. } => Code::BrokenIdentity,
            Self::AnotherPlan { .. } => Code::BrokenHash,
            Self::TargetDied { .. } => Code::TargetDied,
            Self::Interrupted { .. } => Code::Interrupted,
            Self::NeverBegan { .. } | Self::Late { .. } => Code::GeneratorLate,
            Self::Unsent { .. } => Code::UnsentRequests,
            Self::FellBehind(_) => Code::SessionsFellBehind,
            Self::ClosedLoop => Code::ClosedLoop,
            Self::NothingToJudge { .. } | Self::NoObjective | Self::NotJudged { .. } | Self::Unanswered { .. } => {
                Code::NoData
            }
            Self::Unmet(unmet) => match unmet.objective.result {
                Standing::NoData => Code::NoData,
                Standing::Breached => Code::Breached,
                Standing::GeneratorDecided => Code::GeneratorDecided,
                // What is met is no reason.
                Standing::Undecided | Standing::Met => Code::Undecided,
            },
        }
    }
}

/// As `summary.json` has sums over sessions: 32 digits.
fn hex<S: Serializer>(sum: &u128, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&format_args!("{sum:032x}"))
}

/// As lines of the SLO have it: `first_byte`.
pub(super) fn time<S: Serializer>(time: &Time, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(time.name())
}
