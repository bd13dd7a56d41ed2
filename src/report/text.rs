//! The end of a run as people read it: one page, of a run that ended, was stopped or was killed.

use std::io::{self, Write};

use crate::judge::words::{count, share};
use crate::judge::{Code, FindingCode, ObjectiveResult, Standing, Verdict, counted};
use crate::unit::{Bytes, Rate, Span};

use super::lost_streams::write_lost_streams;
use super::measures_text::measures;
use super::streams::write_streams;
use super::table::{Table, below, wrapped};
use super::unasked::write_unasked;
use super::{Extra, Handshakes, Latency, RecoverySummary, Requests, Summary};

/// How the text may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether colour may be used; nothing depends on it.
    pub colour: bool,
    /// Columns of the terminal; 80 are enough.
    pub width: usize,
}

impl Style {
    pub(super) fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }
}

pub(super) const GREEN: &str = "1;32";
pub(super) const RED: &str = "1;31";
const YELLOW: &str = "1;33";

/// Writes the end of a run, whose folder people know as `folder` (`None`: nothing was kept).
pub fn write_text(summary: &Summary, folder: Option<&str>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    heading(summary, style, out)?;
    latencies(summary, style, out)?;
    measures(summary, style, out)?;
    failures(summary, style, out)?;
    write_lost_streams(summary, style, out)?;
    write_unasked(summary, style, out)?;
    retries(summary, style, out)?;
    streams(summary, style, out)?;
    objectives(summary, style, out)?;
    events(summary, style, out)?;
    generator(summary, style, out)?;
    verdict(summary, style, out)?;
    if let Some(folder) = folder {
        writeln!(out, "\n{} {folder}", style.bold("folder"))?;
    }
    Ok(())
}

fn heading(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let compression = summary.compression.as_ref().map_or(String::new(), |words| format!(" · {words}"));
    writeln!(out, "{}{compression}", style.bold(&summary.scenario))?;
    if !summary.to.is_empty() {
        indented(&format!("to {}", summary.to), 0, style, out)?;
    }
    let elapsed = Span::from_secs_f64(summary.elapsed_s);
    match summary.ending.as_str() {
        "finished" => writeln!(out, "finished in {elapsed}")?,
        // Nothing tells a run that was killed from one that still goes on, or whose summary was lost.
        "killed" => {
            let told = format!("no summary.json: killed after {elapsed}, still under way, or its summary was lost");
            writeln!(out, "{}\nthis is what was recorded", style.paint(YELLOW, &told))?;
        }
        ending => {
            writeln!(out, "{}", style.paint(YELLOW, &format!("{ending} after {elapsed}; this is what was recorded")))?
        }
    }
    if summary.insecure {
        writeln!(
            out,
            "{}",
            style.paint(YELLOW, "insecure: any certificate was accepted, so anybody may have answered")
        )?;
    }
    for damage in &summary.damage {
        writeln!(out, "  {damage}")?;
    }
    indented(&balance(&summary.requests), 0, style, out)?;
    if let Some(extra) = summary.requests.extra.filter(|extra| extra.due > 0) {
        indented(&on_top(&extra), 0, style, out)?;
    }
    let rate = |per_second| Rate::per_second(per_second).unwrap_or_default();
    let (mean, peak) = (rate(summary.rate_rps.mean), rate(summary.rate_rps.peak));
    let sent = summary.exchanges.map_or(String::new(), |exchanges| sent_and_received(exchanges, summary));
    indented(&format!("{mean} right answers on average, {peak} in the best second{sent}"), 0, style, out)?;
    write_streams(summary, style, out)?;
    let Some(handshakes) = summary.connections.and_then(|connections| connections.handshakes) else { return Ok(()) };
    let Handshakes { full, resumed, failed } = handshakes;
    let parts = [(full, "full"), (resumed, "resumed"), (failed, "failed")];
    let parts: Vec<String> = parts.iter().map(|(n, kind)| format!("{} {kind}", count(*n))).collect();
    indented(&format!("TLS handshakes: {}", parts.join(", ")), 0, style, out)
}

