//! What is compared of runs: whose figures there are, and each figure of both sides.

use std::fmt;

use crate::judge::bound::{ALPHA, Bounds, independent_bounds, share_bounds};
use crate::record::{Block, Catalog, Histogram, Ranked, Tally};
use crate::scenario::Measure;
use crate::unit::{Instant, Quantile, Span};

use super::estimate::{Estimate, welch};
use super::exact::rank_test;
use super::pair::Pair;
use super::resample::{Drawn, Sample, resampled};
use super::{Found, Metric, Row, StoredRun, is_between};

/// Whose figures.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scope {
    Overall,
    Population(String),
    Step(String, String),
    Transaction(String, String),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overall => f.write_str("overall"),
            Self::Population(name) => f.write_str(name),
            Self::Step(population, name) => write!(f, "{population}.{name}"),
            Self::Transaction(population, name) => write!(f, "{population}.{name} (transaction)"),
        }
    }
}

/// Everything that any of the runs has figures of, in the order of the first.
pub(super) fn scopes(runs: &[&StoredRun]) -> Vec<Scope> {
    let mut all = vec![Scope::Overall];
    for run in runs {
        let own =
            scopes_of(&run.recording.catalog).into_iter().filter(|scope| !all.contains(scope)).collect::<Vec<_>>();
        all.extend(own);
    }
    all
}

/// Everything that runs of this catalog have figures of.
pub(super) fn scopes_of(catalog: &Catalog) -> Vec<Scope> {
    let mut all = vec![Scope::Overall];
    for (index, population) in catalog.populations.iter().enumerate() {
        let name = &population.name;
        all.push(Scope::Population(name.clone()));
        all.extend(population.steps.iter().map(|step| Scope::Step(name.clone(), step.clone())));
        let own = catalog.measures.iter().filter(|of| usize::from(of.population) == index);
        let own = own.filter(|of| of.kind == Measure::Transaction);
        all.extend(own.map(|of| Scope::Transaction(name.clone(), of.name.clone())));
    }
    all
}

/// One run's requests of a scope.
struct Seen {
    right: Histogram,
    tally: Tally,
}

impl Seen {
    fn ranked(&self) -> Ranked<'_> {
        Ranked::new(&self.right, &self.tally)
    }
}

impl Scope {
    pub(super) fn is_in(&self, run: &StoredRun) -> bool {
        self.seen(run).is_some()
    }

    /// The number of its population; `None` of all together, and of what the blocks do not tell apart.
    fn population(&self, run: &StoredRun) -> Option<usize> {
        let Self::Population(name) = self else { return None };
        run.recording.catalog.populations.iter().position(|population| population.name == *name)
    }

    /// Whether the run's blocks have its requests by stretches of time.
    const fn is_in_blocks(&self) -> bool {
        matches!(self, Self::Overall | Self::Population(_))
    }

    fn seen(&self, run: &StoredRun) -> Option<Seen> {
        let recording = &run.recording;
        let named = |name: &str| {
            let names = recording.catalog.populations.iter();
            names.zip(&recording.populations).enumerate().find(|(_, (names, _))| names.name == *name)
        };
        match self {
            Self::Overall => {
                Some(Seen { right: recording.merged(|record| &record.response), tally: recording.tally() })
            }
            Self::Population(name) => {
                let (_, (_, record)) = named(name)?;
                Some(Seen { right: record.response.clone(), tally: record.tally })
            }
            Self::Step(population, name) => {
                let (_, (names, record)) = named(population)?;
                let at = names.steps.iter().position(|step| step == name)?;
                let step = record.steps.get(at)?;
                Some(Seen { right: step.response.clone(), tally: step.tally })
            }
            Self::Transaction(population, name) => {
                let (index, _) = named(population)?;
                let mut all = recording.catalog.measures.iter().zip(&recording.measures);
                let (_, record) = all.find(|(of, _)| {
                    usize::from(of.population) == index && of.name == *name && of.kind == Measure::Transaction
                })?;
                Some(Seen { right: record.values.clone(), tally: record.tally })
            }
        }
    }

    fn sample(&self, number: (u32, u32), run: &StoredRun, pair: Option<&Pair>) -> Option<Sample> {
        let population = self.population(run);
        self.is_in_blocks().then(|| match pair {
            // Both sides have the draws of the base: a second that is drawn is drawn of both.
            Some(pair) => Sample::new((0, 0), &pair.blocks[number.0 as usize], population, &pair.strata),
            None => Sample::new(number, &run.blocks, population, &strata(run, &run.blocks)),
        })?
    }

