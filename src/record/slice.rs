//! What a lane hands over: an interval's worth of record, and now and then its totals.

use crate::unit::{Instant, Span};

use super::{
    Catalog, Counters, LaneHistogram, MeasureTotals, Outcome, Reason, Tally, Unasked, WrongKinds, lane_histogram,
};

/// What happened on one lane in one interval. Everything in it is a difference: adding all slices of all
/// lanes gives the run.
#[derive(Clone, Debug)]
pub struct Slice {
    /// Index of the lane.
    pub lane: usize,
    /// When the lane handed over the slice before it.
    pub began: Instant,
    /// One entry per population, keyed by done (D2).
    pub populations: Vec<PopulationSlice>,
    /// woke − ready of requests that the pacer woke (T4).
    pub lag: LaneHistogram,
    /// The bound of T3, of every answer read.
    pub read_delay: LaneHistogram,
    /// Counts by second of the run.
    pub seconds: Vec<SecondDelta>,
    /// Counts by bin of due, for every objective.
    pub bins: Vec<BinDelta>,
    /// Counts that need no key.
    pub counters: Counters,
    /// Some of the requests that were not right.
    pub failures: Vec<FailureSample>,
    /// Bytes that nobody asked for (R8).
    pub unasked: Vec<Unasked>,
    /// How long the lane stood still (O5).
    pub stood: Span,
    /// Requests woken and not done when the slice was handed over.
    pub in_flight: u64,
    /// The lane's totals since they were last handed over; at least at the end of the run.
    pub totals: Option<Box<LaneTotals>>,
}

/// One population's interval.
#[derive(Clone, Debug)]
pub struct PopulationSlice {
    /// Responses of right answers.
    pub ok: LaneHistogram,
    /// Times from due to failure, of failed requests that were sent.
    pub failed: LaneHistogram,
    /// Right answers over the histogram's range (D1).
    pub over_range: u64,
    /// Requests by reason, at [`Reason`]'s number.
    pub not_right: [u64; Reason::ALL.len()],
    /// Those of all these that were extra (P3).
    pub extra: Tally,
    /// Counts that need no key, of this population.
    pub counters: Counters,
}

impl PopulationSlice {
    fn new() -> Self {
        Self {
            ok: lane_histogram(),
            failed: lane_histogram(),
            over_range: 0,
            not_right: [0; Reason::ALL.len()],
            extra: Tally::default(),
            counters: Counters::default(),
        }
    }

    fn clear(&mut self) {
        self.ok.reset();
        self.failed.reset();
        self.over_range = 0;
        self.not_right = [0; Reason::ALL.len()];
        self.extra = Tally::default();
        self.counters = Counters::default();
    }

    fn add(&mut self, other: &Self) {
        self.ok.add(&other.ok).expect(SAME_BOUNDS);
        self.failed.add(&other.failed).expect(SAME_BOUNDS);
        self.over_range += other.over_range;
        for (sum, n) in self.not_right.iter_mut().zip(other.not_right) {
            *sum += n;
        }
        self.extra.add(&other.extra);
        self.counters.add(&other.counters);
    }
}

const SAME_BOUNDS: &str = "every lane histogram has the same bounds";

/// What happened in one second of the run, by the clock that each column is about (D3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SecondDelta {
    /// The second since the run's start.
    pub second: u32,
    /// Requests due in it.
    pub due: u32,
    /// Requests ready in it.
    pub ready: u32,
    /// Requests woken in it.
    pub woke: u32,
    /// Requests that ended with a right answer in it.
    pub done: u32,
    /// Requests that failed in it.
    pub failed: u32,
    /// Requests unsent in it.
    pub unsent: u32,
    /// Requests unfinished in it.
    pub unfinished: u32,
    /// Planned requests, none of the extra ones, that were taken up in it, or given up unsent: what came of `nominal`.
    pub delivered: u32,
    /// How long a lane stood still in it; of several lanes the longest (O5).
    pub stood: Span,
}

/// What one objective saw of the requests due in one bin (D3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BinDelta {
    /// The bin since the run's start, in widths of [`Catalog::bin`].
    pub bin: u32,
    /// Index of the objective.
    pub objective: u16,
    /// Requests.
    pub n: u32,
    /// Bad ones.
    pub k: u32,
    /// Still bad after our lag and read delay are subtracted.
    pub k_without_us: u32,
}

/// What an example is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampled {
    /// A request that was not right.
    Request,
    /// A stream that was lost, whose request was right.
    Stream,
}

/// A request that was not right, or a stream that was lost, as an example (D4).
#[derive(Clone, Debug, PartialEq)]
pub struct FailureSample {
    /// What it is of.
    pub of: Sampled,
    /// When it was due.
    pub due: Instant,
    /// Index of its population.
    pub population: u16,
    /// Its session.
    pub session: u64,
    /// Index of its recorded step.
    pub step: u16,
    /// Path and query that were asked for; empty if they were never known.
    pub path: String,
    /// Why it was not right.
    pub reason: Reason,
    /// The status of its answer; 0 without one.
    pub status: u16,
    /// The local port of its connection; 0 without one.
    pub local_port: u16,
    /// How long its connection had been open.
    pub connection_age: Option<Span>,
    /// What exactly was wrong, in words.
    pub detail: String,
    /// The first bytes of its answer, at most 512.
    pub head: Vec<u8>,
}

