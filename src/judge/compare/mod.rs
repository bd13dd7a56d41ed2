//! Two builds side by side, from their stored runs: by how much each figure differs, and how sure that is (O11 to O14, O18).
//!
//! The unit is the run. With one run on a side only the noise within runs is known, from their seconds; of the two runs of
//! a duet, from the seconds that they have in common. Pure: whoever
//! calls it has read the folders.

mod alike;
mod draws;
mod estimate;
mod exact;
mod figures;
mod gate;
mod pair;
mod resample;
#[cfg(test)]
mod simulated;

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::record::{Block, Catalog, Recording, RunFacts};
use crate::unit::{ParseError, Quantile};

use super::Verdict;
use super::bound::{ALPHA, proven_breaches};

pub use alike::Difference;
pub use gate::{Gated, Limit, Outcome, RUNS_TO_PROVE};

use estimate::Estimate;
use figures::{Scope, scopes};
use pair::Pair;

/// A run as it was read from its folder.
#[derive(Debug)]
pub struct StoredRun {
    /// The folder, as people know it.
    pub folder: String,
    /// What happened.
    pub recording: Recording,
    /// What it was.
    pub facts: RunFacts,
    /// Its responses by stretches of time.
    pub blocks: Vec<Block>,
    /// Its verdict, by its own objectives.
    pub verdict: Option<Verdict>,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// A quantile of the response, in µs: by the ratio.
    Quantile(Quantile),
    /// The share of requests that were not right: by the difference.
    Errors,
    /// Right answers a second: by the ratio.
    Rate,
}

/// Parses what can be gated: `p99`, `errors`, `rate`.
impl FromStr for Metric {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text {
            "errors" => Ok(Self::Errors),
            "rate" => Ok(Self::Rate),
            _ => text.parse().map(Self::Quantile),
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quantile(quantile) => quantile.fmt(f),
            Self::Errors => f.pad("errors"),
            Self::Rate => f.pad("rate"),
        }
    }
}

impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How sure a difference is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Noise {
    /// By the seconds within the runs: of noise between runs or machines nothing is known.
    WithinRuns,
    /// By how the runs of a side differ.
    BetweenRuns,
    /// By the seconds that both sides of a duet had in common: of noise between starts of a build nothing is known.
    WithinDuet,
}

/// What is found of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// The new side is worse: slower, more errors, fewer right answers.
    Worse,
    /// It is better.
    Better,
    /// No change is found.
    NoChange,
    /// There is no interval, so that nothing can be found.
    Unknown,
}

/// One figure on both sides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Whose: `overall`, `citizens`, `citizens.search`.
    pub scope: String,
    /// What.
    pub metric: Metric,
    /// The base's, of several runs the geometric mean (of errors the mean): µs, a share, or right answers a second. `None`
    /// where a quantile falls among what was not right, or there is nothing.
    pub base: Option<f64>,
    /// The new one's.
    pub new: Option<f64>,
    /// new/base; of errors new − base. `None` where either is not known.
    pub change: Option<f64>,
    /// What the change is above, with a confidence of 97.5 %.
    pub lower: Option<f64>,
    /// What it is below, with that confidence.
    pub upper: Option<f64>,
    /// The exact rank test's two-sided p; `None` with one run on a side.
    pub p: Option<f64>,
    /// What that says.
    pub found: Found,
    #[serde(skip)]
    estimate: Option<Estimate>,
    /// Each run's figure, on the scale of the estimate.
    #[serde(skip)]
    of_runs: (Vec<f64>, Vec<f64>),
}

/// Two sides compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Changes when a field changes its meaning.
    pub schema_version: u32,
    /// The folders of the base.
    pub base: Vec<String>,
    /// Those of the new side.
    pub new: Vec<String>,
    /// The folders whose verdict is INVALID.
    pub invalid: Vec<String>,
    /// What makes it another plan.
    pub other_plan: Vec<Difference>,
    /// What else differs between the runs.
    pub differences: Vec<Difference>,
    /// What is compared and not on both sides: populations, steps.
    pub absent: Vec<String>,
    /// What the intervals know.
    pub noise: Noise,
    /// The figures, scope by scope.
    pub rows: Vec<Row>,
    /// What the gates say, if any were asked for.
    pub gates: Vec<Gated>,
    /// What they say together: the worst; `None` without gates.
    pub outcome: Option<Outcome>,
}

