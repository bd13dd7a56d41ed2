//! A run from a checked scenario to a folder and an exit code: what `run` and `quick` share.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::{Scope, ScopedJoinHandle};

use anyhow::anyhow;

use crate::engine::{Load, RunClock, limits, monotonic_nanos};
use crate::plan::{Plan, PlanError, strata};
use crate::record::{
    Catalog, DuetFacts, Objectives, PlanFacts, PlannedPopulation, QuickFacts, Recording, RunEvent, RunFacts,
    RunObjective,
};
use crate::report::{self, Warning};
use crate::scenario::{Origin, Scenario, Target, TargetEvent, Written};
use crate::unit::{NotStarted, STACK_BYTES, Span};
use crate::wire::ResolvedOrigin;

use super::args::RunOptions;
use super::conclude::conclude;
use super::embedded::Embedded;
use super::folder::Folder;
use super::memory;
use super::prepared::{Machine, Prepared};
use super::progress::Progress;
use super::proof::{evidence, judged};
use super::reach::reach;
use super::until_decided::{refuse, until_decided};
use super::{Failure, Outcome};

/// Time for the lanes to start before the first session is due.
pub const HEAD_START: Span = Span::from_millis(50);

/// What is to be run.
#[derive(Clone)]
pub struct Job {
    /// The scenario.
    pub scenario: Scenario,
    /// Its file, as typed; `None` if there is none.
    pub file: Option<String>,
    /// Its text, for the folder.
    pub text: String,
    /// What was changed on the command line, as typed.
    pub overrides: Vec<String>,
    /// Where its parts stand; `None` if no file says it.
    pub written: Option<Written>,
    /// What the author should know.
    pub notes: Vec<String>,
    /// Whether it is a gate (O7).
    pub gate: bool,
    /// Whether a window or a scale was chosen: what that part cannot prove is left out (P9).
    pub is_part: bool,
    /// How sessions come to be.
    pub load: Load,
    /// What `quick` was asked for.
    pub quick: Option<QuickFacts>,
    /// What the run is called by.
    pub labels: BTreeMap<String, String>,
    /// Of a side of a duet, which (O18).
    pub duet: Option<DuetFacts>,
    /// How long looks may take in all, if it is repeated until it is decided (O17).
    pub until_decided: Option<Span>,
    /// Which of those looks it is, from 1.
    pub look: Option<u64>,
    /// What the first of them judges, and so do the others, whatever of it their seeds plan.
    pub objectives: Option<Objectives>,
}

/// A run that has ended, and what it was.
pub struct Ended {
    /// What happened.
    pub recording: Recording,
    /// What it was.
    pub facts: RunFacts,
    /// Where its files are.
    pub folder: Folder,
    /// What is judged of it.
    pub objectives: Objectives,
}

/// Plans, runs, judges, writes and prints; the exit code is the verdict's.
pub fn perform(job: Job, options: &RunOptions) -> Outcome {
    if let Some(within) = job.until_decided {
        return until_decided(job, within, options);
    }
    let machine = Machine::ready()?;
    let place = |facts: &RunFacts| Folder::make(&options.out, facts);
    let Ended { recording, facts, folder, .. } = once(job, options, &machine, place)?;
    conclude(&recording, &facts, &folder, options)
}

/// Plans and runs, with its files in the folder that `place` makes.
pub fn once(
    job: Job,
    options: &RunOptions,
    machine: &Machine,
    place: impl FnOnce(&RunFacts) -> anyhow::Result<Folder>,
) -> Result<Ended, Failure> {
    let mut progress = Progress::new(&job.scenario, job.load, options);
    let prepared = Prepared::new(job, options, machine.room, &mut progress)?;
    memory::hold(&prepared.needs())?;
    let reached = prepared.reached(options)?;
    let mut begun = reached.begin(RunClock::starting_at(monotonic_nanos() + HEAD_START.as_nanos()), place)?;
    let recording = begun.go(&machine.stop, &mut progress)?;
    Ok(begun.ended(recording))
}

/// The plan, and what of the objectives it can prove; a closed loop has none.
pub fn make_plan(job: &mut Job, progress: &mut Progress) -> Result<(Arc<Plan>, Objectives), Failure> {
    let threads = NonZeroUsize::new(limits::cores().len()).unwrap_or(NonZeroUsize::MIN);
    let counted = AtomicU64::new(0);
    let planned = std::thread::scope(|scope| {
        let planning = planning_thread(scope, || match &job.duet {
            Some(duet) => Plan::build_side(&job.scenario, duet.side, threads, &counted),
            None => Plan::build(&job.scenario, threads, &counted),
        })?;
        progress.planning(&planning, &counted);
        planning.join().map_err(|_| anyhow!("planning panicked"))
    });
    let plan = planned?;
    // Not kept for the length of the run.
    let written = job.written.take();
    let plan = plan.map_err(|error| no_plan(&error, written.as_ref()))?;
    let objectives = match job.load {
        Load::Planned if job.objectives.is_some() => job.objectives.clone().unwrap_or_default(),
        Load::Planned => {
            let evidence = evidence(&job.scenario, &plan, job.is_part);
            judged(&job.scenario, &plan, &evidence, written.as_ref())?
        }
        Load::Closed { .. } => Objectives::default(),
    };
    for left_out in &objectives.left_out {
        progress.say(&format!("note: left out: {left_out}"));
    }
    if let Some(within) = job.until_decided {
        refuse(within, &job.scenario, &objectives)?;
    }
    if job.gate && (objectives.judged.is_empty() || !objectives.left_out.is_empty()) {
        progress.say("note: --gate makes this run INVALID, as not every objective is judged, or there is none");
    }
    Ok((Arc::new(plan), objectives))
}

