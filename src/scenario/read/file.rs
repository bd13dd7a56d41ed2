//! Files that a scenario names: found beside it, regular, bounded, read once.

use std::fs::File;
use std::io::Read as _;
use std::sync::Arc;

use super::time::seconds;
use super::{Reader, World};
use crate::scenario::problem::Read;
use crate::scenario::yaml::{Node, Place};

/// The largest file that a scenario may name.
const LARGEST: u64 = 64 << 20;
/// All files of a scenario together.
const LARGEST_SUM: usize = 256 << 20;
/// Rows of a CSV file.
pub const MOST_ROWS: usize = 1_000_000;
/// Columns of a CSV file.
const MOST_COLUMNS: usize = 200;

/// A CSV file: its header and its rows, each with the line it began on.
pub struct Table {
    pub name: String,
    pub place: Place,
    pub bytes: Arc<[u8]>,
    pub columns: Vec<String>,
    pub rows: Vec<(usize, Vec<String>)>,
}

impl Reader<'_> {
    /// The bytes of the file named by a node.
    pub fn file(&mut self, node: &Node) -> Read<(String, Arc<[u8]>)> {
        let name = self.text(node, "the path of a file")?.to_owned();
        if let Some(bytes) = self.files.get(&name) {
            return Ok((name, bytes.clone()));
        }
        let path = self.base.join(&name);
        let shown = path.display();
        let bytes = match read_bounded(&path) {
            Ok(bytes) => bytes,
            Err(why) => {
                let hint = "paths are relative to the scenario's file";
                return Err(self.problem_with_hint(node.place, format!("cannot read `{shown}`: {why}"), hint));
            }
        };
        if self.files.values().map(|bytes| bytes.len()).sum::<usize>() + bytes.len() > LARGEST_SUM {
            let message = format!("the files of a scenario have at most {} MiB together", LARGEST_SUM >> 20);
            return Err(self.problem(node.place, message));
        }
        let bytes: Arc<[u8]> = bytes.into();
        self.files.insert(name.clone(), bytes.clone());
        Ok((name, bytes))
    }

    /// A CSV file with a header line.
    pub fn csv(&mut self, node: &Node) -> Read<Table> {
        let (name, bytes) = self.file(node)?;
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(strip_bom(&bytes));
        let columns: Vec<String> = match reader.headers() {
            Ok(header) => header.iter().map(str::to_owned).collect(),
            Err(error) => return Err(self.bad_csv(&name, &bytes, &error)),
        };
        self.check_columns(&name, &bytes, node.place, &columns)?;
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| self.bad_csv(&name, &bytes, &error))?;
            let line = record.position().map_or(0, |position| position.line() as usize);
            if record.len() != columns.len() {
                let message = format!("the header has {} columns, this row has {}", columns.len(), record.len());
                return Err(self.bad_line(
                    &name,
                    &bytes,
                    line,
                    &message,
                    "a comma inside a value needs quotes around it",
                ));
            }
            if rows.len() == MOST_ROWS {
                return Err(self.problem(node.place, format!("`{name}` has more than {MOST_ROWS} rows")));
            }
            rows.push((line, record.iter().map(str::to_owned).collect()));
        }
        if rows.is_empty() {
            return Err(self.problem(node.place, format!("`{name}` has no rows under its header")));
        }
        Ok(Table { name, place: node.place, bytes, columns, rows })
    }

    fn check_columns(&mut self, name: &str, bytes: &[u8], place: Place, columns: &[String]) -> Read<()> {
        if columns.is_empty() || columns.len() > MOST_COLUMNS {
            let message = format!("`{name}` needs a header line with 1 to {MOST_COLUMNS} columns");
            return Err(self.problem(place, message));
        }
        for (i, column) in columns.iter().enumerate() {
            if column.is_empty() || columns[..i].contains(column) {
                let message = format!("column {} is called `{column}`: names must be there and differ", i + 1);
                return Err(self.bad_line(name, bytes, 1, &message, "the first line names the columns"));
            }
        }
        Ok(())
    }

    fn bad_csv(&mut self, name: &str, bytes: &[u8], error: &csv::Error) -> crate::scenario::problem::Told {
        let line = error.position().map_or(1, |position| position.line() as usize);
        let message = match error.kind() {
            csv::ErrorKind::Utf8 { .. } => "this line is not UTF-8".to_owned(),
            _ => error.to_string(),
        };
        self.bad_line(name, bytes, line, &message, "a CSV file: a header line, then one row a line, UTF-8")
    }

    /// A problem in a line of a file that the scenario names.
    pub fn bad_line(
        &mut self,
        name: &str,
        bytes: &[u8],
        line: usize,
        message: &str,
        hint: &str,
    ) -> crate::scenario::problem::Told {
        if self.problems.is_full() {
            return self.problem(Place::new(0, 0, 0), message);
        }
        let text = bytes.split(|b| *b == b'\n').nth(line.saturating_sub(1)).unwrap_or_default();
        let place =
            self.problems.line_of(name, line, String::from_utf8_lossy(&text[..text.len().min(1000)]).trim_end());
        self.problem_with_hint(place, message, hint)
    }

    /// A time in a CSV file: one of the day's, or seconds since the clock's start.
    pub fn csv_time(&mut self, table: &Table, line: usize, text: &str, world: &World) -> Read<f64> {
        let clock = world.clock.as_ref().map_err(|told| *told)?;
        if let Ok(seconds) = text.parse::<f64>()
            && (0.0..=clock.length).contains(&seconds)
        {
            return Ok(seconds);
        }
        seconds(text, clock).map_err(|wrong| {
            let hint =
                wrong.hint.unwrap_or_else(|| "a time such as `07:00`, or seconds since the clock's start".to_owned());
            self.bad_line(&table.name, &table.bytes, line, &wrong.message, &hint)
        })
    }

    /// The number of a column that a CSV file must have.
    pub fn column(&mut self, table: &Table, name: &str) -> Read<usize> {
        table.columns.iter().position(|column| column == name).ok_or_else(|| {
            let message = format!("`{}` has no column `{name}`", table.name);
            let hint = format!("its header line has: {}", table.columns.join(", "));
            self.problem_with_hint(table.place, message, hint)
        })
    }
}

fn strip_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}

/// A regular file's bytes, or why not. A pipe or a device could last for ever.
fn read_bounded(path: &std::path::Path) -> Result<Vec<u8>, String> {
    let metadata = path.metadata().map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    if metadata.len() > LARGEST {
        return Err(format!("it is larger than {} MiB", LARGEST >> 20));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(LARGEST).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}
