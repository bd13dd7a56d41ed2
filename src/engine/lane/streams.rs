//! HTTP/2 on a lane: connections that carry many requests at once (S7).
//!
//! The frames of one turn gather in the connection and are written together, before the lane waits again. A request
//! ends on its own stream: a timeout cancels that and leaves the connection to the others.

use std::borrow::Cow;

use crate::record::{Place, Reason};
use crate::scenario::Connection as Policy;
use crate::wire::Wrote;
use crate::wire::h1::Want;
use crate::wire::h2::{Client, Ending, Event, Violation, error_name};

use super::super::session::State;
use super::Lane;

/// How often a request is sent again that the server has refused unread.
const REPEATS_MAX: u8 = 3;

/// What a connection of HTTP/2 has beside its socket.
pub(super) struct Multiplexed {
    client: Client,
    /// Requests that the next write takes along: their *sent* is its instant.
    queued: Vec<(u32, u32)>,
    /// Listed among those that are to be written.
    dirty: bool,
    /// Listed among the idle ones of its pool: it has room.
    listed: bool,
    /// Whether it has answered a request: only then its end may be an idle connection's (R2).
    pub(super) answered: bool,
    /// It takes no further request, and closes with its last.
    leaving: bool,
}

impl Multiplexed {
    /// Whether it takes another request now.
    pub(super) fn has_room(&self) -> bool {
        !self.leaving && self.client.room() > 0
    }

    /// Whether it takes another request, if not now.
    pub(super) fn goes_on(&self) -> bool {
        !self.leaving && !self.client.is_leaving()
    }
}

