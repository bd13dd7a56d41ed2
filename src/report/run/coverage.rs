//! What the objectives of a run say nothing of: those that are left out, and steps that none of them names.

use std::io::{self, Write};

use crate::judge::words::{count, share};

use super::super::text::YELLOW;
use super::super::{Style, Summary, wrapped};

/// Steps that are told of.
const MOST_STEPS: usize = 5;

/// The objectives that are not judged, and why.
pub(in crate::report) fn left_out(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for left_out in &summary.objectives_left_out {
        let lines = wrapped(&left_out.to_string(), style.width.saturating_sub(13).max(20));
        for (i, line) in lines.iter().enumerate() {
            let mark = if i == 0 { style.paint(YELLOW, "left out ") } else { " ".repeat(9) };
            writeln!(out, "  {mark}  {line}")?;
        }
    }
    Ok(())
}

/// Why there is no verdict.
pub(in crate::report) fn no_verdict(summary: &Summary) -> &'static str {
    if summary.objectives_left_out.is_empty() { "none (no objectives)" } else { "none: a rehearsal proves nothing" }
}

/// What a verdict does not say: steps without an objective of their own that fail far more than is allowed.
pub(in crate::report) fn beside_verdict(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let told = summary.uncovered.iter().take(MOST_STEPS);
    let told = told.map(|step| format!("{} ({} of {} failed)", step.step, share(step.share()), count(step.requests)));
    let told: Vec<String> = told.collect();
    if told.is_empty() {
        return Ok(());
    }
    let more = match summary.uncovered.len() - told.len() {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let text = format!("no objective of its own: {}{more}", told.join(", "));
    for (i, line) in wrapped(&text, style.width.saturating_sub(4).max(20)).iter().enumerate() {
        let by = if i == 0 { 2 } else { 4 };
        writeln!(out, "{:by$}{}", "", style.paint(YELLOW, line))?;
    }
    Ok(())
}
