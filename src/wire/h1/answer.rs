//! One answer, fed piece by piece.

use std::borrow::Cow;

use super::body::Body;
use super::chunked::Chunked;
use super::head::{Framing, Head, HeadError, Malformed};
use super::kept::Kept;
use super::memo::HeadMemo;
use super::want::{Finished, Want};

/// Interim answers (1xx) that are accepted before the final one.
const INTERIM_MAX: u8 = 16;

/// A head up to this many bytes is read again at every piece that comes.
const SHORT_HEAD: usize = 256;

/// How far an answer is after a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fed {
    /// All bytes were taken and more are needed.
    More,
    /// The answer is whole; so many of the bytes belonged to it.
    Whole(usize),
}

#[derive(Clone, Debug)]
enum State {
    Head,
    Length {
        left: u64,
    },
    Chunked(Chunked),
    Close,
    /// The head has opened a stream.
    Opened(Framing),
    Whole,
}

/// One answer, fed piece by piece. Owns memory only while a head is in pieces or something is to be kept.
#[derive(Clone, Debug)]
pub struct Answer {
    want: Want,
    state: State,
    interim: u8,
    status: u16,
    keep_alive: bool,
    cookies: bool,
    body_len: u64,
    body_cut: bool,
    partial: Vec<u8>,
    kept: Kept,
}

impl Answer {
    /// The answer to a request, of which nothing was read yet.
    pub const fn new(want: Want) -> Self {
        Self {
            want,
            state: State::Head,
            interim: 0,
            status: 0,
            keep_alive: false,
            cookies: false,
            body_len: 0,
            body_cut: false,
            partial: Vec::new(),
            kept: Kept::new(),
        }
    }

    /// Memory to keep in what is wanted, instead of its own; for an answer of which nothing was fed yet.
    pub fn keep_in(&mut self, mut kept: Kept) {
        kept.clear();
        self.kept = kept;
    }

    /// The memory that it kept in, for another.
    pub fn into_kept(self) -> Kept {
        self.kept
    }

    /// The status of the final head; 0 before it was read.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The final head's bytes, if they were wanted.
    pub fn head(&self) -> &[u8] {
        &self.kept.head
    }

    /// The body's bytes as on the wire, if they were wanted, and whether the limit cut them.
    pub fn body(&self) -> (&[u8], bool) {
        (&self.kept.body, self.body_cut)
    }

    /// What the answer was, once it is whole.
    pub const fn finished(&self) -> Finished {
        Finished { status: self.status, body_len: self.body_len, keep_alive: self.keep_alive, cookies: self.cookies }
    }

    /// The answer's first bytes, as far as they are kept. `last`: what was fed last, if it ended the answer.
    pub fn beginning<'a>(&'a self, last: &'a [u8]) -> Cow<'a, [u8]> {
        self.kept.beginning(last)
    }

    /// Takes the bytes that arrived. `heads`: what the lane remembers of heads.
    pub fn feed(&mut self, bytes: &[u8], heads: &mut HeadMemo) -> Result<Fed, Malformed> {
        let fed = self.feed_all(bytes, heads);
        if fed == Ok(Fed::More) {
            self.kept.begin_with(bytes);
        }
        fed
    }

    fn feed_all(&mut self, bytes: &[u8], heads: &mut HeadMemo) -> Result<Fed, Malformed> {
        let mut at = 0;
        loop {
            match &mut self.state {
                State::Head => match self.feed_head(&bytes[at..], heads)? {
                    Some(used) => at += used,
                    None => return Ok(Fed::More),
                },
                State::Length { left } => {
                    let n = (*left).min((bytes.len() - at) as u64) as usize;
                    *left -= n as u64;
                    let whole = *left == 0;
                    self.keep(&bytes[at..at + n])?;
                    at += n;
                    if !whole {
                        return Ok(Fed::More);
                    }
                    self.state = State::Whole;
                }
                State::Chunked(_) => {
                    let (used, whole) = self.feed_chunked(&bytes[at..])?;
                    at += used;
                    if !whole {
                        return Ok(Fed::More);
                    }
                    self.state = State::Whole;
                }
                State::Close => {
                    self.keep(&bytes[at..])?;
                    return Ok(Fed::More);
                }
                State::Opened(_) | State::Whole => return Ok(Fed::Whole(at)),
            }
        }
    }

    /// The connection ended: whether that makes the answer whole (a body up to the end of the connection).
    pub fn end(&mut self) -> bool {
        if matches!(self.state, State::Close) {
            self.state = State::Whole;
        }
        matches!(self.state, State::Opened(_) | State::Whole)
    }

