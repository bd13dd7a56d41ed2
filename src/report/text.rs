//! The end of a run as people read it: one page, of a run that ended, was stopped or was killed.

use std::io::{self, Write};

use crate::unit::Span;

use super::looks;
use super::run::{after, failures, generator, heading, latencies, measures, objectives, steps, unasked, verdict};
use super::table::wrapped;
use super::{Summary, Told};

/// How the text may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether colour may be used; nothing depends on it.
    pub colour: bool,
    /// Columns of the terminal; 80 are enough.
    pub width: usize,
}

impl Style {
    pub(super) fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }
}

pub(super) const GREEN: &str = "1;32";
pub(super) const RED: &str = "1;31";
pub(super) const YELLOW: &str = "1;33";

/// Writes the end of a run, whose folder people know as `folder` (`None`: nothing was kept).
pub fn write_text(summary: &Summary, folder: Option<&str>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    heading::heading(summary, style, out)?;
    looks::write(summary, style, out)?;
    latencies::latencies(summary, style, out)?;
    steps::steps(summary, style, out)?;
    measures::measures(summary, style, out)?;
    failures::failures(summary, style, out)?;
    failures::lost_streams(summary, style, out)?;
    unasked::unasked(summary, style, out)?;
    failures::retries(summary, style, out)?;
    failures::streams(summary, style, out)?;
    objectives::objectives(summary, style, out)?;
    objectives::events(summary, style, out)?;
    generator::generator(summary, style, out)?;
    after::after(summary, style, out)?;
    verdict::verdict(summary, style, out)?;
    if let Some(folder) = folder {
        writeln!(out, "\n{} {folder}", style.bold("folder"))?;
    }
    Ok(())
}

/// `text` wrapped behind `mark`, its further lines behind so many blanks; there is room for some words in any terminal.
pub(super) fn hanging(mark: &str, blanks: usize, text: &str, style: Style) -> String {
    let lines = wrapped(text, style.width.saturating_sub(blanks).max(20));
    format!("{mark}{}", lines.join(&format!("\n{:blanks$}", "")))
}

/// Writes `text` wrapped, further lines two columns deeper.
pub(super) fn indented(text: &str, by: usize, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", hanging(&" ".repeat(by), by + 2, text, style))
}

/// Writes a name in bold and what follows it, wrapped, further lines two columns deeper.
pub(super) fn titled(name: &str, text: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let lines = hanging("", 2, &format!("{name}{text}"), style);
    let painted = lines.strip_prefix(name).map(|rest| format!("{}{rest}", style.bold(name)));
    writeln!(out, "{}", painted.unwrap_or(lines))
}

/// Writes what was found: what was seen, and deeper the limit, if it is told, the cause and what to do about it.
pub(super) fn found<C>(
    seen: &str,
    limit: Option<&str>,
    finding: &Told<C>,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    indented(seen, 2, style, out)?;
    let told = [("limit", limit), ("cause", Some(finding.cause.as_str())), ("do", Some(finding.cure.as_str()))];
    let mut told = told.into_iter().filter_map(|(name, text)| text.map(|text| format!("{name}: {text}")));
    told.try_for_each(|text| indented(&text, 4, style, out))
}

pub(super) fn micros(us: u64) -> String {
    Span::from_micros(us).to_string()
}
