//! One stream behind its opening: bytes of the connection in, events out.

use super::events::{Events, Limits, TooLong};
use crate::wire::h1::{Body, Malformed};

/// What the bytes that were fed have ended in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// An event is whole; [`Client::data`] has it until more is fed.
    Event,
    /// The server has ended the body. Nothing follows.
    Ended,
}

/// How a server broke the protocol, or a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// The body is not HTTP.
    #[error(transparent)]
    Body(#[from] Malformed),
    /// A line or an event is over the limit.
    #[error(transparent)]
    TooLong(#[from] TooLong),
}

/// The client's side of an open event stream. Owns memory only while an event is in pieces, and a little in between.
#[derive(Debug)]
pub struct Client {
    body: Body,
    events: Events,
}

impl Client {
    /// A stream in this body, of which nothing was read yet.
    pub const fn new(body: Body, limits: Limits) -> Self {
        Self { body, events: Events::new(limits) }
    }

    /// The data of the event that was last whole, or as much of it as is kept.
    pub fn data(&self) -> &[u8] {
        self.events.data()
    }

    /// The type of the event that was last whole; empty if it has none.
    pub fn name(&self) -> &[u8] {
        self.events.name()
    }

    /// The length of the data of the event that was last whole, also where less of it is kept.
    pub const fn length(&self) -> u64 {
        self.events.length()
    }

    /// Takes bytes up to the end of an event or of the body: how many were taken, and what they ended in. All were
    /// taken if it is nothing.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(usize, Option<Event>), Violation> {
        let mut at = 0;
        loop {
            let (passed, data) = self.body.find_data(&bytes[at..])?;
            at += passed;
            if data.is_empty() {
                return Ok((at, self.body.is_whole().then_some(Event::Ended)));
            }
            let (used, whole) = self.events.feed(data)?;
            self.body.took(used);
            at += used;
            if whole {
                return Ok((at, Some(Event::Event)));
            }
        }
    }
}
