//! A server of HTTP/2 that does what it is told, frame by frame.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PUSH_PROMISE: u8 = 5;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub const END_STREAM: u8 = 1;
pub const ACK: u8 = 1;
pub const END_HEADERS: u8 = 4;
pub const PADDED: u8 = 8;

/// `:status: 200`, by its index.
pub const OK: &[u8] = &[0x88];

/// A frame that the client sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

/// A frame's bytes.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    out.extend([kind, flags]);
    out.extend(stream.to_be_bytes());
    out.extend(payload);
    out
}

/// A head and a body.
pub fn answer(stream: u32, body: &[u8]) -> Vec<u8> {
    [frame(HEADERS, END_HEADERS, stream, OK), frame(DATA, END_STREAM, stream, body)].concat()
}

/// A literal field without indexing.
pub fn field(name: &str, value: &str) -> Vec<u8> {
    let mut out = vec![0, name.len() as u8];
    out.extend(name.bytes());
    out.push(value.len() as u8);
    out.extend(value.bytes());
    out
}

/// One setting's six bytes.
pub fn setting(id: u16, value: u32) -> Vec<u8> {
    [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()
}

/// A connection as the server has it.
pub struct Peer {
    stream: TcpStream,
    /// The connection's own number, from 0.
    pub nth: usize,
    seen: Arc<Mutex<Vec<(usize, Frame)>>>,
}

impl Peer {
    /// The next frame; `None` at the end.
    pub fn next(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).ok()?;
        let len = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let mut payload = vec![0; len];
        self.stream.read_exact(&mut payload).ok()?;
        let frame = Frame { kind: head[3], flags: head[4], stream, payload };
        self.seen.lock().unwrap().push((self.nth, frame.clone()));
        Some(frame)
    }

    /// The next frame that begins a request: its stream.
    pub fn request(&mut self) -> Option<u32> {
        loop {
            let frame = self.next()?;
            if frame.kind == HEADERS {
                return Some(frame.stream);
            }
        }
    }

    pub fn write(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Reads on until the client closes.
    pub fn drain(&mut self) {
        while self.next().is_some() {}
    }

    /// Whether the client says nothing for a while.
    pub fn is_silent(&self) -> bool {
        self.stream.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
        let silent = self.stream.peek(&mut [0]).is_err();
        self.stream.set_read_timeout(None).unwrap();
        silent
    }

    /// Waits a little, so that what was written is read by itself.
    pub fn pause(&self) {
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A server.
pub struct Server {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<(usize, Frame)>>>,
}

impl Server {
    /// Serves each connection by the script, after the prefaces and an empty SETTINGS of its own.
    pub fn start(script: impl Fn(&mut Peer) + Send + Sync + 'static) -> Self {
        Self::with_settings(&[], script)
    }

    /// The same, with these settings.
    pub fn with_settings(settings: &[u8], script: impl Fn(&mut Peer) + Send + Sync + 'static) -> Self {
        let opening = frame(SETTINGS, 0, 0, settings);
        Self::raw(move |peer| {
            peer.write(&opening);
            script(peer);
        })
    }

    /// Serves each connection by the script, after the client's preface.
    pub fn raw(script: impl Fn(&mut Peer) + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap(), script)
    }

    /// The same, on this listener.
    pub fn on(listener: TcpListener, script: impl Fn(&mut Peer) + Send + Sync + 'static) -> Self {
        let (address, seen) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<(usize, Frame)>>>::default());
        let (script, shared) = (Arc::new(script), Arc::clone(&seen));
        std::thread::spawn(move || {
            let mut nth = 0;
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let _ = stream.set_nodelay(true);
                let mut preface = [0; 24];
                // The connection that `run` makes first, to see whether anybody is there (O8), says nothing.
                if stream.read_exact(&mut preface).is_err() {
                    continue;
                }
                assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
                let (script, seen) = (Arc::clone(&script), Arc::clone(&shared));
                let mut peer = Peer { stream, nth, seen };
                nth += 1;
                std::thread::spawn(move || script(&mut peer));
            }
        });
        Self { address, seen }
    }

    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The target of a scenario: this server, in HTTP/2.
    pub fn target(&self, streams: u32) -> String {
        format!("{{ url: \"http://{}\", http: 2, streams: {streams} }}", self.address)
    }

    /// The frames of a kind once there are so many: the server reads on when the client has ended.
    pub fn seen_at_least(&self, kind: u8, n: usize) -> Vec<(usize, Frame)> {
        for _ in 0..10_000 {
            let seen = self.seen(kind);
            if seen.len() >= n {
                return seen;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("{} frames of kind {kind} were seen and not {n}", self.seen(kind).len());
    }

    /// The frames of a kind so far, with the numbers of their connections.
    pub fn seen(&self, kind: u8) -> Vec<(usize, Frame)> {
        self.seen.lock().unwrap().iter().filter(|(_, frame)| frame.kind == kind).cloned().collect()
    }
}
