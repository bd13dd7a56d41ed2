//! The stream of a desktop over WebSocket (RFC 6455): frames to the client, input events to the desktop.
//!
//! `GET /stream?ticket=…` opens it, with a ticket of `connect` that is good once. What goes over it:
//!
//! - each frame is one binary message: its number from 1 (8 bytes, big-endian), the number of the newest input event that
//!   it answers (8 bytes, big-endian, 0 if there was none), then the picture, which is filling;
//! - each input event is one message, either text `{"input": 17, …}` or binary that begins with the number (8 bytes,
//!   big-endian). Numbers grow. Whatever else is in it is not looked at.
//!
//! Ping is answered; a message without a number closes the stream with code 1008. The service closes with 1000 after
//! `disconnect`, `logoff` or a takeover by another stream; a dropped session ends without a word.

use super::Shared;
use super::api::Ticket;
use super::desks::{Attached, End};
use super::profile;
use super::reply::{self, Reply, problem};
use crate::target::Clock;
use crate::unit::{Instant, Span};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use hyper::header::{CONNECTION, HeaderMap, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper::{Method, StatusCode};
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig};

/// The longest input event.
const MAX_INPUT: usize = 4096;

/// The bytes before a frame's picture: its number and that of the input that it answers.
pub const HEADER_BYTES: usize = 16;

/// Answers a request for a stream; if it is let in, frames flow as soon as the answer is out.
pub fn respond(shared: &Arc<Shared>, method: &Method, query: &str, headers: &HeaderMap, upgrade: OnUpgrade) -> Reply {
    let is = |name, value: &str| {
        headers.get(name).is_some_and(|each| each.as_bytes().eq_ignore_ascii_case(value.as_bytes()))
    };
    let key = headers.get(SEC_WEBSOCKET_KEY);
    let (Some(key), true) =
        (key, *method == Method::GET && is(UPGRADE, "websocket") && is(SEC_WEBSOCKET_VERSION, "13"))
    else {
        let mut answer =
            problem(StatusCode::UPGRADE_REQUIRED, "upgrade", "a stream is a WebSocket of version 13 over HTTP/1.1");
        reply::insert(&mut answer, UPGRADE, "websocket");
        reply::insert(&mut answer, SEC_WEBSOCKET_VERSION, "13");
        return answer;
    };
    let ticket = reply::field(query.as_bytes(), "ticket").unwrap_or_default();
    let ticket = shared.tickets().take(&ticket, shared.clock.now());
    let let_in =
        ticket.and_then(|ticket| shared.desks().attach(&ticket.desk, ticket.session).map(|desk| (ticket, desk)));
    let Some((ticket, desk)) = let_in else {
        return problem(
            StatusCode::FORBIDDEN,
            "ticket",
            "the ticket was used, is too old, or its session is over: connect again",
        );
    };
    let mut answer = reply::data(StatusCode::SWITCHING_PROTOCOLS, &serde_json::Value::Null);
    (*answer.body_mut(), *answer.headers_mut()) = Default::default();
    reply::insert(&mut answer, CONNECTION, "Upgrade");
    reply::insert(&mut answer, UPGRADE, "websocket");
    reply::insert(&mut answer, SEC_WEBSOCKET_ACCEPT, &derive_accept_key(key.as_bytes()));
    tokio::task::spawn_local(flow(Arc::clone(shared), ticket, desk, upgrade));
    answer
}

async fn flow(shared: Arc<Shared>, ticket: Ticket, desk: Attached, upgrade: OnUpgrade) {
    let connection = desk.connection;
    if let Ok(upgraded) = upgrade.await {
        let config = WebSocketConfig::default().max_message_size(Some(MAX_INPUT)).max_frame_size(Some(MAX_INPUT));
        let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
        let session = format!("{}/{}", ticket.desk, ticket.session);
        Stream { shared: &shared, session, desk, socket, frame: 0, input: 0 }.run().await;
    }
    shared.desks().detach(&ticket.desk, connection);
}

/// An open stream.
struct Stream<'a> {
    shared: &'a Shared,
    /// The desktop's name and its session's number, as the log has them.
    session: String,
    desk: Attached,
    socket: WebSocketStream<TokioIo<Upgraded>>,
    /// The last frame's number.
    frame: u64,
    /// The newest input's number.
    input: u64,
}

