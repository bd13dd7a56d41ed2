//! The complete result: what judge and report work on, made by the hub or read from a killed run's folder.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::unit::Span;

use super::{
    AroundRequest, Bin, Catalog, CatalogMeasure, CatalogPopulation, Counters, Damage, FailureRecord, Histogram,
    HostSample, LaneTotals, LanesRecord, MeasureRecord, MemoryTrend, PopulationTotals, Ranked, Reason, SecondDelta,
    StepTotals, Tally, Unasked, WrongKind, absorb, hashes, total_histogram,
};

/// What happened in a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// What it is about.
    pub catalog: Arc<Catalog>,
    /// One entry per population of the catalog.
    pub populations: Vec<PopulationRecord>,
    /// One entry per measure of the catalog; empty of a killed run.
    pub measures: Vec<MeasureRecord>,
    /// woke − ready of requests that the pacer woke (T4); `None` in closed loop, and where it is lost.
    pub lag: Option<Histogram>,
    /// The bound of T3, of every answer read; `None` where it is lost.
    pub read_delay: Option<Histogram>,
    /// The seconds of the run from 0, without gaps.
    pub seconds: Vec<SecondDelta>,
    /// The plan with zero response times, requests by second (D3).
    pub nominal: Vec<u64>,
    /// For every objective of the catalog, its bins from 0; behind them the errors of all requests, and of each population
    /// ([`Catalog::errors_of`]).
    pub bins: Vec<Vec<Bin>>,
    /// Counts that need no key, of the whole run; `None` of a killed run, as are the populations' own.
    pub counters: Option<Counters>,
    /// For every objective of the catalog that has times of its own, those by which quantiles rank what counts for it;
    /// `None` of the others, and where they are not known, as of a killed run.
    pub times: Vec<Option<Histogram>>,
    /// An example of each reason that occurred, of requests and of streams; of a killed run, of each kind.
    pub failures: Vec<FailureRecord>,
    /// Which kinds of requests were not right, those of most requests first; empty of a killed run.
    pub wrong: Vec<WrongKind>,
    /// Bytes that nobody asked for (R8), by step and place; none of a killed run.
    pub unasked: Vec<Unasked>,
    /// What the rest of the process knows.
    pub end: EndFacts,
    /// Whether planned = completed + failed + unsent + unfinished where it was recorded (R3).
    pub identity: Result<(), Vec<Imbalance>>,
    /// What could not be read of a run's folder; none of a run that just ended.
    pub damage: Vec<Damage>,
    /// How the process's memory moved; `None` of a run of a few intervals, and of a killed one.
    pub memory: Option<MemoryTrend>,
}

/// What happened to one population.
#[derive(Clone, Debug, PartialEq)]
pub struct PopulationRecord {
    /// How its requests ended, planned and extra.
    pub tally: Tally,
    /// Those of all these that were extra (P3); none of a killed run, where they cannot be distinguished.
    pub extra: Tally,
    /// Right answers by the second of the run in which their interval began on their lane: of intervals that are longer all
    /// in the first. Of a killed run, by the intervals as they were written.
    pub right_by_second: Vec<u64>,
    /// Responses of right answers.
    pub response: Histogram,
    /// done − sent of right answers; like the next four, empty of a killed run.
    pub service: Histogram,
    /// sent − woke of right answers.
    pub wait: Histogram,
    /// first − sent of right answers.
    pub first_byte: Histogram,
    /// The part of wait spent on connecting, of right answers that opened a connection.
    pub connect: Histogram,
    /// The part of wait spent on TLS handshakes, of right answers behind one; `None` without any.
    pub handshake: Option<Histogram>,
    /// The part of wait spent waiting for a shared pool, of right answers that waited.
    pub pool_wait: Histogram,
    /// One entry per recorded step; empty of a killed run.
    pub steps: Vec<StepRecord>,
    /// Counts that need no key.
    pub counters: Counters,
}

/// What happened to one step.
#[derive(Clone, Debug, PartialEq)]
pub struct StepRecord {
    /// How its requests ended.
    pub tally: Tally,
    /// Responses of right answers.
    pub response: Histogram,
    /// Answers by status.
    pub by_status: BTreeMap<u16, u64>,
    /// Bytes written.
    pub bytes_sent: u64,
    /// Bytes read.
    pub bytes_received: u64,
}

