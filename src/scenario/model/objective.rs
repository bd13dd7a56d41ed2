//! One line of the SLO: always a proportion, bad requests over all requests of its scope (O1, O2).
//!
//! The grammar of a line is here, for whoever reads one: a scenario's reader, and the reader of a killed run's folder.

use std::str::FromStr;

use serde::Serialize;

use super::{Measure, Population, Scenario};
use crate::unit::{ParseError, Percent, Quantile, Span};

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
            Some(Measure::FrameGap | Measure::InputToFrame | Measure::Reconnect) => PlanTells::Nothing,
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
        let outside = objective.window.as_ref().is_some_and(|window| window.from >= to || window.to <= from);
        let events = &self.target.events;
        let no_event = || !events.is_empty() && !events.iter().any(|event| (from..to).contains(&event.at));
        let no_loss = objective.measure == Some(Measure::Reconnect) && no_event();
        self.clock.windowed && (planned == 0 || outside || no_loss)
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
    /// The greatest share of bad requests that meets it: 0.01 for `p99 < 300ms`; of `amplification < 1.2` the greatest
    /// ratio of exchanges to requests.
    pub fn allowed(&self) -> f64 {
        match *self {
            Self::Response { quantile, .. } => quantile.allowed_above(),
            Self::Errors { allowed, .. } => allowed.as_fraction(),
            Self::Amplification { allowed, .. } => allowed,
        }
    }

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

/// A line's text, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The measure that it names, if it names one.
    pub measure: Option<Measure>,
    /// What it demands, which is for [`Metric`] to read.
    pub metric: &'a str,
    /// Its window.
    pub window: Option<&'a str>,
}

impl<'a> Line<'a> {
    /// `p99 < 300ms`, `frame_gap p99 < 100ms`, `errors <= 0.1% during 22:55..23:30`.
    pub fn split(text: &'a str) -> Self {
        let (line, window) = text.split_once(" during ").map_or((text, None), |(line, window)| (line, Some(window)));
        let line = line.trim();
        let measure = line.split_whitespace().next().and_then(Measure::named);
        let metric = measure.and_then(|measure| line.strip_prefix(measure.name())).unwrap_or(line).trim_start();
        Self { measure, metric, window }
    }
}

/// Why a text is no metric.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetricError {
    /// It compares nothing.
    #[error("expected an objective such as `p99 < 300ms`")]
    NoComparison,
    /// What stands before the comparison is nothing that an objective can be about.
    #[error("`{0}` is nothing that an objective can be about")]
    Unknown(String),
    /// It says what something must be over, or just what it must be.
    #[error("an objective says what must stay below its limit, by `<` or `<=`")]
    NotBelow,
    /// The limit is not what this metric is measured in.
    #[error(transparent)]
    Limit(ParseError),
    /// The limit is a response of no time.
    #[error("no answer takes no time: the limit must be above 0")]
    NoTime,
}

/// Parses `p99 < 300ms`, `errors <= 0.1 %`, `amplification < 1.2`.
impl FromStr for Metric {
    type Err = MetricError;

    fn from_str(text: &str) -> Result<Self, MetricError> {
        let at = text.find(['<', '>', '=']).ok_or(MetricError::NoComparison)?;
        let (name, comparison) = (text[..at].trim(), &text[at..]);
        let quantile = name.parse::<Quantile>();
        if quantile.is_err() && !matches!(name, "errors" | "amplification") {
            return Err(MetricError::Unknown(name.to_owned()));
        }
        let below = comparison.strip_prefix('<').ok_or(MetricError::NotBelow)?;
        let (inclusive, limit) = below.strip_prefix('=').map_or((false, below), |limit| (true, limit));
        let limit = limit.trim();
        let metric = match (name, quantile) {
            (_, Ok(quantile)) => limit.parse().map(|limit| Self::Response { quantile, limit, inclusive }),
            ("errors", _) => limit.parse().map(|allowed| Self::Errors { allowed, inclusive }),
            _ => ratio(limit).map(|allowed| Self::Amplification { allowed, inclusive }),
        };
        match metric.map_err(MetricError::Limit)? {
            Self::Response { limit: Span::ZERO, .. } => Err(MetricError::NoTime),
            metric => Ok(metric),
        }
    }
}

/// A ratio of exchanges to requests, of which there is at least one each.
fn ratio(text: &str) -> Result<f64, ParseError> {
    let ratio = text.parse().ok().filter(|ratio| (1.0..=1e6).contains(ratio));
    let expected = "a ratio of exchanges to requests, at least 1, such as `1.2`";
    ratio.ok_or_else(|| ParseError { expected, given: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_apart_as_people_write_it() {
        for (text, measure, metric, window, allowed) in [
            ("p99 < 300ms", None, "p99 < 300ms", None, 0.01),
            ("errors <  0.1 % during 22:55..23:30", None, "errors <  0.1 %", Some("22:55..23:30"), 0.001),
            ("frame_gap  p95<=50 ms", Some(Measure::FrameGap), "p95<=50 ms", None, 0.05),
            ("amplification < 1.2", None, "amplification < 1.2", None, 1.2),
        ] {
            let line = Line::split(text);
            assert_eq!(line, Line { measure, metric, window }, "{text}");
            assert_eq!(line.metric.parse::<Metric>().expect(text).allowed(), allowed, "{text}");
        }
    }
}
