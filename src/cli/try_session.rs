//! `scrutinio try`: one session against the scenario's target, every request and answer printed.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use anyhow::{Context, anyhow};
use flate2::read::{MultiGzDecoder, ZlibDecoder};

use crate::engine::{Engine, EngineConfig, Exchange, Load, RunClock, monotonic_nanos};
use crate::plan::{Plan, Walk};
use crate::record::Catalog;
use crate::report::{SentAndReceived, write_exchange};
use crate::scenario::{Mask, Scenario, StepKind};
use crate::unit::{Instant, Span};
use crate::wire::ResolvedOrigin;

use super::args::TryArgs;
use super::check::threads;
use super::conclude::style;
use super::embedded::Embedded;
use super::output::to_stdout;
use super::perform::find_target;
use super::run::load;
use super::stop::StopSignal;
use super::{Exit, Failure, Outcome};

/// Scenario seconds a second, unless told otherwise: a day of waits passes in a tenth of a second.
const COMPRESS: f64 = 1_000_000.0;
/// The most of a decoded body that is kept.
const DECODED_MAX: u64 = 256 << 10;

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
    let stop = StopSignal::listen()?;
    let checked = load(&args.scenario, &args.overrides)?;
    let mut scenario = checked.scenario;
    let compress = scenario.clock.compress;
    if args.overrides.compress.is_none() && args.overrides.duration.is_none() {
        scenario.clock.compress = COMPRESS;
    }
    let trial = Trial::new(scenario, args)?;
    // The target's own times are those of a run: only what the session waits for is shortened.
    let mut as_run = trial.scenario.clone();
    as_run.clock.compress = compress;
    let (embedded, origins) = find_target(&as_run, &args.allow_host, &[])?;
    to_stdout(|out| trial.introduce(compress, &origins, out))?;
    let wrong = trial.go(origins, &stop)?;
    drop::<Option<Embedded>>(embedded);
    Ok(match (stop.was_stopped(), wrong) {
        (true, _) => Exit::Stopped,
        (false, 0) => Exit::Ready,
        (false, _) => Exit::NotReady,
    })
}

impl Trial {
    fn new(scenario: Scenario, args: &TryArgs) -> Result<Self, Failure> {
        let plan = Plan::unsurveyed(&scenario, threads()).map_err(Failure::usage)?;
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
        let now = self.scenario.clock.compress;
        if now != compress {
            writeln!(
                out,
                "waits are shortened: compress {now} in place of {compress}; --compress {compress} keeps them"
            )?;
        }
        Ok(())
    }

    /// Runs it, prints each request as it ends, and says how many were not right.
    fn go(self, origins: Vec<ResolvedOrigin>, stop: &StopSignal) -> anyhow::Result<u64> {
        let (mask, planned) = (Mask::new(&self.scenario), self.planned);
        let (mut engine, told) = self.start(origins)?;
        stop.stops(engine.stopper());
        let (mut right, mut wrong, mut again) = (0, 0, 0);
        for it in told {
            // What is recorded of a single session is what is printed.
            while engine.slices.try_recv().is_ok() {}
            *(if it.tried_again {
                &mut again
            } else if it.wrong.is_none() {
                &mut right
            } else {
                &mut wrong
            }) += 1;
            to_stdout(|out| write_exchange(&it, &mask, style(), out))?;
        }
        engine.join().context("the lane failed")?;
        let rest = planned.saturating_sub(right + wrong);
        let not_attempted = if rest > 0 { format!(", {rest} not attempted") } else { String::new() };
        let tried_again = if again > 0 { format!(", {again} tried again") } else { String::new() };
        to_stdout(|out| writeln!(out, "\n{right} right, {wrong} wrong{tried_again}{not_attempted}"))?;
        Ok(wrong + rest)
    }

    fn start(self, origins: Vec<ResolvedOrigin>) -> anyhow::Result<(Engine, Receiver<SentAndReceived>)> {
        let names = self.scenario.flows[self.scenario.populations[self.population].flow].saved.clone();
        let (tell, told) = channel();
        let (mut number, mut before) = (0, vec![None; names.len()]);
        let observer = Box::new(move |exchange: Exchange<'_>| {
            number += 1;
            // The receiver is gone only where printing failed.
            let _ = tell.send(owned(number, &exchange, &names, &before));
            before = exchange.saved.to_vec();
        });
        let engine = Engine::start(EngineConfig {
            catalog: Arc::new(Catalog::new(&self.scenario, self.plan.last_due, 0.0)),
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

/// What an observer was lent, kept for printing; of the saved values only what changed.
fn owned(number: u64, exchange: &Exchange<'_>, names: &[String], before: &[Option<String>]) -> SentAndReceived {
    let saved = names.iter().zip(exchange.saved).zip(before).filter(|((_, now), before)| now != before);
    let saved = saved.filter_map(|((name, now), _)| Some((name.clone(), now.clone()?)));
    let (body, encoding) = decoded(exchange.head, exchange.body);
    SentAndReceived {
        number,
        step: exchange.step.to_owned(),
        due: exchange.woken.due,
        sent: exchange.sent,
        first: exchange.first,
        done: exchange.done,
        request: exchange.request.to_vec(),
        head: exchange.head.to_vec(),
        body,
        encoding,
        wire_bytes: exchange.body.len() as u64,
        saved: saved.collect(),
        tried_again: exchange.tried_again,
        wrong: exchange.outcome.err().map(|(reason, detail)| (reason.key(), detail.to_owned())),
    }
}

/// The body decoded as far as it goes (only the first of it was kept), and what from.
fn decoded(head: &[u8], body: &[u8]) -> (Vec<u8>, Option<String>) {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let encoding = head.lines().find_map(|line| Some(line.strip_prefix("content-encoding:")?.trim().to_owned()));
    let mut decoded = Vec::new();
    let read = match encoding.as_deref() {
        Some("gzip" | "x-gzip") => MultiGzDecoder::new(body).take(DECODED_MAX).read_to_end(&mut decoded),
        Some("deflate") => ZlibDecoder::new(body).take(DECODED_MAX).read_to_end(&mut decoded),
        _ => return (body.to_vec(), None),
    };
    // Bytes that do not decode at all are shown as they came.
    if read.is_err() && decoded.is_empty() { (body.to_vec(), None) } else { (decoded, encoding) }
}
