//! The hub: adds up the slices of all lanes, streams closed intervals to its sinks, ends in a recording.
//!
//! There is one hub per run, on a thread that is not a lane. Close an interval once every lane has handed over its
//! slice; a slice that comes later counts in the next interval. Each interval is written and flushed in
//! one piece, so what a killed run leaves is readable. Memory does not grow with requests: histograms of
//! 16 to 184 KiB, by their greatest value (6 a population, 1 a step, 1 an objective with times of its own, 2 for the
//! lanes), 56 bytes a second, 8 a second and population, and 24 a bin for each objective and each population.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::SystemTime;

use crate::unit::{Instant, Span};

use super::bins::Bins;
use super::failures::{self, Failures};
use super::hlog::LogLines;
use super::memory::MemorySamples;
use super::recording::add_totals;
use super::timeline::{ResponseQuantiles, SECOND, Timeline};
use super::{
    Bin, Catalog, CatalogMeasure, EndFacts, Histogram, HostSample, LaneHistogram, MeasureRecord, PopulationRecord,
    PopulationSlice, Ranked, Reason, Recording, SecondDelta, Slice, Snapshot, TOP, Tally, Unasked, WrongKinds, absorb,
    bins, lane_histogram, rows, timeline, total_histogram, totals, unasked,
};

/// How long intervals are (D2), and those of a long run.
pub(super) const INTERVAL: Span = Span::from_secs(1);
pub(super) const LONG_INTERVAL: Span = Span::from_secs(10);

/// Names in a run's folder.
pub(super) const INTERVALS: &str = "intervals.hlog";
pub(super) const GENERATOR: &str = "generator.hlog";

/// The tags of `generator.hlog`.
pub(super) const LAG: &str = "lag";
pub(super) const READ_DELAY: &str = "read_delay";

/// What the head of this file says of seconds (with what is nominal in each) and bins.
const _: () = assert!(size_of::<SecondDelta>() + size_of::<u64>() == 56 && size_of::<Bin>() == 24);

/// Where a hub writes; names in a run's folder: `intervals.hlog`, `generator.hlog`, `timeline.csv`,
/// `objectives.csv`, `failures.ndjson`, `totals.hlog`. Needs no buffer: whole intervals are written at once.
pub struct Sinks {
    /// Histograms by interval (D2).
    pub intervals: Box<dyn Write + Send>,
    /// Lag and read delay by interval.
    pub generator: Box<dyn Write + Send>,
    /// Counts by second (D4).
    pub timeline: Box<dyn Write + Send>,
    /// Counts by bin and objective (D3).
    pub objectives: Box<dyn Write + Send>,
    /// Examples of requests that were not right (D4).
    pub failures: Box<dyn Write + Send>,
    /// Histograms of the whole run, at the end.
    pub totals: Box<dyn Write + Send>,
}

impl Sinks {
    /// Keeps nothing: for a run of which only the recording is wanted.
    pub fn nowhere() -> Self {
        let nowhere = || Box::new(io::sink());
        Self {
            intervals: nowhere(),
            generator: nowhere(),
            timeline: nowhere(),
            objectives: nowhere(),
            failures: nowhere(),
            totals: nowhere(),
        }
    }
}

/// Adds up, streams and remembers what the lanes hand over.
pub struct Hub {
    catalog: Arc<Catalog>,
    sinks: Sinks,
    log: LogLines,
    generator: LogLines,
    started: SystemTime,
    opened: Instant,
    /// The interval that is open; holds histograms and counters only.
    interval: Slice,
    all: LaneHistogram,
    populations: Vec<PopulationRecord>,
    times: Vec<Option<Histogram>>,
    measures: Vec<MeasureRecord>,
    lag: Histogram,
    read_delay: Histogram,
    counters: super::Counters,
    timeline: Timeline,
    bins: Bins,
    failures: Failures,
    wrong: WrongKinds,
    unasked: Vec<Unasked>,
    in_flight: Vec<u64>,
    memory: MemorySamples,
    snapshot: Snapshot,
}

