//! Objectives that are no share: a number of bad requests, decided by counting, and right answers a second.

use std::ops::Range;

use crate::record::{Bin, CatalogObjective, Ending, Recording};
use crate::unit::{Instant, Span};

use super::bound::{ALPHA, Interval, mean_bounds};
use super::objective::{ObjectiveResult, Standing};

const SECOND: Span = Span::from_secs(1);

/// At most `most` are bad: what is counted whole needs no inference, and no number of requests (P10).
pub(super) const fn by_counting(most: u64, sum: Bin) -> Standing {
    match sum {
        Bin { n: 0, .. } => Standing::NoData,
        Bin { k, .. } if k <= most => Standing::Met,
        Bin { k_without_us, .. } if k_without_us > most => Standing::Breached,
        _ => Standing::GeneratorDecided,
    }
}

/// The right answers that a rate is about, by done: those of each whole second of its window, or of the plan.
pub(super) struct Answers<'a> {
    objective: &'a CatalogObjective,
    by_second: Vec<u64>,
    strata: Vec<usize>,
    /// Whether any of the seconds is laid on us (D3).
    laid_on_us: bool,
}

impl<'a> Answers<'a> {
    /// `ours`: for each second of the run, whether it is laid on us.
    pub(super) fn new(recording: &Recording, objective: &'a CatalogObjective, ours: &[bool]) -> Self {
        let seconds = seconds(recording, objective);
        let starts = recording.catalog.strata.iter().map(|second| *second as usize);
        Self {
            objective,
            by_second: right_answers(recording, objective, seconds.clone()),
            strata: starts.map(|second| second.saturating_sub(seconds.start)).collect(),
            laid_on_us: ours.iter().skip(seconds.start).take(seconds.len()).any(|ours| *ours),
        }
    }

    /// Whether there were fewer than demanded, with confidence 1 − `alpha`, and not because of us.
    pub(super) fn is_breached(&self, alpha: f64) -> bool {
        !self.by_second.is_empty() && !self.laid_on_us && self.bounds(alpha).upper < self.objective.metric.allowed()
    }

    fn bounds(&self, alpha: f64) -> Interval {
        mean_bounds(&self.by_second, &self.strata, alpha)
    }

    pub(super) fn result(&self, breached: bool) -> ObjectiveResult {
        let Interval { seen, lower, upper } = self.bounds(ALPHA);
        let (wanted, has_any) = (self.objective.metric.allowed(), !self.by_second.is_empty());
        let result = match (lower >= wanted, breached, upper < wanted && self.laid_on_us) {
            _ if !has_any => Standing::NoData,
            (true, ..) => Standing::Met,
            (_, true, _) => Standing::Breached,
            (.., true) => Standing::GeneratorDecided,
            _ => Standing::Undecided,
        };
        ObjectiveResult {
            result,
            observed: has_any.then_some(seen),
            lower: has_any.then_some(lower),
            upper: Some(upper).filter(|upper| upper.is_finite()),
            n: self.by_second.iter().sum(),
            ..ObjectiveResult::new(self.objective)
        }
    }
}

/// The whole seconds that a rate is about: of its window, or of the plan; of a run that ended before its plan, those that
/// have passed. Answers after the last due are none of the plan's rate.
fn seconds(recording: &Recording, objective: &CatalogObjective) -> Range<usize> {
    let end = &recording.end;
    let passed = Instant::ZERO + end.elapsed;
    let planned = end.planned_length.map_or(passed, |length| Instant::ZERO + length);
    let ended = if end.ending == Ending::Finished { planned } else { planned.min(passed) };
    let (from, to) = match objective.window {
        Some((from, to)) => (from, to.min(ended)),
        None => (Instant::ZERO, ended),
    };
    let first = from.as_nanos().div_ceil(SECOND.as_nanos()) as usize;
    first..(to.bin(SECOND) as usize).max(first)
}

fn right_answers(recording: &Recording, objective: &CatalogObjective, seconds: Range<usize>) -> Vec<u64> {
    let in_scope = |name: &str| objective.scope == "overall" || objective.scope == name;
    let pairs = recording.catalog.populations.iter().zip(&recording.populations);
    let inside: Vec<_> = pairs.filter(|(names, _)| in_scope(&names.name)).map(|(_, record)| record).collect();
    let of = |second: usize| inside.iter().filter_map(|record| record.right_by_second.get(second)).sum();
    seconds.map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_census_is_decided_by_counting() {
        let bin = |n, k, k_without_us| Bin { n, k, k_without_us };
        for (most, sum, standing) in [
            (2, bin(0, 0, 0), Standing::NoData),
            (2, bin(1, 0, 0), Standing::Met),
            (2, bin(50, 2, 2), Standing::Met),
            (2, bin(50, 3, 3), Standing::Breached),
            (2, bin(50, 3, 2), Standing::GeneratorDecided),
            (0, bin(50, 0, 0), Standing::Met),
            (0, bin(50, 1, 1), Standing::Breached),
            (0, bin(50, 1, 0), Standing::GeneratorDecided),
            (100, bin(50, 50, 50), Standing::Met),
        ] {
            assert_eq!(by_counting(most, sum), standing, "at most {most} of {sum:?}");
        }
    }
}
