//! What `after` found: an expectation is yes or no, so it needs no confidence (O4).

use crate::record::{AroundOutcome, Recording};

use super::code::Code;
use super::verdict::{Verdict, VerdictReason};
use super::why::Why;

/// Each request of `after` that was not right.
pub(super) fn reasons(recording: &Recording) -> impl Iterator<Item = Why> {
    let wrong = recording.end.after.iter().filter(|request| request.outcome != AroundOutcome::Right);
    wrong.cloned().map(Why::After)
}

/// O7: the verdict of a run without objectives. Of `after` it can say that it does not hold, never that all is well.
pub(super) fn verdict_alone(reasons: &[VerdictReason]) -> Option<Verdict> {
    let of_after = |code: &Code| matches!(code, Code::Invariant | Code::InvariantUnknown);
    reasons.iter().map(|reason| reason.why.code()).find(of_after).map(Code::verdict)
}
