//! What lines ask of a recording: each of one scope, in seconds of the run.

use std::collections::BTreeSet;

use crate::record::{Catalog, CatalogObjective, CatalogPopulation, Ending, LeftOut, Recording};
use crate::scenario::{AskedLine, Clock, Measure};
use crate::unit::Instant;

use super::Unanswered;

/// Objectives that one run is asked about, as many as one scenario may have.
const MOST: usize = 1_000;

/// What is asked, and what the run is not asked.
#[derive(Default)]
pub(super) struct Questions {
    /// As objectives of the run, each once.
    pub(super) asked: Vec<CatalogObjective>,
    /// What the run itself left out, as it had too little of it.
    pub(super) left_out: Vec<LeftOut>,
    /// Scope and line of what cannot be asked, and why.
    pub(super) unanswered: Vec<(String, String, Unanswered)>,
}

impl Questions {
    pub(super) fn new(lines: &[AskedLine], recording: &Recording, clock: Option<&Clock>) -> Self {
        let mut questions = Self::default();
        for line in lines {
            let window = line.window.map(|(from, to)| clock.map(|clock| (clock.instant(from), clock.instant(to))));
            let found = match (window, line.scope.strip_suffix(".*")) {
                (Some(None), _) => Err(Unanswered::NoClock),
                (window, Some(population)) => each_named(line, population, recording, window.flatten()),
                (window, None) => one(line, &recording.catalog, window.flatten()).map(|objective| vec![objective]),
            };
            let why = match found {
                Ok(objectives) if questions.asked.len() + objectives.len() <= MOST => {
                    objectives.into_iter().for_each(|new| questions.add(new, &recording.catalog));
                    continue;
                }
                Ok(_) => Unanswered::TooMany { most: MOST },
                Err(why) => why,
            };
            questions.unanswered.push((line.scope.clone(), line.text.clone(), why));
        }
        questions
    }

    fn add(&mut self, new: CatalogObjective, catalog: &Catalog) {
        let name = new.name();
        let is_same = |known: &CatalogObjective| {
            (&known.scope, known.measure, known.metric, known.window)
                == (&new.scope, new.measure, new.metric, new.window)
        };
        if let Some(left_out) = catalog.left_out.iter().find(|it| it.objective == name) {
            self.left_out.push(left_out.clone());
        } else if !self.asked.iter().any(is_same) {
            self.asked.push(new);
        }
    }
}

/// A line that names its scope.
fn one(
    line: &AskedLine,
    catalog: &Catalog,
    window: Option<(Instant, Instant)>,
) -> Result<CatalogObjective, Unanswered> {
    let known = catalog.populations.iter().any(|population| {
        let of_it = line.scope.strip_prefix(population.name.as_str());
        of_it.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    });
    if line.scope != "overall" && !known {
        return Err(Unanswered::NoScope);
    }
    let is_transaction =
        || measures(catalog).any(|(scope, measure)| measure == Measure::Transaction && scope == line.scope);
    let measure = line.measure.or_else(|| is_transaction().then_some(Measure::Transaction));
    Ok(objective(line, line.scope.clone(), measure, (window, catalog)))
}

/// A line for each step and transaction with a name, of a population or of all (`*`).
fn each_named(
    line: &AskedLine,
    population: &str,
    recording: &Recording,
    window: Option<(Instant, Instant)>,
) -> Result<Vec<CatalogObjective>, Unanswered> {
    if recording.end.ending == Ending::Killed {
        return Err(Unanswered::StepsNotKnown);
    }
    let catalog = &recording.catalog;
    let transactions = measures(catalog).filter(|(_, measure)| *measure == Measure::Transaction);
    let transactions: BTreeSet<String> = transactions.map(|(scope, _)| scope).collect();
    let mut objectives = Vec::new();
    for names in catalog.populations.iter().filter(|names| population == "*" || names.name == population) {
        let scope = |name: &str| format!("{}.{name}", names.name);
        let steps = names.steps.iter().zip(&names.methods).filter(|(name, method)| is_named(name, method));
        let mut scopes: BTreeSet<String> = steps.map(|(name, _)| scope(name)).collect();
        scopes.extend(transactions.iter().filter(|scope| is_of(scope, names)).cloned());
        for scope in &scopes {
            let measure = match line.measure {
                Some(word) if measures(catalog).any(|known| known == (scope.clone(), word)) => Some(word),
                Some(_) => continue,
                None if !transactions.contains(scope) => None,
                // Only requests are sent more than once.
                None if line.metric.counts_exchanges() => continue,
                None => Some(Measure::Transaction),
            };
            objectives.push(objective(line, scope.clone(), measure, (window, catalog)));
        }
    }
    if objectives.is_empty() { Err(Unanswered::NothingNamed) } else { Ok(objectives) }
}

fn objective(
    line: &AskedLine,
    scope: String,
    measure: Option<Measure>,
    (window, catalog): (Option<(Instant, Instant)>, &Catalog),
) -> CatalogObjective {
    // Where the run asked nothing of the scope, nobody knows.
    let can_grow = catalog.objectives.iter().any(|known| known.scope == scope && known.can_grow);
    CatalogObjective { scope, text: line.text.clone(), measure, metric: line.metric, window, can_grow }
}

/// What is measured beside requests, each with its scope; of a killed run, what its objectives name.
fn measures(catalog: &Catalog) -> impl Iterator<Item = (String, Measure)> {
    let of = |population: u16| &catalog.populations[usize::from(population)].name;
    let known = catalog.measures.iter().map(move |it| (format!("{}.{}", of(it.population), it.name), it.kind));
    known.chain(catalog.objectives.iter().filter_map(|o| Some((o.scope.clone(), o.measure?))))
}

fn is_of(scope: &str, population: &CatalogPopulation) -> bool {
    scope.strip_prefix(population.name.as_str()).is_some_and(|rest| rest.starts_with('.'))
}

/// Whether a step has a `name:`. Without one it is recorded as its method and path.
fn is_named(step: &str, method: &str) -> bool {
    let path = step.strip_prefix(method).and_then(|rest| rest.strip_prefix(' '));
    !path.is_some_and(|path| path.starts_with(['/', '{']) || path.contains(":/") || path.contains(":{{"))
}