    /// The body that follows the head, if that has opened a stream. Nothing has been taken of it.
    pub const fn opened(&self) -> Option<Body> {
        match self.state {
            State::Opened(framing) => Some(Body::new(framing)),
            _ => None,
        }
    }

    /// Reads a head; `Some(used)` once one is whole, with the state moved on.
    fn feed_head(&mut self, bytes: &[u8], heads: &mut HeadMemo) -> Result<Option<usize>, Malformed> {
        let before = self.partial.len();
        // One byte over the limit is enough to know that a head is too long.
        let window = &bytes[..bytes.len().min(self.want.head_max + 1 - before)];
        if before == 0 {
            return Ok(self.try_head(window, heads)?.or_else(|| {
                self.partial.extend_from_slice(window);
                None
            }));
        }
        self.partial.extend_from_slice(window);
        // A long head that comes in crumbs is not read again at each, but where a line may have ended: else a server
        // that sends bytes one by one would cost their square.
        let over = self.partial.len() > self.want.head_max;
        let line_end = self.partial[before - 1..].iter().any(|byte| matches!(byte, b'\r' | b'\n'));
        if !over && !line_end && self.partial.len() > SHORT_HEAD {
            return Ok(None);
        }
        let gathered = std::mem::take(&mut self.partial);
        let used = self.try_head(&gathered, heads)?;
        if used.is_none() {
            self.partial = gathered;
        }
        Ok(used.map(|used| used - before))
    }

    /// Reads a head from its beginning; `None` while it is not whole.
    fn try_head(&mut self, bytes: &[u8], heads: &mut HeadMemo) -> Result<Option<usize>, Malformed> {
        match heads.parse(bytes, self.want.to_head) {
            Ok(head) => self.take_head(head, bytes).map(|()| Some(head.len)),
            Err(HeadError::Malformed(malformed)) => Err(malformed),
            Err(HeadError::Partial) if bytes.len() > self.want.head_max => {
                Err(Malformed::HeadTooLong(self.want.head_max))
            }
            Err(HeadError::Partial) => Ok(None),
        }
    }

    fn take_head(&mut self, head: Head, bytes: &[u8]) -> Result<(), Malformed> {
        if head.len > self.want.head_max {
            return Err(Malformed::HeadTooLong(self.want.head_max));
        }
        if head.status == 101 && self.want.opens != Some(101) {
            return Err(Malformed::Status(101));
        }
        if head.status < 200 && head.status != 101 {
            self.interim += 1;
            return if self.interim > INTERIM_MAX { Err(Malformed::TooManyInterim(INTERIM_MAX)) } else { Ok(()) };
        }
        self.status = head.status;
        self.keep_alive = head.keep_alive;
        self.cookies = self.want.cookies && head.cookies;
        // Where a redirect leads is told to the user, though nothing else is wanted of the head.
        if self.want.head || self.cookies || matches!(head.status, 301..=303 | 307 | 308) {
            self.kept.head.extend_from_slice(&bytes[..head.len]);
            if self.want.opens == Some(head.status) {
                (self.state, self.keep_alive) = (State::Opened(head.framing), false);
                return Ok(());
            }
        }
        self.state = match head.framing {
            Framing::Length(length) if length > self.want.body_max => {
                return Err(Malformed::BodyTooLong(self.want.body_max));
            }
            Framing::Length(length) => State::Length { left: length },
            Framing::Chunked => State::Chunked(Chunked::new(self.want.body_max)),
            Framing::Close => State::Close,
        };
        Ok(())
    }

    fn feed_chunked(&mut self, bytes: &[u8]) -> Result<(usize, bool), Malformed> {
        let State::Chunked(mut chunked) = std::mem::replace(&mut self.state, State::Whole) else {
            unreachable!("only called in the state Chunked");
        };
        let mut kept = Ok(());
        let fed = chunked.feed(bytes, |data| {
            if kept.is_ok() {
                kept = self.keep(data);
            }
        })?;
        kept?;
        self.state = State::Chunked(chunked);
        Ok(fed)
    }

