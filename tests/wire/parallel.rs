//! Parallel groups: requests of one session that are open at once, over no more connections than they may.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use rustix::process::Signal;

use crate::rig::{Target, run, scenario, side_by_side, start_run};
use crate::server::{Reply, Server, ok};

/// What a server sees open at once.
#[derive(Default)]
struct Open {
    now: usize,
    most: usize,
}

/// A server that answers `/asset…` only once so many of them were open together, or after ten seconds.
fn gate(together: usize) -> (Server, Arc<(Mutex<Open>, Condvar)>) {
    let open = Arc::<(Mutex<Open>, Condvar)>::default();
    let shared = Arc::clone(&open);
    let server = Server::start(move |request| {
        if !request.line.starts_with("GET /asset") {
            let head = "HTTP/1.1 200 OK\r\nSet-Cookie: sid=s3\r\nContent-Length: 13\r\n\r\n";
            return Reply::Keep(format!("{head}{{\"key\": \"k7\"}}").into_bytes());
        }
        let (lock, changed) = &*shared;
        let mut open = lock.lock().unwrap();
        open.now += 1;
        open.most = open.most.max(open.now);
        changed.notify_all();
        let (open, _) = changed.wait_timeout_while(open, Duration::from_secs(10), |o| o.most < together).unwrap();
        drop(open);
        // Longer than the others take to come: what is over the limit would be seen.
        std::thread::sleep(Duration::from_millis(30));
        lock.lock().unwrap().now -= 1;
        Reply::Keep(ok("{\"mark\": \"m9\"}"))
    });
    (server, open)
}

const ASSETS: &str = "{ get: '/asset/1/{{key}}', save: { mark: json $.mark } }, { get: '/asset/2/{{key}}' }, \
                      { get: /asset/3 }, { get: /asset/4 }, { get: /asset/5 }, { get: /asset/6 }, { get: /asset/7 }";

#[test]
fn a_group_is_open_at_once_up_to_its_connections_and_done_with_its_last() {
    let (server, open) = gate(3);
    let page = "{ get: /, save: { key: json $.key } }";
    let group = format!("{{ parallel: {{ connections: 3, steps: [{ASSETS}] }} }}");
    let steps =
        format!("[{{ transaction: {{ name: page, steps: [{page}, {group}] }} }}, {{ get: '/after/{{{{mark}}}}' }}]");
    let done = run(&scenario(&server.url(), 1, 1, "session", &steps, "slo: { overall: ['p50 < 50s'] }"), &[]);
    assert_eq!((done.code, done.completed()), (0, 9), "{} {}", done.summary["requests"], done.summary["reasons"]);
    let open = open.0.lock().unwrap();
    assert_eq!((open.most, server.connections(), done.count("/connections/opened")), (3, 3, 3));
    let lines: Vec<String> = server.requests().into_iter().map(|request| request.line).collect();
    assert_eq!(lines.last().unwrap(), "GET /after/m9 HTTP/1.1", "what follows a group has what it saved");
    let with_cookie = server.requests().iter().filter(|request| request.header("cookie") == Some("sid=s3")).count();
    assert_eq!(with_cookie, 8, "the session's cookies go with every request but the first");
    assert!(lines.contains(&"GET /asset/2/k7 HTTP/1.1".to_owned()));
    // All were due with the first: the last of seven over three took three times 30 ms.
    let response = |step: &str| done.number(&format!("/populations/users/steps/{step}/response/max"));
    assert!(response("GET ~1asset~17") >= 90_000.0, "{}", response("GET ~1asset~17"));
    let page = &done.summary["populations"]["users"]["measures"]["page"]["transaction"];
    assert!(page["value"]["min"].as_f64().unwrap() * 1.001 >= response("GET ~1asset~17"));
    assert_eq!(page["samples"]["completed"], 1);
}

#[test]
fn every_policy_of_connections_has_its_groups() {
    for (policy, connections) in [("session", 20), ("request", 50), ("{ shared: 2 }", 2)] {
        let server = Server::start(|_| Reply::Pieces(vec![ok("")], Duration::from_millis(5)));
        let steps = "[{ parallel: { connections: 2, steps: [{ get: /a }, { get: /b }, { get: /c }, { get: /d }] } }, { get: / }]";
        let done =
            run(&scenario(&server.url(), 10, 1, policy, steps, "slo: { overall: ['p50 < 50s'] }"), &["--lanes", "1"]);
        assert_eq!((done.code, done.completed()), (0, 50), "{policy}: {} {}", done.summary["requests"], done.said);
        assert!(server.connections() <= connections, "{policy}: {}", server.connections());
        assert_eq!(server.requests().len(), 50, "{policy}");
    }
}

