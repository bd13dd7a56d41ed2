//! A gate fails closed: what is not judged lets nothing through (O7).

use crate::record::{Ending, Recording, RunFacts};

use super::code::Code;
use super::finding::Finding;
use super::verdict::{Judgement, VerdictReason, judge};

/// Judges a run as what it is: a gate, or none.
pub fn judge_run(recording: &Recording, run: &RunFacts) -> Judgement {
    let judgement = judge(recording);
    if run.gate { gated(judgement, recording) } else { judgement }
}

/// The judgement of a run that is a gate: INVALID without an objective, and with one that is left out, for whatever reason,
/// unless something worse decides.
pub fn gated(mut judgement: Judgement, recording: &Recording) -> Judgement {
    // Of a run that ended early something else says that it proves nothing.
    if recording.end.ending == Ending::Finished {
        judgement.reasons.extend(unjudged(&judgement, recording).map(VerdictReason::of_run));
        // Stable, as in `judge`.
        judgement.reasons.sort_by_key(|reason| reason.finding.code);
        judgement.verdict =
            judgement.reasons.first().map_or(judgement.verdict, |reason| Some(reason.finding.code.verdict()));
    }
    judgement
}

fn unjudged(judgement: &Judgement, recording: &Recording) -> Option<Finding<Code>> {
    let left_out = &recording.catalog.left_out;
    let names: Vec<String> = left_out.iter().map(ToString::to_string).collect();
    let (seen, cause, cure) = match (judgement.objectives.len(), left_out.len()) {
        (0, 0) => (
            "the scenario has no objective".to_owned(),
            "a gate that asks for nothing would let everything through",
            "say in `slo` what must hold, or leave out --gate",
        ),
        (_, 0) => return None,
        // That the window has nothing of any is a reason already (P9).
        (0, _) if judgement.reasons.iter().any(|reason| reason.finding.code == Code::NoData) => return None,
        (judged, n) => (
            format!("{n} of {} objectives are left out: {}", judged + n, names.join("; ")),
            "what ran has too little of what they are about",
            "run the whole day at its own size, plan more sessions, or ask for what can be proven",
        ),
    };
    Some(Finding {
        code: Code::NoData,
        seen,
        limit: "of a gate every objective is judged, and there is one".to_owned(),
        cause: cause.to_owned(),
        cure: cure.to_owned(),
    })
}
