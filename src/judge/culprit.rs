//! Why an objective is breached, in words: whether its bad requests were slow or not right, and which step most of them are.

use std::cmp::Reverse;

use crate::record::{CatalogObjective, Ranked, Reason, Recording};
use crate::scenario::{Bad, Errors, Measure, Time};
use crate::unit::{Quantile, Span};

use super::objective::ObjectiveResult;
use super::parts::{Part, has_own_times, parts};
use super::words::count;

/// What the target did, and where to look.
pub(super) fn cause_and_cure(objective: &ObjectiveResult, recording: &Recording) -> (String, String) {
    let worst = objective.worst_second.map_or(String::new(), |second| format!(" around second {second}"));
    let records = format!("the target's own records{worst}");
    let Some((bad, slow, wrong, parts)) = bad(objective, recording) else {
        let cause = "the target answered too slowly or wrongly".to_owned();
        return (cause, format!("see the failures by kind, and {records}"));
    };
    let did = did(objective.measure, bad, (slow, wrong));
    let p50 = |part: &BadPart| part.p50.map_or(String::new(), |us| format!(" (p50 {})", Span::from_micros(us)));
    let slow_ones = worst_of(&parts, slow, "slow ones", |part| (part.slow, p50(part)));
    let wrong_ones = worst_of(&parts, wrong, "that were not right", |part| (part.wrong, String::new()));
    let told: Vec<String> = [Some(did), slow_ones, wrong_ones].into_iter().flatten().collect();
    let cure = if wrong > 0 { format!("see the failures by kind, and {records}") } else { format!("see {records}") };
    (told.join("; "), cure)
}

/// What so many slow ones, and so many that were not right, had done to them.
fn did(measure: Option<Measure>, bad: Bad, (slow, wrong): (u64, u64)) -> String {
    let time = if let Bad::Slow(slow) = bad { slow.time } else { Time::Response };
    let (what, slowly, not) = match (measure, time) {
        (Some(Measure::Connect), _) => ("connections opened", "too slowly", "not at all"),
        (_, Time::Wait) => ("requests went out", "too long after they were taken up", "not at all"),
        (_, Time::FirstByte) => ("the target began to answer", "too late", "wrongly or not at all"),
        _ => ("the target answered", "too slowly", "wrongly or not at all"),
    };
    match (slow, wrong) {
        (_, 0) => format!("{what} {slowly}"),
        (0, _) => format!("{what} {not}"),
        _ => format!("{what} {} {slowly}, and {} {not}", count(slow), count(wrong)),
    }
}

/// The bad ones of a part.
struct BadPart {
    name: String,
    slow: u64,
    wrong: u64,
    p50: Option<u64>,
}

/// How many were slow and how many not right, of all and of each part worth naming; `None` where nobody knows.
fn bad(objective: &ObjectiveResult, recording: &Recording) -> Option<(Bad, u64, u64, Vec<BadPart>)> {
    let same = |known: &CatalogObjective| {
        (&known.scope, &known.text, known.measure) == (&objective.scope, &objective.text, objective.measure)
    };
    let index = recording.catalog.objectives.iter().position(same)?;
    let of = &recording.catalog.objectives[index];
    let all = parts(recording, index);
    let bad = of.metric.bad()?;
    let not_right = match (bad, has_own_times(of)) {
        (Bad::Errors(_), _) => objective.k,
        (_, true) => objective.n.saturating_sub(recording.times.get(index)?.as_ref()?.len()),
        (_, false) if all.is_empty() => return None,
        (_, false) => all.iter().map(|part| part.tally.not_right()).sum(),
    };
    let wrong = not_right.min(objective.k);
    // What each part has of a window, of such a time or of a status is not known; and a scope of one step has named it.
    let is_known = !has_own_times(of) && !matches!(bad, Bad::Errors(Errors::Status { .. }));
    let worth = is_known && all.iter().any(|part| part.name != of.scope);
    let parts = all.iter().filter(|_| worth).map(|part| BadPart::new(part, bad)).collect();
    Some((bad, objective.k - wrong, wrong, parts))
}

impl BadPart {
    fn new(part: &Part<'_>, bad: Bad) -> Self {
        let is_slow = |us: u64| matches!(bad, Bad::Slow(slow) if slow.is(Span::from_micros(us)));
        let counts = |reason: &Reason| match bad {
            Bad::Errors(Errors::Failed(failure)) => reason.failure() == Some(failure),
            _ => reason.counts(),
        };
        let wrong = Reason::ALL.into_iter().filter(counts).map(|reason| part.tally.reason(reason)).sum();
        let recorded = part.times.iter_recorded();
        let slow = recorded.filter(|bucket| is_slow(bucket.value_iterated_to())).map(|b| b.count_at_value()).sum();
        let [p50, ..] = Quantile::SUMMARY.map(|quantile| Ranked::new(part.times, part.tally).quantile(quantile));
        Self { name: part.name.clone(), slow, wrong, p50 }
    }
}

/// Whose most of the bad ones are, if one or two parts have most of them: `100 of the 100 slow ones are managers.report`.
fn worst_of(parts: &[BadPart], all: u64, which: &str, bad: impl Fn(&BadPart) -> (u64, String)) -> Option<String> {
    // Histograms count to three digits: never more than all.
    let mut worst: Vec<(u64, String)> = parts
        .iter()
        .map(|part| (bad(part), &part.name))
        .map(|((n, told), name)| (n.min(all), format!("{name}{told}")))
        .filter(|(n, _)| *n > 0 && n * 4 >= all)
        .collect();
    worst.sort_by_key(|(n, _)| Reverse(*n));
    let first_has_most = worst.first().is_some_and(|(n, _)| n * 2 > all);
    worst.truncate(if first_has_most { 1 } else { 2 });
    let most = worst.iter().map(|(n, _)| n).sum::<u64>() * 2 > all;
    let (n, who) = worst.first().filter(|_| most)?;
    let second = worst.get(1).map_or(String::new(), |(n, who)| format!(", and {} {who}", count(*n)));
    Some(format!("{} of the {} {which} are {who}{second}", count(*n), count(all)))
}
