//! The columns of a plot.

use crate::unit::{Instant, Span};

/// Columns over run time: stretches of equal length, of which the last may reach over the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    width: Span,
    columns: usize,
}

impl Grid {
    /// Columns of whole steps for a run that is so long: one a step, or, where that were more than `most`, wider ones.
    pub fn new(run: Span, step: Span, most: usize) -> Self {
        let (step, most) = (step.as_nanos().max(1), most.max(1) as u64);
        let steps = run.as_nanos().div_ceil(step).max(1);
        let joined = steps.div_ceil(most);
        Self { width: Span::from_nanos(step.saturating_mul(joined)), columns: steps.div_ceil(joined) as usize }
    }

    /// How many columns there are: at least one.
    pub const fn columns(&self) -> usize {
        self.columns
    }

    /// How long a column is.
    pub const fn width(&self) -> Span {
        self.width
    }

    /// The column of an instant; of one behind the end the last.
    pub fn column(&self, at: Instant) -> usize {
        ((at.as_nanos() / self.width.as_nanos()) as usize).min(self.columns - 1)
    }

    /// The column of what lasted from one instant to another: that of its middle, as an interval that is closed late reaches
    /// into the next column.
    pub fn column_of(&self, start: Instant, end: Instant) -> usize {
        self.column(Instant::from_nanos(start.as_nanos().midpoint(end.as_nanos())))
    }

    /// When a column begins.
    pub fn start(&self, column: usize) -> Instant {
        Instant::from_nanos(self.width.as_nanos().saturating_mul(column as u64))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn columns_are_of_whole_steps() {
        let grid = |secs, step, most| {
            let grid = Grid::new(Span::from_secs(secs), Span::from_secs(step), most);
            (grid.columns(), grid.width().as_millis() / 1_000)
        };
        assert_eq!(grid(553, 1, 300), (277, 2));
        assert_eq!(grid(300, 1, 300), (300, 1));
        assert_eq!(grid(108_000, 10, 300), (300, 360));
        assert_eq!((grid(0, 1, 300), grid(5, 10, 300)), ((1, 1), (1, 10)));
    }

    proptest! {
        #[test]
        fn every_instant_of_a_run_is_in_the_column_that_begins_before_it(
            run in 1..400_000_000_000_000u64, step in 1..20u64, most in 1..900usize, part in 0.0..1.0f64,
        ) {
            let grid = Grid::new(Span::from_nanos(run), Span::from_secs(step), most);
            let at = Instant::from_nanos((run as f64 * part) as u64);
            let column = grid.column(at);
            prop_assert!(grid.columns() <= most && column < grid.columns());
            prop_assert!(grid.start(column) <= at && at < grid.start(column + 1));
            prop_assert_eq!(grid.width().as_nanos() % (step * 1_000_000_000), 0);
        }
    }
}
