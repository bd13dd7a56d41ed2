//! The measures every room speaks in: instants, spans, rates, quantiles and byte counts; what all threads have in common,
//! the generator of everything that is drawn by key, and how a word is quoted for a shell.
//!
//! Each is a type with its own parser and `Display`, so that a duration is never a bare number and a
//! value that makes no sense cannot exist. Nothing here reads a clock or does I/O; no other room may
//! be imported.

mod bytes;
mod digits;
mod instant;
mod percent;
mod philox;
mod quantile;
mod rate;
mod shell;
mod side;
mod span;
mod thread;

pub use bytes::Bytes;
pub use digits::thousands;
pub use instant::Instant;
pub use percent::{Percent, percent};
pub use philox::philox;
pub use quantile::Quantile;
pub use rate::Rate;
pub use shell::quoted;
pub use side::Side;
pub use span::Span;
pub use thread::{NotStarted, STACK_BYTES};

use std::fmt;

/// Why a text is not the measure it was read as: what was expected, in words for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ParseError {
    /// What a right text looks like, for example ``a duration such as `300ms` or `1h 30m` ``.
    pub expected: &'static str,
    /// The text that was given.
    pub given: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, found `{}`", self.expected, self.given)
    }
}

impl ParseError {
    fn new(expected: &'static str, given: &str) -> Self {
        Self { expected, given: given.to_owned() }
    }
}
