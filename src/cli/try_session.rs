//! `scrutinio try`: one session against the scenario's target, every exchange printed, and what is said on streams.

use std::io::{self, Write};

use anyhow::anyhow;

use crate::plan::Plan;
use crate::report::{login_hint, write_exchange, write_message, write_stream_end};
use crate::scenario::{Mask, Scenario, Written};

use super::args::TryArgs;
use super::around::{self, Done, refusal};
use super::check::threads;
use super::conclude::style;
use super::embedded::Embedded;
use super::one_session::{OneSession, Shared, watch};
use super::output::to_stdout;
use super::perform::{find_target, no_plan};
use super::run::load;
use super::seen::Seen;
use super::shorten::{shorten, words};
use super::stop::StopSignal;
use super::{Exit, Failure, Outcome, wall_clock};

/// Runs the session, between `before` and `after`; the exit code says whether all of its requests were right.
pub fn try_session(args: &TryArgs) -> Outcome {
    wall_clock::now()?;
    let stop = StopSignal::listen("no further one is sent")?;
    let checked = load(&args.scenario, &args.overrides)?;
    let mut scenario = checked.scenario;
    // The target's own times are those of a run: only what the session waits for is shortened.
    let as_run = scenario.clone();
    if args.overrides.compress.is_none() && args.overrides.duration.is_none() {
        shorten(&mut scenario);
    }
    let one = find_session(scenario, args, &checked.written)?;
    let (embedded, origins) = find_target(&as_run, &args.allow_host, &[])?;
    let mut shared = Shared::new(origins);
    let mut wrong = 0;
    if let Some(done) = around::before(&as_run, &mut shared)? {
        print_all("before", &done)?;
        refusal(&done).map_or(Ok(()), Err)?;
    }
    to_stdout(|out| introduce(&one, as_run.clock.compress, &shared, out))?;
    wrong += go(one, &shared, &stop)?;
    if !stop.was_stopped()
        && let Some(done) = around::after(&as_run, &shared, &stop)?
    {
        wrong += print_all("after", &done)?;
    }
    drop::<Option<Embedded>>(embedded);
    Ok(match (stop.was_stopped(), wrong) {
        (true, _) => Exit::Stopped,
        (false, 0) => Exit::Ready,
        (false, _) => Exit::NotReady,
    })
}

fn find_session(scenario: Scenario, args: &TryArgs, written: &Written) -> Result<OneSession, Failure> {
    let plan = Plan::unsurveyed(&scenario, threads()).map_err(|error| no_plan(&error, Some(written)))?;
    let population = population(&scenario, args.population.as_deref())?;
    let (name, sessions) = (&plan.populations[population].name, plan.populations[population].sessions);
    if args.session >= sessions {
        let error =
            anyhow!("population `{name}` has {sessions} sessions, counted from 0: there is no {}", args.session);
        return Err(Failure::usage(error));
    }
    Ok(OneSession { scenario, plan, population, session: args.session })
}

fn introduce(one: &OneSession, compress: f64, shared: &Shared, out: &mut dyn Write) -> io::Result<()> {
    let (name, planned) = (&one.scenario.populations[one.population].name, one.planned());
    let requests = if planned == 1 { "1 request".to_owned() } else { format!("{planned} requests") };
    let to: Vec<&str> = shared.origins.iter().map(|origin| origin.authority.as_str()).collect();
    let apart = if one.scenario.before.is_some() { "\n" } else { "" };
    writeln!(out, "{apart}session {} of {name} · {requests} planned · to {}", one.session, to.join(", "))?;
    if one.scenario.clock.compress != compress {
        writeln!(out, "{}", words(compress))?;
    }
    Ok(())
}

/// Runs it, prints each request as it ends, and says how many were not right.
fn go(one: OneSession, shared: &Shared, stop: &StopSignal) -> anyhow::Result<u64> {
    let (mask, planned) = (Mask::new(&one.scenario, &shared.before), one.planned());
    let (engine, told) = one.start(shared)?;
    stop.stops(engine.stopper());
    let mut count = Count::default();
    watch(engine, &told, |seen| count.print(&seen, &mask))?;
    count.finish(planned)
}

/// Prints all of a session that is over, as [`go`] does.
fn print_all(name: &str, done: &Done) -> anyhow::Result<u64> {
    let apart = if name == "after" { "\n" } else { "" };
    to_stdout(|out| writeln!(out, "{apart}{name}"))?;
    let mut count = Count::default();
    done.seen.iter().try_for_each(|seen| count.print(seen, &done.mask))?;
    count.finish(done.planned)
}

/// How what was printed ended.
#[derive(Default)]
struct Count {
    right: u64,
    wrong: u64,
    again: u64,
    followed: u64,
    lost: u64,
    /// What to do about the first that asked for a login.
    hint: Option<String>,
}

impl Count {
    fn print(&mut self, seen: &Seen, mask: &Mask) -> io::Result<()> {
        match seen {
            Seen::Exchange(it) if it.tried_again => self.again += 1,
            Seen::Exchange(it) if it.onward.is_some() => self.followed += 1,
            Seen::Exchange(it) if it.wrong.is_none() => self.right += 1,
            Seen::Exchange(it) => {
                self.wrong += 1;
                self.hint = self.hint.take().or_else(|| login_hint(it.status?, true));
            }
            Seen::Message(_) => {}
            Seen::StreamEnd(it) => self.lost += u64::from(it.lost.is_some()),
        }
        to_stdout(|out| match seen {
            Seen::Exchange(it) => write_exchange(it, mask, style(), out),
            Seen::Message(it) => write_message(it, mask, out),
            Seen::StreamEnd(it) => write_stream_end(it, mask, style(), out),
        })
    }

    /// Prints the sum; what was not right, or never attempted.
    fn finish(self, planned: u64) -> anyhow::Result<u64> {
        let Self { right, wrong, again, followed, lost, hint } = self;
        let rest = planned.saturating_sub(right + wrong);
        let lost_streams = if lost == 1 { "stream lost" } else { "streams lost" };
        let others = [(again, "tried again"), (followed, "redirected"), (lost, lost_streams), (rest, "not attempted")];
        let others = others.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!(", {n} {what}")).collect::<String>();
        to_stdout(|out| {
            writeln!(out, "\n{right} right, {wrong} wrong{others}")?;
            hint.iter().try_for_each(|hint| writeln!(out, "{hint}"))
        })?;
        Ok(wrong + rest + lost)
    }
}

fn population(scenario: &Scenario, name: Option<&str>) -> Result<usize, Failure> {
    let Some(name) = name else { return Ok(0) };
    let names: Vec<&str> = scenario.populations.iter().map(|population| population.name.as_str()).collect();
    names.iter().position(|known| *known == name).ok_or_else(|| {
        Failure::usage(anyhow!("there is no population `{name}`; the scenario has {}", names.join(", ")))
    })
}
