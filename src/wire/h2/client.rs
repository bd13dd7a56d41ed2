//! The client's side of a connection: requests out, and what is known of them. `receive` takes an answer's frames,
//! `control` those of the connection.

use bytes::Buf;

use super::Violation;
use super::answer::Answer;
use super::fields::Facts;
use super::flow::{self, Given};
use super::frame::{self, END_HEADERS, END_STREAM, Kind, PAYLOAD_MAX};
use super::hpack::Decoder;
use super::request::Heads;
use super::streams::{Found, Streams};
use super::violation::CANCEL;
use crate::wire::h1::Want;

/// Requests at once before the server has said how many it takes (RFC 9113 section 6.5.2 asks for no less than 100).
const CONCURRENT_AT_FIRST: u32 = 100;
/// Memory for frames in pieces and for what is to be written that an idle connection keeps.
pub(super) const IDLE_BUFFER: usize = 4 << 10;

/// Why a request ends without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The server did nothing about it: it may be sent again, whatever it is (RFC 9113 section 8.7).
    Refused,
    /// The server reset its stream with this error code.
    Reset(u32),
    /// Its answer is no HTTP/2, or over a limit; the connection goes on.
    Malformed(Violation),
}

/// What became of a request, or of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Its answer has begun and goes on.
    Begun {
        /// The request's key.
        key: u32,
    },
    /// Its answer is whole, and to be fetched with [`Client::finish`].
    Answered {
        /// The request's key.
        key: u32,
        /// Its stream.
        stream: u32,
    },
    /// It ended without an answer; [`Client::finish`] is to be called too.
    Ended {
        /// The request's key.
        key: u32,
        /// Its stream.
        stream: u32,
        /// Why.
        why: Ending,
    },
    /// The server takes no new request on this connection.
    GoneAway,
}

/// A header block that goes on in further frames.
#[derive(Debug)]
pub struct Block {
    pub(super) stream: u32,
    pub(super) end: bool,
    pub(super) frames: u32,
}

/// The client's side of a connection.
#[derive(Debug)]
pub struct Client {
    pub(super) streams: Streams,
    pub(super) heads: Heads,
    pub(super) decoder: Decoder,
    pub(super) scheme: &'static [u8],
    /// Requests at once that we want; that the server takes.
    pub(super) wanted: u32,
    pub(super) taken: u32,
    /// What we may send on the connection; on a new stream; in one frame.
    pub(super) window: i64,
    pub(super) stream_window: i64,
    pub(super) payload_max: usize,
    pub(super) given: Given,
    pub(super) block_max: usize,
    pub(super) settled: bool,
    pub(super) going: bool,
    /// Why the server goes, as it said, if it is not for nothing.
    pub(super) goodbye: Option<String>,
    /// A frame that has not come whole.
    pub(super) partial: Vec<u8>,
    pub(super) block: Option<Block>,
    pub(super) block_bytes: Vec<u8>,
    /// The last block that said nothing to the table, and what it said.
    pub(super) known: Vec<u8>,
    pub(super) known_facts: Option<(u64, Facts)>,
    pub(super) head: Vec<u8>,
    pub(super) out: Vec<u8>,
    pub(super) written: usize,
    pub(super) replies: usize,
}

impl Client {
    /// A connection at its beginning: the preface and our settings are ready to be written. `streams`: requests at once
    /// that we want; `head_max`: the longest head of an answer.
    pub fn new(secure: bool, streams: u32, head_max: usize) -> Self {
        let mut out = frame::PREFACE.to_vec();
        let setting = |id: u16, value: u32| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat();
        // No pushed streams; the window of each stream; the longest head.
        let settings = [setting(2, 0), setting(4, flow::GIVEN), setting(6, head_max as u32)].concat();
        frame::write(Kind::Settings, 0, 0, &settings, &mut out);
        frame::write(Kind::WindowUpdate, 0, 0, &(flow::GIVEN - flow::INITIAL).to_be_bytes(), &mut out);
        Self {
            streams: Streams::new(),
            heads: Heads::new(),
            decoder: Decoder::new(),
            scheme: if secure { b"https" } else { b"http" },
            wanted: streams,
            taken: CONCURRENT_AT_FIRST,
            window: i64::from(flow::INITIAL),
            stream_window: i64::from(flow::INITIAL),
            payload_max: PAYLOAD_MAX,
            given: Given::new(),
            // Fields compress, but for what does not: so much may come before decoding says that it is too much.
            block_max: head_max + PAYLOAD_MAX,
            settled: false,
            going: false,
            goodbye: None,
            partial: Vec::new(),
            block: None,
            block_bytes: Vec::new(),
            known: Vec::new(),
            known_facts: None,
            head: Vec::new(),
            out,
            written: 0,
            replies: 0,
        }
    }

    /// Requests that are open.
    pub const fn open(&self) -> usize {
        self.streams.open()
    }

    /// How many more requests may begin now.
    pub fn room(&self) -> usize {
        if self.is_leaving() {
            return 0;
        }
        (self.wanted.min(self.taken) as usize).saturating_sub(self.streams.open())
    }

    /// Whether no request may ever begin here again.
    pub const fn is_leaving(&self) -> bool {
        self.going || self.streams.next().is_none()
    }

