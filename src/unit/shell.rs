//! A word of a command line that is shown to be pasted.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// A word as a shell reads it.
pub fn quoted(word: impl AsRef<OsStr>) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,%@+".contains(c);
    match word.as_ref().to_str() {
        Some(word) if !word.is_empty() && word.chars().all(plain) => word.to_owned(),
        Some(word) => format!("'{}'", word.replace('\'', r"'\''")),
        // Bytes that are not text can be typed as escapes only, which shells read between $' and '.
        None => format!("$'{}'", word.as_ref().as_bytes().escape_ascii()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_can_be_pasted_into_a_shell() {
        let quoted = |word: &[u8]| quoted(OsStr::from_bytes(word));
        assert_eq!(quoted(b"http://a.example/x"), "http://a.example/x");
        assert_eq!(quoted(b"a b"), "'a b'");
        assert_eq!(quoted(b""), "''");
        assert_eq!(quoted(b"it's"), r"'it'\''s'");
        assert_eq!(quoted(b"it's \xff"), r"$'it\'s \xff'");
    }
}