/// `7,000,000 planned = 6,999,990 completed + 10 failed + 0 unsent + 0 unfinished`.
fn balance(requests: &Requests) -> String {
    let Requests { planned, completed, failed, unsent, unfinished, .. } = requests;
    let parts = [(completed, "completed"), (failed, "failed"), (unsent, "unsent"), (unfinished, "unfinished")];
    let parts: Vec<String> = parts.iter().map(|(n, class)| format!("{} {class}", count(**n))).collect();
    let accounted = completed + failed + unsent + unfinished;
    match planned {
        Some(planned) if *planned == accounted => format!("{} planned = {}", count(*planned), parts.join(" + ")),
        Some(planned) => format!("{} planned; recorded {}", count(*planned), parts.join(" + ")),
        None => format!("recorded {}", parts.join(" + ")),
    }
}

/// `1,200 extra, depending on the answers = 1,200 completed + 0 failed + 0 unsent + 0 unfinished`.
fn on_top(extra: &Extra) -> String {
    let Extra { due, completed, failed, unsent, unfinished } = *extra;
    let parts = [(completed, "completed"), (failed, "failed"), (unsent, "unsent"), (unfinished, "unfinished")];
    let parts: Vec<String> = parts.iter().map(|(n, class)| format!("{} {class}", count(*n))).collect();
    format!("{} extra, depending on the answers = {}", count(due), parts.join(" + "))
}

fn sent_and_received(exchanges: u64, summary: &Summary) -> String {
    match summary.target.map(|target| target.received) {
        None => format!("; sent {}", count(exchanges)),
        Some(received) if received == exchanges => {
            format!("; sent {} = received {}", count(exchanges), count(received))
        }
        Some(received) => format!("; sent {}, but the target received {}", count(exchanges), count(received)),
    }
}

fn latencies(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new(&["response", "requests", "p50", "p90", "p95", "p99", "p99.9", "p99.99", "max"]);
    for (name, population) in &summary.populations {
        table.row(cells(name, &population.latency_us.response));
    }
    if summary.populations.len() > 1 {
        table.row(cells("overall", &summary.latency_us.response));
    }
    if let Some(service) = &summary.latency_us.service {
        table.row(cells("service alone", service));
    }
    writeln!(out)?;
    for (i, line) in table.lines(style.width).iter().enumerate() {
        writeln!(out, "{}", if i == 0 { style.bold(line) } else { line.clone() })?;
    }
    if summary.failures.is_empty() {
        return Ok(());
    }
    indented("requests that were not right rank as slower than everything; max is of right answers", 0, style, out)
}

fn cells(name: &str, latency: &Latency) -> Vec<String> {
    let Latency { p50, p90, p95, p99, p99_9, p99_99, max, .. } = *latency;
    let none = if latency.count > 0 { "failed" } else { "–" };
    let values = [p50, p90, p95, p99, p99_9, p99_99, max];
    let shown = values.map(|us| us.map_or(none.to_owned(), micros));
    [name.to_owned(), count(latency.count)].into_iter().chain(shown).collect()
}

fn failures(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if summary.failures.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", style.bold("not right"))?;
    for failure in &summary.failures {
        writeln!(out, "  {:>11}  {}", count(failure.count), failure.reason)?;
        let Some(sample) = &failure.sample else { continue };
        // A wrong status is told by its detail, with the right ones.
        let status = sample.status.filter(|_| !sample.detail.starts_with("status "));
        let status = status.map_or(String::new(), |status| format!(" · status {status}"));
        let text = format!("{} {}{status} · {}", sample.population, sample.step, sample.detail);
        for line in wrapped(&text, style.width.saturating_sub(15)) {
            writeln!(out, "{:15}{line}", "")?;
        }
    }
    Ok(())
}

/// Tries after the first, by population, if there was one or a budget refused one.
fn retries(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let tried = |(name, it): (&String, &super::PopulationSummary)| Some((name.clone(), it.retries?));
    let all = summary.retries.filter(|_| summary.populations.len() > 1).map(|all| ("overall".to_owned(), all));
    let rows = summary.populations.iter().filter_map(tried).chain(all);
    let rows: Vec<_> = rows.filter(|(_, it)| it.retries + it.refused_by_budget > 0).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(&["tried again", "retries", "refused by budget", "amplification"]);
    for (name, it) in rows {
        let amplification = it.amplification.map_or("–".to_owned(), |ratio| format!("{ratio:.3}"));
        table.row(vec![name, count(it.retries), count(it.refused_by_budget), amplification]);
    }
    writeln!(out)?;
    for (i, line) in table.lines(style.width).iter().enumerate() {
        writeln!(out, "{}", if i == 0 { style.bold(line) } else { line.clone() })?;
    }
    Ok(())
}

