//! What is known of a server without measuring it: its closed form, and its own stamps.
//!
//! `selftest` and the truth tests hold what scrutinio reports against this (docs/truth.md). Nothing here may come from a
//! measurement of scrutinio's own, so neither `engine` nor `record` may be imported, and ranks are counted here again.

mod calm;
mod law;
mod queue;
mod sample;
mod stall;
mod stamps;

pub use calm::{Calm, Watch};
pub use law::{Backlog, Law, OVERHEAD};
pub use queue::{MD1, MM1, MM2, Queue, QueueLaw};
pub use sample::Sample;
pub use stall::{Spacing, Stall};
pub use stamps::{Line, Request, read_log};
