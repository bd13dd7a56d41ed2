//! `recording.json`: what a recording has beside histograms and what is written as the run goes. Written last, so that a
//! folder which has it is whole.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::scenario::Measure;
use crate::unit::Span;

use super::facts::LONGEST_S;
use super::{
    Bin, CatalogMeasure, CatalogPopulation, Counters, EndFacts, Imbalance, MemoryTrend, PopulationRecord, Recording,
    SecondDelta, Tally, Unasked, WrongKind,
};

/// Its name in a run's folder.
pub(super) const FILE: &str = "recording.json";

/// The file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Stored {
    pub(super) schema_version: u32,
    /// What the rest of the process knew at the end.
    pub(super) end: EndFacts,
    pub(super) populations: Vec<StoredPopulation>,
    pub(super) measures: Vec<StoredMeasure>,
    /// Counts that need no key, of the whole run.
    pub(super) counters: Option<Counters>,
    /// What the other files hold in all: those that were cut or changed since are found by it.
    pub(super) sums: Sums,
    /// The plan's requests in the seconds behind the last of `timeline.csv`.
    pub(super) nominal_after: Vec<u64>,
    pub(super) limit_covers_target: bool,
    pub(super) tightest_limit_ns: Option<Span>,
    pub(super) wrong: Vec<WrongKind>,
    pub(super) unasked: Vec<Unasked>,
    pub(super) memory: Option<MemoryTrend>,
    /// What did not add up where it was recorded (R3).
    pub(super) imbalances: Vec<Imbalance>,
}

/// A population, its histograms apart.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredPopulation {
    name: String,
    tally: Tally,
    extra: Tally,
    /// Right answers by the second in which their interval began on their lane.
    right_by_second: Vec<u64>,
    counters: Counters,
    steps: Vec<StoredStep>,
}

/// A step, its histogram apart.
#[derive(Debug, Serialize, Deserialize)]
struct StoredStep {
    name: String,
    method: String,
    /// The numbers of the objectives, in `run.json`, that its requests count for.
    objectives: Vec<u16>,
    tally: Tally,
    by_status: BTreeMap<u16, u64>,
    bytes_sent: u64,
    bytes_received: u64,
}

/// What was timed beside requests, its histogram apart.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredMeasure {
    /// The number of its population.
    population: u16,
    name: String,
    kind: Measure,
    objectives: Vec<u16>,
    pub(super) tally: Tally,
}

/// What the files hold that are written as the run goes.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Sums {
    /// `objectives.csv`: of each objective, then of the errors of all requests and of each population.
    pub(super) bins: Vec<Bin>,
    /// `timeline.csv`.
    pub(super) seconds: SecondSums,
    /// `generator.hlog`: lags, and read delays; `null` in closed loop.
    pub(super) lags: Option<u64>,
    pub(super) read_delays: Option<u64>,
}

/// What the rows of `timeline.csv` come to.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct SecondSums {
    rows: u64,
    due: u64,
    ready: u64,
    woke: u64,
    done: u64,
    failed: u64,
    unsent: u64,
    unfinished: u64,
    delivered: u64,
}

impl SecondSums {
    pub(super) fn of(seconds: &[SecondDelta]) -> Self {
        let mut sums = Self { rows: seconds.len() as u64, ..Self::default() };
        for row in seconds {
            sums.due += u64::from(row.due);
            sums.ready += u64::from(row.ready);
            sums.woke += u64::from(row.woke);
            sums.done += u64::from(row.done);
            sums.failed += u64::from(row.failed);
            sums.unsent += u64::from(row.unsent);
            sums.unfinished += u64::from(row.unfinished);
            sums.delivered += u64::from(row.delivered);
        }
        sums
    }
}

impl Stored {
    /// Changes when a field changes its meaning.
    pub(super) const SCHEMA_VERSION: u32 = 2;

    fn new(recording: &Recording) -> Self {
        let catalog = &*recording.catalog;
        let populations = catalog.populations.iter().zip(&recording.populations);
        let measures = catalog.measures.iter().zip(&recording.measures);
        Self {
            schema_version: Self::SCHEMA_VERSION,
            end: recording.end.clone(),
            populations: populations.map(|(names, record)| StoredPopulation::new(names, record)).collect(),
            measures: measures.map(|(names, record)| StoredMeasure::new(names, record.tally)).collect(),
            counters: recording.counters,
            sums: Sums {
                bins: recording.bins.iter().map(|bins| Bin::sum(bins)).collect(),
                seconds: SecondSums::of(&recording.seconds),
                lags: recording.lag.as_ref().map(super::Histogram::len),
                read_delays: recording.read_delay.as_ref().map(super::Histogram::len),
            },
            nominal_after: recording.nominal.iter().skip(recording.seconds.len()).copied().collect(),
            limit_covers_target: catalog.limit_covers_target,
            tightest_limit_ns: catalog.tightest_limit,
            wrong: recording.wrong.clone(),
            unasked: recording.unasked.clone(),
            memory: recording.memory,
            imbalances: recording.identity.as_ref().err().cloned().unwrap_or_default(),
        }
    }

