//! How much memory a run takes, by a formula: a base, and an amount for each lane, population, step and session.
//!
//! Most of it are histograms, which grow with the slowest answer: the figures hold for answers of up to a second; each
//! doubling beyond adds about a tenth. `tests/memory.rs` compares the formula with the process.

use crate::plan::Plan;
use crate::record::Catalog;
use crate::scenario::Scenario;

const KIB: u64 = 1 << 10;

/// The program itself, in a release build.
const BASE: u64 = 14 << 20;
/// A lane's buffers, without what it records.
const LANE: u64 = 1 << 20;
/// A population's totals.
const POPULATION: u64 = 576 * KIB;
/// What each lane records of a population, with the slices under way to the hub.
const POPULATION_IN_LANE: u64 = 320 * KIB;
/// A step's totals: a histogram of 64-bit counts.
const STEP: u64 = 96 * KIB;
/// What each lane records of a step: a histogram of 32-bit counts.
const STEP_IN_LANE: u64 = 48 * KIB;
/// The most that a session which sleeps may cost, without what it saves (S1).
pub(super) const SESSION: u64 = KIB;

/// Bytes that a run takes with these numbers of lanes, populations and steps (of all populations), sessions apart.
pub fn memory_of_record(lanes: u64, populations: u64, steps: u64) -> u64 {
    BASE + lanes * LANE
        + populations * (POPULATION + lanes * POPULATION_IN_LANE)
        + steps * (STEP + lanes * STEP_IN_LANE)
}

/// Bytes that a run of the plan takes, its sessions included.
pub fn memory_needed(scenario: &Scenario, plan: &Plan, lanes: usize) -> u64 {
    let catalog = Catalog::without_objectives(scenario);
    let steps: usize = catalog.populations.iter().map(|population| population.steps.len()).sum();
    // A measure has a histogram in each lane and a total, as a step has.
    let steps = steps + catalog.measures.len();
    let record = memory_of_record(lanes as u64, catalog.populations.len() as u64, steps as u64);
    record.saturating_add(plan.alive_peak.saturating_mul(SESSION))
}
