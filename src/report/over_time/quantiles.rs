//! Responses over time: a few quantiles in each column, and how far they reach in the intervals of it.

use crate::judge::requests_needed;
use crate::record::{Histogram, Ranked, absorb, total_histogram};
use crate::unit::{Instant, Quantile, Span};

use super::{COLUMNS, Grid};

/// The quantiles that are drawn: p50, p99, p99.9.
pub const DRAWN: [Quantile; 3] = [Quantile::SUMMARY[0], Quantile::SUMMARY[4], Quantile::SUMMARY[5]];

/// The fewest columns that a small population is given, if it has as many intervals.
const FEWEST_COLUMNS: u64 = 12;

/// How slow the request of a rank was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slowness {
    /// In µs, the top of its bucket.
    Micros(u64),
    /// The rank falls among what was not right, which is slower than everything (D1).
    Failed,
}

/// A quantile in one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// That of all requests of the column; `None` if they are too few to prove anything of it (P10).
    pub merged: Option<Slowness>,
    /// That of the interval in which it was least.
    pub least: Slowness,
    /// That of the interval in which it was greatest.
    pub greatest: Slowness,
}

/// One column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuantileColumn {
    /// Requests that ended in it.
    pub count: u64,
    /// Those of [`DRAWN`].
    pub quantiles: [Drawn; DRAWN.len()],
    /// The slowest request.
    pub slowest: Slowness,
}

/// The responses of one scope over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantiles {
    /// Its columns.
    pub grid: Grid,
    /// One each; `None` where no request ended.
    pub columns: Vec<Option<QuantileColumn>>,
}

/// A scope's columns as its intervals are read.
pub(super) struct Reading {
    read: Quantiles,
    open: Option<Open>,
}

/// The column that is being filled.
struct Open {
    column: usize,
    right: Histogram,
    over_range: u64,
    not_right: u64,
    least: [Slowness; DRAWN.len()],
    greatest: [Slowness; DRAWN.len()],
}

impl Reading {
    /// Of a scope that had so many requests in a run of this length, with intervals of this one. A small population has
    /// fewer columns, wide enough that most can show p99.
    pub(super) fn new(run: Span, interval: Span, requests: u64) -> Self {
        let enough = requests / (2 * requests_needed(DRAWN[1].allowed_above()));
        let most = enough.clamp(FEWEST_COLUMNS, COLUMNS as u64) as usize;
        let grid = Grid::new(run, interval, most);
        Self { read: Quantiles { grid, columns: vec![None; grid.columns()] }, open: None }
    }

    /// Takes in an interval, which ends after those before it.
    pub(super) fn take(&mut self, start: Instant, end: Instant, ended: &Ranked<'_>) {
        if ended.count() == 0 {
            return;
        }
        let column = self.read.grid.column_of(start, end);
        if self.open.as_ref().is_some_and(|open| open.column != column) {
            self.close();
        }
        let seen = DRAWN.map(|quantile| slowness(ended, quantile.rank(ended.count())));
        let open = self.open.get_or_insert_with(|| Open::new(column, seen));
        absorb(&mut open.right, ended.ok);
        open.over_range += ended.over_range;
        open.not_right += ended.not_right;
        for (i, seen) in seen.into_iter().enumerate() {
            open.least[i] = open.least[i].min(seen);
            open.greatest[i] = open.greatest[i].max(seen);
        }
    }

    /// The columns, once all intervals were taken in.
    pub(super) fn finish(mut self) -> Quantiles {
        self.close();
        self.read
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let ended = Ranked { ok: &open.right, over_range: open.over_range, not_right: open.not_right };
        let count = ended.count();
        let quantiles = std::array::from_fn(|i| {
            let proves = count >= requests_needed(DRAWN[i].allowed_above());
            let merged = proves.then(|| slowness(&ended, DRAWN[i].rank(count)));
            Drawn { merged, least: open.least[i], greatest: open.greatest[i] }
        });
        let slowest = slowness(&ended, count);
        self.read.columns[open.column] = Some(QuantileColumn { count, quantiles, slowest });
    }
}

impl Open {
    fn new(column: usize, seen: [Slowness; DRAWN.len()]) -> Self {
        Self { column, right: total_histogram(), over_range: 0, not_right: 0, least: seen, greatest: seen }
    }
}

fn slowness(ended: &Ranked<'_>, rank: u64) -> Slowness {
    ended.at_rank(rank).map_or(Slowness::Failed, |bucket| Slowness::Micros(*bucket.end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Span = Span::from_secs(1);

    /// An interval a second, with this many answers of so many µs, and so many that were not right.
    fn read(requests: u64, seconds: &[(u64, u64, u64)]) -> Quantiles {
        let mut reading = Reading::new(Span::from_secs(seconds.len() as u64), SECOND, requests);
        for (second, (count, micros, not_right)) in (0..).zip(seconds) {
            let mut right = total_histogram();
            right.record_n(*micros, *count).expect("in range");
            let start = Instant::ZERO + Span::from_secs(second);
            reading.take(start, start + SECOND, &Ranked { ok: &right, over_range: 0, not_right: *not_right });
        }
        reading.finish()
    }

    #[test]
    fn a_column_has_the_quantile_of_all_and_the_range_of_its_intervals() {
        let stall = |second: u64| if second == 777 { (1_000, 40_000, 0) } else { (1_000, 200, 0) };
        let seconds: Vec<_> = (0..10_800).map(stall).collect();
        let read = read(10_800_000, &seconds);
        assert_eq!((read.grid.columns(), read.grid.width()), (300, Span::from_secs(36)));
        let column = read.columns[777 / 36].expect("requests ended");
        let (fast, slow) = (Slowness::Micros(200), Slowness::Micros(40_031));
        let p50 = Drawn { merged: Some(fast), least: fast, greatest: slow };
        assert_eq!((column.count, column.quantiles[0], column.slowest), (36_000, p50, slow));
        assert_eq!(read.columns.iter().flatten().filter(|column| column.slowest == slow).count(), 1);
    }

    #[test]
    fn what_failed_is_slower_than_everything_and_what_did_not_end_is_nothing() {
        let read = read(1_000_000, &[(500, 100, 0), (500, 100, 6), (0, 0, 3), (0, 0, 0)]);
        let p99 = |column: usize| read.columns[column].map(|column| column.quantiles[1].greatest);
        let failed = Some(Slowness::Failed);
        assert_eq!([p99(0), p99(1), p99(2), p99(3)], [Some(Slowness::Micros(100)), failed, failed, None]);
    }

    #[test]
    fn a_small_population_has_wide_columns_and_too_few_requests_have_no_quantile() {
        let seconds = vec![(10, 100, 0); 600];
        let read = read(6_000, &seconds);
        assert_eq!((read.grid.columns(), read.grid.width()), (12, Span::from_secs(50)));
        let quantiles = read.columns[0].expect("requests ended").quantiles;
        assert_eq!(quantiles.map(|quantile| quantile.merged.is_some()), [true, true, false]);
    }
}
