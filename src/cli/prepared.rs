//! A run on its way: made ready on this machine, its target reached, its folder made, its lanes run.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;

use crate::engine::{Load, RunClock, limits};
use crate::plan::Plan;
use crate::record::{AroundRequest, Catalog, Ending, Objectives, OtherRun, Recording, RunFacts};
use crate::report;

use super::args::RunOptions;
use super::around::{self, refusal, settle_and_after};
use super::collect::Run;
use super::cores::{Cores, divide_cores};
use super::embedded::Embedded;
use super::folder::Folder;
use super::memory::{self, Need};
use super::one_session::Shared;
use super::others::{PROC, other_runs};
use super::perform::{Ended, Job, announce_events, find_target, make_plan, plan_facts, run_facts, warn_of_ceiling};
use super::progress::Progress;
use super::stop::StopSignal;
use super::{Failure, wall_clock};

/// What a run has of this machine.
pub struct Machine {
    /// What stops it.
    pub stop: StopSignal,
    /// Requests that may be open at once, by the descriptors that there are.
    pub room: u64,
}

impl Machine {
    /// Takes what there is.
    pub fn ready() -> Result<Self, Failure> {
        wall_clock::now()?;
        // Before the first thread: a plan that is made has its own.
        memory::hold(&[Need::of_run(report::memory_of_record(1, 0, 0), limits::cores().len())])?;
        let stop = StopSignal::listen("all results are written")?;
        let descriptors = limits::raise_descriptors();
        Ok(Self { stop, room: descriptors.saturating_sub(limits::OTHER_DESCRIPTORS).max(1) })
    }
}

/// A run that is planned.
pub struct Prepared {
    /// What is run.
    pub job: Job,
    plan: Arc<Plan>,
    objectives: Objectives,
    cores: Cores,
    catalog: Arc<Catalog>,
}

impl Prepared {
    /// Plans a job, of which so many requests may be open at once.
    pub fn new(mut job: Job, options: &RunOptions, room: u64, progress: &mut Progress) -> Result<Self, Failure> {
        job.scenario.limits.max_in_flight = job.scenario.limits.max_in_flight.min(room).max(1);
        job.notes.iter().for_each(|note| progress.say(&format!("note: {note}")));
        let (plan, objectives) = make_plan(&mut job, progress)?;
        let cores = divide_cores(&job.scenario, options.lanes);
        if cores.shared {
            progress.say("note: the target and the generator share cores and slow each other down");
        }
        if job.load == Load::Planned {
            warn_of_ceiling(&job.scenario, &plan, cores.lanes.len(), options, progress);
        }
        let facts = plan_facts(job.load, &plan);
        let catalog = Arc::new(Catalog::new(&job.scenario, &objectives, facts, cores.lanes.len()));
        Ok(Self { job, plan, objectives, cores, catalog })
    }

    /// What is recorded of it.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The memory that it takes, and its target.
    pub fn needs(&self) -> Vec<Need> {
        memory::of_plan(&self.job.scenario, &self.plan, &self.cores)
    }

    /// Starts or finds its target, and runs the session ahead of the plan.
    pub fn reached(self, options: &RunOptions) -> Result<Reached, Failure> {
        let scenario = &self.job.scenario;
        let (embedded, origins) = find_target(scenario, &options.allow_host, &self.cores.target)?;
        let mut shared = Shared::new(origins);
        let before = around::before(scenario, &mut shared)?;
        before.as_ref().and_then(refusal).map_or(Ok(()), Err)?;
        let before = before.map(|before| before.requests).unwrap_or_default();
        let received_before = received(embedded.as_ref().filter(|_| !before.is_empty()));
        Ok(Reached { prepared: self, embedded, shared, before, received_before, others: other_runs(Path::new(PROC)) })
    }
}

/// A run whose target answers.
pub struct Reached {
    prepared: Prepared,
    embedded: Option<Embedded>,
    shared: Shared,
    before: Vec<AroundRequest>,
    /// What an embedded target had received by then.
    received_before: u64,
    /// Other runs on this machine.
    others: Vec<OtherRun>,
}

impl Reached {
    /// Has `place` make the folder of a run that starts with this clock.
    pub fn begin(
        self,
        clock: RunClock,
        place: impl FnOnce(&RunFacts) -> anyhow::Result<Folder>,
    ) -> Result<Begun, Failure> {
        let Self { prepared, embedded, shared, before, .. } = &self;
        let Prepared { job, plan, objectives, cores, catalog } = prepared;
        announce_events(&job.scenario, embedded.as_ref(), &clock).map_err(Failure::target)?;
        let started = wall_clock::now()?.to_string();
        let named = (&*shared.run_id, &*started);
        let facts = run_facts(job, plan, (objectives, catalog), named, &clock, cores.lanes.len());
        let facts = RunFacts { before: before.clone(), ..facts };
        let folder = place(&facts)?;
        Ok(Begun { reached: self, clock, facts, folder })
    }
}

/// A run whose folder is there.
pub struct Begun {
    reached: Reached,
    clock: RunClock,
    /// What it is.
    pub facts: RunFacts,
    /// Where it is kept.
    pub folder: Folder,
}

impl Begun {
    /// Runs the lanes until they end, and what comes after them.
    pub fn go(&mut self, stop: &StopSignal, progress: &mut Progress) -> Result<Recording, Failure> {
        let Reached { prepared, embedded, shared, received_before, others, .. } = &mut self.reached;
        let Prepared { job, plan, cores, catalog, .. } = prepared;
        let (scenario, catalog, others) = (&job.scenario, Arc::clone(catalog), std::mem::take(others));
        let run = Run { scenario, catalog, load: job.load, plan, lanes: &cores.lanes, clock: self.clock, stop, others };
        let files = (self.folder.sinks()?, self.folder.lane_log()?);
        let ended = run.go(shared, files, progress, embedded.as_mut());
        progress.finish();
        let path = self.folder.path().display();
        let mut recording = ended.with_context(|| {
            format!("the run broke off; `scrutinio report {path}` shows what was measured until then")
        })?;
        // D5 holds the run's own requests against what the target received.
        recording.end.target_received =
            recording.end.target_received.map(|received| received.saturating_sub(*received_before));
        if recording.end.ending == Ending::Finished && scenario.after.is_some() {
            progress.say(&format!("note: `after` comes in {}", scenario.settle()));
            let after = settle_and_after(scenario, shared, stop);
            let death = embedded.as_mut().and_then(Embedded::death);
            match (after, death) {
                (None, _) => recording.end.ending = Ending::Interrupted,
                (Some(_), Some(status)) => {
                    (recording.end.ending, recording.end.target_death) = (Ending::TargetDied, Some(status.to_string()));
                }
                (Some(requests), None) => recording.end.after = requests,
            }
        }
        Ok(recording)
    }

    /// It, with what happened.
    pub fn ended(self, recording: Recording) -> Ended {
        let Self { reached, facts, folder, .. } = self;
        Ended { recording, facts, folder, objectives: reached.prepared.objectives }
    }
}

/// What an embedded target says that it has received by now.
fn received(embedded: Option<&Embedded>) -> u64 {
    embedded.and_then(|embedded| embedded.received().ok()).unwrap_or(0)
}
