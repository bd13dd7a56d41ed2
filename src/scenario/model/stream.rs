//! What a session does on a connection that stays open after its request: a WebSocket, or an event stream.

use serde::Serialize;

use super::Measure;
use super::Template;
use super::flow::{Distribution, JsonPath};
use crate::scenario::Escape;
use crate::unit::Span;

/// What follows the answer of a request that opens a stream.
#[derive(Clone, Debug, Serialize)]
pub struct Stream {
    /// Its protocol.
    pub kind: StreamKind,
    /// What is done there, in order; then it is closed.
    pub actions: Vec<Action>,
    /// The code of the close that ends it.
    pub close: u16,
    /// Where it is saved how it ended: `closed`, as the script has it, or `lost`, if it could not be opened either.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<usize>,
}

/// The protocol of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum StreamKind {
    /// A WebSocket (RFC 6455).
    WebSocket {
        /// The subprotocols that are offered, the best first.
        subprotocols: Vec<String>,
    },
    /// Server-sent events (WHATWG HTML, section 9.2).
    Events,
}

impl StreamKind {
    /// The status of an answer that opens one.
    pub const fn status(&self) -> u16 {
        match self {
            Self::WebSocket { .. } => 101,
            Self::Events => 200,
        }
    }
}

/// One thing that is done on an open stream.
#[derive(Clone, Debug, Serialize)]
pub enum Action {
    /// Sends a message.
    Send(Message),
    /// Waits for messages.
    Receive {
        /// Which.
        matching: Match,
        /// How many of them, at least 1.
        count: u32,
        /// How long, in real time; `None`: the step's timeout.
        timeout: Option<Span>,
    },
    /// Stays, sends and watches what comes.
    Hold(Hold),
}

/// A time on an open stream.
#[derive(Clone, Debug, Serialize)]
pub struct Hold {
    /// How long, in scenario time (T5).
    pub length: Distribution,
    /// What is sent meanwhile.
    pub send: Option<Sender>,
    /// Where a message says which input it answers.
    pub answers: Option<Answers>,
    /// A gap between two messages over this is a stall.
    pub stall_over: Option<Span>,
}

/// Messages at a steady rate: the inputs of a session, numbered from 1 on each connection.
#[derive(Clone, Debug, Serialize)]
pub struct Sender {
    /// From one to the next, in real time (T5).
    pub every: Span,
    /// What is sent.
    pub message: Message,
}

/// A message to send.
#[derive(Clone, Debug, Serialize)]
pub enum Message {
    /// A text.
    Text {
        /// The text with its slots.
        content: Template,
        /// How values are written into it.
        escape: Escape,
    },
    /// This many bytes, at least 8; the first eight are the input's number, the highest byte first.
    Binary(u32),
}

/// Where a message says the number of the newest input that it answers.
#[derive(Clone, Debug, Serialize)]
pub enum Answers {
    /// In the eight bytes from this one on, the highest first.
    U64(u32),
    /// At a JSON path.
    Json(JsonPath),
}

/// Which messages are waited for.
#[derive(Clone, Debug, Serialize)]
pub enum Match {
    /// Any.
    Any,
    /// One that contains a text.
    Text(Template),
    /// One in which a JSON path has a match and, if a value is given, one that equals it (compared as text).
    Json {
        /// The path.
        path: JsonPath,
        /// The value.
        equals: Option<Template>,
    },
}

impl Stream {
    /// What is measured on it.
    pub fn measures(&self) -> &'static [Measure] {
        use Measure::{FirstEvent, FrameGap, InputToFrame, Open, Reconnect, RoundTrip};
        let receives = self.actions.iter().any(|action| matches!(action, Action::Receive { .. }));
        let mut holds =
            self.actions.iter().filter_map(|action| if let Action::Hold(hold) = action { Some(hold) } else { None });
        let answers = holds.clone().any(|hold| hold.answers.is_some());
        let holds = holds.next().is_some();
        if self.kind == StreamKind::Events {
            // Nothing is sent that could come back.
            return if holds { &[Open, FirstEvent, FrameGap, Reconnect] } else { &[Open, FirstEvent, Reconnect] };
        }
        match (receives, holds, answers) {
            (false, false, _) => &[Open, Reconnect],
            (true, false, _) => &[Open, RoundTrip, Reconnect],
            (false, true, false) => &[Open, FrameGap, Reconnect],
            (true, true, false) => &[Open, RoundTrip, FrameGap, Reconnect],
            (false, true, true) => &[Open, FrameGap, InputToFrame, Reconnect],
            (true, true, true) => &[Open, RoundTrip, FrameGap, InputToFrame, Reconnect],
        }
    }

    /// Every template of it.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        self.actions.iter().flat_map(|action| {
            let message = match action {
                Action::Send(message) => Some(message),
                Action::Hold(hold) => hold.send.as_ref().map(|sender| &sender.message),
                Action::Receive { .. } => None,
            };
            let sent = message.and_then(|message| match message {
                Message::Text { content, .. } => Some(content),
                Message::Binary(_) => None,
            });
            let wanted = match action {
                Action::Receive { matching: Match::Text(text), .. } => Some(text),
                Action::Receive { matching: Match::Json { equals, .. }, .. } => equals.as_ref(),
                _ => None,
            };
            sent.into_iter().chain(wanted)
        })
    }
}
