//! The other side of a WebSocket: tungstenite on a thread for each connection.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tungstenite::handshake::server::{Request, Response};
use tungstenite::{Message, WebSocket};

use crate::rig::Done;

/// A connection as the server has it.
pub type Socket = WebSocket<TcpStream>;

/// A server of WebSockets.
pub struct Peer {
    address: SocketAddr,
    /// The heads that opened each, and the codes that closed them.
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    requests: Vec<Request>,
    closes: Vec<Option<u16>>,
}

impl Peer {
    /// A server that does this with each WebSocket once it is open, and then answers its close.
    pub fn start(serve: impl Fn(&mut Socket) + Send + Sync + 'static) -> Self {
        Self::with(serve, false)
    }

    /// A server that sends every message back.
    pub fn echo() -> Self {
        Self::with(|_| {}, true)
    }

    fn with(serve: impl Fn(&mut Socket) + Send + Sync + 'static, echo: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, seen) = (listener.local_addr().unwrap(), Arc::<Mutex<Seen>>::default());
        let (serve, shared) = (Arc::new(serve), Arc::clone(&seen));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (serve, seen) = (Arc::clone(&serve), Arc::clone(&shared));
                std::thread::spawn(move || one(stream, &*serve, echo, &seen));
            }
        });
        Self { address, seen }
    }

    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The values that a header had, by connection.
    pub fn header(&self, name: &str) -> Vec<String> {
        let text = |request: &Request| Some(request.headers().get(name)?.to_str().unwrap().to_owned());
        self.seen.lock().unwrap().requests.iter().filter_map(text).collect()
    }

    /// The codes of the closes, by connection.
    pub fn closes(&self) -> Vec<Option<u16>> {
        self.seen.lock().unwrap().closes.clone()
    }
}

#[allow(clippy::result_large_err)] // The library's own signature.
fn one(stream: TcpStream, serve: &(dyn Fn(&mut Socket) + Send + Sync), echo: bool, seen: &Mutex<Seen>) {
    let _ = stream.set_nodelay(true);
    let accepted = tungstenite::accept_hdr(stream, |request: &Request, mut response: Response| {
        if request.headers().contains_key("sec-websocket-protocol") {
            response.headers_mut().insert("sec-websocket-protocol", "v1".parse().unwrap());
        }
        response.headers_mut().insert("set-cookie", "visit=1".parse().unwrap());
        seen.lock().unwrap().requests.push(request.clone());
        Ok(response)
    });
    // The look whether somebody is there (O8) asks for nothing.
    let Ok(mut socket) = accepted else { return };
    serve(&mut socket);
    loop {
        match socket.read() {
            Ok(Message::Close(frame)) => seen.lock().unwrap().closes.push(frame.map(|frame| frame.code.into())),
            Ok(message @ (Message::Text(_) | Message::Binary(_))) if echo => socket.send(message).unwrap_or_default(),
            Ok(_) => {}
            Err(_) => return,
        }
    }
}

/// A measure of the step `live` of the population `users`.
pub fn measure<'a>(done: &'a Done, kind: &str) -> &'a Value {
    let measures = &done.summary["populations"]["users"]["measures"]["live"];
    measures.get(kind).unwrap_or_else(|| panic!("no {kind} in {measures}"))
}

/// How many samples of a measure were right.
pub fn right(done: &Done, kind: &str) -> u64 {
    measure(done, kind)["samples"]["completed"].as_u64().unwrap()
}

/// How many samples of a measure ended so, for example `failed.reset`.
pub fn wrong(done: &Done, kind: &str, reason: &str) -> u64 {
    measure(done, kind)["samples"]["by_reason"][reason].as_u64().unwrap_or(0)
}

/// A count of what went over the streams.
pub fn streams(done: &Done, what: &str) -> u64 {
    done.count(&format!("/connections/streams/{what}"))
}
