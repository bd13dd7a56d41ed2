//! Frames: the head of one that arrives, and one that is sent (RFC 6455 section 5.2).

use super::Violation;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    const fn of(code: u8) -> Result<Self, Violation> {
        Ok(match code {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            other => return Err(Violation::Opcode(other)),
        })
    }

    const fn code(self) -> u8 {
        match self {
            Self::Continuation => 0,
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
        }
    }

    /// Whether it is about the connection and not part of a message.
    pub const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// The longest body of a control frame (section 5.5).
pub const CONTROL_MAX: u64 = 125;
/// Bytes of the longest head that a server may send: it never masks.
pub const HEAD_MAX: usize = 10;

/// A server's frame's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub last: bool,
    pub opcode: Opcode,
    /// Bytes of its payload.
    pub length: u64,
    /// Bytes of the head itself.
    pub len: usize,
}

impl Head {
    /// Reads a head at the start of `bytes`; `None` while it is not whole. What is wrong is said as soon as it shows.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, Violation> {
        let &[first, second, ref rest @ ..] = bytes else { return Ok(None) };
        if first & 0x70 != 0 {
            return Err(Violation::Reserved);
        }
        if second & 0x80 != 0 {
            return Err(Violation::Masked);
        }
        let (last, opcode) = (first & 0x80 != 0, Opcode::of(first & 0x0f)?);
        if opcode.is_control() && (!last || u64::from(second) > CONTROL_MAX) {
            return Err(Violation::Control);
        }
        let (length, len) = match second {
            126 => match rest.first_chunk() {
                Some(length) => (u64::from(u16::from_be_bytes(*length)), 4),
                None => return Ok(None),
            },
            127 => match rest.first_chunk() {
                Some(length) => (u64::from_be_bytes(*length), 10),
                None => return Ok(None),
            },
            short => (u64::from(short), 2),
        };
        let least = match len {
            2 => 0,
            4 => 126,
            _ => 1 << 16,
        };
        if length < least || length >> 63 != 0 {
            return Err(Violation::Length);
        }
        Ok(Some(Self { last, opcode, length, len }))
    }
}

/// Adds a client's frame to `out`: whole, and masked with `mask` (section 5.3).
pub fn push(opcode: Opcode, payload: &[u8], mask: [u8; 4], out: &mut Vec<u8>) {
    const MASKED: u8 = 0x80;
    out.push(0x80 | opcode.code());
    match payload.len() {
        short @ ..126 => out.push(MASKED | short as u8),
        middle @ ..0x1_0000 => {
            out.push(MASKED | 126);
            out.extend_from_slice(&(middle as u16).to_be_bytes());
        }
        long => {
            out.push(MASKED | 127);
            out.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&mask);
    let begin = out.len();
    out.extend_from_slice(payload);
    for (byte, mask) in out[begin..].iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The frames of RFC 6455 section 5.7 that a client may send or receive.
    #[test]
    fn the_examples_of_the_rfc() {
        let mut out = Vec::new();
        push(Opcode::Text, b"Hello", [0x37, 0xfa, 0x21, 0x3d], &mut out);
        assert_eq!(out, [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
        let head = |bytes: &[u8]| Head::parse(bytes).expect("right").expect("whole");
        assert_eq!(head(&[0x81, 0x05]), Head { last: true, opcode: Opcode::Text, length: 5, len: 2 });
        assert_eq!(head(&[0x01, 0x03]), Head { last: false, opcode: Opcode::Text, length: 3, len: 2 });
        assert_eq!(head(&[0x80, 0x02]), Head { last: true, opcode: Opcode::Continuation, length: 2, len: 2 });
        assert_eq!(head(&[0x89, 0x05]), Head { last: true, opcode: Opcode::Ping, length: 5, len: 2 });
        assert_eq!(head(&[0x82, 0x7e, 1, 0]), Head { last: true, opcode: Opcode::Binary, length: 256, len: 4 });
        let long = [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0];
        assert_eq!(head(&long), Head { last: true, opcode: Opcode::Binary, length: 65_536, len: 10 });
        assert!((0..long.len()).all(|n| Head::parse(&long[..n]) == Ok(None)), "a head in pieces is awaited");
    }

    #[test]
    fn heads_that_no_server_may_send() {
        for (bytes, violation) in [
            (&[0xc1, 0x00][..], Violation::Reserved),
            (&[0x83, 0x00], Violation::Opcode(3)),
            (&[0x8b, 0x00], Violation::Opcode(11)),
            (&[0x81, 0x85], Violation::Masked),
            (&[0x09, 0x00], Violation::Control),
            (&[0x89, 0x7e], Violation::Control),
            (&[0x82, 0x7e, 0, 125], Violation::Length),
            (&[0x82, 0x7f, 0, 0, 0, 0, 0, 0, 0xff, 0xff], Violation::Length),
            (&[0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0], Violation::Length),
        ] {
            assert_eq!(Head::parse(bytes), Err(violation), "{bytes:02x?}");
        }
    }
}
