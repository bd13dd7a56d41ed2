//! Why streams were lost: by reason, with an example.

use crate::record::{FailureRecord, Reason, Recording};

use super::FailureSummary;
use super::not_right::example;

/// The streams that were lost, by reason.
pub(super) fn lost_streams(recording: &Recording) -> Vec<FailureSummary> {
    let Some(counters) = &recording.counters else { return Vec::new() };
    let lost = Reason::ALL.into_iter().zip(counters.streams_lost).filter(|(_, count)| *count > 0);
    lost.map(|(reason, count)| FailureSummary {
        reason: format!("{}.{}", FailureRecord::LOST, reason.name()),
        count,
        sample: example(recording, FailureRecord::LOST, reason),
        kinds: Vec::new(),
    })
    .collect()
}
