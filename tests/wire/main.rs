//! How requests end, over real sockets: the binary against servers that misbehave on purpose (R1 to R7, S5, S7).
//!
//! Each server here is written in the test, so that what it does on the wire is known to the byte, and each
//! test holds what `summary.json` and `failures.ndjson` say against what the server saw. No test depends on
//! how fast the machine is: bounds on time are far from what is measured.
#![allow(clippy::unwrap_used)] // The lint's exception for tests does not reach their helpers.

mod rig;
mod server;

mod answers;
mod around;
mod conditions;
mod connections;
mod delivered;
mod draws;
mod early;
mod hard_stop;
mod lanes;
mod objectives;
mod outcomes;
mod parallel;
mod paths;
mod retries;
mod secrets;
mod sessions;
mod sockets;
mod stopping;
mod stripes;
mod transactions;
mod unasked;
mod unsent;
mod uploads;
mod windows;
