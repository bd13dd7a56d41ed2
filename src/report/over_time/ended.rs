//! Requests by when they ended: one pass over `intervals.hlog`.

use std::io;
use std::path::Path;

use crate::record::{
    Histogram, PopulationInterval, Ranked, Tally, absorb, each_interval, interval_length, total_histogram,
};
use crate::unit::{Instant, Span};

use super::{Heat, Kinds, Quantiles, quantiles};

/// What ended, by scope and of all.
#[derive(Clone, Debug)]
pub struct Ended {
    /// All requests.
    pub overall: ScopeEnded,
    /// Each population, in the order asked for.
    pub populations: Vec<ScopeEnded>,
    /// How all requests ended.
    pub kinds: Kinds,
}

/// What ended of one scope.
#[derive(Clone, Debug)]
pub struct ScopeEnded {
    /// How long it took, by quantiles.
    pub quantiles: Quantiles,
    /// How long it took, by counts.
    pub heat: Heat,
}

impl Ended {
    /// Of a run of this length in `folder`: of its populations with these names and so many requests. Of a killed run as far
    /// as its intervals go.
    ///
    /// # Errors
    /// `intervals.hlog` cannot be read.
    pub fn read(folder: &Path, run: Span, populations: &[(&str, u64)]) -> io::Result<Self> {
        let interval = interval_length(folder)?;
        let scope = |requests: u64| Scope::new(run, interval, requests);
        let mut overall = scope(populations.iter().map(|(_, requests)| requests).sum());
        let mut scopes: Vec<Scope> = populations.iter().map(|(_, requests)| scope(*requests)).collect();
        let (mut kinds, mut all) = (Kinds::new(run, interval), All::default());
        let names: Vec<&str> = populations.iter().map(|(name, _)| *name).collect();
        each_interval(folder, &names, |population, part| {
            if part.start != all.start {
                all.flush_to(&mut overall);
            }
            scopes[population].take(part.start, part.end, &part.ranked());
            kinds.take(part.start, part.end, &part.tally);
            all.add(&part);
        })?;
        all.flush_to(&mut overall);
        let populations = scopes.into_iter().map(Scope::finish).collect();
        Ok(Self { overall: overall.finish(), populations, kinds })
    }
}

/// A scope as its intervals are read.
struct Scope {
    quantiles: quantiles::Reading,
    heat: Heat,
}

impl Scope {
    fn new(run: Span, interval: Span, requests: u64) -> Self {
        Self { quantiles: quantiles::Reading::new(run, interval, requests), heat: Heat::new(run, interval) }
    }

    fn take(&mut self, start: Instant, end: Instant, ended: &Ranked<'_>) {
        self.quantiles.take(start, end, ended);
        self.heat.take(start, end, ended);
    }

    fn finish(self) -> ScopeEnded {
        ScopeEnded { quantiles: self.quantiles.finish(), heat: self.heat }
    }
}

/// The sum of an interval's populations.
struct All {
    start: Instant,
    end: Instant,
    right: Histogram,
    tally: Tally,
}

impl Default for All {
    fn default() -> Self {
        Self { start: Instant::ZERO, end: Instant::ZERO, right: total_histogram(), tally: Tally::default() }
    }
}

impl All {
    fn add(&mut self, part: &PopulationInterval) {
        (self.start, self.end) = (part.start, part.end);
        absorb(&mut self.right, &part.right);
        self.tally.add(&part.tally);
    }

