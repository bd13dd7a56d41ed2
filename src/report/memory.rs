//! How much memory a run takes, by a formula: a base, and an amount for each lane, population, step and session.
//!
//! Most of it are histograms, which grow with the slowest answer: the figures hold for answers of up to a second; each
//! doubling beyond adds about a tenth. `tests/memory.rs` compares the formula with the process.

use crate::plan::Plan;
use crate::record::{Bin, Catalog};
use crate::scenario::Scenario;
use crate::unit::Instant;

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
/// A bin of a series (D3).
const BIN: u64 = size_of::<Bin>() as u64;
/// The most that a session which sleeps may cost, without what it saves (S1).
pub(super) const SESSION: u64 = KIB;

/// Bytes that a run takes with these numbers of lanes, populations and steps (of all populations), sessions apart.
pub fn memory_of_record(lanes: u64, populations: u64, steps: u64) -> u64 {
    BASE + lanes * LANE
        + populations * (POPULATION + lanes * POPULATION_IN_LANE)
        + steps * (STEP + lanes * STEP_IN_LANE)
}

/// Bytes that the bins of so many series take, of a plan that ends then.
fn memory_of_bins(series: u64, last_due: Instant) -> u64 {
    let bins = (last_due - Instant::ZERO).as_nanos().div_ceil(Catalog::bin_of(last_due).as_nanos());
    series.saturating_mul(bins).saturating_mul(BIN)
}

/// Bytes that a run of the plan takes, its sessions included.
pub fn memory_needed(scenario: &Scenario, plan: &Plan, lanes: usize) -> u64 {
    let catalog = Catalog::without_objectives(scenario);
    let steps: usize = catalog.populations.iter().map(|population| population.steps.len()).sum();
    // A measure has a histogram in each lane and a total, as a step has.
    let steps = steps + catalog.measures.len();
    let record = memory_of_record(lanes as u64, catalog.populations.len() as u64, steps as u64);
    // Each objective, the errors of each population, and those of all.
    let series = scenario.objectives.len() + catalog.populations.len() + 1;
    let record = record.saturating_add(memory_of_bins(series as u64, plan.last_due));
    record.saturating_add(plan.alive_peak.saturating_mul(SESSION))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::Span;

    #[test]
    fn a_series_has_a_bin_each_tenth_of_a_second_up_to_ten_minutes_and_then_each_second() {
        let of = |series, seconds| memory_of_bins(series, Instant::ZERO + Span::from_secs(seconds));
        assert_eq!([of(1, 0), of(1, 1), of(21, 599), of(71, 30 * 3_600)], [0, 240, 21 * 5_990 * 24, 71 * 108_000 * 24]);
    }
}
