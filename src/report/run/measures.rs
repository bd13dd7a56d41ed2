//! Transactions and other measures as people read them: one table each, beside that of the requests.

use std::io::{self, Write};

use crate::scenario::Measure;

use super::super::table::Table;
use super::super::{Latency, MeasureSummary, Style, Summary};
use super::steps::{Row, write_rows};

/// Writes what was timed beside requests, if anything was.
pub(in crate::report) fn measures(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut transactions: Vec<Row> = Vec::new();
    let mut others: Vec<Row> = Vec::new();
    for (population, of) in &summary.populations {
        for (name, kinds) in &of.measures {
            for (kind, measure) in kinds {
                match kind {
                    Measure::Transaction => transactions.push(row(format!("{population}.{name}"), measure)),
                    // Where no stream was lost there is nothing to tell.
                    Measure::Reconnect if measure.value.count == 0 => {}
                    kind => others.push(row(format!("{population}.{name} {}", kind.name()), measure)),
                }
            }
        }
    }
    for (title, counted, rows) in [("transaction", "number", transactions), ("measure", "samples", others)] {
        if !rows.is_empty() {
            let table = Table::new(&[title, counted, "not right", "p50", "p90", "p95", "p99", "max"]);
            write_rows(table.giving_way(&["p90"]), rows, style, out)?;
        }
    }
    Ok(())
}

fn row(name: String, measure: &MeasureSummary) -> Row {
    // Of those that count: what a stop of the run kept from its end did nothing wrong.
    let not_right = measure.value.count.saturating_sub(measure.samples.completed);
    let Latency { p50, p90, p95, p99, .. } = measure.value;
    Row::of(name, true, not_right, measure.value, &[p50, p90, p95, p99])
}
