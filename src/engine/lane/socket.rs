//! WebSockets and event streams on a lane: connections that a session keeps to itself behind the request that opened
//! them.
//!
//! A stream has one alarm in a heap of its own, beside the one of sleeping sessions. While something is done on it, it
//! is taken out of its link and put back: what it comes to ([`Next`]) decides what becomes of the link.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::record::Reason;
use crate::scenario::{Action, Hold, Measure, Message, Stream};
use crate::unit::{Instant, Span};
use crate::wire::h1::Body;
use crate::wire::{Token, Wrote};

use super::super::session::State;
use super::super::speech::{Heard, Speech};
use super::super::stream::{Doing, Holding, Input, OpenStream, matches};
use super::{HEARTBEAT, Lane};

/// How long the other side has to answer a close.
const CLOSE_WAIT: Span = Span::from_secs(1);
/// The most that waits to be written on a stream whose other side does not read.
const UNSENT_MAX: usize = 4 << 20;

/// The streams of a lane.
#[derive(Default)]
pub(super) struct Streams {
    alarms: BinaryHeap<Reverse<(Instant, u64)>>,
    /// Streams that are open: while there are, the lane looks at its sockets every heartbeat.
    pub open: u64,
}

impl Streams {
    /// When the next stream is to be looked at.
    pub fn next(&self) -> Option<Instant> {
        self.alarms.peek().map(|Reverse((at, _))| *at)
    }
}

/// What becomes of a stream.
enum Next {
    /// It goes on.
    On,
    /// It has ended as it should: how, in words.
    Over(&'static str),
    /// It is lost before its end: why.
    Lost(Reason, String),
}

impl Lane<'_> {
    /// Whether the session's request opens a stream: then its connection is its own, and speaks HTTP/1.1.
    pub(super) fn opens_stream(&self, slot: u32) -> bool {
        self.program(slot, self.sessions[slot].request.due.step).request.stream.is_some()
    }

    pub(super) fn stream_of(&self, slot: u32) -> &Stream {
        let program = self.program(slot, self.sessions[slot].request.due.step);
        program.request.stream.as_ref().expect("only asked of a session on a stream")
    }

    /// The answer to the request has opened a stream, of which `body` follows: its script begins. The request has ended.
    pub(super) fn stream_opened(&mut self, index: u32, slot: u32, body: Body) {
        let step = self.sessions[slot].request.due.step;
        let [seed, _] = self.program(slot, step).block(&self.values(slot));
        let limits = &self.config.limits;
        let (max, kept) = (limits.max_body.0, limits.max_inspected.0 as usize);
        let stream = OpenStream {
            speech: Speech::new(&self.stream_of(slot).kind, max, kept, seed, body),
            heard: false,
            action: 0,
            since: self.now,
            doing: Doing::Nothing,
            alarm: Instant::MAX,
            inputs: 0,
            messages: 0,
        };
        let session = &mut self.sessions[slot];
        session.state = State::Streaming { connection: index };
        let counters = self.recorder.counters_of(session.population);
        counters.streams_opened += 1;
        self.streams.open += 1;
        let Some(link) = self.links[index as usize].link.as_mut() else { return };
        link.answer = None;
        link.stream = Some(Box::new(stream));
        self.stream_again(slot);
        self.with_stream(index, |lane, slot, stream| lane.go_on(slot, stream));
    }

