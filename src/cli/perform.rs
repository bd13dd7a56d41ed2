//! A run from a checked scenario to a folder and an exit code: what `run` and `quick` share.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anyhow::{Context, anyhow};

use crate::engine::{Load, RunClock, limits, monotonic_nanos};
use crate::judge::words::count;
use crate::judge::{self, requests_needed};
use crate::plan::{Plan, PlanError};
use crate::record::{PlannedPopulation, QuickFacts, RunEvent, RunFacts, RunObjective};
use crate::report::{self, Warning};
use crate::scenario::{Fault, Origin, Scenario, Target, TargetEvent, Written};
use crate::unit::Span;
use crate::wire::ResolvedOrigin;

use super::args::RunOptions;
use super::collect::Run;
use super::conclude::conclude;
use super::cores::divide_cores;
use super::embedded::Embedded;
use super::folder::Folder;
use super::others::{PROC, other_runs};
use super::progress::Progress;
use super::reach::reach;
use super::stop::StopSignal;
use super::{Failure, Outcome};

/// Time for the lanes to start before the first session is due.
pub const HEAD_START: Span = Span::from_millis(50);

/// What is to be run.
pub struct Job {
    /// The scenario.
    pub scenario: Scenario,
    /// Its text, for the folder.
    pub text: String,
    /// What was changed on the command line, as typed.
    pub overrides: Vec<String>,
    /// Where its parts stand; `None` if no file says it.
    pub written: Option<Written>,
    /// What the author should know.
    pub notes: Vec<String>,
    /// How sessions come to be.
    pub load: Load,
    /// What `quick` was asked for.
    pub quick: Option<QuickFacts>,
}

/// Plans, runs, judges, writes and prints; the exit code is the verdict's.
pub fn perform(mut job: Job, options: &RunOptions) -> Outcome {
    let stop = StopSignal::listen()?;
    let descriptors = limits::raise_descriptors();
    let room = descriptors.saturating_sub(limits::OTHER_DESCRIPTORS).max(1);
    job.scenario.limits.max_in_flight = job.scenario.limits.max_in_flight.min(room);
    let mut progress = Progress::new(&job.scenario, job.load, options);
    job.notes.iter().for_each(|note| progress.say(&format!("note: {note}")));

    let plan = make_plan(&mut job, &mut progress)?;
    let cores = divide_cores(&job.scenario, options.lanes);
    if cores.shared {
        progress.say("note: the target and the generator share cores and slow each other down");
    }
    if job.load == Load::Planned {
        warn_of_ceiling(&job.scenario, &plan, cores.lanes.len(), options, &progress);
    }
    let (embedded, origins) = find_target(&job.scenario, &options.allow_host, &cores.target)?;
    let run_id = format!("{:016x}", rand::random::<u64>());
    let others = other_runs(Path::new(PROC));
    let clock = RunClock::starting_at(monotonic_nanos() + HEAD_START.as_nanos());
    announce_events(&job.scenario, embedded.as_ref(), &clock).map_err(Failure::target)?;
    let facts = run_facts(&job, &plan, &run_id, &clock, cores.lanes.len());
    let folder = Folder::make(&options.out, &facts)?;

    let (scenario, load, lanes) = (&job.scenario, job.load, &*cores.lanes);
    let run = Run { scenario, load, plan: &plan, lanes, clock, stop: &stop, others };
    let files = (folder.sinks()?, folder.lane_log()?);
    let ended = run.go(origins, run_id, files, &mut progress, embedded.as_ref());
    progress.finish();
    let path = folder.path().display();
    let recording = ended
        .with_context(|| format!("the run broke off; `scrutinio report {path}` shows what was measured until then"))?;
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
    let plan = planned.map_err(|_| anyhow!("planning panicked"))?;
    // Not kept for the length of the run.
    let written = job.written.take();
    let plan = plan.map_err(|error| no_plan(&error, written.as_ref()))?;
    if job.load == Load::Planned {
        refuse_unprovable(&job.scenario, &plan, written.as_ref())?;
        for note in leave_out_empty(&mut job.scenario, &plan) {
            progress.say(&format!("note: {note}"));
        }
    }
    Ok(Arc::new(plan))
}

/// A scenario that has no plan, told at its place if a file says it.
pub fn no_plan(error: &PlanError, written: Option<&Written>) -> Failure {
    match written {
        Some(written) => Failure::usage(written.refuse([error.fault()])),
        None => Failure::usage(error.clone()),
    }
}

