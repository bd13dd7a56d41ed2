//! Values of slots as they may stand in a path, a header or a body.

/// What a slot's value must not break out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// Nothing to escape: text to compare with, plain bodies.
    Plain,
    /// Path, query and form values: percent-encoding (RFC 3986 section 2.3).
    Percent,
    /// JSON strings (RFC 8259 section 7).
    Json,
    /// Header values: control characters become spaces.
    Header,
}

/// The digits of hexadecimal numbers.
pub const HEX: &[u8; 16] = b"0123456789abcdef";

/// Writes a slot's value so that it stays inside of what it stands in.
pub fn escaped(text: &str, escape: Escape, out: &mut Vec<u8>) {
    match escape {
        Escape::Plain => out.extend_from_slice(text.as_bytes()),
        Escape::Header => out.extend(text.bytes().map(|b| if b.is_ascii_control() { b' ' } else { b })),
        Escape::Percent => {
            for byte in text.bytes() {
                match byte {
                    b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte),
                    _ => {
                        let digit = |half: u8| HEX[usize::from(half)].to_ascii_uppercase();
                        out.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 15)]);
                    }
                }
            }
        }
        Escape::Json => {
            let from = out.len();
            serde_json::to_writer(&mut *out, text).expect("a string is JSON, and memory takes everything");
            // Without its quotes.
            out.pop();
            out.remove(from);
        }
    }
}
