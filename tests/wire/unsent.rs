//! What is due and not sent for want of something of ours, or of time: unsent and unfinished (R3, R6, R7).

use std::process::Command;
use std::time::Duration;

use crate::rig::{run, scenario, scrutinio, start};
use crate::server::{Reply, Server, ok};

fn slow(millis: u64) -> Server {
    Server::start(move |_| Reply::Pieces(vec![ok("")], Duration::from_millis(millis)))
}

#[test]
fn sessions_beyond_max_in_flight_are_shed_whole() {
    let server = slow(1500);
    // One a 50 ms, each open for 1.5 s, at most three: the fourth session is not begun, nor its second request.
    let yaml = scenario(&server.url(), 20, 1, "session", "[{ get: / }, { get: / }]", "limits: { max_in_flight: 3 }");
    let done = run(&yaml, &["--lanes", "1"]);
    assert_eq!((done.completed(), done.reason("unsent.in_flight")), (6, 34), "{}", done.summary["requests"]);
    assert_eq!(server.requests().len(), 6, "unsent is not sent; of admitted sessions all is (R6)");
    assert_eq!(done.facts["limits"]["max_in_flight"], 3);
}

#[test]
fn unsent_requests_for_want_of_room_makes_an_objective_invalid() {
    let server = slow(1500);
    let more = "limits: { max_in_flight: 3 }\nslo: { overall: ['p95 < 100ms'] }";
    let done = run(&scenario(&server.url(), 100, 1, "session", "[{ get: / }]", more), &["--lanes", "1"]);
    assert_eq!(done.code, 3, "{}", done.summary["reasons"]);
    assert_eq!(done.summary["verdict"], "INVALID");
    let codes: Vec<_> =
        done.summary["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].clone()).collect();
    assert_eq!(codes[0], "unsent_requests", "{codes:?}");
}

/// Every answer keeps the limit, and 50 are open of 100 a second and 500 ms: with 26 a lane, where chance alone has 40 and
/// more open, what is unsent is not the target's doing.
#[test]
fn a_limit_without_room_for_chance_is_ours_and_no_stall_of_the_target() {
    let server = slow(485);
    let more = "limits: { max_in_flight: 52 }\nslo: { overall: ['p99 < 500ms'] }";
    let yaml =
        scenario(&server.url(), 400, 4, "session", "[{ get: / }]", more).replace("process: even", "process: poisson");
    let done = run(&yaml, &["--lanes", "2"]);
    assert!(done.reason("unsent.in_flight") > 4, "{}", done.summary["requests"]);
    assert_eq!(
        (done.code, &done.summary["reasons"][0]["code"]),
        (3, &"unsent_requests".into()),
        "{}",
        done.summary["reasons"]
    );
}

#[test]
fn a_want_of_descriptors_is_shed_and_ours() {
    let server = Server::start(|_| Reply::Keep(ok("")));
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("scenario.yaml");
    // 400 sessions that think, each holding its connection, where the process may have 300 descriptors.
    std::fs::write(&file, scenario(&server.url(), 400, 1, "session", "[{ get: / }, { think: 3s }, { get: / }]", ""))
        .unwrap();
    let mut command = Command::new("sh");
    command.env_clear().args(["-c", "ulimit -n 300 && exec \"$0\" \"$@\""]).arg(scrutinio().get_program());
    command.arg("run").arg(&file);
    let done = start(command, temp).wait();
    let unsent = done.reason("unsent.descriptors");
    assert!((200..260).contains(&unsent), "{}", done.summary["requests"]);
    assert_eq!(done.completed() + unsent, 800, "the rest of a session is unsent with it: {}", done.summary["requests"]);
    assert_eq!(server.requests().len() as u64, done.completed());
    for words in ["ulimit -Hn", "may have 300 (hard limit 300)"] {
        assert!(done.detail().contains(words), "the limit in numbers, and how to raise it: {}", done.detail());
    }
    assert_eq!(done.facts["limits"]["max_in_flight"], 300 - 256, "lowered to the descriptors minus 256 (R6)");
}

#[test]
fn what_is_open_or_not_begun_at_the_hard_stop_is_unfinished() {
    // Nominally all due at the start; the drain ends a timeout later, with the second request of each open for half
    // that time and without an answer.
    let server = Server::start(|request| match request.nth {
        0 => Reply::Pieces(vec![ok("")], Duration::from_secs(2)),
        _ => Reply::Silence,
    });
    let steps = "[{ get: / }, { get: / }, { get: / }, { get: / }]";
    let yaml = scenario(&server.url(), 5, 1, "session", steps, "limits: { timeout: 4s }")
        .replace("curve: [constant: 1]", "burst: { at: '00:00', weight: 100% }");
    let done = run(&yaml, &[]);
    assert_eq!((done.completed(), done.reason("unfinished.drained")), (5, 15), "{}", done.summary["requests"]);
    assert_eq!(server.requests().len(), 10, "of those fifteen, five were open and ten never begun");
}