/// The thread that plans while this one shows how far it is.
pub fn planning_thread<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    plan: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>, NotStarted> {
    let thread = std::thread::Builder::new().name("planning".to_owned()).stack_size(STACK_BYTES);
    thread.spawn_scoped(scope, plan).map_err(NotStarted::of("a thread for planning"))
}

/// A scenario that has no plan, told at its place if a file says it.
pub fn no_plan(error: &PlanError, written: Option<&Written>) -> Failure {
    match written {
        Some(written) => Failure::usage(written.refuse([error.fault()])),
        None => Failure::usage(error.clone()),
    }
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
    let embedded = Embedded::start(*service, knobs, cores, scenario.clock.compress)?;
    // The embedded service is the default origin, which comes first; those beside it are somebody else's.
    let (authority, addresses) = (embedded.address.to_string(), vec![embedded.address.into()]);
    let mut origins = vec![ResolvedOrigin { authority, addresses, sources: Vec::new(), tls: None }];
    origins.extend(reach(&scenario.target.origins[1..], allowed)?);
    Ok((Some(embedded), origins))
}

/// Tells the embedded service when its events are due; those outside the window are left out (P9).
pub fn announce_events(scenario: &Scenario, embedded: Option<&Embedded>, clock: &RunClock) -> anyhow::Result<()> {
    let (from, to) = scenario.clock.window;
    for event in scenario.target.events.iter().filter(|event| (from..to).contains(&event.at)) {
        if let Some(embedded) = embedded {
            embedded.drop_sessions(clock.start() + scenario.clock.instant(event.at).as_nanos())?;
        }
    }
    Ok(())
}

/// Says if the plan's peak is over half of what the lanes can do here. Not being calibrated is no warning of a run.
pub fn warn_of_ceiling(scenario: &Scenario, plan: &Plan, lanes: usize, options: &RunOptions, progress: &Progress) {
    let Ok(ceiling) = super::calibration::ceiling(options.calibration.as_deref(), scenario) else { return };
    if let Some(Warning { seen, cure, .. }) = report::over_half(plan, lanes, &ceiling) {
        progress.say(&format!("warning: {seen}; {}", cure));
    }
}

/// What the traffic goes to, each as a scenario writes it.
fn targets(target: &Target) -> Vec<String> {
    let named = |origin: &Origin| match (&target.embedded, origin.name.as_str()) {
        (Some((service, _)), Origin::DEFAULT) => format!("embedded:{}", service.name()),
        (_, Origin::DEFAULT) => origin.url(),
        (_, name) => format!("{name} {}", origin.url()),
    };
    target.origins.iter().map(named).collect()
}

fn run_event(scenario: &Scenario, event: &TargetEvent) -> RunEvent {
    let at_ns = scenario.clock.instant(event.at).as_nanos();
    RunEvent { at: scenario.clock.label(event.at), at_ns, what: "drop sessions".to_owned() }
}

/// What of the plan is recorded; nothing but its length in a closed loop, which has no plan.
pub fn plan_facts(load: Load, plan: &Plan) -> PlanFacts {
    let Plan { last_due, nominal, nominal_bin, requests, extra_most, .. } = plan;
    let peak = nominal.iter().max().copied().unwrap_or(0) as f64 / nominal_bin.as_secs_f64();
    PlanFacts {
        last_due: *last_due,
        // With the most extra ones that conditions can add to it on average (R6).
        peak_per_s: peak * (1.0 + *extra_most as f64 / (*requests).max(1) as f64),
        strata: if load == Load::Planned { strata(nominal, Catalog::bin_of(*last_due)) } else { Vec::new() },
    }
}

pub fn run_facts(
    job: &Job,
    plan: &Plan,
    (objectives, catalog): (&Objectives, &Catalog),
    (run_id, started): (&str, &str),
    clock: &RunClock,
    lanes: usize,
) -> RunFacts {
    let scenario = &job.scenario;
    let planned = job.load == Load::Planned;
    let (from, to) = scenario.clock.window;
    RunFacts {
        schema_version: RunFacts::SCHEMA_VERSION,
        name: scenario.name.clone(),
        run_id: run_id.to_owned(),
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started: started.to_owned(),
        start_monotonic_ns: clock.start(),
        file: job.file.clone(),
        seed: scenario.seed,
        events: scenario
            .target
            .events
            .iter()
            .filter(|event| (from..to).contains(&event.at))
            .map(|e| run_event(scenario, e))
            .collect(),
        lanes,
        plan_digest: planned.then(|| plan.digest.to_string()),
        bin_ms: catalog.bin.as_millis(),
        strata_s: catalog.strata.clone(),
        warm_up_s: catalog.warm_up.as_secs_f64() as u64,
        arrivals_hash: planned.then(|| format!("{:032x}", plan.arrivals_hash)),
        populations: plan
            .populations
            .iter()
            .map(|p| PlannedPopulation { name: p.name.clone(), sessions: p.own_sessions, requests: p.requests })
            .collect(),
        objectives: catalog.objectives.iter().map(RunObjective::new).collect(),
        clock: job.quick.is_none().then(|| (&scenario.clock).into()),
        labels: job.labels.clone(),
        compression: report::compression_words(Span::from_secs_f64(to - from), scenario.clock.compress),
        overrides: job.overrides.clone(),
        target: targets(&scenario.target),
        quick: job.quick.clone(),
        gate: job.gate,
        until_decided_ns: None,
        look: job.look,
        insecure: scenario.target.origins.iter().any(|origin| origin.tls.insecure),
        limits: (&scenario.limits).into(),
        objectives_left_out: objectives.left_out.clone(),
        before: Vec::new(),
        duet: job.duet.clone(),
        host: super::host::facts(),
        scenario: job.text.clone(),
    }
}
