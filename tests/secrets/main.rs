//! A secret is in nothing that is stored or printed, in whatever way the server writes it (S4).
#![allow(clippy::unwrap_used)] // tests: a failure is what they are for

mod escapes;
mod everywhere;
mod mask;
#[path = "../wire/rig.rs"]
mod rig;
#[allow(dead_code)] // this file uses a part of it
#[path = "../wire/server.rs"]
mod server;
