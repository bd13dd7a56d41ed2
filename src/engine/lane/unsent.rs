//! Requests that could not go out when they were to: for want of a connection, of room for one, or of a value. They are
//! kept for the lane's next turn, as what follows from each end may be another such request.

use crate::wire::OpenError;

use super::super::session::State;
use super::super::unwritable::Unwritable;
use super::Lane;

/// A request whose connection could not even begin to open.
pub(super) struct Unopened {
    slot: u32,
    serial: u32,
    origin: u16,
    pool: Option<u16>,
    error: OpenError,
}

/// A request that lacks a value, and the connection that it was to go out on.
pub(super) struct Impossible {
    slot: u32,
    serial: u32,
    link: u32,
    generation: u32,
    why: Unwritable,
}

/// A request whose connection waits for room in the queue of a Unix-domain socket, to be tried each turn.
#[derive(Clone, Copy)]
pub(super) struct NoRoom {
    slot: u32,
    serial: u32,
    pub(super) origin: u16,
    pool: Option<u16>,
}

impl Lane<'_> {
    /// The queue of a Unix-domain socket is full: connecting goes on, as a blocking connect would, up to its timeout.
    pub(super) fn wait_for_room(&mut self, slot: u32, origin: u16, pool: Option<u16>) {
        let session = &mut self.sessions[slot];
        if session.request.connect_started.is_none() {
            session.request.connect_started = Some(self.now);
            self.connect_deadlines.set(slot, self.now, self.config.limits.connect_timeout);
        }
        session.state = State::Unconnected;
        self.no_room.push_back(NoRoom { slot, serial: session.serial, origin, pool });
    }

    /// Tries once more for those that wait for room, first come first served, up to the first of each origin for
    /// which there still is none.
    pub(super) fn try_again_for_room(&mut self) {
        let mut full: Vec<u16> = Vec::new();
        for waiting in std::mem::take(&mut self.no_room) {
            let NoRoom { slot, serial, origin, pool } = waiting;
            let session = &self.sessions[slot];
            if session.state != State::Unconnected || session.serial != serial {
                // Its timeout has passed; its place in the pool is free.
                if let Some(pool) = pool {
                    self.serve_pool(pool, origin, None);
                }
            } else if full.contains(&origin) {
                self.no_room.push_back(waiting);
            } else {
                self.open(slot, origin, pool);
                if self.sessions[slot].state == State::Unconnected {
                    full.push(origin);
                }
            }
        }
    }

    /// Told in the next turn and not at once: a session of many requests to an address that is refused on
    /// the spot would otherwise run through all of them on one stack.
    pub(super) fn unopened(&mut self, slot: u32, origin: u16, pool: Option<u16>, error: OpenError) {
        let session = &mut self.sessions[slot];
        session.request.connect_started.get_or_insert(self.now);
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

    /// The request cannot be written. Its connection is given back in the next turn and not at once: many that
    /// wait for one, and cannot be written either, would otherwise serve each other on one stack.
    pub(super) fn impossible_on(&mut self, slot: u32, index: u32, why: Unwritable) {
        let place = &mut self.links[index as usize];
        let session = &mut self.sessions[slot];
        session.state = State::Unconnected;
        let (serial, generation) = (session.serial, place.generation);
        self.impossible.push(Impossible { slot, serial, link: index, generation, why });
        if let Some(link) = place.link.as_mut().filter(|link| link.h2.is_none()) {
            (link.owner, link.busy) = (Some(slot), false);
        }
    }

    /// Ends the requests that could not be written in the turn before, and gives their connections back.
    pub(super) fn fail_impossible(&mut self) {
        for Impossible { slot, serial, link, generation, why } in std::mem::take(&mut self.impossible) {
            if self.links[link as usize].generation == generation {
                self.release(link, true);
            }
            let session = &self.sessions[slot];
            if session.state == State::Unconnected && session.serial == serial {
                self.request_not_possible(slot, why);
            }
        }
    }
}
