//! READY, NOT READY or INVALID, with every reason (O3, O4, O7).

use serde::{Deserialize, Serialize};

use crate::record::{Catalog, Ending, Recording};

use super::code::{Code, Family, Retry};
use super::coverage::{Uncovered, uncovered};
use super::delivery::short_seconds;
use super::finding::Finding;
use super::findings::findings;
use super::objective::{ObjectiveResult, objectives};
use super::warm_up::WarmUp;
use super::why::Why;
use super::{invariant, unmet, validity};

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// The run is valid and every objective is met.
    #[serde(rename = "READY")]
    Ready,
    /// An objective is breached, and not because of the generator.
    #[serde(rename = "NOT READY")]
    NotReady,
    /// The run cannot be trusted, or proves too little.
    #[serde(rename = "INVALID")]
    Invalid,
}

/// Why a run is not READY.
#[derive(Clone, Debug, PartialEq)]
pub struct VerdictReason {
    /// What was found, in numbers.
    pub why: Why,
    /// What it is about, and so who has to act.
    pub family: Family,
    /// Whether running again helps.
    pub retry: Retry,
    /// The number of the objective that it is about, in the order of `objectives`; `None` if it is about the run.
    pub objective: Option<usize>,
}

/// The judgement of a recording.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The verdict; `None` without objectives, and where a rehearsal can prove none of them (O7).
    pub verdict: Option<Verdict>,
    /// Every reason, the one that decided first.
    pub reasons: Vec<VerdictReason>,
    /// Every objective, in the scenario's order.
    pub objectives: Vec<ObjectiveResult>,
    /// Steps without an objective of their own that fail far more than is allowed, the worst first; they decide nothing.
    pub uncovered: Vec<Uncovered>,
    /// What held the generator up, and answers that nobody asked for (R8); they decide nothing (O5).
    pub findings: Vec<Finding>,
    /// The same as it would be if objectives counted the warm-up too; `None` without one (O15).
    pub with_warm_up: Option<Box<Self>>,
}

impl VerdictReason {
    pub(super) fn of_run(why: Why) -> Self {
        Self { family: why.code().family(), retry: why.code().retry(), objective: None, why }
    }
}

impl Verdict {
    /// The verdict as people read it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ready => "READY",
            Self::NotReady => "NOT READY",
            Self::Invalid => "INVALID",
        }
    }
}

/// Judges a recording.
pub fn judge(recording: &Recording) -> Judgement {
    let judgement = with_and_without(&recording.catalog, |warm_up| {
        let objectives = objectives(recording, warm_up);
        let of_run = validity::reasons(recording, &short_seconds(recording), &objectives, warm_up);
        concluded(recording, objectives, of_run)
    });
    Judgement { findings: findings(recording), ..judgement }
}

/// The judgement behind a run's warm-up, and in it that of all.
pub(super) fn with_and_without(catalog: &Catalog, judged: impl Fn(WarmUp) -> Judgement) -> Judgement {
    let warm_up = WarmUp::of(catalog);
    let with_warm_up = (warm_up != WarmUp::NONE).then(|| Box::new(judged(WarmUp::NONE)));
    Judgement { with_warm_up, ..judged(warm_up) }
}

/// The judgement of a recording whose objectives stand so, beside what keeps it from being trusted; without findings.
pub(super) fn concluded(recording: &Recording, objectives: Vec<ObjectiveResult>, of_run: Vec<Why>) -> Judgement {
    let of_run = of_run.into_iter().chain(invariant::reasons(recording));
    let mut reasons: Vec<VerdictReason> = of_run.map(VerdictReason::of_run).collect();
    let of_objectives = objectives.iter().enumerate();
    reasons.extend(of_objectives.filter_map(|(index, objective)| unmet::reason(index, objective, recording)));
    // A run that ended early may have had too few of anything: that is said once (D3).
    let ending = recording.end.ending;
    reasons.retain(|it| ending == Ending::Finished || !matches!(it.why.code(), Code::Undecided | Code::NoData));
    // Stable: of one code, in the order of the objectives.
    reasons.sort_by_key(|reason| reason.why.code());
    let decided = reasons.first().map_or(Verdict::Ready, |reason| reason.why.code().verdict());
    // O7 leaves a run that asks for nothing, or a rehearsal that can prove nothing, without a verdict; O8 makes an
    // interrupted one INVALID all the same.
    let left_out = &recording.catalog.left_out;
    let proves_nothing = left_out.is_empty() || left_out.iter().any(|objective| objective.needs.is_some());
    let verdict = match (objectives.is_empty() && proves_nothing, ending) {
        (true, Ending::Finished) => invariant::verdict_alone(&reasons),
        (true, _) => Some(Verdict::Invalid),
        (false, _) => Some(decided),
    };
    Judgement {
        verdict,
        reasons,
        objectives,
        uncovered: uncovered(recording),
        findings: Vec::new(),
        with_warm_up: None,
    }
}
