//! `scrutinio try`: one session against the scenario's target, every exchange printed, and what is said on streams.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use anyhow::{Context, anyhow};

use crate::engine::{Engine, EngineConfig, Load, Observed, RunClock, monotonic_nanos};
use crate::plan::{Plan, Walk};
use crate::record::Catalog;
use crate::report::{write_exchange, write_message, write_stream_end};
use crate::scenario::{Mask, Scenario, StepKind, Written};
use crate::unit::{Instant, Span};
use crate::wire::ResolvedOrigin;

use super::args::TryArgs;
use super::check::threads;
use super::conclude::style;
use super::embedded::Embedded;
use super::output::to_stdout;
use super::perform::{find_target, no_plan};
use super::run::load;
use super::seen::{Seen, Watcher};
use super::shorten::{shorten, words};
use super::stop::StopSignal;
use super::{Exit, Failure, Outcome, wall_clock};

/// The session that is tried.
struct Trial {
    scenario: Scenario,
    plan: Plan,
    population: usize,
    session: u64,
    /// Requests that it has planned, and when it must be over.
    planned: u64,
    hard_stop: Instant,
}

/// Runs the session; the exit code says whether all of its requests were right.
pub fn try_session(args: &TryArgs) -> Outcome {
    wall_clock::now()?;
    let stop = StopSignal::listen()?;
    let checked = load(&args.scenario, &args.overrides)?;
    let mut scenario = checked.scenario;
    // The target's own times are those of a run: only what the session waits for is shortened.
    let as_run = scenario.clone();
    if args.overrides.compress.is_none() && args.overrides.duration.is_none() {
        shorten(&mut scenario);
    }
    let trial = Trial::new(scenario, args, &checked.written)?;
    let (embedded, origins) = find_target(&as_run, &args.allow_host, &[])?;
    to_stdout(|out| trial.introduce(as_run.clock.compress, &origins, out))?;
    let wrong = trial.go(origins, &stop)?;
    drop::<Option<Embedded>>(embedded);
    Ok(match (stop.was_stopped(), wrong) {
        (true, _) => Exit::Stopped,
        (false, 0) => Exit::Ready,
        (false, _) => Exit::NotReady,
    })
}

impl Trial {
    fn new(scenario: Scenario, args: &TryArgs, written: &Written) -> Result<Self, Failure> {
        let plan = Plan::unsurveyed(&scenario, threads()).map_err(|error| no_plan(&error, Some(written)))?;
        let population = population(&scenario, args.population.as_deref())?;
        let (name, sessions) = (&plan.populations[population].name, plan.populations[population].sessions);
        if args.session >= sessions {
            let error =
                anyhow!("population `{name}` has {sessions} sessions, counted from 0: there is no {}", args.session);
            return Err(Failure::usage(error));
        }
        let path = &plan.populations[population].path;
        let (mut walk, mut planned, mut done) = (Walk::default(), 0, Instant::ZERO);
        walk.restart(path, args.session);
        while let Some(due) = walk.next(path, done) {
            planned += 1;
            done = done.max(due.due) + path.streams_length(args.session, &due);
        }
        // One request waits for the other, so each may take its whole timeout.
        let timeouts = Span::from_nanos(longest_timeout(&scenario).as_nanos().saturating_mul(planned));
        Ok(Self { scenario, population, session: args.session, planned, hard_stop: done + timeouts, plan })
    }

    fn introduce(&self, compress: f64, origins: &[ResolvedOrigin], out: &mut dyn Write) -> io::Result<()> {
        let name = &self.scenario.populations[self.population].name;
        let requests = if self.planned == 1 { "1 request".to_owned() } else { format!("{} requests", self.planned) };
        let to: Vec<&str> = origins.iter().map(|origin| origin.authority.as_str()).collect();
        writeln!(out, "session {} of {name} · {requests} planned · to {}", self.session, to.join(", "))?;
        if self.scenario.clock.compress != compress {
            writeln!(out, "{}", words(compress))?;
        }
        Ok(())
    }

    /// Runs it, prints each request as it ends, and says how many were not right.
    fn go(self, origins: Vec<ResolvedOrigin>, stop: &StopSignal) -> anyhow::Result<u64> {
        let (mask, planned) = (Mask::new(&self.scenario), self.planned);
        let (mut engine, told) = self.start(origins)?;
        stop.stops(engine.stopper());
        let (mut right, mut wrong, mut again, mut followed, mut lost) = (0, 0, 0, 0, 0);
        for seen in told {
            // What is recorded of a single session is what is printed.
            while engine.slices.try_recv().is_ok() {}
            match &seen {
                Seen::Exchange(it) if it.tried_again => again += 1,
                Seen::Exchange(it) if it.onward.is_some() => followed += 1,
                Seen::Exchange(it) if it.wrong.is_none() => right += 1,
                Seen::Exchange(_) => wrong += 1,
                Seen::Message(_) => {}
                Seen::StreamEnd(it) => lost += u64::from(it.lost.is_some()),
            }
            to_stdout(|out| match seen {
                Seen::Exchange(it) => write_exchange(&it, &mask, style(), out),
                Seen::Message(it) => write_message(&it, &mask, out),
                Seen::StreamEnd(it) => write_stream_end(&it, &mask, style(), out),
            })?;
        }
        engine.join().context("the lane failed")?;
        let rest = planned.saturating_sub(right + wrong);
        let lost_streams = if lost == 1 { "stream lost" } else { "streams lost" };
        let others = [(again, "tried again"), (followed, "redirected"), (lost, lost_streams), (rest, "not attempted")];
        let others = others.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!(", {n} {what}")).collect::<String>();
        to_stdout(|out| writeln!(out, "\n{right} right, {wrong} wrong{others}"))?;
        Ok(wrong + rest + lost)
    }

    fn start(self, origins: Vec<ResolvedOrigin>) -> anyhow::Result<(Engine, Receiver<Seen>)> {
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
            catalog: Arc::new(Catalog::new(&self.scenario, self.plan.last_due, 0.0, 1)),
            scenario: Arc::new(self.scenario),
            plan: Arc::new(self.plan),
            origins,
            load: Load::Planned,
            lanes: vec![None],
            run_id: format!("{:016x}", rand::random::<u64>()),
            interval: Span::from_secs(1),
            hard_stop: self.hard_stop,
            clock: RunClock::starting_at(monotonic_nanos()),
            observer: Some(observer),
            only: Some((self.population, self.session)),
        });
        Ok((engine.context("cannot start the lane")?, told))
    }
}

fn population(scenario: &Scenario, name: Option<&str>) -> Result<usize, Failure> {
    let Some(name) = name else { return Ok(0) };
    let names: Vec<&str> = scenario.populations.iter().map(|population| population.name.as_str()).collect();
    names.iter().position(|known| *known == name).ok_or_else(|| {
        Failure::usage(anyhow!("there is no population `{name}`; the scenario has {}", names.join(", ")))
    })
}

fn longest_timeout(scenario: &Scenario) -> Span {
    let steps = scenario.flows.iter().flat_map(|flow| &flow.steps);
    let own = steps.filter_map(|step| match &step.kind {
        StepKind::Request(request) => Some(request.longest(scenario.limits.timeout)),
        _ => None,
    });
    own.chain([scenario.limits.timeout]).max().unwrap_or_default()
}
