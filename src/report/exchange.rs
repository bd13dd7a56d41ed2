//! One request and its answer as `try` prints them: heads, the first of the body, instants, saved values, and
//! right or why not.

use std::io::{self, Write};

use crate::record::Reason;
use crate::report::words::count;
use crate::scenario::Mask;
use crate::unit::{Bytes, Instant};

use super::Style;
use super::text::{GREEN, RED};

/// Characters of a body that are shown.
const BODY_SHOWN: usize = 800;
/// Bytes that are shown of a body that is not a text.
const BYTES_SHOWN: usize = 24;

/// A request that has ended.
#[derive(Clone, Debug)]
pub struct SentAndReceived {
    /// From 1.
    pub number: u64,
    /// The step's recorded name.
    pub step: String,
    /// When it was due; all instants since the session's start.
    pub due: Instant,
    /// First byte written; `None`: it was never sent.
    pub sent: Option<Instant>,
    /// First byte of the answer read.
    pub first: Option<Instant>,
    /// The end.
    pub done: Instant,
    /// The request's bytes, head and body.
    pub request: Vec<u8>,
    /// The answer's status; `None` without one.
    pub status: Option<u16>,
    /// The answer's head.
    pub head: Vec<u8>,
    /// The answer's body, decoded, the first of it.
    pub body: Vec<u8>,
    /// What it was decoded from: `gzip`.
    pub encoding: Option<String>,
    /// Bytes of the body as on the wire that were kept.
    pub wire_bytes: u64,
    /// Values that this answer saved: name and value.
    pub saved: Vec<(String, String)>,
    /// Redirects that led here.
    pub redirects: u32,
    /// Where its answer sends it on to: method and URL.
    pub onward: Option<String>,
    /// Whether it is tried again.
    pub tried_again: bool,
    /// The reason and the detail, if it was not right.
    pub wrong: Option<(Reason, String)>,
}

/// Writes one.
pub fn write_exchange(it: &SentAndReceived, mask: &Mask, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let verdict = match &it.wrong {
        None if it.onward.is_some() => "followed".to_owned(),
        None => style.paint(GREEN, "right"),
        Some((reason, detail)) => {
            format!("{} {}: {}", style.paint(RED, "wrong"), reason.key(), plain(&mask.hide(detail)))
        }
    };
    let verdict = if it.tried_again { format!("{verdict}; tried again") } else { verdict };
    let redirect = if it.redirects > 0 { format!(" · redirect {}", it.redirects) } else { String::new() };
    let (number, step) = (style.bold(&it.number.to_string()), style.bold(&mask.hide(&it.step)));
    writeln!(out, "\n{number} {step}{redirect} · {verdict}")?;
    writeln!(out, "  {}", instants(it))?;
    let (head, body) = split(&it.request);
    message('>', head, mask, out)?;
    if !body.is_empty() {
        self::body('>', body, body.len() as u64, None, mask, out)?;
    }
    if !it.head.is_empty() {
        message('<', &it.head, mask, out)?;
        self::body('<', &it.body, it.wire_bytes, it.encoding.as_deref(), mask, out)?;
    }
    if let Some(onward) = &it.onward {
        writeln!(out, "  leads to {}", plain(&hide_value(onward, mask)))?;
    }
    write_saved(&it.saved, mask, out)
}

/// Writes the values that an answer, or a stream's end, has saved.
pub(super) fn write_saved(saved: &[(String, String)], mask: &Mask, out: &mut dyn Write) -> io::Result<()> {
    saved.iter().try_for_each(|(name, value)| writeln!(out, "  saved {name} = {}", plain(&hide_value(value, mask))))
}

/// A value that was cut out of an answer, perhaps within a secret.
fn hide_value(value: &str, mask: &Mask) -> String {
    String::from_utf8_lossy(&mask.hide_piece(value.as_bytes())).into_owned()
}

fn instants(it: &SentAndReceived) -> String {
    let instants = [("due", Some(it.due)), ("sent", it.sent), ("first", it.first), ("done", Some(it.done))];
    let shown = instants.iter().filter_map(|(name, at)| at.map(|at| format!("{name} {at}")));
    let mut text = shown.collect::<Vec<_>>().join(" · ");
    if it.sent.is_none() {
        text.push_str(" · never sent");
    }
    text
}

