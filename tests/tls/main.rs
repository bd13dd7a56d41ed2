//! TLS over real sockets: the real binary against a server of rustls that behaves, or does not.
#![allow(clippy::unwrap_used)]

mod handshakes;
mod records;
mod redirects;
#[path = "../wire/rig.rs"]
mod rig;
mod server;
mod target;
mod trust;
mod web;
