//! Server-sent events: what a server sends in any framing, how it ends, and what opens no stream.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::peer::{measure, right, streams, wrong};
use crate::rig::{run, scenario, side_by_side};
use crate::server::{Reply, Server, ok};

/// What the server waits before each piece.
const PAUSE: Duration = Duration::from_millis(30);

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n";

/// What makes a reply of bytes.
type Make = fn(Vec<u8>) -> Reply;

/// The head of a stream in chunks.
fn chunked() -> Vec<u8> {
    format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n").into_bytes()
}

fn chunk(text: &str) -> Vec<u8> {
    format!("{:x}\r\n{text}\r\n", text.len()).into_bytes()
}

/// A stream in chunks with these pieces of text.
fn pieces(texts: &[&str]) -> Vec<Vec<u8>> {
    std::iter::once(chunked()).chain(texts.iter().map(|text| chunk(text))).collect()
}

/// A server whose answers begin with a stream in chunks of these texts, and that then falls silent.
fn server(texts: &'static [&'static str]) -> Server {
    Server::start(move |_| Reply::Pieces(pieces(texts), PAUSE))
}

fn steps(then: &str) -> String {
    format!("[{{ sse: \"/news?of={{{{session}}}}\", name: live, then: {then} }}]")
}

#[test]
fn events_are_received_measured_and_the_rest_is_left_behind() {
    let peer = server(&[
        ": welcome\n\n",
        "data: on",
        "e\n\nda",
        "ta: two\r\n\r\n",
        ":\n\n",
        "event: last\ndata: {\"n\":3}\n\n",
    ]);
    let then = "[{ receive: 1 }, { receive: { text: two } }, { receive: { json: { $.n: 3 } } }, close]";
    let done = run(&scenario(&peer.url(), 2, 1, "session", &steps(then), ""), &[]);
    assert_eq!(
        (done.completed(), streams(&done, "opened"), streams(&done, "lost")),
        (2, 2, 0),
        "{:?}",
        done.failures()
    );
    assert_eq!((streams(&done, "messages_received"), streams(&done, "messages_sent")), (6, 0));
    assert_eq!((right(&done, "open"), right(&done, "first_event")), (2, 2));
    assert!(measure(&done, "first_event")["value"]["min"].as_f64() > measure(&done, "open")["value"]["min"].as_f64());
    // Head, comment, and the event in two pieces: as many pauses.
    let min = measure(&done, "first_event")["value"]["min"].as_f64().unwrap();
    assert!(min >= 4.0 * PAUSE.as_micros() as f64 * 0.999, "{min} µs: no event is seen before it is sent");
    assert!(
        measure(&done, "open").is_object()
            && done.summary["populations"]["users"]["measures"]["live"].get("round_trip").is_none()
    );
    let requests = peer.requests();
    assert!(requests.iter().all(|request| request.header("accept") == Some("text/event-stream")));
    assert!(requests.iter().all(|request| request.header("accept-encoding").is_none()), "{:?}", requests[0].headers);
    assert!(done.count("/populations/users/by_status/200") == 2 && done.count("/connections/opened") == 2);
}

