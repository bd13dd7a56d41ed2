//! Sessions as plain state machines in a slab (S1): a slot is used again with the memory it has.

use std::collections::VecDeque;

use crate::plan::{Due, Walk};
use crate::record::{Reason, Woken};
use crate::unit::{Instant, Span};
use crate::wire::tls::Visitor;

use super::cookies::Jar;
use super::redirect::Hop;

/// A session, or a free slot with the memory of one.
#[derive(Debug, Default)]
pub struct Session {
    /// Index of its population.
    pub population: u16,
    /// Its number in the population.
    pub number: u64,
    /// Where it stands in its flow.
    pub walk: Walk,
    /// When its last request was done; its arrival's due before the first.
    pub previous_done: Instant,
    /// What it does now.
    pub state: State,
    /// The request that it is about, from the moment that it is known.
    pub request: InFlight,
    /// Its connections, by origin (S7).
    pub connections: Vec<(u16, u32)>,
    /// What it is to the origins that speak TLS, and what it remembers of them.
    pub visitors: Vec<(u16, Visitor)>,
    /// What its steps saved.
    pub saved: Vec<Option<String>>,
    /// Transactions that its request is in, the outermost first.
    pub transactions: Vec<OpenTransaction>,
    /// The parallel group that it waits for.
    pub group: Option<Box<Group>>,
    /// The slot of the session that this is a part of: then it is one request of a group and has nothing of its own
    /// but that and the connection that it uses.
    pub parent: Option<u32>,
    /// ETags by URL (S4).
    pub etags: Vec<(String, String)>,
    /// Its cookies, once it has one.
    pub jar: Option<Box<Jar>>,
    /// The stream that it has to open again, if it has lost one.
    pub lost: Option<Box<LostStream>>,
    /// Where a redirect has led its request, if one has.
    pub hop: Option<Box<Hop>>,
    /// Counts the slot's requests over all its sessions, so that a stale reference is known as one.
    pub serial: u32,
}

/// A stream that a session has lost and not opened again.
#[derive(Debug)]
pub struct LostStream {
    /// The measure of reconnecting, in the catalog.
    pub measure: u16,
    /// When it was lost.
    pub since: Instant,
    /// Why it was lost, or why it will not be opened again.
    pub reason: Reason,
    /// What our own lateness took since: lags and read delays of the session's requests.
    pub ours: Span,
}

/// A transaction that a session is inside of.
#[derive(Debug)]
pub struct OpenTransaction {
    /// Its step, and how often that ran.
    pub key: (u32, u32),
    /// Its index in the catalog.
    pub measure: u16,
    /// When its first request was due.
    pub due: Instant,
    /// What our own lateness took of it: lags and read delays of its requests.
    pub ours: Span,
    /// Why it failed: the first reason of its requests.
    pub failed: Option<Reason>,
}

/// A parallel group under way. Each of its requests has a slot of its own.
#[derive(Debug, Default)]
pub struct Group {
    /// How many more may be open at once.
    pub room: u32,
    /// Requests that have not ended.
    pub left: u32,
    /// Parts that wait for room, with their serials, first come first served.
    pub waiting: VecDeque<(u32, u32)>,
    /// Parts that were given room.
    pub admitted: Vec<u32>,
    /// Those of them, with their serials, that wait for a stream of a connection of HTTP/2: one that another opens, or
    /// one that has no stream left.
    pub for_stream: Vec<(u32, u32)>,
    /// The first reason of its requests that were not right; what was unsent before all others.
    pub wrong: Option<Reason>,
    /// Whether a value that one of them needed was never saved (S5).
    pub missing: bool,
}

/// What a session does now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Nothing: the slot is free.
    #[default]
    Free,
    /// Waits for its next request to fall due.
    Sleeping,
    /// Waits for a connection of a shared pool, or for its turn in a parallel group.
    Queued,
    /// Waits for this connection to be established.
    Connecting {
        /// Index of the connection.
        connection: u32,
    },
    /// Waits for the requests of a parallel group, each of which has a slot of its own.
    Parallel,
    /// Its connection could not even begin to open; told in the lane's next turn.
    Unconnected,
    /// Waits to be tried again.
    BackingOff {
        /// Until then.
        until: Instant,
    },
    /// Waits for the answer on this connection.
    Sent {
        /// Index of the connection.
        connection: u32,
        /// Its stream there; 0 where a connection carries one request.
        stream: u32,
    },
    /// Is on the stream that its request has opened.
    Streaming {
        /// Index of the connection.
        connection: u32,
    },
}

