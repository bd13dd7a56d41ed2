//! The services under test that ship with scrutinio, and the ways to make them misbehave.
//!
//! It is a process of its own, and the engine sees only its address. It is what a newcomer runs against, and the
//! ground truth of our own tests: its knobs make it misbehave in ways whose correct measurement is known, and its log
//! says when each request really came and was answered.
//!
//! [`serve`] is the base of every service, [`run()`] a whole target in threads. Of our rooms only `unit`
//! may be imported here.

mod alarm;
mod clock;
pub mod election;
mod faults;
mod knobs;
mod listen;
mod null;
mod queue;
pub mod remote;
mod request_log;
mod run;
mod sample;
mod server;
mod shed;
mod stats;
mod thread;
mod tls;
mod writes;

pub use alarm::Alarm;
pub use clock::Clock;
pub use faults::Faults;
pub use knobs::{Knobs, ServiceTime, Stall};
pub use request_log::RequestLog;
pub use run::{Config, ServiceKind, parent_gone, run, run_service};
pub use server::{Service, Station, drain, respond, serve};
pub use shed::Shed;
pub use stats::{Counter, Stats, Totals};
pub use tls::{CaFile, ServerTls, TlsError};
pub use writes::Writes;

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use crate::unit::{NotStarted, Percent};

/// Why a target cannot run.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The election's store cannot be used.
    #[error(transparent)]
    Election(#[from] election::ElectionError),
    /// The remote-work service cannot start.
    #[error(transparent)]
    Remote(#[from] remote::RemoteError),
    /// A socket could not be opened.
    #[error("cannot listen on {address}: {source}{}", way_out(source))]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Not enough ports from the given one on.
    #[error("{stations} stations from port {} on would pass port 65535: choose a lower port, or 0 for free ones", first.port())]
    Ports {
        /// The first station's address.
        first: SocketAddr,
        /// The number of stations.
        stations: u16,
    },
    /// The request log could not be written.
    #[error("cannot write the request log {}: {source}", path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A thread could not be pinned.
    #[error("cannot pin a thread to processor {cpu}: {source}; `taskset -p $$` shows those that may be used")]
    Cpu {
        /// The processor asked for.
        cpu: usize,
        /// What the system said.
        source: io::Error,
    },
    /// The shares that are to go wrong add up to more than all requests.
    #[error("errors of {errors} and drops of {drops} are more than all requests together")]
    Shares {
        /// The share answered 503.
        errors: Percent,
        /// The share dropped.
        drops: Percent,
    },
    /// A queue, shedding or stations over several threads.
    #[error("a queue, shedding, and stations, are the state of one thread: {0} threads are too many, take 1")]
    Threads(NonZeroUsize),
    /// An option that the null server does not have.
    #[error(
        "the null service has neither knobs nor stations nor a log: they would slow it down; `--service knobs` has them"
    )]
    Null,
    /// A thread could not get a runtime, a timer or its sockets.
    #[error("cannot start a serving thread: {0}")]
    Start(#[source] io::Error),
    /// The system gives no more threads.
    #[error(transparent)]
    Thread(#[from] NotStarted),
}

impl TargetError {
    /// Whether the machine lacked something; otherwise what was asked for is wrong.
    pub fn is_of_the_machine(&self) -> bool {
        matches!(
            self,
            Self::Start(_)
                | Self::Thread(_)
                | Self::Election(election::ElectionError::Thread(_))
                | Self::Remote(remote::RemoteError::Thread(_))
        )
    }
}

fn way_out(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "; another process has this port: stop it, or choose another with --listen (port 0 takes a free one)"
        }
        io::ErrorKind::PermissionDenied => "; ports below 1024 need a privilege: choose a higher one with --listen",
        io::ErrorKind::AddrNotAvailable => "; this machine has no such address: `ip addr` lists those it has",
        _ => "",
    }
}
