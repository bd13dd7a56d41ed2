//! A run from a checked scenario to a folder and an exit code: what `run` and `quick` share.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, SystemTime};

use anyhow::{Context, anyhow};

use crate::engine::limits::{self, Usage};
use crate::engine::{Engine, EngineConfig, LaneEnd, Load, RunClock, monotonic_nanos};
use crate::judge::{self, requests_needed};
use crate::plan::Plan;
use crate::record::{Catalog, EndFacts, Ending, HostSample, Hub, Recording};
use crate::report::{self, PlannedPopulation, RunFacts, Style, Summary};
use crate::scenario::{Connection, Scenario};
use crate::unit::{Instant, Span};
use crate::wire::ResolvedOrigin;

use super::args::RunOptions;
use super::embedded::{Embedded, check_knobs};
use super::folder::Folder;
use super::output::to_stdout;
use super::progress::Progress;
use super::reach::reach;
use super::stop::StopSignal;
use super::{Exit, Failure, Outcome};

/// Time for the lanes to start before the first session is due.
const HEAD_START: Span = Span::from_millis(50);

/// What is to be run.
pub struct Job {
    /// The scenario.
    pub scenario: Scenario,
    /// Its text, for the folder.
    pub text: String,
    /// What was changed on the command line, as typed.
    pub overrides: Vec<String>,
    /// What the author should know.
    pub notes: Vec<String>,
    /// How sessions come to be.
    pub load: Load,
}

/// The cores of a run (M1).
pub struct Cores {
    /// The lanes, each with the core that it is pinned to.
    pub lanes: Vec<Option<usize>>,
    /// The embedded target's cores; empty: any.
    pub target: Vec<usize>,
    /// Whether target and lanes share cores.
    pub shared: bool,
}

/// Plans, runs, judges, writes and prints; the exit code is the verdict's.
pub fn perform(mut job: Job, options: &RunOptions) -> Outcome {
    let stop = StopSignal::listen()?;
    let descriptors = limits::raise_descriptors();
    let room = descriptors.saturating_sub(limits::OTHER_DESCRIPTORS).max(1);
    job.scenario.limits.max_in_flight = job.scenario.limits.max_in_flight.min(room);
    let mut progress = Progress::new(&job.scenario, options);
    job.notes.iter().for_each(|note| progress.say(&format!("note: {note}")));

    let plan = make_plan(&mut job, &mut progress)?;
    let cores = divide_cores(&job.scenario, options.lanes);
    if cores.shared {
        progress.say("note: target and lanes share cores, so each slows the other");
    }
    let (embedded, origins) = find_target(&job.scenario, &options.allow_host, &cores.target)?;
    let run_id = format!("{:016x}", rand::random::<u64>());
    let folder = Folder::make(&options.out, &job.scenario.name, &run_id)?;
    let clock = RunClock::starting_at(monotonic_nanos() + HEAD_START.as_nanos());
    let facts = run_facts(&job, &plan, &run_id, &clock, cores.lanes.len());
    facts.write(&mut folder.file("run.json")?).context("cannot write run.json")?;

    let run = Run { job: &job, plan: &plan, cores: &cores, clock, stop: &stop };
    let recording = run.go(origins, run_id, &folder, &mut progress, embedded.as_ref())?;
    progress.finish();
    conclude(&recording, &facts, &folder, options)
}

fn make_plan(job: &mut Job, progress: &mut Progress) -> Result<Arc<Plan>, Failure> {
    let threads = NonZeroUsize::new(limits::cores().len()).unwrap_or(NonZeroUsize::MIN);
    let counted = AtomicU64::new(0);
    let planned = std::thread::scope(|scope| {
        let planning = scope.spawn(|| Plan::build(&job.scenario, threads, &counted));
        progress.planning(&planning, &counted);
        planning.join()
    });
    let plan = planned.map_err(|_| anyhow!("planning panicked"))?.map_err(Failure::usage)?;
    if job.load == Load::Planned {
        refuse_unprovable(&job.scenario, &plan)?;
        for note in leave_out_empty(&mut job.scenario, &plan) {
            progress.say(&format!("note: {note}"));
        }
    }
    Ok(Arc::new(plan))
}

