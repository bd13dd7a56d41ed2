//! From readiness to an outcome: reading, judging, and what becomes of the connection.

use crate::record::{Place, Reason};
use crate::unit::{Instant, Span};
use crate::wire::h1::{Answer, Fed, Finished, field};
use crate::wire::{Event, OpenError, Opening, Received, Then};

use super::super::inspect::{self, WholeAnswer, Wrong};
use super::unasked::says_timed_out;
use super::{Lane, Link};

/// Full reads of one connection in a row before the lane turns to the others: a server that sends without end must not
/// keep it from what is due.
const READS_IN_A_ROW: u32 = 16;

/// The most memory for what is kept of an answer that a lane holds on to.
const KEPT_MAX: usize = 1 << 20;

/// What a whole answer is to its request.
#[derive(Clone, Copy)]
pub(super) enum Settled {
    /// It says where else to ask.
    Redirect,
    Right,
    Wrong(Reason),
}

impl Lane<'_> {
    /// Something happened on a socket.
    pub(super) fn on_event(&mut self, event: Event) {
        let (index, generation) = (event.token.0 as u32, (event.token.0 >> 32) as u32);
        let slot = &self.links[index as usize];
        let Some(link) = slot.link.as_ref().filter(|_| slot.generation == generation) else { return };
        if !link.open {
            return self.opening_goes_on(index, event);
        }
        if event.writable {
            self.touch(index);
            self.send_rest(index);
        }
        if event.readable {
            // Until a connection's first answer a session ticket may have made the event, which no request asks for.
            let is_known = |link: &Link| link.exchanges > 1 || !link.connection.speaks_tls();
            let link = self.links[index as usize].link.as_ref();
            let before = link.is_some_and(|link| is_known(link) && link.sent > self.waited);
            self.receive(index, event.ended, before);
        }
    }

    /// Connecting, or the TLS handshake behind it, goes on, or has ended, well or badly.
    fn opening_goes_on(&mut self, index: u32, event: Event) {
        self.now = self.config.clock.now();
        let Some(link) = self.links[index as usize].link.as_mut() else { return };
        let (Some(slot), origin, pool) = (link.owner, link.origin, link.pool) else { return };
        let was_shaking = link.connection.is_shaking();
        let opening = link.connection.opened(event.writable, &mut self.read_buffer);
        let request = &mut self.sessions[slot].request;
        let since_start = |now: Instant| request.connect_started.map(|started| now.since(started));
        if !was_shaking && !matches!(opening, Ok(Opening::Connecting)) {
            request.connect = since_start(self.now);
            request.connect_delay = self.now.since(self.looked);
        }
        match opening {
            Ok(Opening::Connecting | Opening::Shaking) => {}
            Ok(Opening::Open) => {
                if link.connection.handshake().is_some() {
                    // The certificates were looked at since the last reading.
                    self.now = self.config.clock.now();
                    request.handshake =
                        since_start(self.now).map(|all| all.saturating_sub(request.connect.unwrap_or_default()));
                }
                let was_readable = event.readable && link.connection.handshake().is_none();
                self.established(index);
                if self.token(index) == event.token {
                    self.read_early(index, event, was_readable);
                }
            }
            Err(error) => {
                // The pool's place, if it is one, goes on to the next attempt.
                self.forget_link(index);
                let addresses = self.config.origins[origin as usize].addresses.len() as u32;
                let another = self.sessions[slot].request.addresses_tried < addresses;
                match error {
                    OpenError::Refused(_) if another => self.open(slot, origin, pool),
                    error => self.open_failed(slot, origin, pool, error),
                }
            }
        }
    }

    /// Reads what came before the first request went out: no event will tell of it again. TLS has looked into its records
    /// by then.
    fn read_early(&mut self, index: u32, event: Event, was_readable: bool) {
        let Some(link) = self.links[index as usize].link.as_ref() else { return };
        let holds_bytes = link.connection.holds_bytes();
        if holds_bytes || event.readable {
            self.receive(index, event.ended, holds_bytes || was_readable);
        }
    }

    /// Reads until the socket is empty, the answer is whole, or the connection is lost. `ended`: the other
    /// side has closed its half, so that it must be read to the end. `before`: the request went out after the wait that
    /// tells of what there is to read had looked.
    fn receive(&mut self, index: u32, ended: bool, before: bool) {
        let mut buffer = std::mem::take(&mut self.read_buffer);
        let (mut reads, token) = (0, self.token(index));
        while let Some(link) = self.links[index as usize].link.as_mut() {
            // Where telling again fails, there is nothing for it but to read on.
            reads += 1;
            if reads > READS_IN_A_ROW && self.poller.tell_again(link.connection.socket(), token).is_ok() {
                break;
            }
            let received = link.connection.read(&mut buffer);
            self.now = self.config.clock.now();
            match received {
                Received::Nothing => break,
                Received::Bytes { n, then } => {
                    let ended = ended || then == Then::End;
                    let generation = self.links[index as usize].generation;
                    self.take(index, &buffer[..n], if ended { Then::End } else { then }, before);
                    let same = self.links[index as usize].generation == generation;
                    let link = self.links[index as usize].link.as_ref();
                    let busy = link.is_some_and(|link| link.busy || link.h2.is_some());
                    // If the other side has closed, its end is still to come.
                    if !same || !busy || (then == Then::Nothing && !ended) {
                        break;
                    }
                }
                Received::End => {
                    self.closed(index, Ok(()), self.closed_words(index));
                    break;
                }
                Received::Broken(broken) => {
                    let reason = if broken.is_no_protocol() { Reason::BadBytes } else { Reason::Reset };
                    self.closed(index, Err(reason), &broken.to_string());
                    break;
                }
            }
        }
        self.read_buffer = buffer;
    }

    /// Takes bytes that were read, and what comes behind them. `before`: as for [`Lane::receive`].
    fn take(&mut self, index: u32, bytes: &[u8], then: Then, before: bool) {
        if self.h2(index).is_some() {
            return self.take_frames(index, bytes);
        }
        let Some(link) = self.links[index as usize].link.as_mut() else { return };
        if let (Some(slot), true) = (link.owner, link.stream.is_some()) {
            self.recorder.counters_of(self.sessions[slot].population).bytes_received += bytes.len() as u64;
            return self.take_messages(index, bytes);
        }
        let (Some(slot), Some(answer)) = (link.owner, link.answer.as_mut()) else {
            self.recorder.counters().bytes_received += bytes.len() as u64;
            return self.spoken_while_idle(index, bytes);
        };
        self.recorder.counters_of(self.sessions[slot].population).bytes_received += bytes.len() as u64;
        let request = &mut self.sessions[slot].request;
        if request.first.is_none() {
            if before && link.exchanges > 1 && says_timed_out(bytes) {
                // A close like any other that crosses the request (R2).
                return self.closed(index, Err(Reason::Reset), "the server had waited too long for a request");
            }
            link.spoke_first = before;
            request.mark_first(self.now, self.now.since(self.looked));
            answer.keep_in(std::mem::take(&mut self.kept));
        }
        request.bytes_received += bytes.len() as u64;
        match answer.feed(bytes, &mut self.heads) {
            Ok(Fed::More) => {}
            Ok(Fed::Whole(used)) => {
                let opened = answer.opened().is_some();
                let clean = !opened && self.is_clean(index, &bytes[used..], then);
                self.answered(index, slot, clean, &bytes[..used]);
                // If that has opened a stream, the rest is its beginning; none may be all of it.
                if self.links[index as usize].link.as_ref().is_some_and(|link| link.stream.is_some()) {
                    self.take_messages(index, &bytes[used..]);
                }
            }
            Err(malformed) => self.bad_bytes(index, slot, &Self::no_http(malformed, bytes), bytes),
        }
    }

    fn bad_bytes(&mut self, index: u32, slot: u32, wrong: &str, bytes: &[u8]) {
        let read_delay = self.read_delay();
        let status = self.links[index as usize].link.as_ref().and_then(|l| l.answer.as_ref()).map_or(0, Answer::status);
        self.sample(slot, (Reason::BadBytes, wrong), Some(index), status, bytes);
        if self.observer.is_some() {
            let beginning = self.beginning(slot, Some(index), bytes);
            self.observe(slot, Some(index), Err((Reason::BadBytes, wrong)), &beginning, &[]);
        }
        self.drop_link(index);
        self.request_ended_wrong(slot, Reason::BadBytes, status, read_delay);
    }

    /// The answer is whole. `clean`: no byte follows it and the other side has not closed. `bytes`: its last.
    fn answered(&mut self, index: u32, slot: u32, clean: bool, bytes: &[u8]) {
        let read_delay = self.read_delay();
        let Some(link) = self.links[index as usize].link.as_mut() else { return };
        if link.spoke_first && link.answer.as_ref().is_some_and(|answer| !refuses_connection(answer.finished())) {
            self.unasked(index, Place::Before, bytes);
            return self.bad_bytes(index, slot, "an answer that was there before its request", bytes);
        }
        let clean = clean && !link.spoke_first;
        let Some(answer) = link.answer.take() else { return };
        let finished = answer.finished();
        let settled = self.settle(slot, index, finished, answer.head(), answer.body(), &answer.beginning(bytes));
        let opened = answer.opened();
        self.keep_memory(answer);
        if let (Settled::Right, Some(body)) = (settled, opened) {
            self.end_request(slot, Ok(()), finished.status, read_delay);
            return self.stream_opened(index, slot, body);
        }
        self.release(index, clean && finished.keep_alive);
        self.proceed(slot, settled, finished.status, read_delay);
    }

    /// Judges a whole answer, unless it is a redirect to be followed; tells of it and keeps an example of a wrong one.
    /// `beginning`: its first bytes.
    pub(super) fn settle(
        &mut self,
        slot: u32,
        index: u32,
        finished: Finished,
        head: &[u8],
        body: (&[u8], bool),
        beginning: &[u8],
    ) -> Settled {
        let follows = self.follows(slot, finished, head);
        if follows == Ok(true) {
            self.observe_redirect(slot, index, head, body.0);
            return Settled::Redirect;
        }
        let outcome = follows.and_then(|_| self.judge(slot, finished, head, body));
        let told = outcome.as_ref().copied().map_err(|(reason, detail)| (*reason, detail.as_str()));
        self.observe(slot, Some(index), told, head, body.0);
        match outcome {
            Ok(()) => Settled::Right,
            Err((reason, detail)) => {
                self.sample(slot, (reason, &detail), Some(index), finished.status, beginning);
                Settled::Wrong(reason)
            }
        }
    }

    /// Takes a session on from an answer, whose connection is given back.
    pub(super) fn proceed(&mut self, slot: u32, settled: Settled, status: u16, read_delay: Span) {
        match settled {
            Settled::Redirect => self.send_on(slot, read_delay),
            Settled::Right => self.request_completed(slot, status, read_delay),
            Settled::Wrong(reason) => self.request_ended_wrong(slot, reason, status, read_delay),
        }
    }

    /// Keeps the memory of an answer for the next.
    fn keep_memory(&mut self, answer: Answer) {
        let kept = answer.into_kept();
        if (self.kept.capacity()..=KEPT_MAX).contains(&kept.capacity()) {
            self.kept = kept;
        }
    }

    /// Whether a whole answer is right; what it gives to keep is kept.
    pub(super) fn judge(
        &mut self,
        slot: u32,
        finished: Finished,
        head: &[u8],
        body: (&[u8], bool),
    ) -> Result<(), Wrong> {
        if finished.cookies {
            self.take_cookies(slot, head);
        }
        let session = &self.sessions[slot];
        let program = self.program(slot, session.request.due.step);
        let jar = self.sessions[self.home(slot)].jar.as_deref().map(|jar| (jar, self.now));
        let whole = WholeAnswer { finished, head, body, conditional: session.request.conditional, jar };
        let judged = inspect::inspect(program, &whole, &self.values(slot), self.config.limits.max_inspected.0);
        let asked = program.request.retry.as_ref().and_then(|_| field(head, "retry-after"));
        let asked = asked.map_or(Span::ZERO, |value| self.asked_to_wait(&value));
        let revalidates = program.request.revalidate && finished.status == 200 && session.hop.is_none();
        self.sessions[slot].request.retry_after = asked;
        if revalidates {
            self.keep_etag(slot, field(head, "etag").as_deref());
        }
        let home = self.home(slot);
        for (into, value) in judged? {
            self.sessions[home].saved[into] = Some(value);
        }
        Ok(())
    }

    /// The connection was closed by the other side, or broken for a reason. Only the first ends a body that lasts up to
    /// the end of its connection (RFC 9112 section 8), as a reset may have cut it anywhere.
    fn closed(&mut self, index: u32, how: Result<(), Reason>, detail: &str) {
        let reason = how.err().unwrap_or(Reason::Reset);
        if self.h2(index).is_some() {
            return self.lost(index, reason, detail);
        }
        let Some(link) = self.links[index as usize].link.as_mut() else { return };
        if link.stream.is_some() {
            return self.stream_closed(index, reason, detail);
        }
        let Some(slot) = link.owner.filter(|_| link.busy) else {
            // Idle: noticed, and no failure (R2).
            return self.drop_link(index);
        };
        if how.is_ok() && link.answer.as_mut().is_some_and(Answer::end) {
            return self.answered(index, slot, false, &[]);
        }
        let reused = link.exchanges > 1;
        let (origin, pool) = (link.origin, link.pool);
        let request = &self.sessions[slot].request;
        let again = reason == Reason::Reset && reused && request.first.is_none() && !request.reconnected;
        if again && self.is_idempotent(slot) {
            self.detach(index, slot);
            self.forget_link(index);
            self.begin_again(slot);
            return self.open(slot, origin, pool);
        }
        let read_delay = self.read_delay();
        self.sample(slot, (reason, detail), Some(index), 0, &[]);
        self.observe(slot, Some(index), Err((reason, detail)), &[], &[]);
        self.drop_link(index);
        self.request_ended_wrong(slot, reason, 0, read_delay);
    }

    /// R2: a request whose connection was lost is to be sent once more on another, its time included.
    pub(super) fn begin_again(&mut self, slot: u32) {
        let read_delay = self.read_delay();
        self.recorder.counters_of(self.sessions[slot].population).reconnected += 1;
        let request = &mut self.sessions[slot].request;
        request.reconnected = true;
        request.addresses_tried = 0;
        request.ours = request.ours.saturating_add(read_delay);
    }

    /// How long what was just read may have been waiting (T3).
    pub(super) fn read_delay(&self) -> Span {
        self.now.since(self.looked)
    }

    /// An exchange is over: the connection is kept for the next, or closed.
    pub(super) fn release(&mut self, index: u32, keep: bool) {
        if self.h2(index).is_some() {
            return self.offer(index);
        }
        let Some(link) = self.links[index as usize].link.as_mut() else { return };
        link.busy = false;
        link.answer = None;
        if !keep || !link.unsent.is_empty() || !link.connection.is_flushed() {
            return self.drop_link(index);
        }
        let (pool, origin) = (link.pool, link.origin);
        if let Some(pool) = pool {
            link.owner = None;
            self.serve_pool(pool, origin, Some(index));
        } else if !link.owner.is_some_and(|slot| self.sessions[slot].connections.contains(&(origin, index))) {
            // Connection: close was asked for, and the other side keeps it open: it is ours to close.
            self.drop_link(index);
        }
    }

    /// Closes a connection; its session or pool does without.
    pub(super) fn drop_link(&mut self, index: u32) {
        let Some(link) = self.links[index as usize].link.as_ref() else { return };
        let (owner, pool, origin) = (link.owner, link.pool, link.origin);
        if let Some(slot) = owner {
            self.detach(index, slot);
        }
        if let Some(pool) = pool {
            self.pools[pool as usize].idle.retain(|idle| *idle != index);
        }
        self.forget_link(index);
        if let Some(pool) = pool {
            self.serve_pool(pool, origin, None);
        }
    }

    pub(super) fn detach(&mut self, index: u32, slot: u32) {
        self.sessions[slot].connections.retain(|(_, link)| *link != index);
    }

    /// Closes the socket and makes every event still on its way to it a stale one.
    pub(super) fn forget_link(&mut self, index: u32) {
        let slot = &mut self.links[index as usize];
        if let Some(link) = slot.link.take() {
            if let Some(owner) = link.owner.filter(|_| link.connection.is_shaking()) {
                self.recorder.counters_of(self.sessions[owner].population).handshakes_failed += 1;
            }
            slot.generation = slot.generation.wrapping_add(1) & 0x7fff_ffff;
            self.free_links.push(index);
        }
    }
}

/// Whether an answer is a server's word why it does not serve a connection: that need not wait for a request.
const fn refuses_connection(finished: Finished) -> bool {
    finished.status >= 400 && !finished.keep_alive
}
