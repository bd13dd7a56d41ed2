//! Bytes as text that loses nothing: a byte that is not UTF-8 is `\xNN`, a backslash `\\`.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

/// Bytes as such text.
pub(super) fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(&chunk.valid().replace('\\', "\\\\"));
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
    }
    text
}

/// The bytes of such text; `None` if a backslash stands for nothing.
fn unescaped(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text);
    while let Some((plain, escape)) = rest.split_once('\\') {
        bytes.extend(plain.as_bytes());
        rest = match escape.strip_prefix('\\') {
            Some(rest) => {
                bytes.push(b'\\');
                rest
            }
            None => {
                let (digits, rest) = escape.strip_prefix('x')?.split_at_checked(2)?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
                rest
            }
        };
    }
    bytes.extend(rest.as_bytes());
    Some(bytes)
}

pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&escaped(bytes))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    unescaped(&String::deserialize(from)?).ok_or_else(|| D::Error::custom("a backslash that stands for no byte"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_text_without_loss() {
        assert_eq!(escaped("città\r\n".as_bytes()), "città\r\n");
        assert_eq!(escaped(b"a\\xff\xff\xc3"), "a\\\\xff\\xff\\xc3");
        for bytes in ["città\r\n".as_bytes(), b"a\\xff\xff\xc3", b"", b"\\", b"\xff"] {
            assert_eq!(unescaped(&escaped(bytes)).as_deref(), Some(bytes));
        }
        for text in ["\\", "\\y", "\\x", "\\x1", "\\xzz", "\\xè"] {
            assert_eq!(unescaped(text), None, "{text}");
        }
    }
}
