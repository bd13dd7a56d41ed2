//! Requests that were to open a WebSocket and did not: each is a failed request, and the session goes on.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::peer::{streams, wrong};
use tungstenite::handshake::derive_accept_key;

use crate::rig::{run, scenario, side_by_side};
use crate::server::{Reply, Server, ok};

/// Whether the opening that is tried again has not come yet.
static FIRST: AtomicBool = AtomicBool::new(true);

const UPGRADED: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";

#[test]
fn what_opens_no_stream_is_a_failed_request() {
    let answers = [
        (ok("not a WebSocket"), "failed.status", "status 200"),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n".to_vec(), "failed.status", "status 403"),
        (
            format!("{UPGRADED}Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n").into_bytes(),
            "failed.bad_bytes",
            "does not belong to the key",
        ),
        (format!("{UPGRADED}\r\n").into_bytes(), "failed.bad_bytes", "does not belong to the key"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n".to_vec(), "failed.bad_bytes", "Upgrade: websocket"),
    ];
    side_by_side(answers, |(answer, reason, detail)| {
        let server = Server::start(move |request| match request.line.as_str() {
            "GET /live HTTP/1.1" => Reply::Keep(answer.clone()),
            _ => Reply::Keep(ok("")),
        });
        let steps = "[{ ws: /live, name: live, then: [{ send: a }, { receive: 1 }] }, { get: / }]";
        let done = run(&scenario(&server.url(), 2, 1, "session", steps, ""), &[]);
        assert_eq!((done.reason(reason), done.completed()), (2, 2), "{:?}", done.failures());
        assert!(done.detail().contains(detail), "`{}` does not say `{detail}`", done.detail());
        assert_eq!(wrong(&done, "open", reason), 2);
        assert!(done.summary["connections"]["streams"].is_null(), "none was opened");
    });
}

#[test]
fn a_refusal_that_is_expected_is_right_and_opens_nothing() {
    let server = Server::start(|_| Reply::Keep(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n".to_vec()));
    let steps = "[{ ws: /live, name: live, expect: { status: 401 }, then: [{ send: a }, { receive: 1 }] }]";
    let done = run(&scenario(&server.url(), 2, 1, "session", steps, ""), &[]);
    assert_eq!(done.completed(), 2);
    assert!(done.summary["connections"]["streams"].is_null());
}

#[test]
fn a_101_that_nobody_asked_for_stays_bad_bytes() {
    let server = Server::start(|_| Reply::Keep(format!("{UPGRADED}\r\n").into_bytes()));
    let done = run(&scenario(&server.url(), 2, 1, "session", "[{ get: / }]", ""), &[]);
    assert_eq!(done.reason("failed.bad_bytes"), 2);
}

/// Several lines of a name are one list (RFC 9110 section 5.3).
#[test]
fn a_101_may_say_connection_on_two_lines() {
    let server = Server::start(|request| {
        let accept = derive_accept_key(request.header("sec-websocket-key").unwrap_or_default().as_bytes());
        let upgraded = UPGRADED.replace("Connection:", "Connection: keep-alive\r\nConnection:");
        let head = format!("{upgraded}Sec-WebSocket-Accept: {accept}\r\n\r\n");
        Reply::Keep([head.as_bytes(), b"\x81\x02hi"].concat())
    });
    let steps = "[{ ws: /live, name: live, then: [{ receive: 1 }] }]";
    let done = run(&scenario(&server.url(), 1, 1, "session", steps, ""), &[]);
    assert_eq!((done.completed(), streams(&done, "opened"), streams(&done, "lost")), (1, 1, 0), "{}", done.detail());
    let head = format!("{UPGRADED}Connection: keep-alive\r\nSec-WebSocket-Accept: \r\n\r\n").len() + 28;
    let sent = head as u64 + 4;
    assert_eq!(done.count("/bytes/received"), sent, "what came with the head counts once");
}

/// What a request can do about an answer that opens nothing, and what it can send, the opening of a stream can too.
#[test]
fn an_opening_is_tried_again_follows_redirects_and_has_credentials_and_a_key() {
    let server = Server::start(|request| match request.line.as_str() {
        "GET /live?a=b%20c HTTP/1.1" if FIRST.swap(false, Ordering::Relaxed) => {
            Reply::Close(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec())
        }
        "GET /live?a=b%20c HTTP/1.1" => {
            Reply::Close(b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n".to_vec())
        }
        _ => {
            let accept = derive_accept_key(request.header("sec-websocket-key").unwrap_or_default().as_bytes());
            let head = format!("{UPGRADED}Sec-WebSocket-Accept: {accept}\r\nX-At: there\r\n\r\n");
            Reply::Keep([head.as_bytes(), b"\x81\x02hi"].concat())
        }
    });
    let steps = r#"[{ ws: /live, query: { a: "b c" }, name: live, auth: { basic: { user: ann, password: "pw{{session}}" } },
        idempotency_key: true, follow: 2, retry: { on: [503], times: 1, backoff: { fixed: 1ms } },
        save: { at: header X-At }, expect: { header: X-At }, then: [{ receive: 1 }] }, { get: "/{{at}}" }]"#;
    let done = run(&scenario(&server.url(), 1, 1, "session", steps, ""), &[]);
    assert_eq!((streams(&done, "opened"), streams(&done, "lost")), (1, 0), "{}", done.detail());
    let seen: Vec<_> = server.requests();
    let lines: Vec<&str> = seen.iter().map(|request| request.line.split(' ').nth(1).unwrap()).collect();
    assert_eq!(lines, ["/live?a=b%20c", "/live?a=b%20c", "/there", "/there"]);
    for opening in &seen[..3] {
        assert_eq!(opening.header("authorization"), Some("Basic YW5uOnB3MA=="));
        assert_eq!(opening.header("idempotency-key"), seen[0].header("idempotency-key"));
        assert!(opening.header("idempotency-key").unwrap().ends_with("/users/0/0/0"));
    }
}
