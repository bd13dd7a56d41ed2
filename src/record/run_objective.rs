//! An objective in `run.json`: as the scenario has it, and in numbers.

use serde::{Deserialize, Serialize};

use crate::scenario::{Bad, Errors, Failure, Measure, Metric, Slow, Time};
use crate::unit::{Instant, Percent, Quantile, Rate, Span};

use super::CatalogObjective;

/// An objective: its words, and what they come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunObjective {
    /// Who it is about: `overall`, `citizens`, `sections.report`.
    pub scope: String,
    /// The line as written: `p99 < 300ms`.
    pub text: String,
    /// What is measured; `None`: the requests themselves.
    pub measure: Option<Measure>,
    /// What it limits.
    pub kind: Kind,
    /// The quantile, 0.99 for p99; `None` where it limits none.
    pub quantile: Option<f64>,
    /// The time that makes a request bad, by its name; `None` where none does.
    pub time: Option<String>,
    /// The limit of that time in µs.
    pub limit_us: Option<f64>,
    /// The errors that make a request bad: `all`, a reason, or `status`; `None` where none do.
    pub errors: Option<String>,
    /// The least and the greatest of these statuses.
    pub statuses: Option<(u16, u16)>,
    /// The greatest share or number of bad requests, or the greatest ratio; of a rate the least a second.
    pub allowed: f64,
    /// Whether the limit itself is right (`<=`).
    pub inclusive: bool,
    /// The part of the run that it is about, in seconds of the run; `None`: all of it.
    pub window_s: Option<(f64, f64)>,
    /// Whether `--scale` plans more of what it is about (P9).
    pub can_grow: bool,
}

/// What an objective limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A quantile of a time.
    Quantile,
    /// The share of requests that fail so.
    Errors,
    /// A number of bad requests.
    AtMost,
    /// Exchanges over requests.
    Amplification,
    /// Right answers a second.
    Rate,
}

/// The word for all errors.
const ALL: &str = "all";

impl RunObjective {
    /// An objective of a catalog.
    pub fn new(objective: &CatalogObjective) -> Self {
        let CatalogObjective { scope, text, measure, metric, window, can_grow } = objective.clone();
        let (kind, quantile, inclusive) = match metric {
            Metric::Quantile { quantile, slow } => (Kind::Quantile, Some(quantile.as_fraction()), slow.inclusive),
            Metric::Errors { inclusive, .. } => (Kind::Errors, None, inclusive),
            Metric::AtMost { bad: Bad::Slow(slow), .. } => (Kind::AtMost, None, slow.inclusive),
            Metric::AtMost { .. } => (Kind::AtMost, None, true),
            Metric::Amplification { inclusive, .. } => (Kind::Amplification, None, inclusive),
            Metric::Rate { .. } => (Kind::Rate, None, true),
        };
        let slow = metric.slow();
        let (errors, statuses) = match metric.bad() {
            Some(Bad::Errors(Errors::All)) => (Some(ALL), None),
            Some(Bad::Errors(Errors::Failed(failure))) => (Some(failure.name()), None),
            Some(Bad::Errors(Errors::Status { first, last })) => (Some(Failure::Status.name()), Some((first, last))),
            Some(Bad::Slow(_)) | None => (None, None),
        };
        let seconds = |at: Instant| at.since(Instant::ZERO).as_secs_f64();
        Self {
            scope,
            text,
            measure,
            kind,
            quantile,
            time: slow.map(|slow| slow.time.name().to_owned()),
            limit_us: slow.map(|slow| slow.limit.as_nanos() as f64 / 1e3),
            errors: errors.map(str::to_owned),
            statuses,
            allowed: metric.allowed(),
            inclusive,
            window_s: window.map(|(from, to)| (seconds(from), seconds(to))),
            can_grow,
        }
    }