impl Hub {
    /// A hub for a run that starts at `started`, planned as `nominal` requests by second (D3); writes the
    /// headers of its files.
    pub fn new(catalog: Arc<Catalog>, nominal: Vec<u64>, started: SystemTime, mut sinks: Sinks) -> io::Result<Self> {
        let (mut log, mut generator) = (LogLines::with_header(started)?, LogLines::with_header(started)?);
        log.flush_to(&mut sinks.intervals).map_err(|e| in_file(INTERVALS, e))?;
        generator.flush_to(&mut sinks.generator).map_err(|e| in_file(GENERATOR, e))?;
        write(&mut sinks.timeline, timeline::FILE, rows::header::<timeline::Row>()?.as_bytes())?;
        write(&mut sinks.objectives, bins::FILE, rows::header::<bins::Row<'static>>()?.as_bytes())?;
        Ok(Self {
            interval: Slice::new(&catalog),
            all: lane_histogram(),
            populations: catalog.populations.iter().map(|p| PopulationRecord::new(p.steps.len())).collect(),
            times: catalog.objectives.iter().map(|o| catalog.ranks_times(o).then(total_histogram)).collect(),
            measures: catalog.measures.iter().map(|_| MeasureRecord::new()).collect(),
            lag: total_histogram(),
            read_delay: total_histogram(),
            counters: super::Counters::default(),
            timeline: Timeline::new(nominal),
            bins: Bins::new(&catalog),
            failures: Failures::default(),
            wrong: WrongKinds::default(),
            unasked: Vec::new(),
            in_flight: Vec::new(),
            memory: MemorySamples::default(),
            snapshot: Snapshot::default(),
            opened: Instant::ZERO,
            catalog,
            sinks,
            log,
            generator,
            started,
        })
    }

    /// How long the intervals of a run should be that nominally ends at `last_due` (D2).
    pub fn interval_for(last_due: Instant) -> Span {
        if last_due > Instant::ZERO + Span::from_secs(6 * 3600) { LONG_INTERVAL } else { INTERVAL }
    }

    /// Adds what a lane handed over; the slice may then be cleared and given back.
    pub fn add(&mut self, lane: usize, slice: &Slice) -> io::Result<()> {
        self.interval.add_histograms(slice);
        // By the lane's own clock: the interval that is open may be another, where this thread or the lane was late.
        let second = slice.began.bin(SECOND) as usize;
        for (sum, population) in self.populations.iter_mut().zip(&slice.populations) {
            sum.add_right(second, population.ok.len());
        }
        for delta in &slice.seconds {
            self.timeline.add(delta);
            self.snapshot.count(delta);
        }
        slice.bins.iter().for_each(|delta| self.bins.add(delta));
        if let Some(totals) = &slice.totals {
            add_totals(&mut self.populations, &mut self.times, totals);
            self.measures.iter_mut().zip(&totals.measures).for_each(|(sum, lane)| sum.add_totals(lane));
            self.wrong.add(&totals.wrong);
        }
        if self.in_flight.len() <= lane {
            self.in_flight.resize(lane + 1, 0);
        }
        self.in_flight[lane] = slice.in_flight;
        unasked::add(&mut self.unasked, &slice.unasked);
        slice.failures.iter().try_for_each(|sample| self.failures.add(sample, &self.catalog))
    }

    /// Closes the interval that ends at `now`, and writes it.
    pub fn close_interval(&mut self, now: Instant, host: HostSample) -> io::Result<()> {
        self.memory.add(now, host.rss_bytes);
        self.close(now, now.bin(SECOND) as usize, now.bin(self.catalog.bin) as usize, &host)
    }

    /// Requests planned in the sessions that began, by population, and all sessions that began; complete once every
    /// lane's last slice was added.
    pub fn begun(&self) -> (Vec<u64>, u64) {
        let both = self.populations.iter().zip(&self.interval.populations);
        let requests = |(sum, open): (&PopulationRecord, &PopulationSlice)| {
            sum.counters.requests_planned + open.counters.requests_planned
        };
        let sessions = |(sum, open): (&PopulationRecord, &PopulationSlice)| {
            sum.counters.sessions_started + open.counters.sessions_started
        };
        (both.clone().map(requests).collect(), both.map(sessions).sum())
    }

    /// What is measured beside requests.
    pub fn measures(&self) -> &[CatalogMeasure] {
        &self.catalog.measures
    }

    /// What progress shows: totals so far, rates and quantiles of the last closed interval.
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot
    }

    /// Writes what is left, and the windows; needs every lane's last slice.
    pub fn finish(mut self, end: EndFacts) -> io::Result<Recording> {
        let now = Instant::ZERO + end.elapsed;
        let seconds = self.timeline.seconds.len().max(end.elapsed.as_nanos().div_ceil(SECOND.as_nanos()) as usize);
        self.close(now, seconds, self.bins.end(), &end.host)?;
        self.write_totals(end.elapsed)?;
        if let Some(reason) = end.gave_up.map(Reason::of_unbegun) {
            self.leave_unbegun(reason, end.planned.as_deref().unwrap_or_default());
            for (measure, planned) in self.measures.iter_mut().zip(&end.planned_samples) {
                measure.leave_unbegun(reason, planned.unwrap_or(0));
            }
        }
        // A second behind the plan has nothing of it.
        self.timeline.nominal.resize(seconds.max(self.timeline.nominal.len()), 0);
        let mut recording = Recording {
            catalog: self.catalog,
            populations: self.populations,
            measures: self.measures,
            lag: (!end.closed_loop).then_some(self.lag),
            read_delay: Some(self.read_delay),
            seconds: self.timeline.seconds,
            nominal: self.timeline.nominal,
            bins: self.bins.by_series,
            counters: Some(self.counters),
            times: self.times,
            failures: self.failures.kept,
            wrong: self.wrong.into_sorted(),
            unasked: self.unasked,
            end,
            identity: Ok(()),
            damage: Vec::new(),
            memory: self.memory.trend(),
        };
        recording.identity = recording.check_identity();
        Ok(recording)
    }

