//! Memory that one answer leaves to the next.

use std::borrow::Cow;

/// Bytes of its beginning that an answer in pieces keeps, for an example of what was not right: more than is shown, so
/// that a secret which reaches over the end of that is still known as one.
const BEGINNING_MAX: usize = 2 << 10;

/// Memory for what is kept of an answer: given on from one to the next, so that none allocates its own.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    pub(super) head: Vec<u8>,
    pub(super) body: Vec<u8>,
    beginning: Vec<u8>,
}

impl Kept {
    /// Nothing yet, and no memory.
    pub const fn new() -> Self {
        Self { head: Vec::new(), body: Vec::new(), beginning: Vec::new() }
    }

    /// Forgets the answer and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.head.clear();
        self.body.clear();
        self.beginning.clear();
    }

    /// Keeps these bytes of an answer, of which more is to come, as far as they belong to its beginning.
    pub(super) fn begin_with(&mut self, bytes: &[u8]) {
        let room = BEGINNING_MAX - self.beginning.len();
        self.beginning.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// The answer's first bytes; `last`: those that no more came behind.
    pub(super) fn beginning<'a>(&'a self, last: &'a [u8]) -> Cow<'a, [u8]> {
        match self.beginning.as_slice() {
            [] => Cow::Borrowed(last),
            kept => Cow::Owned([kept, &last[..last.len().min(BEGINNING_MAX - kept.len())]].concat()),
        }
    }

    /// Bytes of memory that it holds.
    pub const fn capacity(&self) -> usize {
        self.head.capacity() + self.body.capacity() + self.beginning.capacity()
    }
}
