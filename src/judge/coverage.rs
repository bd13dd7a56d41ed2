//! Steps that no objective names, and that fail far more than is allowed: what a met objective about others does not say.

use serde::{Deserialize, Serialize};

use crate::record::{Catalog, CatalogObjective, Class, Recording, Tally};

/// Requests that were not right, below which nothing is told of a step that has right ones.
const LEAST: u64 = 3;
/// A step is told of if its share of these is over so many times what is allowed,
const TIMES: f64 = 2.0;
/// or over this, however much is allowed: a median allows half of all to fail.
const MOST: f64 = 0.05;
/// What is allowed where no objective says it.
const ALLOWED: f64 = 0.01;

/// A step without an objective of its own, of which far more failed than an objective about more than it allows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Uncovered {
    /// Its population and its name: `buyers.checkout`.
    pub step: String,
    /// Its requests, as a quantile counts them (D1), but for those that we did not send.
    pub requests: u64,
    /// Those of them that failed or never ended.
    pub failed: u64,
    /// The strictest share that is allowed to its population, else to all, else 1 %.
    pub allowed: f64,
}

impl Uncovered {
    /// The share of its requests that failed.
    pub fn share(&self) -> f64 {
        self.failed as f64 / self.requests as f64
    }
}

/// Such steps, the worst first; none where the scenario asks for nothing. An objective about a scope is the own one of
/// its only step.
pub(super) fn uncovered(recording: &Recording) -> Vec<Uncovered> {
    let catalog = &recording.catalog;
    if catalog.objectives.is_empty() && catalog.left_out.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (names, record) in catalog.populations.iter().zip(&recording.populations) {
        let allowed = allowed(catalog, &names.name);
        for (name, step) in names.steps.iter().zip(&record.steps) {
            let step = of_step(format!("{}.{name}", names.name), &step.tally, allowed);
            let is_own = |o: &CatalogObjective| {
                let is_all = o.scope == names.name || (o.scope == "overall" && catalog.populations.len() == 1);
                o.scope == step.step || (is_all && names.steps.len() == 1)
            };
            let has_own = catalog.objectives.iter().any(|o| is_of_all_requests(o) && is_own(o));
            let many = step.failed >= LEAST && step.share() > (TIMES * allowed).min(MOST);
            let none_right = step.failed > 0 && step.failed == step.requests;
            if !has_own && (many || none_right) {
                found.push(step);
            }
        }
    }
    found.sort_by(|a, b| b.share().total_cmp(&a.share()).then(b.failed.cmp(&a.failed)));
    found
}

fn of_step(step: String, tally: &Tally, allowed: f64) -> Uncovered {
    let failed = tally.not_right() - tally.class(Class::Unsent);
    Uncovered { step, requests: tally.completed + failed, failed, allowed }
}

/// Whether an objective bounds the requests that are not right, over the whole run.
fn is_of_all_requests(objective: &CatalogObjective) -> bool {
    objective.measure.is_none() && objective.window.is_none() && objective.metric.bounds_failures()
}

/// The strictest share of bad requests that is allowed to a population, else to all, else 1 %.
fn allowed(catalog: &Catalog, population: &str) -> f64 {
    let of = |scope: &str| {
        let about = |o: &&CatalogObjective| o.scope == scope && is_of_all_requests(o);
        catalog.objectives.iter().filter(about).filter_map(|o| o.metric.share()).reduce(f64::min)
    };
    of(population).or_else(|| of("overall")).unwrap_or(ALLOWED)
}