/// What the engine and the command know when a run ends.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EndFacts {
    /// How the run ended.
    pub ending: Ending,
    /// Requests that had to be accounted for, by population: the plan's; in a closed loop those that the lanes
    /// began. `None` if a killed run's folder does not tell.
    pub planned: Option<Vec<u64>>,
    /// Samples that had to be accounted for, by measure of the catalog: the plan's transactions; `None` where no plan
    /// tells. Empty in a closed loop and of a killed run.
    pub planned_samples: Vec<Option<u64>>,
    /// Sessions of the plan; in a closed loop those that the lanes began. `None` as above.
    pub planned_sessions: Option<u64>,
    /// Why the lanes ended before all that was planned had begun, if they did.
    pub gave_up: Option<Reason>,
    /// The plan's arrivals hash and that of the sessions which the lanes started or unsent (P8); `None` without
    /// a plan (closed loop).
    #[serde(with = "hashes")]
    pub arrivals_hash: Option<(u128, u128)>,
    /// From the run's start to the end of the last request.
    #[serde(rename = "elapsed_ns")]
    pub elapsed: Span,
    /// Whether each connection repeated its request at once, without a plan of due instants.
    pub closed_loop: bool,
    /// The last look at the machine; its CPU time is the run's, its steal the share over the whole run.
    pub host: HostSample,
    /// The greatest resident memory of this process.
    pub max_rss_bytes: u64,
    /// Requests that the embedded target says it received (D5).
    pub target_received: Option<u64>,
    /// How the embedded target ended, if it did before the run (O4): `signal: 9 (SIGKILL)`.
    pub target_death: Option<String>,
    /// How much of their cores the lanes had; stored in a file of its own.
    #[serde(skip)]
    pub lanes: LanesRecord,
    /// What `after` was answered; empty if it did not run.
    pub after: Vec<AroundRequest>,
    /// How long the plan is; `None` in a closed loop and of a killed run.
    #[serde(rename = "planned_length_ns")]
    pub planned_length: Option<Span>,
    /// Other runs that were seen on this machine when this one began or ended.
    pub other_runs: Vec<OtherRun>,
}

/// Another run on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherRun {
    /// Its process.
    pub pid: u32,
    /// What it runs: `run shop.yaml`, `quick 127.0.0.1:8080`.
    pub what: String,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Every planned request ended, or the hard stop came (R7).
    #[default]
    Finished,
    /// A signal stopped it; everything was written.
    Interrupted,
    /// Its embedded target died, which stopped it; everything was written.
    TargetDied,
    /// Its process was killed; this is what its folder holds.
    Killed,
}

/// Planned requests that are not accounted for, or too many that are (R3).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{population}: planned {planned}, but completed + failed + unsent + unfinished = {accounted}")]
pub struct Imbalance {
    /// The population.
    pub population: String,
    /// Requests planned.
    pub planned: u64,
    /// Requests that ended in a class.
    pub accounted: u64,
}

impl Recording {
    /// How all requests ended.
    pub fn tally(&self) -> Tally {
        let mut sum = Tally::default();
        self.populations.iter().for_each(|population| sum.add(&population.tally));
        sum
    }

    /// One histogram of every population, added up.
    pub fn merged(&self, part: impl Fn(&PopulationRecord) -> &Histogram) -> Histogram {
        let mut sum = total_histogram();
        for population in &self.populations {
            sum.add(part(population)).expect("every merged histogram has the same bounds");
        }
        sum
    }

    /// Requests that had to be accounted for.
    pub fn planned(&self) -> Option<u64> {
        self.end.planned.as_ref().map(|planned| planned.iter().sum())
    }

    /// Holds what was planned against what ended, population by population (R3); sound if nobody knows the plan.
    pub fn check_identity(&self) -> Result<(), Vec<Imbalance>> {
        let Some(planned) = &self.end.planned else { return Ok(()) };
        let lost = self.lost_transactions();
        let pairs = self.catalog.populations.iter().zip(&self.populations).zip(planned);
        let mut broken: Vec<_> = pairs
            .map(|((names, record), planned)| Imbalance {
                population: names.name.clone(),
                planned: *planned,
                accounted: record.tally.without(&record.extra).total(),
            })
            .filter(|counts| counts.planned != counts.accounted)
            .collect();
        broken.extend(lost);
        broken.extend(self.lost_extras());
        if broken.is_empty() { Ok(()) } else { Err(broken) }
    }
}

