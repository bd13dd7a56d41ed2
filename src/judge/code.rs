//! What makes a run other than READY: the kinds of reasons, who has to act, and whether another run helps (O4).

use serde::{Deserialize, Serialize};

use super::verdict::Verdict;

/// Why a run is not READY, in the order in which they decide (O4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// An expectation of `after` does not hold.
    Invariant,
    /// Requests are not accounted for (R3).
    BrokenIdentity,
    /// What ran is not what was planned (P8).
    BrokenHash,
    /// The embedded target died before the run ended.
    TargetDied,
    /// The run was stopped or killed.
    Interrupted,
    /// The generator did not deliver the load (O5).
    GeneratorLate,
    /// The generator did not send some requests, because it ran out of something (R6).
    UnsentRequests,
    /// An objective saw no request.
    NoData,
    /// An objective is breached.
    Breached,
    /// Sessions waited for answers, so that the target saw less load than the plan has (O5).
    SessionsFellBehind,
    /// An objective is breached only if the generator's lateness counts.
    GeneratorDecided,
    /// `after` was not answered, or with a status that nobody expected.
    InvariantUnknown,
    /// An objective is neither met nor breached with confidence.
    Undecided,
    /// Each connection waited for its answer before it asked again, which proves no objective (O7).
    ClosedLoop,
}

/// What a reason is about, and so who has to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// What the service answered, or how fast.
    Service,
    /// What the service holds in the end.
    Data,
    /// The generator or its machine.
    Generator,
    /// That the run proves too little.
    Evidence,
}

/// Whether running again helps, with nothing else changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// On a calmer or larger machine.
    Elsewhere,
    /// For longer, or with more requests.
    Longer,
    /// Not until the service, the scenario or scrutinio is changed.
    Never,
}

impl Code {
    /// The verdict that this reason alone leads to.
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Breached | Self::Invariant => Verdict::NotReady,
            _ => Verdict::Invalid,
        }
    }

    /// What it is about.
    pub const fn family(self) -> Family {
        match self {
            Self::Breached | Self::SessionsFellBehind => Family::Service,
            Self::Invariant | Self::InvariantUnknown => Family::Data,
            Self::BrokenIdentity
            | Self::BrokenHash
            | Self::GeneratorLate
            | Self::UnsentRequests
            | Self::GeneratorDecided => Family::Generator,
            Self::TargetDied | Self::Interrupted | Self::NoData | Self::Undecided | Self::ClosedLoop => {
                Family::Evidence
            }
        }
    }

    /// Whether running again helps; of [`Code::Undecided`], unless the service stands at its limit.
    pub const fn retry(self) -> Retry {
        match self {
            Self::TargetDied | Self::GeneratorLate | Self::UnsentRequests | Self::GeneratorDecided => Retry::Elsewhere,
            Self::Interrupted | Self::NoData | Self::InvariantUnknown | Self::Undecided => Retry::Longer,
            Self::Invariant
            | Self::BrokenIdentity
            | Self::BrokenHash
            | Self::Breached
            | Self::SessionsFellBehind
            | Self::ClosedLoop => Retry::Never,
        }
    }
}