    fn keep(&mut self, data: &[u8]) -> Result<(), Malformed> {
        self.body_len += data.len() as u64;
        if self.body_len > self.want.body_max {
            return Err(Malformed::BodyTooLong(self.want.body_max));
        }
        if let Some(limit) = self.want.body {
            let room = limit.saturating_sub(self.kept.body.len());
            self.body_cut |= data.len() > room;
            self.kept.body.extend_from_slice(&data[..data.len().min(room)]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WANT: Want = Want {
        to_head: false,
        opens: None,
        head: true,
        cookies: false,
        body: Some(1 << 20),
        head_max: 1 << 16,
        body_max: 1 << 20,
    };

    /// Status, body, bytes used, and whether the connection may go on.
    type Seen = (u16, Vec<u8>, usize, bool);

    /// An answer's bytes, what is wanted of it, and its status, body and whether the connection may go on.
    type Case = (&'static [u8], Want, (u16, &'static [u8], bool));

    /// Feeds `bytes` in pieces of `cut` and then ends the connection; `None` if the answer is not whole by then.
    fn read(bytes: &[u8], want: Want, cut: usize) -> Result<Option<Seen>, Malformed> {
        let (mut answer, mut heads) = (Answer::new(want), HeadMemo::default());
        let mut used = 0;
        for piece in bytes.chunks(cut) {
            match answer.feed(piece, &mut heads)? {
                Fed::More => used += piece.len(),
                Fed::Whole(n) => {
                    let end = answer.finished();
                    return Ok(Some((end.status, answer.body().0.to_vec(), used + n, end.keep_alive)));
                }
            }
        }
        Ok(answer.end().then(|| (answer.status(), answer.body().0.to_vec(), used, answer.finished().keep_alive)))
    }

    #[test]
    fn reads_every_framing_at_every_cut() {
        let to_head = Want { to_head: true, ..WANT };
        let cases: [Case; 8] = [
            (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", WANT, (200, b"hello", true)),
            (
                b"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\nConnection: close\r\n\r\nhello",
                WANT,
                (200, b"hello", false),
            ),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
                WANT,
                (200, b"hi", true),
            ),
            (b"HTTP/1.1 200 OK\r\n\r\nto the end", WANT, (200, b"to the end", false)),
            (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", WANT, (200, b"hi", false)),
            (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nhi", WANT, (200, b"hi", true)),
            (
                b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n",
                WANT,
                (304, b"", true),
            ),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", to_head, (200, b"", true)),
        ];
        for (bytes, want, (status, body, keep_alive)) in cases {
            for cut in 1..=bytes.len() {
                let seen = read(bytes, want, cut).expect("well-formed").expect("whole");
                assert_eq!(seen, (status, body.to_vec(), bytes.len(), keep_alive), "{} by {cut}", bytes.escape_ascii());
            }
        }
    }

    #[test]
    fn refuses_clashes_and_excess() {
        for (bytes, why) in [
            (&b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"[..], Malformed::ContentLength),
            (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", Malformed::ContentLength),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", Malformed::TwoLengths),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n", Malformed::BodyTooLong(1 << 20)),
            (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", Malformed::Status(101)),
            (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", Malformed::Head(httparse::Error::Version)),
        ] {
            assert_eq!(read(bytes, WANT, bytes.len()), Err(why), "{}", bytes.escape_ascii());
        }
        let endless = [&b"HTTP/1.1 200 OK\r\nX: "[..], &[b'x'; 70_000]].concat();
        assert_eq!(read(&endless, WANT, 1000), Err(Malformed::HeadTooLong(1 << 16)));
        let storm = b"HTTP/1.1 102 Processing\r\n\r\n".repeat(17);
        assert_eq!(read(&storm, WANT, 1000), Err(Malformed::TooManyInterim(16)));
    }

    #[test]
    fn a_head_in_two_reads_may_be_followed_by_more_than_a_head_may_have() {
        let want = Want { head_max: 100, ..WANT };
        let (mut answer, mut heads) = (Answer::new(want), HeadMemo::default());
        assert_eq!(answer.feed(b"HTTP/1.1 200 OK\r\n", &mut heads), Ok(Fed::More));
        let rest = [b"Content-Length: 500\r\n\r\n", &[b'x'; 500][..]].concat();
        assert_eq!(answer.feed(&rest, &mut heads), Ok(Fed::Whole(rest.len())));
    }

    #[test]
    fn an_early_end_is_not_a_whole_answer() {
        for bytes in [
            &b""[..],
            b"HTTP/1.1 200 OK\r\nContent-Le",
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        ] {
            assert_eq!(read(bytes, WANT, 7), Ok(None), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn bytes_after_the_end_are_left() {
        let bytes = b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n";
        assert_eq!(read(bytes, WANT, bytes.len()), Ok(Some((204, vec![], bytes.len() - 17, true))));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(tail in prop::collection::vec(any::<u8>(), 0..300), cut in 1usize..300) {
            let bytes = [&b"HTTP/1.1 200 OK\r\n"[..], &tail].concat();
            let _ = read(&bytes, WANT, cut);
            let _ = read(&tail, WANT, cut);
        }
    }
}