#[test]
fn every_framing_carries_events_and_its_end_within_the_script_is_a_loss() {
    const TEXT: &str = "data: a\n\ndata: b\n\n";
    let closes = format!("{HEAD}\r\n{TEXT}").into_bytes();
    let length = format!("{HEAD}Content-Length: {}\r\n\r\n{TEXT}", TEXT.len()).into_bytes();
    let ended = [chunked(), chunk(TEXT), chunk("")].concat();
    let dropped = [chunked(), chunk(TEXT), b"20\r\ndata: c".to_vec()].concat();
    let replies: [(Make, _, _); 5] = [
        (Reply::Close, closes.clone(), "closed"),
        (Reply::Keep, length, "ended the event stream"),
        (Reply::Keep, ended, "ended the event stream"),
        (Reply::Close, dropped, "closed"),
        (Reply::Reset, closes, ""),
    ];
    side_by_side(replies, |(reply, bytes, detail)| {
        let peer = Server::start(move |_| reply(bytes.clone()));
        // What was waited for is there before the end is: that is no loss.
        let done = run(&scenario(&peer.url(), 2, 1, "session", &steps("[{ receive: 2 }]"), ""), &[]);
        assert_eq!((done.completed(), streams(&done, "lost")), (2, 0), "{:?}", done.failures());
        let done = run(&scenario(&peer.url(), 2, 1, "session", &steps("[{ stream: { for: 50s } }]"), ""), &[]);
        assert_eq!((done.completed(), streams(&done, "lost")), (2, 2), "{:?}", done.failures());
        assert_eq!((right(&done, "first_event"), right(&done, "frame_gap")), (2, 4));
        assert_eq!(wrong(&done, "frame_gap", "failed.reset"), 2);
        assert!(done.detail().contains(detail), "`{}` does not say `{detail}`", done.detail());
    });
}

#[test]
fn a_server_that_sends_no_event_fails_the_first_and_stalls() {
    // Comments keep a connection alive, and are no events.
    let peer = server(&[":\n\n", ": still here\n\n", "event: nothing\n\n"]);
    let lost =
        run(&scenario(&peer.url(), 2, 1, "session", &steps("[{ receive: { count: 1, timeout: 400ms } }]"), ""), &[]);
    assert_eq!((lost.completed(), streams(&lost, "lost")), (2, 2));
    assert_eq!((right(&lost, "first_event"), wrong(&lost, "first_event", "failed.timeout")), (0, 2));
    assert!(lost.detail().contains("did not come within"), "{}", lost.detail());
    let stayed =
        run(&scenario(&peer.url(), 2, 1, "session", &steps("[{ stream: { for: 1s, stall_over: 500ms } }]"), ""), &[]);
    assert_eq!((streams(&stayed, "lost"), streams(&stayed, "stalls"), right(&stayed, "frame_gap")), (0, 2, 2));
    assert_eq!(wrong(&stayed, "first_event", "failed.timeout"), 2, "nobody knows when it would have come");
}

#[test]
fn what_opens_no_event_stream_is_a_failed_request() {
    let typed = |kind: &str| format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n");
    let gzip = format!("{HEAD}Content-Encoding: gzip\r\nContent-Length: 10\r\n\r\n");
    let answers = [
        (typed("text/html").into_bytes(), "failed.expect", "`text/html`, not `text/event-stream`"),
        (ok("no type"), "failed.expect", "text/event-stream"),
        (gzip.into_bytes(), "failed.expect", "encoding `gzip`"),
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy".to_vec(), "failed.status", "status 503"),
        (b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(), "failed.status", "status 204"),
    ];
    side_by_side(answers, |(answer, reason, detail)| {
        let server = Server::start(move |request| match request.line.as_str() {
            "GET / HTTP/1.1" => Reply::Keep(ok("")),
            _ => Reply::Keep(answer.clone()),
        });
        let steps = "[{ sse: /news, name: live, then: [{ receive: 1 }] }, { get: / }]";
        let done = run(&scenario(&server.url(), 2, 1, "session", steps, ""), &[]);
        assert_eq!((done.reason(reason), done.completed()), (2, 2), "{:?}", done.failures());
        assert!(done.detail().contains(detail), "`{}` does not say `{detail}`", done.detail());
        assert_eq!((wrong(&done, "open", reason), wrong(&done, "first_event", reason)), (2, 2));
        assert!(done.summary["connections"]["streams"].is_null(), "none was opened");
    });
}

