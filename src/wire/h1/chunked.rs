//! The chunked transfer coding (RFC 9112 section 7.1), byte by byte and bounded.

use super::Malformed;

/// Bytes of a chunk's size line or of the trailer section that are accepted: enough for any honest server.
const LINE_MAX: u32 = 8 << 10;

/// A decoder of the chunked coding; fed with whatever arrived.
#[derive(Clone, Debug)]
pub struct Chunked {
    state: State,
    /// Bytes of the current size line, or of the trailer section.
    line: u32,
    /// Bytes of data that may still be announced.
    room: u64,
    max: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In a size, of which `digits` digits are read.
    Size { size: u64, digits: u8 },
    /// After a size, in white space.
    SizeSpace { size: u64 },
    /// In an extension, up to the end of the line.
    Extension { size: u64 },
    /// The size line's CR was read.
    SizeEnd { size: u64 },
    /// In data.
    Data { left: u64 },
    /// After data.
    DataEnd,
    /// The CR after data was read.
    DataEndLf,
    /// At the start of a trailer line.
    TrailerStart,
    /// In the name of a trailer.
    TrailerName,
    /// In the value of a trailer.
    Trailer,
    /// The CR that ends a trailer was read.
    TrailerLf,
    /// A CR that ends the coding was read.
    LastLf,
    /// All read.
    Done,
}

impl Chunked {
    /// A decoder at the start of a body that may have `max` bytes of data.
    pub const fn new(max: u64) -> Self {
        Self { state: State::Size { size: 0, digits: 0 }, line: 0, room: max, max }
    }

    /// Reads from `bytes` and gives the data in them to `data`. Returns how many bytes belong to the
    /// body and whether it is whole; if not, all of them do.
    pub fn feed(&mut self, bytes: &[u8], mut data: impl FnMut(&[u8])) -> Result<(usize, bool), Malformed> {
        let mut at = 0;
        while at < bytes.len() && self.state != State::Done {
            if let State::Data { left } = self.state {
                let n = left.min((bytes.len() - at) as u64) as usize;
                data(&bytes[at..at + n]);
                at += n;
                self.state = if left == n as u64 { State::DataEnd } else { State::Data { left: left - n as u64 } };
            } else {
                self.state = self.step(bytes[at])?;
                at += 1;
            }
        }
        Ok((at, self.state == State::Done))
    }

    /// Reads up to the next data: how many bytes of `bytes` that took, and how much data follows. None follows where
    /// all bytes were taken, or the body is whole.
    pub fn find_data(&mut self, bytes: &[u8]) -> Result<(usize, u64), Malformed> {
        for at in 0..=bytes.len() {
            match self.state {
                State::Data { left } => return Ok((at, left)),
                State::Done => return Ok((at, 0)),
                _ if at == bytes.len() => break,
                _ => self.state = self.step(bytes[at])?,
            }
        }
        Ok((bytes.len(), 0))
    }

    /// So much of the data that was found has been read.
    pub fn took(&mut self, n: u64) {
        if let State::Data { left } = self.state {
            self.state = if left == n { State::DataEnd } else { State::Data { left: left - n } };
        }
    }

    /// Whether all is read.
    pub fn is_whole(&self) -> bool {
        self.state == State::Done
    }

    fn step(&mut self, byte: u8) -> Result<State, Malformed> {
        if matches!(self.state, State::Data { .. } | State::DataEnd | State::DataEndLf) {
            self.line = 0;
        } else {
            self.line += 1;
            if self.line > LINE_MAX {
                return Err(Malformed::ChunkLine);
            }
        }
        match (self.state, byte) {
            (State::Size { size, digits }, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                // Sixteen digits fill a u64; a seventeenth could only be a leading zero or an overflow.
                if digits == 16 {
                    return Err(Malformed::ChunkSize);
                }
                let digit = (byte as char).to_digit(16).unwrap_or(0);
                Ok(State::Size { size: size << 4 | u64::from(digit), digits: digits + 1 })
            }
            (State::Size { digits: 0, .. }, _) => Err(Malformed::ChunkSize),
            (State::Size { size, .. } | State::SizeSpace { size } | State::Extension { size }, b'\r') => {
                Ok(State::SizeEnd { size })
            }
            (State::Size { size, .. } | State::SizeSpace { size }, b';') => Ok(State::Extension { size }),
            (State::Size { size, .. } | State::SizeSpace { size }, b' ' | b'\t') => Ok(State::SizeSpace { size }),
            (State::Size { .. } | State::SizeSpace { .. }, _) => Err(Malformed::ChunkSize),
            (State::Extension { .. }, b'\n' | 0) => Err(Malformed::ChunkLine),
            (State::Extension { size }, _) => Ok(State::Extension { size }),
            (State::SizeEnd { size: 0 }, b'\n') => Ok(State::TrailerStart),
            (State::SizeEnd { size }, b'\n') => self.data(size),
            (State::SizeEnd { .. }, _) => Err(Malformed::ChunkLine),
            (State::DataEnd, b'\r') => Ok(State::DataEndLf),
            (State::DataEndLf, b'\n') => Ok(State::Size { size: 0, digits: 0 }),
            (State::DataEnd | State::DataEndLf, _) => Err(Malformed::ChunkEnd),
            (State::TrailerStart, b'\r') => Ok(State::LastLf),
            (State::TrailerName, b':') => Ok(State::Trailer),
            (State::TrailerStart | State::TrailerName, byte) if is_token(byte) => Ok(State::TrailerName),
            // Whatever is no field is not a trailer: it may be the next answer, behind a body that was cut short.
            (State::TrailerStart | State::TrailerName, _) => Err(Malformed::ChunkLine),
            (State::Trailer, b'\r') => Ok(State::TrailerLf),
            (State::Trailer, b'\t' | b' '..=b'~' | 0x80..) => Ok(State::Trailer),
            (State::TrailerLf, b'\n') => Ok(State::TrailerStart),
            (State::Trailer | State::TrailerLf, _) => Err(Malformed::ChunkLine),
            (State::LastLf, b'\n') => Ok(State::Done),
            (State::LastLf, _) => Err(Malformed::ChunkLine),
            (State::Data { .. } | State::Done, _) => Ok(self.state),
        }
    }

