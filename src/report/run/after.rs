//! What `after` was answered, as a run's page shows it.

use std::io::{self, Write};

use crate::record::AroundOutcome;

use super::super::text::{GREEN, RED, YELLOW, hanging};
use super::super::{Style, Summary};

/// Writes each request of `after` with how it ended; nothing of a scenario without.
pub(in crate::report) fn after(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if !summary.after.is_empty() {
        writeln!(out, "\n{}", style.bold("after the last session"))?;
    }
    summary.after.iter().try_for_each(|request| {
        let (code, word) = match request.outcome {
            AroundOutcome::Right => (GREEN, "holds"),
            AroundOutcome::Broken => (RED, "broken"),
            AroundOutcome::Unknown => (YELLOW, "unknown"),
        };
        let mark = format!("  {}  ", style.paint(code, &format!("{word:<7}")));
        writeln!(out, "{}", hanging(&mark, 11, &request.words(), style))
    })
}
