//! One line of the SLO: what it is about, and what it demands (O1, O2).

use serde::Serialize;

use super::{Measure, Metric, Population, Scenario};
use crate::unit::Instant;

/// One line of the SLO.
#[derive(Clone, Debug, Serialize)]
pub struct Objective {
    /// What it is about.
    pub scope: Scope,
    /// The part of the day it is about; `None`: all of it.
    pub window: Option<Window>,
    /// What is measured; `None`: the requests themselves.
    pub measure: Option<Measure>,
    /// What it demands.
    pub metric: Metric,
    /// The line as written: `p99 < 300ms`.
    pub text: String,
    /// The scope as written, if it stands for each named step: `buyers.*`, `*.*`. `None`: it names its scope itself.
    pub each_of: Option<String>,
}

impl Objective {
    /// Whether this demands what another does, however it is written.
    pub fn is_same(&self, other: &Self) -> bool {
        let Self { scope, window, measure, metric, text: _, each_of: _ } = other;
        (&self.scope, &self.window, &self.measure, &self.metric) == (scope, window, measure, metric)
    }
    /// What a plan tells of the number of requests or samples that it will judge.
    pub const fn told_by_plan(&self) -> PlanTells {
        match self.measure {
            None | Some(Measure::Transaction | Measure::Open) => PlanTells::HowMany,
            Some(Measure::FirstEvent | Measure::RoundTrip) => PlanTells::AtMost,
            Some(Measure::FrameGap | Measure::InputToFrame | Measure::Reconnect | Measure::Connect) => {
                PlanTells::Nothing
            }
        }
    }
}

/// What a plan tells of the number of samples that an objective is about (P10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanTells {
    /// How many there will be.
    HowMany,
    /// The most that there can be: what stands on a stream may be lost with it.
    AtMost,
    /// Nothing: the target decides.
    Nothing,
}

impl Scenario {
    /// Whether the window that runs has nothing of what an objective is about (P9), given how many requests or samples
    /// are planned for it at most: none, or its own window is outside; or, where it is about reconnecting, none of the
    /// events that the scenario has is inside.
    pub fn has_nothing_of(&self, objective: &Objective, planned: u64) -> bool {
        let (from, to) = self.clock.window;
        let counted = from + self.clock.warm_up().as_secs_f64() * self.clock.compress;
        let outside = objective.window.as_ref().is_some_and(|window| window.from >= to || window.to <= counted);
        let events = &self.target.events;
        let no_event = || !events.is_empty() && !events.iter().any(|event| (from..to).contains(&event.at));
        let no_loss = objective.measure == Some(Measure::Reconnect) && no_event();
        self.clock.windowed && (planned == 0 || outside || no_loss)
    }
}

impl Scenario {
    /// The instants of the run that an objective counts what is due in, the last not included: its window, without the
    /// warm-up (O15); `None`: all.
    pub fn counted(&self, objective: &Objective) -> Option<(Instant, Instant)> {
        let clock = &self.clock;
        let warm = Instant::ZERO + clock.warm_up();
        match &objective.window {
            Some(window) => Some((clock.instant(window.from).max(warm), clock.instant(window.to))),
            None => (warm > Instant::ZERO).then_some((warm, Instant::from_nanos(u64::MAX))),
        }
    }
}

/// What an objective is about (O1). Populations are indices into the scenario's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Scope {
    /// All requests.
    Overall,
    /// Those of one population.
    Population(usize),
    /// Those of the steps of one population that carry this `name:`, or its transactions of this name.
    Step(usize, String),
}

impl Scope {
    /// Whether a step (or transaction) of this name of a population is in the scope.
    pub fn covers(&self, population: usize, step: &str) -> bool {
        match self {
            Self::Overall => true,
            Self::Population(p) => *p == population,
            Self::Step(p, name) => *p == population && name == step,
        }
    }

    /// Whether it is about some of what this population asks for.
    pub fn has(&self, population: usize) -> bool {
        match self {
            Self::Overall => true,
            Self::Population(p) | Self::Step(p, _) => *p == population,
        }
    }
}

impl Scenario {
    /// Whether `--scale` plans more of what a scope is about (P9).
    pub fn can_grow(&self, scope: &Scope) -> bool {
        let grows = |(index, population): (usize, &Population)| scope.has(index) && !population.is_fixed();
        self.populations.iter().enumerate().any(grows)
    }
}

/// A part of the day, in seconds since the clock's start; requests due in `[from, to)`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Window {
    /// Start.
    pub from: f64,
    /// End.
    pub to: f64,
    /// As written: `22:55..23:30`.
    pub text: String,
}
