//! A target in this process, the plainest of clients, and the log read back.
#![allow(clippy::unwrap_used)] // The lint's exception for tests does not reach their helpers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::pin::Pin;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use scrutinio::target::{self, Config, Knobs, TargetError};
use serde_json::Value;
use tokio::sync::oneshot;

pub const MS: u64 = 1_000_000;

pub struct Running {
    pub addresses: Vec<SocketAddr>,
    pub stop: oneshot::Sender<()>,
    pub thread: JoinHandle<Result<(), TargetError>>,
}

/// A target on free ports of the loopback.
pub fn start(config: Config) -> Running {
    start_as(config, |config, announce, stopped| target::run(config, announce, stopped))
}

pub type Announce<'a> = &'a dyn Fn(&[SocketAddr]);
pub type Stopped = Pin<Box<dyn Future<Output = ()>>>;

pub fn start_as(
    config: Config,
    run: impl FnOnce(&Config, Announce<'_>, Stopped) -> Result<(), TargetError> + Send + 'static,
) -> Running {
    let config = Config { listen: ([127, 0, 0, 1], 0).into(), ..config };
    let (stop, stopped) = oneshot::channel::<()>();
    let (tell, told) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let announce = |addresses: &[SocketAddr]| tell.send(addresses.to_vec()).unwrap();
        run(&config, &announce, Box::pin(async { drop(stopped.await) }))
    });
    Running { addresses: told.recv().unwrap(), stop, thread }
}

impl Running {
    pub fn client(&self) -> Client {
        Client::new(self.addresses[0])
    }

    pub fn stats(&self) -> Value {
        serde_json::from_slice(&self.client().get("/__scrutinio/stats").unwrap().body).unwrap()
    }

    pub fn stop(self) {
        drop(self.stop);
        let begun = Instant::now();
        while !self.thread.is_finished() {
            assert!(begun.elapsed() < Duration::from_secs(10), "the target does not stop");
            std::thread::sleep(Duration::from_millis(1));
        }
        self.thread.join().unwrap().unwrap();
    }
}

/// One connection of the plainest HTTP client.
pub struct Client(BufReader<TcpStream>);

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub length: usize,
    pub body: Vec<u8>,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self(BufReader::new(stream))
    }

    pub fn send(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).unwrap();
    }

    /// The answer to a GET; `None` if the connection was closed without one.
    pub fn get(&mut self, path: &str) -> Option<Answer> {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: test\r\nx-scrutinio: id{path}\r\n\r\n"));
        self.read(true)
    }

    pub fn read(&mut self, with_body: bool) -> Option<Answer> {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            match self.0.read_line(&mut line) {
                Ok(0) | Err(_) => return None,
                Ok(_) if line == "\r\n" => break,
                Ok(_) => head.push(line.to_ascii_lowercase()),
            }
        }
        let length = head.iter().find_map(|line| line.strip_prefix("content-length:")).map_or("0", str::trim);
        let length: usize = length.parse().unwrap();
        let mut body = vec![0; if with_body { length } else { 0 }];
        self.0.read_exact(&mut body).unwrap();
        Some(Answer { status: head[0][9..12].parse().unwrap(), length, body })
    }
}

pub struct Line {
    pub arrived: u64,
    pub answered: Option<u64>,
    pub status: Option<u64>,
    pub station: u64,
    pub path: String,
    pub id: String,
}

pub fn lines(log: &Path) -> Vec<Line> {
    let line = |text: &str| {
        let line: Value = serde_json::from_str(text).unwrap();
        Line {
            arrived: line["arrived_ns"].as_u64().unwrap(),
            answered: line["answered_ns"].as_u64(),
            status: line["status"].as_u64(),
            station: line["station"].as_u64().unwrap(),
            path: line["path"].as_str().unwrap().to_owned(),
            id: line["id"].as_str().unwrap().to_owned(),
        }
    };
    let text = std::fs::read_to_string(log).unwrap();
    // A line still being written has no end.
    let mut lines: Vec<_> = text.split_inclusive('\n').filter(|text| text.ends_with('\n')).map(line).collect();
    lines.sort_by_key(|line| line.arrived);
    lines
}

pub fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values[values.len() / 2]
}

/// A log file that goes away with its folder, and a configuration that writes it.
pub fn with_log(knobs: Knobs) -> (tempfile::TempDir, std::path::PathBuf, Config) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.ndjson");
    (folder, log.clone(), Config { knobs, log: Some(log), ..Config::default() })
}

/// `clients` connections that each send `requests` GETs of `/`, one after the other; the times they took.
pub fn closed_loop(address: SocketAddr, clients: usize, requests: usize) -> Vec<Duration> {
    let client = move || {
        let mut client = Client::new(address);
        let one = |_| {
            let begun = Instant::now();
            assert_eq!(client.get("/").unwrap().status, 200);
            begun.elapsed()
        };
        (0..requests).map(one).collect::<Vec<_>>()
    };
    let threads: Vec<_> = (0..clients).map(|_| std::thread::spawn(client)).collect();
    threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
}
