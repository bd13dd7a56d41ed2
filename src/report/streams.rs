//! Streams: how many were opened and lost, and what went over them.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::record::Counters;
use crate::report::words::count;
use crate::unit::Rate;

use super::text::indented;
use super::{CheckStreams, Style, Summary};

/// WebSockets and event streams, as far as they were opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Streams {
    /// Opened.
    pub opened: u64,
    /// Lost before their script was done.
    pub lost: u64,
    /// Messages sent.
    pub messages_sent: u64,
    /// Messages and events read, pings, comments and the like left out.
    pub messages_received: u64,
    /// Gaps between two messages that were over their `stall_over`.
    pub stalls: u64,
}

impl Streams {
    /// `None` if none was opened.
    pub(super) fn new(counters: &Counters) -> Option<Self> {
        let Counters { streams_opened, streams_lost, messages_sent, messages_received, stalls, .. } = *counters;
        let lost = streams_lost.iter().sum();
        let streams = Self { opened: streams_opened, lost, messages_sent, messages_received, stalls };
        (streams_opened > 0).then_some(streams)
    }
}

/// What `check` says of the streams of a plan.
pub(super) fn planned_streams(streams: &CheckStreams) -> String {
    let (opened, open, at) = (count(streams.opened), count(streams.open_peak), &streams.open_peak_at);
    let sent = match (streams.messages, streams.inputs_peak_per_s) {
        (0, _) => "nothing is sent on them".to_owned(),
        // Without inputs on a grid, messages go out once, or as answers come.
        (messages, peak) if peak <= 0.0 => format!("{} messages are sent on them", count(messages)),
        (messages, peak) => {
            let (messages, peak) = (count(messages), Rate::per_second(peak).unwrap_or_default());
            format!("{messages} messages are sent on them, inputs at up to {peak} of the run")
        }
    };
    format!("{opened} opened, {open} open at once at {at}; {sent}; what is received depends on the target")
}

/// The line about streams, if any was opened.
pub(super) fn write_streams(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Some(streams) = summary.connections.and_then(|connections| connections.streams) else { return Ok(()) };
    let parts = [
        (streams.opened, "opened"),
        (streams.lost, "lost"),
        (streams.messages_sent, "messages sent"),
        (streams.messages_received, "received"),
        (streams.stalls, "stalls"),
    ];
    let parts: Vec<String> = parts.iter().map(|(n, what)| format!("{} {what}", count(*n))).collect();
    indented(&format!("streams: {}", parts.join(", ")), 0, style, out)
}
