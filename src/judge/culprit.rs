//! Why an objective is breached, in words: whether its bad requests were slow or not right, and which step most of them are.

use std::cmp::Reverse;

use crate::record::{CatalogObjective, Ranked, Recording};
use crate::scenario::Metric;
use crate::unit::{Quantile, Span};

use super::objective::ObjectiveResult;
use super::parts::{Part, is_windowed, parts};
use super::words::count;

/// What the target did, and where to look.
pub(super) fn cause_and_cure(objective: &ObjectiveResult, recording: &Recording) -> (String, String) {
    let worst = objective.worst_second.map_or(String::new(), |second| format!(" around second {second}"));
    let records = format!("the target's own records{worst}");
    let Some((slow, wrong, parts)) = bad(objective, recording) else {
        let cause = "the target answered too slowly or wrongly".to_owned();
        return (cause, format!("see the failures by kind, and {records}"));
    };
    let did = match (slow, wrong) {
        (_, 0) => "the target answered too slowly".to_owned(),
        (0, _) => "the target answered wrongly or not at all".to_owned(),
        _ => format!("the target answered {} too slowly, and {} wrongly or not at all", count(slow), count(wrong)),
    };
    let p50 = |part: &BadPart| part.p50.map_or(String::new(), |us| format!(" (p50 {})", Span::from_micros(us)));
    let slow_ones = worst_of(&parts, slow, "slow ones", |part| (part.slow, p50(part)));
    let wrong_ones = worst_of(&parts, wrong, "that were not right", |part| (part.wrong, String::new()));
    let told: Vec<String> = [Some(did), slow_ones, wrong_ones].into_iter().flatten().collect();
    let cure = if wrong > 0 { format!("see the failures by kind, and {records}") } else { format!("see {records}") };
    (told.join("; "), cure)
}

/// The bad ones of a part.
struct BadPart {
    name: String,
    slow: u64,
    wrong: u64,
    p50: Option<u64>,
}

/// How many were slow and how many not right, of all and of each part worth naming; `None` where nobody knows.
fn bad(objective: &ObjectiveResult, recording: &Recording) -> Option<(u64, u64, Vec<BadPart>)> {
    let same = |known: &CatalogObjective| {
        (&known.scope, &known.text, known.measure) == (&objective.scope, &objective.text, objective.measure)
    };
    let index = recording.catalog.objectives.iter().position(same)?;
    let of = &recording.catalog.objectives[index];
    let all = parts(recording, index);
    let not_right = match (of.metric, is_windowed(of)) {
        (Metric::Errors { .. }, _) => objective.k,
        (_, true) => objective.n.saturating_sub(recording.windows.get(index)?.len()),
        (_, false) if all.is_empty() => return None,
        (_, false) => all.iter().map(|part| part.tally.not_right()).sum(),
    };
    let wrong = not_right.min(objective.k);
    // What a window has of each part is not known; and a scope of one step has named it.
    let worth = !is_windowed(of) && all.iter().any(|part| part.name != of.scope);
    let parts = all.iter().filter(|_| worth).map(|part| BadPart::new(part, &of.metric)).collect();
    Some((objective.k - wrong, wrong, parts))
}

impl BadPart {
    fn new(part: &Part<'_>, metric: &Metric) -> Self {
        let is_slow = |us: u64| metric.is_bad(Span::from_micros(us));
        let recorded = part.times.iter_recorded();
        let slow = recorded.filter(|bucket| is_slow(bucket.value_iterated_to())).map(|b| b.count_at_value()).sum();
        let [p50, ..] = Quantile::SUMMARY.map(|quantile| Ranked::new(part.times, part.tally).quantile(quantile));
        Self { name: part.name.clone(), slow, wrong: part.tally.not_right(), p50 }
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
