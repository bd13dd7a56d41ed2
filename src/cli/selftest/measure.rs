//! A row measured by the engine of `run`, with the stamps of its server beside what scrutinio made of it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant as Clock};

use anyhow::{Context, anyhow};

use crate::engine::{Load, RunClock, monotonic_nanos};
use crate::judge;
use crate::plan::Plan;
use crate::record::{Catalog, Histogram, LaneLog, Objectives, Recording, RunFacts, Sinks};
use crate::report::{Latency, Summary};
use crate::scenario::{self, Overrides, Scenario};
use crate::truth::{Request, read_log};
use crate::unit::{Instant, NotStarted, STACK_BYTES, Span};
use crate::wire::ResolvedOrigin;

use super::super::Failure;
use super::super::check::threads;
use super::super::collect::Run;
use super::super::embedded::Embedded;
use super::super::one_session::Shared;
use super::super::perform::{HEAD_START, plan_facts};
use super::super::progress::Progress;
use super::super::proof::{evidence, judged};
use super::super::stop::StopSignal;
use super::distort::Distortion;
use super::row::{How, Row, closed_loop};

/// Connections of the closed loop: so few meet each standstill once each.
pub const CLOSED: u64 = 2;

/// From a server's start to that of its load. The first standstill of a server comes a period after its start: from here
/// on, whole periods hold whole standstills and the time in which what they held is drained.
const SETTLED: Duration = Duration::from_millis(1200);

/// A row measured.
pub struct Measured {
    /// Planned requests.
    pub planned: u64,
    /// What is reported of it.
    pub summary: Summary,
    /// How long answers may have been readable before they were read; `None` if another process read them.
    pub read_delay: Option<Histogram>,
    /// Each request that its server logged.
    pub requests: Vec<Request>,
    /// What a closed loop reported of the same server at the same time.
    pub closed: Option<Latency>,
    /// For how long the generator was stopped.
    pub paused: Option<Span>,
}

/// What all rows of a self-test have in common.
pub struct Bench<'a> {
    /// Whether it is the quick one.
    pub quick: bool,
    /// The seed of plans and servers.
    pub seed: u64,
    /// Where the servers log.
    pub folder: &'a Path,
    /// What stops everything.
    pub stop: &'a StopSignal,
    /// What is falsified.
    pub distortions: &'a [Distortion],
}

/// A scenario with its plan, and the server that it is for.
pub struct Planned {
    /// The scenario.
    pub scenario: Scenario,
    /// Its plan.
    pub plan: Arc<Plan>,
}

impl Planned {
    /// Reads and plans a scenario.
    pub fn of(text: &str) -> anyhow::Result<Self> {
        let checked = scenario::parse(text, "selftest", Path::new(""), &Overrides::default(), &|_| None);
        let scenario = checked.map_err(|problems| anyhow!("{problems}"))?.scenario;
        let plan = Arc::new(Plan::build(&scenario, threads(), &AtomicU64::new(0))?);
        Ok(Self { scenario, plan })
    }

    /// The requests of a log that are of one run of this plan.
    pub fn requests(&self, log: &Path, run_id: &str, start_ns: u64) -> anyhow::Result<Vec<Request>> {
        let lines = read_log(log).with_context(|| format!("cannot read {}", log.display()))?;
        let of_run = lines.iter().filter(|line| line.id.split('/').next() == Some(run_id));
        Ok(of_run.filter_map(|line| Request::of(line, &self.plan, start_ns)).collect())
    }
}

impl Bench<'_> {
    /// Measures a row by the lanes of this process; what was falsified is falsified here.
    pub fn measure(&self, row: &Row) -> Result<Measured, Failure> {
        let log = self.folder.join(format!("{}.log", row.name));
        let server = Embedded::start_as(&row.command_line(row.seed(self.seed), &log.to_string_lossy()))?;
        let since = Clock::now();
        let length = row.length(self.quick);
        let open = Planned::of(&row.scenario(&server.stations, length, row.seed(self.seed)))?;
        let closed = match row.how {
            How::BesideClosedLoop => Some(Planned::of(&closed_loop(server.address, CLOSED, length))?),
            How::Here | How::Paused => None,
        };
        std::thread::sleep(SETTLED.saturating_sub(since.elapsed()));
        let objectives = judged(&open.scenario, &open.plan, &evidence(&open.scenario, &open.plan, false), None)?;
        let server_of = &server;
        let ran = std::thread::scope(|scope| {
            let beside = closed.as_ref().map(|closed| {
                let load = Load::Closed { until: Some(Instant::ZERO + length), budget: None, streams: 1 };
                let thread = std::thread::Builder::new().name("closed-loop".to_owned()).stack_size(STACK_BYTES);
                let run = move || self.run(closed, &Objectives::default(), load, server_of);
                thread.spawn_scoped(scope, run).map_err(NotStarted::of("a thread for the closed loop"))
            });
            let beside = beside.transpose()?;
            let ran = self.run(&open, &objectives, Load::Planned, &server)?;
            let beside = beside.map(|thread| thread.join().map_err(|_| anyhow!("the closed loop panicked"))?);
            Ok::<_, anyhow::Error>((ran, beside.transpose()?))
        });
        let (Ran { mut recording, run_id, start_ns }, beside) = ran?;
        server.end()?;
        self.distortions.iter().for_each(|distortion| distortion.apply(&mut recording));
        Ok(Measured {
            planned: open.plan.requests,
            summary: summary(&recording),
            requests: open.requests(&log, &run_id, start_ns)?,
            read_delay: recording.read_delay,
            closed: beside.map(|ran| summary(&ran.recording).latency_us.response),
            paused: None,
        })
    }

    /// Runs a plan on a server's stations with one lane, and keeps no files.
    fn run(&self, planned: &Planned, objectives: &Objectives, load: Load, server: &Embedded) -> anyhow::Result<Ran> {
        let Planned { scenario, plan } = planned;
        // A scenario names the stations in their order.
        let origins = server.stations.iter().take(scenario.target.origins.len()).map(|address| ResolvedOrigin {
            authority: address.to_string(),
            addresses: vec![(*address).into()],
            sources: Vec::new(),
            tls: None,
        });
        let clock = RunClock::starting_at(monotonic_nanos() + HEAD_START.as_nanos());
        let (lanes, others) = (&[None][..], Vec::new());
        let catalog = Arc::new(Catalog::new(scenario, objectives, plan_facts(load, plan), lanes.len()));
        let run = Run { scenario, catalog, load, plan, lanes, clock, stop: self.stop, others };
        let shared = Shared::new(origins.collect());
        let files = (Sinks::nowhere(), LaneLog::new(Box::new(std::io::sink()))?);
        let recording = run.go(&shared, files, &mut Progress::silent(scenario), None)?;
        Ok(Ran { recording, run_id: shared.run_id, start_ns: clock.start() })
    }
}

/// A run that has ended.
struct Ran {
    recording: Recording,
    run_id: String,
    start_ns: u64,
}

fn summary(recording: &Recording) -> Summary {
    Summary::new(recording, &judge::judge(recording), &RunFacts::default())
}
