//! What a server says before it is asked, or behind what it was asked for: noticed, and nobody's answer.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener};

use crate::rig::{quick, side_by_side};
use crate::server::{Reply, Server, ok};

/// A server that says this at accept, closes its half, and reads on: so does one that is full.
fn at_accept(says: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(says).and_then(|()| stream.shutdown(Shutdown::Write));
            std::thread::spawn(move || stream.read_to_end(&mut Vec::new()));
        }
    });
    url
}

/// Such words are often there in the very turn that finds the connection open: they came with one event.
#[test]
fn what_a_server_says_at_accept_is_read() {
    const FULL: &[u8] = b"HTTP/1.1 503 Full\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    side_by_side([(FULL, "failed.status"), (b"", "failed.reset")], |(says, reason)| {
        let url = at_accept(says);
        for load in [&["-c", "1", "-n", "100"][..], &["-c", "50", "-r", "500", "-n", "500", "--disable-keepalive"]] {
            let done = quick(&url, &[load, &["--timeout", "5s"]].concat());
            assert_eq!(done.summary["requests"]["planned"], done.reason(reason), "{}", done.summary["requests"]);
        }
    });
}

/// An answer of so many bytes in all.
fn sized(n: usize) -> Vec<u8> {
    let head = |body: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {body}\r\n\r\n");
    let body = n - head(n - 45).len();
    [head(body).as_bytes(), &vec![b'x'; body]].concat()
}

/// The first length fills the buffer that answers are read into, to the byte: what is behind it was not looked at.
#[test]
fn what_follows_an_answer_is_never_the_next_requests() {
    side_by_side([64 << 10, 128 << 10, (64 << 10) + 1], |length| {
        let (answer, stray) = (sized(length), b"HTTP/1.1 299 Stray\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(answer.len(), length);
        let server = Server::start(move |_| Reply::Keep([&answer[..], stray].concat()));
        let done = quick(&server.url(), &["-c", "1", "-n", "20"]);
        let statuses = &done.summary["populations"]["quick"]["by_status"];
        assert_eq!((done.completed(), statuses), (20, &serde_json::json!({ "200": 20 })));
        assert_eq!(done.count("/connections/opened"), 20, "none was used again");
    });
}

/// But one that fills it and is all there is leaves the connection as good as any other.
#[test]
fn an_answer_that_fills_the_buffer_is_clean() {
    let server = Server::start(move |_| Reply::Keep(sized(64 << 10)));
    let done = quick(&server.url(), &["-c", "1", "-n", "20"]);
    assert_eq!((done.completed(), done.count("/connections/opened")), (20, 1));
    let server = Server::start(move |_| Reply::Keep(ok("")));
    assert_eq!(quick(&server.url(), &["-c", "1", "-n", "20"]).count("/connections/opened"), 1);
}