impl Lane<'_> {
    /// Makes an established connection one that carries many requests.
    pub(super) fn multiplex(&mut self, index: u32, slot: u32) {
        let policy = self.config.programs[self.sessions[slot].population as usize].connection;
        let home = self.home(slot);
        let Some(link) = self.links[index as usize].link.as_mut() else { return };
        let streams = self.config.http[link.origin as usize].streams;
        let secure = link.connection.handshake().is_some();
        let client = Client::new(secure, streams, self.config.limits.max_head.0 as usize);
        link.busy = false;
        link.owner = (policy == Policy::Session).then_some(home);
        let leaving = policy == Policy::Request;
        let h2 = Multiplexed { client, queued: Vec::new(), dirty: false, listed: false, answered: false, leaving };
        link.h2 = Some(Box::new(h2));
        self.touch(index);
    }

    pub(super) fn h2(&mut self, index: u32) -> Option<&mut Multiplexed> {
        self.links[index as usize].link.as_mut()?.h2.as_deref_mut()
    }

    /// Begins the session's request on a stream of its own.
    pub(super) fn send_stream(&mut self, slot: u32, index: u32, request: &[u8], want: Want) {
        let Some(link) = self.links[index as usize].link.as_mut() else { return };
        let Some(h2) = link.h2.as_mut() else { return };
        let (stream, bytes) = h2.client.request(request, want, slot);
        h2.queued.push((slot, stream));
        let reused = link.exchanges > 0;
        link.exchanges += 1;
        let session = &mut self.sessions[slot];
        session.state = State::Sent { connection: index, stream };
        session.request.exchanges += 1;
        session.request.bytes_sent += bytes;
        let counters = self.recorder.counters_of(session.population);
        counters.exchanges += 1;
        counters.connections_reused += u64::from(reused);
        self.touch(index);
    }

    /// Has what gathered on a connection written before the lane waits.
    pub(super) fn touch(&mut self, index: u32) {
        let Some(h2) = self.h2(index) else { return };
        if !std::mem::replace(&mut h2.dirty, true) {
            self.dirty.push(index);
        }
    }

    /// Writes what gathered.
    pub(super) fn flush(&mut self) {
        while let Some(index) = self.dirty.pop() {
            self.flush_link(index);
        }
    }

    fn flush_link(&mut self, index: u32) {
        let Some(link) = self.links[index as usize].link.as_mut() else { return };
        let Some(h2) = link.h2.as_mut() else { return };
        h2.dirty = false;
        if !h2.queued.is_empty() {
            self.now = self.config.clock.now();
        }
        for (slot, stream) in h2.queued.drain(..) {
            let session = &mut self.sessions[slot];
            if session.state == (State::Sent { connection: index, stream }) {
                session.mark_sent(self.now);
            }
        }
        while !h2.client.output().is_empty() {
            match link.connection.write(h2.client.output()) {
                Wrote::Bytes(0) => break,
                Wrote::Bytes(n) => {
                    h2.client.wrote(n);
                    self.recorder.counters().bytes_sent += n as u64;
                }
                // What is wrong with the connection shows when it is read.
                Wrote::Broken(_) => break,
            }
        }
    }

    /// Gives the room of a connection to those that wait for it: those of its session's group, or of its pool, where it
    /// is listed while some is left.
    pub(super) fn offer(&mut self, index: u32) {
        while let Some(link) = self.links[index as usize].link.as_mut() {
            let (pool, Some(h2)) = (link.pool, link.h2.as_mut()) else { return };
            if h2.leaving && h2.client.open() == 0 {
                self.flush_link(index);
                return self.forget_link(index);
            }
            if h2.client.is_leaving() && !h2.leaving {
                return self.retire(index);
            }
            if h2.client.room() == 0 {
                return;
            }
            let (listed, owner) = (h2.listed, link.owner);
            let Some(pool) = pool else { return owner.map_or((), |session| self.serve_owner(session)) };
            match self.next_waiting(pool) {
                Some(slot) => self.send(slot, index),
                None => {
                    if !listed {
                        // The one that has rested longest is taken first: requests spread over the connections.
                        self.pools[pool as usize].idle.push_front(index);
                        self.h2(index).into_iter().for_each(|h2| h2.listed = true);
                    }
                    return;
                }
            }
        }
    }

    /// Whether a connection takes another request now; one of HTTP/1.1 does between two.
    pub(super) fn takes_another(&self, index: u32) -> bool {
        let link = self.links[index as usize].link.as_ref();
        link.and_then(|link| link.h2.as_ref()).is_none_or(|h2| h2.has_room())
    }

    /// A session's own connection has room, or is its own no longer: its request may wait for that, or those of its group.
    fn serve_owner(&mut self, slot: u32) {
        match self.sessions[slot].state {
            State::Queued => self.find_connection(slot),
            _ => self.serve_streams(slot),
        }
    }

    /// An idle connection was taken from its pool.
    pub(super) fn unlisted(&mut self, index: u32) {
        if let Some(h2) = self.h2(index) {
            h2.listed = false;
        }
    }

    /// Takes bytes that were read from a connection of HTTP/2.
    pub(super) fn take_frames(&mut self, index: u32, bytes: &[u8]) {
        self.recorder.counters().bytes_received += bytes.len() as u64;
        let generation = self.links[index as usize].generation;
        let mut events = std::mem::take(&mut self.events);
        let Some(h2) = self.h2(index) else { return };
        let fed = h2.client.feed(bytes, &mut events);
        if !h2.client.output().is_empty() {
            self.touch(index);
        }
        // Now, as the last answer before may end the session, and the connection with it.
        if let Err(violation) = fed
            && violation.is_unasked()
        {
            self.unasked(index, Place::Stream, violation.to_string().as_bytes());
        }
        for event in events.drain(..) {
            if self.links[index as usize].generation != generation {
                break;
            }
            match event {
                Event::Begun { key } => self.sessions[key].request.mark_first(self.now, self.now.since(self.looked)),
                Event::Answered { key, stream } => self.stream_answered(index, key, stream),
                Event::Ended { key, stream, why } => self.stream_ended(index, key, stream, why),
                Event::GoneAway => {
                    self.recorder.counters().goaways += 1;
                    self.retire(index);
                }
            }
        }
        self.events = events;
        if self.links[index as usize].generation != generation {
            return;
        }
        match fed {
            Ok(()) => self.offer(index),
            Err(violation) => self.violated(index, violation),
        }
    }

    fn stream_answered(&mut self, index: u32, slot: u32, stream: u32) {
        let read_delay = self.read_delay();
        let Some(h2) = self.h2(index) else { return };
        h2.answered = true;
        let Some((answer, received)) = h2.client.finish(stream) else { return };
        let request = &mut self.sessions[slot].request;
        request.mark_first(self.now, read_delay);
        request.bytes_received += received;
        let finished = answer.finished();
        let settled = self.settle(slot, index, finished, answer.head(), answer.body(), answer.head());
        if let Some(h2) = self.h2(index) {
            h2.client.recycle(stream, answer);
        }
        self.offer(index);
        self.proceed(slot, settled, finished.status, read_delay);
    }

    /// A stream ended without an answer, and its connection goes on.
    fn stream_ended(&mut self, index: u32, slot: u32, stream: u32, why: Ending) {
        let read_delay = self.read_delay();
        let Some((answer, received)) = self.h2(index).and_then(|h2| h2.client.finish(stream)) else { return };
        let status = answer.status();
        if let Some(h2) = self.h2(index) {
            h2.client.recycle(stream, answer);
        }
        let request = &mut self.sessions[slot].request;
        request.bytes_received += received;
        let population = self.sessions[slot].population;
        let (reason, detail) = match why {
            Ending::Refused => {
                self.recorder.counters_of(population).streams_refused += 1;
                let request = &mut self.sessions[slot].request;
                request.repeats += 1;
                request.ours = request.ours.saturating_add(read_delay);
                if request.repeats <= REPEATS_MAX {
                    // The server has not looked at it, so even a POST may be sent again (RFC 9113 section 8.7).
                    request.addresses_tried = 0;
                    self.offer(index);
                    return self.find_connection(slot);
                }
                let goodbye = self.h2(index).and_then(|h2| h2.client.goodbye());
                let goodbye = goodbye.map_or(String::new(), |why| format!("; the last went away: {why}"));
                (Reason::Reset, format!("the server refused the stream {} times{goodbye}", REPEATS_MAX + 1))
            }
            Ending::Reset(code) => {
                self.recorder.counters_of(population).streams_reset += 1;
                (Reason::Reset, format!("the server reset the stream: {}", error_name(code)))
            }
            Ending::Malformed(violation) => (Reason::BadBytes, violation.to_string()),
        };
        self.sample(slot, (reason, &detail), Some(index), status, &[]);
        self.observe(slot, Some(index), Err((reason, &detail)), &[], &[]);
        self.offer(index);
        self.request_ended_wrong(slot, reason, status, read_delay);
    }

    /// Ends a request's stream, if its connection has streams: nobody waits for its answer any more.
    pub(super) fn cancel_stream(&mut self, index: u32, stream: u32) -> bool {
        let Some(h2) = self.h2(index) else { return false };
        h2.client.cancel(stream);
        self.touch(index);
        self.offer(index);
        true
    }

    /// A connection takes no further request: its pool or session does without it, what is open on it goes on.
    fn retire(&mut self, index: u32) {
        let Some(link) = self.links[index as usize].link.as_mut() else { return };
        let (owner, pool, origin) = (link.owner.take(), link.pool.take(), link.origin);
        if let Some(h2) = link.h2.as_mut() {
            h2.leaving = true;
        }
        if let Some(slot) = owner {
            self.detach(index, slot);
            self.serve_owner(slot);
        }
        if let Some(pool) = pool {
            self.pools[pool as usize].idle.retain(|idle| *idle != index);
            self.serve_pool(pool, origin, None);
        }
    }

    /// The server broke the rules of the connection, so that nothing on it can be believed any more.
    fn violated(&mut self, index: u32, violation: Violation) {
        if let Some(h2) = self.h2(index) {
            h2.client.leave(violation);
        }
        self.flush_link(index);
        self.lost(index, Reason::BadBytes, &violation.to_string());
    }

    /// A connection is lost, with all that is open on it.
    pub(super) fn lost(&mut self, index: u32, reason: Reason, detail: &str) {
        self.retire(index);
        let answered = self.h2(index).is_some_and(|h2| h2.answered);
        let goodbye = self.h2(index).and_then(|h2| h2.client.goodbye());
        let detail = goodbye
            .map(|why| format!("the server went away: {why}; {detail}"))
            .map_or(Cow::Borrowed(detail), Cow::Owned);
        let detail = &*detail;
        while let Some((slot, stream, begun)) = self.h2(index).and_then(|h2| h2.client.any_open()) {
            let read_delay = self.read_delay();
            let status = self.h2(index).and_then(|h2| {
                let (answer, _) = h2.client.finish(stream)?;
                let status = answer.status();
                h2.client.recycle(stream, answer);
                Some(status)
            });
            let again = reason == Reason::Reset && answered && !begun && !self.sessions[slot].request.reconnected;
            if again && self.is_idempotent(slot) {
                self.begin_again(slot);
                self.find_connection(slot);
                continue;
            }
            let status = status.unwrap_or(0);
            self.sample(slot, (reason, detail), Some(index), status, &[]);
            self.observe(slot, Some(index), Err((reason, detail)), &[], &[]);
            self.request_ended_wrong(slot, reason, status, read_delay);
        }
        self.forget_link(index);
    }
}