    /// Something is done on a stream, and what it comes to becomes of it.
    fn with_stream(&mut self, index: u32, act: impl FnOnce(&mut Self, u32, &mut OpenStream) -> Next) {
        let Some(link) = self.links[index as usize].link.as_mut() else { return };
        let (Some(slot), Some(mut stream)) = (link.owner, link.stream.take()) else { return };
        let mut next = act(self, slot, &mut stream);
        self.write_stream(index, slot, &mut stream.speech);
        if matches!(next, Next::On) && stream.speech.output().len() > UNSENT_MAX {
            next = Next::Lost(Reason::Timeout, format!("the other side has left over {UNSENT_MAX} bytes unread"));
        }
        match next {
            Next::On => {
                let alarm = self.next_alarm(slot, &stream);
                if alarm != stream.alarm {
                    stream.alarm = alarm;
                    self.streams.alarms.push(Reverse((alarm, self.token(index).0)));
                }
                if let Some(link) = self.links[index as usize].link.as_mut() {
                    link.stream = Some(stream);
                }
            }
            Next::Over(how) => {
                self.streams.open -= 1;
                self.unheard(slot, &stream, Reason::Timeout);
                self.drop_link(index);
                self.save_ending(slot, "closed");
                self.observe_end(slot, Ok(how));
                self.sessions[slot].previous_done = self.now;
                self.advance(slot, false);
            }
            Next::Lost(reason, detail) => {
                self.streams.open -= 1;
                self.fail_stream(slot, &mut stream, reason);
                self.count_in_transactions(slot, Err(reason), Span::ZERO);
                self.sample_stream(slot, (reason, &detail), index);
                self.recorder.counters_of(self.sessions[slot].population).streams_lost[reason as usize] += 1;
                self.drop_link(index);
                self.save_ending(slot, "lost");
                self.stream_lost(slot, reason);
                self.observe_end(slot, Err((reason, &detail)));
                self.sessions[slot].previous_done = self.now;
                self.go_on_after_failure(slot);
            }
        }
    }

    /// Saves how a stream ended, where its step says so.
    pub(super) fn save_ending(&mut self, slot: u32, how: &str) {
        if let Some(into) = self.saves_ending(slot) {
            self.sessions[slot].saved[into] = Some(how.to_owned());
        }
    }

    /// Where the session's step saves how its stream ended.
    pub(super) fn saves_ending(&self, slot: u32) -> Option<usize> {
        self.program(slot, self.sessions[slot].request.due.step).request.stream.as_ref()?.ended
    }

    fn write_stream(&mut self, index: u32, slot: u32, speech: &mut Speech) {
        let Some(link) = self.links[index as usize].link.as_mut() else { return };
        while !speech.output().is_empty() {
            match link.connection.write(speech.output()) {
                Wrote::Bytes(n @ 1..) => {
                    speech.wrote(n);
                    self.recorder.counters_of(self.sessions[slot].population).bytes_sent += n as u64;
                }
                // The rest goes when the socket is writable; what is wrong with it shows when it is read.
                Wrote::Bytes(0) | Wrote::Broken(_) => return,
            }
        }
    }

    /// The socket takes bytes again.
    pub(super) fn stream_writable(&mut self, index: u32) {
        self.with_stream(index, |_, _, _| Next::On);
    }

    fn next_alarm(&self, slot: u32, stream: &OpenStream) -> Instant {
        let at = match &stream.doing {
            Doing::Nothing => Instant::MAX,
            Doing::Receiving { until, .. } | Doing::Closing { until } => *until,
            Doing::Holding(holding) => holding.next(self.stream_timeout(slot)),
        };
        // What has passed waits for the next complete look: an answer may be there already (R5). But an alarm that is set
        // stays: a stream that is read without a pause would put it off for ever.
        let deferred = self.now + HEARTBEAT;
        if at > self.now { at } else { stream.alarm.min(deferred) }
    }

    fn stream_timeout(&self, slot: u32) -> Span {
        self.program(slot, self.sessions[slot].request.due.step).timeout
    }

    /// Rings the alarm that is due.
    pub(super) fn ring(&mut self) {
        let Some(Reverse((at, token))) = self.streams.alarms.pop() else { return };
        let index = token as u32;
        let is_same = self.token(index) == Token(token);
        let stream = self.links[index as usize].link.as_mut().and_then(|link| link.stream.as_mut());
        let Some(stream) = stream.filter(|stream| is_same && stream.alarm == at) else { return };
        stream.alarm = Instant::MAX;
        self.with_stream(index, |lane, slot, stream| lane.rung(slot, stream));
    }