/// P10: an objective that its population can never prove is an error, with the number it needs.
pub fn refuse_unprovable(scenario: &Scenario, plan: &Plan) -> Result<(), Failure> {
    let lines = scenario.objectives.iter().zip(&plan.objective_requests).filter_map(|(objective, &planned)| {
        if planned == 0 && scenario.clock.windowed {
            return None;
        }
        let needed = requests_needed(objective.allowed());
        (planned < needed).then(|| {
            format!(
                "{}: `{}` needs at least {needed} requests to be proven, and the plan has {planned} in its scope",
                scenario.scope_name(&objective.scope),
                objective.text
            )
        })
    });
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() { Ok(()) } else { Err(Failure::usage(anyhow!("{}", lines.join("\n       ")))) }
}

/// P9: takes out the objectives that have no request in the window that runs; says which.
pub fn leave_out_empty(scenario: &mut Scenario, plan: &Plan) -> Vec<String> {
    if !scenario.clock.windowed {
        return Vec::new();
    }
    let (mut kept, mut notes) = (Vec::new(), Vec::new());
    for (objective, planned) in std::mem::take(&mut scenario.objectives).into_iter().zip(&plan.objective_requests) {
        if *planned > 0 {
            kept.push(objective);
        } else {
            let (scope, line) = (scenario.scope_name(&objective.scope), objective.text);
            notes.push(format!("{scope}: `{line}` is left out: nothing it is about is planned in this window"));
        }
    }
    scenario.objectives = kept;
    notes
}

/// Which cores the embedded target and the lanes have (M1); `lanes`: as asked for.
pub fn divide_cores(scenario: &Scenario, lanes: Option<NonZeroUsize>) -> Cores {
    let cores = limits::cores();
    let smallest_pool = scenario.flows.iter().filter_map(|flow| match flow.connection {
        Connection::Shared { size } => Some(size as usize),
        _ => None,
    });
    // A lane without a connection of a shared pool could not serve its part of the plan.
    let most_lanes = smallest_pool.min().unwrap_or(usize::MAX);
    if scenario.target.embedded.is_none() {
        let lanes = lanes.map_or(cores.len(), usize::from).min(most_lanes);
        return Cores { lanes: vec![None; lanes], target: Vec::new(), shared: false };
    }
    let (target, left) = cores.split_at(cores.len().div_ceil(2));
    let wanted = lanes.map_or(left.len().max(1), usize::from).min(most_lanes);
    if left.is_empty() || wanted > left.len() {
        return Cores { lanes: vec![None; wanted], target: Vec::new(), shared: true };
    }
    Cores { lanes: left[..wanted].iter().map(|core| Some(*core)).collect(), target: target.to_vec(), shared: false }
}

/// Starts the embedded target on these cores, or finds the origins and connects to each once.
pub fn find_target(
    scenario: &Scenario,
    allowed: &[String],
    cores: &[usize],
) -> Result<(Option<Embedded>, Vec<ResolvedOrigin>), Failure> {
    let Some((service, knobs)) = &scenario.target.embedded else {
        return Ok((None, reach(&scenario.target.origins, allowed)?));
    };
    check_knobs(*service, knobs).map_err(Failure::usage)?;
    let embedded = Embedded::start(*service, knobs, cores, scenario.clock.compress).map_err(Failure::target)?;
    // The embedded service is the default origin, which comes first; those beside it are somebody else's.
    let mut origins =
        vec![ResolvedOrigin { authority: embedded.address.to_string(), addresses: vec![embedded.address], tls: None }];
    origins.extend(reach(&scenario.target.origins[1..], allowed)?);
    Ok((Some(embedded), origins))
}

