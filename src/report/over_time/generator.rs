//! The generator over time: how late it was, and what it had of its machine.

use std::io;
use std::path::Path;

use crate::record::{Delay, Histogram, LaneInterval, Ranked, absorb, each_delay, interval_length, total_histogram};
use crate::unit::{Quantile, Span};

use super::{COLUMNS, Grid};

/// What is drawn of delays: p50 and p99.
const MIDDLE: Quantile = Quantile::SUMMARY[0];
const HIGH: Quantile = Quantile::SUMMARY[4];

/// The generator in a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Generator {
    /// Its columns.
    pub grid: Grid,
    /// One each.
    pub columns: Vec<GeneratorColumn>,
}

/// The generator in one column.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GeneratorColumn {
    /// woke − ready; `None` where no request was woken, and in a closed loop.
    pub lag: Option<Delays>,
    /// The bound of T3; `None` where no answer was read.
    pub read_delay: Option<Delays>,
    /// What the lanes had; `None` where the kernel does not say.
    pub lanes: Option<LaneShares>,
}

/// Delays of one column, in µs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delays {
    /// The median.
    pub p50: u64,
    /// p99.
    pub p99: u64,
    /// The longest.
    pub max: u64,
}

/// Shares of an interval, 1 being all of it: of the intervals of a column the greatest each.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LaneShares {
    /// In which the busiest lane ran.
    pub busy: f64,
    /// In which a lane waited for a core.
    pub waited: f64,
    /// That the host took from the machine.
    pub stolen: f64,
}

impl Generator {
    /// Of a run of this length in `folder`, whose lanes had these intervals.
    ///
    /// # Errors
    /// `generator.hlog` or `intervals.hlog` cannot be read.
    pub fn read(folder: &Path, run: Span, lanes: &[LaneInterval]) -> io::Result<Self> {
        let grid = Grid::new(run, interval_length(folder)?, COLUMNS);
        let mut read = Self { grid, columns: vec![GeneratorColumn::default(); grid.columns()] };
        let (mut lag, mut read_delay) = (Open::new(), Open::new());
        each_delay(folder, |start, end, delay, delays| {
            let column = grid.column_of(start, end);
            match delay {
                Delay::Lag => lag.take(column, delays, |column, lag| read.columns[column].lag = Some(lag)),
                Delay::Read => {
                    read_delay.take(column, delays, |column, delay| read.columns[column].read_delay = Some(delay));
                }
            }
        })?;
        lag.close(&mut |column, lag| read.columns[column].lag = Some(lag));
        read_delay.close(&mut |column, delay| read.columns[column].read_delay = Some(delay));
        lanes.iter().for_each(|interval| read.take_lanes(interval));
        Ok(read)
    }

    fn take_lanes(&mut self, interval: &LaneInterval) {
        let column = &mut self.columns[self.grid.column_of(interval.from, interval.from + interval.wall)];
        let sum = column.lanes.get_or_insert_default();
        sum.busy = sum.busy.max(interval.busy());
        sum.waited = sum.waited.max(interval.waited());
        sum.stolen = sum.stolen.max(interval.steal_pct / 100.0);
    }
}

/// The delays of the column that is being filled.
struct Open {
    column: usize,
    delays: Histogram,
}

impl Open {
    fn new() -> Self {
        Self { column: 0, delays: total_histogram() }
    }

    fn take(&mut self, column: usize, delays: &Histogram, mut closed: impl FnMut(usize, Delays)) {
        if column != self.column {
            self.close(&mut closed);
            self.column = column;
        }
        absorb(&mut self.delays, delays);
    }

    fn close(&mut self, closed: &mut impl FnMut(usize, Delays)) {
        let ranked = Ranked::samples(&self.delays);
        if let (Some(p50), Some(p99)) = (ranked.quantile(MIDDLE), ranked.quantile(HIGH)) {
            closed(self.column, Delays { p50, p99, max: self.delays.max() });
            self.delays.reset();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::written::Log;
    use super::*;
    use crate::unit::Instant;

    #[test]
    fn delays_and_shares_stand_in_the_column_of_their_interval() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut intervals, mut delays) = (Log::new(), Log::new());
        for second in 0..900 {
            intervals.population("a", second, &[100], 0);
            delays.add("lag", second, &[40, 60, if second == 31 { 900 } else { 70 }]);
            if second >= 3 {
                delays.add("read_delay", second, &[5]);
            }
        }
        intervals.write_to(&folder.path().join("intervals.hlog"));
        delays.write_to(&folder.path().join("generator.hlog"));
        let (from, wall) = (Instant::ZERO + Span::from_secs(4), Span::from_secs(1));
        let lane =
            LaneInterval { from, wall, most_cpu: Span::from_millis(250), most_waited: Span::ZERO, steal_pct: 2.0 };
        let read = Generator::read(folder.path(), Span::from_secs(900), &[lane]).expect("it is read");
        assert_eq!((read.grid.columns(), read.grid.width()), (300, Span::from_secs(3)));
        let (calm, late) = (Delays { p50: 60, p99: 70, max: 70 }, Delays { p50: 60, p99: 900, max: 900 });
        assert_eq!(
            (read.columns[0].lag, read.columns[10].lag, read.columns[299].lag),
            (Some(calm), Some(late), Some(calm))
        );
        assert_eq!((read.columns[0].read_delay, read.columns[1].read_delay.map(|delay| delay.max)), (None, Some(5)));
        let shares = LaneShares { busy: 0.25, waited: 0.0, stolen: 0.02 };
        assert_eq!((read.columns[1].lanes, read.columns[2].lanes), (Some(shares), None));
    }
}
