//! A target in a thread, and the plainest browser, API client and WebSocket client of it, over real sockets.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use scrutinio::target::remote::RemoteOptions;
use scrutinio::target::{self, Config, ServiceKind, TargetError};
use scrutinio::unit::Span;
use serde_json::Value;
use tokio::sync::oneshot;

/// Longer than anything takes on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Server {
    pub address: SocketAddr,
    pub directory: Option<SocketAddr>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), TargetError>>>,
}

/// What most tests want: nothing takes long.
pub fn quick() -> RemoteOptions {
    RemoteOptions { logon_cost: Span::ZERO, start_time: Span::ZERO, ..RemoteOptions::default() }
}

pub fn serve(options: RemoteOptions, log: Option<PathBuf>) -> Server {
    let service = ServiceKind::RemoteWork(Box::new(options));
    let config = Config { service, listen: ([127, 0, 0, 1], 0).into(), log, ..Config::default() };
    let (stop, stopped) = oneshot::channel();
    let (tell, told) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let shutdown = async { drop(stopped.await) };
        target::run(&config, |addresses| tell.send(addresses.to_vec()).unwrap(), shutdown)
    });
    let addresses = told.recv().unwrap();
    Server { address: addresses[0], directory: addresses.get(1).copied(), stop: Some(stop), thread: Some(thread) }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().unwrap().join();
        if !std::thread::panicking() {
            ended.unwrap().unwrap();
        }
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(each, _)| each == name).map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The hidden anti-forgery token of the form in a page.
    pub fn token(&self) -> String {
        let (_, rest) = self.body.split_once("name=\"csrf\" value=\"").unwrap_or_else(|| panic!("no form in {self:?}"));
        rest.split('"').next().unwrap().to_owned()
    }
}

/// One connection and a jar of cookies, by name with their paths.
pub struct Browser {
    stream: BufReader<TcpStream>,
    pub cookies: BTreeMap<String, (String, String)>,
}

impl Browser {
    pub fn new(server: &Server) -> Self {
        let stream = TcpStream::connect(server.address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream: BufReader::new(stream), cookies: BTreeMap::new() }
    }

