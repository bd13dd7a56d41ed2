//! What `check` says of a plan before any traffic: a [`Check`] is made once, from the scenario, its plan and
//! the machine; the text (`check_text`) and the JSON are drawn from it.
//!
//! Every figure is the plan's own, exact unless `estimated_from` is set; nothing here is about answers, which
//! only a target can give.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use crate::judge::{Evidence, judged};
use crate::plan::{Peak, Plan, PopulationPlan, Shape, highest};
use crate::report::words::count;
use crate::scenario::{Scenario, Size, Step, StepKind};
use crate::unit::{Instant, Span};

use super::check_around::CheckAround;
use super::check_machine::{Machine, Warning, warnings};
use super::check_proof::{CheckChance, CheckObjective};
use super::compression_words;
use super::memory::memory_needed;

/// A plan in numbers.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// Changes when a field changes its meaning; new fields may come without.
    pub schema_version: u32,
    /// The scenario's name.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// The part of the day that runs.
    pub clock: CheckClock,
    /// All planned requests.
    pub requests: u64,
    /// All sessions.
    pub sessions: u64,
    /// In the scenario's order.
    pub populations: Vec<CheckPopulation>,
    /// Planned requests per second of the run, with zero response times.
    pub rate: CheckRate,
    /// The most sessions alive at once, with zero response times.
    pub alive_peak: u64,
    /// What is open, and sent, on streams; `None` in a plan without.
    pub streams: Option<CheckStreams>,
    /// About how much memory a run takes with the lanes of this machine, where answers take up to a second.
    pub memory_needed_bytes: u64,
    /// The most requests that may be open at once.
    pub max_in_flight: u64,
    /// New connections in the highest second of the run; those of shared pools are left out.
    pub connections_peak: u64,
    /// About how many bytes the requests have. The sizes of answers depend on the target.
    pub request_bytes: u64,
    /// In populations too large to time each session, one in up to this many was: `rate`, `alive_peak`,
    /// `connections_peak`, `streams` and the requests of windows are estimates. `None`: all is exact.
    pub estimated_from: Option<u64>,
    /// The plan's digest (P8).
    pub plan_digest: String,
    /// The plan's arrivals hash (P8).
    pub arrivals_hash: String,
    /// The sessions around the plan.
    #[serde(flatten)]
    pub around: CheckAround,
    /// In the scenario's order.
    pub objectives: Vec<CheckObjective>,
    /// The chance that all of them are proven; `None` where no plan tells their requests.
    pub chance: Option<CheckChance>,
    /// The length of another run, of which `objectives` say what it could prove, in seconds; `None`: none was asked for.
    pub budget_s: Option<f64>,
    /// What the author should know although nothing is wrong.
    pub notes: Vec<String>,
    /// This machine.
    pub machine: Machine,
    /// What it lacks.
    pub warnings: Vec<Warning>,
}

/// The part of the day that runs.
#[derive(Clone, Debug, Serialize)]
pub struct CheckClock {
    /// Scenario time of the first second, with its zone.
    pub from: String,
    /// Scenario time of the end.
    pub to: String,
    /// Scenario seconds a second.
    pub compress: f64,
    /// What that means, in words; `None` at real speed.
    pub compression: Option<String>,
    /// How long sessions start, in seconds of run.
    pub starts_s: f64,
    /// The seconds at the run's beginning that no objective counts (O15).
    pub warm_up_s: u64,
    /// When the last request is due, in seconds of run.
    pub last_due_s: f64,
}

/// One population's part of the plan.
#[derive(Clone, Debug, Serialize)]
pub struct CheckPopulation {
    /// Its name.
    pub name: String,
    /// Its sessions.
    pub sessions: u64,
    /// Its planned requests.
    pub requests: u64,
    /// The highest points of its curve, in order of time; empty where all arrivals are bursts or a trace.
    pub peaks: Vec<CheckPeak>,
    /// The curve's highest level over its mean; exact.
    pub peak_over_mean: Option<f64>,
    /// The curve's highest level over level 1; `None` without a surge, whose `to` is what says what level 1 is, and where
    /// levels are session starts a second.
    pub peak_over_level_1: Option<f64>,
    /// Its bursts.
    pub bursts: Vec<CheckBurst>,
    /// Its planned transactions, by name.
    pub by_transaction: BTreeMap<String, u64>,
}

/// A high point of a curve.
#[derive(Clone, Debug, Serialize)]
pub struct CheckPeak {
    /// Scenario time: `Sun 23:05`.
    pub at: String,
    /// The same, in seconds since the clock's start.
    pub at_s: f64,
    /// The curve's level.
    pub level: f64,
    /// Planned session starts a second of scenario time.
    pub starts_per_s: f64,
}

