//! How requests ended, over time.

use crate::record::{Reason, Tally};
use crate::unit::{Instant, Span};

use super::{COLUMNS, Grid};

/// The most kinds that have a colour of their own.
const MOST: usize = 6;

/// All requests that ended, by column and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kinds {
    /// Its columns.
    pub grid: Grid,
    /// One each.
    pub columns: Vec<Tally>,
}

impl Kinds {
    pub(super) fn new(run: Span, interval: Span) -> Self {
        let grid = Grid::new(run, interval, COLUMNS);
        Self { grid, columns: vec![Tally::default(); grid.columns()] }
    }

    pub(super) fn take(&mut self, start: Instant, end: Instant, tally: &Tally) {
        self.columns[self.grid.column_of(start, end)].add(tally);
    }

    /// Why requests were not right: the reasons that most had, these first, and the number of further ones.
    pub fn most(&self) -> (Vec<Reason>, usize) {
        let mut sum = Tally::default();
        self.columns.iter().for_each(|column| sum.add(column));
        let mut reasons: Vec<_> = sum.reasons().filter(|(reason, _)| reason.counts()).collect();
        reasons.sort_by_key(|(reason, n)| (std::cmp::Reverse(*n), *reason as usize));
        let others = reasons.len().saturating_sub(MOST);
        (reasons.into_iter().take(MOST).map(|(reason, _)| reason).collect(), others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reasons_of_most_requests_come_first_and_what_a_stop_left_open_is_none() {
        let mut kinds = Kinds::new(Span::from_secs(2), Span::from_secs(1));
        let (start, end) = (Instant::ZERO, Instant::ZERO + Span::from_secs(1));
        let mut tally = Tally { completed: 9, ..Tally::default() };
        let failed: Vec<Reason> = Reason::ALL.into_iter().filter(|reason| reason.counts()).take(8).collect();
        for (n, reason) in (1..).zip(&failed) {
            tally.by_reason[*reason as usize] = n;
        }
        let open = Reason::ALL.into_iter().find(|reason| !reason.counts()).expect("there is one");
        tally.by_reason[open as usize] = 1_000;
        kinds.take(start, end, &tally);
        let (most, others) = kinds.most();
        let expected: Vec<Reason> = failed[2..].iter().rev().copied().collect();
        assert_eq!((most, others), (expected, 2));
        assert_eq!((kinds.columns[0], kinds.columns[1]), (tally, Tally::default()));
    }
}
