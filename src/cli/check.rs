//! `scrutinio check`: a scenario and its plan, before any traffic and without a folder.

use std::io::{self, IsTerminal};
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::anyhow;
use serde::Serialize;

use crate::engine::{limits, request_bytes};
use crate::plan::{Plan, PlanError, Stripe};
use crate::report::{Check, Machine, write_check};
use crate::scenario::{Origin, Scenario};

use super::args::CheckArgs;
use super::calibration::ceiling;
use super::conclude::style;
use super::cores::divide_cores;
use super::output::{to_stderr, to_stdout};
use super::perform::{no_plan, planning_thread};
use super::progress::{LINE_EVERY, planning_words};
use super::proof::{evidence, judged};
use super::reach::foreign;
use super::run::{is_part, load};
use super::{Exit, Failure, Outcome, problems};

/// How often the number of requests planned so far is shown.
const SHOW_EVERY: Duration = Duration::from_millis(200);

/// Shows the plan, or its first arrivals.
pub fn check(args: &CheckArgs) -> Outcome {
    let checked = load(&args.scenario, &args.overrides)?;
    let mut scenario = checked.scenario;
    let written = checked.written;
    if let Some(first) = args.arrivals {
        let plan = Plan::unsurveyed(&scenario, threads()).map_err(|error| no_plan(&error, Some(&written)))?;
        return arrivals(&plan, first, args.stripe.unwrap_or(Stripe::ALL));
    }
    let machine = machine(&scenario, args.calibration.as_deref());
    scenario.limits.max_in_flight = scenario.limits.max_in_flight.min(machine.descriptors.max(1));
    let plan = plan(&scenario)?.map_err(|error| no_plan(&error, Some(&written)))?;
    let evidence = evidence(&scenario, &plan, is_part(&args.overrides));
    let check =
        Check::new(&scenario, &plan, &evidence, checked.notes, request_bytes(&scenario, &plan), machine, args.budget);
    let unproven = judged(&scenario, &plan, &evidence, Some(&written));
    to_stdout(|out| match (args.json, &unproven) {
        (true, Err(Failure { error, .. })) => problems::write_beside(&check, error, out),
        (true, Ok(_)) => check.write_json(out),
        (false, _) => write_check(&check, &scenario, &plan, style(), out),
    })?;
    if let (true, Err(Failure { exit, error })) = (args.json, &unproven) {
        problems::tell(error, true);
        return Ok(*exit);
    }
    unproven?;
    Ok(if args.strict && !check.warnings.is_empty() { Exit::Invalid } else { Exit::Ready })
}

/// The threads that plan: one a core.
pub fn threads() -> NonZeroUsize {
    NonZeroUsize::new(limits::cores().len()).unwrap_or(NonZeroUsize::MIN)
}

/// Plans, and shows that it goes on: on a terminal often, elsewhere with a line now and then.
fn plan(scenario: &Scenario) -> anyhow::Result<Result<Plan, PlanError>> {
    let counted = AtomicU64::new(0);
    let terminal = io::stderr().is_terminal();
    let this = std::thread::current();
    std::thread::scope(|scope| {
        let planning = planning_thread(scope, || {
            let plan = Plan::build(scenario, threads(), &counted);
            counted.store(u64::MAX, Ordering::Relaxed);
            this.unpark();
            plan
        })?;
        while !planning.is_finished() {
            std::thread::park_timeout(if terminal { SHOW_EVERY } else { LINE_EVERY.to_duration() });
            match (counted.load(Ordering::Relaxed), terminal) {
                // It was this that ended the wait.
                (u64::MAX, _) => break,
                (counted, true) => to_stderr(format_args!("\r{}", planning_words(counted))),
                (counted, false) => to_stderr(format_args!("{}\n", planning_words(counted))),
            }
        }
        if terminal {
            to_stderr(format_args!("\r\x1b[K"));
        }
        planning.join().map_err(|_| anyhow!("planning panicked"))
    })
}

#[derive(Serialize)]
struct Line<'a> {
    due_ns: u64,
    population: &'a str,
    session: u64,
}

/// The first arrivals of a stripe, one JSON object a line.
fn arrivals(plan: &Plan, first: u64, stripe: Stripe) -> Outcome {
    let first = usize::try_from(first).unwrap_or(usize::MAX);
    to_stdout(|out| {
        plan.arrivals(stripe).take(first).try_for_each(|arrival| {
            let population = &plan.populations[usize::from(arrival.population)].name;
            let line = Line { due_ns: arrival.due.as_nanos(), population, session: arrival.session };
            serde_json::to_writer(&mut *out, &line)?;
            writeln!(out)
        })
    })?;
    Ok(Exit::Ready)
}

/// What this machine has for a run of the scenario.
fn machine(scenario: &Scenario, calibration: Option<&Path>) -> Machine {
    let ceiling = ceiling(calibration, scenario);
    let cores = divide_cores(scenario, None);
    let (low, high) = limits::local_port_range();
    let elsewhere = || scenario.target.origins.iter().filter(|origin| !is_loopback(origin));
    Machine {
        cores: limits::cores().len(),
        lanes: cores.lanes.len(),
        shares_cores: cores.shared,
        descriptors: limits::raise_descriptors().saturating_sub(limits::OTHER_DESCRIPTORS),
        ports: u64::from(high - low) + 1,
        sources: elsewhere().map(|origin| origin.source_addresses.len().max(1)).min().unwrap_or(1),
        foreign_sources: scenario.target.origins.iter().flat_map(|o| foreign(&o.source_addresses)).collect(),
        memory_bytes: super::memory::left(),
        ceiling: ceiling.as_ref().ok().copied(),
        not_calibrated: ceiling.err(),
        loopback: scenario.target.embedded.is_some() || elsewhere().next().is_none(),
    }
}

/// Without looking a name up: `check` sends nothing, not even to a name server.
fn is_loopback(origin: &Origin) -> bool {
    if origin.unix.is_some() {
        return true;
    }
    let address = origin.resolve.or_else(|| origin.host.parse::<IpAddr>().ok());
    address.map_or(origin.host == "localhost", |address| address.to_canonical().is_loopback())
}
