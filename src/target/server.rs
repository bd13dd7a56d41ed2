//! The HTTP server on which every service of the target stands.
//!
//! One thread serves: a connection is a task of its local runtime, nothing is shared and nothing locked
//! for long. A connection that begins with the preface of HTTP/2 is served in it. The caller owns the socket and says when to stop. What each request meets, in order: its
//! stamp and count, the knobs, the service, its line in the log. A service only turns a request into a
//! response; knobs, counts and log come with the server, so any service can be made wrong on purpose.

use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::rt::Executor;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::faults::{Fate, Faults};
use super::request_log::RequestLog;
use super::stats::Counter;
use super::tls::ServerTls;

/// What a connection may hold of requests not yet parsed; a longer head is answered 431.
const MAX_BUFFER_BYTES: usize = 64 * 1024;

/// Requests at once on a connection of HTTP/2: more than anybody sends, so that the knobs alone say what is slow.
const MAX_STREAMS: u32 = 4096;

/// The most of a body that is read although nobody wants it: as long as an answer may be for a scenario, unless it says
/// otherwise.
const MAX_DRAINED: usize = 1 << 30;

/// The longest that a client may take over its TLS handshake.
const MAX_HANDSHAKE: Duration = Duration::from_secs(30);

/// Paths under this one are the target's own: not counted, not logged, never delayed.
const OWN_PATHS: &str = "/__scrutinio/";

const OWN_PAGES: &str = "the target's own pages: GET /__scrutinio/stats, POST /__scrutinio/drop-sessions\n";

/// A service under test: it turns each request into a response.
pub trait Service: 'static {
    /// Answers `request`. Whatever went wrong is an answer too.
    fn respond(self: Rc<Self>, request: Request<Incoming>) -> impl Future<Output = Response<Full<Bytes>>>;

    /// Where the target's log is, for what is no request; called at the start if there is one.
    fn log_to(&self, _log: &RequestLog) {}

    /// Cuts every session's connection and tells how many there were; `None` if the service has no sessions.
    fn drop_sessions(&self) -> Option<usize> {
        None
    }
}

/// Why a connection ends without an answer: a knob wants it so.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the connection is dropped on purpose")]
pub struct DropConnection;

/// What stands behind one listener.
pub struct Station<S> {
    /// Answers the requests.
    pub service: Rc<S>,
    /// Counts them.
    pub counter: Counter,
    /// Writes them down, if wanted.
    pub log: Option<RequestLog>,
    /// Gets in their way, if wanted.
    pub faults: Option<Faults>,
    /// How it speaks TLS; `None`: plain.
    pub tls: Option<ServerTls>,
    /// The station's number in the log, from 0.
    pub number: u16,
}

/// Serves `listener` until `shutdown` resolves; then every connection is closed, answered or not.
/// To be called inside a local runtime.
pub async fn serve<S: Service>(listener: TcpListener, station: Rc<Station<S>>, shutdown: impl Future<Output = ()>) {
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn_local(converse(stream, Rc::clone(&station)))),
                // Most likely out of descriptors: the connection waits in the backlog until some are free.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
            () = &mut shutdown => return,
        }
    }
}

async fn converse<S: Service>(stream: TcpStream, station: Rc<Station<S>>) {
    if stream.set_nodelay(true).is_err() {
        return; // Gone already.
    }
    let Some(ServerTls(config)) = &station.tls else { return speak(stream, station).await };
    let handshake = TlsAcceptor::from(Arc::clone(config)).accept(stream);
    // A client that gives up, or does not trust us, is its own affair.
    if let Ok(Ok(stream)) = tokio::time::timeout(MAX_HANDSHAKE, handshake).await {
        speak(stream, station).await;
    }
}

async fn speak<S: Service>(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, station: Rc<Station<S>>) {
    let service = service_fn(move |request| answer(Rc::clone(&station), request));
    let mut builder = auto::Builder::new(SameThread);
    builder.http1().max_buf_size(MAX_BUFFER_BYTES);
    builder.http2().max_concurrent_streams(MAX_STREAMS).max_header_list_size(MAX_BUFFER_BYTES as u32);
    // An error is the client's leaving or a drop on purpose; the counts and the log tell of both.
    let _ = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
}

