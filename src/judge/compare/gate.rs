//! A gate between two builds: whether a figure is worse by more than a margin.

use serde::Serialize;

use crate::judge::bound::{ALPHA, proven_breaches};

use super::estimate::{Estimate, runs_needed};
use super::{Metric, Row};

/// The fewest runs a side that can prove that the new one is worse: of three a side the rank test's p is at least .1.
pub const RUNS_TO_PROVE: usize = 4;
/// No more runs a side than this are advised.
const MOST_RUNS: usize = 100;
/// Nor a duet of more times the length.
const MOST_TIMES: f64 = 100.0;

/// What must not get worse, as `--max-regression overall.p99=10%` says.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// Whose: `overall`, a population, or one of its steps.
    pub scope: String,
    /// What.
    pub metric: Metric,
    /// By how much it may get worse: of a quantile and a rate a share of the base, of errors a difference of shares.
    pub margin: f64,
}

/// What a gate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Outcome {
    /// It is not worse by as much as the margin.
    #[serde(rename = "NO WORSE")]
    NoWorse,
    /// Nothing is proven either way.
    #[serde(rename = "INCONCLUSIVE")]
    Inconclusive,
    /// It is worse by more than the margin.
    #[serde(rename = "REGRESSED")]
    Regressed,
}

impl Outcome {
    /// As people read it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoWorse => "NO WORSE",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::Regressed => "REGRESSED",
        }
    }
}

/// What a limit's gate says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gated {
    /// Whose.
    pub scope: String,
    /// What.
    pub metric: Metric,
    /// By how much it may get worse.
    pub margin: f64,
    /// Whether it is.
    pub outcome: Outcome,
    /// How many more runs a side would likely decide, if it is not decided; `None`: over a hundred, or not known.
    pub more_runs: Option<usize>,
    /// How many times as long a duet would likely decide, if it is not decided; `None`: over a hundred, or not known, or no
    /// duet.
    pub times_as_long: Option<u64>,
}

/// What the gates say, in order; each row is what its limit is about. `runs`: those of the side with fewer.
///
/// REGRESSED is what Holm's procedure proves with 2.5 % in all; NO WORSE has a confidence of 97.5 % for each.
pub(super) fn gates(limits: &[(&Limit, &Row)], runs: usize, is_duet: bool) -> Vec<Gated> {
    let is_worse = |at: usize, level: f64| {
        let (limit, row) = limits[at];
        row.estimate.is_some_and(|estimate| limit.worse_by(estimate.bounds(level)).0 > limit.ahead())
    };
    let proven = proven_breaches(limits.len(), ALPHA, is_worse);
    let of = |(proven, (limit, row)): (bool, &(&Limit, &Row))| {
        let no_worse = row.estimate.is_some_and(|estimate| limit.worse_by(estimate.bounds(ALPHA)).1 < limit.ahead());
        let outcome = match (proven && (is_duet || runs >= RUNS_TO_PROVE), no_worse) {
            (true, _) => Outcome::Regressed,
            (false, true) => Outcome::NoWorse,
            (false, false) => Outcome::Inconclusive,
        };
        let undecided = row.estimate.filter(|_| outcome == Outcome::Inconclusive);
        Gated {
            scope: limit.scope.clone(),
            metric: limit.metric,
            margin: limit.margin,
            outcome,
            more_runs: undecided.filter(|_| !is_duet).and_then(|estimate| more(limit, row, estimate, runs)),
            times_as_long: undecided.filter(|_| is_duet).and_then(|estimate| longer(limit, estimate)),
        }
    };
    proven.into_iter().zip(limits).map(of).collect()
}

impl Limit {
    /// The margin on the scale of estimates.
    fn ahead(&self) -> f64 {
        match self.metric {
            Metric::Errors => self.margin,
            Metric::Quantile(_) => libm::log1p(self.margin),
            Metric::Rate => -libm::log1p(-self.margin),
        }
    }

    /// Between what the new side is worse, of a difference between these bounds: of a rate, less is worse.
    fn worse_by(&self, (lower, upper): (f64, f64)) -> (f64, f64) {
        if self.metric == Metric::Rate { (-upper, -lower) } else { (lower, upper) }
    }
}

/// How many times as long a duet would be whose interval, if its seconds vary as these do, does not reach the margin.
fn longer(limit: &Limit, estimate: Estimate) -> Option<u64> {
    let (seen, _) = limit.worse_by((estimate.seen, estimate.seen));
    let (lower, upper) = limit.worse_by(estimate.bounds(ALPHA));
    let away = limit.ahead() - seen;
    let half = if away > 0.0 { upper - seen } else { seen - lower };
    let times = libm::ceil((half / away).powi(2));
    // One that already reaches as far is held back by Holm's procedure, or by chance.
    (times <= MOST_TIMES).then_some((times as u64).max(2))
}

fn more(limit: &Limit, row: &Row, estimate: Estimate, runs: usize) -> Option<usize> {
    if runs < RUNS_TO_PROVE {
        return Some(RUNS_TO_PROVE - runs);
    }
    let needed = runs_needed(
        &row.of_runs.0,
        &row.of_runs.1,
        limit.worse_by((estimate.seen, estimate.seen)).0 - limit.ahead(),
        MOST_RUNS,
    )?;
    Some(needed - runs)
}
