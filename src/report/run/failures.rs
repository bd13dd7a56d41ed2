//! What was not right, tried again, or refused.

use std::io::{self, Write};

use crate::judge::words::count;

use super::super::table::{Table, wrapped};
use super::super::{PopulationSummary, Style, Summary};

pub(in crate::report) fn failures(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if summary.failures.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", style.bold("not right"))?;
    for failure in &summary.failures {
        writeln!(out, "  {:>11}  {}", count(failure.count), failure.reason)?;
        let Some(sample) = &failure.sample else { continue };
        // A wrong status is told by its detail, with the right ones.
        let status = sample.status.filter(|_| !sample.detail.starts_with("status "));
        let status = status.map_or(String::new(), |status| format!(" · status {status}"));
        let text = format!("{} {}{status} · {}", sample.population, sample.step, sample.detail);
        for line in wrapped(&text, style.width.saturating_sub(15)) {
            writeln!(out, "{:15}{line}", "")?;
        }
    }
    Ok(())
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
    for (i, line) in table.lines(style.width).iter().enumerate() {
        writeln!(out, "{}", if i == 0 { style.bold(line) } else { line.clone() })?;
    }
    Ok(())
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
