//! Requests of a parallel group that go on one connection of HTTP/2, as a browser's do.
//!
//! Where an origin is known to speak HTTP/2, the first request of a group opens the connection that the session does not
//! have yet, and the others wait for it, and for streams of it. They share its fate: if it cannot be opened, all that
//! waited have failed with it, and each may be tried again as its own policy says. Only if the one that opened it gives up
//! first, at a timeout of its own, another opens it anew.

use crate::record::Reason;
use crate::scenario::HttpVersion;
use crate::unit::Span;

use super::super::session::State;
use super::Lane;

impl Lane<'_> {
    /// Whether a part is to wait for a stream: of a connection that another part of its group opens, or of one that the
    /// session has and that has none left.
    pub(super) fn waits_to_share(&self, part: u32, parent: u32, origin: u16) -> bool {
        let session = &self.sessions[parent];
        let carries_more = |(of, link): &(u16, u32)| {
            let link = self.links[*link as usize].link.as_ref();
            *of == origin && link.and_then(|link| link.h2.as_ref()).is_some_and(|h2| h2.goes_on())
        };
        session.connections.iter().any(carries_more)
            || (self.config.http[origin as usize].version == HttpVersion::Two
                && session.group.as_ref().is_some_and(|group| {
                    group.admitted.iter().any(|other| *other != part && self.is_opening(*other, origin))
                }))
    }

    /// Whether a part is about to open a connection to an origin.
    fn is_opening(&self, part: u32, origin: u16) -> bool {
        let opening = matches!(self.sessions[part].state, State::Connecting { .. } | State::Unconnected);
        opening && self.origin(part) == usize::from(origin)
    }

    /// Has a part wait for a stream.
    pub(super) fn wait_for_stream(&mut self, part: u32, parent: u32) {
        let session = &mut self.sessions[part];
        session.state = State::Queued;
        let serial = session.serial;
        if let Some(group) = self.sessions[parent].group.as_mut() {
            group.for_stream.push((part, serial));
        }
    }

    /// Looks for connections anew for those of a session's group that wait for a stream, first come first served.
    pub(super) fn serve_streams(&mut self, parent: u32) {
        let Some(group) = self.sessions[parent].group.as_mut() else { return };
        for (part, serial) in std::mem::take(&mut group.for_stream) {
            if self.still_waits(part, serial, parent) {
                self.find_connection(part);
            }
        }
    }

    fn still_waits(&self, part: u32, serial: u32, parent: u32) -> bool {
        let session = &self.sessions[part];
        session.serial == serial && session.state == State::Queued && session.parent == Some(parent)
    }

    /// Those that wait for the connection that a part opens: they wait no longer.
    pub(super) fn take_sharers(&mut self, slot: u32) -> Vec<(u32, u32)> {
        let Some(parent) = self.sessions[slot].parent else { return Vec::new() };
        let Some(group) = self.sessions[parent].group.as_mut() else { return Vec::new() };
        let (mut waiting, mut sharers) = (std::mem::take(&mut group.for_stream), Vec::new());
        waiting.retain(|&(part, serial)| {
            let shares = self.still_waits(part, serial, parent) && self.origin(part) == self.origin(slot);
            if shares {
                sharers.push((part, serial));
            }
            !shares
        });
        if let Some(group) = self.sessions[parent].group.as_mut() {
            group.for_stream = waiting;
        }
        sharers
    }

    /// Ends the requests that waited for a connection that could not be opened.
    pub(super) fn fail_sharers(&mut self, sharers: Vec<(u32, u32)>, wrong: (Reason, &str)) {
        for (part, serial) in sharers {
            if self.sessions[part].serial == serial && self.sessions[part].state == State::Queued {
                self.sample(part, wrong, None, 0, &[]);
                self.observe(part, None, Err(wrong), &[], &[]);
                self.request_ended_wrong(part, wrong.0, 0, Span::ZERO);
            }
        }
    }

    /// There was no connection within the connect timeout.
    pub(super) fn connecting_timed_out(&mut self, slot: u32) {
        const WRONG: (Reason, &str) = (Reason::ConnectTimeout, "no connection within the connect timeout");
        let sharers = self.take_sharers(slot);
        self.request_failed(slot, WRONG.0, WRONG.1);
        self.fail_sharers(sharers, WRONG);
    }
}
