//! Transactions and other measures as people read them: one table each, beside that of the requests.

use std::io::{self, Write};

use crate::judge::words::count;
use crate::scenario::Measure;

use super::table::Table;
use super::text::micros;
use super::{MeasureSummary, Style, Summary};

/// Writes what was timed beside requests, if anything was.
pub(super) fn measures(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut transactions: Vec<Vec<String>> = Vec::new();
    let mut others: Vec<Vec<String>> = Vec::new();
    for (population, of) in &summary.populations {
        for (name, kinds) in &of.measures {
            for (kind, measure) in kinds {
                match kind {
                    Measure::Transaction => transactions.push(cells(format!("{population}.{name}"), measure)),
                    // Where no stream was lost there is nothing to tell.
                    Measure::Reconnect if measure.value.count == 0 => {}
                    kind => others.push(cells(format!("{population}.{name} {}", kind.name()), measure)),
                }
            }
        }
    }
    for (title, counted, rows) in [("transaction", "done", transactions), ("measure", "samples", others)] {
        if rows.is_empty() {
            continue;
        }
        let mut table = Table::new(&[title, counted, "not right", "p50", "p90", "p95", "p99", "max"]);
        rows.into_iter().for_each(|row| table.row(row));
        writeln!(out)?;
        for (i, line) in table.lines(style.width).iter().enumerate() {
            writeln!(out, "{}", if i == 0 { style.bold(line) } else { line.clone() })?;
        }
    }
    Ok(())
}

fn cells(name: String, measure: &MeasureSummary) -> Vec<String> {
    let (samples, value) = (&measure.samples, &measure.value);
    let none = if value.count > 0 { "failed" } else { "–" };
    let shown = [value.p50, value.p90, value.p95, value.p99, value.max];
    let shown = shown.map(|us| us.map_or(none.to_owned(), micros));
    // Of those that count: what a stop of the run kept from its end did nothing wrong.
    let not_right = value.count - samples.completed;
    [name, count(samples.completed), count(not_right)].into_iter().chain(shown).collect()
}
