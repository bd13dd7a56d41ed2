//! How long answers took, by population.

use std::io::{self, Write};

use crate::report::words::count;

use super::super::table::Table;
use super::super::text::{indented, micros};
use super::super::{Latency, PopulationSummary, Style, Summary};

pub(in crate::report) fn latencies(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new(&COLUMNS).giving_way(&["p99.99", "p90", "p99.9"]);
    rows(summary).into_iter().for_each(|row| table.row(row));
    writeln!(out)?;
    table.write(style, out)?;
    if let Some(warm_up) = summary.warm_up {
        let told = format!("of the whole run, with the warm-up of {}s, which no objective counts", warm_up.seconds);
        indented(&told, 0, style, out)?;
    }
    if summary.failures.is_empty() {
        return Ok(());
    }
    indented("requests that were not right rank as slower than everything; max is of right answers", 0, style, out)
}

/// The columns of [`rows`].
pub(in crate::report) const COLUMNS: [&str; 9] =
    ["response", "requests", "p50", "p90", "p95", "p99", "p99.9", "p99.99", "max"];

/// A row for each population, for all if there are several, and for the service alone.
pub(in crate::report) fn rows(summary: &Summary) -> Vec<Vec<String>> {
    let of = |(name, population): (&String, &PopulationSummary)| cells(name, &population.latency_us.response);
    let mut rows: Vec<_> = summary.populations.iter().map(of).collect();
    if summary.populations.len() > 1 {
        rows.push(cells("overall", &summary.latency_us.response));
    }
    rows.extend(summary.latency_us.service.as_ref().map(|service| cells("service alone", service)));
    rows
}

fn cells(name: &str, latency: &Latency) -> Vec<String> {
    let Latency { p50, p90, p95, p99, p99_9, p99_99, max, .. } = *latency;
    let none = if latency.count > 0 { "failed" } else { "–" };
    let values = [p50, p90, p95, p99, p99_9, p99_99];
    let shown = values.map(|us| us.map_or(none.to_owned(), micros));
    // No quantile: without a right answer there is none.
    let max = max.map_or("–".to_owned(), micros);
    [name.to_owned(), count(latency.count)].into_iter().chain(shown).chain([max]).collect()
}
