//! Feeds: rows from a CSV file, or generated (S6, P9).

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::csv::MOST_COLUMNS;
use super::template::{FeedNames, Known};
use super::value::grouped;
use super::{Fields, Reader, World};
use crate::scenario::fits_path;
use crate::scenario::header::fits_header;
use crate::scenario::keys::{FEED, GENERATE};
use crate::scenario::model::{Feed, FeedOrder, FeedRows, Piece, Template};
use crate::scenario::problem::{Problem, Read};
use crate::scenario::yaml::{Node, Value};
use crate::unit::thousands;

/// Rows of a generated feed.
const MOST_GENERATED: u64 = 1_000_000_000;

impl Reader<'_> {
    /// `feed:` of a population; `users` decides the default order and must fit the rows.
    pub fn feed(&mut self, node: &Node, users: Option<u64>, world: &World) -> Read<Feed> {
        let default = if users.is_some() { FeedOrder::Once } else { FeedOrder::InOrder };
        if let Value::Scalar { .. } = node.value {
            let feed = self.stored(node, default)?;
            return self.enough_rows(feed, users, node);
        }
        let fields = self.fields(node, &FEED)?;
        let words = [("in order", FeedOrder::InOrder), ("random", FeedOrder::Random), ("once", FeedOrder::Once)];
        let order = fields.get("order").map_or(Ok(default), |node| self.word(node, &words));
        let (kind, source) = self.one_of(&fields)?;
        if kind == "generate" {
            let feed = self.generated(source, &fields, order, world)?;
            return self.enough_rows(feed, users, source);
        }
        for key in GENERATE {
            if fields.get(key).is_some() {
                self.problem(fields.place(key), format!("`{key}` belongs to `generate`; a file has its own header"));
            }
        }
        let feed = self.stored(source, order?)?;
        self.enough_rows(feed, users, source)
    }

    fn stored(&mut self, node: &Node, order: FeedOrder) -> Read<Feed> {
        let table = self.csv(node)?;
        let digest = Sha256::digest(&table.bytes).into();
        let rows = FeedRows::Stored(table.rows.clone());
        Ok(Feed { columns: table.columns.clone(), order, rows, digest })
    }

    fn generated(&mut self, count: &Node, fields: &Fields, order: Read<FeedOrder>, world: &World) -> Read<Feed> {
        let count = self.whole(count, 1..=MOST_GENERATED);
        let columns = self.need(fields, "columns").and_then(|node| self.generated_columns(node));
        let (count, columns) = (count?, columns?);
        let scaled = (count as f64 * world.scale).round();
        if !(1.0..=MOST_GENERATED as f64).contains(&scaled) {
            let place = world.scale_place.unwrap_or(fields.node.place);
            return Err(self.problem(
                place,
                format!(
                    "this makes a feed of {} rows; 1 to {} are possible",
                    grouped(scaled as u64),
                    grouped(MOST_GENERATED)
                ),
            ));
        }
        let (columns, templates): (Vec<String>, Vec<Template>) = columns.into_iter().unzip();
        let mut digest = Sha256::new();
        digest.update((scaled as u64).to_le_bytes());
        for (column, template) in columns.iter().zip(&templates) {
            digest.update(format!("{column:?} = {template:?}\n"));
        }
        let rows = FeedRows::Generated { count: scaled as u64, columns: Arc::new(templates) };
        Ok(Feed { columns, order: order?, rows, digest: digest.finalize().into() })
    }

    fn generated_columns(&mut self, node: &Node) -> Read<Vec<(String, Template)>> {
        let entries = self.names(node, "a map of columns, such as `name: user{{row}}`")?;
        if entries.is_empty() || entries.len() > MOST_COLUMNS {
            return Err(self.problem(node.place, format!("a feed has 1 to {MOST_COLUMNS} columns")));
        }
        let known = Known { row: true, ..Known::nothing() };
        let columns: Vec<Read<(String, Template)>> = entries
            .iter()
            .map(|entry| {
                self.identifier(entry, "a column")?;
                Ok((entry.key.clone(), self.template(&entry.value, &known)?))
            })
            .collect();
        columns.into_iter().collect()
    }

    fn enough_rows(&mut self, feed: Feed, sessions: Option<u64>, node: &Node) -> Read<Feed> {
        let rows = feed.row_count();
        match sessions {
            Some(sessions) if feed.order == FeedOrder::Once && rows < sessions => {
                let message = format!(
                    "{} sessions need a row each, and this feed has {}",
                    thousands(sessions, ','),
                    thousands(rows, ',')
                );
                let hint = "fewer `users` (or instants of a trace), more rows, or `order: in order`, which begins again at the first row";
                Err(self.problems.push(Problem::new(node.place, message).hint(hint)))
            }
            _ => Ok(feed),
        }
    }
}

/// What the values of a column must be where they are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Must {
    /// Text without line breaks and control characters.
    FitHeader,
    /// A number as JSON has it.
    BeNumber,
    /// What can stand in a path as it is, perhaps from the path's beginning on.
    FitPath { first: bool },
}

/// A column of a feed's stored rows, and what it must be.
pub type Column = (*const Vec<Vec<String>>, usize, Must);

impl Reader<'_> {
    /// The first row of a feed whose value is not what it must be, from 0; each column is looked through once.
    pub fn row_that_fails(&mut self, feed: FeedNames, column: usize, must: Must) -> Option<usize> {
        let FeedNames::Feed(feed) = feed else { return None };
        let bad = |text: &str| match must {
            Must::FitHeader => !fits_header(text),
            Must::FitPath { first } => !fits_path(text, first),
            Must::BeNumber => serde_json::from_str::<serde_json::Number>(text).is_err(),
        };
        let rows = match &feed.rows {
            FeedRows::Stored(rows) => rows,
            // Its rows differ in their number only, so that the first stands for all.
            FeedRows::Generated { columns, .. } if matches!(must, Must::FitPath { .. }) => {
                let text = columns[column].0.iter().map(|piece| if let Piece::Text(text) = piece { text } else { "0" });
                return bad(&text.collect::<String>()).then_some(0);
            }
            FeedRows::Generated { .. } => return None,
        };
        let found = || rows.iter().position(|row| row.get(column).is_none_or(|text| bad(text)));
        *self.columns.entry((Arc::as_ptr(rows), column, must)).or_insert_with(found)
    }
}

/// The names that a feed gives to templates.
pub fn names<'f>(feed: &'f Option<Read<Feed>>) -> FeedNames<'f> {
    match feed {
        None => FeedNames::None,
        Some(Ok(feed)) => FeedNames::Feed(feed),
        // Its problems are told already; whatever a template asks of it is not another.
        Some(Err(_)) => FeedNames::Unknown,
    }
}
