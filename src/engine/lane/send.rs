//! From a woken request to bytes on the wire: finding a connection, opening one, writing.

use crate::plan::returns;
use crate::record::Reason;
use crate::scenario::Connection as Policy;
use crate::unit::Span;
use crate::wire::h1::{Answer, Want};
use crate::wire::tls::{Handshake, HandshakeError};
use crate::wire::{Connection, OpenError, Wrote};

use super::super::program::{Program, Values};
use super::super::session::State;
use super::{Lane, Link, Unopened};

/// Bytes of a body that are kept for an observer or a failure sample.
const OBSERVED_BODY: usize = 64 << 10;

impl Lane<'_> {
    pub(super) fn program(&self, slot: u32, step: u32) -> &Program {
        let programs = &self.config.programs[self.sessions[slot].population as usize];
        programs.steps[step as usize].as_ref().expect("a walk gives only steps that send something")
    }

    /// Sends the session's request on a connection that is free for it, or waits for one (S7).
    pub(super) fn find_connection(&mut self, slot: u32) {
        let session = &self.sessions[slot];
        let origin = self.program(slot, session.request.due.step).request.origin as u16;
        match self.config.programs[session.population as usize].connection {
            Policy::Request => self.open(slot, origin, None),
            Policy::Session => match session.connections.iter().find(|(of, _)| *of == origin) {
                Some(&(_, link)) => self.send(slot, link),
                None => self.open(slot, origin, None),
            },
            Policy::Shared { .. } => self.join_pool(slot, origin),
        }
    }

    fn join_pool(&mut self, slot: u32, origin: u16) {
        let index = self.sessions[slot].population as usize * self.config.origins.len() + origin as usize;
        let pool = &mut self.pools[index];
        if let Some(link) = pool.idle.pop() {
            self.send(slot, link);
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
        while let Some((slot, serial)) = self.pools[index as usize].waiting.pop_front() {
            let session = &mut self.sessions[slot];
            if session.serial != serial || session.state != State::Queued {
                continue;
            }
            let waited = session.request.queued_at.map(|since| self.now.since(since));
            session.request.pool_wait = waited;
            match free {
                Some(link) => self.send(slot, link),
                None => self.open(slot, origin, Some(index)),
            }
            return;
        }
        match free {
            Some(link) => self.pools[index as usize].idle.push(link),
            None => self.pools[index as usize].open -= 1,
        }
    }

    /// Begins to open a connection for a session, to the next of the origin's addresses.
    pub(super) fn open(&mut self, slot: u32, origin: u16, pool: Option<u16>) {
        let addresses = self.config.origins[origin as usize].addresses.len() as u32;
        loop {
            let next = &mut self.next_address[origin as usize];
            let address = self.config.origins[origin as usize].addresses[*next % addresses as usize];
            *next = next.wrapping_add(1);
            self.sessions[slot].request.addresses_tried += 1;
            let connection = Connection::open(&address, &mut self.sources);
            match connection.and_then(|connection| self.secured(connection, slot, origin, pool)) {
                Ok(connection) => return self.opening(slot, origin, pool, connection),
                Err(OpenError::Refused(_)) if self.sessions[slot].request.addresses_tried < addresses => {}
                Err(error) => return self.unopened(slot, origin, pool, error),
            }
        }
    }

    /// A connection with TLS on it, if the origin speaks it: as the visitor that the session, or the pool, is there.
    fn secured(
        &mut self,
        connection: Connection,
        slot: u32,
        origin: u16,
        pool: Option<u16>,
    ) -> Result<Connection, OpenError> {
        let Some(client) = &self.config.origins[origin as usize].tls else { return Ok(connection) };
        let session = &mut self.sessions[slot];
        let visitor = match pool {
            Some(pool) => self.pools[pool as usize].visitor.get_or_insert_with(|| client.visitor(None, false)),
            None => {
                let known = session.visitors.iter().position(|(of, _)| *of == origin);
                let index = known.unwrap_or_else(|| {
                    let pool = session.population as usize * self.config.origins.len() + origin as usize;
                    let returning = self.config.programs[session.population as usize].returning;
                    let seed = self.plan.populations[session.population as usize].path.seed;
                    // Tickets are left behind only where somebody returns for them.
                    let tickets = (returning > 0.0).then_some(&self.pools[pool].tickets);
                    let visitor = client.visitor(tickets, returns(seed, session.number, returning));
                    session.visitors.push((origin, visitor));
                    session.visitors.len() - 1
                });
                &mut session.visitors[index].1
            }
        };
        Ok(connection.with_tls(visitor.session().map_err(OpenError::Handshake)?))
    }

    /// Told in the next turn and not at once: a session of many requests to an address that is refused on
    /// the spot would otherwise run through all of them on one stack.
    fn unopened(&mut self, slot: u32, origin: u16, pool: Option<u16>, error: OpenError) {
        let session = &mut self.sessions[slot];
        session.state = State::Unconnected;
        self.unopened.push(Unopened { slot, serial: session.serial, origin, pool, error });
    }

    /// Ends the requests whose connections could not begin to open in the turn before.
    pub(super) fn fail_unopened(&mut self) {
        for Unopened { slot, serial, origin, pool, error } in std::mem::take(&mut self.unopened) {
            let session = &self.sessions[slot];
            if session.state == State::Unconnected && session.serial == serial {
                self.open_failed(slot, origin, pool, error);
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
            origin,
            pool,
            owner: Some(slot),
            busy: true,
            exchanges: 0,
            answer: None,
            unsent: Vec::new(),
        });
        let timeout = self.config.limits.connect_timeout;
        let session = &mut self.sessions[slot];
        session.state = State::Connecting { connection: link };
        session.request.connect_started.get_or_insert(self.now);
        self.connect_deadlines.set(slot, self.now, timeout);
    }

    /// No connection could be opened: ours or the target's doing (R3).
    pub(super) fn open_failed(&mut self, slot: u32, origin: u16, pool: Option<u16>, error: OpenError) {
        let (reason, detail) = match error {
            OpenError::Descriptors => (Reason::Descriptors, "no file descriptor left: raise `ulimit -n`".to_owned()),
            OpenError::Ports => (Reason::Ports, "no local port left towards the target".to_owned()),
            OpenError::Memory => (Reason::Memory, "the kernel has no memory for another connection".to_owned()),
            OpenError::Refused(errno) => (Reason::Refused, errno.to_string()),
            OpenError::Handshake(error) => {
                let reason = match error {
                    HandshakeError::Lost(_) => Reason::Reset,
                    HandshakeError::NotTls(_) => Reason::BadBytes,
                    HandshakeError::Refused(_) => Reason::Refused,
                };
                (reason, error.words().to_owned())
            }
        };
        self.sample(slot, (reason, &detail), None, 0, &[]);
        self.observe(slot, None, Err((reason, &detail)), &[]);
        self.request_ended_wrong(slot, reason, 0, Span::ZERO);
        if let Some(pool) = pool {
            self.serve_pool(pool, origin, None);
        }
    }

    /// A connection is established: the request goes out.
    pub(super) fn established(&mut self, index: u32) {
        let Some(link) = self.links[index as usize].link.as_mut() else { return };
        link.open = true;
        link.opened_at = self.now;
        let (origin, pool) = (link.origin, link.pool);
        let Some(slot) = link.owner else { return };
        let counters = self.recorder.counters_of(self.sessions[slot].population);
        counters.connections_opened += 1;
        match link.connection.handshake() {
            Some(Handshake::Full) => counters.handshakes_full += 1,
            Some(Handshake::Resumed) => counters.handshakes_resumed += 1,
            None => {}
        }
        self.connect_deadlines.clear(slot);
        let session = &mut self.sessions[slot];
        if pool.is_none() && self.config.programs[session.population as usize].connection == Policy::Session {
            session.connections.push((origin, index));
        }
        self.send(slot, index);
    }

    /// Writes the session's request on an open connection.
    pub(super) fn send(&mut self, slot: u32, index: u32) {
        let mut out = std::mem::take(&mut self.out);
        out.clear();
        let rendered = self.render(slot, &mut out);
        if rendered.is_err() {
            self.out = out;
            self.request_not_possible(slot);
            return self.release(index, true);
        }
        let want = self.want(slot);
        let now = self.config.clock.now();
        self.now = now;
        let Some(link) = self.links[index as usize].link.as_mut() else { return };
        link.owner = Some(slot);
        link.busy = true;
        link.answer = Some(Answer::new(want));
        let reused = link.exchanges > 0;
        link.exchanges += 1;
        let session = &mut self.sessions[slot];
        session.state = State::Sent { connection: index };
        session.request.sent = Some(now);
        session.request.bytes_sent += out.len() as u64;
        let counters = self.recorder.counters_of(session.population);
        counters.exchanges += 1;
        counters.connections_reused += u64::from(reused);
        counters.bytes_sent += out.len() as u64;
        match link.connection.write(&out) {
            Wrote::Bytes(n) if n == out.len() => {}
            Wrote::Bytes(n) => link.unsent.extend_from_slice(&out[n..]),
            // What is wrong with the connection shows when it is read: there may even be an answer.
            Wrote::Broken(_) => {}
        }
        self.out = out;
    }

    /// Writes on what the socket did not take before.
    pub(super) fn send_rest(&mut self, index: u32) {
        let Some(link) = self.links[index as usize].link.as_mut() else { return };
        link.connection.flush();
        if link.unsent.is_empty() {
            return;
        }
        if let Wrote::Bytes(n) = link.connection.write(&link.unsent) {
            link.unsent.drain(..n);
        }
    }

    fn render(&mut self, slot: u32, out: &mut Vec<u8>) -> Result<(), super::super::program::Missing> {
        let mut url = std::mem::take(&mut self.url);
        url.clear();
        let session = &self.sessions[slot];
        let values = self.values(slot);
        let program = self.program(slot, session.request.due.step);
        let mut conditional = false;
        let rendered = if program.request.revalidate {
            program.render_url(&values, &mut url).and_then(|()| {
                let etag = session.etag(&String::from_utf8_lossy(&url));
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
            saved: &session.saved,
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
            head: observed || request.revalidate || !request.expect.is_empty() || !request.save.is_empty(),
            body: inspected.or(observed.then_some(OBSERVED_BODY)),
            head_max: limits.max_head.0 as usize,
            body_max: limits.max_body.0,
        }
    }
}
