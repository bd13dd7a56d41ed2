//! How long the requests of each step took, where a population has several.

use std::cmp::Ordering;
use std::io::{self, Write};

use crate::report::words::count;

use super::super::table::Table;
use super::super::text::micros;
use super::super::{Latency, StepSummary, Style, Summary};

/// Rows of a table: what is more is in `summary.json`.
const ROWS: usize = 12;

/// Writes a row for each step, named ones first; of many, for the worst.
pub(in crate::report) fn steps(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if summary.populations.values().all(|population| population.steps.len() < 2) {
        return Ok(());
    }
    let all = summary.populations.iter().flat_map(|(population, of)| of.steps.iter().map(move |it| (population, it)));
    let rows: Vec<Row> = all.map(|(population, (name, step))| Row::new(population, name, step)).collect();
    let table = Table::new(&["step", "requests", "not right", "p50", "p90", "p95", "p99", "max"]);
    write_rows(table.giving_way(&["p90"]), rows, style, out)
}

/// A row, and where it stands among others.
pub(super) struct Row {
    cells: Vec<String>,
    /// Whether the scenario gives it a name: without, it is called by its method and path.
    is_named: bool,
    share_not_right: f64,
    latency: Latency,
}

impl Row {
    fn new(population: &str, name: &str, step: &StepSummary) -> Self {
        let requests = &step.requests;
        // Of those that count: what a stop of the run kept from its end did nothing wrong.
        let not_right = step.response.count.saturating_sub(requests.completed);
        let is_verb = |word: &str| word.bytes().all(|byte| byte.is_ascii_uppercase());
        let is_named = name.split_once(' ').is_none_or(|(word, _)| !is_verb(word));
        let Latency { p50, p90, p95, p99, .. } = step.response;
        Self::of(format!("{population}.{name}"), is_named, not_right, step.response, &[p50, p90, p95, p99])
    }

    /// A row with these quantiles of a latency, and the slowest right answer.
    pub(super) fn of(name: String, is_named: bool, not_right: u64, latency: Latency, shown: &[Option<u64>]) -> Self {
        let none = if latency.count > 0 { "failed" } else { "–" };
        let shown = shown.iter().map(|us| us.map_or(none.to_owned(), micros));
        let max = latency.max.map_or("–".to_owned(), micros);
        let cells = [name, count(latency.count), count(not_right)].into_iter().chain(shown).chain([max]).collect();
        let share_not_right = not_right as f64 / latency.count.max(1) as f64;
        Self { cells, is_named, share_not_right, latency }
    }

    /// Which of many rows are shown: first what was not right, by its share, then what has a name, then the slowest.
    fn before(&self, other: &Self) -> Ordering {
        let slowest = |row: &Self| if row.latency.count > 0 { row.latency.p99.unwrap_or(u64::MAX) } else { 0 };
        let by_share = other.share_not_right.total_cmp(&self.share_not_right);
        by_share.then(other.is_named.cmp(&self.is_named)).then(slowest(other).cmp(&slowest(self)))
    }
}

/// Writes all rows, those with a name first; of many, the worst ones, and how many more there are.
pub(super) fn write_rows(mut table: Table, mut rows: Vec<Row>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let more = rows.len().saturating_sub(ROWS);
    if more > 0 {
        rows.sort_by(Row::before);
        rows.truncate(ROWS);
    } else {
        rows.sort_by_key(|row| !row.is_named);
    }
    rows.into_iter().for_each(|row| table.row(row.cells));
    writeln!(out)?;
    table.write(style, out)?;
    if more > 0 { writeln!(out, "… and {} more in summary.json", count(more as u64)) } else { Ok(()) }
}