    /// A chunk is announced: refused at once if the body would be over the limit.
    fn data(&mut self, size: u64) -> Result<State, Malformed> {
        self.room = self.room.checked_sub(size).ok_or(Malformed::BodyTooLong(self.max))?;
        Ok(State::Data { left: size })
    }
}

/// Whether a byte may stand in the name of a field (RFC 9110 section 5.6.2).
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(pieces: &[&[u8]]) -> Result<(Vec<u8>, usize, bool), Malformed> {
        let (mut chunked, mut out, mut read, mut whole) = (Chunked::new(1 << 30), Vec::new(), 0, false);
        for piece in pieces {
            let (n, done) = chunked.feed(piece, |data| out.extend_from_slice(data))?;
            read += n;
            whole = done;
        }
        Ok((out, read, whole))
    }

    #[test]
    fn reads_chunks_extensions_and_trailers_and_leaves_what_follows() {
        let body = b"4\r\nWiki\r\n6;name=\"v\"\r\npedia \r\n0\r\nX-Sum: 1\r\n\r\nHTTP/1.1";
        assert_eq!(decode(&[body]), Ok((b"Wikipedia ".to_vec(), body.len() - 8, true)));
    }

    #[test]
    fn refuses_what_could_be_read_in_two_ways() {
        for (body, why) in [
            (&b"\r\n"[..], Malformed::ChunkSize),
            (b"g\r\n", Malformed::ChunkSize),
            (b"-1\r\n", Malformed::ChunkSize),
            (b"10000000000000000\r\n", Malformed::ChunkSize),
            (b"3\nabc", Malformed::ChunkSize),
            (b"3\r\nabcd\r\n", Malformed::ChunkEnd),
            (b"3\r\nabc\n", Malformed::ChunkEnd),
            (b"3\rabc", Malformed::ChunkLine),
            (b"3 4\r\nabc", Malformed::ChunkSize),
            (b"ffffffffffffffff\r\n", Malformed::BodyTooLong(1 << 30)),
            (b"0\r\nHTTP/1.1 200 OK\r\n\r\n", Malformed::ChunkLine),
            (b"0\r\n folded: 1\r\n\r\n", Malformed::ChunkLine),
            (b"0\r\nX: 1\nY: 2\r\n\r\n", Malformed::ChunkLine),
            (b"0\r\nX: \0\r\n\r\n", Malformed::ChunkLine),
        ] {
            assert_eq!(decode(&[body]), Err(why), "{}", body.escape_ascii());
        }
        let endless = vec![b'x'; 10_000];
        assert_eq!(decode(&[b"5;", &endless]), Err(Malformed::ChunkLine));
        assert_eq!(decode(&[b"0\r\n", &endless]), Err(Malformed::ChunkLine));
    }

    proptest! {
        #[test]
        fn any_cut_of_the_bytes_gives_the_same_body(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..50), 0..8),
            cut in 1usize..20,
        ) {
            let mut wire = Vec::new();
            for chunk in &chunks {
                wire.extend(format!("{:x}\r\n", chunk.len()).bytes());
                wire.extend(chunk);
                wire.extend(b"\r\n");
            }
            wire.extend(b"0\r\n\r\n");
            let pieces: Vec<&[u8]> = wire.chunks(cut).collect();
            prop_assert_eq!(decode(&pieces), Ok((chunks.concat(), wire.len(), true)));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&[&bytes]);
        }
    }
}
