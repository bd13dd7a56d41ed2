//! Why streams were lost: by reason, with an example.

use std::io::{self, Write};

use crate::judge::words::count;
use crate::record::{FailureRecord, Reason, Recording};

use super::not_right::example;
use super::table::wrapped;
use super::{FailureSummary, Style, Summary};

/// The streams that were lost, by reason.
pub(super) fn lost_streams(recording: &Recording) -> Vec<FailureSummary> {
    let Some(counters) = &recording.counters else { return Vec::new() };
    let lost = Reason::ALL.into_iter().zip(counters.streams_lost).filter(|(_, count)| *count > 0);
    let summary = |(reason, count): (Reason, u64)| FailureSummary {
        reason: format!("{}.{}", FailureRecord::LOST, reason.name()),
        count,
        kinds: Vec::new(),
        sample: example(recording, FailureRecord::LOST, reason),
    };
    lost.map(summary).collect()
}

/// Writes them, if any was lost.
pub(super) fn write_lost_streams(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if summary.lost_streams.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", style.bold("lost streams"))?;
    for lost in &summary.lost_streams {
        let reason = lost.reason.trim_start_matches("lost.");
        writeln!(out, "  {:>11}  {reason}", count(lost.count))?;
        let Some(sample) = &lost.sample else { continue };
        let text = format!("{} {} · {}", sample.population, sample.step, sample.detail);
        for line in wrapped(&text, style.width.saturating_sub(15)) {
            writeln!(out, "{:15}{line}", "")?;
        }
    }
    Ok(())
}