    /// The objective of a catalog again; `None` if its numbers are those of none.
    pub(super) fn read(&self) -> Option<CatalogObjective> {
        let Self { allowed, inclusive, .. } = *self;
        let metric = match self.kind {
            Kind::Quantile => {
                let quantile = Quantile::from_ppm((self.quantile? * 1e6).round() as u32)?;
                Metric::Quantile { quantile, slow: self.slow()? }
            }
            Kind::Errors => {
                Metric::Errors { errors: self.errors()?, allowed: Percent::from_fraction(allowed)?, inclusive }
            }
            Kind::AtMost => {
                let bad = self.slow().map(Bad::Slow).or_else(|| self.errors().map(Bad::Errors))?;
                (0.0..=1e15).contains(&allowed).then_some(Metric::AtMost { most: allowed as u64, bad })?
            }
            Kind::Amplification if (1.0..=1e6).contains(&allowed) => Metric::Amplification { allowed, inclusive },
            Kind::Amplification => return None,
            Kind::Rate => Metric::Rate { at_least: Rate::per_second(allowed)? },
        };
        let instant = |seconds: f64| Instant::ZERO + Span::from_secs_f64(seconds);
        Some(CatalogObjective {
            scope: self.scope.clone(),
            text: self.text.clone(),
            measure: self.measure,
            metric,
            window: self.window_s.map(|(from, to)| (instant(from), instant(to))),
            can_grow: self.can_grow,
        })
    }

    fn slow(&self) -> Option<Slow> {
        let name = self.time.as_deref()?;
        let time = [Time::Response].into_iter().chain(Time::NAMED).find(|time| time.name() == name)?;
        let limit = Span::from_nanos((self.limit_us? * 1e3).round() as u64);
        (limit > Span::ZERO).then_some(Slow { time, limit, inclusive: self.inclusive })
    }

    fn errors(&self) -> Option<Errors> {
        match (self.errors.as_deref()?, self.statuses) {
            (_, Some((first, last))) => Some(Errors::Status { first, last }),
            (ALL, None) => Some(Errors::All),
            (name, None) => Failure::named(name).map(Errors::Failed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_objective_is_read_as_it_was_written() {
        for (line, kind, allowed) in [
            ("p99.9 < 300ms", Kind::Quantile, 0.001),
            ("p50 <= 1500ns", Kind::Quantile, 0.5),
            ("service p99 <= 20ms", Kind::Quantile, 0.01),
            ("first_byte p90 < 1s", Kind::Quantile, 0.1),
            ("errors <= 0.1 %", Kind::Errors, 0.001),
            ("errors timeout < 1%", Kind::Errors, 0.01),
            ("errors 5xx < 2%", Kind::Errors, 0.02),
            ("errors status < 2%", Kind::Errors, 0.02),
            ("at most 2 slower than 2s", Kind::AtMost, 2.0),
            ("at most 0 errors", Kind::AtMost, 0.0),
            ("at most 7 errors 503", Kind::AtMost, 7.0),
            ("amplification < 1.2", Kind::Amplification, 1.2),
            ("rate >= 12k/s", Kind::Rate, 12_000.0),
        ] {
            let window = Some((Instant::from_nanos(10_500_000_001), Instant::from_nanos(108_900_123_456_789)));
            for window in [None, window] {
                let (scope, text, measure, can_grow) = ("buyers".to_owned(), line.to_owned(), None, true);
                let metric = line.parse().expect(line);
                let objective = CatalogObjective { scope, text, measure, metric, window, can_grow };
                let stored = RunObjective::new(&objective);
                assert_eq!((stored.kind, stored.allowed), (kind, allowed), "{line}");
                assert_eq!(stored.read(), Some(objective), "{line}");
            }
        }
    }

    #[test]
    fn numbers_that_no_objective_has_are_none() {
        let metric = "p99 < 1s".parse().expect("a metric");
        let (scope, text) = ("buyers".to_owned(), "p99 < 1s".to_owned());
        let (measure, window, can_grow) = (None, None, false);
        let sound = RunObjective::new(&CatalogObjective { scope, text, measure, metric, window, can_grow });
        for broken in [
            RunObjective { quantile: None, ..sound.clone() },
            RunObjective { quantile: Some(1.0), ..sound.clone() },
            RunObjective { limit_us: Some(0.0), ..sound.clone() },
            RunObjective { time: Some("speed".to_owned()), ..sound.clone() },
            RunObjective { kind: Kind::Errors, ..sound.clone() },
            RunObjective { kind: Kind::Rate, allowed: -1.0, ..sound.clone() },
            RunObjective { kind: Kind::Amplification, ..sound },
        ] {
            assert_eq!(broken.read(), None, "{broken:?}");
        }
    }
}
