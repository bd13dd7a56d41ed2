//! One exchange on a connection: request bytes in, an answer's outcome out.
//!
//! Sockets are non-blocking and driven by readiness; the parsers are state machines fed with whatever
//! bytes arrived, so they know neither sockets nor clocks and can be tested byte by byte. An idle
//! connection owns no buffer (S7).

mod address;
mod connection;
pub mod h1;
pub mod h2;
mod poller;
mod sources;
pub mod sse;
pub mod tls;
pub mod ws;

pub use address::{Address, ResolveError, ResolvedOrigin, Unreachable, reachable, resolve};
pub use connection::{Behind, Connection, OpenError, Opening, Received, Then, Wrote};
pub use poller::{Event, Poller, Token, Waited, new_waker};
pub use sources::{Sources, is_local};
