//! Flow control (RFC 9113 section 5.2): how much we may send, and how much we let the server send.

use super::Violation;

/// The window of a stream and of the connection before anybody said otherwise.
pub const INITIAL: u32 = 65_535;
/// The largest window.
pub const LARGEST: i64 = 0x7fff_ffff;

/// The window that we give, to each stream and to the connection: what is read is used up at once, so it holds nothing
/// back that a load generator would not also ask of HTTP/1.1, where there is none. As `h2load -w30 -W30`.
pub const GIVEN: u32 = (1 << 30) - 1;

/// What the server may still send, told again only when half of it is used.
#[derive(Clone, Copy, Debug)]
pub struct Given {
    left: u32,
}

impl Given {
    /// A window of [`GIVEN`].
    pub const fn new() -> Self {
        Self { left: GIVEN }
    }

    /// Takes off what was received. `Some`: tell the server that it may send so much more.
    pub fn received(&mut self, len: usize) -> Result<Option<u32>, Violation> {
        self.left =
            u32::try_from(len).ok().and_then(|len| self.left.checked_sub(len)).ok_or(Violation::WindowOverrun)?;
        if self.left > GIVEN / 2 {
            return Ok(None);
        }
        let more = GIVEN - self.left;
        self.left = GIVEN;
        Ok(Some(more))
    }
}

/// A server's change of a window of ours (RFC 9113 section 6.9).
pub fn widen(window: &mut i64, by: u32) -> Result<(), Violation> {
    if by == 0 || *window + i64::from(by) > LARGEST {
        return Err(Violation::WindowUpdate);
    }
    *window += i64::from(by);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_told_again_when_half_of_it_is_used() {
        let mut given = Given::new();
        let half = (GIVEN / 2) as usize;
        assert_eq!(given.received(half), Ok(None));
        assert_eq!(given.received(1), Ok(Some(half as u32 + 1)));
        assert_eq!(given.received(GIVEN as usize + 1), Err(Violation::WindowOverrun));
    }

    #[test]
    fn a_window_cannot_grow_over_the_largest() {
        let mut window = i64::from(INITIAL);
        assert_eq!(widen(&mut window, 0), Err(Violation::WindowUpdate));
        assert_eq!(widen(&mut window, 0x7fff_ffff - INITIAL), Ok(()));
        assert_eq!(widen(&mut window, 1), Err(Violation::WindowUpdate));
    }
}
