//! CSV files: feeds, series and traces, each problem told with the file's own line.

use std::rc::Rc;
use std::sync::Arc;

use super::cell::{cell, wrong_quote};
use super::time::seconds;
use super::value::grouped;
use super::{Reader, World};
use crate::scenario::problem::{Read, Told, shorten};
use crate::scenario::yaml::{Node, Place};

/// Rows of a CSV file.
const MOST_ROWS: usize = 1_000_000;
/// Columns of a CSV file.
pub const MOST_COLUMNS: usize = 200;

/// What a cell weighs in what a scenario may come to.
const WEIGHT_CELL: usize = 3;

/// A CSV file: its header, its rows, and the line that each began on.
pub struct Table {
    pub name: String,
    pub bytes: Arc<[u8]>,
    pub columns: Vec<String>,
    pub rows: Arc<Vec<Vec<String>>>,
    pub lines: Vec<usize>,
}

impl Reader<'_> {
    /// A CSV file with a header line; read once, however many name it.
    pub fn csv(&mut self, node: &Node) -> Read<Rc<Table>> {
        let (name, bytes) = self.file(node)?;
        if let Some(table) = self.tables.get(&name) {
            return table.clone();
        }
        let table = self.parse_csv(&name, bytes, node.place).map(Rc::new);
        self.tables.insert(name, table.clone());
        table
    }

    fn parse_csv(&mut self, name: &str, bytes: Arc<[u8]>, place: Place) -> Read<Table> {
        if let Some((line, wrong)) = wrong_quote(strip_bom(&bytes)) {
            let hint = "quotes stand around a whole value, and a quote inside is written twice";
            return Err(self.bad_line(name, &bytes, (line, None), wrong, hint));
        }
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(strip_bom(&bytes));
        let columns: Vec<String> = match reader.headers() {
            Ok(header) => header.iter().map(str::to_owned).collect(),
            Err(error) => return Err(self.bad_csv(name, &bytes, &error)),
        };
        self.check_columns(name, &bytes, place, &columns)?;
        let (mut rows, mut lines, mut failed) = (Vec::new(), Vec::new(), None);
        for record in reader.records() {
            if rows.len() == MOST_ROWS {
                return Err(self.problem(place, format!("`{name}` has more than {} rows", grouped(MOST_ROWS as u64))));
            }
            self.spend(WEIGHT_CELL * columns.len(), place)?;
            match record.map_err(|error| self.bad_csv(name, &bytes, &error)) {
                Ok(record) if record.len() == columns.len() => {
                    lines.push(line_of(record.position()));
                    rows.push(record.iter().map(str::to_owned).collect());
                }
                Ok(record) => {
                    let message = format!("the header has {} columns, this row has {}", columns.len(), record.len());
                    let hint = "a comma inside a value needs quotes around it";
                    failed = Some(self.bad_line(name, &bytes, (line_of(record.position()), None), &message, hint));
                }
                Err(told) => failed = Some(told),
            }
            if let Some(told) = failed.filter(|_| self.problems.is_full()) {
                return Err(told);
            }
        }
        if let Some(told) = failed {
            return Err(told);
        }
        if rows.is_empty() {
            return Err(self.problem(place, format!("`{name}` has no rows under its header")));
        }
        Ok(Table { name: name.to_owned(), bytes, columns, rows: Arc::new(rows), lines })
    }

    fn check_columns(&mut self, name: &str, bytes: &[u8], place: Place, columns: &[String]) -> Read<()> {
        if columns.is_empty() || columns.len() > MOST_COLUMNS {
            let message = format!("`{name}` needs a header line with 1 to {MOST_COLUMNS} columns");
            return Err(self.problem(place, message));
        }
        if let [one] = columns
            && one.contains([';', '\t'])
        {
            let message = format!("this is one column, `{}`", shorten(one));
            return Err(self.bad_line(name, bytes, (1, None), &message, "columns are separated by commas"));
        }
        for (i, column) in columns.iter().enumerate() {
            if column.is_empty() || columns[..i].contains(column) {
                let message = format!("column {} is called `{column}`: each column needs a name of its own", i + 1);
                return Err(self.bad_line(name, bytes, (1, Some(i)), &message, "the first line names the columns"));
            }
        }
        Ok(())
    }

    fn bad_csv(&mut self, name: &str, bytes: &[u8], error: &csv::Error) -> Told {
        let line = line_of(error.position());
        let message = match error.kind() {
            csv::ErrorKind::Utf8 { .. } => "this line is not UTF-8".to_owned(),
            _ => error.to_string(),
        };
        self.bad_line(name, bytes, (line, None), &message, "a CSV file in UTF-8: a header line, then one row per line")
    }

    /// A problem in a line of a file that the scenario names, or in one cell of it.
    fn bad_line(
        &mut self,
        name: &str,
        bytes: &[u8],
        (line, column): (usize, Option<usize>),
        message: &str,
        hint: &str,
    ) -> Told {
        if self.problems.is_full() {
            return self.problem(Place::new(0, 0, 0), message);
        }
        let text = strip_bom(bytes).split(|b| *b == b'\n').nth(line.saturating_sub(1)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text[..text.len().min(1000)]);
        let text = text.trim_end();
        let part = column.and_then(|column| cell(text, column)).unwrap_or(0..text.len());
        let place = self.problems.line_of(name, line, text, part);
        self.problem_with_hint(place, message, hint)
    }

    /// A value of each row, given its number and the value before; all bad rows are told.
    pub fn each_row<T>(
        &mut self,
        table: &Table,
        mut value: impl FnMut(&mut Self, usize, Option<&T>) -> Read<T>,
    ) -> Read<Vec<T>> {
        let mut values: Vec<T> = Vec::with_capacity(table.rows.len());
        let mut failed = None;
        for row in 0..table.rows.len() {
            match value(self, row, values.last()) {
                Ok(value) => values.push(value),
                Err(told) if self.problems.is_full() => return Err(told),
                Err(told) => failed = Some(told),
            }
        }
        failed.map_or(Ok(values), Err)
    }

    /// A problem in a cell of a row.
    pub fn bad_cell(&mut self, table: &Table, row: usize, column: usize, message: &str, hint: &str) -> Told {
        self.bad_line(&table.name, &table.bytes, (table.lines[row], Some(column)), message, hint)
    }

    /// A time in a CSV file: one of the day's, or seconds since the clock's start.
    pub fn csv_time(&mut self, table: &Table, row: usize, column: usize, world: &World) -> Read<f64> {
        let text = &table.rows[row][column];
        let clock = world.clock.as_ref().map_err(|told| *told)?;
        if let Ok(seconds) = text.parse::<f64>()
            && seconds.is_finite()
        {
            if (0.0..=clock.length).contains(&seconds) {
                return Ok(seconds);
            }
            let message = format!("`{}` lies outside the clock, which is {} seconds long", shorten(text), clock.length);
            return Err(self.bad_cell(table, row, column, &message, "a number is seconds since the clock's start"));
        }
        seconds(text, clock).map_err(|wrong| {
            let hint =
                wrong.hint.unwrap_or_else(|| "a time such as `07:00`, or seconds since the clock's start".to_owned());
            self.bad_cell(table, row, column, &wrong.message, &hint)
        })
    }

    /// The number of a column that a CSV file must have.
    pub fn column(&mut self, table: &Table, name: &str, place: Place) -> Read<usize> {
        table.columns.iter().position(|column| column == name).ok_or_else(|| {
            let message = format!("`{}` has no column `{name}`", table.name);
            let hint = format!("its header line has: {}", table.columns.join(", "));
            self.problem_with_hint(place, message, hint)
        })
    }
}

/// The line, from 1, on which a record begins.
fn line_of(position: Option<&csv::Position>) -> usize {
    position.map_or(1, |position| position.line() as usize)
}

fn strip_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}
