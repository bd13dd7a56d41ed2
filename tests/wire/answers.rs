//! Right answers in every framing that RFC 9112 allows, in any cut of their bytes, and never one taken for another.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use crate::rig::{quick, run, scenario};
use crate::server::{Reply, Server, ok};

/// Answers by the request's number on the server: the framings in turn.
const FRAMINGS: [&[u8]; 5] = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nX-Sum: 1\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n",
];

#[test]
fn every_framing_keeps_the_connection_in_step() {
    let server = Server::start(|request| Reply::Keep(FRAMINGS[request.nth % 5].to_vec()));
    let done = quick(&server.url(), &["-n", "50", "-c", "1"]);
    assert_eq!((done.completed(), server.connections()), (50, 1));
    let bytes: usize = FRAMINGS.iter().map(|bytes| bytes.len() * 10).sum();
    assert_eq!(done.count("/bytes/received"), bytes as u64, "bytes as on the wire (S9)");
    assert_eq!(done.count("/connections/reused"), 49);
}

#[test]
fn an_answer_in_single_bytes_is_the_same_answer() {
    let pieces = |bytes: &[u8]| bytes.iter().map(|byte| vec![*byte]).collect::<Vec<_>>();
    let server =
        Server::start(move |request| Reply::Pieces(pieces(FRAMINGS[request.nth % 5]), Duration::from_micros(300)));
    let done = quick(&server.url(), &["-n", "10", "-c", "1"]);
    assert_eq!((done.completed(), server.connections()), (10, 1), "{}", done.summary["requests"]);
    let first = done.number("/latency_us/first_byte/min");
    assert!(
        first < done.number("/latency_us/service/min"),
        "the first byte comes before the last: {}",
        done.summary["latency_us"]
    );
}