/// What the plans of runs differ in, each against the first of the base; empty where they may be compared.
pub fn other_plans(base: &[StoredRun], new: &[StoredRun]) -> Vec<Difference> {
    alike::of_plan(&base.iter().chain(new).collect::<Vec<_>>())
}

/// The first limit about something that runs of this catalog do not have.
pub fn unknown_limit<'l>(catalog: &Catalog, limits: &'l [Limit]) -> Option<&'l Limit> {
    let known: Vec<String> = figures::scopes_of(catalog).iter().map(Scope::to_string).collect();
    limits.iter().find(|limit| !known.contains(&limit.scope))
}

/// Compares two sides, of at least one run each, and gates the new one by these limits.
///
/// # Errors
/// The first limit about something that the runs do not have.
pub fn compare<'l>(base: &[StoredRun], new: &[StoredRun], limits: &'l [Limit]) -> Result<Comparison, &'l Limit> {
    let runs: Vec<&StoredRun> = base.iter().chain(new).collect();
    let (shared, absent): (Vec<Scope>, Vec<Scope>) =
        scopes(&runs).into_iter().partition(|scope| runs.iter().all(|run| scope.is_in(run)));
    let mut rows: Vec<Row> = Vec::new();
    let pair = Pair::of(base, new);
    for scope in &shared {
        let name = scope.to_string();
        let asked = limits.iter().filter(|limit| limit.scope == name).map(|limit| limit.metric);
        rows.extend(figures::rows(scope, base, new, pair.as_ref(), asked));
    }
    let row_of = |limit: &'l Limit| {
        let row = rows.iter().find(|row| row.scope == limit.scope && row.metric == limit.metric);
        row.map(|row| (limit, row)).ok_or(limit)
    };
    let limited = limits.iter().map(row_of).collect::<Result<Vec<_>, _>>()?;
    let gates = gate::gates(&limited, base.len().min(new.len()), pair.is_some());
    find(&mut rows);
    let invalid = runs.iter().filter(|run| run.verdict == Some(Verdict::Invalid));
    let names = |runs: &[StoredRun]| runs.iter().map(|run| run.folder.clone()).collect();
    Ok(Comparison {
        schema_version: 1,
        base: names(base),
        new: names(new),
        invalid: invalid.map(|run| run.folder.clone()).collect(),
        other_plan: alike::of_plan(&runs),
        differences: alike::of_setting(&runs),
        absent: absent.iter().map(Scope::to_string).collect(),
        noise: match pair {
            Some(_) => Noise::WithinDuet,
            None if is_between(base.len(), new.len()) => Noise::BetweenRuns,
            None => Noise::WithinRuns,
        },
        outcome: gates.iter().map(|gate| gate.outcome).max(),
        rows,
        gates,
    })
}

/// Whether there are several runs on both sides.
const fn is_between(base: usize, new: usize) -> bool {
    base > 1 && new > 1
}

/// Which of the rows show a change: Holm over all that have an interval, with 2.5 % in all.
fn find(rows: &mut [Row]) {
    let known: Vec<(usize, Estimate)> =
        rows.iter().enumerate().filter_map(|(at, row)| row.estimate.map(|it| (at, it))).collect();
    let proven = proven_breaches(known.len(), ALPHA, |one, level| known[one].1.is_change(level));
    for ((at, estimate), proven) in known.into_iter().zip(proven) {
        let more = if estimate.seen > 0.0 { Found::Worse } else { Found::Better };
        let less = if more == Found::Worse { Found::Better } else { Found::Worse };
        let row = &mut rows[at];
        row.found = match (proven, row.metric) {
            (false, _) => Found::NoChange,
            (true, Metric::Rate) => less,
            (true, Metric::Quantile(_) | Metric::Errors) => more,
        };
    }
}