/// A lane's totals: what need not survive a kill.
#[derive(Clone, Debug)]
pub struct LaneTotals {
    /// One entry per population.
    pub populations: Vec<PopulationTotals>,
    /// For every objective that has times of its own, those by which quantiles rank what counts for it.
    pub times: Vec<Option<LaneHistogram>>,
    /// One entry per measure of the catalog.
    pub measures: Vec<MeasureTotals>,
    /// Which kinds of requests were not right.
    pub wrong: WrongKinds,
}

/// A population's totals on one lane.
#[derive(Clone, Debug)]
pub struct PopulationTotals {
    /// done − sent of right answers.
    pub service: LaneHistogram,
    /// sent − woke of right answers.
    pub wait: LaneHistogram,
    /// first − sent of right answers.
    pub first_byte: LaneHistogram,
    /// The part of wait spent on connecting, of right answers that opened a connection.
    pub connect: LaneHistogram,
    /// The part of wait spent on TLS handshakes, of right answers behind one; made by the first, as most runs
    /// have none.
    pub handshake: Option<LaneHistogram>,
    /// The part of wait spent waiting for a shared pool, of right answers that waited.
    pub pool_wait: LaneHistogram,
    /// One entry per recorded step.
    pub steps: Vec<StepTotals>,
}

/// A step's totals on one lane.
#[derive(Clone, Debug)]
pub struct StepTotals {
    /// Responses of right answers.
    pub response: LaneHistogram,
    /// Right answers over the histogram's range (D1).
    pub over_range: u64,
    /// Requests by reason, at [`Reason`]'s number.
    pub not_right: [u64; Reason::ALL.len()],
    /// Answers by status.
    pub by_status: Vec<(u16, u64)>,
    /// Bytes written and read.
    pub bytes: (u64, u64),
}

impl Slice {
    /// An empty slice for what the catalog names.
    pub fn new(catalog: &Catalog) -> Self {
        Self {
            lane: 0,
            began: Instant::ZERO,
            populations: vec![PopulationSlice::new(); catalog.populations.len()],
            lag: lane_histogram(),
            read_delay: lane_histogram(),
            seconds: Vec::new(),
            bins: Vec::new(),
            counters: Counters::default(),
            failures: Vec::new(),
            unasked: Vec::new(),
            stood: Span::ZERO,
            in_flight: 0,
            totals: None,
        }
    }

    /// Empties the slice for use again, keeping its memory.
    pub fn clear(&mut self) {
        self.populations.iter_mut().for_each(PopulationSlice::clear);
        self.lag.reset();
        self.read_delay.reset();
        self.seconds.clear();
        self.bins.clear();
        self.counters = Counters::default();
        self.failures.clear();
        self.unasked.clear();
        self.stood = Span::ZERO;
        self.totals = None;
    }

    /// Adds another lane's histograms and counts of the same interval; what is keyed by time, samples and
    /// totals stay where they are.
    pub(super) fn add_histograms(&mut self, other: &Self) {
        for (sum, population) in self.populations.iter_mut().zip(&other.populations) {
            sum.add(population);
        }
        self.lag.add(&other.lag).expect(SAME_BOUNDS);
        self.read_delay.add(&other.read_delay).expect(SAME_BOUNDS);
        self.counters.add(&other.counters);
    }

    /// The counts of a second of the run; made if the interval has not touched it yet.
    pub(super) fn second(&mut self, second: u32) -> &mut SecondDelta {
        // An interval touches a second or two; stragglers (polls held back by a slow answer) a few more.
        let found = self.seconds.iter().rposition(|row| row.second == second);
        let index = found.unwrap_or_else(|| {
            self.seconds.push(SecondDelta { second, ..SecondDelta::default() });
            self.seconds.len() - 1
        });
        &mut self.seconds[index]
    }

    /// The counts of an objective's bin; made if the interval has not touched it yet.
    pub(super) fn bin(&mut self, bin: u32, objective: u16) -> &mut BinDelta {
        let found = self.bins.iter().rposition(|row| row.bin == bin && row.objective == objective);
        let index = found.unwrap_or_else(|| {
            self.bins.push(BinDelta { bin, objective, n: 0, k: 0, k_without_us: 0 });
            self.bins.len() - 1
        });
        &mut self.bins[index]
    }
}

impl StepTotals {
    pub(super) fn count(&mut self, outcome: Outcome, status: u16) {
        if let Err(reason) = outcome {
            self.not_right[reason as usize] += 1;
        }
        if status != 0 {
            match self.by_status.iter_mut().find(|(known, _)| *known == status) {
                Some((_, n)) => *n += 1,
                None => self.by_status.push((status, 1)),
            }
        }
    }
}

impl LaneTotals {
    /// Empty totals for what the catalog names.
    pub fn new(catalog: &Catalog) -> Self {
        let step = StepTotals {
            response: lane_histogram(),
            over_range: 0,
            not_right: [0; Reason::ALL.len()],
            by_status: Vec::new(),
            bytes: (0, 0),
        };
        let population = |steps: usize| PopulationTotals {
            service: lane_histogram(),
            wait: lane_histogram(),
            first_byte: lane_histogram(),
            connect: lane_histogram(),
            handshake: None,
            pool_wait: lane_histogram(),
            steps: vec![step.clone(); steps],
        };
        Self {
            populations: catalog.populations.iter().map(|p| population(p.steps.len())).collect(),
            times: catalog.objectives.iter().map(|o| catalog.has_own_times(o).then(lane_histogram)).collect(),
            measures: vec![MeasureTotals::default(); catalog.measures.len()],
            wrong: WrongKinds::default(),
        }
    }
}
