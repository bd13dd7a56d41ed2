//! What is said on a stream as `try` prints it: the first messages each way, how many more there were, how it ended, and
//! what was measured, in short.

use std::io::{self, Write};

use crate::record::{LaneHistogram, Ranked, lane_histogram, record_span};
use crate::report::words::count;
use crate::scenario::{Mask, Measure};
use crate::unit::{Bytes, Instant, Quantile, Span};

use super::Style;
use super::exchange::{as_text, hex, plain, write_saved};
use super::text::{GREEN, RED, micros};

/// Messages that are shown each way.
const MESSAGES_SHOWN: u64 = 10;
/// Characters of a message that are shown.
const TEXT_SHOWN: usize = 200;
/// Bytes of a message that are kept to be shown: what is hidden in them takes room too.
const KEPT: usize = 16 << 10;

/// A message on a stream, or an event.
#[derive(Clone, Debug)]
pub struct SeenMessage {
    /// We sent it.
    pub ours: bool,
    /// It is a text; else it is binary.
    pub text: bool,
    /// When it was sent, or read; since the session's start.
    pub at: Instant,
    /// The type of an event; empty if it has none.
    pub name: String,
    /// The first of it.
    bytes: Vec<u8>,
    /// Its length in bytes.
    length: u64,
}

/// How a stream ended.
#[derive(Clone, Debug)]
pub struct StreamEnd {
    /// When; since the session's start.
    pub at: Instant,
    /// In words, as it should.
    pub how: String,
    /// `class.reason` and the detail, if it was lost.
    pub lost: Option<(String, String)>,
    /// What its end has saved: name and value.
    pub saved: Vec<(String, String)>,
    /// All that was said on it.
    pub said: Said,
}

/// What was said on a stream so far.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// Ours, and theirs.
    ways: [Way; 2],
    /// In the order in which each was first measured.
    measures: Vec<(Measure, LaneHistogram, u64)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Way {
    messages: u64,
    bytes: u64,
}

impl Said {
    /// A message, of which `bytes` were kept; it is given back as far as it is shown, if it is.
    pub fn message(&mut self, of: SeenMessage, bytes: &[u8], length: u64) -> Option<SeenMessage> {
        let way = &mut self.ways[usize::from(!of.ours)];
        way.messages += 1;
        way.bytes += length;
        let shown = way.messages <= MESSAGES_SHOWN;
        shown.then(|| SeenMessage { bytes: bytes[..bytes.len().min(KEPT)].to_vec(), length, ..of })
    }

    /// A sample of a measure; without a value it has failed.
    pub fn measured(&mut self, kind: Measure, value: Option<Span>) {
        let at = self.measures.iter().position(|(known, ..)| *known == kind).unwrap_or(self.measures.len());
        if at == self.measures.len() {
            self.measures.push((kind, lane_histogram(), 0));
        }
        let (_, values, failed) = &mut self.measures[at];
        match value {
            // Over an hour stands as an hour.
            Some(value) => _ = record_span(values, value),
            None => *failed += 1,
        }
    }
}

impl SeenMessage {
    /// A message of which only how and when it came is known.
    pub const fn new(ours: bool, text: bool, at: Instant, name: String) -> Self {
        Self { ours, text, at, name, bytes: Vec::new(), length: 0 }
    }
}

/// Writes a message.
pub fn write_message(it: &SeenMessage, mask: &Mask, out: &mut dyn Write) -> io::Result<()> {
    let mark = if it.ours { '>' } else { '<' };
    let kind = match (it.name.as_str(), it.text) {
        ("", true) => "text".to_owned(),
        ("", false) => "binary".to_owned(),
        (name, _) => format!("event {}", plain(&mask.hide(name))),
    };
    // Hidden before it is cut: half a secret is one too.
    let kept = mask.hide_piece(&it.bytes);
    let shown = match as_text(&kept).filter(|_| it.text) {
        Some(text) => {
            let shown: String = text.chars().take(TEXT_SHOWN).collect();
            let more = if shown.len() < text.len() { " …" } else { "" };
            format!("{}{more}", plain(&shown))
        }
        None => hex(&kept),
    };
    writeln!(out, "  {mark} {} {kind}, {}: {shown}", it.at, Bytes(it.length))
}