impl Recording {
    /// Extra requests that became due and did not end, or ended and were never due.
    fn lost_extras(&self) -> Vec<Imbalance> {
        let pairs = self.catalog.populations.iter().zip(&self.populations);
        let of = |(names, record): (&CatalogPopulation, &PopulationRecord)| Imbalance {
            population: format!("{} (extra requests)", names.name),
            planned: record.counters.extra_due,
            accounted: record.extra.total(),
        };
        pairs.map(of).filter(|counts| counts.planned != counts.accounted).collect()
    }

    /// How the extra requests ended.
    pub fn extra(&self) -> Tally {
        let mut sum = Tally::default();
        self.populations.iter().for_each(|population| sum.add(&population.extra));
        sum
    }

    /// Transactions of the plan that neither ended nor failed. Those under a condition come on top of the plan (P3).
    fn lost_transactions(&self) -> Vec<Imbalance> {
        let measures = self.catalog.measures.iter().zip(&self.measures).zip(&self.end.planned_samples);
        let of = |((names, record), planned): ((&CatalogMeasure, &MeasureRecord), &Option<u64>)| Imbalance {
            population: format!("{}.{}", self.catalog.populations[names.population as usize].name, names.name),
            planned: planned.unwrap_or(0),
            accounted: record.tally.total(),
        };
        measures.map(of).filter(|counts| counts.accounted < counts.planned).collect()
    }
}

impl PopulationRecord {
    pub(super) fn new(steps: usize) -> Self {
        let step = StepRecord {
            tally: Tally::default(),
            response: total_histogram(),
            by_status: BTreeMap::new(),
            bytes_sent: 0,
            bytes_received: 0,
        };
        Self {
            tally: Tally::default(),
            extra: Tally::default(),
            right_by_second: Vec::new(),
            response: total_histogram(),
            service: total_histogram(),
            wait: total_histogram(),
            first_byte: total_histogram(),
            connect: total_histogram(),
            handshake: None,
            pool_wait: total_histogram(),
            steps: vec![step; steps],
            counters: Counters::default(),
        }
    }

    /// One of its histograms of right answers, ranked over all its requests (D1).
    pub fn ranked<'a>(&self, part: &'a Histogram) -> Ranked<'a> {
        Ranked::new(part, &self.tally)
    }

    /// Right answers of an interval that began in this second.
    pub(super) fn add_right(&mut self, second: usize, right: u64) {
        if right == 0 {
            return;
        }
        if self.right_by_second.len() <= second {
            self.right_by_second.resize(second + 1, 0);
        }
        self.right_by_second[second] += right;
    }

    pub(super) fn add_totals(&mut self, lane: &PopulationTotals) {
        absorb(&mut self.service, &lane.service);
        absorb(&mut self.wait, &lane.wait);
        absorb(&mut self.first_byte, &lane.first_byte);
        absorb(&mut self.connect, &lane.connect);
        if let Some(lane) = &lane.handshake {
            absorb(self.handshake.get_or_insert_with(total_histogram), lane);
        }
        absorb(&mut self.pool_wait, &lane.pool_wait);
        for (sum, step) in self.steps.iter_mut().zip(&lane.steps) {
            sum.add_totals(step);
        }
    }
}

impl StepRecord {
    fn add_totals(&mut self, lane: &StepTotals) {
        absorb(&mut self.response, &lane.response);
        self.tally.completed += lane.response.len();
        self.tally.over_range += lane.over_range;
        self.tally.add_reasons(&lane.not_right);
        for (status, n) in &lane.by_status {
            *self.by_status.entry(*status).or_default() += n;
        }
        self.bytes_sent += lane.bytes.0;
        self.bytes_received += lane.bytes.1;
    }
}

/// Adds a lane's totals to a run's.
pub(super) fn add_totals(populations: &mut [PopulationRecord], times: &mut [Option<Histogram>], lane: &LaneTotals) {
    for (sum, totals) in populations.iter_mut().zip(&lane.populations) {
        sum.add_totals(totals);
    }
    for (sum, own) in times.iter_mut().zip(&lane.times) {
        if let (Some(sum), Some(own)) = (sum, own) {
            absorb(sum, own);
        }
    }
}
