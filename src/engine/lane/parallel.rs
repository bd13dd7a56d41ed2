//! Parallel groups: requests of a session that are open at once, such as what a page consists of.
//!
//! Each request of a group has a slot of its own, a part: so it has its own deadline, connection and outcome like any
//! other. What belongs to the session stays with its parent slot: values, ETags, visitors, transactions, and the
//! connections that are idle, which parts borrow. The parent goes on when its last part has ended.

use crate::plan::Due;
use crate::record::{Class, Reason};
use crate::scenario::Connection as Policy;
use crate::unit::Span;

use super::super::session::{Group, State};
use super::Lane;

impl Lane<'_> {
    /// The slot of the session that a slot belongs to: its own, or its parent's.
    pub(super) fn home(&self, slot: u32) -> u32 {
        self.sessions[slot].parent.unwrap_or(slot)
    }

    /// How many of its requests may be open at once, if a session's request is the first of a group.
    pub(super) fn group_at(&self, slot: u32, step: u32) -> Option<u32> {
        let session = &self.sessions[slot];
        let groups = &self.config.programs[session.population as usize].groups;
        groups.iter().find(|(body, _)| body.start == step && session.parent.is_none()).map(|(_, room)| *room)
    }

    /// Takes up all requests of the group whose first is due.
    pub(super) fn begin_group(&mut self, slot: u32, first: Due, room: u32, paced: bool) {
        let session = &mut self.sessions[slot];
        let programs = &self.config.programs[session.population as usize];
        let size = programs.groups.iter().find(|(body, _)| body.start == first.step).map_or(1, |(body, _)| body.len());
        let path = &self.plan.populations[session.population as usize].path;
        let mut requests = vec![first];
        // Fewer where the plan cuts the session (P2).
        requests.extend((1..size).map_while(|_| session.walk.next(path, first.due)));
        let extra = requests[1..].iter().filter(|due| due.extra).count();
        self.recorder.counters_of(session.population).extra_due += extra as u64;
        let left = requests.len() as u32;
        session.group = Some(Box::new(Group { room, left, ..Group::default() }));
        session.state = State::Parallel;
        let (population, number, previous_done) = (session.population, session.number, session.previous_done);
        for due in requests {
            let part = self.sessions.take();
            let session = &mut self.sessions[part];
            session.begin(population, number, previous_done, 0);
            session.parent = Some(slot);
            self.begin_request(part, due, paced);
        }
    }

    /// Finds a connection for a part, or has it wait until one of the others has ended.
    pub(super) fn find_connection_of_part(&mut self, part: u32, parent: u32, origin: u16) {
        let serial = self.sessions[part].serial;
        let Some(group) = self.sessions[parent].group.as_mut() else { return };
        if !group.admitted.contains(&part) {
            if group.room == 0 {
                group.waiting.push_back((part, serial));
                let session = &mut self.sessions[part];
                session.state = State::Queued;
                session.request.queued_at = Some(self.now);
                return;
            }
            group.room -= 1;
            group.admitted.push(part);
        }
        match self.config.programs[self.sessions[part].population as usize].connection {
            Policy::Request => self.open(part, origin, None),
            Policy::Shared { .. } => self.join_pool(part, origin),
            Policy::Session => match self.lend(part, parent, origin) {
                Some(link) => self.send(part, link),
                None if self.waits_to_share(part, parent, origin) => self.wait_for_stream(part, parent),
                None => self.open(part, origin, None),
            },
        }
    }

    /// A connection of the session that is free for a part: the one that it was lent before, a stream of one of HTTP/2,
    /// or one that nobody else uses.
    fn lend(&mut self, part: u32, parent: u32, origin: u16) -> Option<u32> {
        if let Some((_, link)) = self.sessions[part].connections.iter().find(|(of, _)| *of == origin) {
            return Some(*link);
        }
        for at in 0..self.sessions[parent].connections.len() {
            let (of, link) = self.sessions[parent].connections[at];
            if of != origin {
                continue;
            }
            match self.h2(link).map(|h2| h2.has_room()) {
                Some(true) => return Some(link),
                Some(false) => {}
                None => {
                    self.sessions[parent].connections.swap_remove(at);
                    self.sessions[part].connections.push((origin, link));
                    self.own(link, part);
                    return Some(link);
                }
            }
        }
        None
    }

    fn own(&mut self, link: u32, slot: u32) {
        if let Some(link) = self.links[link as usize].link.as_mut() {
            link.owner = Some(slot);
        }
    }

    /// The request of a part has ended and is recorded: gives back what it borrowed, and lets the next one go on.
    pub(super) fn part_ended(&mut self, part: u32, parent: u32, wrong: Option<Reason>, missing: bool) {
        self.give_back_part(part, parent);
        let Some(group) = self.sessions[parent].group.as_mut() else { return };
        let is_shed = |reason: Reason| reason.class() == Class::Unsent;
        group.wrong = wrong.filter(|reason| is_shed(*reason)).or(group.wrong).or(wrong);
        group.missing |= missing;
        group.left -= 1;
        if let Some(at) = group.admitted.iter().position(|admitted| *admitted == part) {
            group.admitted.swap_remove(at);
            group.room += 1;
        }
        if group.left == 0 {
            return self.group_ended(parent);
        }
        self.serve_streams(parent);
        while let Some(group) = self.sessions[parent].group.as_mut().filter(|group| group.room > 0) {
            let Some((next, serial)) = group.waiting.pop_front() else { return };
            let session = &mut self.sessions[next];
            if session.serial == serial && session.state == State::Queued && session.parent == Some(parent) {
                session.request.pool_wait = session.request.queued_at.map(|since| self.now.since(since));
                return self.find_connection(next);
            }
        }
    }

    fn give_back_part(&mut self, part: u32, parent: u32) {
        let mut connections = std::mem::take(&mut self.sessions[part].connections);
        for (origin, link) in connections.drain(..) {
            self.own(link, parent);
            self.sessions[parent].connections.push((origin, link));
        }
        // With the memory that it has, for who is next.
        self.sessions[part].connections = connections;
        self.sessions.give_back(part);
    }

    fn group_ended(&mut self, slot: u32) {
        let session = &mut self.sessions[slot];
        session.previous_done = self.now;
        let Some(group) = session.group.take() else { return };
        match group.wrong {
            Some(reason) if reason.class() == Class::Unsent => self.end_with(slot, reason),
            Some(_) if group.missing => self.end_with(slot, Reason::NotAttempted),
            Some(_) => self.go_on_after_failure(slot),
            None => self.advance(slot, false),
        }
    }

    /// The run ends: what parts have open is unfinished, before their parents are.
    pub(super) fn leave_parts(&mut self, reason: Reason) {
        for part in self.sessions.alive() {
            let Some(parent) = self.sessions[part].parent else { continue };
            self.end_request(part, Err(reason), 0, Span::ZERO);
            self.give_back_part(part, parent);
        }
    }
}
