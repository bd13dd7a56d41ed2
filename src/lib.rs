//! scrutinio: load tests with a verdict that you can defend.
//!
//! Data goes one way, and each module is one room of it:
//!
//! ```text
//! scenario ──► plan ──► engine ──► record ──► judge ──► report
//!  text to     when     sessions   what        verdict   what people and
//!  checked     each     as bytes   happened    and why   machines read
//!  model       is due   (wire)
//! ```
//!
//! [`mod@unit`] stands underneath all of them, [`target`] (the services under test that we ship) and [`truth`] (what
//! is known of a service without measuring it) beside them, and [`cli`] on top. `tests/tidy/rooms.rs` keeps the table of
//! who may import what; `ARCHITECTURE.md` is the map.

pub mod cli;
pub mod engine;
pub mod judge;
pub mod plan;
pub mod record;
pub mod report;
pub mod scenario;
pub mod target;
pub mod truth;
pub mod unit;
pub mod wire;
