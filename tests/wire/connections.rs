//! Connections as the server counts them: the three policies (S7), reconnects (R2), addresses, sources (M2).

use std::collections::HashSet;
use std::net::{IpAddr, TcpListener};

use crate::rig::{Done, quick, run, scenario, side_by_side};
use crate::server::{Reply, Server, ok};

const TWO: &str = "[{ get: / }, { think: 30ms }, { get: / }, { get: / }]";

fn with_policy(policy: &str) -> (Server, Done) {
    let server = Server::start(|_| Reply::Keep(ok("hello")));
    let done = run(&scenario(&server.url(), 40, 1, policy, TWO, ""), &[]);
    assert_eq!((done.completed(), server.requests().len()), (120, 120));
    assert_eq!(done.count("/connections/opened"), server.connections() as u64, "as the server counts them");
    assert_eq!(done.count("/exchanges"), 120);
    (server, done)
}

#[test]
fn a_session_keeps_one_connection_through_its_thinks() {
    let (server, done) = with_policy("session");
    assert_eq!(server.connections(), 40);
    assert_eq!(done.count("/connections/reused"), 80);
    assert!(server.requests().iter().all(|request| request.header("connection") != Some("close")));
}

#[test]
fn a_connection_for_each_request_says_close() {
    let (server, done) = with_policy("request");
    assert_eq!(server.connections(), 120);
    assert_eq!(done.count("/connections/reused"), 0);
    assert!(server.requests().iter().all(|request| request.header("connection") == Some("close")));
}

#[test]
fn a_shared_pool_opens_no_more_than_its_size() {
    let server = Server::start(|_| Reply::Pieces(vec![ok("")], std::time::Duration::from_millis(10)));
    let done = run(&scenario(&server.url(), 200, 1, "{ shared: 3 }", "[{ get: / }]", ""), &["--lanes", "2"]);
    assert_eq!(done.completed(), 200);
    // 200 a second want two connections on average, and at times more than the three that there are.
    assert_eq!((server.connections(), done.count("/connections/opened")), (3, 3));
    assert_eq!(done.count("/connections/reused"), 197);
}

#[test]
fn waiting_for_a_pool_is_in_the_response_and_told_apart() {
    let slow = || Reply::Pieces(vec![ok("")], std::time::Duration::from_millis(100));
    let server = Server::start(move |_| slow());
    // Twelve at once on two connections, 100 ms each: the last have waited for five before them.
    let yaml = scenario(&server.url(), 12, 1, "{ shared: 2 }", "[{ get: / }]", "")
        .replace("curve: [constant: 1]", "burst: { at: '00:00', weight: 100% }");
    let done = run(&yaml, &["--lanes", "1"]);
    assert_eq!((done.completed(), server.connections()), (12, 2));
    assert!(done.number("/latency_us/response/max") >= 599_000.0, "{}", done.summary["latency_us"]);
    assert!(done.number("/latency_us/wait/max") >= 495_000.0);
    assert!(done.number("/populations/users/latency_us/pool_wait/max") >= 495_000.0);
    // Due at the very start: nothing may be sent before it, where its time could not be told.
    assert!(done.number("/latency_us/response/min") >= 99_000.0, "{}", done.summary["latency_us"]);
    // Six follow each other on a connection: at most two of them can take two fifths of all, so a median cannot.
    let (service, response) = (done.number("/latency_us/service/p50"), done.number("/latency_us/response/max"));
    assert!(service < 0.4 * response, "service is the server's part alone: {}", done.summary["latency_us"]);
}

/// A server that answers once on each connection, then closes as the next request arrives, without a byte of answer.
fn answers_once() -> Server {
    Server::start(|request| if request.nth == 0 { Reply::Keep(ok("once")) } else { Reply::Close(Vec::new()) })
}

#[test]
fn an_idempotent_request_on_a_reused_connection_that_closes_is_sent_once_more() {
    let server = answers_once();
    let steps = "[{ get: / }, { put: /, text: x }, { delete: / }, { post: /, text: x, idempotency_key: true }]";
    let done = run(&scenario(&server.url(), 5, 1, "session", steps, ""), &[]);
    assert_eq!(done.completed(), 20, "{}", done.summary["requests"]);
    assert_eq!(done.count("/connections/reconnected"), 15);
    // All of a session's requests but its first were sent twice: amplification 35 / 20 (R1).
    assert_eq!((done.count("/exchanges"), server.requests().len()), (35, 35));
}

#[test]
fn a_post_without_a_key_on_a_reused_connection_that_closes_is_never_sent_again() {
    let server = answers_once();
    let done = run(&scenario(&server.url(), 5, 1, "session", "[{ get: / }, { post: /, text: x }]", ""), &[]);
    assert_eq!((done.completed(), done.reason("failed.reset")), (5, 5));
    assert_eq!(done.count("/connections/reconnected"), 0);
    let posts = server.requests().iter().filter(|request| request.line.starts_with("POST")).count();
    assert_eq!(posts, 5, "it may have been carried out already");
}

