//! A run without an engine: requests by hand through a real recorder, hub and folder.
#![allow(dead_code)] // each test binary uses its part

pub mod schema;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, SystemTime};

use scrutinio::record::{
    Catalog, CatalogObjective, CatalogPopulation, EndFacts, Ended, FailureSample, HostSample, Hub, LaneLog, LaneUse,
    Outcome, Reason, Recorder, Recording, RunFacts, RunObjective, Sampled, Sinks, Slice, Woken, Wrong,
};
use scrutinio::scenario::{Metric, Time};
use scrutinio::unit::{Instant, Span};
use tempfile::TempDir;

/// An instant in milliseconds of the run.
pub fn at(ms: u64) -> Instant {
    Instant::from_nanos(ms * 1_000_000)
}

/// `p99 < 300ms` as an objective of a scope.
pub fn objective(scope: &str, line: &str) -> CatalogObjective {
    let metric = line.parse().expect("a metric");
    CatalogObjective {
        scope: scope.to_owned(),
        text: line.to_owned(),
        measure: None,
        metric,
        window: None,
        can_grow: true,
    }
}

/// Two populations, `citizens` (steps home and results) and `staff` (step report), and these objectives:
/// one of scope `overall` counts every request, one of a population or a step its own.
pub fn catalog(objectives: Vec<CatalogObjective>) -> Catalog {
    let population = |name: &str, steps: &[&str]| {
        let for_step = |step: &&str| {
            let of_step = format!("{name}.{step}");
            let is_rate = |o: &CatalogObjective| matches!(o.metric, Metric::Rate { .. });
            let is_about = |o: &CatalogObjective| ["overall", name, of_step.as_str()].contains(&o.scope.as_str());
            let counts = |o: &CatalogObjective| is_about(o) && !is_rate(o);
            (0..).zip(&objectives).filter(|(_, o)| counts(o)).map(|(i, _)| i).collect::<Vec<u16>>()
        };
        CatalogPopulation {
            name: name.to_owned(),
            steps: steps.iter().map(|step| (*step).to_owned()).collect(),
            methods: steps.iter().map(|_| "GET".to_owned()).collect(),
            step_by_number: (0..steps.len() as u16).map(Some).collect(),
            objectives_by_step: steps.iter().map(for_step).collect(),
        }
    };
    let populations = vec![population("citizens", &["home", "results"]), population("staff", &["report"])];
    let limit = |o: &CatalogObjective| Some(o.metric.slow().filter(|slow| slow.time == Time::Response)?.limit);
    let tightest_limit = objectives.iter().filter_map(limit).min();
    let bin = Span::from_millis(100);
    Catalog {
        populations,
        objectives,
        left_out: Vec::new(),
        measures: Vec::new(),
        bin,
        strata: vec![0],
        warm_up: Span::ZERO,
        limit_covers_target: true,
        tightest_limit,
    }
}

/// A recording as it is read back: of use to lanes alone is which step of a flow is recorded as which.
pub fn as_read(mut recording: Recording) -> Recording {
    let catalog = Arc::make_mut(&mut recording.catalog);
    catalog.populations.iter_mut().for_each(|population| population.step_by_number.clear());
    recording
}

/// A run under way.
pub struct Run {
    pub folder: TempDir,
    pub catalog: Arc<Catalog>,
    recorder: Recorder,
    slices: Receiver<Slice>,
    hub: Hub,
    lanes: LaneLog,
    requests: Vec<u64>,
    last: Instant,
}

/// One request, as a test tells it; every instant in milliseconds.
#[derive(Clone, Copy)]
pub struct Told {
    pub population: u16,
    pub due: u64,
    pub woke: u64,
    pub done: u64,
    pub outcome: Outcome,
}

/// Which step of its population a request is of, how long it waited before it went out, and what was wrong with it.
#[derive(Clone, Copy, Default)]
pub struct At<'a> {
    pub step: u16,
    pub waited: u64,
    pub status: u16,
    pub detail: &'a str,
}

impl Run {
    pub fn new(catalog: Catalog, nominal: Vec<u64>) -> Self {
        let (catalog, folder) = (Arc::new(catalog), TempDir::new().expect("a temporary folder"));
        let (out, slices) = channel();
        let (_, spare) = channel();
        let started = SystemTime::UNIX_EPOCH + Duration::from_secs(1_465_102_800);
        let hub = Hub::new(Arc::clone(&catalog), nominal, started, sinks(folder.path())).expect("a hub");
        let recorder = Recorder::new(Arc::clone(&catalog), 0, out, spare);
        let requests = vec![0; catalog.populations.len()];
        let lanes = File::create(folder.path().join("lanes.csv")).expect("a file");
        let lanes = LaneLog::new(Box::new(lanes)).expect("written");
        let run = Self { folder, requests, catalog, recorder, slices, hub, lanes, last: at(0) };
        run.write_facts(RunFacts { plan_digest: Some("ab".repeat(32)), ..RunFacts::default() });
        run
    }

    /// Writes `run.json`, with the catalog's objectives.
    pub fn write_facts(&self, facts: RunFacts) {
        let Catalog { objectives, left_out, bin, strata, warm_up, .. } = &*self.catalog;
        let facts = RunFacts {
            schema_version: RunFacts::SCHEMA_VERSION,
            objectives: objectives.iter().map(RunObjective::new).collect(),
            objectives_left_out: left_out.clone(),
            bin_ms: bin.as_millis(),
            strata_s: strata.clone(),
            warm_up_s: warm_up.as_secs_f64() as u64,
            ..facts
        };
        let mut file = File::create(self.folder.path().join("run.json")).expect("a file");
        facts.write(&mut file).expect("written");
    }

