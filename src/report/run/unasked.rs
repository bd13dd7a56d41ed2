//! Answers that nobody asked for (R8), of which the target is told and not the generator.

use std::io::{self, Write};

use crate::judge::FindingCode;

use super::super::text::indented;
use super::super::{Style, Summary};
use super::generator::finding_words;

/// Writes what was found of them, if any came.
pub(in crate::report) fn unasked(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for finding in summary.findings.iter().filter(|finding| finding.code == FindingCode::Unasked) {
        writeln!(out, "\n{}", style.bold(finding_words(finding.code)))?;
        indented(&finding.seen, 2, style, out)?;
        indented(&format!("cause: {}", finding.cause), 4, style, out)?;
        indented(&format!("do: {}", finding.cure), 4, style, out)?;
    }
    Ok(())
}
