//! The remote-work service: a town hall's employees log on from home and work on desktops in its data centre.
//!
//! ```text
//! browser ──► portal (/, /callback, /desktops) ──302──► identity (/identity/…) ──LDAP──► directory
//!         ──► API (/api/desktops, /api/console)
//!         ──► stream (/stream), a WebSocket with a desktop's frames
//! ```
//!
//! Everything but the directory is served wherever `respond` runs; what they share is in memory and goes with the
//! process. Nothing of HTTP connections or of faults on purpose belongs here: that is the server's.

mod api;
mod desks;
mod directory;
mod identity;
mod options;
pub mod people;
mod portal;
mod profile;
mod reply;
mod stream;
mod tokens;

pub use api::CONSOLE_TOKEN;
pub use options::{Directory, RemoteOptions};
pub use stream::HEADER_BYTES;

use super::{Clock, RequestLog, Service, Stall, drain};
use api::Ticket;
use bytes::Bytes;
use desks::Desks;
use directory::{DirectoryClient, DirectoryServer, Member};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};
use identity::Identity;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokens::Tokens;

use crate::unit::{Instant, NotStarted, Span};

/// The longest body that is read: a logon form or a new desktop.
const MAX_BODY: usize = 16 * 1024;
/// How long a ticket may be used: real time.
const TICKET_LIFE: Span = Span::from_secs(60);

/// Why the service cannot work.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The embedded directory cannot be started.
    #[error("cannot start the directory: {0}")]
    Directory(#[from] io::Error),
    /// The system gives no more threads.
    #[error(transparent)]
    Thread(#[from] NotStarted),
}

/// The service. Clones share everything, so each serving thread may have its own.
#[derive(Clone, Debug)]
pub struct RemoteWork(Arc<Shared>);

/// What the threads share. No lock is held while anything is waited for, and never two at once.
#[derive(Debug)]
struct Shared {
    clock: Clock,
    client: DirectoryClient,
    directory: Option<DirectoryServer>,
    identity: Mutex<Identity>,
    sessions: Mutex<Tokens<Member>>,
    desks: Mutex<Desks>,
    tickets: Mutex<Tokens<Ticket>>,
    frame_stall: Option<Stall>,
    /// Real time.
    stream_life: Option<Span>,
    log: OnceLock<RequestLog>,
}

impl RemoteWork {
    /// Starts the service, and its directory unless that is somebody else's.
    ///
    /// # Errors
    /// The directory cannot be started.
    pub fn start(options: &RemoteOptions) -> Result<Self, RemoteError> {
        let (directory, address) = match options.directory {
            Directory::At(address) => (None, address),
            Directory::Embedded(listen) => {
                let server = DirectoryServer::start(listen, options)?;
                let address = server.address();
                (Some(server), address)
            }
        };
        Ok(Self(Arc::new(Shared {
            clock: Clock::start(),
            client: DirectoryClient(address),
            directory,
            identity: Mutex::new(Identity::new()),
            sessions: Mutex::new(Tokens::new(options.scenario(options.session_time))),
            desks: Mutex::new(Desks::new(options.scenario(options.start_time), options.compress)),
            tickets: Mutex::new(Tokens::new(TICKET_LIFE)),
            frame_stall: options.frame_stall,
            stream_life: options.stream_life.map(|mean| options.scenario(mean)),
            log: OnceLock::new(),
        })))
    }

    /// Where the embedded directory listens, if there is one.
    #[must_use]
    pub fn directory(&self) -> Option<SocketAddr> {
        self.0.directory.as_ref().map(DirectoryServer::address)
    }
}

impl Shared {
    fn identity(&self) -> MutexGuard<'_, Identity> {
        lock(&self.identity)
    }

    fn sessions(&self) -> MutexGuard<'_, Tokens<Member>> {
        lock(&self.sessions)
    }

    fn desks(&self) -> MutexGuard<'_, Desks> {
        lock(&self.desks)
    }

    fn tickets(&self) -> MutexGuard<'_, Tokens<Ticket>> {
        lock(&self.tickets)
    }

    /// When a frame that is due at `due` may be sent.
    fn unstalled(&self, due: Instant) -> Instant {
        self.frame_stall.map_or(due, |stall| stall.release(due))
    }
}

/// Nothing is left half done by a panic elsewhere: every change under a lock is one call.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Service for RemoteWork {
    async fn respond(self: Rc<Self>, mut request: Request<Incoming>) -> Response<Full<Bytes>> {
        let shared = &self.0;
        let upgrade = hyper::upgrade::on(&mut request);
        let (head, mut body) = request.into_parts();
        let Ok(body) = Limited::new(&mut body, MAX_BODY).collect().await else {
            drain(&mut body).await;
            return reply::problem(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "no request here is that long");
        };
        let (path, query, body) = (head.uri.path(), head.uri.query().unwrap_or_default(), body.to_bytes());
        if path.starts_with("/identity/") {
            return identity::respond(shared, &head.method, path, query, &head.headers, body).await;
        }
        if path.starts_with("/api/") {
            return api::respond(shared, &head.method, path, &head.headers, &body);
        }
        if path == "/stream" {
            return stream::respond(shared, &head.method, query, &head.headers, upgrade);
        }
        portal::respond(shared, &head.method, path, query, &head.headers)
    }

    fn log_to(&self, log: &RequestLog) {
        // Every thread says the same; the first is heard.
        let _ = self.0.log.set(log.clone());
    }

    fn drop_sessions(&self) -> Option<usize> {
        self.0.tickets().clear();
        let streams = self.0.desks().drop_streams();
        if let Some(log) = self.0.log.get() {
            log.sessions_dropped(self.0.clock.monotonic_ns(self.0.clock.now()), streams);
        }
        Some(streams)
    }
}