#[test]
fn head_and_304_have_no_body_whatever_their_length_says() {
    let server = Server::start(|request| match request.header("if-none-match") {
        Some("\"v1\"") => {
            Reply::Keep(b"HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\nContent-Length: 500\r\n\r\n".to_vec())
        }
        _ if request.line.starts_with("HEAD") => {
            Reply::Keep(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n".to_vec())
        }
        _ => Reply::Keep(b"HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 2\r\n\r\nhi".to_vec()),
    });
    let steps = "[{ head: / }, { repeat: { times: 3, steps: [{ get: /, revalidate: true }] } }, { get: / }]";
    let done = run(&scenario(&server.url(), 2, 1, "session", steps, ""), &[]);
    assert_eq!((done.completed(), server.connections()), (10, 2), "{}", done.summary["requests"]);
    assert_eq!(done.count("/populations/users/by_status/304"), 4, "the first GET of a session has no ETag yet (S4)");
}

/// S4: what was asked about is not there any more.
#[test]
fn an_etag_that_the_resource_has_lost_is_forgotten() {
    let server = Server::start(|request| {
        let etag = if request.nth == 0 { "ETag: \"v1\"\r\n" } else { "" };
        Reply::Keep(format!("HTTP/1.1 200 OK\r\n{etag}Content-Length: 2\r\n\r\nhi").into_bytes())
    });
    let steps = "[{ repeat: { times: 3, steps: [{ get: /, revalidate: true }] } }]";
    let done = run(&scenario(&server.url(), 1, 1, "session", steps, ""), &[]);
    assert_eq!(done.completed(), 3);
    let asked: Vec<_> = server.requests().iter().map(|it| it.header("if-none-match").map(str::to_owned)).collect();
    assert_eq!(asked, [None, Some("\"v1\"".to_owned()), None]);
}

#[test]
fn a_304_unasked_is_wrong() {
    let server = Server::start(|_| Reply::Keep(b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec()));
    let done = quick(&server.url(), &["-n", "2", "-c", "1"]);
    assert_eq!(done.reason("failed.status"), 2);
}

#[test]
fn a_body_up_to_the_end_of_the_connection_is_whole_with_its_close() {
    let server = Server::start(|_| Reply::Close(b"HTTP/1.1 200 OK\r\n\r\nall of it".to_vec()));
    let steps = "[{ get: /, expect: { text: 'all of it', size: 9 } }, { get: /, expect: { text: 'all of it' } }]";
    let done = run(&scenario(&server.url(), 5, 1, "session", steps, ""), &[]);
    assert_eq!((done.completed(), server.connections()), (10, 10), "{}", done.summary["requests"]);
}

#[test]
fn a_server_that_says_close_is_believed() {
    let close = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
    let old = b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok";
    for bytes in [&close[..], old] {
        // It keeps the connection open, and would answer on it.
        let server = Server::start(move |_| Reply::Keep(bytes.to_vec()));
        let done = quick(&server.url(), &["-n", "6", "-c", "1"]);
        assert_eq!((done.completed(), server.connections()), (6, 6), "{}", bytes.escape_ascii());
    }
}

#[test]
fn bytes_after_the_end_are_never_taken_for_the_next_answer() {
    // Every answer is followed by one that nobody asked for; only the server's own bodies may be counted as right.
    let server = Server::start(|request| {
        let unasked = b"HTTP/1.1 500 Unasked\r\nContent-Length: 0\r\n\r\n".to_vec();
        if request.nth == 0 { Reply::Keep([ok("right"), unasked].concat()) } else { Reply::Keep(ok("reused")) }
    });
    let steps = "[{ repeat: { times: 4, steps: [{ get: /, expect: { text: right } }] } }]";
    let done = run(&scenario(&server.url(), 5, 1, "session", steps, ""), &[]);
    assert_eq!(done.completed(), 20, "{}", done.summary["requests"]);
    assert_eq!(server.connections(), 20, "a connection with bytes too many is not used again");
}

#[test]
fn an_unasked_answer_during_a_think_is_never_taken_for_the_next() {
    let server = Server::start(|request| match request.nth {
        0 => Reply::Pieces(
            vec![ok("right"), b"HTTP/1.1 500 Unasked\r\nContent-Length: 0\r\n\r\n".to_vec()],
            Duration::from_millis(50),
        ),
        _ => Reply::Keep(ok("reused")),
    });
    let steps = "[{ get: /, expect: { text: right } }, { think: 2s }, { get: /, expect: { text: right } }]";
    let done = run(&scenario(&server.url(), 3, 1, "session", steps, ""), &[]);
    assert_eq!((done.completed(), server.connections()), (6, 6), "{}", done.summary["requests"]);
}

#[test]
fn a_large_body_arrives_whole_in_both_directions() {
    let body = "0123456789abcdef".repeat(64 << 10); // 1 MiB: no socket takes it at once.
    let answer = ok(&body);
    let server = Server::start(move |_| Reply::Keep(answer.clone()));
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("body");
    std::fs::write(&file, &body).unwrap();
    let done = quick(&server.url(), &["-n", "6", "-c", "2", "-D", file.to_str().unwrap()]);
    assert_eq!(done.completed(), 6, "{}", done.summary["requests"]);
    assert!(server.requests().iter().all(|request| request.body == body.as_bytes()));
    assert!(done.count("/bytes/sent") > 6 << 20 && done.count("/bytes/received") > 6 << 20);
}

#[test]
fn only_bytes_that_were_written_count_as_sent() {
    // It answers on the head alone and never reads the body, of which the sockets' buffers take a few MiB.
    const BODY: u64 = 64 << 20;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || refuse_unread(stream));
        }
    });
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("body");
    std::fs::File::create(&file).unwrap().set_len(BODY).unwrap();
    let done = quick(&url, &["-n", "1", "-c", "1", "-D", file.to_str().unwrap()]);
    assert_eq!(done.reason("failed.status"), 1, "{}", done.summary["requests"]);
    for place in ["/bytes/sent", "/populations/quick/steps/POST ~1/bytes/sent"] {
        let sent = done.count(place);
        assert!((1..BODY / 2).contains(&sent), "{place}: {sent}");
    }
}

fn refuse_unread(mut stream: TcpStream) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        head.push(byte[0]);
    }
    let _ = stream.write_all(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
    std::thread::sleep(Duration::from_secs(2));
}
