//! A text with all that each of its places may stand for: the byte that is there, and what escapes give that servers
//! write. They are read in layers, as one part of a service escapes what another has escaped: HTML within JSON.

use std::collections::HashMap;

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{Token, Tokenizer};

/// Layers of escapes that are read.
const LAYERS: usize = 3;
/// Characters of the longest name that HTML has for a character, and of a number that somebody writes for one.
const NAME_MAX: usize = 31;

/// What a place of a text may stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// A byte of UTF-8, or a character up to U+00FF.
    Byte(u8),
    /// A character over U+00FF; some names of HTML stand for two.
    Chars(char, Option<char>),
    /// Up to a few bytes that were no UTF-8 when text was made of them.
    Lost,
    /// An escape that the end of the text has cut off.
    Cut,
}

/// A text, read.
pub(super) struct Reading<'a> {
    bytes: &'a [u8],
    /// What stands at a place beside its byte, and where that ends; deeper layers come later.
    escapes: HashMap<usize, Vec<(Unit, usize)>>,
}

impl<'a> Reading<'a> {
    /// Reads a text once: the time it takes grows with its length alone.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let mut reading = Self { bytes, escapes: HashMap::new() };
        let leads: Vec<usize> = (0..bytes.len()).filter(|at| leads(bytes[*at])).collect();
        for _ in 0..LAYERS {
            let deeper = leads.iter().map(|at| (*at, reading.deeper(*at)));
            let deeper = deeper.filter(|(_, units)| !units.is_empty()).collect();
            if deeper == reading.escapes {
                break;
            }
            reading.escapes = deeper;
        }
        reading
    }

    /// Its length in bytes.
    pub(super) const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The byte at a place within it.
    pub(super) fn byte(&self, at: usize) -> u8 {
        self.bytes[at]
    }

    /// Whether more than the byte may stand at a place within it.
    pub(super) fn may_escape(&self, at: usize) -> bool {
        leads(self.bytes[at])
    }

    /// All that may stand at a place within it, and where each ends.
    pub(super) fn at(&self, at: usize) -> impl Iterator<Item = (Unit, usize)> {
        let byte = (Unit::Byte(self.bytes[at]), at + 1);
        [byte].into_iter().chain(self.escapes_at(at).iter().copied())
    }

    fn escapes_at(&self, at: usize) -> &[(Unit, usize)] {
        // Most bytes begin none, and need not be looked up.
        let known = leads(self.bytes[at]).then(|| self.escapes.get(&at)).flatten();
        known.map_or(&[], Vec::as_slice)
    }

    /// Whether a word may begin at a place: no letter or digit is before it, but for those of an escape.
    pub(super) fn begins_word(&self, at: usize) -> bool {
        let ends = |from: usize| self.escapes_at(from).iter().any(|(_, end)| *end == at);
        at == 0 || !is_word(self.bytes[at - 1]) || (at.saturating_sub(NAME_MAX)..at).any(ends)
    }

    /// Whether a word may end at a place.
    pub(super) fn ends_word(&self, at: usize) -> bool {
        self.bytes.get(at).is_none_or(|byte| !is_word(*byte))
    }

    /// Whether the byte at a place may belong to an escape that has begun before it.
    pub(super) fn is_rest(&self, at: usize) -> bool {
        is_word(self.bytes[at]) || b"%\\#{};".contains(&self.bytes[at])
    }

    /// What stands at a place, one layer deeper than is known yet.
    fn deeper(&self, at: usize) -> Vec<(Unit, usize)> {
        let mut units = self.escapes_at(at).to_vec();
        for (unit, end) in self.at(at).collect::<Vec<_>>() {
            let Unit::Byte(lead) = unit else { continue };
            let mut cursor = Cursor { reading: self, at: end, ended: false };
            let found = match cursor.escape(lead) {
                None if cursor.ended => (Unit::Cut, self.len()),
                None => continue,
                Some(unit) => (unit, cursor.at),
            };
            if !units.contains(&found) {
                units.push(found);
            }
        }
        units
    }
}