/// A burst of a population.
#[derive(Clone, Debug, Serialize)]
pub struct CheckBurst {
    /// When it begins: scenario time.
    pub at: String,
    /// The same, in seconds since the clock's start; what lies before the window starts with it (P9).
    pub at_s: f64,
    /// How long it lasts, in seconds of scenario time.
    pub spread_s: f64,
    /// Its weight in sessions.
    pub sessions: u64,
    /// Sessions that start while it lasts, those of a curve under it included.
    pub starts: u64,
}

/// Planned requests per second of the run.
#[derive(Clone, Debug, Serialize)]
pub struct CheckRate {
    /// In the highest second.
    pub peak: u64,
    /// That second in scenario time.
    pub peak_at: String,
    /// From the first second to the last request.
    pub mean: f64,
    /// peak / mean.
    pub peak_over_mean: f64,
    /// peak over the rate at which all curves would stand at level 1, those without a surge at their highest; `None` where
    /// no population has a level 1.
    pub peak_over_level_1: Option<f64>,
}

/// Planned streams, with zero response times. Their rates are real time, whatever the compression (T5); what is
/// received on them depends on the target.
#[derive(Clone, Debug, Serialize)]
pub struct CheckStreams {
    /// Streams that are opened; exact.
    pub opened: u64,
    /// The most that are open at any whole second.
    pub open_peak: u64,
    /// That second in scenario time.
    pub open_peak_at: String,
    /// Messages that are sent on them.
    pub messages: u64,
    /// The highest rate at which inputs are sent on all that are open, a second of the run.
    pub inputs_peak_per_s: f64,
}

impl Check {
    /// What there is to say of a plan. `request_bytes` is the engine's estimate; `budget` the
    /// length of another run.
    pub fn new(
        scenario: &Scenario,
        plan: &Plan,
        evidence: &[Evidence],
        notes: Vec<String>,
        request_bytes: u64,
        machine: Machine,
        budget: Option<Span>,
    ) -> Self {
        let budget = budget.map(|budget| (budget, plan.last_due.since(Instant::ZERO)));
        let objectives = scenario.objectives.iter().zip(evidence);
        let late = late_sessions(scenario, plan, evidence);
        let mut check = Self {
            schema_version: 1,
            scenario: scenario.name.clone(),
            seed: scenario.seed,
            clock: clock(scenario, plan),
            requests: plan.requests,
            sessions: plan.sessions,
            populations: (0..plan.populations.len()).map(|index| population(scenario, plan, index)).collect(),
            rate: rate(scenario, plan),
            alive_peak: plan.alive_peak,
            streams: streams(scenario, plan),
            memory_needed_bytes: memory_needed(scenario, plan, machine.lanes),
            max_in_flight: scenario.limits.max_in_flight,
            connections_peak: plan.connections.iter().max().copied().unwrap_or(0),
            request_bytes,
            estimated_from: plan.nominal_sampled,
            plan_digest: plan.digest.to_string(),
            arrivals_hash: format!("{:032x}", plan.arrivals_hash),
            around: CheckAround::new(scenario),
            objectives: objectives.map(|(o, evidence)| CheckObjective::new(scenario, o, evidence, budget)).collect(),
            chance: CheckChance::new(scenario, plan, evidence),
            budget_s: budget.map(|(budget, _)| budget.as_secs_f64()),
            notes: notes.into_iter().chain(herds(plan)).chain(set_by_answers(plan)).chain(late).collect(),
            machine,
            warnings: Vec::new(),
        };
        check.warnings = warnings(&check, scenario, plan);
        check
    }

    /// Writes the JSON form.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(io::BufWriter::new(&mut *out), self)?;
        writeln!(out)
    }
}

/// P9: a window has those who would be there by then start with it, as a day never does.
fn herds(plan: &Plan) -> impl Iterator<Item = String> {
    plan.populations.iter().filter_map(|population| {
        let (early, sessions) = (population.before_window(), population.sessions);
        (early > 0).then(|| {
            let name = &population.name;
            format!(
                "`{name}`: {} of {} sessions come before the window and so start with it, all at once",
                count(early),
                count(sessions)
            )
        })
    })
}

/// O5: the load of a plan is its own only where it does not wait for answers.
fn set_by_answers(plan: &Plan) -> Option<String> {
    let Plan { at_answer, requests, .. } = plan;
    (at_answer * 2 > *requests).then(|| {
        format!(
            "{} of {} requests follow an answer without a pause: the target sets their rate, and a run in which it is \
             slower than the plan is INVALID (sessions_fell_behind); let sessions think, or start more and shorter ones",
            count(*at_answer),
            count(*requests)
        )
    })
}

/// R7: the run waits for sessions that are late by answers within the objectives.
fn late_sessions(scenario: &Scenario, plan: &Plan, evidence: &[Evidence]) -> Option<String> {
    let (limit, timeout) = (judged(scenario, evidence).tightest_limit()?, scenario.limits.timeout);
    let slip = plan.slip(limit);
    (slip > timeout).then(|| {
        format!(
            "if every answer takes {limit}, as the objectives allow, the longest sessions end {slip} later than planned; the \
             run waits so long for them, and not only one timeout of {timeout}"
        )
    })
}

