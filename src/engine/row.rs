//! The feed row of a session: its number, and its cells as they may stand in a request.

use crate::plan::feed_row;
use crate::scenario::{Escape, FeedRows, Piece};

use super::program::PopulationPrograms;
use super::unwritable::Unwritable;
use super::values::Values;

impl PopulationPrograms {
    /// The number of the session's feed row; its own number without a feed.
    pub fn row(&self, values: &Values<'_>) -> u64 {
        self.feed.as_ref().map_or(values.session, |feed| feed_row(feed, values.path.seed, values.session))
    }

    /// Writes a cell of the session's feed row.
    pub fn cell(
        &self,
        values: &Values<'_>,
        column: usize,
        escape: Escape,
        out: &mut Vec<u8>,
    ) -> Result<(), Unwritable> {
        let row = self.row(values);
        match self.feed.as_ref().map(|feed| &feed.rows) {
            Some(FeedRows::Stored(rows)) => {
                let cell = rows.get(row as usize).and_then(|cells| cells.get(column));
                escape.write(cell.ok_or(Unwritable::Missing)?, out);
            }
            // A generated cell is text and the row's number.
            Some(FeedRows::Generated { columns, .. }) => {
                for piece in &columns[column].0 {
                    match piece {
                        Piece::Text(text) => escape.write(text, out),
                        _ => escape.write(itoa::Buffer::new().format(row), out),
                    }
                }
            }
            None => return Err(Unwritable::Missing),
        }
        Ok(())
    }
}