/// Whether an escape may begin with this byte.
const fn leads(byte: u8) -> bool {
    matches!(byte, b'%' | b'\\' | b'&' | b'+' | 0xc2 | 0xc3 | 0xef)
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// Reads an escape, character by character of the layer below.
struct Cursor<'r, 'a> {
    reading: &'r Reading<'a>,
    at: usize,
    /// The text has ended where more was needed.
    ended: bool,
}

impl Cursor<'_, '_> {
    /// The next byte: as it is, or the longest escape of one.
    fn next(&mut self) -> Option<u8> {
        let Some(&plain) = self.reading.bytes.get(self.at) else {
            self.ended = true;
            return None;
        };
        let bytes = self.reading.escapes_at(self.at).iter().filter_map(|(unit, end)| match unit {
            Unit::Byte(byte) if *end > self.at + 1 => Some((*end, *byte)),
            _ => None,
        });
        let (end, byte) = bytes.max().unwrap_or((self.at + 1, plain));
        self.at = end;
        Some(byte)
    }

    /// What an escape stands for that begins with `lead`, which was read.
    fn escape(&mut self, lead: u8) -> Option<Unit> {
        match lead {
            b'+' => Some(Unit::Byte(b' ')),
            b'%' => self.percent(),
            b'\\' => self.backslash(),
            b'&' => self.markup(),
            // Two bytes of UTF-8 for one of latin-1, which may be a byte of UTF-8 that was taken for latin-1.
            0xc2 | 0xc3 => self.second().map(|low| Unit::Byte((lead & 3) << 6 | low)),
            0xef => [0xbf, 0xbd].iter().all(|byte| self.next() == Some(*byte)).then_some(Unit::Lost),
            _ => None,
        }
    }

    /// The second byte of two of UTF-8, without its mark.
    fn second(&mut self) -> Option<u8> {
        let byte = self.reading.bytes.get(self.at).and_then(|_| self.next())?;
        (byte & 0xc0 == 0x80).then_some(byte & 0x3f)
    }

    /// `%2B`, and `%u002B` as scripts wrote it.
    fn percent(&mut self) -> Option<Unit> {
        let from = self.at;
        if self.next()? == b'u' {
            return self.utf16(b'%');
        }
        self.at = from;
        self.hex(2).map(|byte| Unit::Byte(byte as u8))
    }

    /// `\u002B`, `\u{2b}`, `\x2b`, `\053` as cookies have it, `\n`, `\/`.
    fn backslash(&mut self) -> Option<Unit> {
        let from = self.at;
        match self.next()? {
            b'u' => {
                let from = self.at;
                if self.next()? == b'{' {
                    return self.number(16, b'}');
                }
                self.at = from;
                self.utf16(b'\\')
            }
            b'x' => self.hex(2).map(|byte| Unit::Byte(byte as u8)),
            b'n' => Some(Unit::Byte(b'\n')),
            b'r' => Some(Unit::Byte(b'\r')),
            b't' => Some(Unit::Byte(b'\t')),
            b'b' => Some(Unit::Byte(8)),
            b'f' => Some(Unit::Byte(12)),
            b'v' => Some(Unit::Byte(11)),
            b'0'..=b'3' => {
                self.at = from;
                self.digits(3, 8).map(|byte| Unit::Byte(byte as u8))
            }
            other => (!other.is_ascii_alphanumeric()).then_some(Unit::Byte(other)),
        }
    }

    /// `&#43;`, `&#x2B;`, `&plus;`.
    fn markup(&mut self) -> Option<Unit> {
        let mut name = String::new();
        let from = self.at;
        if self.next()? == b'#' {
            let from = self.at;
            if self.next()?.eq_ignore_ascii_case(&b'x') {
                return self.number(16, b';');
            }
            self.at = from;
            return self.number(10, b';');
        }
        self.at = from;
        while name.len() <= NAME_MAX {
            match self.next()? {
                b';' => return named(&name),
                letter if letter.is_ascii_alphanumeric() => name.push(letter as char),
                _ => return None,
            }
        }
        None
    }

    /// A number up to `end`.
    fn number(&mut self, radix: u32, end: u8) -> Option<Unit> {
        let mut number = None;
        for _ in 0..=NAME_MAX {
            let byte = self.next()?;
            if byte == end {
                return number.and_then(character);
            }
            let digit = (byte as char).to_digit(radix)?;
            number = Some(u32::checked_add(u32::checked_mul(number.unwrap_or(0), radix)?, digit)?);
        }
        None
    }

    /// A character of UTF-16 in four digits, or in two times four with `lead` and `u` between.
    fn utf16(&mut self, lead: u8) -> Option<Unit> {
        let high = self.hex(4)?;
        if !(0xd800..0xdc00).contains(&high) {
            return character(high);
        }
        if self.next()? != lead || self.next()? != b'u' {
            return None;
        }
        let low = self.hex(4).filter(|low| (0xdc00..0xe000).contains(low))?;
        character(0x1_0000 + ((high - 0xd800) << 10 | (low - 0xdc00)))
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        self.digits(digits, 16)
    }

    fn digits(&mut self, digits: usize, radix: u32) -> Option<u32> {
        (0..digits).try_fold(0, |number, _| Some(number * radix + (self.next()? as char).to_digit(radix)?))
    }
}

fn character(number: u32) -> Option<Unit> {
    match u8::try_from(number) {
        Ok(byte) => Some(Unit::Byte(byte)),
        Err(_) if number == 0xfffd => Some(Unit::Lost),
        Err(_) => char::from_u32(number).map(|c| Unit::Chars(c, None)),
    }
}

/// What a name stands for in HTML.
fn named(name: &str) -> Option<Unit> {
    let markup = format!("&{name};");
    let token = Tokenizer::new_with_emitter(markup.as_str(), DefaultEmitter::default()).flatten().next()?;
    let Token::String(text) = token else { return None };
    let text = std::str::from_utf8(&text).ok()?;
    let mut chars = text.chars();
    // Of a name that is not known all is left, or all behind one that is, with its semicolon.
    match (chars.next()?, chars.next(), chars.next()) {
        (c, None, _) => character(c as u32),
        (first, second, None) => Some(Unit::Chars(first, second)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_start(text: &str) -> Vec<(Unit, usize)> {
        Reading::new(text.as_bytes()).at(0).skip(1).collect()
    }

    #[test]
    fn an_escape_is_read_and_what_looks_like_one_is_not() {
        for (text, unit) in [
            ("%2b", Unit::Byte(b'+')),
            ("%u20AC", Unit::Chars('€', None)),
            ("\\u00E9", Unit::Byte(0xe9)),
            ("\\ud83d\\ude00", Unit::Chars('😀', None)),
            ("\\u{1F600}", Unit::Chars('😀', None)),
            ("\\/", Unit::Byte(b'/')),
            ("\\073", Unit::Byte(b';')),
            ("&#0043;", Unit::Byte(b'+')),
            ("&#x2F;", Unit::Byte(b'/')),
            ("&semi;", Unit::Byte(b';')),
            ("&fjlig;", Unit::Chars('f', Some('j'))),
            ("&CounterClockwiseContourIntegral;", Unit::Chars('∳', None)),
            ("\u{fffd}", Unit::Lost),
            ("é", Unit::Byte(0xe9)),
        ] {
            assert_eq!(at_start(text).first(), Some(&(unit, text.len())), "{text}");
        }
        for text in ["%2g.", "\\q.", "&nosuchname;", "&notit;", "&#;", "&#xd800;", "\\ud83d.", "& ", "%%", "ā"] {
            assert_eq!(at_start(text), [], "{text}");
        }
    }

    #[test]
    fn an_escape_that_is_cut_off_is_known_as_one() {
        for text in ["%", "%2", "\\", "\\u00", "\\ud83d", "\\ud83d\\ude0", "&", "&am", "&#3", "&#x"] {
            assert_eq!(at_start(text), [(Unit::Cut, text.len())], "{text}");
        }
    }

    #[test]
    fn an_escape_of_an_escape_is_read_up_to_the_third() {
        assert!(at_start("%25%32%36").contains(&(Unit::Byte(b'&'), 9)));
        assert!(at_start("%25252B").contains(&(Unit::Byte(b'+'), 7)));
        assert!(!at_start("%2525252B").contains(&(Unit::Byte(b'+'), 9)));
    }
}
