//! `scrutinio check`: a scenario and its plan, before any traffic and without a folder.

use std::io::{self, IsTerminal};
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::anyhow;
use serde::Serialize;

use crate::engine::{limits, request_bytes};
use crate::judge::words::count;
use crate::plan::{Plan, PlanError, Stripe};
use crate::report::{Check, Machine, write_check};
use crate::scenario::{Origin, Scenario};

use super::args::CheckArgs;
use super::embedded::check_knobs;
use super::output::to_stdout;
use super::perform::{divide_cores, refuse_unprovable, style};
use super::run::load;
use super::{Exit, Failure, Outcome};

/// How often the number of requests planned so far is shown.
const SHOW_EVERY: Duration = Duration::from_millis(200);

/// Shows the plan, or its first arrivals.
pub fn check(args: &CheckArgs) -> Outcome {
    let checked = load(&args.scenario, &args.overrides)?;
    let mut scenario = checked.scenario;
    if let Some((service, knobs)) = &scenario.target.embedded {
        check_knobs(*service, knobs).map_err(Failure::usage)?;
    }
    if let Some(first) = args.arrivals {
        return arrivals(&scenario, first, args.stripe.unwrap_or(Stripe::ALL));
    }
    let machine = machine(&scenario);
    scenario.limits.max_in_flight = scenario.limits.max_in_flight.min(machine.descriptors.max(1));
    let plan = plan(&scenario).map_err(Failure::usage)?;
    let check = Check::new(&scenario, &plan, checked.notes, request_bytes(&scenario, &plan), machine);
    to_stdout(|out| match args.json {
        true => check.write_json(out),
        false => write_check(&check, &scenario, &plan, style(), out),
    })?;
    refuse_unprovable(&scenario, &plan)?;
    Ok(if args.strict && !check.warnings.is_empty() { Exit::Invalid } else { Exit::Ready })
}

/// The threads that plan: one a core.
pub fn threads() -> NonZeroUsize {
    NonZeroUsize::new(limits::cores().len()).unwrap_or(NonZeroUsize::MIN)
}

/// Plans, and shows on a terminal that it goes on.
fn plan(scenario: &Scenario) -> Result<Plan, anyhow::Error> {
    let counted = AtomicU64::new(0);
    let shown = io::stderr().is_terminal();
    let planned: Result<Plan, PlanError> = std::thread::scope(|scope| {
        let planning = scope.spawn(|| {
            let plan = Plan::build(scenario, threads(), &counted);
            counted.store(u64::MAX, Ordering::Relaxed);
            plan
        });
        while shown && !planning.is_finished() {
            std::thread::park_timeout(SHOW_EVERY);
            let counted = counted.load(Ordering::Relaxed);
            if counted != u64::MAX {
                eprint!("\rplanning: {} requests", count(counted));
            }
        }
        if shown {
            eprint!("\r\x1b[K");
        }
        planning.join().map_err(|_| anyhow!("planning panicked"))
    })?;
    Ok(planned?)
}

#[derive(Serialize)]
struct Line<'a> {
    due_ns: u64,
    population: &'a str,
    session: u64,
}

/// The first arrivals of a stripe, one JSON object a line.
fn arrivals(scenario: &Scenario, first: u64, stripe: Stripe) -> Outcome {
    let plan = Plan::unsurveyed(scenario, threads()).map_err(Failure::usage)?;
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
fn machine(scenario: &Scenario) -> Machine {
    let cores = divide_cores(scenario, None);
    Machine {
        cores: limits::cores().len(),
        lanes: cores.lanes.len(),
        shares_cores: cores.shared,
        descriptors: limits::raise_descriptors().saturating_sub(limits::OTHER_DESCRIPTORS),
        ports: ports(&std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default()),
        memory_bytes: super::host::memory_left(),
        loopback: scenario.target.embedded.is_some() || scenario.target.origins.iter().all(is_loopback),
    }
}

/// Linux's default range where the file cannot be read.
fn ports(range: &str) -> u64 {
    let mut bounds = range.split_whitespace().filter_map(|bound| bound.parse::<u64>().ok());
    let (low, high) = (bounds.next().unwrap_or(32_768), bounds.next().unwrap_or(60_999));
    (high + 1).saturating_sub(low)
}

/// Without looking a name up: `check` sends nothing, not even to a name server.
fn is_loopback(origin: &Origin) -> bool {
    let address = origin.resolve.or_else(|| origin.host.parse::<IpAddr>().ok());
    address.map_or(origin.host == "localhost", |address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_the_port_range_are_ports() {
        assert_eq!(ports("32768\t60999\n"), 28_232);
        assert_eq!(ports(""), 28_232);
    }
}