    /// A right answer, woken when due.
    pub fn right(&mut self, population: u16, due: u64, done: u64) {
        self.request(Told { population, due, woke: due, done, outcome: Ok(()) });
    }

    pub fn request(&mut self, told: Told) {
        let detail =
            told.outcome.err().map(|reason| format!("{} after {}", reason.name(), at(told.done).since(at(told.due))));
        self.request_at(At { detail: &detail.unwrap_or_default(), ..At::default() }, told);
    }

    /// A request of any step.
    pub fn request_at(&mut self, At { step, waited, status, detail }: At<'_>, told: Told) {
        let Told { population, due, woke, done, outcome } = told;
        let woken = Woken { due: at(due), ready: at(due), woke: at(woke), paced: true };
        self.recorder.woken(&woken);
        self.recorder.delivered(at(woke));
        let answered = outcome.is_ok();
        self.recorder.ended(&Ended {
            extra: false,
            population,
            step,
            outcome,
            woken,
            taken_up: true,
            sent: Some(at(woke + waited)),
            first: answered.then_some(at(done)),
            done: at(done),
            read_delay: Span::from_micros(20),
            first_read_delay: Span::from_micros(20),
            timeout: Span::from_secs(10),
            connect: Some(Span::from_micros(80)),
            handshake: None,
            pool_wait: None,
            status: if answered { 200 } else { status },
            bytes_sent: 100,
            bytes_received: if answered { 1_000 } else { 0 },
            exchanges: 1,
            ours_before: Span::ZERO,
            ours_before_sent: Span::ZERO,
        });
        let counters = self.recorder.counters_of(population);
        (counters.exchanges, counters.connections_opened) = (counters.exchanges + 1, counters.connections_opened + 1);
        counters.bytes_sent += 100;
        counters.requests_planned += 1;
        self.requests[population as usize] += 1;
        self.last = self.last.max(at(done));
        let Err(reason) = outcome else { return };
        let wrong = Wrong { population, step, session: 7, reason, status, detail };
        self.recorder.wrong(&wrong, || detail.to_owned());
        if self.recorder.wants_sample(Sampled::Request, reason) {
            self.recorder.sample(FailureSample {
                of: Sampled::Request,
                due: at(due),
                population,
                session: 7,
                step,
                path: "/of/7".to_owned(),
                reason,
                status,
                local_port: 40_000,
                connection_age: Some(Span::from_millis(3)),
                detail: detail.to_owned(),
                head: b"HTTP/1.1 \xff".to_vec(),
            });
        }
    }

    /// A sample of a measure, due at `due` ms: its value in ms, or why there is none.
    pub fn measured(&mut self, measure: u16, due: u64, value: Result<u64, Reason>) {
        self.recorder.measured(measure, at(due), value.map(Span::from_millis), Span::ZERO);
    }

    /// What the lane has used up to `ms`.
    pub fn look(&mut self, ms: u64, used: LaneUse, steal_pct: f64) {
        self.lanes.close_interval(at(ms), &[Some(used)], steal_pct).expect("written");
    }

    /// The recorder of its lane.
    pub fn recorder(&mut self) -> &mut Recorder {
        &mut self.recorder
    }

    /// The run is stopped at `ms`.
    pub fn stop(&mut self, ms: u64) {
        self.recorder.stopped(at(ms));
    }

    /// Hands over at `ms`; the hub takes it when it comes to it.
    pub fn hand_over(&mut self, ms: u64) {
        self.recorder.hand_over(3, at(ms));
    }

    /// Hands over and closes the interval that ends at `ms`.
    pub fn close(&mut self, ms: u64) {
        self.hand_over(ms);
        self.take_slices();
        let host = HostSample { rss_bytes: 10 << 20, cpu: Span::from_millis(ms / 10), steal_pct: 0.25 };
        self.hub.close_interval(at(ms), host).expect("written");
    }

    pub fn snapshot(&self) -> scrutinio::record::Snapshot {
        self.hub.snapshot()
    }

    fn take_slices(&mut self) {
        while let Ok(slice) = self.slices.try_recv() {
            self.hub.add(0, &slice).expect("added");
        }
    }

    /// The run's process is killed: what was streamed is there, and nothing else.
    pub fn kill(self) -> TempDir {
        self.folder
    }

    /// Ends the run; `change` may tell other facts than the sound ones.
    pub fn finish(mut self, change: impl FnOnce(&mut EndFacts)) -> (Recording, TempDir) {
        let mut end = EndFacts {
            planned: Some(self.requests.clone()),
            planned_sessions: Some(2),
            arrivals_hash: Some((0xfeed, 0xfeed)),
            elapsed: self.last.since(at(0)),
            host: HostSample { rss_bytes: 11 << 20, cpu: Span::from_millis(500), steal_pct: 0.2 },
            max_rss_bytes: 12 << 20,
            target_received: Some(self.requests.iter().sum()),
            lanes: self.lanes.finish(),
            ..EndFacts::default()
        };
        change(&mut end);
        self.recorder.finish();
        while let Ok(slice) = self.slices.try_recv() {
            self.hub.add(0, &slice).expect("added");
        }
        let recording = self.hub.finish(end).expect("written");
        let mut file = File::create(self.folder.path().join("recording.json")).expect("a file");
        recording.write(&mut file).expect("written");
        (recording, self.folder)
    }
}

fn sinks(folder: &Path) -> Sinks {
    let sink = |name: &str| Box::new(File::create(folder.join(name)).expect("a file"));
    Sinks {
        intervals: sink("intervals.hlog"),
        generator: sink("generator.hlog"),
        timeline: sink("timeline.csv"),
        objectives: sink("objectives.csv"),
        failures: sink("failures.ndjson"),
        totals: sink("totals.hlog"),
    }
}
