//! Two builds side by side as people read it, on a terminal and as Markdown.

use std::io::{self, Write};

use crate::judge::compare::{Comparison, Found, Gated, Metric, Noise, Outcome, RUNS_TO_PROVE, Row};
use crate::report::words::{per_second, share};
use crate::unit::Span;

use super::Style;
use super::markdown::escaped;
use super::table::Table;
use super::text::{GREEN, RED, YELLOW, hanging, indented, titled};

const COLUMNS: [&str; 8] = ["figure of", "", "base", "new", "change", "95 % between", "p", "changed"];

/// Writes a comparison.
pub fn write_comparison(comparison: &Comparison, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for text in warnings(comparison) {
        writeln!(out, "{}", hanging("", 2, &text, style))?;
    }
    titled("base", &format!(" {}", comparison.base.join(" ")), style, out)?;
    titled("new", &format!("  {}", comparison.new.join(" ")), style, out)?;
    for text in told(comparison) {
        indented(&text, 2, style, out)?;
    }
    writeln!(out)?;
    let mut table = Table::new(&COLUMNS).giving_way(&["p"]);
    let mut last = "";
    for row in &comparison.rows {
        let mut cells = cells(row);
        // A scope is named once.
        if row.scope == last {
            cells[0].clear();
        }
        last = &row.scope;
        table.row(cells.to_vec());
    }
    table.write(style, out)?;
    writeln!(out)?;
    writeln!(out, "{}", hanging("", 2, noise(comparison), style))?;
    for gate in &comparison.gates {
        let colour = match gate.outcome {
            Outcome::NoWorse => GREEN,
            Outcome::Inconclusive => YELLOW,
            Outcome::Regressed => RED,
        };
        let text = gate_words(gate, comparison);
        writeln!(out, "{} {}", style.paint(colour, gate.outcome.name()), hanging("", 14, &text, style))?;
    }
    Ok(())
}

/// A comparison as Markdown, by the command that made it. What comes from scenarios is text there, and never markup.
pub fn comparison_markdown(command: &str, comparison: &Comparison) -> String {
    let outcome = comparison.outcome.map_or("compared", Outcome::name);
    let mut text = format!("## scrutinio {command}: {outcome}\n\n");
    let lines = warnings(comparison).into_iter().map(|line| format!("**{}**", escaped(&line)));
    let sides = format!("base {}, new {}", comparison.base.join(" "), comparison.new.join(" "));
    let gates = comparison
        .gates
        .iter()
        .map(|gate| format!("**{}** {}", gate.outcome.name(), escaped(&gate_words(gate, comparison))));
    let all = lines.chain(gates).chain([escaped(&sides)]);
    let told = told(comparison).into_iter().map(|line| escaped(&line));
    all.chain(told).for_each(|line| text.push_str(&format!("- {line}\n")));
    let cells_of = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    text.push_str(&format!("\n{}|---|---|---|---|---|---|---|---|\n", cells_of(&COLUMNS.map(str::to_owned))));
    for row in &comparison.rows {
        text.push_str(&cells_of(&cells(row).map(|cell| escaped(&cell))));
    }
    text.push_str(&format!("\n{}\n", noise(comparison)));
    text
}

/// What is said before anything else.
fn warnings(comparison: &Comparison) -> Vec<String> {
    let invalid =
        comparison.invalid.iter().map(|run| format!("INVALID: {run} proves nothing, so what follows is in doubt"));
    let plan = |it: &crate::judge::compare::Difference| {
        format!("ANOTHER PLAN: of {} the {} is {}, and was {}", it.run, it.what, it.has, it.base)
    };
    invalid.chain(comparison.other_plan.iter().map(plan)).collect()
}

fn told(comparison: &Comparison) -> Vec<String> {
    let differ =
        comparison.differences.iter().map(|it| format!("{} of {}: {}, and was {}", it.what, it.run, it.has, it.base));
    let absent = comparison.absent.iter().map(|scope| format!("{scope} is not in every run, and left out"));
    differ.chain(absent).collect()
}

fn noise(comparison: &Comparison) -> &'static str {
    let (base, new) = (comparison.base.len(), comparison.new.len());
    match comparison.noise {
        Noise::WithinRuns => {
            "One run on a side: noise within the runs only. It cannot see noise between runs or machines; steps and \
             transactions have no interval."
        }
        Noise::BetweenRuns if base.min(new) < RUNS_TO_PROVE => {
            "Intervals by the runs' differences. Fewer than four runs a side cannot prove that the new build is worse."
        }
        Noise::WithinDuet => {
            "A duet: both builds had the same seconds, and intervals know how these differ between the two. They cannot see \
             how a build differs from one start to the next; steps and transactions have no interval."
        }
        Noise::BetweenRuns => "Intervals by the runs' differences (Welch); p by the exact rank test.",
    }
}