    /// R3: what a run that was stopped or gave up did not begin is unfinished, for this reason. The lanes account for every session
    /// that began; a run that came to its end has none that did not, so there the identity stays a check.
    fn leave_unbegun(&mut self, reason: Reason, planned: &[u64]) {
        for (population, planned) in self.populations.iter_mut().zip(planned) {
            let unbegun = planned.saturating_sub(population.counters.requests_planned);
            population.tally.by_reason[reason as usize] += unbegun;
        }
    }

    fn close(&mut self, now: Instant, end_second: usize, end_bin: usize, host: &HostSample) -> io::Result<()> {
        let in_flight = self.in_flight.iter().sum();
        self.snapshot.close(&self.interval, self.opened, now, &self.timeline.nominal, in_flight);
        self.write_interval(now)?;
        let response = self.response_of_interval();
        let rows = self.timeline.rows(end_second, in_flight, response, host)?;
        write(&mut self.sinks.timeline, timeline::FILE, &rows)?;
        write(&mut self.sinks.objectives, bins::FILE, &self.bins.rows(end_bin)?)?;
        self.failures.flush_to(&mut self.sinks.failures).map_err(|e| in_file(failures::FILE, e))?;
        self.fold_interval();
        self.opened = now;
        Ok(())
    }

    /// The responses of the open interval, over all populations.
    fn response_of_interval(&mut self) -> ResponseQuantiles {
        let mut sum = Tally::default();
        self.all.reset();
        for population in &self.interval.populations {
            self.all.add(&population.ok).expect("every lane histogram has the same bounds");
            sum.add(&tally(population));
        }
        ResponseQuantiles::new(&Ranked::new(&self.all, &sum))
    }

    fn write_interval(&mut self, now: Instant) -> io::Result<()> {
        let length = now.since(self.opened);
        for (names, population) in self.catalog.populations.iter().zip(&self.interval.populations) {
            let tally = tally(population);
            if tally.total() == 0 {
                continue;
            }
            all_requests(&mut self.all, &population.ok, tally.not_right());
            self.log.add(&names.name, &self.all, self.opened, length)?;
            self.log.add(&format!("{}.ok", names.name), &population.ok, self.opened, length)?;
            self.log.add(&format!("{}.failed", names.name), &population.failed, self.opened, length)?;
            self.log.counts(&names.name, &tally);
        }
        self.log.flush_to(&mut self.sinks.intervals).map_err(|e| in_file(INTERVALS, e))?;
        for (tag, delays) in [(LAG, &self.interval.lag), (READ_DELAY, &self.interval.read_delay)] {
            self.generator.add(tag, delays, self.opened, length)?;
        }
        self.generator.flush_to(&mut self.sinks.generator).map_err(|e| in_file(GENERATOR, e))
    }

    /// Adds the closed interval to the run's totals.
    fn fold_interval(&mut self) {
        for (sum, population) in self.populations.iter_mut().zip(&self.interval.populations) {
            absorb(&mut sum.response, &population.ok);
            sum.tally.add(&tally(population));
            sum.extra.add(&population.extra);
            sum.counters.add(&population.counters);
            self.counters.add(&population.counters);
        }
        absorb(&mut self.lag, &self.interval.lag);
        absorb(&mut self.read_delay, &self.interval.read_delay);
        self.counters.add(&self.interval.counters);
        self.interval.clear();
    }

    fn write_totals(&mut self, elapsed: Span) -> io::Result<()> {
        let beside = (&*self.measures, &*self.times);
        let mut lines = totals::lines(&self.catalog, &self.populations, beside, self.started, elapsed)?;
        lines.flush_to(&mut self.sinks.totals).map_err(|e| in_file(totals::FILE, e))
    }
}

fn tally(population: &PopulationSlice) -> Tally {
    Tally { completed: population.ok.len(), over_range: population.over_range, by_reason: population.not_right }
}

/// Right answers, and every request that was not right at the top value (D2).
fn all_requests(all: &mut LaneHistogram, ok: &LaneHistogram, not_right: u64) {
    all.reset();
    all.add(ok).expect("every lane histogram has the same bounds");
    if not_right > 0 {
        all.record_n(TOP, u32::try_from(not_right).unwrap_or(u32::MAX)).expect("the top value is in range");
    }
}

fn write(sink: &mut dyn Write, file: &str, text: &[u8]) -> io::Result<()> {
    sink.write_all(text).and_then(|()| sink.flush()).map_err(|e| in_file(file, e))
}

fn in_file(file: &str, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot write {file}: {error}"))
}
