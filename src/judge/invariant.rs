//! What `after` found: an expectation is yes or no, so it needs no confidence (O4).

use crate::record::{AroundOutcome, AroundRequest, Recording};

use super::code::Code;
use super::finding::Finding;
use super::verdict::{Verdict, VerdictReason};

/// Each request of `after` that was not right.
pub(super) fn reasons(recording: &Recording) -> impl Iterator<Item = Finding<Code>> {
    recording.end.after.iter().filter_map(reason)
}

/// O7: the verdict of a run without objectives. Of `after` it can say that it does not hold, never that all is well.
pub(super) fn verdict_alone(reasons: &[VerdictReason]) -> Option<Verdict> {
    let of_after = |code: &Code| matches!(code, Code::Invariant | Code::InvariantUnknown);
    reasons.iter().map(|reason| reason.finding.code).find(of_after).map(Code::verdict)
}

fn reason(request: &AroundRequest) -> Option<Finding<Code>> {
    let (code, limit, cause, cure) = match request.outcome {
        AroundOutcome::Right => return None,
        AroundOutcome::Broken => (
            Code::Invariant,
            "every expectation of `after` holds",
            "after the last session the service is not as the scenario demands: it lost or mixed something up under load, or \
             was still at work on it",
            "see the target's own records; if it only needed more time, a longer `settle`",
        ),
        AroundOutcome::Unknown => (
            Code::InvariantUnknown,
            "an answer to each request of `after`, with a status that is expected",
            "the target did not say how things stand after the last session",
            "see the target's own records, ask it by hand what `after` asks, and run again",
        ),
    };
    let (seen, limit) = (request.words(), limit.to_owned());
    Some(Finding { code, seen, limit, cause: cause.to_owned(), cure: cure.to_owned() })
}
