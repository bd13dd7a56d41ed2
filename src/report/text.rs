//! The end of a run as people read it: one page, of a run that ended, was stopped or was killed.

use std::io::{self, Write};

use crate::unit::Span;

use super::Summary;
use super::run::{after, failures, generator, heading, latencies, measures, objectives, steps, unasked, verdict};
use super::table::wrapped;

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

/// Writes `text` wrapped, further lines two columns deeper.
pub(super) fn indented(text: &str, by: usize, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for (i, line) in wrapped(text, style.width.saturating_sub(by + 2).max(20)).iter().enumerate() {
        writeln!(out, "{:indent$}{line}", "", indent = if i == 0 { by } else { by + 2 })?;
    }
    Ok(())
}

/// Writes a name in bold and what follows it, wrapped, further lines two columns deeper.
pub(super) fn titled(name: &str, text: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut lines = wrapped(&format!("{name}{text}"), style.width.saturating_sub(2).max(20)).into_iter();
    let first = lines.next().unwrap_or_default();
    let painted = first.strip_prefix(name).map(|rest| format!("{}{rest}", style.bold(name)));
    writeln!(out, "{}", painted.unwrap_or(first))?;
    lines.try_for_each(|line| writeln!(out, "  {line}"))
}

pub(super) fn micros(us: u64) -> String {
    Span::from_micros(us).to_string()
}
