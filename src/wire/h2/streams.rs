//! The streams of a connection that are open, and what is still known of those that are not.

use std::collections::VecDeque;

use bytes::BytesMut;

use super::answer::Answer;
use super::flow::Given;

/// Streams that ended before their answers did, and of which frames may still be on their way.
const CANCELLED_MAX: usize = 1024;

/// A request and its answer.
#[derive(Debug)]
pub struct Stream {
    /// What the engine knows it by.
    pub key: u32,
    /// Its answer, as far as it came.
    pub answer: Answer,
    /// What we may still send of its body.
    pub window: i64,
    /// What the server may still send of its answer.
    pub given: Given,
    /// The part of its body that waits for a window.
    pub unsent: BytesMut,
    /// Bytes of its frames that were read.
    pub received: u64,
    /// Whether an event has told that its answer begins.
    pub begun: bool,
    /// Whether an event has told its end: nothing more may come.
    pub over: bool,
}

/// Where a frame's stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Open, at this place.
    Open(usize),
    /// Ended before its answer did: what still comes is to be ignored.
    Cancelled,
    /// Ended with its answer.
    Ended,
    /// Never begun.
    Never,
}

/// The streams of a connection. The places of ended ones are used again with their memory.
#[derive(Debug)]
pub struct Streams {
    ids: Vec<u32>,
    streams: Vec<Stream>,
    free: Vec<usize>,
    next: u32,
    latest: usize,
    cancelled: VecDeque<u32>,
    /// The last cancelled stream that is not listed any more.
    forgotten: u32,
}

impl Streams {
    pub const fn new() -> Self {
        Self {
            ids: Vec::new(),
            streams: Vec::new(),
            free: Vec::new(),
            next: 1,
            latest: 0,
            cancelled: VecDeque::new(),
            forgotten: 0,
        }
    }

    /// How many are open.
    pub const fn open(&self) -> usize {
        self.streams.len() - self.free.len()
    }

    /// The number of the next stream; `None` once all numbers are used.
    pub const fn next(&self) -> Option<u32> {
        if self.next > 0x7fff_ffff { None } else { Some(self.next) }
    }

    /// Begins the next stream.
    pub fn begin(&mut self, key: u32, window: i64) -> (u32, &mut Stream) {
        let id = self.next;
        self.next += 2;
        let at = self.free.pop().unwrap_or(self.streams.len());
        if at == self.streams.len() {
            self.ids.push(id);
            self.streams.push(Stream {
                key,
                answer: Answer::default(),
                window,
                given: Given::new(),
                unsent: BytesMut::new(),
                received: 0,
                begun: false,
                over: false,
            });
        }
        self.ids[at] = id;
        let stream = &mut self.streams[at];
        (stream.key, stream.window, stream.given) = (key, window, Given::new());
        (stream.received, stream.begun, stream.over) = (0, false, false);
        stream.unsent.clear();
        (id, stream)
    }

    /// Where a stream is.
    pub fn find(&mut self, id: u32) -> Found {
        // 0 marks free places, and is the connection's own number.
        if id == 0 {
            return Found::Never;
        }
        if self.ids.get(self.latest) == Some(&id) {
            return Found::Open(self.latest);
        }
        if let Some(at) = self.ids.iter().position(|known| *known == id) {
            self.latest = at;
            return Found::Open(at);
        }
        match id {
            id if id >= self.next || id % 2 == 0 => Found::Never,
            id if self.is_cancelled(id) => Found::Cancelled,
            _ => Found::Ended,
        }
    }

    /// A stream by its number.
    pub fn get(&mut self, id: u32) -> Option<&mut Stream> {
        match self.find(id) {
            Found::Open(at) => Some(&mut self.streams[at]),
            _ => None,
        }
    }

    /// A stream by its place.
    pub fn at(&mut self, at: usize) -> &mut Stream {
        &mut self.streams[at]
    }

    /// The streams that are open, with their numbers.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut Stream)> {
        self.ids.iter().copied().zip(&mut self.streams).filter(|(id, _)| *id != 0)
    }

    /// Gives a stream's place free.
    pub fn end(&mut self, id: u32) {
        if let Found::Open(at) = self.find(id) {
            self.ids[at] = 0;
            self.free.push(at);
        }
    }

    /// Whether what still comes on a stream is to be ignored.
    pub fn is_cancelled(&self, id: u32) -> bool {
        id <= self.forgotten || self.cancelled.contains(&id)
    }

    /// Remembers a stream as one that ended before its answer did.
    pub fn cancel(&mut self, id: u32) {
        if self.cancelled.len() == CANCELLED_MAX {
            self.forgotten = self.cancelled.pop_front().map_or(0, |oldest| oldest.max(self.forgotten));
        }
        self.cancelled.push_back(id);
    }
}
