//! Frames: nine bytes that say what follows (RFC 9113 sections 4 and 6).

use super::Violation;

/// What a client says first (RFC 9113 section 3.4).
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Bytes of a frame's header.
pub const HEADER_LEN: usize = 9;
/// The longest payload that is accepted, as we do not ask for longer ones.
pub const PAYLOAD_MAX: usize = 16_384;

/// Nothing more follows on the stream; the flag of HEADERS and DATA.
pub const END_STREAM: u8 = 0x1;
/// The flag of a settings frame or a ping that only confirms.
pub const ACK: u8 = 0x1;
/// The header block ends here.
pub const END_HEADERS: u8 = 0x4;
/// The payload is padded.
pub const PADDED: u8 = 0x8;
/// HEADERS begin with five bytes of priority.
pub const PRIORITY: u8 = 0x20;

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // The RFC's own names.
pub enum Kind {
    Data,
    Headers,
    Priority,
    RstStream,
    Settings,
    PushPromise,
    Ping,
    GoAway,
    WindowUpdate,
    Continuation,
    /// Not in the RFC: to be ignored.
    Unknown,
}

impl Kind {
    const KNOWN: [Self; 10] = [
        Self::Data,
        Self::Headers,
        Self::Priority,
        Self::RstStream,
        Self::Settings,
        Self::PushPromise,
        Self::Ping,
        Self::GoAway,
        Self::WindowUpdate,
        Self::Continuation,
    ];

    fn of(byte: u8) -> Self {
        Self::KNOWN.get(usize::from(byte)).copied().unwrap_or(Self::Unknown)
    }
}

/// A frame's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Bytes of its payload.
    pub len: usize,
    /// What it is for.
    pub kind: Kind,
    /// Its flags.
    pub flags: u8,
    /// Its stream; 0 is the connection.
    pub stream: u32,
}

impl Header {
    /// Reads a header; `None` if it is not whole.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let [a, b, c, kind, flags, s0, s1, s2, s3] = *bytes.first_chunk::<HEADER_LEN>()?;
        let len = u32::from_be_bytes([0, a, b, c]) as usize;
        let stream = u32::from_be_bytes([s0, s1, s2, s3]) & 0x7fff_ffff;
        Some(Self { len, kind: Kind::of(kind), flags, stream })
    }

    /// Whether a flag is set.
    pub const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The payload without its padding.
    pub fn unpadded<'a>(&self, payload: &'a [u8]) -> Result<&'a [u8], Violation> {
        if !self.has(PADDED) {
            return Ok(payload);
        }
        let (padding, rest) = payload.split_first().ok_or(Violation::FrameSize)?;
        let len = rest.len().checked_sub(usize::from(*padding)).ok_or(Violation::Padding)?;
        Ok(&rest[..len])
    }
}

/// Writes a frame.
pub fn write(kind: Kind, flags: u8, stream: u32, payload: &[u8], out: &mut Vec<u8>) {
    let [_, a, b, c] = (payload.len() as u32).to_be_bytes();
    let [s0, s1, s2, s3] = stream.to_be_bytes();
    out.extend_from_slice(&[a, b, c, kind as u8, flags, s0, s1, s2, s3]);
    out.extend_from_slice(payload);
}

/// A number of four bytes at the start of a payload of exactly so many.
pub fn number(payload: &[u8]) -> Result<u32, Violation> {
    payload.try_into().map(u32::from_be_bytes).map_err(|_| Violation::FrameSize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_as_it_was_written() {
        let mut out = Vec::new();
        write(Kind::Ping, ACK, 0, &[1, 2, 3, 4, 5, 6, 7, 8], &mut out);
        assert_eq!(Header::read(&out), Some(Header { len: 8, kind: Kind::Ping, flags: ACK, stream: 0 }));
        assert_eq!(out[..HEADER_LEN], [0, 0, 8, 6, 1, 0, 0, 0, 0]);
        assert_eq!(Header::read(&out[..8]), None);
        assert_eq!(
            Header::read(&[0, 0, 0, 99, 0, 0xff, 0xff, 0xff, 0xff]).map(|h| (h.kind, h.stream)),
            Some((Kind::Unknown, 0x7fff_ffff))
        );
    }

    #[test]
    fn padding_is_taken_off_and_may_not_be_longer_than_the_payload() {
        let padded = Header { len: 0, kind: Kind::Data, flags: PADDED, stream: 1 };
        assert_eq!(padded.unpadded(b"\x02ab\0\0"), Ok(&b"ab"[..]));
        assert_eq!(padded.unpadded(b"\x00ab"), Ok(&b"ab"[..]));
        assert_eq!(padded.unpadded(b"\x03ab"), Err(Violation::Padding));
        assert_eq!(padded.unpadded(b""), Err(Violation::FrameSize));
    }
}
