//! Parallel groups of sessions that have no connection yet: one is opened, and all go on its streams.

use std::collections::HashSet;
use std::net::TcpListener;

use crate::rig::{run, scenario, start_run};
use crate::server::*;

/// The connections on which the server was asked anything.
fn connections(server: &Server) -> usize {
    server.seen(HEADERS).iter().map(|(nth, _)| *nth).collect::<HashSet<_>>().len()
}

/// Answers only once so many requests are open on one connection.
fn together(n: usize) -> Server {
    Server::start(move |peer| {
        loop {
            let mut open = Vec::new();
            while open.len() < n {
                let Some(stream) = peer.request() else { return };
                open.push(stream);
            }
            peer.write(&open.iter().flat_map(|stream| answer(*stream, b"")).collect::<Vec<_>>());
        }
    })
}

#[test]
fn the_first_request_of_a_group_opens_the_connection_of_all() {
    let server = together(4);
    let steps = "[{ parallel: { steps: [{ get: /a }, { get: /b }, { get: /c }, { get: /d }] } }, \
                 { parallel: { steps: [{ get: /e }, { get: /f }, { get: /g }, { get: /h }] } }]";
    let done = run(&scenario(&server.target(100), 5, 1, "session", steps, ""), &[]);
    assert_eq!((done.completed(), done.count("/connections/opened")), (40, 5), "{}", done.detail());
    assert_eq!(connections(&server), 5, "one a session");
}

#[test]
fn what_finds_the_connection_full_waits_for_one_of_its_streams() {
    let server = together(2);
    let steps = "[{ parallel: { steps: [{ get: /a }, { get: /b }, { get: /c }, { get: /d }] } }]";
    let done = run(&scenario(&server.target(2), 3, 1, "session", steps, ""), &[]);
    assert_eq!((done.completed(), done.count("/connections/opened")), (12, 3), "{}", done.detail());
}

#[test]
fn a_connection_that_goes_away_amid_a_group_is_followed_by_one_more() {
    // The first connection takes two requests, answers them and goes away; what waited opens another.
    let server = Server::start(|peer| {
        let mut served = 0;
        while let Some(stream) = peer.request() {
            served += 1;
            if peer.nth == 0 && served == 2 {
                let bye = [stream.to_be_bytes(), [0; 4]].concat();
                peer.write(&frame(GOAWAY, 0, 0, &bye));
            }
            peer.write(&answer(stream, b""));
        }
    });
    let steps = "[{ parallel: { steps: [{ get: /a }, { get: /b }, { get: /c }, { get: /d }] } }]";
    let done = run(&scenario(&server.target(1), 1, 1, "session", steps, ""), &[]);
    assert_eq!((done.completed(), done.count("/connections/opened")), (4, 2), "{}", done.detail());
}

#[test]
fn all_that_wait_for_a_connection_that_is_refused_fail_with_it() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("{{ url: \"http://{}\", http: 2 }}", closed.local_addr().unwrap());
    // It takes the one connection by which `run` sees that it is there, and then no more.
    let taker = std::thread::spawn(move || drop(closed.accept()));
    let done = run(&scenario(&target, 4, 2, "session", &group(3), ""), &[]);
    taker.join().unwrap();
    assert_eq!(done.reason("failed.refused"), 12, "{}", done.summary["requests"]);
}

#[test]
fn each_that_waited_in_vain_is_tried_again_as_its_own_policy_says() {
    let (listener, target) = full();
    let policy = "session, retry: { on: [connect_timeout], times: 1, backoff: 1ms }";
    let done = run(&scenario(&target, 1, 1, policy, &group(3), "limits: { connect_timeout: 200ms }"), &[]);
    drop(listener);
    assert_eq!(done.reason("failed.connect_timeout"), 3, "{} {}", done.summary["requests"], done.detail());
    assert_eq!(done.count("/retries/retries"), 3);
}

#[test]
fn a_first_request_that_gives_up_leaves_the_opening_to_the_others() {
    let (listener, target) = full();
    let steps = "[{ parallel: { steps: [{ get: /a, timeout: 200ms }, { get: /b }, { get: /c }] } }]";
    let running = start_run(&scenario(&target, 1, 1, "session", steps, ""), &[]);
    running.wait_for_seconds(1);
    let server = Server::on(listener, |peer| {
        peer.write(&frame(SETTINGS, 0, 0, &[]));
        while let Some(stream) = peer.request() {
            peer.write(&answer(stream, b""));
        }
    });
    let done = running.wait();
    assert_eq!((done.completed(), done.reason("failed.timeout")), (2, 1), "{} {}", done.summary, done.detail());
    assert_eq!((connections(&server), done.count("/connections/opened")), (1, 1));
}

/// A group of so many requests.
fn group(n: usize) -> String {
    let steps: Vec<String> = (0..n).map(|i| format!("{{ get: /{i} }}")).collect();
    format!("[{{ parallel: {{ steps: [{}] }} }}]", steps.join(", "))
}

/// A target whose queue has room for the one connection by which `run` sees that it is there: whoever connects after
/// that waits, until somebody takes connections from the listener.
fn full() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    rustix::net::listen(&listener, 0).unwrap();
    let target = format!("{{ url: \"http://{}\", http: 2 }}", listener.local_addr().unwrap());
    (listener, target)
}