    /// (n, K) of errors by block.
    fn errors(&self, run: &StoredRun) -> Vec<(u64, u64)> {
        let population = self.population(run);
        let of = |block: &Block| {
            let parts = block.populations.iter().enumerate().filter(|(at, _)| population.is_none_or(|it| it == *at));
            parts.fold((0, 0), |(n, k), (_, ends)| (n + ends.count(), k + ends.not_right))
        };
        run.blocks.iter().map(of).collect()
    }
}

/// The blocks of a run with which a stratum of its plan begins.
pub(super) fn strata(run: &StoredRun, blocks: &[Block]) -> Vec<usize> {
    let starts = run.recording.catalog.strata.iter().map(|second| Instant::ZERO + Span::from_secs(*second));
    starts.map(|start| blocks.partition_point(|block| block.end <= start)).collect()
}

/// A scope's rows: quantiles of the response, those that are `asked` for too, errors, and of requests the rate.
pub(super) fn rows(
    scope: &Scope,
    base: &[StoredRun],
    new: &[StoredRun],
    pair: Option<&Pair>,
    asked: impl Iterator<Item = Metric>,
) -> Vec<Row> {
    let several = is_between(base.len(), new.len());
    let [base, new] = [(0, base), (1, new)].map(|(side, runs)| Side::new(scope, (side, runs), pair, several));
    let few = base.seen.iter().chain(&new.seen).map(|seen| seen.tally.total()).min().unwrap_or(0);
    let shown: &[&str] = if scope.is_in_blocks() { &["p50", "p90", "p99", "p99.9"] } else { &["p50", "p99"] };
    // A quantile that leaves less than one request above it is the slowest one, which says nothing of the next run.
    let has = |quantile: &Quantile| few as f64 * quantile.allowed_above() >= 1.0;
    let quantiles = shown.iter().filter_map(|text| text.parse().ok()).filter(has).map(Metric::Quantile);
    let mut metrics: Vec<Metric> = quantiles.chain([Metric::Errors]).collect();
    metrics.extend(scope.is_in_blocks().then_some(Metric::Rate));
    for metric in asked {
        if !metrics.contains(&metric) {
            metrics.insert(0, metric);
        }
    }
    metrics.into_iter().map(|metric| row(scope, metric, &base, &new)).collect()
}

/// A side's runs, of one scope.
struct Side<'a> {
    scope: &'a Scope,
    runs: &'a [StoredRun],
    seen: Vec<Seen>,
    /// Where there is one run on a side, and the blocks tell the scope's requests apart.
    samples: Option<Vec<Sample>>,
    is_paired: bool,
}

impl<'a> Side<'a> {
    fn new(scope: &'a Scope, (side, runs): (u32, &'a [StoredRun]), pair: Option<&Pair>, several: bool) -> Self {
        let seen = runs.iter().filter_map(|run| scope.seen(run)).collect();
        let samples = || (0..).zip(runs).map(|(number, run)| scope.sample((side, number), run, pair)).collect();
        Self { scope, runs, seen, samples: if several { None } else { samples() }, is_paired: pair.is_some() }
    }

    /// Each run's figure, as a logarithm but for errors; infinite where a quantile falls among what was not right, and
    /// `None` of nothing.
    fn figures(&self, metric: Metric) -> Option<Vec<f64>> {
        let of = |(run, seen): (&StoredRun, &Seen)| {
            let total = seen.ranked().count();
            let figure = match metric {
                Metric::Quantile(quantile) => {
                    seen.ranked().quantile(quantile).map_or(f64::INFINITY, |micros| libm::log(micros.max(1) as f64))
                }
                Metric::Errors => seen.tally.not_right() as f64 / total as f64,
                Metric::Rate => libm::log(seen.tally.completed as f64 / run.recording.end.elapsed.as_secs_f64()),
            };
            (total > 0 && !figure.is_nan()).then_some(figure)
        };
        self.runs.iter().zip(&self.seen).map(of).collect()
    }

    /// The bounds of the share of errors of all the side's runs: by their blocks, or, where these do not tell the scope's
    /// requests apart, by the runs, if there are several.
    fn share(&self) -> Option<Bounds> {
        let (mut bins, mut starts) = (Vec::new(), Vec::new());
        if !self.scope.is_in_blocks() {
            bins.extend(self.seen.iter().map(|seen| (seen.ranked().count(), seen.tally.not_right())));
            return (bins.len() > 1).then(|| share_bounds(&bins, &[0], ALPHA));
        }
        for run in self.runs {
            starts.extend(strata(run, &run.blocks).iter().map(|start| start + bins.len()));
            bins.extend(self.scope.errors(run));
        }
        Some(share_bounds(&bins, &starts, ALPHA))
    }

    /// The bounds of the share of errors of a duet's side, were each request independent: what fails in the same seconds on
    /// both sides is known by the draws. `None` where the blocks do not tell the scope's requests apart.
    fn share_of_independent(&self) -> Option<Bounds> {
        let (n, k) =
            self.seen.iter().fold((0, 0), |(n, k), seen| (n + seen.ranked().count(), k + seen.tally.not_right()));
        self.scope.is_in_blocks().then(|| independent_bounds(n, k, ALPHA))
    }
}