/// P10: an objective that its population can never prove is an error, with the number it needs. Extra requests count as
/// far as they can come.
pub fn refuse_unprovable(scenario: &Scenario, plan: &Plan, written: Option<&Written>) -> Result<(), Failure> {
    let mut faults = Vec::new();
    for (objective, (planned, extra)) in scenario.objectives.iter().zip(evidence(plan)) {
        let needed = requests_needed(objective.metric.allowed());
        let most = planned.saturating_add(extra);
        if scenario.leaves_out(objective, most) || !objective.is_counted_by_plan() || most >= needed {
            continue;
        }
        let more = if extra > 0 { format!(", plus at most {} under conditions", count(extra)) } else { String::new() };
        let (scope, line) = (scenario.scope_name(&objective.scope), &objective.text);
        let message = format!(
            "{scope}: `{line}` needs at least {} {} to be proven, and the plan has {} in its scope{more}",
            count(needed),
            judge::counted(objective.measure),
            count(planned)
        );
        faults.push(Fault { path: vec!["slo".to_owned(), scope, line.clone()], message });
    }
    match (faults.is_empty(), written) {
        (true, _) => Ok(()),
        (false, Some(written)) => Err(Failure::usage(written.refuse(faults))),
        (false, None) => {
            let lines: Vec<String> = faults.into_iter().map(|fault| fault.message).collect();
            Err(Failure::usage(anyhow!("{}", lines.join("\n       "))))
        }
    }
}

/// What each objective is about: planned requests, and the most that are extra.
fn evidence(plan: &Plan) -> impl Iterator<Item = (u64, u64)> {
    plan.objective_requests.iter().copied().zip(plan.objective_extra_most.iter().copied())
}

/// P9: takes out the objectives that have no request in the window that runs; says which.
pub fn leave_out_empty(scenario: &mut Scenario, plan: &Plan) -> Vec<String> {
    let (mut kept, mut notes) = (Vec::new(), Vec::new());
    for (objective, (planned, extra)) in std::mem::take(&mut scenario.objectives).into_iter().zip(evidence(plan)) {
        if scenario.leaves_out(&objective, planned.saturating_add(extra)) {
            let (scope, line) = (scenario.scope_name(&objective.scope), objective.text);
            notes.push(format!("{scope}: `{line}` is left out: nothing it is about is planned in this window"));
            scenario.left_out.push(format!("{scope} {line}"));
        } else {
            kept.push(objective);
        }
    }
    scenario.objectives = kept;
    notes
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
    let embedded = Embedded::start(*service, knobs, cores, scenario.clock.compress).map_err(Failure::target)?;
    // The embedded service is the default origin, which comes first; those beside it are somebody else's.
    let (authority, addresses) = (embedded.address.to_string(), vec![embedded.address.into()]);
    let mut origins = vec![ResolvedOrigin { authority, addresses, sources: Vec::new(), tls: None }];
    origins.extend(reach(&scenario.target.origins[1..], allowed)?);
    Ok((Some(embedded), origins))
}

/// Tells the embedded service when its events are due; those outside the window are left out (P9).
fn announce_events(scenario: &Scenario, embedded: Option<&Embedded>, clock: &RunClock) -> anyhow::Result<()> {
    let (from, to) = scenario.clock.window;
    for event in scenario.target.events.iter().filter(|event| (from..to).contains(&event.at)) {
        if let Some(embedded) = embedded {
            embedded.drop_sessions(clock.start() + scenario.clock.instant(event.at).as_nanos())?;
        }
    }
    Ok(())
}

/// Says if the plan's peak is over half of what the lanes can do here. Not being calibrated is no warning of a run.
fn warn_of_ceiling(scenario: &Scenario, plan: &Plan, lanes: usize, options: &RunOptions, progress: &Progress) {
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

fn run_facts(job: &Job, plan: &Plan, run_id: &str, clock: &RunClock, lanes: usize) -> RunFacts {
    let scenario = &job.scenario;
    let planned = job.load == Load::Planned;
    let (from, to) = scenario.clock.window;
    RunFacts {
        name: scenario.name.clone(),
        run_id: run_id.to_owned(),
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started: jiff::Timestamp::now().to_string(),
        start_monotonic_ns: clock.start(),
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
        arrivals_hash: planned.then(|| format!("{:032x}", plan.arrivals_hash)),
        populations: plan
            .populations
            .iter()
            .map(|p| PlannedPopulation { name: p.name.clone(), sessions: p.sessions, requests: p.requests })
            .collect(),
        objectives: RunObjective::all(scenario),
        compression: report::compression_words(Span::from_secs_f64(to - from), scenario.clock.compress),
        overrides: job.overrides.clone(),
        target: targets(&scenario.target),
        quick: job.quick.clone(),
        insecure: scenario.target.origins.iter().any(|origin| origin.tls.insecure),
        limits: (&scenario.limits).into(),
        objectives_left_out: scenario.left_out.clone(),
        host: super::host::facts(),
        scenario: job.text.clone(),
    }
}
