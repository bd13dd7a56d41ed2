//! Bytes that nobody asked for (R8): on an idle connection, behind an answer, or there before their request went out.
//! Whatever they are, they must not be taken for the next answer, so that their connection is not used again.

use crate::record::Place;
use crate::wire::{Behind, Then};

use super::Lane;
use super::sample::SAMPLE_BYTES;

/// What a server may say on an idle connection before it closes that (RFC 9110 section 15.5.9), behind its version.
const TIMED_OUT: &[u8] = b" 408";

impl Lane<'_> {
    /// Counts bytes on a connection that nobody asked for, and keeps the first of them.
    pub(super) fn unasked(&mut self, index: u32, place: Place, bytes: &[u8]) {
        let Some(link) = self.links[index as usize].link.as_ref() else { return };
        let ((population, step), mask) = (link.asked, &self.config.mask);
        self.recorder.unasked(population, step, place, || {
            // Hidden before it is cut: half a secret is one too.
            let mut head = mask.hide_piece(bytes);
            head.truncate(SAMPLE_BYTES);
            head
        });
    }

    /// Bytes on an idle connection.
    pub(super) fn spoken_while_idle(&mut self, index: u32, bytes: &[u8]) {
        if !says_timed_out(bytes) {
            self.unasked(index, Place::Idle, bytes);
        }
        self.drop_link(index);
    }

    /// Whether nothing is there behind a whole answer: neither `rest`, which was read with its last bytes, nor more.
    pub(super) fn is_clean(&mut self, index: u32, rest: &[u8], then: Then) -> bool {
        let Some(link) = self.links[index as usize].link.as_ref() else { return false };
        if !rest.is_empty() {
            self.unasked(index, Place::Behind, rest);
            return false;
        }
        match link.connection.behind(then) {
            Behind::Nothing => return true,
            Behind::Doubtful => {}
            Behind::Bytes => self.unread_behind(index),
        }
        false
    }

    fn unread_behind(&mut self, index: u32) {
        let Some(link) = self.links[index as usize].link.as_ref() else { return };
        let mut first = [0; SAMPLE_BYTES];
        let n = link.connection.peek(&mut first).unwrap_or(0);
        self.unasked(index, Place::Behind, &first[..n]);
    }
}

/// Whether bytes are a server's word that it has waited too long for a request.
pub(super) fn says_timed_out(bytes: &[u8]) -> bool {
    bytes.strip_prefix(b"HTTP/1.").and_then(|rest| rest.get(1..)).is_some_and(|rest| rest.starts_with(TIMED_OUT))
}
