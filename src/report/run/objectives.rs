//! How each objective stands, and how long events disturbed it.

use std::io::{self, Write};

use crate::judge::words::share;
use crate::judge::{ObjectiveResult, Standing, counted};
use crate::unit::Span;

use super::super::table::below;
use super::super::text::{GREEN, RED, YELLOW};
use super::super::{RecoverySummary, Style, Summary};

pub(in crate::report) fn objectives(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if summary.objectives.is_empty() && summary.objectives_left_out.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", style.bold("objectives"))?;
    let name = |objective: &ObjectiveResult| format!("{} {}", objective.scope, objective.text);
    let widest = |texts: &mut dyn Iterator<Item = String>| texts.map(|text| text.chars().count()).max().unwrap_or(0);
    let tails = widest(&mut summary.objectives.iter().map(observed));
    // Behind the result, and before what was observed: what is too long for that goes on below.
    let room = style.width.saturating_sub(13 + 2 + tails).max(20);
    let width = widest(&mut summary.objectives.iter().map(name)).min(room);
    for objective in &summary.objectives {
        let (code, word) = match objective.result {
            Standing::Met => (GREEN, "met"),
            Standing::Breached => (RED, "breached"),
            Standing::Undecided => (YELLOW, "undecided"),
            Standing::NoData => (YELLOW, "no data"),
        };
        let result = style.paint(code, &format!("{word:<9}"));
        let name = below(&name(objective), width);
        let (first, others) = name.split_first().map_or(("", &[][..]), |(first, others)| (first.as_str(), others));
        writeln!(out, "  {result}  {first:<width$}  {}", observed(objective))?;
        others.iter().try_for_each(|line| writeln!(out, "{:15}{line}", ""))?;
    }
    let left_out = summary.objectives_left_out.iter();
    left_out.map(|line| style.paint(YELLOW, "left out ") + "  " + line).try_for_each(|line| writeln!(out, "  {line}"))
}

/// What was seen of an objective, and what it allows.
fn observed(objective: &ObjectiveResult) -> String {
    let (observed, allowed) = match objective.observed {
        None => (format!("no {}", counted(objective.measure).trim_end_matches('s')), share(objective.allowed)),
        Some(ratio) if objective.is_a_ratio => (format!("{ratio:.3}"), objective.allowed.to_string()),
        Some(bad) => (format!("{} bad", share(bad)), share(objective.allowed)),
    };
    format!("{observed}, allowed {allowed}")
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