    fn flush_to(&mut self, overall: &mut Scope) {
        overall.take(self.start, self.end, &Ranked::new(&self.right, &self.tally));
        self.right.reset();
        self.tally = Tally::default();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Slowness;
    use super::super::written::Log;
    use super::*;

    /// What ended of a population in an interval: right answers of as many µs, and how many timed out.
    type Part = (Vec<u64>, u64);

    fn write(intervals: &[Vec<Part>]) -> tempfile::TempDir {
        let mut log = Log::new();
        for (second, parts) in (0..).zip(intervals) {
            for (population, (right, timeouts)) in ["a", "b", "c"].iter().zip(parts) {
                log.population(population, second, right, *timeouts);
            }
        }
        let folder = tempfile::tempdir().expect("a folder");
        log.write_to(&folder.path().join("intervals.hlog"));
        folder
    }

    fn read(folder: &Path, intervals: &[Vec<Part>]) -> Ended {
        let of = |i: usize| intervals.iter().map(|parts| parts[i].0.len() as u64 + parts[i].1).sum();
        let populations = [("a", of(0)), ("b", of(1)), ("c", of(2))];
        Ended::read(folder, Span::from_secs(intervals.len() as u64), &populations).expect("it is read")
    }

    fn parts() -> impl Strategy<Value = Vec<Vec<Part>>> {
        let part = (prop::collection::vec(0..5_000_000u64, 0..20), 0..3u64);
        prop::collection::vec(prop::collection::vec(part, 3), 1..20)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn nothing_is_lost_or_counted_twice(intervals in parts()) {
            let folder = write(&intervals);
            let ended = read(folder.path(), &intervals);
            let heat = |scope: &ScopeEnded| {
                let right: u64 = scope.heat.right.iter().flatten().sum();
                (right, scope.heat.not_right.iter().sum::<u64>())
            };
            let counted = |scope: &ScopeEnded| scope.quantiles.columns.iter().flatten().map(|column| column.count).sum::<u64>();
            let mut all = (0, 0);
            for (i, scope) in ended.populations.iter().enumerate() {
                let right: u64 = intervals.iter().map(|parts| parts[i].0.len() as u64).sum();
                let timeouts: u64 = intervals.iter().map(|parts| parts[i].1).sum();
                prop_assert_eq!((heat(scope), counted(scope)), ((right, timeouts), right + timeouts));
                all = (all.0 + right, all.1 + timeouts);
            }
            prop_assert_eq!((heat(&ended.overall), counted(&ended.overall)), (all, all.0 + all.1));
            let kinds: u64 = ended.kinds.columns.iter().map(Tally::total).sum();
            prop_assert_eq!(kinds, all.0 + all.1);
        }

        /// Whatever is drawn of a column of one interval are order statistics of what ended in it, to a bucket.
        #[test]
        fn a_quantile_is_the_order_statistic(right in prop::collection::vec(0..5_000_000u64, 400..900), timeouts in 0..3u64) {
            let intervals = [vec![(right.clone(), timeouts), Part::default(), Part::default()]];
            let ended = read(write(&intervals).path(), &intervals);
            let mut sorted = right;
            sorted.sort_unstable();
            let column = ended.overall.quantiles.columns[0].expect("requests ended");
            for (quantile, drawn) in super::super::DRAWN.into_iter().zip(column.quantiles).take(2) {
                let exact = sorted.get(quantile.rank(column.count) as usize - 1);
                match (drawn.merged, exact) {
                    (Some(Slowness::Micros(seen)), Some(exact)) => {
                        prop_assert!(seen >= *exact && seen as f64 <= *exact as f64 * 1.001 + 1.0, "{seen} for {exact}");
                    }
                    (Some(Slowness::Failed), None) => {}
                    other => prop_assert!(false, "{other:?}"),
                }
                prop_assert_eq!((drawn.least, drawn.greatest), (drawn.merged.unwrap(), drawn.merged.unwrap()));
            }
        }

        #[test]
        fn a_log_that_was_cut_anywhere_has_what_is_before_the_cut(intervals in parts(), part in 0.0..1.0f64) {
            let folder = write(&intervals);
            let file = folder.path().join("intervals.hlog");
            let mut bytes = std::fs::read(&file).expect("it was written");
            bytes.truncate((bytes.len() as f64 * part) as usize);
            std::fs::write(&file, &bytes).expect("it is written");
            let ended = read(folder.path(), &intervals);
            let whole: u64 = intervals.iter().flatten().map(|(right, timeouts)| right.len() as u64 + timeouts).sum();
            prop_assert!(ended.kinds.columns.iter().map(Tally::total).sum::<u64>() <= whole);
        }
    }
}
