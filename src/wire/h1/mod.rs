//! HTTP/1.1 answers: the head by `httparse`, the body counted and skipped, or kept when a step needs it.
//!
//! [`Answer`] is fed with whatever bytes arrived and says when the answer is whole and whether the
//! connection may serve another (RFC 9112). It is bounded in everything: head, chunk lines, body.

mod answer;
mod chunked;
mod head;
mod memo;

pub use answer::{Answer, Fed, Finished, Kept, Want};
pub use chunked::Chunked;
pub use head::{Framing, Head, HeadError, Malformed, field};
pub use memo::HeadMemo;
