//! What can be wrong with, or slow in, the remote-work service.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;

use crate::target::Stall;
use crate::unit::Span;

/// How the service is set up. Times are as they pass, except those that are said to be of the scenario: these are
/// divided by `compress`.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteOptions {
    /// Processor time that one password check takes in the embedded directory.
    pub logon_cost: Span,
    /// How long the embedded directory waits before it looks at a bind or a search; scenario time.
    pub directory_latency: Span,
    /// Binds and searches that the embedded directory works on at once.
    pub directory_concurrency: NonZeroUsize,
    /// Where the directory is.
    pub directory: Directory,
    /// How long a desktop takes to start; scenario time.
    pub start_time: Span,
    /// How long a portal session lives; scenario time.
    pub session_time: Span,
    /// When no stream sends frames.
    pub frame_stall: Option<Stall>,
    /// The mean of the exponential time after which a stream is cut; scenario time. `None`: never.
    pub stream_life: Option<Span>,
    /// Scenario seconds a second.
    pub compress: f64,
}

/// The directory that the portal asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Directory {
    /// One of our own, which listens here.
    Embedded(SocketAddr),
    /// Somebody else's LDAP server.
    At(SocketAddr),
}

impl Default for RemoteOptions {
    fn default() -> Self {
        Self {
            logon_cost: Span::from_millis(2),
            directory_latency: Span::ZERO,
            directory_concurrency: NonZeroUsize::new(16).unwrap_or(NonZeroUsize::MIN),
            directory: Directory::Embedded((Ipv4Addr::LOCALHOST, 0).into()),
            start_time: Span::from_secs(120),
            session_time: Span::from_secs(10 * 3600),
            frame_stall: None,
            stream_life: None,
            compress: 1.0,
        }
    }
}

impl RemoteOptions {
    /// How long a time of the scenario takes here.
    #[must_use]
    pub fn scenario(&self, span: Span) -> Span {
        Span::from_secs_f64(span.as_secs_f64() / self.compress)
    }
}