    /// Why the server goes away, in words, if it has given a reason (RFC 9113 section 6.8).
    pub fn goodbye(&self) -> Option<&str> {
        self.goodbye.as_deref()
    }

    /// What is to be written.
    pub fn output(&self) -> &[u8] {
        &self.out[self.written..]
    }

    /// This many bytes of it were written.
    pub fn wrote(&mut self, n: usize) {
        self.written += n;
        if self.written == self.out.len() {
            self.out.clear();
            (self.written, self.replies) = (0, 0);
            if self.streams.open() == 0 && self.out.capacity() > IDLE_BUFFER {
                self.out = Vec::new();
            }
        }
    }

    /// Begins a request, given as HTTP/1.1 writes it: its stream, and the bytes of its frames. Only where there is room.
    pub fn request(&mut self, request: &[u8], want: Want, key: u32) -> (u32, u64) {
        let before = self.out.len();
        let (id, stream) = self.streams.begin(key, self.stream_window);
        stream.answer.restart(want);
        let (block, end) = self.heads.block(request, self.scheme);
        let body = &request[end..];
        stream.unsent.extend_from_slice(body);
        let end_stream = if body.is_empty() { END_STREAM } else { 0 };
        let mut pieces = block.chunks(self.payload_max);
        let (mut kind, mut flags) = (Kind::Headers, end_stream);
        let mut piece = pieces.next().unwrap_or_default();
        for next in pieces {
            frame::write(kind, flags, id, piece, &mut self.out);
            (kind, flags, piece) = (Kind::Continuation, 0, next);
        }
        frame::write(kind, flags | END_HEADERS, id, piece, &mut self.out);
        let sent = (self.out.len() - before + body.len()) as u64;
        if !body.is_empty() {
            self.send_body(id);
        }
        (id, sent)
    }

    /// Ends a request that nobody waits for any more; what still comes for it is ignored.
    pub fn cancel(&mut self, stream: u32) {
        if let Found::Open(_) = self.streams.find(stream) {
            self.reset(stream, CANCEL);
            self.streams.cancel(stream);
            self.streams.end(stream);
        }
    }

    /// Takes what is known of a request that has ended, and gives its stream free. The answer is to be handed back.
    pub fn finish(&mut self, stream: u32) -> Option<(Answer, u64)> {
        let found = self.streams.get(stream)?;
        let taken = (std::mem::take(&mut found.answer), found.received);
        // The server has answered without having read all of the body: the rest is not sent (RFC 9113 section 8.1).
        if !found.unsent.is_empty() {
            self.reset(stream, CANCEL);
        }
        Some(taken)
    }

    /// Gives an answer's memory back, and its stream free.
    pub fn recycle(&mut self, stream: u32, answer: Answer) {
        if let Some(found) = self.streams.get(stream) {
            found.answer = answer;
        }
        self.streams.end(stream);
    }

    /// A request that is open, any: for when the connection is lost.
    pub fn any_open(&mut self) -> Option<(u32, u32, bool)> {
        self.streams.iter_mut().next().map(|(id, stream)| (stream.key, id, stream.received > 0))
    }

    /// Tells the server why we leave.
    pub fn leave(&mut self, why: Violation) {
        let mut payload = [0; 8];
        payload[4..].copy_from_slice(&why.code().to_be_bytes());
        frame::write(Kind::GoAway, 0, 0, &payload, &mut self.out);
    }

    /// A request has ended without an answer; what still comes for it is ignored.
    pub(super) fn ended(&mut self, id: u32, why: Ending, events: &mut Vec<Event>) {
        let Some(stream) = self.streams.get(id).filter(|stream| !stream.over) else { return };
        stream.over = true;
        stream.unsent.clear();
        events.push(Event::Ended { key: stream.key, stream: id, why });
        self.streams.cancel(id);
    }

    pub(super) fn reset(&mut self, id: u32, code: u32) {
        frame::write(Kind::RstStream, 0, id, &code.to_be_bytes(), &mut self.out);
    }

    /// Sends on the bodies that wait for a window.
    pub(super) fn send_bodies(&mut self) {
        let waiting: Vec<u32> =
            self.streams.iter_mut().filter(|(_, stream)| !stream.unsent.is_empty()).map(|(id, _)| id).collect();
        for id in waiting {
            self.send_body(id);
        }
    }

    /// Sends as much of a stream's body as the windows let through.
    pub(super) fn send_body(&mut self, id: u32) {
        // Once the answer is whole, the rest of a body is not sent: `finish` tells the server so.
        let Some(stream) = self.streams.get(id).filter(|stream| !stream.over) else { return };
        let mut sent = 0;
        while sent < stream.unsent.len() {
            let room = stream.window.min(self.window).max(0) as usize;
            let len = (stream.unsent.len() - sent).min(room).min(self.payload_max);
            if len == 0 {
                break;
            }
            let flags = if sent + len == stream.unsent.len() { END_STREAM } else { 0 };
            frame::write(Kind::Data, flags, id, &stream.unsent[sent..sent + len], &mut self.out);
            stream.window -= len as i64;
            self.window -= len as i64;
            sent += len;
        }
        stream.unsent.advance(sent);
    }
}
