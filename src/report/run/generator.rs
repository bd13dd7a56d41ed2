//! What the load generator itself did, and what held it up.

use std::io::{self, Write};

use crate::judge::{FindingCode, Verdict};
use crate::report::words::share;
use crate::unit::{Bytes, Span};

use super::super::text::{found, indented, micros};
use super::super::{Latency, Style, Summary};

pub(in crate::report) fn generator(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let generator = &summary.generator;
    let mut facts = Vec::new();
    for (name, latency) in [("lag", &summary.latency_us.lag), ("read delay", &summary.latency_us.read_delay)] {
        if let Some(Latency { p50: Some(p50), p99: Some(p99), max: Some(max), .. }) = latency {
            facts.push(format!("{name} p50 {} p99 {} max {}", micros(*p50), micros(*p99), micros(*max)));
        }
    }
    let cpu = Span::from_secs_f64(generator.cpu_s);
    // What streams cost is none of their requests'.
    let streams = summary.connections.is_some_and(|connections| connections.streams.is_some());
    let each = generator.cpu_us_per_request.filter(|_| !streams);
    let each = each.map_or(String::new(), |us| format!(" ({} a request)", Span::from_secs_f64(us / 1e6)));
    facts.push(format!("CPU {cpu}{each}"));
    facts.push(format!("memory {}", Bytes(generator.max_rss_bytes)));
    facts.push(format!("steal {}", share(generator.steal_pct / 100.0)));
    if generator.lanes > 0 {
        facts.push(if generator.lanes == 1 { "1 lane".to_owned() } else { format!("{} lanes", generator.lanes) });
    }
    if let Some(busiest) = generator.by_lane.iter().map(|lane| lane.cpu_pct).max_by(f64::total_cmp) {
        let which = if generator.by_lane.len() == 1 { "the lane" } else { "the busiest lane" };
        facts.push(format!("{which} ran {} of the time", share(busiest / 100.0)));
    }
    writeln!(out, "\n{}", style.bold("generator"))?;
    indented(&facts.join(" · "), 2, style, out)?;
    let of_generator = summary.findings.iter().filter(|finding| finding.code != FindingCode::Unasked);
    let (quiet, told): (Vec<_>, Vec<_>) =
        of_generator.partition(|finding| our_delay_is_small(summary) && is_delay(finding.code));
    if !quiet.is_empty() {
        let what: Vec<&str> = quiet.iter().map(|finding| finding_words(finding.code)).collect();
        let text = format!("{}: too little to matter here; in full in summary.json", what.join(", "));
        indented(&text, 2, style, out)?;
    }
    for finding in told {
        found(&format!("{}: {}", finding_words(finding.code), finding.seen), None, finding, style, out)?;
    }
    Ok(())
}

/// Whether a READY run's lag is so small that what held the generator up needs no more than a word: its p99 is under a
/// tenth of the tightest time limit.
fn our_delay_is_small(summary: &Summary) -> bool {
    let limit = summary.objectives.iter().filter_map(|objective| objective.limit_us).min();
    let lag = summary.latency_us.lag.and_then(|lag| lag.p99);
    summary.verdict == Some(Verdict::Ready) && lag.is_some_and(|lag| limit.is_none_or(|limit| lag * 10 < limit))
}

/// Whether a finding can be seen in the lag.
const fn is_delay(code: FindingCode) -> bool {
    matches!(code, FindingCode::LaneBusy | FindingCode::RunQueue | FindingCode::Steal | FindingCode::StoodStill)
}

pub(in crate::report) const fn finding_words(code: FindingCode) -> &'static str {
    match code {
        FindingCode::LaneBusy => "busy",
        FindingCode::RunQueue => "waited for a core",
        FindingCode::Steal => "steal",
        FindingCode::MemoryGrows => "memory grew",
        FindingCode::StoodStill => "stood still",
        FindingCode::AnotherRun => "another run",
        FindingCode::Unasked => "answers that nobody asked for",
        FindingCode::WarmUp => "late in the warm-up",
    }
}
