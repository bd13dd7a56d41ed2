//! HTTP/2 (RFC 9113), the client's side of one connection, without sockets and clocks.
//!
//! [`Client`] is fed with whatever bytes arrived and says what became of its requests; what is to be written gathers in
//! it until somebody takes it. A request is handed over as HTTP/1.1 would have it, so that both protocols send the same
//! headers. It is bounded in everything: frames, header blocks, heads, bodies, answers to pings and settings.

mod answer;
mod client;
mod control;
mod fields;
mod flow;
mod frame;
mod hpack;
mod receive;
mod request;
mod streams;
mod violation;

pub use answer::Answer;
pub use client::{Client, Ending, Event};
pub use violation::{Violation, name as error_name};
