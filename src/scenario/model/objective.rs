//! One line of the SLO: always a proportion, bad requests over all requests of its scope (O1, O2).

use serde::Serialize;

use super::{Measure, Scenario};
use crate::unit::{Percent, Quantile, Span};

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
}

impl Objective {
    /// The greatest share of bad requests that meets this objective: 0.01 for `p99 < 300ms`; of `amplification < 1.2`
    /// the greatest ratio of exchanges to requests.
    pub fn allowed(&self) -> f64 {
        match self.metric {
            Metric::Response { quantile, .. } => quantile.allowed_above(),
            Metric::Errors { allowed, .. } => allowed.as_fraction(),
            Metric::Amplification { allowed, .. } => allowed,
        }
    }

    /// Whether this demands what another does, however it is written.
    pub fn is_same(&self, other: &Self) -> bool {
        let whole = |it: &Self| (it.scope.clone(), it.window.clone(), it.measure, it.metric);
        whole(self) == whole(other)
    }

    /// Whether a plan tells how many requests or samples it will judge: of what a stream measures only its opening is
    /// planned, not how much comes over it.
    pub fn is_counted_by_plan(&self) -> bool {
        matches!(self.measure, None | Some(Measure::Transaction | Measure::Open))
    }
}

impl Scenario {
    /// Whether the window that runs has nothing of what an objective is about (P9), given how many requests or samples
    /// are planned for it: none, or, where it is about reconnecting, none of the events that the scenario has.
    pub fn leaves_out(&self, objective: &Objective, planned: u64) -> bool {
        let (from, to) = self.clock.window;
        let events = &self.target.events;
        let no_event = || !events.is_empty() && !events.iter().any(|event| (from..to).contains(&event.at));
        self.clock.windowed && (planned == 0 || objective.measure == Some(Measure::Reconnect) && no_event())
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

/// What an objective demands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum Metric {
    /// A quantile of the response: at most `allowed_above` of all requests are bad, where bad is not right, or a
    /// response at or over the limit (`<`), or over it (`<=`).
    Response {
        /// The quantile.
        quantile: Quantile,
        /// The limit.
        limit: Span,
        /// Whether a response of exactly the limit is right (`<=`).
        inclusive: bool,
    },
    /// The share of requests that are not right.
    Errors {
        /// The greatest share.
        allowed: Percent,
        /// Whether exactly that share meets the objective (`<=`).
        inclusive: bool,
    },
    /// Exchanges over the requests that were sent at all.
    Amplification {
        /// The greatest ratio, at least 1.
        allowed: f64,
        /// Whether exactly that ratio meets the objective (`<=`).
        inclusive: bool,
    },
}

impl Metric {
    /// Whether it counts exchanges and not bad requests: then K is exchanges, and K′ the same.
    pub const fn counts_exchanges(&self) -> bool {
        matches!(self, Self::Amplification { .. })
    }

    /// Whether a right answer with this response is bad for the objective.
    pub fn is_bad(&self, response: Span) -> bool {
        match *self {
            Self::Response { limit, inclusive: true, .. } => response > limit,
            Self::Response { limit, inclusive: false, .. } => response >= limit,
            Self::Errors { .. } | Self::Amplification { .. } => false,
        }
    }
}
