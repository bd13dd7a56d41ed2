//! UTF-8 that comes in pieces, of which no more is kept than a character that is not whole.

/// A text under way.
#[derive(Clone, Copy, Debug)]
pub struct Utf8 {
    /// The bytes of a character whose rest is still to come: at most three.
    begun: [u8; 4],
    len: usize,
}

impl Utf8 {
    /// A text of which nothing came yet.
    pub const fn new() -> Self {
        Self { begun: [0; 4], len: 0 }
    }

    /// Takes the next piece; whether all so far can be the beginning of a text.
    pub fn feed(&mut self, mut piece: &[u8]) -> bool {
        while self.len > 0 {
            let Some((next, rest)) = piece.split_first() else { return true };
            self.begun[self.len] = *next;
            self.len += 1;
            piece = rest;
            match std::str::from_utf8(&self.begun[..self.len]) {
                Ok(_) => self.len = 0,
                Err(error) if error.error_len().is_some() => return false,
                Err(_) => {}
            }
        }
        let Err(error) = std::str::from_utf8(piece) else { return true };
        let rest = &piece[error.valid_up_to()..];
        if error.error_len().is_some() {
            return false;
        }
        self.begun[..rest.len()].copy_from_slice(rest);
        self.len = rest.len();
        true
    }

    /// Whether the text may end here.
    pub const fn is_whole(&self) -> bool {
        self.len == 0
    }
}
