//! Memory that one answer leaves to the next.

/// Memory for what is kept of an answer: given on from one to the next, so that none allocates its own.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    pub(super) head: Vec<u8>,
    pub(super) body: Vec<u8>,
    pub(super) beginning: Vec<u8>,
}

impl Kept {
    /// Bytes of memory that it holds.
    pub const fn capacity(&self) -> usize {
        self.head.capacity() + self.body.capacity() + self.beginning.capacity()
    }
}
