//! What was not right, tried again, or refused.

use std::cmp::Reverse;
use std::io::{self, Write};

use crate::record::FailureRecord;
use crate::report::words::count;

use super::super::not_right::login_hint;
use super::super::table::Table;
use super::super::text::{hanging, indented};
use super::super::{FailureKind, FailureSummary, PopulationSummary, Style, Summary};

/// Lines of what was not right: what is more is in `summary.json`.
const LINES: usize = 10;

/// Writes what was not right: a line for each step and detail, with the command that shows it.
pub(in crate::report) fn failures(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if summary.failures.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", style.bold("not right"))?;
    let mut lines: Vec<(&str, &FailureKind)> = Vec::new();
    for FailureSummary { reason, kinds, .. } in &summary.failures {
        lines.extend(kinds.iter().map(|kind| (reason.as_str(), kind)));
    }
    // An example that nobody counted comes last.
    lines.sort_by_key(|(_, kind)| Reverse(kind.count));
    for (reason, kind) in lines.iter().take(LINES) {
        line(reason, kind, style, out)?;
    }
    let more = lines.len().saturating_sub(LINES);
    if more > 0 {
        writeln!(out, "{:15}… and {} more in summary.json", "", count(more as u64))?;
    }
    // Only a file's requests can be tried.
    let hint = |kind: &FailureKind| login_hint(kind.status?, kind.command.is_some());
    match lines.iter().find_map(|(_, kind)| hint(kind)) {
        Some(hint) => indented(&hint, 2, style, out),
        None => Ok(()),
    }
}

/// Writes why streams were lost, if any was.
pub(in crate::report) fn lost_streams(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if summary.lost_streams.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", style.bold("lost streams"))?;
    summary.lost_streams.iter().try_for_each(|FailureSummary { reason, count: lost, sample, .. }| {
        let seen = |it: &FailureRecord| format!(" · {}.{} · {}", it.population, it.step, it.detail);
        let example = sample.as_ref().map_or(String::new(), seen);
        counted(&count(*lost), &format!("{reason}{example}"), style, out)
    })
}

fn line(reason: &str, kind: &FailureKind, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let step = kind.step.as_ref().map_or(String::new(), |step| format!(".{step}"));
    let detail = kind.detail.as_deref().unwrap_or_default();
    // A wrong status is told by its detail, with the right ones.
    let status = kind.status.filter(|status| !detail.contains(&status.to_string()));
    let status = status.map_or(String::new(), |status| format!(" · status {status}"));
    let detail = if detail.is_empty() { String::new() } else { format!(" · {detail}") };
    let text = format!("{reason} · {}{step}{status}{detail}", kind.population);
    counted(&kind.count.map_or("example".to_owned(), count), &text, style, out)?;
    // Never wrapped, so that it can be pasted.
    kind.command.iter().try_for_each(|command| writeln!(out, "{:17}{command}", ""))
}

/// Writes a text behind its number.
fn counted(number: &str, text: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", hanging(&format!("  {number:>11}  "), 17, text, style))
}

/// Tries after the first, by population, if there was one or a budget refused one.
pub(in crate::report) fn retries(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let tried = |(name, it): (&String, &PopulationSummary)| Some((name.clone(), it.retries?));
    let all = summary.retries.filter(|_| summary.populations.len() > 1).map(|all| ("overall".to_owned(), all));
    let rows = summary.populations.iter().filter_map(tried).chain(all);
    let rows: Vec<_> = rows.filter(|(_, it)| it.retries + it.refused_by_budget > 0).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(&["tried again", "retries", "refused by budget", "amplification"]);
    for (name, it) in rows {
        let amplification = it.amplification.map_or("–".to_owned(), |ratio| format!("{ratio:.3}"));
        table.row(vec![name, count(it.retries), count(it.refused_by_budget), amplification]);
    }
    writeln!(out)?;
    table.write(style, out)
}

/// What a server of HTTP/2 did to connections and streams, if it did anything.
pub(in crate::report) fn streams(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Some(connections) = &summary.connections else { return Ok(()) };
    let counts = [
        (connections.goaways, "connections told to go away (GOAWAY)"),
        (connections.streams_refused, "streams refused and sent again"),
        (connections.streams_reset, "streams reset"),
    ];
    if counts.iter().all(|(n, _)| *n == 0) {
        return Ok(());
    }
    writeln!(out, "\n{}", style.bold("HTTP/2"))?;
    for (n, what) in counts.iter().filter(|(n, _)| *n > 0) {
        writeln!(out, "  {:>11}  {what}", count(*n))?;
    }
    Ok(())
}
