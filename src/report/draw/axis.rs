//! What an axis of a chart measures, and between which values.

use crate::scenario::Clock;
use crate::unit::{Instant, Quantile, Span};

use super::civil;
use super::scale::Spread;
use super::ticks::{self, Tick};

/// What the values of an axis are, which says how they are labelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Plain numbers: `12.5k`.
    Number,
    /// Seconds, shown in the unit that fits: `300ms`.
    Time,
    /// Shares of one, shown in percent: `0.1%`.
    Share,
    /// Ratios: `2×`.
    Ratio,
}

/// An axis: its values, how they are spread and labelled, and its name.
#[derive(Clone, Debug)]
pub struct Axis {
    pub(super) spread: Spread,
    pub(super) domain: (f64, f64),
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// What an axis's labels are made of.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Values(Unit),
    Nines,
    RunTime(Option<Clock>),
    Around,
    Rows(Vec<String>),
}

impl Axis {
    /// From zero to a round number that is no less than `greatest`; to one where that is not above zero.
    pub fn from_zero(greatest: f64, unit: Unit, name: &str) -> Self {
        let greatest = if greatest > 0.0 && greatest.is_finite() { greatest } else { 1.0 };
        let to = ticks::round_above(greatest);
        Self { spread: Spread::Linear, domain: (0.0, to), name: name.to_owned(), kind: Kind::Values(unit) }
    }

    /// By decades around these positive values: a decade at least, from and to 1, 2 or 5 times a power of ten. From a
    /// millisecond to ten seconds (of other units: from a thousandth to ten) where these are no such values.
    pub fn log(least: f64, greatest: f64, unit: Unit, name: &str) -> Self {
        let sound = least > 0.0 && greatest >= least && greatest.is_finite();
        let (least, greatest) = if sound { (least, greatest) } else { (0.001, 10.0) };
        let mut domain = (ticks::round_log(least, f64::floor), ticks::round_log(greatest, f64::ceil));
        if domain.1 < domain.0 * 9.99 {
            let middle = (domain.0 * domain.1).sqrt();
            domain = (ticks::round_log(middle / 3.0, f64::floor), ticks::round_log(middle * 3.0, f64::ceil));
        }
        Self { spread: Spread::Log, domain, name: name.to_owned(), kind: Kind::Values(unit) }
    }

    /// Quantiles by their nines, from p50 to this one; to p90 at least.
    pub fn nines(to: Quantile, name: &str) -> Self {
        let to = to.as_fraction().max(0.9);
        Self { spread: Spread::Nines, domain: (0.5, to), name: name.to_owned(), kind: Kind::Nines }
    }

    /// The run's time in seconds (T1), labelled by the scenario's clock too where there is one.
    pub fn run_time(from: Instant, to: Instant, clock: Option<&Clock>) -> Self {
        let from = from.as_nanos() as f64 / 1e9;
        let to = (to.as_nanos() as f64 / 1e9).max(from + 1e-3);
        let kind = Kind::RunTime(clock.cloned());
        Self { spread: Spread::Linear, domain: (from, to), name: String::new(), kind }
    }

    /// Seconds before and after something that is at zero.
    pub fn around(before: Span, after: Span, name: &str) -> Self {
        let domain = (-before.as_secs_f64(), after.as_secs_f64().max(1e-3));
        Self { spread: Spread::Linear, domain, name: name.to_owned(), kind: Kind::Around }
    }

    /// Rows with names, the first at the top; row i lies between i and i + 1. For the y axis.
    pub fn rows(names: Vec<String>) -> Self {
        let domain = (0.0, names.len().max(1) as f64);
        Self { spread: Spread::Linear, domain, name: String::new(), kind: Kind::Rows(names) }
    }

    /// The names of the rows; none of other axes.
    pub(super) fn row_names(&self) -> &[String] {
        match &self.kind {
            Kind::Rows(names) => names,
            _ => &[],
        }
    }

    /// Whether a value is within the axis.
    pub(super) fn holds(&self, value: f64) -> bool {
        (self.domain.0..=self.domain.1).contains(&value)
    }

    /// Whether the axis is one of time, off which no single values are read.
    pub(super) fn is_time(&self) -> bool {
        matches!(self.kind, Kind::RunTime(_) | Kind::Around)
    }

    /// Whether the y axis runs downwards.
    pub(super) fn is_rows(&self) -> bool {
        matches!(self.kind, Kind::Rows(_))
    }

    /// Sets of ticks from the finest to the coarsest, all within the domain and ascending.
    pub(super) fn ticks(&self) -> Vec<Vec<Tick>> {
        let (from, to) = self.domain;
        match &self.kind {
            Kind::Values(unit) if self.spread == Spread::Log => ticks::log(from, to, *unit),
            Kind::Values(unit) => ticks::linear(from, to, *unit),
            Kind::Nines => ticks::nines(to),
            Kind::RunTime(_) => ticks::run_time(from, to, ticks::lasted),
            Kind::Around => ticks::run_time(from, to, ticks::since),
            Kind::Rows(_) => Vec::new(),
        }
    }

    /// The same of the scenario's clock; none where there is none.
    pub(super) fn civil_ticks(&self) -> Vec<Vec<Tick>> {
        match &self.kind {
            Kind::RunTime(Some(clock)) => civil::ticks(clock, self.domain),
            _ => Vec::new(),
        }
    }
}
