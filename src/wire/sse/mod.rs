//! Server-sent events (WHATWG HTML, section 9.2), the client's side of one stream, without sockets and clocks.
//!
//! `opening` judges the answer that is to open a stream. [`Client`] is fed with whatever bytes arrive behind that
//! answer's head and says which event they end in: `h1` takes the chunks off, [`Events`] reads the lines. It is bounded in
//! lines, events, and what it keeps of one.

mod client;
mod events;
mod opening;
#[cfg(test)]
mod tests;

pub use client::{Client, Event, Violation};
pub use events::{Events, Limits, TooLong};
pub use opening::{Refusal, refusal};