/// How a stream ends that the client did not end.
enum Ending {
    /// With this close frame.
    Closed(CloseCode, &'static str),
    /// Without a word.
    Silent,
}

impl Stream<'_> {
    async fn run(mut self) {
        if let Ending::Closed(code, reason) = self.flow().await {
            // A client that is gone is told nothing.
            let _ = self.socket.close(Some(CloseFrame { code, reason: reason.into() })).await;
        }
    }

    /// Sends frames when they are due and takes inputs as they come, until one side ends it.
    async fn flow(&mut self) -> Ending {
        let clock = self.shared.clock;
        let life = self.shared.stream_life.map(|mean| clock.now() + exponential(mean));
        let mut due = clock.now();
        loop {
            let at = self.shared.unstalled(due);
            tokio::select! {
                biased;
                end = &mut self.desk.cut => return ending(end.ok()),
                () = until(clock, life) => return Ending::Silent,
                message = self.socket.next() => match message {
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                    Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => match number(&message) {
                        Some(number) => {
                            if let Some(log) = self.shared.log.get() {
                                log.input(clock.monotonic_ns(clock.now()), &self.session, number);
                            }
                            self.input = self.input.max(number);
                            due = profile::answered(self.desk.kind, due, clock.now());
                        }
                        None => return Ending::Closed(CloseCode::Policy, "an input event has a number"),
                    },
                    // Closed by the client, whose close frame has been answered, or broken.
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Ending::Silent,
                },
                () = until(clock, Some(at)) => {
                    let frame = self.draw();
                    let sent = tokio::select! {
                        sent = self.socket.send(frame) => sent,
                        end = &mut self.desk.cut => return ending(end.ok()),
                    };
                    if sent.is_err() {
                        return Ending::Silent;
                    }
                    due = profile::next(self.desk.kind, at, clock.now());
                }
            }
        }
    }

    /// The next frame, which is written down as sent now.
    fn draw(&mut self) -> Message {
        self.frame += 1;
        let mut bytes = vec![0; profile::size(self.desk.kind, self.desk.number, self.frame)];
        bytes[..8].copy_from_slice(&self.frame.to_be_bytes());
        bytes[8..HEADER_BYTES].copy_from_slice(&self.input.to_be_bytes());
        if let Some(log) = self.shared.log.get() {
            let clock = self.shared.clock;
            log.frame(clock.monotonic_ns(clock.now()), &self.session, self.frame, self.input);
        }
        Message::Binary(Bytes::from(bytes))
    }
}

fn ending(end: Option<End>) -> Ending {
    match end {
        Some(End::Closed) => Ending::Closed(CloseCode::Normal, "the session was disconnected"),
        Some(End::Dropped) | None => Ending::Silent,
    }
}

/// The number of an input event.
fn number(message: &Message) -> Option<u64> {
    match message {
        Message::Text(text) => serde_json::from_str::<serde_json::Value>(text).ok()?["input"].as_u64(),
        Message::Binary(bytes) => Some(u64::from_be_bytes(*bytes.first_chunk()?)),
        _ => None,
    }
}

/// Sleeps until `at`, which may be past; forever if there is none.
async fn until(clock: Clock, at: Option<Instant>) {
    match at {
        Some(at) if at > clock.now() => tokio::time::sleep(at.since(clock.now()).to_duration()).await,
        Some(_) => {}
        None => std::future::pending().await,
    }
}

/// A time drawn from the exponential distribution of this mean.
fn exponential(mean: Span) -> Span {
    // From 0 to less than 1, so the logarithm is that of a number above 0.
    let uniform: f64 = rand::random();
    Span::from_secs_f64(mean.as_secs_f64() * -(1.0 - uniform).ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_known_by_its_number() {
        assert_eq!(number(&Message::text(r#"{"input": 17, "key": "a"}"#)), Some(17));
        assert_eq!(number(&Message::binary(vec![0, 0, 0, 0, 0, 0, 1, 2, 99])), Some(258));
        assert_eq!(number(&Message::binary(vec![1, 2, 3])), None);
        assert_eq!(number(&Message::text("hello")), None);
        assert_eq!(number(&Message::text(r#"{"input": -1}"#)), None);
    }
}
