//! What is measured on streams: gaps between messages, answers to inputs, and what a lost stream fails.

use crate::record::Reason;
use crate::scenario::Measure;
use crate::unit::{Instant, Span};

use super::super::session::LostStream;
use super::super::stream::{Doing, OpenStream, newest_answered};
use super::Lane;

impl Lane<'_> {
    /// A message during a `stream`: the gap before it, and the inputs that it answers.
    pub(super) fn frame(&mut self, slot: u32, stream: &mut OpenStream, read_delay: Span) {
        let sent = stream.inputs;
        let Doing::Holding(holding) = &mut stream.doing else { return };
        if !holding.over {
            let (since, gap) = (holding.last_message, self.now.since(holding.last_message));
            holding.last_message = self.now;
            holding.longest_gap = holding.longest_gap.max(gap);
            self.gap(slot, stream.action, since, gap, read_delay);
        }
        let Some(answers) = &self.hold_of(slot, stream.action).answers else { return };
        // A number that was never sent answers nothing.
        let newest = newest_answered(answers, stream.speech.message()).filter(|newest| *newest <= sent);
        while let Some(input) = newest.and_then(|newest| holding.answered(newest)) {
            let ours = input.sent.since(input.due).saturating_add(read_delay);
            let span = self.now.since(input.due);
            self.measure(slot, Measure::InputToFrame, input.due, Ok(span), ours);
        }
    }

    /// A message has come: the first of an event stream counts from the request's due.
    pub(super) fn first_event(&mut self, slot: u32, stream: &mut OpenStream, read_delay: Span) {
        if std::mem::replace(&mut stream.heard, true) {
            return;
        }
        let request = &self.sessions[slot].request;
        let (due, ours) = (request.woken.due, request.our_lateness(read_delay));
        self.measure(slot, Measure::FirstEvent, due, Ok(self.now.since(due)), ours);
    }

    /// A stream ends. If nothing was heard on it, its first event never came: leaving that out would make a server look
    /// well that never sends.
    pub(super) fn unheard(&mut self, slot: u32, stream: &OpenStream, reason: Reason) {
        if !stream.heard {
            let request = &self.sessions[slot].request;
            let (due, ours) = (request.woken.due, request.our_lateness(Span::ZERO));
            self.measure(slot, Measure::FirstEvent, due, Err(reason), ours);
        }
    }

    pub(super) fn gap(&mut self, slot: u32, action: usize, since: Instant, gap: Span, ours: Span) {
        let stalled = self.hold_of(slot, action).stall_over.is_some_and(|limit| gap > limit);
        self.recorder.counters_of(self.sessions[slot].population).stalls += u64::from(stalled);
        self.measure(slot, Measure::FrameGap, since, Ok(gap), ours);
    }

    /// What is under way on a stream that is lost fails with it.
    pub(super) fn fail_stream(&mut self, slot: u32, stream: &mut OpenStream, reason: Reason) {
        self.unheard(slot, stream, reason);
        match &mut stream.doing {
            Doing::Nothing | Doing::Closing { .. } => {}
            Doing::Receiving { .. } => {
                self.measure(slot, Measure::RoundTrip, stream.since, Err(reason), Span::ZERO);
            }
            Doing::Holding(holding) => {
                for input in holding.unanswered.drain(..) {
                    let ours = input.sent.since(input.due);
                    self.measure(slot, Measure::InputToFrame, input.due, Err(reason), ours);
                }
                if !holding.over {
                    self.measure(slot, Measure::FrameGap, holding.last_message, Err(reason), Span::ZERO);
                }
            }
        }
    }

    /// A stream was lost: from here on it counts how long the session is without (the measure `reconnect`).
    pub(super) fn stream_lost(&mut self, slot: u32, reason: Reason) {
        let session = &mut self.sessions[slot];
        let programs = &self.config.programs[session.population as usize];
        if let Some(measure) = programs.measure(session.request.due.step, Measure::Reconnect)
            && session.lost.is_none()
        {
            session.lost = Some(Box::new(LostStream { measure, since: self.now, reason, ours: Span::ZERO }));
        }
    }

    /// A session is on a stream: if it had lost one of that name, this is it again.
    pub(super) fn stream_again(&mut self, slot: u32) {
        let session = &mut self.sessions[slot];
        let programs = &self.config.programs[session.population as usize];
        let measure = programs.measure(session.request.due.step, Measure::Reconnect);
        if let Some(lost) = session.lost.take_if(|lost| Some(lost.measure) == measure) {
            let without = Ok(self.now.since(lost.since));
            self.recorder.measured(lost.measure, lost.since, without, lost.ours);
            self.observe_measure(Measure::Reconnect, without);
        }
    }

    /// A session ends: a stream that it has lost is not opened again.
    pub(super) fn stream_not_again(&mut self, slot: u32) {
        if let Some(lost) = self.sessions[slot].lost.take() {
            self.recorder.measured(lost.measure, lost.since, Err(lost.reason), lost.ours);
        }
    }

    /// The run ends with the stream open.
    pub(super) fn leave_stream(&mut self, index: u32, reason: Reason) {
        let Some(link) = self.links[index as usize].link.as_mut() else { return };
        if let (Some(slot), Some(mut stream)) = (link.owner, link.stream.take()) {
            self.streams.open -= 1;
            self.fail_stream(slot, &mut stream, reason);
            self.observe_end(slot, Err((reason, "the run ended before it")));
        }
        self.forget_link(index);
    }

    /// Records a measure of the stream that the session's step is.
    pub(super) fn measure(&mut self, slot: u32, kind: Measure, due: Instant, value: Result<Span, Reason>, ours: Span) {
        let session = &self.sessions[slot];
        let programs = &self.config.programs[session.population as usize];
        if let Some(measure) = programs.measure(session.request.due.step, kind) {
            self.recorder.measured(measure, due, value, ours);
            self.observe_measure(kind, value);
        }
    }

    /// Records how long the request took that opens a stream, or that it failed, and with it the first event.
    pub(super) fn measure_open(&mut self, slot: u32, outcome: Result<(), Reason>, read_delay: Span) {
        let request = &self.sessions[slot].request;
        let (due, ours) = (request.woken.due, request.our_lateness(read_delay));
        self.measure(slot, Measure::Open, due, outcome.map(|()| self.now.since(due)), ours);
        if let Err(reason) = outcome {
            self.measure(slot, Measure::FirstEvent, due, Err(reason), ours);
        }
    }
}
