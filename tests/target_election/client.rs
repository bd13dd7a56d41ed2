//! A small server for the service and a small client of it, over real sockets.

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use scrutinio::target::Service;
use scrutinio::target::election::Election;
use serde_json::Value;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;
use std::time::Duration;

/// Serves `election` from a thread of its own until the returned guard is dropped.
pub fn serve(election: Election) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let thread = std::thread::spawn(move || {
        listener.set_nonblocking(true).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let local = tokio::task::LocalSet::new();
        local.block_on(&runtime, async move {
            let accept = accept(tokio::net::TcpListener::from_std(listener).unwrap(), Rc::new(election));
            tokio::select! { () = accept => {} _ = stopped => {} }
        });
    });
    Server { address, stop: Some(stop), thread: Some(thread) }
}

async fn accept(listener: tokio::net::TcpListener, election: Rc<Election>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let election = Rc::clone(&election);
        tokio::task::spawn_local(async move {
            let service = service_fn(move |request| {
                let election = Rc::clone(&election);
                async move { Ok::<_, std::convert::Infallible>(election.respond(request).await) }
            });
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

pub struct Server {
    address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.thread.take().unwrap().join().unwrap();
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The status and the code of a refusal, or of what was done, the form's status.
    pub fn outcome(&self) -> (u16, String) {
        let body = self.json();
        let word = body.get("code").or_else(|| body.get("status")).and_then(Value::as_str).unwrap_or_default();
        (self.status, word.to_owned())
    }
}

pub struct Client {
    stream: BufReader<TcpStream>,
    keys: u32,
    name: String,
}

impl Client {
    pub fn new(server: &Server) -> Self {
        let stream = TcpStream::connect(server.address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let name = format!("run/{}", stream.local_addr().unwrap().port());
        Self { stream: BufReader::new(stream), keys: 0, name }
    }

    pub fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: test\r\n");
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        let bytes = [head.as_bytes(), b"\r\n", body].concat();
        self.stream.get_mut().write_all(&bytes).unwrap();
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap_or_else(|| panic!("{line:?}")).parse().unwrap();
        let mut headers = HashMap::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_ascii_lowercase(), value.to_owned());
        }
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; if method == "HEAD" || status == 304 { 0 } else { length }];
        self.stream.read_exact(&mut body).unwrap();
        Answer { status, headers, body }
    }

    pub fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    pub fn ask(&mut self, token: &str, path: &str) -> Answer {
        self.send("GET", path, &[("Authorization", &format!("Bearer {token}"))], b"")
    }

    /// A write under a new key.
    pub fn write(&mut self, method: &str, token: &str, path: &str, body: &Value) -> Answer {
        self.keys += 1;
        let key = format!("{}/{}", self.name, self.keys);
        self.write_as(&key, method, token, path, body)
    }

    pub fn write_as(&mut self, key: &str, method: &str, token: &str, path: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", &*bearer), ("Idempotency-Key", key), ("Content-Type", "application/json")];
        self.send(method, path, &headers, body.to_string().as_bytes())
    }
}
