//! Objectives that are no share: a number of bad requests, decided by counting, and right answers a second.

use std::ops::Range;

use crate::record::{Bin, CatalogObjective, Ending, Recording};
use crate::scenario::Metric;
use crate::unit::{Instant, Span};

use super::bound::{Bins, Interval};
use super::looks::{Look, Looks};
use super::objective::{ObjectiveResult, Standing};
use super::warm_up::WarmUp;

const SECOND: Span = Span::from_secs(1);

/// At most `most` are bad: what is counted whole needs no inference, and no number of requests (P10). A number is one of a
/// whole run, so that each look is counted for itself (O17): one that is over it is a breach, and one that is within it
/// makes those good in which the generator decides. With the standing comes the count that shows it.
pub(super) fn by_counting(most: u64, looks: &[Bin]) -> (Standing, Bin) {
    // The worst of those that stand alike, as that is what people want to know.
    let worst = |standing: Standing| {
        let alike = looks.iter().filter(|bin| counted_whole(most, **bin) == standing);
        alike.max_by_key(|bin| bin.k).map(|bin| (standing, *bin))
    };
    let order = [Standing::Breached, Standing::Met, Standing::GeneratorDecided];
    order.into_iter().find_map(worst).unwrap_or((Standing::NoData, Bin::default()))
}

const fn counted_whole(most: u64, seen: Bin) -> Standing {
    match seen {
        Bin { n: 0, .. } => Standing::NoData,
        Bin { k, .. } if k <= most => Standing::Met,
        Bin { k_without_us, .. } if k_without_us > most => Standing::Breached,
        _ => Standing::GeneratorDecided,
    }
}

/// Whether `bad` of `n` requests is within what the metric allows, by the counts alone (O10).
pub(super) fn within(metric: &Metric, bad: u64, n: u64) -> bool {
    if let Metric::AtMost { most, .. } = metric {
        return bad <= *most;
    }
    let (bad, limit) = (bad as f64, metric.allowed() * n as f64);
    // The product of a decimal share is off by an ulp or two; integers that differ are farther apart.
    let equal = (bad - limit).abs() <= limit * 4.0 * f64::EPSILON;
    let strict =
        matches!(metric, Metric::Errors { inclusive: false, .. } | Metric::Amplification { inclusive: false, .. });
    if equal { !strict } else { bad < limit }
}

/// The right answers that a rate is about, by done: those of each whole second of its window, or of the plan.
pub(super) struct Answers<'a> {
    objective: &'a CatalogObjective,
    alpha: f64,
    right: u64,
    /// By second, of each look.
    all: Bins,
    /// Those of the looks no second of which is laid on us (D3), as it answered fewer where we asked for fewer; `None`: there
    /// is no such look.
    not_ours: Option<Bins>,
    has_any: bool,
}

impl<'a> Answers<'a> {
    pub(super) fn new(objective: &'a CatalogObjective, looks: &Looks<'_>) -> Self {
        let (mut all, mut not_ours, mut first) = (Vec::new(), Vec::new(), 0);
        for Look { recording, ours, .. } in &looks.each {
            let seconds = seconds(recording, objective, looks.warm_up);
            let of = right_answers(recording, objective, seconds.clone());
            let counts: Vec<(u64, u64)> = of.into_iter().map(|right| (1, right)).collect();
            if !ours.iter().skip(seconds.start).take(seconds.len()).any(|ours| *ours) {
                not_ours.push(counts.clone());
            }
            all.push(counts);
            first = seconds.start;
        }
        let starts = looks.catalog().strata.iter().map(|second| *second as usize);
        let strata: Vec<usize> = starts.map(|second| second.saturating_sub(first)).collect();
        let pooled = |looks: &[Vec<(u64, u64)>]| {
            let looks: Vec<&[(u64, u64)]> = looks.iter().map(Vec::as_slice).collect();
            Bins::of_looks(&looks, &strata)
        };
        Self {
            objective,
            alpha: looks.alpha,
            right: all.iter().flatten().map(|(_, right)| right).sum(),
            all: pooled(&all),
            not_ours: (!not_ours.is_empty()).then(|| pooled(&not_ours)),
            has_any: all.iter().any(|counts| !counts.is_empty()),
        }
    }

    /// Whether there were fewer than demanded, with confidence 1 − `alpha`, and not because of us.
    pub(super) fn is_breached(&self, alpha: f64) -> bool {
        let wanted = self.objective.metric.allowed();
        self.has_any && self.not_ours.as_ref().is_some_and(|looks| looks.ratio(alpha).upper < wanted)
    }

    pub(super) fn result(&self, breached: bool) -> ObjectiveResult {
        let Interval { seen, lower, upper } = self.all.ratio(self.alpha);
        let (wanted, has_any) = (self.objective.metric.allowed(), self.has_any);
        let result = match (lower >= wanted, breached, upper < wanted && self.not_ours.is_none()) {
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
            n: self.right,
            ..ObjectiveResult::new(self.objective)
        }
    }
}

/// The whole seconds that a rate is about: of its window, or of the plan; of a run that ended before its plan, those that
/// have passed. Answers after the last due are none of the plan's rate.
fn seconds(recording: &Recording, objective: &CatalogObjective, warm_up: WarmUp) -> Range<usize> {
    let end = &recording.end;
    let passed = Instant::ZERO + end.elapsed;
    let planned = end.planned_length.map_or(passed, |length| Instant::ZERO + length);
    let ended = if end.ending == Ending::Finished { planned } else { planned.min(passed) };
    let (from, to) = match objective.window {
        Some((from, to)) => (from, to.min(ended)),
        None => (Instant::ZERO, ended),
    };
    let first = from.as_nanos().div_ceil(SECOND.as_nanos()) as usize;
    let first = first.max(warm_up.end());
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
            assert_eq!(by_counting(most, &[sum]).0, standing, "at most {most} of {sum:?}");
        }
    }

    #[test]
    fn each_look_is_counted_for_itself() {
        let [within, ours, over] =
            [(50, 2, 2), (50, 9, 2), (50, 4, 3)].map(|(n, k, k_without_us)| Bin { n, k, k_without_us });
        assert_eq!(by_counting(2, &[within, within]), (Standing::Met, within), "and not four of a hundred");
        assert_eq!(by_counting(2, &[within, over, ours]), (Standing::Breached, over));
        assert_eq!(by_counting(2, &[ours, within]), (Standing::Met, within), "a look makes good what we spoiled");
        assert_eq!(by_counting(2, &[ours, ours]), (Standing::GeneratorDecided, ours));
        assert_eq!(by_counting(2, &[]).0, Standing::NoData);
    }
}
