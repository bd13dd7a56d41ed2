//! The bytes of a CSV file: where the cells of a line stand, and quotes that do not do what they look like.
//!
//! The reader forgives such quotes: it drops some, keeps others as a part of the value, and takes the end of the file for
//! the end of a quoted value. Whoever wrote them meant something else, and would never hear of it.

use std::ops::Range;

/// A quote that is wrong: the line, from 1, on which it opens its value, and why.
pub type WrongQuote = (usize, &'static str);

/// Where a byte stands in its value.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Start,
    /// Behind spaces at its start.
    Spaces,
    Plain,
    Quoted,
    /// Behind the quote that closes it.
    Closed,
}

/// The first quote in a file that does not do what it looks like. One within a plain value (`5" disk`) is a letter.
pub fn wrong_quote(bytes: &[u8]) -> Option<WrongQuote> {
    let (mut line, mut opened, mut at) = (1, 1, At::Start);
    let mut bytes = bytes.iter().peekable();
    while let Some(byte) = bytes.next() {
        at = match (byte, at) {
            (b'"', At::Start) => {
                opened = line;
                At::Quoted
            }
            (b'"', At::Spaces) => return Some((line, "a quote behind a space is a part of the value: leave one out")),
            (b'"', At::Quoted) if bytes.next_if_eq(&&b'"').is_some() => At::Quoted,
            (b'"', At::Quoted) => At::Closed,
            (_, At::Quoted) => At::Quoted,
            (b',' | b'\n' | b'\r', _) => At::Start,
            (b' ' | b'\t', At::Start | At::Spaces) => At::Spaces,
            (b' ' | b'\t', At::Closed) => At::Closed,
            (_, At::Closed) => return Some((opened, "something stands behind the quote that closes a value")),
            _ => At::Plain,
        };
        line += usize::from(*byte == b'\n');
    }
    let unclosed = "a quote opens in this line and is never closed: all that follows would be one value";
    (at == At::Quoted).then_some((opened, unclosed))
}

/// Where a cell, counted from 0, stands in a line; `None` if the line has fewer, or a value of it goes on in the next.
pub fn cell(line: &str, number: usize) -> Option<Range<usize>> {
    let (mut quoted, mut start, mut seen) = (false, 0, 0);
    for (i, byte) in line.bytes().chain(std::iter::once(b',')).enumerate() {
        quoted ^= byte == b'"';
        if byte != b',' || quoted {
            continue;
        }
        if seen == number {
            let whole = &line[start..i];
            let begin = start + whole.len() - whole.trim_start().len();
            return Some(begin..begin + whole.trim().len());
        }
        (seen, start) = (seen + 1, i + 1);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_that_is_never_closed_is_found_on_its_line() {
        for sound in ["", "a,b\n1,2\n", "a\n\"x\ny\"\n", "a\n\"say \"\"hi\"\"\"\n", "a\n5\" disk\n", "a,b\n\"\",\"\""] {
            assert_eq!(wrong_quote(sound.as_bytes()), None, "{sound}");
        }
        for (broken, line) in [("a,b\n1,\"x\n2,y\n", 2), ("\"a\n", 1), ("a\n\"x\"\"\n", 2), ("a\r\n1\r\n\"", 3)] {
            assert_eq!(wrong_quote(broken.as_bytes()).map(|(line, _)| line), Some(line), "{broken}");
        }
    }

    #[test]
    fn a_quote_that_vanishes_or_stays_is_found_on_its_line() {
        for sound in ["a\n\"x\" ,\n", "a\n\"x\"\r\n\"y\"", "a b\n x y\n", "a\n1,2\"a\n"] {
            assert_eq!(wrong_quote(sound.as_bytes()), None, "{sound}");
        }
        for (broken, line) in [("a\n\"4\"b\n", 2), ("a,b\n1, \"x\"\n", 2), ("a\n\"x\ny\"z\n", 2)] {
            assert_eq!(wrong_quote(broken.as_bytes()).map(|(line, _)| line), Some(line), "{broken}");
        }
    }

    #[test]
    fn a_cell_is_found_between_its_commas() {
        let line = "a, b ,\"c,d\",,e";
        let cells = ["a", "b", "\"c,d\"", "", "e"];
        for (number, text) in cells.iter().enumerate() {
            assert_eq!(cell(line, number).map(|range| &line[range]), Some(*text));
        }
        assert_eq!(cell(line, 5), None);
        assert_eq!(cell("1,\"two", 1), None);
    }
}
