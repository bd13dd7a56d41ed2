//! Every class and reason of R3 that a test can bring about, each by the server that causes it.
//!
//! Not reached: `unsent.ports` and `unsent.memory`, which would need the machine's own limits to be changed.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::rig::{Done, quick, run, scenario, scrutinio, side_by_side, start, start_run};
use crate::server::{Reply, Server, ok};

/// Four requests, one after the other, to a server that does the same to each.
fn four(reply: impl Fn() -> Reply + Send + Sync + 'static, more: &[&str]) -> Done {
    let server = Server::start(move |_| reply());
    quick(&server.url(), &[&["-n", "4", "-c", "1", "-t", "1"], more].concat())
}

#[track_caller]
fn all_failed(done: &Done, reason: &str, detail: &str) {
    assert_eq!(done.reason(reason), 4, "{}", done.summary["requests"]);
    assert!(done.detail().contains(detail), "`{}` does not say `{detail}`", done.detail());
    assert!(done.summary["latency_us"]["response"]["p50"].is_null(), "a quantile among failures is failed (D1)");
    let quick = i32::from(!done.facts["quick"].is_null());
    assert_eq!(done.code, quick, "no verdict without objectives (O7); `quick` got no right answer (O8)");
}

#[test]
fn a_wrong_status_is_failed_status() {
    let not_found = || Reply::Keep(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec());
    let done = four(not_found, &[]);
    all_failed(&done, "failed.status", "status 404; 2xx is right");
    let listed = four(not_found, &["--expect", "200,201"]);
    all_failed(&listed, "failed.status", "status 404; 200 or 201 is right");
    let page = crate::rig::scrutinio().arg("report").arg(&listed.folder).output().unwrap();
    let page = String::from_utf8(page.stdout).unwrap();
    assert!(page.contains("quick.GET / · status 404; 200 or 201 is right\n"), "told once: {page}");
    assert_eq!(done.count("/populations/quick/by_status/404"), 4);
    assert_eq!(done.count("/connections/opened"), 1, "a wrong status does not break a connection");
    assert_eq!(four(not_found, &["--expect", "200,404"]).completed(), 4);
}

#[test]
fn a_redirect_is_not_followed_and_says_where_it_led() {
    let moved = || Reply::Keep(b"HTTP/1.1 302 Found\r\nLocation: /maintenance\r\nContent-Length: 0\r\n\r\n".to_vec());
    let server = Server::start(move |_| moved());
    let url = server.url();
    let all_steps = "[{ get: /, expect: { status: 2xx } }, { get: /, expect: { status: 302 } }]";
    let done = run(&scenario(&url, 2, 1, "session", all_steps, ""), &[]);
    assert_eq!((done.completed(), done.reason("failed.status")), (2, 2));
    assert!(done.detail().starts_with("302 to `/maintenance`: redirects are not followed here"), "{}", done.detail());
    // `quick` without --expect keeps no head, and still says why.
    all_failed(&four(moved, &[]), "failed.status", "302 to `/maintenance`");
}

#[test]
fn an_answer_that_breaks_an_expectation_is_failed_expect() {
    let server = Server::start(|_| Reply::Keep(ok("{\"state\":\"closed\"}")));
    let wrong = [
        ("text: open", "the body does not contain `open`"),
        ("json: { $.state: open }", "$.state is `closed`, expected `open`"),
        ("json: $.nothing", "nothing at $.nothing"),
        ("header: ETag", "no header `etag`"),
        ("size: 1KiB..", "a body of 18 bytes, expected at least 1 KiB"),
        ("size: ..17", "a body of 18 bytes, expected at most 17 bytes"),
        ("size: 1500", "a body of 18 bytes, expected 1,500 bytes"),
        ("size: 1500..4MiB", "a body of 18 bytes, expected 1,500 bytes to 4 MiB"),
    ];
    side_by_side(wrong, |(expect, why)| {
        let steps = format!("[{{ get: /, expect: {{ {expect} }} }}]");
        let done = run(&scenario(&server.url(), 4, 1, "session", &steps, ""), &[]);
        all_failed(&done, "failed.expect", why);
        assert_eq!(done.count("/populations/users/by_status/200"), 4);
    });
}