#[test]
fn a_request_is_sent_again_only_once_and_never_after_a_byte_of_answer() {
    let twice = [
        // On the new connection it is fresh: closing that one is a failure.
        (Vec::new(), 5),
        (b"HTTP/1.1 2".to_vec(), 0),
    ];
    side_by_side(twice, |(then, reconnected)| {
        let server = Server::start(move |request| match request.line.as_str() {
            "GET /good HTTP/1.1" => Reply::Keep(ok("")),
            _ => Reply::Close(then.clone()),
        });
        let done = run(&scenario(&server.url(), 5, 1, "session", "[{ get: /good }, { get: /bad }]", ""), &[]);
        assert_eq!((done.completed(), done.reason("failed.reset")), (5, 5));
        assert_eq!(done.count("/connections/reconnected"), reconnected);
    });
}

#[test]
fn a_connection_closed_during_a_think_is_noticed_and_no_failure() {
    let server = Server::start(|_| Reply::Close(ok("bye")));
    let done =
        run(&scenario(&server.url(), 5, 1, "session", "[{ get: / }, { think: 2s }, { post: /, text: x }]", ""), &[]);
    assert_eq!((done.completed(), server.connections()), (10, 10), "{}", done.summary["requests"]);
    assert_eq!(done.count("/connections/reconnected"), 0, "it was known to be gone before anything was sent on it");
}

#[test]
fn a_pooled_connection_that_closes_gives_its_place_back() {
    let server = Server::start(|request| if request.nth < 2 { Reply::Keep(ok("")) } else { Reply::Close(ok("last")) });
    let done = quick(&server.url(), &["-r", "200", "-n", "200", "-c", "2"]);
    assert_eq!(done.completed(), 200, "{}", done.summary["requests"]);
    assert!(server.connections() >= 67, "each serves three");
}

#[test]
fn ipv6_is_spoken() {
    let server = Server::on(TcpListener::bind("[::1]:0").unwrap(), |_| Reply::Keep(ok("six")));
    let done = quick(&server.url(), &["-n", "10", "-c", "2"]);
    assert_eq!(done.completed(), 10);
    let host = format!("[::1]:{}", server.address.port());
    assert!(server.requests().iter().all(|request| request.header("host") == Some(&host)));
}

#[test]
fn a_name_with_two_addresses_uses_those_that_listen() {
    // `localhost` may be both ::1 and 127.0.0.1; here only the latter listens.
    let server = Server::start(|_| Reply::Keep(ok("")));
    let done =
        quick(&format!("http://localhost:{}/", server.address.port()), &["-n", "20", "-c", "4", "--disable-keepalive"]);
    assert_eq!((done.completed(), server.connections()), (20, 20), "{}", done.summary["requests"]);
    // Both listen, on the same port: both are used in turn, if the machine knows two.
    let port = server.address.port();
    let Ok(six) = TcpListener::bind(("::1", port)) else { return };
    let two = std::net::ToSocketAddrs::to_socket_addrs(&("localhost", port)).unwrap().any(|a| a.is_ipv6());
    let six = Server::on(six, |_| Reply::Keep(ok("")));
    let done = quick(&format!("http://localhost:{port}/"), &["-n", "20", "-c", "4", "--disable-keepalive", "-t", "1"]);
    assert_eq!(done.completed(), 20);
    assert_eq!(six.connections(), if two { 10 } else { 0 }, "in turn");
}

#[test]
fn sources_rotate_over_loopback() {
    let server = Server::start(|_| Reply::Keep(ok("")));
    let done = quick(&server.url(), &["-n", "60", "-c", "4", "--disable-keepalive"]);
    assert_eq!(done.completed(), 60);
    let peers: HashSet<IpAddr> = server.requests().iter().map(|request| request.peer).collect();
    assert_eq!(peers.len(), 60, "a source of its own for each connection (M2)");
    assert!(peers.iter().all(|peer| peer.is_loopback()));
}

#[test]
fn an_origin_of_another_name_gets_its_own_host_header() {
    let server = Server::start(|_| Reply::Keep(ok("")));
    let target = format!(
        "{{ url: 'http://portal.example:{}', resolve: 127.0.0.1, host: public.example }}",
        server.address.port()
    );
    let done = run(&scenario(&target, 3, 1, "session", "[{ get: / }]", ""), &["--allow-host", "portal.example"]);
    assert_eq!(done.completed(), 3);
    assert!(server.requests().iter().all(|request| request.header("host") == Some("public.example")));
}

#[test]
fn command_lines_of_wrk_hey_and_oha_are_understood() {
    let server = Server::start(|_| Reply::Keep(ok("")));
    let wrk = quick(&server.url(), &["-t2", "-c4", "-d1s", "--latency", "-H", "Accept: text/html"]);
    assert_eq!((wrk.facts["lanes"].clone(), wrk.count("/connections/opened")), (2.into(), 4), "{}", wrk.said);
    let hey = quick(&server.url(), &["-n", "30", "-c", "3", "-m", "POST", "-T", "text/plain"]);
    assert_eq!((hey.completed(), hey.count("/connections/opened")), (30, 3), "{}", hey.said);
    for rate in ["-q", "-R", "-r"] {
        let oha = quick(&server.url(), &["-z", "1s", rate, "20"]);
        assert_eq!(oha.completed(), 20, "{rate}: {}", oha.said);
    }
    let before = server.requests().len();
    let all = quick(&server.url(), &["-n", "2", "-c", "1", "-H", "Host: public.example"]);
    assert_eq!(all.completed(), 2, "{}", all.said);
    for request in &server.requests()[before..] {
        let hosts = request.headers.iter().filter(|line| line.to_ascii_lowercase().starts_with("host:"));
        assert_eq!(hosts.collect::<Vec<_>>(), ["Host: public.example"]);
    }
}