/// What a server of HTTP/2 did to connections and streams, if it did anything.
fn streams(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Some(connections) = &summary.connections else { return Ok(()) };
    let counts = [
        (connections.goaways, "connections told to go away (GOAWAY)"),
        (connections.streams_refused, "streams refused and sent again"),
        (connections.streams_reset, "streams reset"),
    ];
    if counts.iter().all(|(n, _)| *n == 0) {
        return Ok(());
    }
    writeln!(out, "\n{}", style.bold("HTTP/2"))?;
    for (n, what) in counts.iter().filter(|(n, _)| *n > 0) {
        writeln!(out, "  {:>11}  {what}", count(*n))?;
    }
    Ok(())
}

fn objectives(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
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
fn events(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
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

fn generator(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let generator = &summary.generator;
    let mut facts = Vec::new();
    for (name, latency) in [("lag", &summary.latency_us.lag), ("read delay", &summary.latency_us.read_delay)] {
        if let Some(Latency { p50: Some(p50), p99: Some(p99), max: Some(max), .. }) = latency {
            facts.push(format!("{name} p50 {} p99 {} max {}", micros(*p50), micros(*p99), micros(*max)));
        }
    }
    let cpu = Span::from_secs_f64(generator.cpu_s);
    let each = generator.cpu_us_per_request.map_or(String::new(), |us| format!(" ({us:.1}µs a request)"));
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
    for finding in summary.findings.iter().filter(|finding| finding.code != FindingCode::Unasked) {
        indented(&format!("{}: {}", finding_words(finding.code), finding.seen), 2, style, out)?;
        indented(&format!("cause: {}", finding.cause), 4, style, out)?;
        indented(&format!("do: {}", finding.cure), 4, style, out)?;
    }
    Ok(())
}

pub(super) const fn finding_words(code: FindingCode) -> &'static str {
    match code {
        FindingCode::LaneBusy => "busy",
        FindingCode::RunQueue => "waited for a core",
        FindingCode::Steal => "steal",
        FindingCode::MemoryGrows => "memory grew",
        FindingCode::StoodStill => "stood still",
        FindingCode::Unasked => "answers that nobody asked for",
    }
}

fn verdict(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let (code, word) = match summary.verdict {
        None => ("1", "none (no objectives)"),
        Some(verdict @ Verdict::Ready) => (GREEN, verdict.name()),
        Some(verdict @ Verdict::NotReady) => (RED, verdict.name()),
        Some(verdict @ Verdict::Invalid) => (YELLOW, verdict.name()),
    };
    writeln!(out, "\n{} {}", style.bold("verdict"), style.paint(code, word))?;
    for reason in &summary.reasons {
        indented(&format!("{}: {}", code_words(reason.code), reason.seen), 2, style, out)?;
        for (name, text) in [("limit", &reason.limit), ("cause", &reason.cause), ("do", &reason.cure)] {
            indented(&format!("{name}: {text}"), 4, style, out)?;
        }
    }
    Ok(())
}

const fn code_words(code: Code) -> &'static str {
    match code {
        Code::BrokenIdentity => "requests not accounted for",
        Code::BrokenHash => "another plan ran",
        Code::GeneratorLate => "the generator was late",
        Code::UnsentRequests => "not all requests were sent",
        Code::Interrupted => "interrupted",
        Code::NoData => "no data",
        Code::Breached => "breached",
        Code::SessionsFellBehind => "sessions fell behind",
        Code::GeneratorDecided => "decided by the generator",
        Code::Undecided => "undecided",
    }
}

/// Writes `text` wrapped, further lines two columns deeper.
pub(super) fn indented(text: &str, by: usize, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for (i, line) in wrapped(text, style.width.saturating_sub(by + 2).max(20)).iter().enumerate() {
        writeln!(out, "{:indent$}{line}", "", indent = if i == 0 { by } else { by + 2 })?;
    }
    Ok(())
}

pub(super) fn micros(us: u64) -> String {
    Span::from_micros(us).to_string()
}