/// Of a size that is not as expected, both are told: what came, and what it was before it was compressed.
#[test]
fn the_size_of_a_compressed_body_is_told_with_that_of_its_text() {
    let text = "votes ".repeat(200);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    let body = encoder.finish().unwrap();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", body.len());
    let (len, answer) = (body.len(), [head.as_bytes(), &body].concat());
    let server = Server::start(move |_| Reply::Keep(answer.clone()));
    for (expect, told) in [
        ("size: 1KiB..", format!("a body of {len} bytes (gzip), expected at least 1 KiB")),
        ("text: votes, size: 1KiB..", format!("a body of {len} bytes (gzip, 1,200 decoded), expected at least 1 KiB")),
    ] {
        let steps = format!("[{{ get: /, expect: {{ {expect} }} }}]");
        let done = run(&scenario(&server.url(), 1, 1, "session", &steps, ""), &[]);
        assert_eq!((done.reason("failed.expect"), done.detail()), (1, told));
    }
}

#[test]
fn a_connection_lost_before_the_answer_is_whole_is_failed_reset() {
    const HALF: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this";
    let lost = [
        ((|| Reply::Reset(HALF.to_vec())) as fn() -> Reply, "reset"),
        (|| Reply::Reset(Vec::new()), "reset"),
        (|| Reply::Close(HALF.to_vec()), "closed"),
        (|| Reply::Close(Vec::new()), "closed"),
        (|| Reply::Close(b"HTTP/1.1 200 O".to_vec()), "closed"),
        (|| Reply::Close(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n".to_vec()), "closed"),
        // A body to the end of the connection has no end but a clean one.
        (|| Reply::Reset(b"HTTP/1.1 200 OK\r\n\r\npart".to_vec()), "reset"),
    ];
    side_by_side(lost, |(reply, detail)| {
        let done = four(reply, &[]);
        all_failed(&done, "failed.reset", detail);
        assert_eq!(done.count("/connections/reconnected"), 0, "never on a fresh connection (R2)");
    });
}

#[test]
fn bytes_that_are_not_http_are_failed_bad_bytes() {
    const GARBAGE: &[(&[u8], &str)] = &[
        (b"EHLO mail\r\n\r\n", "not HTTP/1.1"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", "both Content-Length and"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "twice with different values"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc", "not a number"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "a chunk's size"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", "longer than its size"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "status 101"),
    ];
    side_by_side(GARBAGE, |(bytes, detail)| {
        let done = four(|| Reply::Keep(bytes.to_vec()), &[]);
        all_failed(&done, "failed.bad_bytes", detail);
        assert_eq!(done.count("/connections/opened"), 4, "a connection out of step is never used again");
    });
}

#[test]
fn an_answer_over_a_limit_is_failed_bad_bytes() {
    let long = "x".repeat(3000);
    let head = format!("HTTP/1.1 200 OK\r\nX-Long: {long}\r\nContent-Length: 0\r\n\r\n");
    let chunked = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nbb8\r\n{long}\r\n0\r\n\r\n");
    let interim = "HTTP/1.1 102 Processing\r\n\r\n".repeat(17) + "HTTP/1.1 204 No Content\r\n\r\n";
    let over = [
        (head.into_bytes(), "the head is over the limit of 2048 bytes"),
        (ok(&long), "the body is over the limit of 2048 bytes"),
        (chunked.into_bytes(), "the body is over the limit of 2048 bytes"),
        (interim.into_bytes(), "over 16 interim answers"),
    ];
    side_by_side(over, |(bytes, detail)| {
        let server = Server::start(move |_| Reply::Keep(bytes.clone()));
        let limits = "limits: { max_head: 2KiB, max_body: 2KiB }";
        let done = run(&scenario(&server.url(), 4, 1, "session", "[{ get: / }]", limits), &[]);
        all_failed(&done, "failed.bad_bytes", detail);
    });
}

#[test]
fn silence_is_failed_timeout() {
    let half = || Reply::Keep(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".to_vec());
    side_by_side([(|| Reply::Silence) as fn() -> Reply, half], |reply| {
        let done = four(reply, &["--timeout", "200ms"]);
        all_failed(&done, "failed.timeout", "within the timeout");
        assert!(done.number("/elapsed_s") >= 0.8, "four timeouts of 200 ms, one after the other");
        assert_eq!(done.count("/connections/opened"), 4, "a late answer must not be taken for the next (R3)");
    });
}

#[test]
fn a_closed_port_is_failed_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    // It accepts the one connection that `run` makes first (O8), and is gone seconds before a request is due.
    let yaml = scenario(&url, 4, 5, "session", "[{ get: / }]", "")
        .replace("curve: [constant: 1]", "burst: { at: '00:00:03', weight: 100% }");
    let running = start_run(&yaml, &[]);
    drop(listener.accept().unwrap());
    drop(listener);
    let done = running.wait();
    all_failed(&done, "failed.refused", "refused");
    assert_eq!(done.summary["exchanges"], 0, "nothing was ever on the wire");
}

#[test]
fn nobody_there_from_the_start_is_exit_4_without_a_folder() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let temp = tempfile::tempdir().unwrap();
    let mut command = crate::rig::scrutinio();
    let output = command.args(["quick", &address.to_string(), "--out"]).arg(temp.path().join("out")).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(!temp.path().join("out").exists());
}

#[test]
fn a_connection_that_is_never_accepted_is_failed_connect_timeout() {
    // A backlog of none holds one connection that nobody accepts: the one of O8. The kernel leaves later ones unanswered.
    use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket};
    let full = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&full, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    listen(&full, 0).unwrap();
    let address = SocketAddr::try_from(getsockname(&full).unwrap()).unwrap();
    let limits = "limits: { timeout: 5s, connect_timeout: 300ms }";
    let done = run(&scenario(&format!("http://{address}"), 4, 1, "session", "[{ get: / }]", limits), &[]);
    all_failed(&done, "failed.connect_timeout", "within the connect timeout");
    assert!(TcpStream::connect_timeout(&address, Duration::from_millis(100)).is_err(), "the backlog was full");
}

#[test]
fn what_follows_a_failure_is_not_attempted_only_where_the_flow_ends() {
    let server = Server::start(|request| match request.line.as_str() {
        "GET /bad HTTP/1.1" => Reply::Keep(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n".to_vec()),
        _ => Reply::Keep(ok("")),
    });
    let steps = "[{ get: / }, { get: /bad }, { get: / }, { repeat: { times: 2, steps: [{ get: / }] } }]";
    let goes_on = run(&scenario(&server.url(), 3, 1, "session", steps, ""), &[]);
    assert_eq!((goes_on.completed(), goes_on.reason("failed.status")), (12, 3));
    let ends = run(&scenario(&server.url(), 3, 1, "session, on_failure: end", steps, ""), &[]);
    assert_eq!((ends.completed(), ends.reason("failed.status"), ends.reason("failed.not_attempted")), (3, 3, 9));
    assert_eq!(server.requests().len(), 15 + 6, "what was not attempted was not sent");
}

#[test]
fn a_step_that_lacks_a_saved_value_is_not_attempted() {
    let server = Server::start(|request| {
        let wrong = request.header("x-row") == Some("1") && request.line.contains("/form");
        Reply::Keep(if wrong { b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n".to_vec() } else { ok("{\"v\":7}") })
    });
    let steps = "[{ get: /form, headers: { X-Row: '{{session}}' }, save: { version: json $.v } },
                  { get: '/post/{{version}}' }, { get: /after }]";
    let done = run(&scenario(&server.url(), 3, 1, "session", steps, ""), &[]);
    assert_eq!((done.completed(), done.reason("failed.status"), done.reason("failed.not_attempted")), (6, 1, 2));
    let posts = server.requests().iter().filter(|request| request.line.starts_with("GET /post/7 ")).count();
    assert_eq!(posts, 2, "a saved value is sent as it came");
}

/// Each that lacks its value gives the connection to the next that does: ten thousand of them at once.
#[test]
fn many_that_lack_a_value_and_wait_for_one_connection_do_not_serve_each_other_on_one_stack() {
    let server = Server::start(|_| Reply::Keep(ok("{}")));
    let steps = "[{ get: /form, save: { v: json $.v } }, { get: '/post/{{v}}' }]";
    let yaml = scenario(&server.url(), 10_000, 1, "{ shared: 1 }", steps, "");
    let done = run(
        &yaml.replace("process: even, curve: [constant: 1]", "burst: { at: '00:00', weight: 100%, spread: 1ms }"),
        &[],
    );
    assert_eq!((done.reason("failed.expect"), done.reason("failed.not_attempted")), (10_000, 10_000), "{}", done.said);
}

#[test]
fn an_example_begins_where_its_answer_does() {
    let head = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5\r\n\r\n".to_vec();
    let pieces = move || Reply::Pieces(vec![head.clone(), b"body\n".to_vec()], Duration::from_millis(200));
    let server = Server::start(move |_| pieces());
    let done = run(&scenario(&server.url(), 1, 1, "session", "[{ get: / }]", ""), &[]);
    let example = &done.failures()[0];
    assert_eq!(example["head"], "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5\r\n\r\nbody\n", "{example}");
    // It stays so for an answer that never ends.
    let begun = || {
        Reply::Pieces(
            vec![b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".to_vec(), b"bo".to_vec()],
            Duration::from_millis(100),
        )
    };
    let server = Server::start(move |_| begun());
    let done = run(&scenario(&server.url(), 1, 1, "session", "[{ get: / }]", "limits: { timeout: 1s }"), &[]);
    let example = &done.failures()[0];
    assert_eq!(
        (&example["reason"], &example["head"]),
        (&"timeout".into(), &"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbo".into())
    );
}

/// D4: beside its step's template. Variables of the environment are never stored (S4).
#[test]
fn a_failure_says_what_was_really_asked_for() {
    let server = Server::start(|request| match request.line.as_str() {
        "GET /away HTTP/1.1" => {
            Reply::Keep(b"HTTP/1.1 302 Found\r\nLocation: /gone?n=1\r\nContent-Length: 0\r\n\r\n".to_vec())
        }
        _ => Reply::Keep(b"HTTP/1.1 404 Not Found\r\nX-Of: italian-of-the-test\r\nContent-Length: 0\r\n\r\n".to_vec()),
    });
    let long = "x".repeat(2_000);
    let steps = format!(
        "[{{ get: '/of/{{{{session}}}}/{{{{env.LANG_OF_TEST}}}}', query: {{ q: 'a b' }}, name: one }}, {{ get: /away, follow: 2 }}, \
         {{ get: /{long} }}]"
    );
    let yaml = scenario(&server.url(), 1, 1, "session", &steps, "");
    let temp = tempfile::tempdir().unwrap();
    std::fs::write(temp.path().join("scenario.yaml"), yaml).unwrap();
    let mut command = scrutinio();
    command.env("LANG_OF_TEST", "italian-of-the-test").arg("run").arg(temp.path().join("scenario.yaml"));
    let done = start(command, temp).wait();
    let paths: Vec<String> = done.failures().iter().map(|it| it["path"].as_str().unwrap().to_owned()).collect();
    assert_eq!(paths[..2], ["/of/0/{{env.LANG_OF_TEST}}?q=a%20b", "/gone?n=1"]);
    assert_eq!((paths.len(), paths[2].len()), (3, 512));
    assert_eq!(done.failures()[0]["step"], "one");
    assert!(
        done.failures()[0]["head"].as_str().unwrap().contains("X-Of: {{env.LANG_OF_TEST}}"),
        "{:?}",
        done.failures()
    );
}
