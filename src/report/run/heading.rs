//! The beginning of a run's page: what ran, how it ended, and how its requests add up.

use std::io::{self, Write};

use crate::record::Ending;
use crate::report::words::count;
use crate::unit::{Rate, Span};

use super::super::streams::write_streams;
use super::super::text::{YELLOW, indented, titled};
use super::super::{Extra, Handshakes, Requests, Style, Summary};
use super::stopped::not_known;

pub(in crate::report) fn heading(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let compression = summary.compression.as_ref().map_or(String::new(), |words| format!(" · {words}"));
    titled(&summary.scenario, &compression, style, out)?;
    if !summary.to.is_empty() {
        indented(&format!("to {}", summary.to), 0, style, out)?;
    }
    let elapsed = Span::from_secs_f64(summary.elapsed_s);
    match summary.ending {
        Ending::Finished => writeln!(out, "finished in {elapsed}")?,
        Ending::TargetDied => {
            let told = format!("stopped after {elapsed}, as the embedded target had died; this is what was recorded");
            writeln!(out, "{}", style.paint(YELLOW, &told))?
        }
        // Nothing tells a run that was killed from one that still goes on, or whose summary was lost.
        Ending::Killed => {
            let told = format!("no summary.json: killed after {elapsed}, still under way, or its summary was lost");
            writeln!(out, "{}\nthis is what was recorded", style.paint(YELLOW, &told))?;
        }
        Ending::Interrupted => {
            let told = format!("interrupted after {elapsed}; this is what was recorded");
            writeln!(out, "{}", style.paint(YELLOW, &told))?;
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
    not_known(summary, style, out)?;
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
pub(in crate::report) fn balance(requests: &Requests) -> String {
    let Requests { planned, completed, failed, unsent, unfinished, .. } = *requests;
    let parts = classes(completed, failed, unsent, unfinished);
    match planned {
        Some(planned) if planned == completed + failed + unsent + unfinished.unwrap_or(0) => {
            format!("{} planned = {parts}", count(planned))
        }
        Some(planned) => format!("{} planned; recorded {parts}", count(planned)),
        None => format!("recorded {parts}"),
    }
}

/// `1,200 extra, depending on the answers = 1,200 completed + 0 failed + 0 unsent + 0 unfinished`.
fn on_top(extra: &Extra) -> String {
    let Extra { due, completed, failed, unsent, unfinished } = *extra;
    let parts = classes(completed, failed, unsent, Some(unfinished));
    format!("{} extra, depending on the answers = {parts}", count(due))
}

/// `10 completed + 0 failed + 0 unsent + 0 unfinished`, without the last where nobody knows it.
fn classes(completed: u64, failed: u64, unsent: u64, unfinished: Option<u64>) -> String {
    let parts = [
        (Some(completed), "completed"),
        (Some(failed), "failed"),
        (Some(unsent), "unsent"),
        (unfinished, "unfinished"),
    ];
    let known = parts.into_iter().filter_map(|(n, class)| n.map(|n| format!("{} {class}", count(n))));
    known.collect::<Vec<_>>().join(" + ")
}

/// `; sent 9,790 (720 after redirects) = received 9,790`.
fn sent_and_received(exchanges: u64, summary: &Summary) -> String {
    let connections = summary.connections.as_ref();
    let again = [
        (connections.map_or(0, |it| it.redirects), "after redirects"),
        (summary.retries.map_or(0, |it| it.retries), "tried again"),
        (connections.map_or(0, |it| it.reconnected), "again on a new connection"),
    ];
    let again: Vec<String> =
        again.iter().filter(|(n, _)| *n > 0).map(|(n, why)| format!("{} {why}", count(*n))).collect();
    let again = if again.is_empty() { String::new() } else { format!(" ({})", again.join(", ")) };
    let sent = format!("; sent {}{again}", count(exchanges));
    match summary.target.map(|target| target.received) {
        None => sent,
        Some(received) if received == exchanges => format!("{sent} = received {}", count(received)),
        Some(received) => format!("{sent}, but the target received {}", count(received)),
    }
}