#[test]
fn a_wrong_request_of_a_group_leaves_the_others_alone_and_ends_the_session_where_that_is_said() {
    let steps = "[{ parallel: { steps: [{ get: /a }, { get: /wrong }, { get: /b }, { get: /never, timeout: 400ms }] } }, { get: / }]";
    for (policy, right, not_attempted) in [("session", 30, 0), ("session, on_failure: end", 20, 10)] {
        let server = Server::start(|request| match request.line.split(' ').nth(1) {
            Some("/wrong") => Reply::Close(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n".to_vec()),
            Some("/never") => Reply::Silence,
            _ => Reply::Keep(ok("")),
        });
        let done = run(&scenario(&server.url(), 10, 1, policy, steps, ""), &[]);
        let reasons = ["failed.status", "failed.timeout", "failed.not_attempted"].map(|reason| done.reason(reason));
        assert_eq!((done.completed(), reasons), (right, [10, 10, not_attempted]), "{policy}");
    }
}

#[test]
fn a_value_that_is_missing_ends_the_session_behind_the_group() {
    let server = Server::start(|_| Reply::Keep(ok("{}")));
    let page = "{ get: /, save: { key: json $.key } }";
    let group = "{ parallel: { connections: 1, steps: [{ get: '/a/{{key}}' }, { get: /b }] } }";
    let done = run(&scenario(&server.url(), 5, 1, "session", &format!("[{page}, {group}, {{ get: / }}]"), ""), &[]);
    let reasons = ["failed.expect", "failed.not_attempted"].map(|reason| done.reason(reason));
    assert_eq!((done.completed(), reasons), (5, [5, 10]), "what was due with the missing one is sent all the same");
}

#[test]
fn streams_of_one_connection_carry_a_group_over_http2() {
    let target = Target::start(&["--delay", "40ms"]);
    let url = target.url();
    let spoken = format!("{{ url: '{}', http: 2 }}", url.trim_end_matches('/'));
    let steps =
        "[{ get: / }, { parallel: { steps: [{ get: /a }, { get: /b }, { get: /c }, { get: /d }] } }, { get: / }]";
    let done = run(&scenario(&spoken, 4, 1, "session", steps, "trace_header: true"), &[]);
    assert_eq!((done.completed(), done.count("/connections/opened")), (24, 4), "{}", done.summary["requests"]);
    let log = target.stop();
    let of_first: Vec<_> = log.iter().filter(|line| line.id.contains("/users/0/")).collect();
    let overlap = of_first[1..5].iter().filter(|line| line.arrived_ns < of_first[1].answered_ns.unwrap()).count();
    assert!(overlap > 1, "the streams of a group are open at once: {of_first:?}");
}

#[test]
fn groups_that_are_open_when_a_run_is_stopped_are_unfinished() {
    side_by_side(["session", "request", "{ shared: 8 }"], |policy| {
        let server = Server::start(|request| match request.line.starts_with("GET / ") {
            true => Reply::Keep(ok("")),
            false => Reply::Silence,
        });
        let group = "{ parallel: { connections: 2, steps: [{ get: /a }, { get: /b }, { get: /c }] } }";
        let groups = format!("{{ transaction: {{ name: both, steps: [{group}, {group}] }} }}");
        let steps = format!("[{{ get: / }}, {groups}, {{ get: / }}]");
        let yaml = scenario(&server.url(), 50, 30, policy, &steps, "limits: { timeout: 60s }");
        let running = start_run(&yaml, &[]);
        server.wait_until(|requests| requests.iter().filter(|request| !request.line.starts_with("GET / ")).count() > 3);
        running.signal(Signal::INT);
        let done = running.wait();
        let stopped = done.reason("unfinished.stopped") + done.reason("unfinished.not_begun");
        assert_eq!((done.code, done.completed() + stopped), (130, 400), "{policy}");
        let both = &done.summary["populations"]["users"]["measures"]["both"]["transaction"]["samples"];
        assert_eq!(both["unfinished"], 50, "{policy}: {both}");
    });
}

#[test]
fn a_request_of_a_group_is_tried_again_and_sent_on_over_the_connection_that_it_had() {
    let tries = Mutex::new(0);
    let server = Server::start(move |request| match request.line.split(' ').nth(1) {
        Some("/moved") => Reply::Keep(b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n".to_vec()),
        Some("/busy") if std::mem::replace(&mut *tries.lock().unwrap(), 1) == 0 => {
            Reply::Keep(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n".to_vec())
        }
        _ => Reply::Keep(ok("")),
    });
    let busy = "{ get: /busy, retry: { on: [503], times: 1, backoff: 1ms } }";
    let steps = format!("[{{ parallel: {{ steps: [{{ get: /moved, follow: 1 }}, {busy}] }} }}]");
    let done = run(&scenario(&server.url(), 1, 1, "session", &steps, ""), &[]);
    assert_eq!((done.completed(), done.count("/exchanges")), (2, 4), "{}", done.detail());
    assert_eq!((server.connections(), done.count("/connections/opened")), (2, 2));
}
