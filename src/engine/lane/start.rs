//! How sessions begin, sleep, wake and end.

use std::cmp::Reverse;

use crate::plan::{Arrival, Due};
use crate::record::{Class, Ended, Reason, Woken};
use crate::unit::{Instant, Span};

use super::super::Load;
use super::super::session::{InFlight, State};
use super::super::unwritable::Unwritable;
use super::Lane;

impl Lane<'_> {
    /// Starts the session of an arrival; or leaves it unsent, whole, if too many requests are open (R6).
    pub(super) fn start_session(&mut self, arrival: Arrival) {
        let slot = self.take_session(arrival);
        let population = &self.plan.populations[arrival.population as usize];
        if let Load::Planned = self.config.load {
            let requests = self.hash.add(&population.path, arrival.session, arrival.due);
            self.recorder.counters_of(arrival.population).requests_planned += requests;
        }
        self.recorder.counters_of(arrival.population).sessions_started += 1;
        if self.in_flight >= self.config.limits.max_in_flight {
            self.end_rest(slot, Reason::InFlight, Some(arrival.due));
            self.end_session(slot, false);
            return;
        }
        self.advance(slot, true);
    }

    /// A slot with the session of an arrival in it, at its beginning.
    fn take_session(&mut self, arrival: Arrival) -> u32 {
        let slot = self.sessions.take();
        let saved_len = self.config.programs[arrival.population as usize].saved_len;
        let session = &mut self.sessions[slot];
        session.begin(arrival.population, arrival.session, arrival.due, saved_len);
        let population = &self.plan.populations[arrival.population as usize];
        session.walk.restart(&population.path, arrival.session);
        slot
    }

    /// Wakes a session whose request has fallen due.
    pub(super) fn wake(&mut self, slot: u32) {
        if let State::BackingOff { until } = self.sessions[slot].state {
            return self.try_again(slot, until);
        }
        let due = self.sessions[slot].request.due;
        self.begin_request(slot, due, true);
    }

    /// Takes a session to its next request, or to its end. `paced`: it was the pacer that came for it.
    pub(super) fn advance(&mut self, slot: u32, paced: bool) {
        let Some(due) = self.next_request(slot) else {
            self.end_session(slot, true);
            return;
        };
        if paced && due.due <= self.now {
            return self.begin_request(slot, due, paced);
        }
        let session = &mut self.sessions[slot];
        session.state = State::Sleeping;
        session.request = InFlight { due, ..InFlight::default() };
        if due.due > self.now {
            self.sleeping.push(Reverse((due.due, slot)));
        } else {
            self.at_once.push(slot);
        }
    }

    /// Sends what was due as soon as the answer before it was read.
    pub(super) fn send_at_once(&mut self) {
        let mut at_once = std::mem::take(&mut self.at_once);
        for slot in at_once.drain(..) {
            let due = self.sessions[slot].request.due;
            self.begin_request(slot, due, false);
        }
        at_once.append(&mut self.at_once);
        self.at_once = at_once;
        self.flush();
    }

    fn next_request(&mut self, slot: u32) -> Option<Due> {
        match self.config.load {
            Load::Planned => {
                let session = &mut self.sessions[slot];
                let population = &self.plan.populations[session.population as usize];
                let due = session.walk.next_of(&population.path, session.previous_done, &session.saved);
                let extra = due.is_some_and(|due| due.extra);
                self.recorder.counters_of(session.population).extra_due += u64::from(extra);
                self.turn_transactions(slot, due.map(|due| due.due));
                due
            }
            Load::Closed { until, .. } => self.next_in_closed_loop(slot, until),
        }
    }

    /// Closed loop: each connection repeats the request at once, while time and budget last.
    fn next_in_closed_loop(&mut self, slot: u32, until: Option<Instant>) -> Option<Due> {
        if until.is_some_and(|until| self.now >= until) {
            return None;
        }
        if let Some(budget) = &mut self.closed_budget {
            *budget = budget.checked_sub(1)?;
        }
        self.recorder.counters_of(self.sessions[slot].population).requests_planned += 1;
        Some(Due { step: 0, due: self.sessions[slot].previous_done, nth: 0, extra: false })
    }

    /// Takes a request up: from here on it is in flight.
    pub(super) fn begin_request(&mut self, slot: u32, due: Due, paced: bool) {
        if let Some(room) = self.group_at(slot, due.step) {
            return self.begin_group(slot, due, room, paced);
        }
        let timeout = self.program(slot, due.step).timeout;
        let session = &mut self.sessions[slot];
        // T2: ready is the later of due and the done of the session's previous request.
        let woken = Woken {
            due: due.due,
            ready: due.due.max(session.previous_done),
            woke: self.now,
            paced: paced && matches!(self.config.load, Load::Planned),
        };
        session.request = InFlight::new(due, woken);
        session.serial = session.serial.wrapping_add(1);
        self.in_flight += 1;
        self.recorder.woken(&woken);
        if !due.extra {
            self.recorder.delivered(self.now);
        }
        self.pay_in(slot, due.step);
        self.request_deadlines.set(slot, self.now, timeout);
        self.find_connection(slot);
    }

    /// A request was answered rightly: the session goes on.
    pub(super) fn request_completed(&mut self, slot: u32, status: u16, read_delay: Span) {
        self.end_request(slot, Ok(()), status, read_delay);
        if let Some(parent) = self.sessions[slot].parent {
            return self.part_ended(slot, parent, None, false);
        }
        self.sessions[slot].previous_done = self.now;
        self.advance(slot, false);
    }

    /// A request failed without an answer that could say more: its connection, if it has one to itself, is lost.
    pub(super) fn request_failed(&mut self, slot: u32, reason: Reason, detail: &str) {
        let (connection, stream) = match self.sessions[slot].state {
            State::Sent { connection, stream } => (Some(connection), stream),
            State::Connecting { connection } => (Some(connection), 0),
            _ => (None, 0),
        };
        self.sample(slot, (reason, detail), connection, 0, &[]);
        self.observe(slot, connection, Err((reason, detail)), &[], &[]);
        if let Some(connection) = connection
            && !self.cancel_stream(connection, stream)
        {
            self.drop_link(connection);
        }
        self.request_ended_wrong(slot, reason, 0, Span::ZERO);
    }

    /// Counts a request that was not right, and takes its session on as S5 says.
    pub(super) fn request_ended_wrong(&mut self, slot: u32, reason: Reason, status: u16, read_delay: Span) {
        self.opening_ended(slot, Err(reason));
        if self.retry(slot, reason, status, read_delay) {
            // It may have been the one of its group that was opening a connection.
            return self.sessions[slot].parent.map_or((), |parent| self.serve_streams(parent));
        }
        self.end_request(slot, Err(reason), status, read_delay);
        if let Some(parent) = self.sessions[slot].parent {
            return self.part_ended(slot, parent, Some(reason), false);
        }
        self.sessions[slot].previous_done = self.now;
        if reason.class() == Class::Unsent {
            // R3: what we could not send is unsent, with the rest of its session.
            self.end_with(slot, reason);
        } else {
            self.go_on_after_failure(slot);
        }
    }

    /// Takes a session on behind what has failed (S5).
    pub(super) fn go_on_after_failure(&mut self, slot: u32) {
        if self.config.programs[self.sessions[slot].population as usize].ends_on_failure {
            self.end_with(slot, Reason::NotAttempted);
        } else {
            self.advance(slot, false);
        }
    }

    /// Ends a session before its path does; what is left of that is recorded with this reason.
    pub(super) fn end_with(&mut self, slot: u32, reason: Reason) {
        self.end_rest(slot, reason, None);
        self.end_session(slot, false);
    }

    /// The request cannot be written (S5): it and what follows are not attempted.
    pub(super) fn request_not_possible(&mut self, slot: u32, why: Unwritable) {
        let wrong = (Reason::NotAttempted, why.words());
        self.sample(slot, wrong, None, 0, &[]);
        self.observe(slot, None, Err(wrong), &[], &[]);
        self.end_request(slot, Err(Reason::NotAttempted), 0, Span::ZERO);
        if let Some(parent) = self.sessions[slot].parent {
            return self.part_ended(slot, parent, Some(Reason::NotAttempted), true);
        }
        self.sessions[slot].previous_done = self.now;
        self.end_with(slot, Reason::NotAttempted);
    }

    /// Records the end of the request in flight.
    pub(super) fn end_request(&mut self, slot: u32, outcome: Result<(), Reason>, status: u16, read_delay: Span) {
        self.in_flight -= 1;
        if let Err(reason) = outcome {
            self.opening_ended(slot, Err(reason));
        }
        self.request_deadlines.clear(slot);
        self.connect_deadlines.clear(slot);
        let program = self.program(slot, self.sessions[slot].request.due.step);
        let (recorded, timeout) = (program.recorded, program.timeout);
        if program.request.stream.is_some() {
            self.measure_open(slot, outcome, read_delay);
            if outcome.is_err() {
                self.save_ending(slot, "lost");
            }
        }
        self.sessions[slot].hop = None;
        let session = &self.sessions[slot];
        let request = &session.request;
        self.recorder.ended(&Ended {
            population: session.population,
            step: recorded,
            extra: request.due.extra,
            outcome,
            woken: request.woken,
            taken_up: true,
            sent: request.sent,
            first: request.first,
            done: self.now,
            read_delay,
            first_read_delay: request.first_read_delay,
            timeout,
            connect: request.connect,
            handshake: request.handshake,
            pool_wait: request.pool_wait,
            status,
            bytes_sent: request.bytes_sent,
            bytes_received: request.bytes_received,
            exchanges: request.exchanges,
            ours_before: request.ours,
            ours_before_sent: request.ours_before_sent,
        });
        let ours = request.our_lateness(read_delay);
        self.count_in_transactions(slot, outcome, ours);
    }

    /// Records everything that a session still had planned, none of which will be sent.
    /// `arrived`: the session has not begun, so that nothing of it was taken yet.
    fn end_rest(&mut self, slot: u32, reason: Reason, arrived: Option<Instant>) {
        if !matches!(self.config.load, Load::Planned) {
            return;
        }
        let mut previous = arrived.unwrap_or(self.sessions[slot].previous_done);
        loop {
            let session = &mut self.sessions[slot];
            let population = &self.plan.populations[session.population as usize];
            let due = session.walk.next(&population.path, previous);
            self.turn_transactions(slot, due.map(|due| due.due));
            let Some(due) = due else { break };
            previous = due.due.max(previous);
            // What the target never asked for is none of the load.
            if !due.extra {
                self.end_unsent(slot, due, reason);
            }
        }
    }

    fn end_unsent(&mut self, slot: u32, due: Due, reason: Reason) {
        let program = self.program(slot, due.step);
        let (recorded, timeout) = (program.recorded, program.timeout);
        if !due.extra && reason != Reason::NotBegun {
            self.recorder.delivered(self.now);
        }
        // An unsent first request was due and taken up, as far as it went: its lag counts in R6.
        let woke = if due.due <= self.now { self.now } else { due.due };
        self.count_in_transactions(slot, Err(reason), woke.since(due.due));
        self.recorder.ended(&Ended {
            population: self.sessions[slot].population,
            step: recorded,
            extra: due.extra,
            outcome: Err(reason),
            woken: Woken { due: due.due, ready: due.due, woke, paced: false },
            taken_up: false,
            sent: None,
            first: None,
            done: self.now,
            read_delay: Span::ZERO,
            first_read_delay: Span::ZERO,
            timeout,
            connect: None,
            handshake: None,
            pool_wait: None,
            status: 0,
            bytes_sent: 0,
            bytes_received: 0,
            exchanges: 0,
            ours_before: Span::ZERO,
            ours_before_sent: Span::ZERO,
        });
    }

    /// Ends a session: its connections close, its slot is free.
    fn end_session(&mut self, slot: u32, completed: bool) {
        self.recorder.counters_of(self.sessions[slot].population).sessions_completed += u64::from(completed);
        self.stream_not_again(slot);
        while let Some((_, link)) = self.sessions[slot].connections.pop() {
            self.forget_link(link);
        }
        // Now, not when the slot is used again: others return with what it leaves behind.
        self.sessions[slot].visitors.clear();
        self.sessions.give_back(slot);
    }

    /// The run ends with sessions alive: what is open or still planned in them is unfinished (R3). Sessions that did
    /// not begin are accounted for by the hub, which knows how many there were to be: a plan may have millions left.
    pub(super) fn leave_unfinished(&mut self, reason: Reason) {
        if reason == Reason::Stopped {
            self.recorder.stopped(self.now);
        }
        let not_begun = reason.of_unbegun();
        self.leave_parts(reason);
        for slot in self.sessions.alive() {
            if let Some(lost) = &mut self.sessions[slot].lost {
                lost.reason = reason;
            }
            match self.sessions[slot].state {
                State::Free => {}
                State::Parallel => self.sessions[slot].previous_done = self.now,
                State::Sleeping => {
                    let due = self.sessions[slot].request.due;
                    self.end_unsent(slot, due, not_begun);
                    self.sessions[slot].previous_done = due.due;
                }
                State::Streaming { connection } => {
                    self.leave_stream(connection, reason);
                    // The transactions that the stream is in have not ended.
                    self.count_in_transactions(slot, Err(reason), Span::ZERO);
                    self.sessions[slot].previous_done = self.now;
                }
                State::Queued
                | State::Unconnected
                | State::BackingOff { .. }
                | State::Connecting { .. }
                | State::Sent { .. } => {
                    self.end_request(slot, Err(reason), 0, Span::ZERO);
                    self.sessions[slot].previous_done = self.now;
                }
            }
            self.end_with(slot, not_begun);
        }
    }
}
