//! Answers that nobody asked for (R8), of which the target is told and not the generator.

use std::io::{self, Write};

use crate::judge::FindingCode;

use super::super::text::found;
use super::super::{Style, Summary};
use super::generator::finding_words;

/// Writes what was found of them, if any came.
pub(in crate::report) fn unasked(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for finding in summary.findings.iter().filter(|finding| finding.code == FindingCode::Unasked) {
        writeln!(out, "\n{}", style.bold(finding_words(finding.code)))?;
        found(&finding.seen, None, finding, style, out)?;
    }
    Ok(())
}