    fn rung(&mut self, slot: u32, stream: &mut OpenStream) -> Next {
        match &mut stream.doing {
            Doing::Nothing => Next::On,
            Doing::Receiving { until, .. } if *until <= self.look_began => {
                let detail = "what the stream waits for did not come within the timeout";
                Next::Lost(Reason::Timeout, detail.to_owned())
            }
            Doing::Closing { until } if *until <= self.look_began => Next::Over("closed; the close was not answered"),
            Doing::Receiving { .. } | Doing::Closing { .. } => Next::On,
            Doing::Holding(_) => self.hold_on(slot, stream),
        }
    }

    /// Does what the script says up to where it waits for something.
    fn go_on(&mut self, slot: u32, stream: &mut OpenStream) -> Next {
        let step = self.sessions[slot].request.due.step;
        loop {
            let script = self.stream_of(slot);
            match script.actions.get(stream.action) {
                None => {
                    if !stream.speech.close(script.close) {
                        return Next::Over("closed");
                    }
                    stream.doing = Doing::Closing { until: self.now + CLOSE_WAIT };
                    return Next::On;
                }
                Some(Action::Send(message)) => {
                    let text = matches!(message, Message::Text { .. });
                    if !self.send_message(slot, stream, text) {
                        return Next::Lost(Reason::NotAttempted, "a value that a message needs was never saved".into());
                    }
                    stream.action += 1;
                }
                Some(Action::Receive { count, timeout, .. }) => {
                    let timeout = timeout.unwrap_or(self.program(slot, step).timeout);
                    stream.doing = Doing::Receiving { left: *count, until: self.now + timeout };
                    return Next::On;
                }
                Some(Action::Hold(hold)) => {
                    let session = &self.sessions[slot];
                    let path = &self.plan.populations[session.population as usize].path;
                    let length = path.stream_length(session.number, &session.request.due, stream.action, &hold.length);
                    let ends = self.now + length;
                    stream.doing = Doing::Holding(Holding {
                        ends,
                        over: false,
                        next_input: if hold.send.is_some() { self.now } else { Instant::MAX },
                        unanswered: VecDeque::new(),
                        last_message: self.now,
                        longest_gap: Span::ZERO,
                    });
                    return self.hold_on(slot, stream);
                }
            }
        }
    }

    /// The action under way is done: on with the next.
    fn done(&mut self, slot: u32, stream: &mut OpenStream) -> Next {
        stream.action += 1;
        stream.since = self.now;
        stream.doing = Doing::Nothing;
        self.go_on(slot, stream)
    }

    /// Renders the message of the action under way; `false` if a value that it needs was never saved.
    fn send_message(&mut self, slot: u32, stream: &mut OpenStream, text: bool) -> bool {
        let mut out = std::mem::take(&mut self.out);
        out.clear();
        let mut values = self.values(slot);
        stream.messages = stream.messages.wrapping_add(1);
        (values.input, values.message) = (stream.inputs, stream.messages);
        let program = self.program(slot, self.sessions[slot].request.due.step);
        let rendered = program.render_message(stream.action, &values, &mut out);
        if rendered.is_ok() {
            stream.speech.send(text, &out);
            self.observe_sent(text, &out);
            self.recorder.counters_of(self.sessions[slot].population).messages_sent += 1;
        }
        self.out = out;
        rendered.is_ok()
    }

    pub(super) fn hold_of(&self, slot: u32, action: usize) -> &Hold {
        match &self.stream_of(slot).actions[action] {
            Action::Hold(hold) => hold,
            _ => unreachable!("only asked while a hold is under way"),
        }
    }

