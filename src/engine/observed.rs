//! What an observer is told: every exchange of a lane's only session, and what is said on its streams. A lane without an
//! observer makes none of this.

use crate::record::{Reason, Woken};
use crate::scenario::Measure;
use crate::unit::{Instant, Span};

/// Told of everything that a lane's only session does: `try`.
pub type Observer = Box<dyn FnMut(Observed<'_>) + Send>;

/// Something that has happened.
pub enum Observed<'a> {
    /// An exchange has ended.
    Exchange(Exchange<'a>),
    /// Something on the stream that the exchange before has opened.
    Stream(OnStream<'a>),
}

/// An exchange that has ended. Of one that was never sent the instants are empty, and the request too where a value that
/// it needs was never saved.
pub struct Exchange<'a> {
    /// Index of the population.
    pub population: u16,
    /// The session.
    pub session: u64,
    /// The step's recorded name.
    pub step: &'a str,
    /// When the request was due, ready and woken.
    pub woken: Woken,
    /// First byte written.
    pub sent: Option<Instant>,
    /// First byte read.
    pub first: Option<Instant>,
    /// The end.
    pub done: Instant,
    /// The request's bytes, as they were or would have been sent.
    pub request: &'a [u8],
    /// The answer's status; `None` without one.
    pub status: Option<u16>,
    /// The answer's head.
    pub head: &'a [u8],
    /// The answer's body as on the wire, the first of it.
    pub body: &'a [u8],
    /// What the session has saved by now.
    pub saved: &'a [Option<String>],
    /// Redirects that led here.
    pub redirects: u32,
    /// Where the answer leads, if the request is sent on there: method and URL. Then this end is not the request's.
    pub onward: Option<&'a str>,
    /// Whether it is tried again, so that this end is not the request's.
    pub tried_again: bool,
    /// Right, or why not.
    pub outcome: Result<(), (Reason, &'a str)>,
}

/// Something on an open stream.
pub enum OnStream<'a> {
    /// A message, or an event.
    Message {
        /// We sent it.
        ours: bool,
        /// It is a text; else it is binary.
        text: bool,
        /// When it was sent, or read.
        at: Instant,
        /// The type of an event; empty if it has none.
        name: &'a [u8],
        /// As much of it as is kept.
        bytes: &'a [u8],
        /// Its length in bytes.
        length: u64,
    },
    /// Something was measured.
    Measured {
        /// What.
        kind: Measure,
        /// Its value, or why there is none.
        value: Result<Span, Reason>,
    },
    /// The stream has ended.
    Ended {
        /// When.
        at: Instant,
        /// How, as it should; or why it was lost.
        how: Result<&'a str, (Reason, &'a str)>,
        /// What the session has saved by now.
        saved: &'a [Option<String>],
    },
}