/// Runs the streams of a connection of HTTP/2 where the connection itself runs.
#[derive(Clone, Copy)]
struct SameThread;

impl<F: Future<Output: 'static> + 'static> Executor<F> for SameThread {
    fn execute(&self, stream: F) {
        drop(tokio::task::spawn_local(stream));
    }
}

async fn answer<S: Service>(
    station: Rc<Station<S>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, DropConnection> {
    let clock = station.counter.clock();
    let arrived = clock.now();
    if let Some(page) = request.uri().path().strip_prefix(OWN_PATHS) {
        return Ok(own_page(&station, page, &request));
    }
    station.counter.received(arrived);
    let entry = station.log.as_ref().map(|log| log.entry(clock.monotonic_ns(arrived), &request, station.number));
    let (fate, _inside) = match &station.faults {
        Some(faults) => faults.hold(arrived).await,
        None => (Fate::Served, None),
    };
    let result = match fate {
        Fate::Served => Ok(Rc::clone(&station.service).respond(request).await),
        Fate::Refused => Ok(refuse(request).await),
        Fate::Shed(seconds) => Ok(shed(request, seconds).await),
        Fate::Dropped => Err(DropConnection),
    };
    if result.is_ok() {
        station.counter.answered();
    }
    if let Some(entry) = entry {
        entry.answered(clock.monotonic_ns(clock.now()), result.as_ref().map(Response::status).ok());
    }
    result
}

fn own_page<S: Service>(station: &Rc<Station<S>>, page: &str, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    match page {
        "drop-sessions" if request.method() == Method::POST => {
            drop_sessions(station, request.uri().query().unwrap_or_default())
        }
        "stats" => match serde_json::to_vec(&station.counter.totals()) {
            Ok(json) => {
                let mut response = respond(StatusCode::OK, "application/json", json);
                response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
                response
            }
            Err(error) => respond(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", error.to_string()),
        },
        _ => respond(StatusCode::NOT_FOUND, "text/plain", OWN_PAGES),
    }
}

/// Drops all sessions, at `at_ns` of CLOCK_MONOTONIC if the query names it, or now.
fn drop_sessions<S: Service>(station: &Rc<Station<S>>, query: &str) -> Response<Full<Bytes>> {
    let Some(at) = query.strip_prefix("at_ns=") else {
        return match station.service.drop_sessions() {
            Some(count) => respond(StatusCode::OK, "application/json", format!("{{\"dropped\":{count}}}\n")),
            None => respond(StatusCode::NOT_FOUND, "text/plain", "this service has no sessions\n"),
        };
    };
    let Ok(at_ns) = at.parse::<u64>() else {
        return respond(StatusCode::BAD_REQUEST, "text/plain", "at_ns is a number of nanoseconds on CLOCK_MONOTONIC\n");
    };
    let clock = station.counter.clock();
    let wait = Duration::from_nanos(at_ns.saturating_sub(clock.monotonic_ns(clock.now())));
    let station = Rc::clone(station);
    tokio::task::spawn_local(async move {
        tokio::time::sleep(wait).await;
        station.service.drop_sessions();
    });
    respond(StatusCode::ACCEPTED, "application/json", format!("{{\"at_ns\":{at_ns}}}\n"))
}

async fn refuse(mut request: Request<Incoming>) -> Response<Full<Bytes>> {
    drain(request.body_mut()).await;
    respond(StatusCode::SERVICE_UNAVAILABLE, "text/plain", "refused on purpose\n")
}

async fn shed(mut request: Request<Incoming>, seconds: u64) -> Response<Full<Bytes>> {
    drain(request.body_mut()).await;
    let mut response = respond(StatusCode::SERVICE_UNAVAILABLE, "text/plain", "too much at once\n");
    response.headers_mut().insert(RETRY_AFTER, seconds.into());
    response
}

/// A response with a body of the given type.
pub fn respond(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Reads what is left of a request's body, up to 1 GiB, and forgets it. An unread body would end the connection, and
/// whoever still sends it would hear a reset in place of the answer.
pub async fn drain(body: &mut Incoming) {
    let mut read = 0;
    while read <= MAX_DRAINED && !body.is_end_stream() {
        let Some(Ok(frame)) = body.frame().await else { return };
        read += frame.data_ref().map_or(0, Bytes::len);
    }
}
