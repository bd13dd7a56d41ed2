//! What the objectives of a run say nothing of: those that are left out, and steps that none of them names.

use std::io::{self, Write};

use crate::report::words::{count, share};
use crate::scenario::Measure;

use super::super::text::{YELLOW, hanging};
use super::super::{Style, Summary};

/// Steps that are told of.
const MOST_STEPS: usize = 5;

/// The objectives that are not judged, and why.
pub(in crate::report) fn left_out(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mark = format!("  {}  ", style.paint(YELLOW, "left out "));
    let mut left_out = summary.objectives_left_out.iter().map(ToString::to_string);
    left_out.try_for_each(|text| writeln!(out, "{}", hanging(&mark, 13, &text, style)))
}

/// Why there is no verdict.
pub(in crate::report) fn no_verdict(summary: &Summary) -> &'static str {
    if summary.objectives_left_out.is_empty() { "none (no objectives)" } else { "none: a rehearsal proves nothing" }
}

/// What a verdict does not say: how many objectives were left out, lost streams that no objective is about, and steps
/// without an objective of their own that fail far more than is allowed.
pub(in crate::report) fn not_said(summary: &Summary) -> impl Iterator<Item = String> {
    [some_left_out(summary), streams_lost(summary), uncovered(summary)].into_iter().flatten()
}

/// Writes what a verdict does not say.
pub(in crate::report) fn beside_verdict(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    not_said(summary).try_for_each(|text| writeln!(out, "{}", style.paint(YELLOW, &hanging("  ", 4, &text, style))))
}

/// Where none is left there is no verdict, which says so.
fn some_left_out(summary: &Summary) -> Option<String> {
    let (judged, left_out) = (summary.objectives.len(), summary.objectives_left_out.len());
    let all = judged + left_out;
    (judged > 0 && left_out > 0).then(|| format!("{left_out} of {all} objectives were left out, and are not proven"))
}

/// A stream that is lost after its opening is no failed request. Those of populations whose streams have an objective
/// are left out.
fn streams_lost(summary: &Summary) -> Option<String> {
    let of_streams = |measure| !matches!(measure, Measure::Transaction | Measure::Open | Measure::Connect);
    let is_covered = |name: &str| {
        let covers = |scope: &str| scope == "overall" || scope.split('.').next() == Some(name);
        summary.objectives.iter().any(|it| it.measure.is_some_and(of_streams) && covers(&it.scope))
    };
    let others = summary.populations.iter().filter(|(name, _)| !is_covered(name));
    let streams = others.filter_map(|(_, population)| population.connections?.streams);
    let (lost, opened) = streams.fold((0, 0), |sum, it| (sum.0 + it.lost, sum.1 + it.opened));
    let told = || format!("{} of {} streams were lost, and no objective is about them", count(lost), count(opened));
    (lost > 0).then(told)
}

fn uncovered(summary: &Summary) -> Option<String> {
    let told = summary.uncovered.iter().take(MOST_STEPS);
    let told = told.map(|step| format!("{} ({} of {} failed)", step.step, share(step.share()), count(step.requests)));
    let told: Vec<String> = told.collect();
    let more = match summary.uncovered.len() - told.len() {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    (!told.is_empty()).then(|| format!("no objective of its own: {}{more}", told.join(", ")))
}
