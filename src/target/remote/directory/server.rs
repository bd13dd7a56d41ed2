//! The embedded LDAP server: simple bind, search and unbind, version 3, on a thread of its own.
//!
//! A bind or a search takes one of a fixed number of places, waits for the latency that was asked for, and is then worked
//! on. Password checks cost processor time and run on threads beside ([`Checkers`]), so that others are answered
//! meanwhile.

use super::super::{RemoteError, RemoteOptions};
use super::checkers::Checkers;
use super::entries::{Check, Entries};
use super::{encode, read_message, search, write_message};
use crate::unit::{NotStarted, STACK_BYTES};
use rasn_ldap::{
    AuthenticationChoice, BindRequest, BindResponse, ExtendedResponse, LdapResult, ProtocolOp, ResultCode,
    SearchRequest, SearchResultDone,
};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::sync::{Semaphore, oneshot};

/// The extended operation `who am I?`.
const WHO_AM_I: &[u8] = b"1.3.6.1.4.1.4203.1.11.3";

/// A running server; it ends when this is dropped.
#[derive(Debug)]
pub struct DirectoryServer {
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

/// What every connection works with.
struct Shared {
    entries: Arc<Entries>,
    checkers: Checkers,
    places: Semaphore,
    latency: Duration,
}

impl DirectoryServer {
    /// Starts the server at `listen`.
    ///
    /// # Errors
    /// The address cannot be listened on, or a thread not be started.
    pub fn start(listen: SocketAddr, options: &RemoteOptions) -> Result<Self, RemoteError> {
        let listener = TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let places = options.directory_concurrency.get();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let entries = Arc::new(Entries::new());
        let checkers = Checkers::start(&entries, places, options.logon_cost)?;
        let shared = Arc::new(Shared {
            entries,
            checkers,
            places: Semaphore::new(places.min(Semaphore::MAX_PERMITS)),
            latency: options.scenario(options.directory_latency).to_duration(),
        });
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("directory".to_owned()).stack_size(STACK_BYTES);
        let started = thread.spawn(move || {
            runtime.block_on(async move {
                // The sender is never used: it is dropped.
                tokio::select! { () = accept(listener, shared) => {} _ = stopped => {} }
            });
        });
        started.map_err(NotStarted::of("a thread for the directory"))?;
        Ok(Self { address, _stop: stop })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    loop {
        match listener.accept().await {
            // A client that breaks off is its own affair.
            Ok((stream, _)) => drop(tokio::spawn(converse(stream, Arc::clone(&shared)))),
            // Most likely out of descriptors: the connection waits in the backlog until some are free.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn converse(stream: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let mut bound: Option<String> = None;
    while let Some(message) = read_message(&mut stream).await? {
        let id = message.message_id;
        match message.protocol_op {
            ProtocolOp::BindRequest(request) => {
                let name = request.name.0.clone();
                let (code, why) = bind(&shared, request).await;
                bound = (code == ResultCode::Success && !name.is_empty()).then_some(name);
                let answer = BindResponse::new(code, "".into(), why.into(), None, None);
                write_message(&mut stream, id, ProtocolOp::BindResponse(answer)).await?;
            }
            ProtocolOp::SearchRequest(request) => {
                let answer = find(&shared, id, &request, bound.is_some()).await?;
                stream.write_all(&answer).await?;
            }
            ProtocolOp::ExtendedReq(request) => {
                let answer = extended(&request.request_name, bound.as_deref());
                write_message(&mut stream, id, ProtocolOp::ExtendedResp(answer)).await?;
            }
            ProtocolOp::AbandonRequest(_) => {}
            // Unbind is the client's end; anything else changes the directory, which is not offered.
            _ => return Ok(()),
        }
    }
    Ok(())
}

async fn bind(shared: &Arc<Shared>, request: BindRequest) -> (ResultCode, &'static str) {
    if request.version != 3 {
        return (ResultCode::ProtocolError, "only version 3 is spoken");
    }
    let AuthenticationChoice::Simple(password) = request.authentication else {
        return (ResultCode::AuthMethodNotSupported, "only simple binds are offered");
    };
    match (request.name.is_empty(), password.is_empty()) {
        (true, true) => return (ResultCode::Success, ""),
        // RFC 4513 section 5.1.2: a name without a password proves nothing.
        (_, true) => return (ResultCode::UnwillingToPerform, "a bind without a password proves nothing"),
        _ => {}
    }
    let _place = shared.places.acquire().await;
    tokio::time::sleep(shared.latency).await;
    match shared.checkers.check(request.name.0, password.to_vec()).await {
        Some(Check::Right) => (ResultCode::Success, ""),
        Some(Check::Wrong) => (ResultCode::InvalidCredentials, ""),
        Some(Check::Locked) => (ResultCode::UnwillingToPerform, "account locked"),
        None => (ResultCode::OperationsError, "the check was broken off"),
    }
}

/// `ldapwhoami` asks who is bound (RFC 4532); nothing else is offered.
fn extended(name: &[u8], bound: Option<&str>) -> ExtendedResponse {
    let known = name == WHO_AM_I;
    let (code, why) =
        if known { (ResultCode::Success, "") } else { (ResultCode::ProtocolError, "only `who am I?` is offered") };
    let who = bound.map_or_else(String::new, |dn| format!("dn:{dn}"));
    ExtendedResponse {
        result_code: code,
        matched_dn: "".into(),
        diagnostic_message: why.into(),
        referral: None,
        response_name: None,
        response_value: known.then(|| who.into_bytes().into()),
    }
}

/// The answer to a search. Who is not bound sees nothing.
async fn find(shared: &Shared, id: u32, request: &SearchRequest, bound: bool) -> io::Result<Vec<u8>> {
    let _place = shared.places.acquire().await;
    tokio::time::sleep(shared.latency).await;
    let mut answer = Vec::new();
    let mut code = ResultCode::Success;
    let found = shared.entries.all().iter().filter(|entry| bound && search::finds(request, entry));
    for (n, entry) in found.enumerate() {
        if request.size_limit > 0 && n >= request.size_limit as usize {
            code = ResultCode::SizeLimitExceeded;
            break;
        }
        answer.extend(encode(id, ProtocolOp::SearchResEntry(search::shown(request, entry)))?);
    }
    if !bound {
        code = ResultCode::InsufficientAccessRights;
    }
    let done = SearchResultDone(LdapResult::new(code, "".into(), "".into()));
    answer.extend(encode(id, ProtocolOp::SearchResDone(done))?);
    Ok(answer)
}
