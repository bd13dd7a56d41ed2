//! How many requests took how long, over time.

use crate::record::Ranked;
use crate::unit::{Instant, Span};

use super::{COLUMNS, Grid};

/// The upper edges of the rows of a decade: eighths of it, of two digits.
const DECADE_MICROS: [u64; 8] = [13, 18, 24, 32, 42, 56, 75, 100];
/// From 10 µs to 10 s; what is faster or slower is in the first and the last row.
const DECADES: usize = 6;

/// Rows of right answers.
const ROWS: usize = DECADE_MICROS.len() * DECADES;

/// The upper edge of each row but the last in µs: an answer is in the first row whose edge it does not reach.
const EDGES: [u64; ROWS - 1] = {
    let (mut edges, mut row, mut scale) = ([0; ROWS - 1], 0, 1);
    while row < edges.len() {
        edges[row] = DECADE_MICROS[row % DECADE_MICROS.len()] * scale;
        row += 1;
        if row.is_multiple_of(DECADE_MICROS.len()) {
            scale *= 10;
        }
    }
    edges
};

/// Requests that ended, by column and by how long they took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heat {
    /// Its columns.
    pub grid: Grid,
    /// Right answers of each column, by row from the fastest.
    pub right: Vec<[u64; Self::ROWS]>,
    /// Requests of each column that were not right.
    pub not_right: Vec<u64>,
}

impl Heat {
    /// Rows of right answers.
    pub const ROWS: usize = ROWS;
    /// The upper edges in µs of all rows but the last, which has none.
    pub const EDGES: [u64; ROWS - 1] = EDGES;

    pub(super) fn new(run: Span, interval: Span) -> Self {
        let grid = Grid::new(run, interval, COLUMNS);
        Self { grid, right: vec![[0; ROWS]; grid.columns()], not_right: vec![0; grid.columns()] }
    }

    pub(super) fn take(&mut self, start: Instant, end: Instant, ended: &Ranked<'_>) {
        let column = self.grid.column_of(start, end);
        self.not_right[column] += ended.not_right;
        let rows = &mut self.right[column];
        for bucket in ended.ok.iter_recorded() {
            let row = EDGES.partition_point(|edge| *edge <= bucket.value_iterated_to());
            rows[row] += bucket.count_at_value();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::total_histogram;

    #[test]
    fn rows_are_eighths_of_decades_and_the_ends_are_open() {
        assert_eq!([0, 7, 8, 46].map(|row| Heat::EDGES[row]), [13, 100, 130, 7_500_000]);
        let mut heat = Heat::new(Span::from_secs(2), Span::from_secs(1));
        let mut right = total_histogram();
        for micros in [0, 12, 13, 99, 100, 3_600_000_000] {
            right.record(micros).expect("in range");
        }
        let (start, end) = (Instant::ZERO + Span::from_secs(1), Instant::ZERO + Span::from_secs(2));
        heat.take(start, end, &Ranked { ok: &right, over_range: 0, not_right: 7 });
        let filled = |column: usize| (0..Heat::ROWS).filter(|row| heat.right[column][*row] > 0).collect::<Vec<_>>();
        assert_eq!((filled(0), filled(1)), (vec![], vec![0, 1, 7, 8, 47]));
        assert_eq!((heat.right[1].iter().sum::<u64>(), heat.not_right[1]), (6, 7));
    }
}
