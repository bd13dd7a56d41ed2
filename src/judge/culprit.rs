//! What was wrong with the bad ones of an objective: whether they were slow or not right, and which step most of them are of.

use std::cmp::Reverse;

use crate::record::{CatalogObjective, Ranked, Reason, Recording};
use crate::scenario::{Bad, Errors, Time};
use crate::unit::{Quantile, Span};

use super::objective::ObjectiveResult;
use super::parts::{Part, parts};
use super::why::{BadOnes, BadPart};

/// The bad ones of a part.
struct BadOf {
    name: String,
    slow: u64,
    wrong: u64,
    p50_us: Option<u64>,
}

/// How many were slow and how many not right, and of which parts most of them are; `None` where nobody knows.
pub(super) fn bad_ones(objective: &ObjectiveResult, recording: &Recording) -> Option<BadOnes> {
    let same = |known: &CatalogObjective| {
        (&known.scope, &known.text, known.measure) == (&objective.scope, &objective.text, objective.measure)
    };
    let index = recording.catalog.objectives.iter().position(same)?;
    let of = &recording.catalog.objectives[index];
    let (all, has_own_times) = (parts(recording, index), recording.catalog.has_own_times(of));
    let bad = of.metric.bad()?;
    let not_right = match (bad, has_own_times) {
        (Bad::Errors(_), _) => objective.k,
        (_, true) => objective.n.saturating_sub(recording.times.get(index)?.as_ref()?.len()),
        (_, false) if all.is_empty() => return None,
        (_, false) => all.iter().map(|part| part.tally.not_right()).sum(),
    };
    let wrong = not_right.min(objective.k);
    let slow = objective.k - wrong;
    // What each part has of a window, of such a time or of a status is not known; and a scope of one step has named it.
    let is_known = !has_own_times && !matches!(bad, Bad::Errors(Errors::Status { .. }));
    let worth = is_known && all.iter().any(|part| part.name != of.scope);
    let parts: Vec<BadOf> = all.iter().filter(|_| worth).map(|part| BadOf::new(part, bad)).collect();
    Some(BadOnes {
        time: if let Bad::Slow(slow) = bad { slow.time } else { Time::Response },
        slow,
        wrong,
        slow_in: most_of(&parts, slow, |part| part.slow),
        wrong_in: most_of(&parts, wrong, |part| part.wrong),
    })
}

impl BadOf {
    fn new(part: &Part<'_>, bad: Bad) -> Self {
        let is_slow = |us: u64| matches!(bad, Bad::Slow(slow) if slow.is(Span::from_micros(us)));
        let counts = |reason: &Reason| match bad {
            Bad::Errors(Errors::Failed(failure)) => reason.failure() == Some(failure),
            _ => reason.counts(),
        };
        let wrong = Reason::ALL.into_iter().filter(counts).map(|reason| part.tally.reason(reason)).sum();
        let recorded = part.times.iter_recorded();
        let slow = recorded.filter(|bucket| is_slow(bucket.value_iterated_to())).map(|b| b.count_at_value()).sum();
        let [p50_us, ..] = Quantile::SUMMARY.map(|quantile| Ranked::new(part.times, part.tally).quantile(quantile));
        Self { name: part.name.clone(), slow, wrong, p50_us }
    }
}

/// The parts that most of the bad ones are of, if one or two have most of them.
fn most_of(parts: &[BadOf], all: u64, bad: impl Fn(&BadOf) -> u64) -> Vec<BadPart> {
    // Histograms count to three digits: never more than all.
    let mut worst: Vec<BadPart> = parts
        .iter()
        .map(|part| BadPart { name: part.name.clone(), bad: bad(part).min(all), p50_us: part.p50_us })
        .filter(|part| part.bad > 0 && part.bad * 4 >= all)
        .collect();
    worst.sort_by_key(|part| Reverse(part.bad));
    let first_has_most = worst.first().is_some_and(|part| part.bad * 2 > all);
    worst.truncate(if first_has_most { 1 } else { 2 });
    let most = worst.iter().map(|part| part.bad).sum::<u64>() * 2 > all;
    if most { worst } else { Vec::new() }
}