fn clock(scenario: &Scenario, plan: &Plan) -> CheckClock {
    let clock = &scenario.clock;
    let (from, to) = clock.window;
    let zone = clock.from.time_zone().iana_name().unwrap_or("UTC");
    CheckClock {
        from: format!("{} {zone}", clock.label(from)),
        to: clock.label(to),
        compress: clock.compress,
        compression: compression_words(Span::from_secs_f64(to - from), clock.compress),
        starts_s: clock.span(to - from).as_secs_f64(),
        warm_up_s: clock.warm_up().as_secs_f64() as u64,
        last_due_s: plan.last_due.as_nanos() as f64 / 1e9,
    }
}

fn population(scenario: &Scenario, plan: &Plan, index: usize) -> CheckPopulation {
    let clock = &scenario.clock;
    let PopulationPlan { name, sessions, requests, shape, bursts, .. } = &plan.populations[index];
    let peak = |peak: &Peak| CheckPeak {
        at: clock.label(peak.at),
        at_s: peak.at,
        level: peak.level,
        starts_per_s: shape.rate_at(peak.at),
    };
    let bursts = bursts.iter().map(|burst| CheckBurst {
        at: clock.label(burst.at),
        at_s: burst.at,
        spread_s: burst.spread,
        sessions: burst.sessions,
        starts: burst.starts,
    });
    CheckPopulation {
        name: name.clone(),
        sessions: *sessions,
        requests: *requests,
        peaks: shape.peaks.iter().map(peak).collect(),
        peak_over_mean: shape.peak_over_mean(),
        peak_over_level_1: levels(scenario, index, shape).map(|peak| peak.level),
        bursts: bursts.collect(),
        by_transaction: plan.populations[index].transactions().into_iter().map(|(k, n)| (k.to_owned(), n)).collect(),
    }
}

/// The highest point of a curve whose level 1 is an ordinary day's maximum (P6), as only a surge says, and not a session
/// start a second.
fn levels(scenario: &Scenario, index: usize, shape: &Shape) -> Option<Peak> {
    let population = &scenario.populations[index];
    let surges = population.arrivals.curve.as_ref().is_some_and(|curve| !curve.surges.is_empty());
    shape.highest().filter(|_| surges && !matches!(population.size, Size::Rate { .. }))
}

fn rate(scenario: &Scenario, plan: &Plan) -> CheckRate {
    let peak = plan.nominal.iter().max().copied().unwrap_or(0);
    let second = plan.nominal.iter().position(|n| *n == peak).unwrap_or(0);
    let at = at_bin(scenario, plan, second);
    let secs = (plan.last_due.as_nanos() as f64 / 1e9).max(plan.nominal_bin.as_secs_f64());
    let mean = plan.requests as f64 / secs;
    CheckRate {
        peak,
        peak_at: scenario.clock.label(at),
        mean,
        peak_over_mean: peak as f64 / mean,
        peak_over_level_1: level_1_rate(scenario, plan).map(|level_1| peak as f64 / level_1),
    }
}

fn streams(scenario: &Scenario, plan: &Plan) -> Option<CheckStreams> {
    let opens = |step: &Step| matches!(&step.kind, StepKind::Request(request) if request.stream.is_some());
    let opened = plan.populations.iter().map(|population| {
        let steps = population.path.flow.steps.iter().zip(&population.requests_by_step);
        steps.filter_map(|(step, n)| opens(step).then_some(n)).sum::<u64>()
    });
    let opened = opened.sum();
    let (second, open_peak) = highest(&plan.streams.open);
    let (_, sending) = highest(&plan.streams.sending);
    (opened > 0).then(|| CheckStreams {
        opened,
        open_peak,
        open_peak_at: scenario.clock.label(at_bin(scenario, plan, second)),
        messages: plan.streams.messages,
        inputs_peak_per_s: sending as f64 / 1e6,
    })
}

/// A bin of the run in scenario time.
fn at_bin(scenario: &Scenario, plan: &Plan, bin: usize) -> f64 {
    bin as f64 * plan.nominal_bin.as_secs_f64() * scenario.clock.compress + scenario.clock.window.0
}

/// Requests per second of the run if every curve stood at level 1; one without a surge is at most ordinary.
fn level_1_rate(scenario: &Scenario, plan: &Plan) -> Option<f64> {
    let populations = || plan.populations.iter().enumerate();
    populations().find_map(|(index, population)| levels(scenario, index, &population.shape))?;
    let rates = populations().filter_map(|(index, population)| {
        let peak = population.shape.highest()?;
        let level = levels(scenario, index, &population.shape).map_or(1.0, |peak| peak.level);
        let starts = population.shape.rate_at(peak.at) / level * scenario.clock.compress;
        Some(starts * population.requests as f64 / population.sessions as f64)
    });
    let rate: f64 = rates.sum();
    (rate > 0.0).then_some(rate)
}