    /// From the text of a file: what it says, or what is wrong and in which line.
    pub(super) fn read(text: &[u8], objectives: usize) -> Result<Self, (Option<u64>, String)> {
        let told = |error: serde_json::Error| (Some(error.line() as u64), error.to_string());
        let tree: serde_json::Value = serde_json::from_slice(text).map_err(told)?;
        let version = &tree["schema_version"];
        if *version != Self::SCHEMA_VERSION {
            let known = Self::SCHEMA_VERSION;
            return Err((None, format!("has schema_version {version}, and {known} is known here")));
        }
        // Whatever of it is added up then fits.
        if total(&tree) > u64::MAX / 2 {
            return Err((None, "has numbers that no run has".to_owned()));
        }
        let stored: Self = serde_json::from_slice(text).map_err(told)?;
        stored.check(objectives).map_err(|what| (None, what))?;
        Ok(stored)
    }

    /// Whether its parts fit each other, and what `run.json` has of objectives.
    fn check(&self, objectives: usize) -> Result<(), String> {
        let counted = self.sums.bins.len();
        let of = counted.saturating_sub(1 + self.populations.len());
        if counted != objectives + 1 + self.populations.len() {
            return Err(format!("is about {of} objectives, and run.json about {objectives}"));
        }
        let steps = |population: u16| self.populations.get(usize::from(population)).map_or(0, |it| it.steps.len());
        let has_step = |population: u16, step: u16| usize::from(step) < steps(population);
        let numbers = self.populations.iter().flat_map(|it| it.steps.iter().flat_map(|step| &step.objectives));
        let numbers = numbers.chain(self.measures.iter().flat_map(|measure| &measure.objectives));
        let (populations, longest) = (self.populations.len(), Span::from_secs(LONGEST_S));
        let sound = [
            numbers.copied().all(|number| usize::from(number) < objectives),
            self.measures.iter().all(|measure| usize::from(measure.population) < populations),
            self.wrong.iter().all(|kind| has_step(kind.population, kind.step)),
            self.unasked.iter().all(|unasked| has_step(unasked.population, unasked.step)),
            self.populations.iter().all(|it| it.extra.is_part_of(&it.tally)),
            self.end.planned.as_ref().is_none_or(|planned| planned.len() == populations),
            [Some(self.end.elapsed), self.end.planned_length].into_iter().flatten().all(|it| it <= longest),
            self.populations.iter().all(|it| it.right_by_second.len() <= LONGEST_S as usize),
        ];
        if sound.contains(&false) { Err("has parts that do not fit each other".to_owned()) } else { Ok(()) }
    }

    /// The names of its populations and steps.
    pub(super) fn catalog_populations(&self) -> Vec<CatalogPopulation> {
        self.populations.iter().map(StoredPopulation::names).collect()
    }

    /// What is measured beside requests.
    pub(super) fn catalog_measures(&self) -> Vec<CatalogMeasure> {
        self.measures.iter().map(StoredMeasure::names).collect()
    }
}

/// The sum of all whole numbers in a tree.
fn total(tree: &serde_json::Value) -> u64 {
    match tree {
        serde_json::Value::Array(all) => all.iter().map(total).fold(0, u64::saturating_add),
        serde_json::Value::Object(fields) => fields.values().map(total).fold(0, u64::saturating_add),
        number => number.as_u64().unwrap_or(0),
    }
}

impl StoredPopulation {
    fn new(names: &CatalogPopulation, record: &PopulationRecord) -> Self {
        let steps = names.steps.iter().zip(&names.methods).zip(&names.objectives_by_step).zip(&record.steps);
        let steps = steps.map(|(((name, method), objectives), step)| StoredStep {
            name: name.clone(),
            method: method.clone(),
            objectives: objectives.clone(),
            tally: step.tally,
            by_status: step.by_status.clone(),
            bytes_sent: step.bytes_sent,
            bytes_received: step.bytes_received,
        });
        Self {
            name: names.name.clone(),
            tally: record.tally,
            extra: record.extra,
            right_by_second: record.right_by_second.clone(),
            counters: record.counters,
            steps: steps.collect(),
        }
    }

    fn names(&self) -> CatalogPopulation {
        CatalogPopulation {
            name: self.name.clone(),
            steps: self.steps.iter().map(|step| step.name.clone()).collect(),
            methods: self.steps.iter().map(|step| step.method.clone()).collect(),
            // Of use to those who send its requests.
            step_by_number: Vec::new(),
            objectives_by_step: self.steps.iter().map(|step| step.objectives.clone()).collect(),
        }
    }

    /// The number of its steps.
    pub(super) fn steps(&self) -> usize {
        self.steps.len()
    }

    /// Adds what is stored here to its histograms.
    pub(super) fn complete(self, record: &mut PopulationRecord) {
        (record.tally, record.extra, record.counters) = (self.tally, self.extra, self.counters);
        record.right_by_second = self.right_by_second;
        for (record, stored) in record.steps.iter_mut().zip(self.steps) {
            (record.tally, record.by_status) = (stored.tally, stored.by_status);
            (record.bytes_sent, record.bytes_received) = (stored.bytes_sent, stored.bytes_received);
        }
    }
}

impl StoredMeasure {
    fn new(names: &CatalogMeasure, tally: Tally) -> Self {
        let CatalogMeasure { population, name, kind, objectives } = names.clone();
        Self { population, name, kind, objectives, tally }
    }

    fn names(&self) -> CatalogMeasure {
        let Self { population, name, kind, objectives, tally: _ } = self;
        CatalogMeasure { population: *population, name: name.clone(), kind: *kind, objectives: objectives.clone() }
    }
}

impl Recording {
    /// Writes `recording.json`.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(io::BufWriter::new(&mut *out), &Stored::new(self))?;
        out.write_all(b"\n")?;
        out.flush()
    }
}
