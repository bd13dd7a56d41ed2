//! The body of an answer that is read while it comes and may never end: an event stream.

use super::chunked::Chunked;
use super::head::{Framing, Malformed};

/// How far a body has come. It is as long as it likes; whoever reads it bounds what is kept.
#[derive(Clone, Debug)]
pub struct Body(State);

#[derive(Clone, Debug)]
enum State {
    /// This many bytes are missing.
    Length(u64),
    Chunked(Chunked),
    Close,
}

impl Body {
    /// A body of which nothing was read yet.
    pub const fn new(framing: Framing) -> Self {
        Self(match framing {
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::Chunked(Chunked::new(u64::MAX)),
            Framing::Close => State::Close,
        })
    }

    /// Passes over what is not data: how many of `bytes` that is, and the data behind it as far as it is there. All
    /// bytes are passed over if there is none, unless the body is whole.
    pub fn find_data<'b>(&mut self, bytes: &'b [u8]) -> Result<(usize, &'b [u8]), Malformed> {
        let (at, left) = match &mut self.0 {
            State::Length(left) => (0, *left),
            State::Chunked(chunked) => chunked.find_data(bytes)?,
            State::Close => (0, u64::MAX),
        };
        let there = &bytes[at..];
        Ok((at, &there[..left.min(there.len() as u64) as usize]))
    }

    /// This many bytes of the data that was found have been read.
    pub fn took(&mut self, n: usize) {
        match &mut self.0 {
            State::Length(left) => *left -= n as u64,
            State::Chunked(chunked) => chunked.took(n as u64),
            State::Close => {}
        }
    }

    /// Whether nothing more belongs to it.
    pub fn is_whole(&self) -> bool {
        match &self.0 {
            State::Length(left) => *left == 0,
            State::Chunked(chunked) => chunked.is_whole(),
            State::Close => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `bytes` in pieces of `cut`, and of what is found at most `take` at once.
    fn read(framing: Framing, bytes: &[u8], cut: usize, take: usize) -> Result<(Vec<u8>, usize, bool), Malformed> {
        let (mut body, mut data, mut used) = (Body::new(framing), Vec::new(), 0);
        for piece in bytes.chunks(cut) {
            let mut at = 0;
            loop {
                let (passed, found) = body.find_data(&piece[at..])?;
                let found = &found[..found.len().min(take)];
                data.extend_from_slice(found);
                body.took(found.len());
                at += passed + found.len();
                if found.is_empty() {
                    break;
                }
            }
            used += at;
        }
        Ok((data, used, body.is_whole()))
    }

    #[test]
    fn every_framing_gives_its_data_however_it_is_cut() {
        const CHUNKS: &[u8] = b"4\r\nWiki\r\n6;name=\"v\"\r\npedia \r\n0\r\nX-Sum: 1\r\n\r\nHTTP/1.1";
        for cut in 1..CHUNKS.len() + 1 {
            for take in [1, 3, 100] {
                let read = |framing, bytes| read(framing, bytes, cut, take).expect("well-formed");
                assert_eq!(read(Framing::Chunked, CHUNKS), (b"Wikipedia ".to_vec(), CHUNKS.len() - 8, true));
                assert_eq!(read(Framing::Length(4), b"Wikipedia"), (b"Wiki".to_vec(), 4, true));
                assert_eq!(read(Framing::Length(10), b"Wikipedia"), (b"Wikipedia".to_vec(), 9, false));
                assert_eq!(read(Framing::Close, b"Wikipedia"), (b"Wikipedia".to_vec(), 9, false));
            }
        }
        assert_eq!(read(Framing::Chunked, b"4\r\nWikipedia", 3, 9), Err(Malformed::ChunkEnd));
        assert_eq!(read(Framing::Length(0), b"", 1, 1), Ok((Vec::new(), 0, true)));
    }
}