/// A request's head and body.
fn split(request: &[u8]) -> (&[u8], &[u8]) {
    let end = request.windows(4).position(|four| four == b"\r\n\r\n").map_or(request.len(), |at| at + 4);
    request.split_at(end)
}

fn message(mark: char, head: &[u8], mask: &Mask, out: &mut dyn Write) -> io::Result<()> {
    // Hidden while it is bytes, as text may have lost some; of wrong bytes it may be a piece.
    let head = mask.hide_piece(head);
    let text = String::from_utf8_lossy(&head);
    text.trim_end().lines().try_for_each(|line| writeln!(out, "  {mark} {}", plain(line)))
}

fn body(
    mark: char,
    bytes: &[u8],
    wire: u64,
    encoding: Option<&str>,
    mask: &Mask,
    out: &mut dyn Write,
) -> io::Result<()> {
    if wire == 0 {
        return Ok(());
    }
    writeln!(out, "  {mark}")?;
    let encoded =
        encoding.map_or(String::new(), |encoding| format!("{} as {}", Bytes(wire), plain(&hide_value(encoding, mask))));
    if bytes.is_empty() {
        return writeln!(out, "  {mark} ({encoded}, not decoded)");
    }
    let encoded = if encoded.is_empty() { encoded } else { format!(", {encoded}") };
    // Hidden before it is cut: half a secret is one too.
    let kept = mask.hide_piece(bytes);
    let Some(text) = as_text(bytes).and_then(|_| as_text(&kept)) else {
        let (length, shown) = (Bytes(bytes.len() as u64), hex(&kept));
        return writeln!(out, "  {mark} {length} that are not text{encoded}: {shown}");
    };
    let shown: String = text.chars().take(BODY_SHOWN).collect();
    shown.lines().try_for_each(|line| writeln!(out, "  {mark} {}", plain(line)))?;
    if shown.len() < text.len() || encoding.is_some() {
        let first = if shown.len() < text.len() { "the first characters of " } else { "" };
        writeln!(out, "  {mark} ({first}{} bytes{encoded})", count(bytes.len() as u64))?;
    }
    Ok(())
}

/// The first bytes of what is no text.
pub(super) fn hex(bytes: &[u8]) -> String {
    let shown: Vec<String> = bytes.iter().take(BYTES_SHOWN).map(|byte| format!("{byte:02x}")).collect();
    let more = if bytes.len() > BYTES_SHOWN { " …" } else { "" };
    format!("{}{more}", shown.join(" "))
}

/// The bytes as text, if they are: the last character may have been cut.
pub(super) fn as_text(bytes: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()?,
        Err(_) => return None,
    };
    (!text.contains('\0')).then_some(text)
}

/// Without what would steer the terminal.
pub fn plain(text: &str) -> String {
    let shown = |c: char| if c.is_control() && c != '\t' { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_known_and_a_cut_character_is_no_reason() {
        assert_eq!(as_text("perché".as_bytes()), Some("perché"));
        assert_eq!(as_text(&"perché".as_bytes()[..6]), Some("perch"));
        assert_eq!(as_text(&[0x89, b'P', b'N', b'G']), None);
        assert_eq!(as_text(b"a\0b"), None);
    }

    #[test]
    fn an_answer_cannot_steer_the_terminal() {
        assert_eq!(plain("\u{1b}[2Jred\r"), "\\u{1b}[2Jred\\r");
    }

    #[test]
    fn of_a_body_that_is_not_decoded_the_length_is_shown() {
        let mut out = Vec::new();
        body('<', b"", 1500, Some("br"), &Mask::default(), &mut out).expect("memory takes all");
        assert_eq!(String::from_utf8_lossy(&out), "  <\n  < (1.5 KiB as br, not decoded)\n");
    }

    #[test]
    fn a_request_is_cut_where_its_head_ends() {
        assert_eq!(split(b"GET / HTTP/1.1\r\nA: b\r\n\r\nx=1"), (&b"GET / HTTP/1.1\r\nA: b\r\n\r\n"[..], &b"x=1"[..]));
    }
}
