//! What a lane does about an answer that says where else to ask: its request is sent on, and is not over.

use crate::record::Reason;
use crate::scenario::Expect;
use crate::unit::Span;
use crate::wire::h1::{Finished, field};

use super::super::inspect::Wrong;
use super::super::redirect::{Asked, next, redirects, rewrite};
use super::Lane;

impl Lane<'_> {
    /// The index of the origin that the session's request goes to now.
    pub(super) fn origin(&self, slot: u32) -> usize {
        let session = &self.sessions[slot];
        session
            .hop
            .as_ref()
            .map_or_else(|| self.program(slot, session.request.due.step).request.origin, |hop| hop.origin)
    }

    /// Whether the session's request may be sent twice without harm.
    pub(super) fn is_idempotent(&self, slot: u32) -> bool {
        let session = &self.sessions[slot];
        let became_get = session.hop.as_ref().is_some_and(|hop| hop.became_get);
        became_get || self.program(slot, session.request.due.step).request.is_idempotent()
    }

    /// Whether a whole answer is a redirect to be followed; then the session knows where to, and its cookies are taken.
    pub(super) fn follows(&mut self, slot: u32, finished: Finished, head: &[u8]) -> Result<bool, Wrong> {
        let program = self.program(slot, self.sessions[slot].request.due.step);
        let request = &program.request;
        let expected = |expect: &Expect| matches!(expect, Expect::Status(listed) if listed.contains(&finished.status));
        if request.follow == 0 || !redirects(finished.status) || request.expect.iter().any(expected) {
            return Ok(false);
        }
        let mut url = Vec::new();
        // It was sent, so nothing of it is missing.
        let _ = program.render_url(&self.values(slot), &mut url);
        let target = String::from_utf8_lossy(&url);
        let hop = self.sessions[slot].hop.as_deref();
        let asked = Asked { method: &request.method, origin: request.origin, target: &target, hop };
        let location = field(head, "location");
        let hop = next(asked, finished.status, location.as_deref(), request.follow, &self.config.routes);
        if finished.cookies {
            self.take_cookies(slot, head);
        }
        self.sessions[slot].hop = Some(Box::new(hop.map_err(|why| (Reason::Status, why))?));
        Ok(true)
    }

    /// Sends the session's request on to where a redirect leads, which was read so much late.
    pub(super) fn send_on(&mut self, slot: u32, read_delay: Span) {
        self.forget_rendered(slot);
        let session = &mut self.sessions[slot];
        session.serial = session.serial.wrapping_add(1);
        let request = &mut session.request;
        // A new exchange with a connection of its own to find; due, woke, sent and the deadline stay the request's.
        (request.first, request.connect_started, request.queued_at) = (None, None, None);
        (request.addresses_tried, request.reconnected, request.repeats) = (0, false, 0);
        request.ours = request.ours.saturating_add(read_delay);
        self.recorder.counters_of(self.sessions[slot].population).redirects += 1;
        self.find_connection(slot);
    }

    /// Makes a request that was rendered the one that a redirect asks for, if one led the session on.
    pub(super) fn redirect(&mut self, slot: u32, request: &mut Vec<u8>) {
        let session = &mut self.sessions[slot];
        let Some(hop) = session.hop.as_deref() else { return };
        session.request.conditional = false;
        rewrite(request, hop, &self.config.origins[hop.origin].authority);
    }
}
