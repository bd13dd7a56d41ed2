//! From a woken request to bytes on the wire: finding a connection, opening one, writing.

use bytes::{Buf, BytesMut};
use rustix::io::Errno;

use crate::record::{Reason, Sampled};
use crate::scenario::{Connection as Policy, HttpVersion};
use crate::unit::{Instant, Span};
use crate::wire::h1::{Answer, Want};
use crate::wire::tls::{Handshake, HandshakeError};
use crate::wire::{Connection, OpenError, Token, Wrote};

use super::super::limits;
use super::super::program::Program;
use super::super::session::State;
use super::super::unwritable::Unwritable;
use super::super::values::Values;
use super::{Lane, Link};

/// Bytes of a body that are kept for an observer or a failure sample.
const OBSERVED_BODY: usize = 64 << 10;

impl Lane<'_> {
    pub(super) fn program(&self, slot: u32, step: u32) -> &Program {
        let programs = &self.config.programs[self.sessions[slot].population as usize];
        programs.steps[step as usize].as_ref().expect("a walk gives only steps that send something")
    }

    /// The population and the step, as the record has them, of the session's request.
    fn asked(&self, slot: u32) -> (u16, u16) {
        let session = &self.sessions[slot];
        (session.population, self.program(slot, session.request.due.step).recorded)
    }

    /// Sends the session's request on a connection that is free for it, or waits for one (S7).
    pub(super) fn find_connection(&mut self, slot: u32) {
        let session = &self.sessions[slot];
        let origin = self.origin(slot) as u16;
        if let Some(parent) = session.parent {
            return self.find_connection_of_part(slot, parent, origin);
        }
        match self.config.programs[session.population as usize].connection {
            _ if self.opens_stream(slot) => self.open(slot, origin, None),
            Policy::Request => self.open(slot, origin, None),
            Policy::Session => match session.connections.iter().find(|(of, _)| *of == origin) {
                Some(&(_, link)) if self.takes_another(link) => self.send(slot, link),
                // The server takes none now: the connection is offered when it does.
                Some(_) => self.sessions[slot].state = State::Queued,
                None => self.open(slot, origin, None),
            },
            Policy::Shared { .. } => self.join_pool(slot, origin),
        }
    }

    pub(super) fn join_pool(&mut self, slot: u32, origin: u16) {
        let index = self.sessions[slot].population as usize * self.config.origins.len() + origin as usize;
        let pool = &mut self.pools[index];
        if let Some(link) = pool.idle.pop_back() {
            self.unlisted(link);
            self.send(slot, link);
            self.offer(link);
        } else if pool.open < pool.size {
            pool.open += 1;
            self.open(slot, origin, Some(index as u16));
        } else {
            let session = &mut self.sessions[slot];
            session.state = State::Queued;
            session.request.queued_at = Some(self.now);
            pool.waiting.push_back((slot, session.serial));
        }
    }

    /// Gives the place of a pool to the first that still waits for it: a free connection, or the right to open one.
    pub(super) fn serve_pool(&mut self, index: u16, origin: u16, free: Option<u32>) {
        match (self.next_waiting(index), free) {
            (Some(slot), Some(link)) => self.send(slot, link),
            (Some(slot), None) => self.open(slot, origin, Some(index)),
            (None, Some(link)) => self.pools[index as usize].idle.push_back(link),
            (None, None) => self.pools[index as usize].open -= 1,
        }
    }

    /// The first session that still waits for a place of a pool; it waits no longer.
    pub(super) fn next_waiting(&mut self, index: u16) -> Option<u32> {
        while let Some((slot, serial)) = self.pools[index as usize].waiting.pop_front() {
            let session = &mut self.sessions[slot];
            if session.serial == serial && session.state == State::Queued {
                session.request.pool_wait = session.request.queued_at.map(|since| self.now.since(since));
                return Some(slot);
            }
        }
        None
    }

    /// Begins to open a connection for a session, to the next of the origin's addresses.
    pub(super) fn open(&mut self, slot: u32, origin: u16, pool: Option<u16>) {
        if self.no_room.iter().any(|waiting| waiting.origin == origin) {
            return self.wait_for_room(slot, origin, pool);
        }
        let addresses = self.config.origins[origin as usize].addresses.len() as u32;
        loop {
            let next = &mut self.next_address[origin as usize];
            let address = &self.config.origins[origin as usize].addresses[*next % addresses as usize];
            *next = next.wrapping_add(1);
            self.sessions[slot].request.addresses_tried += 1;
            let connection = Connection::open(address, &mut self.sources[origin as usize]);
            match connection.and_then(|connection| self.secured(connection, slot, origin, pool)) {
                Ok(connection) => return self.opening(slot, origin, pool, connection),
                Err(OpenError::Refused(_)) if self.sessions[slot].request.addresses_tried < addresses => {}
                Err(OpenError::Full) => return self.wait_for_room(slot, origin, pool),
                Err(error) => return self.unopened(slot, origin, pool, error),
            }
        }
    }

    fn opening(&mut self, slot: u32, origin: u16, pool: Option<u16>, connection: Connection) {
        let link = self.free_links.pop().unwrap_or_else(|| {
            self.links.push(super::LinkSlot::default());
            (self.links.len() - 1) as u32
        });
        if self.poller.watch(connection.socket(), self.token(link)).is_err() {
            // Only a lack of kernel memory or of epoll watches refuses a socket that is open.
            self.free_links.push(link);
            return self.unopened(slot, origin, pool, OpenError::Memory);
        }
        self.links[link as usize].link = Some(Link {
            connection,
            opened_at: self.now,
            open: false,
            asked: self.asked(slot),
            sent: Instant::ZERO,
            spoke_first: false,
            origin,
            pool,
            owner: Some(slot),
            busy: true,
            exchanges: 0,
            answer: None,
            unsent: BytesMut::new(),
            h2: None,
            stream: None,
        });
        let timeout = self.config.limits.connect_timeout;
        let session = &mut self.sessions[slot];
        session.state = State::Connecting { connection: link };
        session.request.connect_started.get_or_insert(self.now);
        self.connect_deadlines.set(slot, self.now, timeout);
    }

    /// No connection could be opened: ours or the target's doing (R3).
    pub(super) fn open_failed(&mut self, slot: u32, origin: u16, pool: Option<u16>, error: OpenError) {
        let reason = match &error {
            OpenError::Descriptors => Reason::Descriptors,
            OpenError::Ports => Reason::Ports,
            OpenError::Memory => Reason::Memory,
            OpenError::Full | OpenError::Refused(_) | OpenError::Handshake(HandshakeError::Refused(_)) => {
                Reason::Refused
            }
            OpenError::Handshake(HandshakeError::Lost(_)) => Reason::Reset,
            OpenError::Handshake(HandshakeError::NotTls(_)) => Reason::BadBytes,
        };
        let sharers = self.take_sharers(slot);
        let told = self.recorder.wants_sample(Sampled::Request, reason) || self.observer.is_some();
        let detail = if told { self.why_unopened(origin, &error) } else { String::new() };
        self.sample(slot, (reason, &detail), None, 0, &[]);
        self.observe(slot, None, Err((reason, &detail)), &[], &[]);
        self.request_ended_wrong(slot, reason, 0, Span::ZERO);
        self.fail_sharers(sharers, (reason, &detail));
        if let Some(pool) = pool {
            self.serve_pool(pool, origin, None);
        }
    }

    /// What was wanting, with the limit in numbers and what would raise it.
    fn why_unopened(&self, origin: u16, error: &OpenError) -> String {
        let origin = &self.config.origins[origin as usize];
        match error {
            OpenError::Descriptors => limits::no_descriptor(),
            OpenError::Ports => {
                let opened = self.opened * u64::from(self.config.lanes);
                let per_second = opened as f64 / self.now.since(Instant::ZERO).as_secs_f64().max(1.0);
                limits::no_port(&origin.authority, origin.sources.len(), per_second)
            }
            OpenError::Memory => {
                "the kernel has no memory for another connection (net.ipv4.tcp_mem, or a limit on the \
                                  memory of this process's group)"
                    .to_owned()
            }
            OpenError::Full => Errno::AGAIN.to_string(),
            OpenError::Refused(errno) => errno.to_string(),
            OpenError::Handshake(error) => error.words().to_owned(),
        }
    }

    /// A connection is established: the request goes out.
    pub(super) fn established(&mut self, index: u32) {
        let Some(link) = self.links[index as usize].link.as_mut() else { return };
        link.open = true;
        link.opened_at = self.now;
        self.opened += 1;
        let (origin, pool) = (link.origin, link.pool);
        let agreed = link.connection.protocol() == Some(b"h2");
        let (handshake, Some(slot)) = (link.connection.handshake(), link.owner) else { return };
        let streams = self.opens_stream(slot);
        let counters = self.recorder.counters_of(self.sessions[slot].population);
        counters.connections_opened += 1;
        match handshake {
            Some(Handshake::Full) => counters.handshakes_full += 1,
            Some(Handshake::Resumed) => counters.handshakes_resumed += 1,
            None => {}
        }
        self.connect_deadlines.clear(slot);
        self.opening_ended(slot, Ok(()));
        let two = !streams && (agreed || self.config.http[origin as usize].version == HttpVersion::Two);
        let policy = self.config.programs[self.sessions[slot].population as usize].connection;
        if pool.is_none() && !streams && policy == Policy::Session {
            // One of HTTP/2 is for the others of a group too.
            let keeper = if two { self.home(slot) } else { slot };
            self.sessions[keeper].connections.push((origin, index));
        }
        if two {
            self.multiplex(index, slot);
        }
        self.send(slot, index);
        self.offer(index);
    }

    /// Writes the session's request on an open connection.
    pub(super) fn send(&mut self, slot: u32, index: u32) {
        let mut out = std::mem::take(&mut self.out);
        out.clear();
        if let Err(why) = self.render(slot, &mut out) {
            self.out = out;
            return self.impossible_on(slot, index, why);
        }
        self.redirect(slot, &mut out);
        self.add_cookies(slot, &mut out);
        self.keep_rendered(slot, &out);
        let want = self.want(slot);
        let asked = self.asked(slot);
        if let Some(link) = self.links[index as usize].link.as_mut() {
            link.asked = asked;
        }
        if self.h2(index).is_some() {
            self.send_stream(slot, index, &out, want);
            self.out = out;
            return;
        }
        let now = self.config.clock.now();
        self.now = now;
        let Some(link) = self.links[index as usize].link.as_mut() else { return };
        link.owner = Some(slot);
        link.busy = true;
        link.sent = now;
        link.answer = Some(Answer::new(want));
        let reused = link.exchanges > 0;
        link.exchanges += 1;
        let session = &mut self.sessions[slot];
        session.state = State::Sent { connection: index, stream: 0 };
        session.mark_sent(now);
        session.request.exchanges += 1;
        let counters = self.recorder.counters_of(session.population);
        counters.exchanges += 1;
        counters.connections_reused += u64::from(reused);
        match link.connection.write(&out) {
            Wrote::Bytes(n) => {
                link.unsent.extend_from_slice(&out[n..]);
                self.count_sent(slot, n);
            }
            // What is wrong with the connection shows when it is read: there may even be an answer.
            Wrote::Broken(_) => {}
        }
        self.out = out;
    }

    /// Counts what the socket took, not what was to be sent: an answer may come before all of a body is written.
    fn count_sent(&mut self, slot: u32, n: usize) {
        let session = &mut self.sessions[slot];
        session.request.bytes_sent += n as u64;
        self.recorder.counters_of(session.population).bytes_sent += n as u64;
    }

    pub(super) fn token(&self, link: u32) -> Token {
        Token(u64::from(self.links[link as usize].generation) << 32 | u64::from(link))
    }

    /// Writes on what the socket did not take before.
    pub(super) fn send_rest(&mut self, index: u32) {
        let Some(link) = self.links[index as usize].link.as_mut() else { return };
        link.connection.flush();
        if link.stream.is_some() {
            return self.stream_writable(index);
        }
        if link.unsent.is_empty() {
            return;
        }
        let owner = link.owner;
        if let Wrote::Bytes(n) = link.connection.write(&link.unsent) {
            link.unsent.advance(n);
            if let Some(slot) = owner {
                self.count_sent(slot, n);
            }
        }
    }

    fn render(&mut self, slot: u32, out: &mut Vec<u8>) -> Result<(), Unwritable> {
        let mut url = std::mem::take(&mut self.url);
        url.clear();
        let session = &self.sessions[slot];
        let values = self.values(slot);
        let program = self.program(slot, session.request.due.step);
        let mut conditional = false;
        let rendered = if program.request.revalidate {
            program.render_url(&values, &mut url).and_then(|()| {
                let etag = self.sessions[self.home(slot)].etag(&String::from_utf8_lossy(&url));
                conditional = etag.is_some();
                program.render(&values, etag, out)
            })
        } else {
            program.render(&values, None, out)
        };
        self.url = url;
        self.sessions[slot].request.conditional = conditional;
        rendered
    }

    pub(super) fn values(&self, slot: u32) -> Values<'_> {
        let session = &self.sessions[slot];
        Values {
            path: &self.plan.populations[session.population as usize].path,
            programs: &self.config.programs[session.population as usize],
            session: session.number,
            nth: session.request.due.nth,
            input: 0,
            message: 0,
            saved: &self.sessions[self.home(slot)].saved,
            run_id: &self.config.run_id,
        }
    }

    fn want(&self, slot: u32) -> Want {
        let request = &self.program(slot, self.sessions[slot].request.due.step).request;
        let limits = &self.config.limits;
        let observed = self.observer.is_some();
        let inspected = request.inspects_body().then_some(limits.max_inspected.0 as usize + 1);
        Want {
            to_head: request.method == "HEAD",
            opens: request.stream.as_ref().map(|stream| stream.kind.status()),
            cookies: self.config.programs[self.sessions[slot].population as usize].cookies,
            head: observed || request.inspects_head(),
            body: inspected.or(observed.then_some(OBSERVED_BODY)),
            head_max: limits.max_head.0 as usize,
            body_max: limits.max_body.0,
        }
    }
}
