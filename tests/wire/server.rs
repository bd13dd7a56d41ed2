//! A server that does what it is told, right or wrong, and remembers what it saw.
//!
//! One thread for the listener, one for each connection; plain blocking sockets of the standard library, so that
//! every byte and every close is the test's own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What a server does about a request.
pub enum Reply {
    /// Writes these bytes and waits for the next request.
    Keep(Vec<u8>),
    /// Writes these bytes and closes.
    Close(Vec<u8>),
    /// Writes these bytes, gives them time to be read, and resets the connection.
    Reset(Vec<u8>),
    /// Writes these pieces with a pause before each, then waits for the next request.
    Pieces(Vec<Vec<u8>>, Duration),
    /// Never answers.
    Silence,
}

/// A request as the server read it.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET / HTTP/1.1`.
    pub line: String,
    /// Header lines, as sent.
    pub headers: Vec<String>,
    /// The body.
    pub body: Vec<u8>,
    /// Where it came from.
    pub peer: IpAddr,
    /// Its own number on that connection, from 0.
    pub nth: usize,
}

impl Request {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let same = |line: &&String| line.split_once(':').is_some_and(|(n, _)| n.eq_ignore_ascii_case(name));
        self.headers.iter().find(same).and_then(|line| line.split_once(':')).map(|(_, value)| value.trim())
    }
}

type Script = dyn Fn(&Request) -> Reply + Send + Sync;

/// A server.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    connections: usize,
    requests: Vec<Request>,
}

impl Server {
    /// A server on a free port of 127.0.0.1 that answers by this script. It lives as long as the test's process.
    pub fn start(script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap(), script)
    }

    /// A server on this listener.
    pub fn on(listener: TcpListener, script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let (address, seen) = (listener.local_addr().unwrap(), Arc::<Mutex<Seen>>::default());
        let (script, shared): (Arc<Script>, _) = (Arc::new(script), Arc::clone(&seen));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(stream), script, seen) = (stream, Arc::clone(&script), Arc::clone(&shared)) else { return };
                std::thread::spawn(move || serve(stream, &*script, &seen));
            }
        });
        Self { address, seen }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Connections on which anything was asked: not the one that `run` makes first to see whether it is there (O8).
    pub fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }

    /// Waits until what it has been asked is so; in vain for a minute: a failure.
    pub fn wait_until(&self, so: impl Fn(&[Request]) -> bool) {
        let begun = Instant::now();
        while !so(&self.seen.lock().unwrap().requests) {
            assert!(begun.elapsed() < Duration::from_secs(60), "what the test waits for is never asked");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Request> {
        self.seen.lock().unwrap().requests.clone()
    }
}

fn serve(stream: TcpStream, script: &Script, seen: &Mutex<Seen>) {
    let peer = stream.peer_addr().unwrap().ip();
    let _ = stream.set_nodelay(true);
    let mut reader = BufReader::new(stream);
    for nth in 0.. {
        let Some(mut request) = read(&mut reader) else { return };
        {
            let mut seen = seen.lock().unwrap();
            seen.connections += usize::from(nth == 0);
            request = Request { peer, nth, ..request };
            seen.requests.push(request.clone());
        }
        let stream = reader.get_mut();
        match script(&request) {
            Reply::Keep(bytes) => drop(stream.write_all(&bytes)),
            Reply::Close(bytes) => return drop(stream.write_all(&bytes)),
            Reply::Reset(bytes) => {
                let _ = stream.write_all(&bytes);
                std::thread::sleep(Duration::from_millis(50));
                let _ = rustix::net::sockopt::set_socket_linger(&*stream, Some(Duration::ZERO));
                return;
            }
            Reply::Pieces(pieces, pause) => {
                for piece in pieces {
                    std::thread::sleep(pause);
                    let _ = stream.write_all(&piece);
                }
            }
            Reply::Silence => {
                // Until the other side gives up.
                let _ = std::io::copy(stream, &mut std::io::sink());
                return;
            }
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        match reader.read_line(&mut line) {
            Ok(0) | Err(_) => return None,
            Ok(_) if line == "\r\n" => break,
            Ok(_) => lines.push(line.trim_end().to_owned()),
        }
    }
    let line = lines.remove(0);
    let mut request = Request { line, headers: lines, body: Vec::new(), peer: IpAddr::from([0; 4]), nth: 0 };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    request.body.resize(length, 0);
    reader.read_exact(&mut request.body).ok()?;
    Some(request)
}

/// A right answer with this body.
pub fn ok(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}
