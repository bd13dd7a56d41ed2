//! What `after` was answered, as a run's page shows it.

use std::io::{self, Write};

use crate::record::AroundOutcome;

use super::super::text::{GREEN, RED, YELLOW};
use super::super::{Style, Summary, wrapped};

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
        let text = request.words();
        for (i, line) in wrapped(&text, style.width.saturating_sub(11).max(20)).iter().enumerate() {
            let word = if i == 0 { word } else { "" };
            writeln!(out, "  {}  {line}", style.paint(code, &format!("{word:<7}")))?;
        }
        Ok(())
    })
}
