//! How each objective stands, and how long events disturbed it.

use std::io::{self, Write};

use crate::judge::{Kind, ObjectiveResult, Standing};
use crate::report::words::{count, counted, per_second};
use crate::unit::Span;

use super::super::margin::{allowed, margin};
use super::super::table::below;
use super::super::text::{GREEN, RED, YELLOW, hanging, micros};
use super::super::{RecoverySummary, Style, Summary};
use super::coverage::left_out;

pub(in crate::report) fn objectives(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if summary.objectives.is_empty() && summary.objectives_left_out.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", style.bold("objectives"))?;
    let rows: Vec<[String; 2]> =
        summary.objectives.iter().map(|o| [format!("{} {}", o.scope, o.text), observed(o)]).collect();
    let widest = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let width = widest(0);
    // What was observed stands beside the line; below, where there is no room.
    let beside = RESULT + width + 2 + widest(1) <= style.width;
    for (objective, [name, observed]) in summary.objectives.iter().zip(&rows) {
        let (code, word) = standing_words(objective.result);
        let result = style.paint(code, &format!("{word:<9}"));
        if beside {
            writeln!(out, "  {result}  {name:<width$}  {observed}")?;
            continue;
        }
        let mut lines = below(name, style.width.saturating_sub(RESULT).max(20)).into_iter();
        writeln!(out, "  {result}  {}", lines.next().unwrap_or_default())?;
        lines.try_for_each(|line| writeln!(out, "{:15}{line}", ""))?;
        writeln!(out, "{}", hanging(&" ".repeat(RESULT + 2), RESULT + 2, observed, style))?;
    }
    left_out(summary, style, out)
}

/// A standing's colour, and the word that says the same.
pub(in crate::report) const fn standing_words(standing: Standing) -> (&'static str, &'static str) {
    match standing {
        Standing::Met => (GREEN, "met"),
        Standing::Breached => (RED, "breached"),
        Standing::Undecided | Standing::GeneratorDecided => (YELLOW, "undecided"),
        Standing::NoData => (YELLOW, "no data"),
    }
}

/// Columns of an objective's result, with what stands before and behind it.
const RESULT: usize = 13;

/// What was seen of an objective, and what that proves:
/// `was 214ms (198ms to 260ms) · 184 of 720 bad · at least 22.4% slower or failed, 5% allowed`.
pub(in crate::report) fn observed(objective: &ObjectiveResult) -> String {
    let ObjectiveResult { n, k, was_us, was_failed, .. } = *objective;
    let proven = margin(objective);
    let bad = match (objective.kind, objective.observed) {
        (Kind::Rate, None) => return format!("no whole second, {}", allowed(objective)),
        (_, None) => return format!("no {}, {}", counted(objective.measure), allowed(objective)),
        (Kind::Share, Some(_)) => format!("{} of {} bad · {proven}", count(k), count(n)),
        (Kind::Count, Some(_)) => return format!("{} of {} bad, {proven}", count(k), count(n)),
        (Kind::Ratio, Some(ratio)) => return format!("{ratio:.3} · {proven}"),
        (Kind::Rate, Some(seen)) => return format!("{} · {proven}", per_second(seen)),
    };
    let was = match was_us {
        Some(us) => Some(format!("was {}{}", micros(us), between(objective))),
        None => was_failed.then(|| "fell among those not right".to_owned()),
    };
    was.into_iter().chain([bad]).collect::<Vec<_>>().join(" · ")
}

/// Between what its quantile lies: ` (198ms to 260ms)`; empty where neither bound is known, and where both are the same.
fn between(objective: &ObjectiveResult) -> String {
    let [low, high] = [objective.was_low_us, objective.was_high_us].map(|us| us.map(micros));
    match (low, high) {
        (Some(low), Some(high)) if low == high => String::new(),
        (Some(low), Some(high)) => format!(" ({low} to {high})"),
        (Some(low), None) => format!(" (at least {low})"),
        (None, Some(high)) => format!(" (at most {high})"),
        (None, None) => String::new(),
    }
}

/// How long objectives were disturbed by what happened to the target.
pub(in crate::report) fn events(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for event in &summary.events {
        writeln!(out, "\n{}", style.bold(&format!("after {}, {}", event.at, event.what)))?;
        for RecoverySummary { objective, disturbed, seconds, no_samples } in &event.recovery {
            let how = match (disturbed, seconds) {
                (false, Some(_)) => "undisturbed".to_owned(),
                (true, Some(seconds)) => format!("recovered in {}", Span::from_secs_f64(*seconds)),
                (true, None) => "not recovered within the run".to_owned(),
                (false, None) if *no_samples => "nothing of it came after".to_owned(),
                (false, None) => "the run ended too soon after".to_owned(),
            };
            writeln!(out, "  {how:<28}  {objective}")?;
        }
    }
    Ok(())
}
