//! WebSockets and server-sent events over real sockets: the binary against servers that are not ours (tungstenite), and against servers that
//! do on the wire what no library would.
//!
//! No test depends on how fast the machine is: a delay of the server is held as a lower bound only.
#![allow(clippy::unwrap_used)] // The lint's exception for tests does not reach their helpers.

#[path = "../wire/rig.rs"]
mod rig;
#[allow(dead_code)] // This binary uses a part of it.
#[path = "../wire/server.rs"]
mod server;

mod peer;

mod events;
mod lost;
mod opening;
mod reconnect;
mod streaming;
mod talking;
