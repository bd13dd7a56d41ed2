//! What a lane tells its observer, if it has one: `try`. Without one each of these is a look at an empty option.

use crate::record::Reason;
use crate::scenario::Measure;
use crate::unit::{Instant, Span};

use super::super::observed::{Exchange, Observed, OnStream};
use super::super::stream::OpenStream;
use super::Lane;

/// The request of a session as it was sent.
pub(super) struct Rendered {
    slot: u32,
    /// When.
    at: Instant,
    bytes: Vec<u8>,
}

impl Lane<'_> {
    /// Keeps what a session is about to send, for an observer.
    pub(super) fn keep_rendered(&mut self, slot: u32, request: &[u8]) {
        if self.observer.is_some() {
            self.forget_rendered(slot);
            self.rendered.push(Rendered { slot, at: self.config.clock.now(), bytes: request.to_vec() });
        }
    }

    /// Nothing of the session's request is under way.
    pub(super) fn forget_rendered(&mut self, slot: u32) {
        self.rendered.retain(|rendered| rendered.slot != slot);
    }

    /// Tells the observer of a request that has ended; of one that was never sent too.
    pub(super) fn observe(
        &mut self,
        slot: u32,
        index: Option<u32>,
        outcome: Result<(), (Reason, &str)>,
        head: &[u8],
        body: &[u8],
    ) {
        self.observe_exchange(slot, index, outcome, (head, body), None);
    }

    /// Tells the observer of an answer that leads elsewhere, where the session's request is sent next.
    pub(super) fn observe_redirect(&mut self, slot: u32, index: u32, head: &[u8], body: &[u8]) {
        if self.observer.is_none() {
            return;
        }
        let Some(hop) = self.sessions[slot].hop.as_deref() else { return };
        let origin = &self.config.origins[hop.origin];
        let scheme = if origin.tls.is_some() { "https" } else { "http" };
        let method = &self.program(slot, self.sessions[slot].request.due.step).request.method;
        let method = if hop.became_get { "GET" } else { method };
        let onward = format!("{method} {scheme}://{}{}", origin.authority, hop.target);
        self.observe_exchange(slot, Some(index), Ok(()), (head, body), Some(&onward));
    }

    fn observe_exchange(
        &mut self,
        slot: u32,
        index: Option<u32>,
        outcome: Result<(), (Reason, &str)>,
        (head, body): (&[u8], &[u8]),
        onward: Option<&str>,
    ) {
        if self.observer.is_none() {
            return;
        }
        let status = index.map_or(0, |_| super::retry::status_of(head));
        let tried_again = outcome.is_err_and(|(reason, _)| self.will_retry(slot, reason, status));
        let streams = index.is_some_and(|index| self.h2(index).is_some());
        let in_flight = self.sessions[slot].request;
        let hops = self.sessions[slot].hop.as_ref().map_or(0, |hop| hop.nth);
        // Of a request that a redirect sent on, each exchange has an instant of its own.
        let redirects = hops - u32::from(onward.is_some());
        let rendered = self.rendered.iter().find(|rendered| rendered.slot == slot && in_flight.sent.is_some());
        let sent = if redirects == 0 { in_flight.sent } else { rendered.map(|rendered| rendered.at) };
        let mut request = rendered.map(|rendered| rendered.bytes.clone()).unwrap_or_default();
        if sent.is_none() {
            request.clear();
            let program = self.program(slot, in_flight.due.step);
            match program.render(&self.values(slot), None, &mut request) {
                Ok(()) => self.redirect(slot, &mut request),
                Err(_) => request.clear(),
            }
        }
        if streams {
            say_http2(&mut request);
        }
        let session = &self.sessions[slot];
        let mut saved = self.sessions[self.home(slot)].saved.clone();
        // It is saved with the end of the request, which is told before that.
        if let Some(into) = self.saves_ending(slot).filter(|_| outcome.is_err() && !tried_again) {
            saved[into] = Some("lost".to_owned());
        }
        let step = self.program(slot, in_flight.due.step).request.name.clone();
        let exchange = Exchange {
            population: session.population,
            session: session.number,
            step: &step,
            woken: in_flight.woken,
            sent,
            first: in_flight.first,
            done: self.now,
            request: &request,
            status: (status > 0).then_some(status),
            head,
            body,
            saved: &saved,
            redirects,
            onward,
            tried_again,
            outcome,
        };
        if let Some(observer) = &mut self.observer {
            observer(Observed::Exchange(exchange));
        }
    }

    /// Tells the observer of a message that is being sent.
    pub(super) fn observe_sent(&mut self, text: bool, bytes: &[u8]) {
        if let Some(observer) = &mut self.observer {
            let (at, length) = (self.config.clock.now(), bytes.len() as u64);
            observer(Observed::Stream(OnStream::Message { ours: true, text, at, name: &[], bytes, length }));
        }
    }

    /// Tells the observer of the message that has come.
    pub(super) fn observe_received(&mut self, stream: &OpenStream) {
        if let Some(observer) = &mut self.observer {
            let ((text, length), bytes) = (stream.speech.heard(), stream.speech.message());
            let name = stream.speech.event_name();
            observer(Observed::Stream(OnStream::Message { ours: false, text, at: self.now, name, bytes, length }));
        }
    }

    /// Tells the observer of a sample of a measure.
    pub(super) fn observe_measure(&mut self, kind: Measure, value: Result<Span, Reason>) {
        if let Some(observer) = &mut self.observer {
            observer(Observed::Stream(OnStream::Measured { kind, value }));
        }
    }

    /// Tells the observer of the end of a stream.
    pub(super) fn observe_end(&mut self, slot: u32, how: Result<&str, (Reason, &str)>) {
        if let Some(observer) = &mut self.observer {
            let saved = &self.sessions[slot].saved;
            observer(Observed::Stream(OnStream::Ended { at: self.now, how, saved }));
        }
    }
}

/// The first line of a request as it was compiled, which says HTTP/1.1.
fn say_http2(request: &mut Vec<u8>) {
    const ONE: &[u8] = b" HTTP/1.1\r\n";
    if let Some(at) = request.windows(ONE.len()).position(|bytes| bytes == ONE) {
        request.splice(at + 6..at + 9, *b"2");
    }
}
