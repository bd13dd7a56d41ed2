//! HTTP/2 over real sockets: the binary against the embedded target, and against servers that break the rules.
//!
//! The servers here write their frames byte by byte, so that what they do on the wire is known; each test holds what the
//! run recorded against it. No test depends on how fast the machine is.
#![allow(clippy::unwrap_used)] // The lint's exception for tests does not reach their helpers.

#[path = "../wire/rig.rs"]
mod rig;
mod server;

mod limits;
mod outcomes;
mod parallel;
mod retries;
mod right;
