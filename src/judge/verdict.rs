//! READY, NOT READY or INVALID, with every reason (O3, O4, O7).

use serde::{Deserialize, Serialize};

use crate::record::{Class, Ending, Reason, Recording};
use crate::scenario::Measure;

use super::bound::requests_needed;
use super::coverage::{Uncovered, uncovered};
use super::finding::Finding;
use super::findings::{FindingCode, findings};
use super::objective::{ObjectiveResult, Standing, counted, objectives};
use super::{culprit, invariant, validity, words};

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
}

/// The judgement of a recording.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The verdict; `None` without objectives, and where a rehearsal can prove none of them (O7).
    pub verdict: Option<Verdict>,
    /// Every reason, the one that decided first.
    pub reasons: Vec<Finding<Code>>,
    /// Every objective, in the scenario's order.
    pub objectives: Vec<ObjectiveResult>,
    /// Steps without an objective of their own that fail far more than is allowed, the worst first; they decide nothing.
    pub uncovered: Vec<Uncovered>,
    /// What held the generator up, and answers that nobody asked for (R8); they decide nothing (O5).
    pub findings: Vec<Finding<FindingCode>>,
}

impl Code {
    /// The verdict that this reason alone leads to.
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Breached | Self::Invariant => Verdict::NotReady,
            _ => Verdict::Invalid,
        }
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
    let objectives = objectives(recording);
    let mut reasons = validity::reasons(recording, &objectives);
    reasons.extend(objectives.iter().filter_map(|objective| objective_reason(objective, recording)));
    reasons.extend(invariant::reasons(recording));
    if recording.end.closed_loop && !objectives.is_empty() {
        reasons.push(closed_loop());
    }
    // A run that ended early may have had too few of anything: that is said once (D3).
    let ending = recording.end.ending;
    reasons.retain(|reason| ending == Ending::Finished || !matches!(reason.code, Code::Undecided | Code::NoData));
    // Stable: of one code, in the order of the objectives.
    reasons.sort_by_key(|reason| reason.code);
    let decided = reasons.first().map_or(Verdict::Ready, |reason| reason.code.verdict());
    // O7 leaves a run that asks for nothing, or a rehearsal that can prove nothing, without a verdict; O8 makes an
    // interrupted one INVALID all the same.
    let left_out = &recording.catalog.left_out;
    let proves_nothing = left_out.is_empty() || left_out.iter().any(|objective| objective.needs.is_some());
    let verdict = match (objectives.is_empty() && proves_nothing, ending) {
        (true, Ending::Finished) => invariant::verdict_alone(&reasons),
        (true, _) => Some(Verdict::Invalid),
        (false, _) => Some(decided),
    };
    Judgement { verdict, reasons, objectives, uncovered: uncovered(recording), findings: findings(recording) }
}

fn objective_reason(objective: &ObjectiveResult, recording: &Recording) -> Option<Finding<Code>> {
    if objective.is_a_ratio {
        return amplified(objective);
    }
    let code = match objective.result {
        Standing::Met | Standing::NoData => return None,
        Standing::Undecided if objective.n < requests_needed(objective.allowed) => {
            return Some(too_few(objective));
        }
        Standing::Breached => Code::Breached,
        Standing::Undecided => Code::GeneratorDecided,
    };
    let share = |k: u64| words::share(k as f64 / objective.n as f64);
    let seen = format!(
        "{} {}: {} of {} {} bad ({}, and {} without our delay)",
        objective.scope,
        objective.text,
        words::count(objective.k),
        words::count(objective.n),
        counted(objective.measure),
        share(objective.k),
        share(objective.k_without_us),
    );
    let (cause, cure) = blame(code, objective, recording);
    Some(Finding { code, seen, limit: format!("{} of all", words::share(objective.allowed)), cause, cure })
}

/// Whose fault it was, and what to do.
fn blame(code: Code, objective: &ObjectiveResult, recording: &Recording) -> (String, String) {
    let (cause, cure) = match code {
        Code::Breached if recording.end.target_death.is_some() => (
            "the embedded target died, and what it answered no more counts as bad",
            "find out why the target died, and run again",
        ),
        // They are bad whoever was slow (D3), but no answer of theirs was.
        Code::Breached if recording.tally().reason(Reason::Drained) > 0 => {
            let open = words::count(recording.tally().reason(Reason::Drained));
            let cause = format!(
                "{open} requests were still open, or not begun, at the hard stop, and count as bad: sessions waited for \
                 answers until then; beside them counts what the target answered too slowly or wrongly"
            );
            let cure = "see unfinished and the failures by kind; a longer limits.timeout moves the hard stop";
            return (cause, cure.to_owned());
        }
        Code::Breached => return culprit::cause_and_cure(objective, recording),
        _ if recording.tally().class(Class::Unsent) > 0 => (
            "the generator did not send some requests, or woke or read too late; the requests it sent on time met the objective",
            "give it what it was short of and cores of its own, end other work on the machine, and run again",
        ),
        _ => (
            "the generator woke or read too late, which made requests bad that the target answered in time",
            "give the generator cores of its own, end other work on the machine, and run again",
        ),
    };
    (cause.to_owned(), cure.to_owned())
}

/// There were fewer than could prove anything, however good they were.
fn too_few(objective: &ObjectiveResult) -> Finding<Code> {
    let what = counted(objective.measure);
    let why = format!("{} how many {what} there are", decides(objective.measure));
    Finding {
        code: Code::Undecided,
        seen: format!("{} {}: {} {what}", objective.scope, objective.text, words::count(objective.n)),
        limit: format!("at least {}", words::count(requests_needed(objective.allowed))),
        cause: format!("{why}, and so few prove nothing, however good they are"),
        cure: "plan more sessions, or ask for less".to_owned(),
    }
}

/// What decides how many there are, where the plan does not.
const fn decides(measure: Option<Measure>) -> &'static str {
    match measure {
        None | Some(Measure::Transaction) => "the answers decide",
        Some(Measure::Open | Measure::FirstEvent | Measure::RoundTrip) => "the streams that are lost decide",
        Some(Measure::FrameGap | Measure::InputToFrame) => "what the target sends on its streams decides",
        Some(Measure::Reconnect) => "the streams that are lost, and opened again, decide",
    }
}

/// K and K′ of a ratio are the same, so that it is met or breached.
fn amplified(objective: &ObjectiveResult) -> Option<Finding<Code>> {
    let worst = objective.worst_second.map_or(String::new(), |second| format!(" around second {second}"));
    let ObjectiveResult { scope, text, n, k, .. } = objective;
    (objective.result == Standing::Breached).then(|| Finding {
        code: Code::Breached,
        seen: format!(
            "{scope} {text}: {} exchanges for {} requests ({:.3})",
            words::count(*k),
            words::count(*n),
            *k as f64 / *n as f64
        ),
        limit: format!("{} exchanges a request", objective.allowed),
        cause: "clients tried again what the target refused, lost or answered too late".to_owned(),
        cure: format!("see what failed{worst}; longer backoffs, a smaller budget and a target that sheds early help"),
    })
}

fn closed_loop() -> Finding<Code> {
    Finding {
        code: Code::Undecided,
        seen: "a closed loop: each connection waits for its answer before it asks again".to_owned(),
        limit: "requests due by a plan".to_owned(),
        cause: "a slow target slows the load down with it, so nothing is proven about users who do not wait".to_owned(),
        cure: "give a rate".to_owned(),
    }
}