    /// Sends the inputs that are due, every one of them, however late; gives up those that nobody answers; ends.
    fn hold_on(&mut self, slot: u32, stream: &mut OpenStream) -> Next {
        let hold = self.hold_of(slot, stream.action);
        let (every, answered) = (hold.send.as_ref().map(|sender| sender.every), hold.answers.is_some());
        let text = hold.send.as_ref().is_some_and(|sender| matches!(sender.message, Message::Text { .. }));
        while let Doing::Holding(holding) = &mut stream.doing
            && let (Some(every), due) = (every, holding.next_input)
            && due <= self.now
            && due < holding.ends
        {
            holding.next_input = due + every;
            stream.inputs += 1;
            if !self.send_message(slot, stream, text) {
                return Next::Lost(Reason::NotAttempted, "a value that a message needs was never saved".into());
            }
            self.now = self.config.clock.now();
            if let Doing::Holding(holding) = &mut stream.doing
                && answered
            {
                holding.unanswered.push_back(Input { number: stream.inputs, due, sent: self.now });
            }
        }
        let timeout = self.stream_timeout(slot);
        let Doing::Holding(holding) = &mut stream.doing else { return Next::On };
        while let Some(input) = holding.timed_out(self.look_began, timeout) {
            self.measure(slot, Measure::InputToFrame, input.due, Err(Reason::Timeout), Span::ZERO);
        }
        if !holding.over && holding.ends <= self.now {
            holding.over = true;
            let (since, gap) = (holding.last_message, holding.ends.since(holding.last_message));
            // How long it would have lasted nobody knows. If it was the longest already, leaving it out would make a
            // server look well that has stopped sending.
            if gap > holding.longest_gap {
                self.gap(slot, stream.action, since, gap, Span::ZERO);
            }
        }
        match &stream.doing {
            Doing::Holding(holding) if holding.over && holding.unanswered.is_empty() => self.done(slot, stream),
            _ => Next::On,
        }
    }

    /// Bytes of the other side.
    pub(super) fn take_messages(&mut self, index: u32, bytes: &[u8]) {
        self.with_stream(index, |lane, slot, stream| {
            let mut at = 0;
            loop {
                let (used, heard) = match stream.speech.feed(&bytes[at..]) {
                    Ok(fed) => fed,
                    Err(violation) => return Next::Lost(Reason::BadBytes, violation),
                };
                at += used;
                let next = match heard {
                    None => return Next::On,
                    Some(Heard::Message) => lane.message(slot, stream),
                    Some(Heard::End(_)) if matches!(stream.doing, Doing::Closing { .. }) => {
                        Next::Over("closed, and the other side answered the close")
                    }
                    Some(Heard::End(how)) => Next::Lost(Reason::Reset, how),
                };
                if !matches!(next, Next::On) {
                    return next;
                }
            }
        });
    }

    fn message(&mut self, slot: u32, stream: &mut OpenStream) -> Next {
        let read_delay = self.read_delay();
        self.recorder.counters_of(self.sessions[slot].population).messages_received += 1;
        self.observe_received(stream);
        self.first_event(slot, stream, read_delay);
        match &mut stream.doing {
            Doing::Nothing | Doing::Closing { .. } => Next::On,
            Doing::Receiving { left, .. } => {
                let program = self.program(slot, self.sessions[slot].request.due.step);
                let Action::Receive { matching, .. } = &self.stream_of(slot).actions[stream.action] else {
                    return Next::On;
                };
                if !matches(program, matching, &self.values(slot), stream.speech.message()) {
                    return Next::On;
                }
                *left -= 1;
                if *left > 0 {
                    return Next::On;
                }
                let span = self.now.since(stream.since);
                self.measure(slot, Measure::RoundTrip, stream.since, Ok(span), read_delay);
                self.done(slot, stream)
            }
            Doing::Holding(_) => {
                self.frame(slot, stream, read_delay);
                self.hold_on(slot, stream)
            }
        }
    }

    /// The other side has closed the connection, or it broke.
    pub(super) fn stream_closed(&mut self, index: u32, reason: Reason, detail: &str) {
        self.with_stream(index, |_, _, stream| match stream.doing {
            // It was asked to close, and did so without a word.
            Doing::Closing { .. } => Next::Over("closed; the other side broke the connection off"),
            _ => Next::Lost(reason, detail.to_owned()),
        });
    }
}
