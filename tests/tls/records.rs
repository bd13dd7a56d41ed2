//! Answers as records: large ones, cut ones, and the close that must be said.

use super::rig::quick;
use super::server::{Fate, Kind, Server, ok};

/// As long as its connection lasts.
const CLOSE_DELIMITED: &[u8] = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nand so it ends";

#[test]
fn a_body_over_many_records_arrives_whole() {
    let body: String = (0..300_000).map(|n| char::from(b'a' + (n % 26) as u8)).collect();
    let length = ok(&body).len() as u64;
    let server = Server::start(&Kind::default(), move |_| Fate::Keep(ok(&body)));
    let done = quick(&server.url(), &["-n", "6", "-c", "2", "--cacert", &server.file("ca.pem")]);
    assert_eq!(done.count("/requests/completed"), 6);
    assert_eq!(done.count("/bytes/received"), 6 * length);
}

#[test]
fn a_body_up_to_the_close_is_whole_only_if_the_close_was_said() {
    for (fate, outcome) in [(Fate::Close as fn(_) -> _, "/requests/completed"), (Fate::Cut, "/requests/failed")] {
        let server = Server::start(&Kind::default(), move |_| fate(CLOSE_DELIMITED.to_vec()));
        let done = quick(&server.url(), &["-n", "3", "-c", "1", "--cacert", &server.file("ca.pem")]);
        assert_eq!(done.count(outcome), 3);
        if outcome == "/requests/failed" {
            assert_eq!(done.count("/requests/by_reason/failed.reset"), 3);
        }
    }
}

#[test]
fn a_kept_connection_that_was_closed_meanwhile_is_opened_again() {
    // Each connection serves one request, says that it is kept, and is closed a moment later.
    let server = Server::start(&Kind::default(), |_| Fate::Cut(ok("ok")));
    let done = quick(&server.url(), &["-n", "4", "-c", "1", "--cacert", &server.file("ca.pem")]);
    assert_eq!(done.count("/requests/completed"), 4, "sent once more on a new connection (R2)");
    assert_eq!(done.count("/connections/reconnected"), 3);
}

/// R8: what nobody asked for is a record's data; its tickets and its close are not.
#[test]
fn only_data_is_an_answer_that_nobody_asked_for() {
    for (times, unasked) in [(2, 20), (1, 0)] {
        let server = Server::start(&Kind::default(), move |_| Fate::Keep(ok("hello").repeat(times)));
        for load in [&["-c", "1", "-n", "20"][..], &["-c", "20", "-n", "20", "-r", "200", "--disable-keepalive"]] {
            let done = quick(&server.url(), &[load, &["--cacert", &server.file("ca.pem")]].concat());
            assert_eq!((done.count("/requests/completed"), done.count("/connections/unasked")), (20, unasked));
        }
    }
}