fn run_facts(job: &Job, plan: &Plan, run_id: &str, clock: &RunClock, lanes: usize) -> RunFacts {
    let scenario = &job.scenario;
    let planned = job.load == Load::Planned;
    let (from, to) = scenario.clock.window;
    RunFacts {
        name: scenario.name.clone(),
        run_id: run_id.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started: jiff::Timestamp::now().to_string(),
        start_monotonic_ns: clock.start(),
        seed: scenario.seed,
        lanes,
        plan_digest: planned.then(|| plan.digest.to_string()),
        arrivals_hash: planned.then(|| format!("{:032x}", plan.arrivals_hash)),
        populations: plan
            .populations
            .iter()
            .map(|p| PlannedPopulation { name: p.name.clone(), sessions: p.sessions, requests: p.requests })
            .collect(),
        compression: report::compression_words(Span::from_secs_f64(to - from), scenario.clock.compress),
        overrides: job.overrides.clone(),
        insecure: scenario.target.origins.iter().any(|origin| origin.tls.insecure),
        limits: (&scenario.limits).into(),
        host: super::host::facts(),
        scenario: job.text.clone(),
    }
}

/// A run under way.
struct Run<'a> {
    job: &'a Job,
    plan: &'a Arc<Plan>,
    cores: &'a Cores,
    clock: RunClock,
    stop: &'a StopSignal,
}