/// The request that a session is about.
#[derive(Clone, Copy, Debug)]
pub struct InFlight {
    /// Its step, due instant and repetition.
    pub due: Due,
    /// When it was due, ready and woken.
    pub woken: Woken,
    /// First byte written.
    pub sent: Option<Instant>,
    /// First byte of the answer read.
    pub first: Option<Instant>,
    /// How long that may have been readable before (T3).
    pub first_read_delay: Span,
    /// When opening a connection began.
    pub connect_started: Option<Instant>,
    /// How long connecting took.
    pub connect: Option<Span>,
    /// How long the end of that may have been there before it was seen (T3).
    pub connect_delay: Span,
    /// How long the TLS handshake took.
    pub handshake: Option<Span>,
    /// When it began to wait for the pool.
    pub queued_at: Option<Instant>,
    /// How long it waited for the pool.
    pub pool_wait: Option<Span>,
    /// Addresses of the origin that were tried.
    pub addresses_tried: u32,
    /// Bytes written.
    pub bytes_sent: u64,
    /// Bytes read.
    pub bytes_received: u64,
    /// Whether it was sent conditionally.
    pub conditional: bool,
    /// Whether it was sent again on a new connection (R2).
    pub reconnected: bool,
    /// How often it was refused unread by the server.
    pub repeats: u8,
    /// Tries after the first.
    pub retries: u32,
    /// Times that it went out.
    pub exchanges: u32,
    /// How long the server asked to wait (Retry-After).
    pub retry_after: Span,
    /// Our own lateness in its tries and exchanges before this one.
    pub ours: Span,
    /// What of that was before `sent`.
    pub ours_before_sent: Span,
}

impl InFlight {
    /// A request that was just woken.
    pub const fn new(due: Due, woken: Woken) -> Self {
        Self {
            due,
            woken,
            sent: None,
            first: None,
            first_read_delay: Span::ZERO,
            connect_started: None,
            connect: None,
            connect_delay: Span::ZERO,
            handshake: None,
            queued_at: None,
            pool_wait: None,
            addresses_tried: 0,
            bytes_sent: 0,
            bytes_received: 0,
            conditional: false,
            reconnected: false,
            repeats: 0,
            retries: 0,
            exchanges: 0,
            retry_after: Span::ZERO,
            ours: Span::ZERO,
            ours_before_sent: Span::ZERO,
        }
    }

    /// The first byte of its answer was read, which may have been there for `delay`.
    pub const fn mark_first(&mut self, at: Instant, delay: Span) {
        if self.first.is_none() {
            (self.first, self.first_read_delay) = (Some(at), delay);
        }
    }

    /// What our own lateness takes of it (R5): its lag, what was lost before this exchange, and this answer's delay.
    pub fn our_lateness(&self, read_delay: Span) -> Span {
        self.woken.lag().saturating_add(self.ours).saturating_add(read_delay)
    }
}

impl Default for InFlight {
    fn default() -> Self {
        const AT: Instant = Instant::ZERO;
        Self::new(Due { step: 0, due: AT, nth: 0, extra: false }, Woken { due: AT, ready: AT, woke: AT, paced: false })
    }
}

impl Session {
    /// Makes the slot the session of an arrival.
    pub fn begin(&mut self, population: u16, number: u64, due: Instant, saved_len: usize) {
        self.population = population;
        self.number = number;
        self.previous_done = due;
        self.state = State::Sleeping;
        self.connections.clear();
        self.visitors.clear();
        self.saved.clear();
        self.saved.resize(saved_len, None);
        self.transactions.clear();
        (self.group, self.parent) = (None, None);
        self.etags.clear();
        (self.jar, self.lost) = (None, None);
    }

    /// Its request's first byte is written: of the exchanges that redirects make of it, it is the first that counts.
    pub const fn mark_sent(&mut self, at: Instant) {
        if self.hop.is_none() {
            self.request.sent = Some(at);
            self.request.ours_before_sent = self.request.ours;
        }
    }

    /// The ETag that the session has for a URL.
    pub fn etag(&self, url: &str) -> Option<&str> {
        self.etags.iter().find(|(known, _)| known == url).map(|(_, etag)| etag.as_str())
    }

    /// Keeps the ETag of a URL, or forgets it where there is none any more.
    pub fn keep_etag(&mut self, url: &str, etag: Option<&str>) {
        match (self.etags.iter().position(|(known, _)| known == url), etag) {
            (Some(at), Some(etag)) => etag.clone_into(&mut self.etags[at].1),
            (Some(at), None) => drop(self.etags.swap_remove(at)),
            (None, Some(etag)) => self.etags.push((url.to_owned(), etag.to_owned())),
            (None, None) => {}
        }
    }
}

/// The sessions of a lane.
#[derive(Debug, Default)]
pub struct Sessions {
    slots: Vec<Session>,
    free: Vec<u32>,
}

impl Sessions {
    /// A slot for a new session.
    pub fn take(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.slots.push(Session::default());
            (self.slots.len() - 1) as u32
        })
    }

    /// Gives a slot back.
    pub fn give_back(&mut self, slot: u32) {
        self.slots[slot as usize].state = State::Free;
        self.free.push(slot);
    }

    /// Sessions that are alive.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// The slots of all sessions that are alive.
    pub fn alive(&self) -> Vec<u32> {
        (0u32..).zip(&self.slots).filter(|(_, s)| s.state != State::Free).map(|(slot, _)| slot).collect()
    }
}

impl std::ops::Index<u32> for Sessions {
    type Output = Session;
    fn index(&self, slot: u32) -> &Session {
        &self.slots[slot as usize]
    }
}

impl std::ops::IndexMut<u32> for Sessions {
    fn index_mut(&mut self, slot: u32) -> &mut Session {
        &mut self.slots[slot as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S1: a sleeping session costs at most 1 KB plus its variables. Its timer and deadline nodes and what its
    /// walk has on the heap come on top: some 16 + 48 + 200 bytes.
    #[test]
    fn a_session_is_small() {
        assert!(size_of::<Session>() <= 512, "{} bytes", size_of::<Session>());
    }
}
