//! Answers that nobody asked for (R8): the worst that a service can do is to show its users each other's pages.

use crate::record::{Recording, Unasked};

use super::finding::{Finding, UnaskedAt};

/// Steps and places that are told one by one.
const TOLD: usize = 3;
/// Characters of the first bytes that are told.
const SHOWN: usize = 120;

/// Whether bytes came that nobody asked for: how often, where, and the first of them.
pub(super) fn unasked(recording: &Recording) -> Option<Finding> {
    let mut all: Vec<&Unasked> = recording.unasked.iter().collect();
    all.sort_by_key(|unasked| std::cmp::Reverse(unasked.count));
    let worst = all.first()?;
    let (told, others) = all.split_at(TOLD.min(all.len()));
    Some(Finding::Unasked {
        places: told.iter().map(|unasked| place(unasked, recording)).collect(),
        elsewhere: others.iter().map(|unasked| unasked.count).sum(),
        first: worst.head.escape_ascii().to_string().chars().take(SHOWN).collect(),
    })
}

fn place(unasked: &Unasked, recording: &Recording) -> UnaskedAt {
    let population = &recording.catalog.populations[usize::from(unasked.population)];
    UnaskedAt {
        population: population.name.clone(),
        step: population.steps[usize::from(unasked.step)].clone(),
        place: unasked.place,
        times: unasked.count,
    }
}