fn row(scope: &Scope, metric: Metric, base: &Side<'_>, new: &Side<'_>) -> Row {
    let figures = (base.figures(metric), new.figures(metric));
    let (estimate, p, of_runs) = match figures {
        (Some(a), Some(b)) => {
            (estimate(metric, base, new, (&a, &b)), rank_test(&a, &b).filter(|_| is_between(a.len(), b.len())), (a, b))
        }
        _ => (None, None, (Vec::new(), Vec::new())),
    };
    let by = |value: f64| if metric == Metric::Errors { value } else { libm::exp(value) };
    let known = |value: f64| Some(value).filter(|value| value.is_finite());
    let (base, new) = (known(by(mean(&of_runs.0))), known(by(mean(&of_runs.1))));
    let seen = |a: f64, b: f64| if metric == Metric::Errors { b - a } else { b / a };
    let bounds = estimate.map(|estimate| estimate.bounds(ALPHA));
    Row {
        scope: scope.to_string(),
        metric,
        change: base.zip(new).and_then(|(base, new)| known(seen(base, new))),
        base,
        new,
        lower: bounds.and_then(|(lower, _)| known(by(lower))),
        upper: bounds.and_then(|(_, upper)| known(by(upper))),
        p,
        found: Found::Unknown,
        estimate,
        of_runs,
    }
}

/// By how much the sides differ; `None` where that is not known.
fn estimate(metric: Metric, base: &Side<'_>, new: &Side<'_>, (a, b): (&[f64], &[f64])) -> Option<Estimate> {
    let several = is_between(a.len(), b.len());
    let all = |side: &[f64], known: bool| side.iter().all(|figure| figure.is_finite() == known);
    // One side failed throughout, and the other never: beyond any ratio.
    if several && (all(a, true) && all(b, false) || all(a, false) && all(b, true)) {
        return Some(Estimate { seen: mean(b) - mean(a), below: 0.0, above: 0.0, degrees: f64::INFINITY });
    }
    if !all(a, true) || !all(b, true) {
        return None;
    }
    let between = welch(a, b);
    match metric {
        Metric::Errors if base.is_paired => {
            let drawn = within(base, new, Drawn::Errors, (a, b));
            with_shares(drawn, base.share_of_independent().zip(new.share_of_independent()))
        }
        Metric::Errors => with_shares(between, base.share().zip(new.share())),
        _ if several => between,
        Metric::Quantile(quantile) => within(base, new, Drawn::Quantile(quantile), (a, b)),
        Metric::Rate => within(base, new, Drawn::Rate, (a, b)),
    }
}

fn within(base: &Side<'_>, new: &Side<'_>, what: Drawn, (a, b): (&[f64], &[f64])) -> Option<Estimate> {
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
    let (base, new) = base.samples.as_deref().zip(new.samples.as_deref())?;
    Some(resampled(base, new, what, mean(b) - mean(a)))
}

fn mean(of: &[f64]) -> f64 {
    of.iter().sum::<f64>() / of.len() as f64
}

/// A difference of shares, with an interval from those of both (Newcombe 1998, Statistics in Medicine 17, method 10), which
/// is known without an error too; and where several runs say so, a wider one.
fn with_shares(between: Option<Estimate>, shares: Option<(Bounds, Bounds)>) -> Option<Estimate> {
    let Some((a, b)) = shares else { return between };
    let below = (b.seen - b.lower).hypot(a.upper - a.seen);
    let above = (b.upper - b.seen).hypot(a.seen - a.lower);
    let alone = Estimate { seen: b.seen - a.seen, below, above, degrees: f64::INFINITY };
    Some(between.map_or(alone, |between| between.at_least(below, above)))
}
