//! How requests write a value in what is around it: a path, a JSON string, a header.

use serde::Serialize;

/// What a value must not break out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Escape {
    /// Nothing: text to compare with, plain bodies.
    Plain,
    /// A path that is written as such: what it cannot hold is percent-encoded, all else, `%41` too, is as it stands.
    Path,
    /// A segment, or a value of a query or form: percent-encoded but for unreserved characters (RFC 3986 section 2.3).
    Percent,
    /// A JSON string (RFC 8259 section 7): quotes, backslashes and control characters are escaped.
    Json,
    /// A header: control characters become spaces.
    Header,
}

impl Escape {
    /// A value as it stands there.
    pub fn of(self, text: &str) -> String {
        let mut out = Vec::with_capacity(text.len());
        self.write(text, &mut out);
        String::from_utf8(out).expect("ASCII takes the place of whole characters, or of every byte of one")
    }

    /// Adds a value as it stands there.
    pub fn write(self, text: &str, out: &mut Vec<u8>) {
        match self {
            Self::Plain => out.extend_from_slice(text.as_bytes()),
            Self::Path => percent(text, stands_in_path, out),
            Self::Percent => percent(text, |b| b.is_ascii_alphanumeric() || b"-._~".contains(&b), out),
            Self::Json => {
                let from = out.len();
                serde_json::to_writer(&mut *out, text).expect("a string is JSON, and memory takes everything");
                // Without its quotes.
                out.pop();
                out.remove(from);
            }
            Self::Header => out.extend(text.bytes().map(|b| if b.is_ascii_control() { b' ' } else { b })),
        }
    }

    /// Escapes for a path what stands in `out` from `from` on, without memory of its own.
    pub fn in_path(from: usize, out: &mut Vec<u8>) {
        let end = out.len();
        for at in from..end {
            percent_byte(out[at], stands_in_path, out);
        }
        out.drain(from..end);
    }
}

/// Whether a value can stand in a path as it is, or be the path from its beginning on. What ends a path or a line cannot;
/// the rest that a path does not hold, such as letters with accents, is percent-encoded.
pub fn fits_path(value: &str, first: bool) -> bool {
    let ends = |c: char| c.is_whitespace() || c.is_control() || c == '#';
    !value.contains(ends) && (!first || value.starts_with('/'))
}

fn stands_in_path(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte)
}

fn percent(text: &str, plain: impl Fn(u8) -> bool, out: &mut Vec<u8>) {
    text.bytes().for_each(|byte| percent_byte(byte, &plain, out));
}

fn percent_byte(byte: u8, plain: impl Fn(u8) -> bool, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    if plain(byte) {
        out.push(byte);
    } else {
        out.extend_from_slice(&[b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_within_what_is_around_it() {
        let value = "%41 é/\"\\\n~";
        for (escape, stands) in [
            (Escape::Plain, value),
            (Escape::Path, "%41%20%C3%A9/%22%5C%0A~"),
            (Escape::Percent, "%2541%20%C3%A9%2F%22%5C%0A~"),
            (Escape::Json, "%41 é/\\\"\\\\\\n~"),
            (Escape::Header, "%41 é/\"\\ ~"),
        ] {
            assert_eq!(escape.of(value), stands, "{escape:?}");
        }
        let mut out = format!("/{value}").into_bytes();
        Escape::in_path(1, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), format!("/{}", Escape::Path.of(value)));
    }
}
