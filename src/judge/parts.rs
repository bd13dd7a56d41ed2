//! What an objective is about, by its parts: the steps, transactions or streams whose samples it counts.

use crate::record::{
    Catalog, CatalogMeasure, CatalogObjective, CatalogPopulation, Ending, Histogram, MeasureRecord, PopulationRecord,
    Ranked, Recording, TOP, Tally, total_histogram,
};
use crate::scenario::Metric;
use crate::unit::Quantile;

/// A step, transaction or stream of an objective; of a killed run, whose steps are not known, a population.
pub(super) struct Part<'a> {
    /// Its name: `buyers.checkout`.
    pub(super) name: String,
    /// What right answers took, in µs.
    pub(super) times: &'a Histogram,
    /// How its samples ended.
    pub(super) tally: &'a Tally,
}

/// The parts of the objective of this number, over the whole run whatever its window.
pub(super) fn parts(recording: &Recording, objective: usize) -> Vec<Part<'_>> {
    let catalog = &recording.catalog;
    let is_its = |objectives: &Vec<u16>| objectives.iter().any(|index| usize::from(*index) == objective);
    if catalog.objectives[objective].measure.is_some() {
        let measures =
            catalog.measures.iter().zip(&recording.measures).filter(|(measure, _)| is_its(&measure.objectives));
        return measures.map(|(measure, record)| of_measure(&catalog.populations, measure, record)).collect();
    }
    let populations = catalog.populations.iter().zip(&recording.populations);
    if recording.end.ending == Ending::Killed {
        return of_populations(&catalog.objectives[objective], populations);
    }
    let steps = populations.flat_map(|(population, record)| {
        let named = population.steps.iter().zip(&population.objectives_by_step).zip(&record.steps);
        named.filter(|((_, objectives), _)| is_its(objectives)).map(|((step, _), record)| Part {
            name: format!("{}.{step}", population.name),
            times: &record.response,
            tally: &record.tally,
        })
    });
    steps.collect()
}

fn of_measure<'a>(populations: &[CatalogPopulation], measure: &CatalogMeasure, record: &'a MeasureRecord) -> Part<'a> {
    let population = &populations[usize::from(measure.population)].name;
    Part { name: format!("{population}.{}", measure.name), times: &record.values, tally: &record.tally }
}

fn of_populations<'a>(
    objective: &CatalogObjective,
    populations: impl Iterator<Item = (&'a CatalogPopulation, &'a PopulationRecord)>,
) -> Vec<Part<'a>> {
    let in_scope = |name: &str| objective.scope == "overall" || objective.scope == name;
    populations
        .filter(|(population, _)| in_scope(&population.name))
        .map(|(population, record)| Part {
            name: population.name.clone(),
            times: &record.response,
            tally: &record.tally,
        })
        .collect()
}

/// The quantile that an objective is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Was {
    /// In µs.
    Micros(u64),
    /// The rank falls among what was not right (D1).
    Failed,
    /// It is about no quantile, saw nothing, or was killed before the histograms that tell were written.
    Unknown,
}

impl Was {
    /// In µs, if it is known.
    pub(super) fn micros(self) -> Option<u64> {
        if let Self::Micros(us) = self { Some(us) } else { None }
    }
}

/// The quantile that an objective is about, if it is one of all responses that its population has, or all have, in a run.
pub fn quantile_of_responses(objective: &CatalogObjective, catalog: &Catalog) -> Option<Quantile> {
    let Metric::Quantile { quantile, .. } = objective.metric else { return None };
    (objective.measure.is_none() && !catalog.has_own_times(objective)).then_some(quantile)
}

/// The quantile of an objective that saw `n` samples.
pub(super) fn was(recording: &Recording, objective: usize, n: u64) -> Was {
    let of = &recording.catalog.objectives[objective];
    let Metric::Quantile { quantile, .. } = of.metric else { return Was::Unknown };
    if recording.catalog.has_own_times(of) {
        let times = recording.times.get(objective).and_then(Option::as_ref);
        return times.map_or(Was::Unknown, |times| quantile_of(times, n, quantile));
    }
    let parts = parts(recording, objective);
    let mut times = total_histogram();
    for part in &parts {
        times.add(part.times).expect("every merged histogram has the same bounds");
    }
    if parts.is_empty() { Was::Unknown } else { quantile_of(&times, n, quantile) }
}

fn quantile_of(times: &Histogram, n: u64, quantile: Quantile) -> Was {
    if n == 0 {
        return Was::Unknown;
    }
    let ranked = Ranked { ok: times, over_range: times.count_at(TOP), not_right: n.saturating_sub(times.len()) };
    ranked.quantile(quantile).map_or(Was::Failed, Was::Micros)
}