impl Run<'_> {
    fn go(
        &self,
        origins: Vec<ResolvedOrigin>,
        run_id: String,
        folder: &Folder,
        progress: &mut Progress,
        embedded: Option<&Embedded>,
    ) -> anyhow::Result<Recording> {
        let scenario = &self.job.scenario;
        let peak = self.plan.nominal.iter().max().copied().unwrap_or(0) as f64 / self.plan.nominal_bin.as_secs_f64();
        let catalog = Arc::new(Catalog::new(scenario, self.plan.last_due, peak));
        let nominal = if self.is_closed() { Vec::new() } else { self.plan.nominal.clone() };
        let mut hub = Hub::new(Arc::clone(&catalog), nominal, SystemTime::now(), folder.sinks()?)?;
        let interval = Hub::interval_for(self.plan.last_due);
        let usage = Usage::read();
        let mut engine = Engine::start(EngineConfig {
            scenario: Arc::new(scenario.clone()),
            plan: Arc::clone(self.plan),
            catalog,
            origins,
            load: self.job.load,
            lanes: self.cores.lanes.clone(),
            run_id,
            interval,
            hard_stop: self.hard_stop(),
            clock: self.clock,
            observer: None,
            only: None,
        })
        .context("cannot start the lanes")?;
        // Only now: the lanes would inherit it.
        limits::go_last_this_thread();
        self.stop.stops(engine.stopper());
        let mut host = Host { before: usage, start: usage };
        self.collect(&mut engine, &mut hub, interval, &mut host, progress)?;
        let lanes = engine.join().context("a lane failed")?;
        while let Ok(slice) = engine.slices.try_recv() {
            hub.add(slice.lane, &slice)?;
        }
        let elapsed = self.clock.now() - Instant::ZERO;
        let end = self.end_facts(lanes, elapsed, &mut host, embedded, &hub);
        Ok(hub.finish(end)?)
    }

    fn is_closed(&self) -> bool {
        self.job.load != Load::Planned
    }

    /// R7: the last nominal due of the plan and the longest timeout; in closed loop the end and the timeout.
    fn hard_stop(&self) -> Instant {
        let steps = self.job.scenario.flows.iter().flat_map(|flow| &flow.steps);
        let timeouts = steps.filter_map(|step| match &step.kind {
            crate::scenario::StepKind::Request(request) => request.timeout,
            _ => None,
        });
        let longest = timeouts.chain([self.job.scenario.limits.timeout]).max().unwrap_or_default();
        match self.job.load {
            Load::Planned => self.plan.last_due + longest,
            Load::Closed { until: Some(until), .. } => until + longest,
            Load::Closed { until: None, .. } => Instant::MAX,
        }
    }

    /// Receives what the lanes hand over until they end, and closes an interval after each.
    fn collect(
        &self,
        engine: &mut Engine,
        hub: &mut Hub,
        interval: Span,
        host: &mut Host,
        progress: &mut Progress,
    ) -> anyhow::Result<()> {
        let lanes = self.cores.lanes.len();
        let mut handed_over = 0;
        let mut next_close = Instant::ZERO + interval;
        loop {
            match engine.slices.recv_timeout(Duration::from_millis(100)) {
                Ok(mut slice) => {
                    hub.add(slice.lane, &slice)?;
                    handed_over += 1;
                    let lane = slice.lane;
                    slice.clear();
                    // A lane that has ended needs no spare.
                    let _ = engine.spares[lane].send(slice);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            let now = self.clock.now();
            // Half an interval of grace for a lane that hands over late; what comes after counts in the next.
            let late = now >= next_close + Span::from_nanos(interval.as_nanos() / 2);
            if now >= next_close && (handed_over >= lanes || late) {
                handed_over = 0;
                hub.close_interval(now, host.sample())?;
                while next_close <= now {
                    next_close = next_close + interval;
                }
            }
            progress.show(now, &hub.snapshot());
            if engine.has_ended() {
                return Ok(());
            }
        }
    }

    fn end_facts(
        &self,
        lanes: LaneEnd,
        elapsed: Span,
        host: &mut Host,
        embedded: Option<&Embedded>,
        hub: &Hub,
    ) -> EndFacts {
        let populations = self.plan.populations.iter();
        let begun = hub.begun();
        EndFacts {
            ending: if self.stop.was_stopped() { Ending::Interrupted } else { Ending::Finished },
            planned: Some(if self.is_closed() { begun.0 } else { populations.clone().map(|p| p.requests).collect() }),
            planned_sessions: Some(if self.is_closed() { begun.1 } else { populations.map(|p| p.sessions).sum() }),
            gave_up: lanes.gave_up,
            arrivals_hash: (!self.is_closed()).then_some((self.plan.arrivals_hash, lanes.arrivals_hash)),
            elapsed,
            closed_loop: self.is_closed(),
            host: host.over_all(),
            max_rss_bytes: Usage::read().max_rss_bytes,
            target_received: embedded
                .filter(|_| self.job.scenario.target.origins.len() == 1)
                .and_then(|embedded| embedded.received().ok()),
        }
    }
}

/// The machine, looked at from time to time.
struct Host {
    before: Usage,
    start: Usage,
}

impl Host {
    fn sample(&mut self) -> HostSample {
        let now = Usage::read();
        let steal_pct = now.steal_pct_since(&self.before);
        self.before = now;
        HostSample { rss_bytes: now.rss_bytes, cpu: now.cpu.saturating_sub(self.start.cpu), steal_pct }
    }

    /// Over the whole run.
    fn over_all(&mut self) -> HostSample {
        self.before = self.start;
        self.sample()
    }
}

fn conclude(recording: &Recording, facts: &RunFacts, folder: &Folder, options: &RunOptions) -> Outcome {
    let judgement = judge::judge(recording);
    let summary = Summary::new(recording, &judgement, facts);
    summary.write(&mut folder.file("summary.json")?).context("cannot write summary.json")?;
    let path = folder.path().display().to_string();
    to_stdout(|out| match options.json {
        true => summary.write(out),
        false => report::write_text(&summary, Some(&path), style(), out),
    })?;
    Ok(Exit::from_judgement(&judgement))
}

/// How standard output may look.
pub fn style() -> Style {
    let terminal = console::Term::stdout();
    Style { colour: console::colors_enabled(), width: usize::from(terminal.size().1).clamp(80, 120) }
}