    pub fn send(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let cookies = self.cookies.iter().filter(|(_, (_, of))| path.starts_with(of.as_str()));
        let cookies: Vec<String> = cookies.map(|(name, (value, _))| format!("{name}={value}")).collect();
        let cookies = if cookies.is_empty() { String::new() } else { format!("cookie: {}\r\n", cookies.join("; ")) };
        let length = body.len();
        let head =
            format!("{method} {path} HTTP/1.1\r\nhost: test\r\ncontent-length: {length}\r\n{cookies}{headers}\r\n");
        self.stream.get_mut().write_all((head + body).as_bytes()).unwrap();
        let answer = self.read();
        for (_, line) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            assert!(line.contains("; HttpOnly") && line.contains("; SameSite=Lax"), "{line}");
            let (name, rest) = line.split_once('=').unwrap();
            let (value, rest) = rest.split_once("; Path=").unwrap();
            let path = rest.split(';').next().unwrap();
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), (value.to_owned(), path.to_owned()));
            }
        }
        answer
    }

    fn read(&mut self) -> Answer {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap_or_else(|| panic!("{line:?}")).parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let length = headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, n)| n.parse().unwrap());
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        Answer { status, headers, body: String::from_utf8(body).unwrap() }
    }

    pub fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, "", "")
    }

    pub fn post(&mut self, path: &str) -> Answer {
        self.send("POST", path, "", "")
    }

    /// Follows redirects from `path` to the page at their end, whose path is told as well.
    pub fn follow(&mut self, path: &str) -> (String, Answer) {
        let mut path = path.to_owned();
        for _ in 0..5 {
            let answer = self.get(&path);
            if answer.status != 302 {
                return (path, answer);
            }
            path = answer.header("location").to_owned();
        }
        panic!("redirects without end: {path}");
    }

    /// Sends the logon form.
    pub fn form(&mut self, token: &str, uid: &str, password: &str) -> Answer {
        let body = format!("csrf={token}&username={uid}&password={password}");
        self.send("POST", "/identity/logon", "content-type: application/x-www-form-urlencoded\r\n", &body)
    }

    /// From `/` to the page of desktops.
    pub fn log_on(&mut self, uid: &str) -> Answer {
        let (_, page) = self.follow("/");
        let answer = self.form(&page.token(), uid, &format!("pass-{uid}"));
        assert_eq!(answer.status, 302, "{answer:?}");
        let (path, page) = self.follow(answer.header("location"));
        assert_eq!((path.as_str(), page.status), ("/desktops", 200), "{page:?}");
        page
    }

    /// Polls the first desktop until it is in `state`.
    pub fn wait_for(&mut self, id: &str, state: &str) -> Value {
        let begun = Instant::now();
        loop {
            let desk = self.get(&format!("/api/desktops/{id}")).json();
            if desk["state"] == state {
                return desk;
            }
            assert!(begun.elapsed() < PATIENCE, "{desk} is never {state}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A frame of a desktop's stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    pub frame: u64,
    pub input: u64,
    pub bytes: usize,
}

/// How a stream ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    Close(u16),
    Silence,
}

/// A WebSocket, its frames written and read by hand (RFC 6455).
pub struct Stream(BufReader<TcpStream>);

impl Stream {
    /// Opens the stream of a desktop, for which `connect` gives a ticket.
    pub fn open(server: &Server, browser: &mut Browser, id: &str) -> Self {
        let answer = browser.post(&format!("/api/desktops/{id}/connect"));
        assert_eq!(answer.status, 200, "{answer:?}");
        let (stream, answer) = Self::ask(server, answer.json()["stream"].as_str().unwrap());
        assert_eq!(answer.status, 101, "{answer:?}");
        // The example of RFC 6455 section 1.3.
        assert_eq!(answer.header("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        stream
    }

    pub fn ask(server: &Server, path: &str) -> (Self, Answer) {
        let mut browser = Browser::new(server);
        let headers = "connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                       sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        let answer = browser.send("GET", path, headers, "");
        (Self(browser.stream), answer)
    }

    /// Sends a message of this opcode.
    pub fn send(&mut self, opcode: u8, payload: &[u8]) {
        let mask = [1, 2, 3, 4];
        let mut bytes = vec![0x80 | opcode, 0x80 | u8::try_from(payload.len()).unwrap()];
        bytes.extend(mask);
        bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        self.0.get_mut().write_all(&bytes).unwrap();
    }

    pub fn input(&mut self, number: u64) {
        self.send(1, format!("{{\"input\":{number}}}").as_bytes());
    }

    /// The next frame of the desktop, or the end.
    pub fn next(&mut self) -> Result<Frame, End> {
        let mut head = [0; 2];
        if self.0.read_exact(&mut head).is_err() {
            return Err(End::Silence);
        }
        let length = match head[1] {
            126 => u64::from(u16::from_be_bytes(self.take())),
            127 => u64::from_be_bytes(self.take()),
            short => u64::from(short),
        };
        let mut payload = vec![0; length as usize];
        self.0.read_exact(&mut payload).unwrap();
        let number = |from: usize| u64::from_be_bytes(payload[from..from + 8].try_into().unwrap());
        match head[0] {
            0x82 => Ok(Frame { frame: number(0), input: number(8), bytes: payload.len() }),
            0x88 => Err(End::Close(u16::from_be_bytes(payload[..2].try_into().unwrap()))),
            other => panic!("opcode {other:#x}"),
        }
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// The end, whatever comes before it.
    pub fn end(&mut self) -> End {
        loop {
            if let Err(end) = self.next() {
                return end;
            }
        }
    }
}
