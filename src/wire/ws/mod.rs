//! WebSocket (RFC 6455), the client's side of one connection, without sockets and clocks.
//!
//! `handshake` makes the key of an opening request and judges the answer's; [`Client`] is fed with whatever bytes
//! arrive after it and says which message or close they end in. What is to be written gathers in it until somebody
//! takes it. It is bounded in everything: frames, messages, what it keeps of one, answers to pings.

mod client;
mod frame;
mod handshake;
#[cfg(test)]
mod tests;
mod utf8;
mod violation;

pub use client::{Client, Event, Limits};
pub use handshake::{Refusal, key, refusal};
pub use violation::{Violation, close_name};
