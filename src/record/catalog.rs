//! What is recorded: the names of populations and steps, and which objectives a request counts for.

use crate::scenario::{Measure, Metric, Objective, Scenario, StepKind, Time};
use crate::unit::{Instant, Span};

use super::{CatalogMeasure, LeftOut, Objectives};

/// What a recording is about, fixed before the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalog {
    /// The populations, in the scenario's order.
    pub populations: Vec<CatalogPopulation>,
    /// The objectives, in the scenario's order.
    pub objectives: Vec<CatalogObjective>,
    /// Those of the scenario that are not judged.
    pub left_out: Vec<LeftOut>,
    /// What is measured beside requests, by population.
    pub measures: Vec<CatalogMeasure>,
    /// Width of an objective's bins (D3).
    pub bin: Span,
    /// The seconds of the run with which a stratum of the planned curve begins (O3); empty without a plan.
    pub strata: Vec<u64>,
    /// How much of the run's beginning no objective counts, in whole seconds (O15).
    pub warm_up: Span,
    /// Whether a lane's part of `max_in_flight` has room for what a target within its time limits has open at the peak,
    /// so that what is unsent with clean lag is the target's stall (R6).
    pub limit_covers_target: bool,
    /// The tightest time limit of the objectives; `None` without one.
    pub tightest_limit: Option<Span>,
}

/// What a catalog takes from the plan of a run.
#[derive(Clone, Debug, Default)]
pub struct PlanFacts {
    /// When the plan nominally ends.
    pub last_due: Instant,
    /// Requests of its highest second, extra ones included.
    pub peak_per_s: f64,
    /// The seconds with which its strata begin.
    pub strata: Vec<u64>,
}

/// A population's names.
#[derive(Clone, Debug, PartialEq)]
pub struct CatalogPopulation {
    /// The population's name.
    pub name: String,
    /// The names of its recorded steps; steps of one name are recorded as one.
    pub steps: Vec<String>,
    /// Their methods, in capitals; of steps of one name, that of the first.
    pub methods: Vec<String>,
    /// For each step number of its flow, the index into `steps`; `None` for steps that send nothing.
    pub step_by_number: Vec<Option<u16>>,
    /// For each recorded step, the objectives its requests count for.
    pub objectives_by_step: Vec<Vec<u16>>,
}

/// An objective, in run time.
#[derive(Clone, Debug, PartialEq)]
pub struct CatalogObjective {
    /// Who it is about, as people write it: `overall`, `citizens`, `sections.report`.
    pub scope: String,
    /// The line as written, with its window.
    pub text: String,
    /// What is measured; `None`: the requests themselves.
    pub measure: Option<Measure>,
    /// What it demands.
    pub metric: Metric,
    /// The due instants it is about, start included, end not.
    pub window: Option<(Instant, Instant)>,
    /// Whether `--scale` plans more of what it is about (P9).
    pub can_grow: bool,
}

impl Catalog {
    /// The catalog of a scenario of which these objectives are judged, on so many lanes.
    pub fn new(scenario: &Scenario, objectives: &Objectives, plan: PlanFacts, lanes: usize) -> Self {
        let tightest_limit = objectives.tightest_limit();
        let lanes = lanes.max(1);
        let needed = tightest_limit.map_or(f64::INFINITY, |limit| most_open(plan.peak_per_s / lanes as f64, limit));
        Self {
            populations: (0..scenario.populations.len()).map(|p| population(scenario, &objectives.judged, p)).collect(),
            objectives: objectives.judged.iter().map(|o| objective(scenario, o)).collect(),
            left_out: objectives.left_out.clone(),
            measures: CatalogMeasure::all(scenario, &objectives.judged),
            bin: Self::bin_of(plan.last_due),
            strata: plan.strata,
            warm_up: scenario.clock.warm_up(),
            limit_covers_target: (scenario.limits.max_in_flight / lanes as u64) as f64 >= needed,
            tightest_limit,
        }
    }

    /// The catalog of a scenario of which nothing is judged.
    pub fn without_objectives(scenario: &Scenario) -> Self {
        Self::new(scenario, &Objectives::default(), PlanFacts::default(), 1)
    }

    /// The width of the bins of a plan that nominally ends then: 100 ms if that is under ten minutes, else a second (D3).
    pub fn bin_of(last_due: Instant) -> Span {
        if last_due < Instant::ZERO + Span::from_secs(600) { Span::from_millis(100) } else { Span::from_secs(1) }
    }
}

impl CatalogObjective {
    /// Whether it is about what is due then.
    pub(super) fn is_about(&self, due: Instant) -> bool {
        self.window.is_none_or(|(from, to)| from <= due && due < to)
    }
}

impl Catalog {
    /// Whether no step, population or measure keeps the times that an objective is about, so that it has its own: those have
    /// the whole run, with its warm-up.
    pub fn has_own_times(&self, objective: &CatalogObjective) -> bool {
        let is_part = objective.window.is_some() || self.warm_up > Span::ZERO;
        is_part || objective.metric.slow().is_some_and(|slow| slow.time != Time::Response)
    }

    /// The first instant that objectives count (O15).
    pub(super) fn counts_from(&self) -> Instant {
        Instant::ZERO + self.warm_up
    }

    /// R6: what is unsent at the in-flight limit is the target's stall only if our limit was wide enough and our lag clean.
    pub(super) fn is_stall_of_target(&self, lag: Span) -> bool {
        let clean = |limit: Span| lag.as_nanos() * 20 <= limit.as_nanos();
        self.limit_covers_target && self.tightest_limit.is_some_and(clean)
    }
}

/// The most that is open of so many requests a second where each takes the whole limit. Their number is then that of the
/// arrivals within the limit, which scatters as a Poisson number does: four deviations more, and one.
fn most_open(per_s: f64, limit: Span) -> f64 {
    let mean = per_s * limit.as_secs_f64();
    mean + 4.0 * mean.sqrt() + 1.0
}

fn population(scenario: &Scenario, objectives: &[Objective], index: usize) -> CatalogPopulation {
    let population = &scenario.populations[index];
    let (mut steps, mut methods): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let step_by_number = scenario.flows[population.flow]
        .steps
        .iter()
        .map(|step| match &step.kind {
            StepKind::Request(request) => {
                let known = steps.iter().position(|name| *name == request.name);
                Some(known.unwrap_or_else(|| {
                    steps.push(request.name.clone());
                    methods.push(request.method.clone());
                    steps.len() - 1
                }) as u16)
            }
            _ => None,
        })
        .collect();
    let objectives_by_step = steps.iter().map(|step| objectives_of(objectives, index, step)).collect();
    CatalogPopulation { name: population.name.clone(), steps, methods, step_by_number, objectives_by_step }
}

fn objectives_of(objectives: &[Objective], population: usize, step: &str) -> Vec<u16> {
    // A rate is judged by what ended in each second.
    let is_rate = |o: &Objective| matches!(o.metric, Metric::Rate { .. });
    let counts = |o: &Objective| o.measure.is_none() && !is_rate(o) && o.scope.covers(population, step);
    (0u16..).zip(objectives).filter(|(_, o)| counts(o)).map(|(i, _)| i).collect()
}

fn objective(scenario: &Scenario, objective: &Objective) -> CatalogObjective {
    CatalogObjective {
        scope: scenario.scope_name(&objective.scope),
        text: objective.text.clone(),
        measure: objective.measure,
        metric: objective.metric,
        window: objective.window.as_ref().map(|w| (scenario.clock.instant(w.from), scenario.clock.instant(w.to))),
        can_grow: scenario.can_grow(&objective.scope),
    }
}
