//! The load over time, by the clock that each figure is about (D3).

use crate::record::SecondDelta;
use crate::unit::Span;

use super::Grid;

/// The load's plot is the widest: nobody may miss a second in which the load did not come.
const MOST_COLUMNS: usize = 900;
const SECOND: Span = Span::from_secs(1);

/// Requests a second in one column.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LoadColumn {
    /// Seconds that the column has; 0 behind the end of the run.
    pub seconds: u64,
    /// Planned, if every answer took no time.
    pub nominal: PerSecond,
    /// Taken up of what was planned.
    pub delivered: PerSecond,
    /// Right answers.
    pub answered: PerSecond,
    /// Seconds in which requests were open and none ended.
    pub silent_seconds: u64,
    /// Requests that the generator could not send.
    pub unsent: u64,
    /// Requests that were open or had not begun when the run ended.
    pub unfinished: u64,
    /// How long a lane stood still (O5).
    pub stood: Span,
}

/// A figure of the seconds of a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerSecond {
    /// The sum of all.
    pub sum: u64,
    /// That of the second with the least.
    pub least: u64,
    /// That of the second with the most.
    pub most: u64,
}

/// The load of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// Its columns.
    pub grid: Grid,
    /// One each.
    pub columns: Vec<LoadColumn>,
}

impl PerSecond {
    fn add(&mut self, is_first: bool, n: u64) {
        self.sum += n;
        self.least = if is_first { n } else { self.least.min(n) };
        self.most = self.most.max(n);
    }
}

impl Load {
    /// Of a run's seconds, and what was nominally planned in each.
    pub fn new(seconds: &[SecondDelta], nominal: &[u64]) -> Self {
        let grid = Grid::new(Span::from_secs(seconds.len() as u64), SECOND, MOST_COLUMNS);
        let mut columns = vec![LoadColumn::default(); grid.columns()];
        let each = (grid.width().as_nanos() / SECOND.as_nanos()) as usize;
        // Requests that are open as a second begins.
        let mut open = 0u64;
        for (i, second) in seconds.iter().enumerate() {
            let ended = [second.done, second.failed, second.unsent, second.unfinished].map(u64::from).iter().sum();
            let column = &mut columns[i / each];
            let is_first = column.seconds == 0;
            column.seconds += 1;
            column.nominal.add(is_first, nominal.get(i).copied().unwrap_or(0));
            column.delivered.add(is_first, second.delivered.into());
            column.answered.add(is_first, second.done.into());
            column.silent_seconds += u64::from(open > 0 && ended == 0);
            column.unsent += u64::from(second.unsent);
            column.unfinished += u64::from(second.unfinished);
            column.stood = column.stood.max(second.stood);
            // What had not begun when the run ended was never open.
            open = (open + u64::from(second.woke)).saturating_sub(ended);
        }
        Self { grid, columns }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_without_answers_is_silent_if_something_is_open() {
        let second = |woke, done| SecondDelta { woke, done, delivered: woke, ..SecondDelta::default() };
        let load = Load::new(&[second(5, 3), second(2, 0), second(0, 4), second(0, 0)], &[5, 2]);
        assert_eq!(load.columns.iter().map(|column| column.silent_seconds).collect::<Vec<_>>(), [0, 1, 0, 0]);
        assert_eq!(load.columns.iter().map(|column| column.nominal.sum).collect::<Vec<_>>(), [5, 2, 0, 0]);
    }

    #[test]
    fn a_column_of_many_seconds_has_the_least_and_the_most_of_them() {
        let seconds: Vec<SecondDelta> = (0..9_001)
            .map(|second| SecondDelta { done: if second == 77 { 1 } else { 50 }, ..SecondDelta::default() })
            .collect();
        let load = Load::new(&seconds, &[]);
        assert_eq!((load.grid.columns(), load.grid.width()), (819, Span::from_secs(11)));
        let answered = PerSecond { sum: 501, least: 1, most: 50 };
        assert_eq!((load.columns[7].answered, load.columns[7].seconds), (answered, 11));
        assert_eq!(
            (load.columns[818].answered, load.columns[818].seconds),
            (PerSecond { sum: 150, least: 50, most: 50 }, 3)
        );
    }
}
