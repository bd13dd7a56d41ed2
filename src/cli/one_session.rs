//! One session of a scenario, run alone by the engine and observed: `try`, `before` and `after`.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::Context;

use crate::engine::{Engine, EngineConfig, Load, Observed, RunClock, monotonic_nanos};
use crate::plan::{Plan, PlanError, Walk};
use crate::record::Catalog;
use crate::scenario::Scenario;
use crate::unit::{Instant, Span};
use crate::wire::ResolvedOrigin;

use super::check::threads;
use super::seen::{Seen, Watcher};

/// What all sessions of a run share.
pub struct Shared {
    /// The scenario's origins.
    pub origins: Vec<ResolvedOrigin>,
    /// The run's id.
    pub run_id: String,
    /// What `before` saved, in its order; nothing until it has run.
    pub before: Vec<String>,
}

impl Shared {
    /// What the sessions of a new run with these origins share.
    pub fn new(origins: Vec<ResolvedOrigin>) -> Self {
        Self { origins, run_id: format!("{:016x}", rand::random::<u64>()), before: Vec::new() }
    }
}

/// One session of a scenario.
pub struct OneSession {
    /// The scenario.
    pub scenario: Scenario,
    /// Its plan.
    pub plan: Plan,
    /// The index of the session's population.
    pub population: usize,
    /// The session's number in it.
    pub session: u64,
}

impl OneSession {
    /// The first session of a scenario's first population.
    pub fn first(scenario: Scenario) -> Result<Self, PlanError> {
        let plan = Plan::unsurveyed(&scenario, threads())?;
        Ok(Self { scenario, plan, population: 0, session: 0 })
    }

    /// Requests that it has planned.
    pub fn planned(&self) -> u64 {
        let path = &self.plan.populations[self.population].path;
        let mut walk = Walk::default();
        walk.restart(path, self.session);
        std::iter::from_fn(|| walk.next(path, Instant::ZERO)).fold(0, |planned, _| planned + 1)
    }

    /// Starts it: the engine, and what the session does, until it is over. Each of its requests ends by its own timeout.
    pub fn start(self, shared: &Shared) -> anyhow::Result<(Engine, Receiver<Seen>)> {
        let names = self.scenario.flows[self.scenario.populations[self.population].flow].saved.clone();
        let (tell, told) = channel();
        let mut watcher = Watcher::new(names);
        let observer = Box::new(move |observed: Observed<'_>| {
            if let Some(seen) = watcher.see(observed) {
                // The receiver is gone only where printing failed.
                let _ = tell.send(seen);
            }
        });
        let engine = Engine::start(EngineConfig {
            catalog: Arc::new(Catalog::without_objectives(&self.scenario)),
            scenario: Arc::new(self.scenario),
            plan: Arc::new(self.plan),
            origins: shared.origins.clone(),
            load: Load::Planned,
            lanes: vec![None],
            run_id: shared.run_id.clone(),
            before: shared.before.clone(),
            interval: Span::from_secs(1),
            hard_stop: Instant::MAX,
            clock: RunClock::starting_at(monotonic_nanos()),
            observer: Some(observer),
            only: Some((self.population, self.session)),
        });
        Ok((engine.context("cannot start the lane")?, told))
    }
}

/// Hands on what the session does, until it is over. What the engine records of it nobody needs: that is dropped as it
/// comes, as a session may wait for long.
///
/// # Errors
/// The lane failed, or `each` did.
pub fn watch(
    mut engine: Engine,
    told: &Receiver<Seen>,
    mut each: impl FnMut(Seen) -> io::Result<()>,
) -> anyhow::Result<()> {
    loop {
        match told.recv_timeout(Duration::from_secs(1)) {
            Ok(seen) => each(seen)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        while engine.slices.try_recv().is_ok() {}
    }
    engine.join().context("the lane failed")?;
    Ok(())
}