/// Writes what there is to say of a stream that has ended.
pub fn write_stream_end(it: &StreamEnd, mask: &Mask, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for (mark, way) in ['>', '<'].iter().zip(&it.said.ways) {
        if let more @ 1.. = way.messages.saturating_sub(MESSAGES_SHOWN) {
            writeln!(out, "  {mark} and {} more", count(more))?;
        }
    }
    let how = match &it.lost {
        None => style.paint(GREEN, &it.how),
        Some((reason, detail)) => format!("{} {reason}: {}", style.paint(RED, "lost"), plain(&mask.hide(detail))),
    };
    let [sent, received] = it.said.ways.map(|way| format!("{} messages, {}", count(way.messages), Bytes(way.bytes)));
    writeln!(out, "  stream {how} at {} · sent {sent} · received {received}", it.at)?;
    for (kind, values, failed) in &it.said.measures {
        writeln!(out, "  {} {}", kind.name(), in_short(values, *failed))?;
    }
    write_saved(&it.saved, mask, out)
}

fn in_short(values: &LaneHistogram, failed: u64) -> String {
    let not_right = if failed > 0 { format!(", {} failed", count(failed)) } else { String::new() };
    if values.is_empty() {
        return format!("{} failed", count(failed));
    }
    let longest = micros(values.max());
    if values.len() == 1 {
        return format!("{longest}{not_right}");
    }
    let median = Quantile::from_ppm(500_000).and_then(|p50| Ranked::samples(values).quantile(p50));
    let median = median.map_or(String::new(), micros);
    format!("{} samples{not_right}: p50 {median}, longest {longest}", count(values.len()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scenario::{Overrides, parse};

    fn mask() -> Mask {
        let text = "name: t\nclock: { from: 2026-01-01T00:00, to: 2026-01-01T00:01 }\ntarget: http://127.0.0.1:1\n\
            secrets: { key: { env: KEY } }\n\
            populations: { all: { users: 1, arrivals: { burst: { at: \"00:00\", weight: 100% } }, flow: all } }\n\
            flows: { all: { steps: [{ ws: /, then: [{ send: \"{{secret.key}}\" }] }] } }";
        let env = |name: &str| (name == "KEY").then(|| "s3cret-key".to_owned());
        Mask::new(&parse(text, "t", Path::new(""), &Overrides::default(), &env).expect("sound").scenario, &[])
    }

    fn shown(ours: bool, text: bool, bytes: &[u8]) -> String {
        let of = SeenMessage::new(ours, text, Instant::ZERO, String::new());
        let message = Said::default().message(of, bytes, bytes.len() as u64).expect("the first is shown");
        let mut out = Vec::new();
        write_message(&message, &mask(), &mut out).expect("memory takes all");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_secret_is_in_no_message_that_is_shown_not_even_as_bytes() {
        assert_eq!(shown(true, true, b"my s3cret-key!"), "  > 0s text, 14 B: my ***!\n");
        assert_eq!(shown(false, false, b"\x00\x01s3cret-key\xff"), "  < 0s binary, 13 B: 00 01 2a 2a 2a ff\n");
        // Where what is kept ends within it.
        let long = [&vec![b'x'; KEPT - 5], &b"s3cret-key"[..]].concat();
        assert!(!shown(false, true, &long).contains("s3c"));
    }

    #[test]
    fn a_message_cannot_steer_the_terminal_and_is_cut() {
        assert_eq!(shown(false, true, b"a\x1b[2J\nb"), "  < 0s text, 7 B: a\\u{1b}[2J\\nb\n");
        assert!(shown(false, true, &[b'y'; 201]).ends_with("yy …\n"));
    }
}