#[test]
fn what_is_over_a_limit_or_no_chunk_is_bad_bytes() {
    let long = "data: ".to_owned() + &"x".repeat(5000);
    let broken = [chunked(), b"3\r\ndata: too long".to_vec()].concat();
    for (bytes, detail) in [([chunked(), chunk(&long)].concat(), "limit of 4096 bytes"), (broken, "chunk is longer")] {
        let peer = Server::start(move |_| Reply::Keep(bytes.clone()));
        let limits = "limits: { max_body: 4KiB }";
        let done = run(&scenario(&peer.url(), 1, 1, "session", &steps("[{ receive: 1 }]"), limits), &[]);
        assert_eq!((streams(&done, "lost"), wrong(&done, "first_event", "failed.bad_bytes")), (1, 1));
        assert!(done.detail().contains(detail), "{}", done.detail());
    }
}

#[test]
fn objectives_are_about_the_first_event() {
    for (limit, code) in [("20s", 0), ("20ms", 1)] {
        // Its two pauses are above the shorter limit on any machine.
        let peer = server(&["data: a\n\n", "data: b\n\n"]);
        let slo = format!("slo: {{ users.live: [\"first_event p50 < {limit}\", \"frame_gap p20 < 20s\"] }}");
        let then = steps("[{ receive: 2 }, { stream: { for: 500ms } }]");
        let done = run(&scenario(&peer.url(), 8, 1, "session", &then, &slo), &[]);
        assert_eq!(done.code, code, "{}", done.summary["reasons"]);
    }
}

#[test]
fn a_session_opens_a_stream_again_that_was_lost() {
    let opened = AtomicUsize::new(0);
    let peer = Server::start(move |_| match opened.fetch_add(1, Ordering::SeqCst) {
        0 | 1 => Reply::Close([chunked(), chunk("data: a\n\n")].concat()),
        _ => Reply::Keep([chunked(), chunk("data: a\n\ndata: b\n\n")].concat()),
    });
    let live = "{ sse: /, ended: link, then: [{ receive: 2 }] }";
    let again = format!("{{ while: {{ value: link, is: lost, at_most: 9, steps: [{live}] }} }}");
    let done = run(&scenario(&peer.url(), 1, 3, "{ shared: 1 }", &format!("[{live}, {again}]"), ""), &[]);
    assert_eq!((streams(&done, "opened"), streams(&done, "lost")), (3, 2));
    assert_eq!(done.summary["requests"]["extra"]["completed"], 2, "{}", done.said);
}

#[test]
fn events_over_tls_come_by_http_1_1_though_the_origin_speaks_http_2() {
    let certificate = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(certificate.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_no_client_auth().with_single_cert(vec![certificate.cert.der().clone()], key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let tls = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            std::thread::spawn(move || {
                let mut stream = rustls::StreamOwned::new(tls, stream);
                let mut request = [0; 1024];
                if !stream.read(&mut request).is_ok_and(|n| n > 0) {
                    return;
                }
                for piece in pieces(&["data: a\n\n", "data: b", "\n\n"]) {
                    std::thread::sleep(PAUSE);
                    stream.write_all(&piece).unwrap();
                }
                // Until the other side goes.
                let _ = stream.read(&mut request);
            });
        }
    });
    let target = format!("{{ url: \"https://{address}\", tls: {{ insecure: true }} }}");
    let done = run(&scenario(&target, 3, 1, "session", &steps("[{ receive: 2 }]"), ""), &[]);
    assert_eq!((done.completed(), right(&done, "first_event")), (3, 3), "{:?}", done.failures());
    assert_eq!((streams(&done, "lost"), done.count("/connections/handshakes/full")), (0, 3));
}

/// Its body is over before it began: nothing will ever come.
#[test]
fn a_stream_of_no_length_is_lost_at_once() {
    let server = Server::start(|_| Reply::Keep(format!("{HEAD}Content-Length: 0\r\n\r\n").into_bytes()));
    let done = run(&scenario(&server.url(), 1, 1, "session", &steps("[{ stream: { for: 10s } }]"), ""), &[]);
    assert_eq!((streams(&done, "opened"), streams(&done, "lost")), (1, 1), "{:?}", done.failures());
    assert_eq!(done.detail(), "the other side has ended the event stream");
}
