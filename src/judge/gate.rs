//! A gate fails closed: what is not judged lets nothing through (O7).

use crate::record::{Ending, Recording, RunFacts};

use super::code::Code;
use super::verdict::{Judgement, VerdictReason, judge};
use super::why::Why;

/// Judges a run as what it is: a gate, or none.
pub fn judge_run(recording: &Recording, run: &RunFacts) -> Judgement {
    let judgement = judge(recording);
    if run.gate { gated(judgement, recording) } else { judgement }
}

/// The judgement of a run that is a gate: INVALID without an objective, and with one that is left out, for whatever reason,
/// unless something worse decides.
pub fn gated(mut judgement: Judgement, recording: &Recording) -> Judgement {
    judgement.with_warm_up = judgement.with_warm_up.map(|with| Box::new(gated(*with, recording)));
    // Of a run that ended early something else says that it proves nothing.
    if recording.end.ending == Ending::Finished {
        judgement.reasons.extend(unjudged(&judgement, recording).map(VerdictReason::of_run));
        // Stable, as in `judge`.
        judgement.reasons.sort_by_key(|reason| reason.why.code());
        judgement.verdict =
            judgement.reasons.first().map_or(judgement.verdict, |reason| Some(reason.why.code().verdict()));
    }
    judgement
}

fn unjudged(judgement: &Judgement, recording: &Recording) -> Option<Why> {
    let left_out = &recording.catalog.left_out;
    match (judgement.objectives.len(), left_out.len()) {
        (0, 0) => Some(Why::NoObjective),
        (_, 0) => None,
        // That the window has nothing of any is a reason already (P9).
        (0, _) if judgement.reasons.iter().any(|reason| reason.why.code() == Code::NoData) => None,
        (judged, n) => Some(Why::NotJudged { objectives: judged + n, left_out: left_out.clone() }),
    }
}