fn gate_words(gate: &Gated, comparison: &Comparison) -> String {
    let Gated { scope, metric, margin, outcome, more_runs, times_as_long } = gate;
    let margin = if *metric == Metric::Errors { points(*margin) } else { share(*margin) };
    let what = format!("{scope} {metric}, at most {margin} worse");
    match (outcome, more_runs) {
        (Outcome::Inconclusive, None) if times_as_long.is_some() => {
            let times = times_as_long.unwrap_or_default();
            format!("{what}: a duet {times} times as long may decide")
        }
        (Outcome::Inconclusive, Some(1)) => format!("{what}: 1 more run a side may decide"),
        (Outcome::Inconclusive, Some(more)) => format!("{what}: {more} more runs a side may decide"),
        (Outcome::Inconclusive, None) if has_failed(gate, comparison) => {
            format!("{what}: the quantile falls among requests that were not right; gate `errors` too")
        }
        (Outcome::Inconclusive, None) if comparison.noise == Noise::WithinDuet => {
            format!("{what}: a duet a hundred times as long would not decide, or this one is too short to tell")
        }
        (Outcome::Inconclusive, None) => {
            format!("{what}: a hundred runs a side would not decide, or nothing varies as is known")
        }
        _ => what,
    }
}

fn has_failed(gate: &Gated, comparison: &Comparison) -> bool {
    let row = comparison.rows.iter().find(|row| row.scope == gate.scope && row.metric == gate.metric);
    row.is_some_and(|row| row.base.is_none() || row.new.is_none())
}

fn cells(row: &Row) -> [String; 8] {
    let value = |value: Option<f64>| match (row.metric, value) {
        (Metric::Quantile(_), None) => "failed".to_owned(),
        (_, None) => "–".to_owned(),
        (Metric::Quantile(_), Some(micros)) => Span::from_secs_f64(micros / 1e6).to_string(),
        (Metric::Errors, Some(errors)) => share(errors),
        (Metric::Rate, Some(rate)) => per_second(rate),
    };
    let found = match row.found {
        Found::Worse => "worse",
        Found::Better => "better",
        Found::NoChange => "no",
        Found::Unknown => "–",
    };
    let p = row.p.map_or("–".to_owned(), |p| format!("{p:.2}"));
    [
        row.scope.clone(),
        row.metric.to_string(),
        value(row.base),
        value(row.new),
        change(row),
        between(row),
        p,
        found.to_owned(),
    ]
}

/// `+5ms, 12% slower`.
fn change(row: &Row) -> String {
    let Some((base, new)) = row.base.zip(row.new) else { return "–".to_owned() };
    let sign = if new < base { "-" } else { "+" };
    let (away, more, less) = match row.metric {
        Metric::Quantile(_) => (Span::from_secs_f64((new - base).abs() / 1e6).to_string(), "slower", "faster"),
        Metric::Errors => (points((new - base).abs()), "more", "fewer"),
        Metric::Rate => (per_second((new - base).abs()), "more", "less"),
    };
    if new == base {
        return "equal".to_owned();
    }
    let word = if new > base { more } else { less };
    if base > 0.0 {
        format!("{sign}{away}, {} {word}", share((new / base - 1.0).abs()))
    } else {
        format!("{sign}{away}")
    }
}

/// A difference of shares, in percentage points: `0.1pt`.
fn points(difference: f64) -> String {
    format!("{}pt", share(difference).trim_end_matches('%'))
}

/// A ratio that may be over this is no percentage that tells anybody anything.
const MOST_TIMES: f64 = 10.0;

fn between(row: &Row) -> String {
    if row.found == Found::Unknown {
        return "–".to_owned();
    }
    let part = |bound: Option<f64>, none: &str| {
        let Some(bound) = bound else { return none.to_owned() };
        let is_share = row.metric == Metric::Errors;
        if !is_share && bound > MOST_TIMES {
            return format!(">{MOST_TIMES}x");
        }
        let away = if is_share { bound } else { bound - 1.0 };
        let sign = if away < 0.0 { "-" } else { "+" };
        format!("{sign}{}", if is_share { points(away.abs()) } else { share(away.abs()) })
    };
    format!("{} … {}", part(row.lower, "-?"), part(row.upper, "+?"))
}
