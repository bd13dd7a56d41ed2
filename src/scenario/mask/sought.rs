//! One text that is not to be shown, looked for at a place of what was read.

use std::collections::HashSet;

use super::reading::{Reading, Unit};

/// Characters of a secret by which a part of it is known where a text is cut off.
const LEAST_KNOWN: usize = 3;
/// A secret of fewer characters is hidden where it stands alone: else a single letter would take every page away.
const LEAST_WITHIN: usize = 6;
/// Bytes that the rest of an escape may have where a text begins within one.
const REST_MAX: usize = 16;
/// Bytes of UTF-8 that may have been lost together.
const LOST_MAX: usize = 6;

/// A text that is looked for, with each character written in any way.
#[derive(Debug)]
pub(super) struct Sought {
    text: String,
    /// What is shown in its place.
    pub(super) shown: String,
    /// Whether it is also hidden within a word.
    within: bool,
}

/// Where one was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Found {
    /// It ends there.
    Whole(usize),
    /// The text ended within it.
    Cut,
}

/// What was tried in vain in a text: places, and so much of what is sought before them. From none of them more than once.
pub(super) type Tried = HashSet<(usize, usize)>;

impl Sought {
    /// A value; `None` if there is nothing in it. White space around it is no part of it: headers lose it.
    pub(super) fn value(text: &str, shown: &str) -> Option<Self> {
        let text = text.trim();
        let within = text.chars().nth(LEAST_WITHIN - 1).is_some();
        (!text.is_empty()).then(|| Self { text: text.to_owned(), shown: shown.to_owned(), within })
    }

    /// What another coding makes of a value.
    pub(super) fn coded(text: String, shown: &str) -> Self {
        Self { text, shown: shown.to_owned(), within: true }
    }

    /// Its length in bytes.
    pub(super) const fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether it begins at a place.
    pub(super) fn found(&self, reading: &Reading<'_>, at: usize, tried: &mut Tried) -> Option<Found> {
        let alone = |found: &Found| match found {
            Found::Whole(end) => reading.begins_word(at) && reading.ends_word(*end),
            Found::Cut => reading.begins_word(at),
        };
        self.follow(reading, at, 0, tried).filter(|found| self.within || alone(found))
    }

    /// Where it ends if it has begun before the text; the text may begin within an escape.
    pub(super) fn begun_before(&self, reading: &Reading<'_>) -> Option<Found> {
        let known = |from: usize| self.text[from..].chars().nth(LEAST_KNOWN - 1).is_some();
        let starts = self.text.char_indices().map(|(from, _)| from).filter(|from| *from > 0 && known(*from));
        let rests: Vec<usize> =
            (0..reading.len().min(REST_MAX + 1)).take_while(|at| *at == 0 || reading.is_rest(at - 1)).collect();
        // Of what is whole the first characters are no rest of an escape.
        let whole: Vec<Found> = rests.iter().filter_map(|at| self.found(reading, *at, &mut Tried::new())).collect();
        let ends = starts
            .flat_map(|from| rests.iter().filter_map(move |at| self.follow(reading, *at, from, &mut Tried::new())));
        ends.filter(|end| !whole.contains(end)).max()
    }

    /// Looks whether all of it from byte `from` on stands at a place.
    fn follow(&self, reading: &Reading<'_>, at: usize, from: usize, tried: &mut Tried) -> Option<Found> {
        if !reading.may_escape(at) && !self.takes(reading.byte(at), from) {
            return None;
        }
        let mut open = Vec::new();
        self.step(reading, at, from, &mut open);
        let (end, mut cut) = (reading.len(), None);
        while let Some((at, offset)) = open.pop() {
            if offset == self.text.len() {
                return Some(Found::Whole(at));
            }
            if at == end {
                let known = self.text.as_bytes()[from..offset].iter().filter(|byte| **byte & 0xc0 != 0x80).count();
                cut = cut.or((known >= LEAST_KNOWN).then_some(Found::Cut));
            } else if tried.insert((at, offset)) {
                self.step(reading, at, offset, &mut open);
            }
        }
        cut
    }

    /// Whether a byte may be the next of what is sought.
    fn takes(&self, byte: u8, offset: usize) -> bool {
        self.takes_byte(byte, offset) || self.takes_latin1(byte, offset)
    }

    /// As a byte of UTF-8. Headers have spaces for control characters, and pages other ends of lines.
    fn takes_byte(&self, byte: u8, offset: usize) -> bool {
        let wanted = self.text.as_bytes()[offset];
        byte == wanted || wanted.is_ascii_control() && (byte.is_ascii_control() || byte == b' ')
    }

    /// As a character of latin-1.
    fn takes_latin1(&self, byte: u8, offset: usize) -> bool {
        // What is sought may go on within a character, as each of its bytes may be escaped.
        byte >= 0x80 && self.text.get(offset..).is_some_and(|rest| rest.starts_with(byte as char))
    }

    /// Adds where the text and what is sought are if one unit of the text is taken, in each way that fits; the longest
    /// comes last.
    fn step(&self, reading: &Reading<'_>, at: usize, offset: usize, open: &mut Vec<(usize, usize)>) {
        let rest = self.text.get(offset..);
        for (unit, end) in reading.at(at) {
            match unit {
                Unit::Byte(byte) => {
                    if self.takes_byte(byte, offset) {
                        open.push((end, offset + 1));
                    }
                    if self.takes_latin1(byte, offset) {
                        open.push((end, offset + 2));
                    }
                }
                Unit::Chars(first, second) => {
                    let after = rest.and_then(|rest| rest.strip_prefix(first));
                    let after = after.and_then(|rest| second.map_or(Some(rest), |second| rest.strip_prefix(second)));
                    open.extend(after.map(|rest| (end, self.text.len() - rest.len())));
                }
                Unit::Lost => {
                    let lost = self.text.bytes().skip(offset).take(LOST_MAX).take_while(|byte| !byte.is_ascii());
                    open.extend((1..=lost.count()).map(|n| (end, offset + n)));
                }
                Unit::Cut => open.push((end, offset)),
            }
        }
    }
}
