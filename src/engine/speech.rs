//! What is spoken on an open stream: messages of a WebSocket, or server-sent events. To a lane they are the same: bytes
//! in, messages out, and an end.

use crate::scenario::StreamKind;
use crate::wire::h1::Body;
use crate::wire::{sse, ws};

/// One side of an open stream: ours.
#[derive(Debug)]
pub enum Speech {
    /// On a WebSocket.
    WebSocket(ws::Client),
    /// Server-sent events, which only the other side speaks.
    Events(sse::Client),
}

/// What the bytes that were fed have ended in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A message, or an event.
    Message,
    /// The other side has ended the stream: what it did, in words.
    End(String),
}

impl Speech {
    /// A stream that has just been opened. `max`: the longest message; `kept`: bytes that are kept of it. `seed` decides
    /// the masks of a WebSocket, `body` is what follows the head of the answer that opened it.
    pub const fn new(kind: &StreamKind, max: u64, kept: usize, seed: u64, body: Body) -> Self {
        match kind {
            StreamKind::WebSocket { .. } => Self::WebSocket(ws::Client::new(ws::Limits { message: max, kept }, seed)),
            StreamKind::Events => Self::Events(sse::Client::new(body, sse::Limits { event: max, kept })),
        }
    }

    /// Takes bytes up to the end of a message or of the stream: how many were taken, and what they ended in. All were
    /// taken if it is nothing. The error is a violation of the protocol or of a limit, in words.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(usize, Option<Heard>), String> {
        match self {
            Self::WebSocket(client) => {
                let (used, event) = client.feed(bytes).map_err(|violation| violation.to_string())?;
                let heard = event.map(|event| match event {
                    ws::Event::Message { .. } => Heard::Message,
                    ws::Event::Closed { code } => Heard::End(closed_with(code)),
                });
                Ok((used, heard))
            }
            Self::Events(client) => {
                let (used, event) = client.feed(bytes).map_err(|violation| violation.to_string())?;
                let heard = event.map(|event| match event {
                    sse::Event::Event => Heard::Message,
                    sse::Event::Ended => Heard::End("the other side has ended the event stream".to_owned()),
                });
                Ok((used, heard))
            }
        }
    }

    /// The message that was last whole, or as much of it as is kept; of an event its data.
    pub fn message(&self) -> &[u8] {
        match self {
            Self::WebSocket(client) => client.message(),
            Self::Events(client) => client.data(),
        }
    }

    /// Whether the message that was last whole is a text, and its length, also where less of it is kept.
    pub fn heard(&self) -> (bool, u64) {
        match self {
            Self::WebSocket(client) => client.given(),
            Self::Events(client) => (true, client.length()),
        }
    }

    /// The type of the event that was last whole; empty if it has none.
    pub fn event_name(&self) -> &[u8] {
        match self {
            Self::WebSocket(_) => &[],
            Self::Events(client) => client.name(),
        }
    }

    /// Sends a message.
    pub fn send(&mut self, text: bool, payload: &[u8]) {
        match self {
            Self::WebSocket(client) => client.send(text, payload),
            Self::Events(_) => unreachable!("a scenario that sends on an event stream is refused when it is read"),
        }
    }

    /// Says goodbye, if that is done; whether the other side answers it.
    pub fn close(&mut self, code: u16) -> bool {
        match self {
            Self::WebSocket(client) => {
                client.close(code);
                true
            }
            Self::Events(_) => false,
        }
    }

    /// What is to be written.
    pub fn output(&self) -> &[u8] {
        match self {
            Self::WebSocket(client) => client.output(),
            Self::Events(_) => &[],
        }
    }

    /// This many bytes of the output were written.
    pub fn wrote(&mut self, n: usize) {
        match self {
            Self::WebSocket(client) => client.wrote(n),
            Self::Events(_) => {}
        }
    }
}

fn closed_with(code: Option<u16>) -> String {
    match code {
        Some(code) => format!("the other side has closed the stream: {code} ({})", ws::close_name(code)),
        None => "the other side has closed the stream without a code".to_owned(),
    }
}
