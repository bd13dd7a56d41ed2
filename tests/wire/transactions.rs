//! Transactions: named groups of steps, timed as one, that fail with their requests and never vanish.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::rig::{Done, run, scenario, start_run};
use crate::server::{Reply, Server, ok};

/// A server that takes 60 ms for `/slow`, has no `/wrong`, and answers anything else at once.
fn server() -> Server {
    Server::start(|request| match request.line.split(' ').nth(1) {
        Some("/slow") => Reply::Pieces(vec![ok("")], Duration::from_millis(60)),
        Some("/wrong") => Reply::Keep(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n".to_vec()),
        _ => Reply::Keep(ok("")),
    })
}

fn transaction<'a>(done: &'a Done, name: &str) -> &'a Value {
    &done.summary["populations"]["users"]["measures"][name]["transaction"]
}

fn samples(done: &Done, name: &str) -> [u64; 5] {
    let samples = &transaction(done, name)["samples"];
    ["planned", "completed", "failed", "unsent", "unfinished"].map(|part| samples[part].as_u64().unwrap())
}

#[test]
fn a_transaction_takes_from_its_first_due_to_its_last_done() {
    let logon = "{ transaction: { name: logon, steps: [{ get: /slow }, { think: 100ms }, { get: /slow }] } }";
    let steps =
        format!("[{{ get: / }}, {{ transaction: {{ name: all, steps: [{logon}, {{ get: /slow }}] }} }}, {{ get: / }}]");
    let done = run(&scenario(&server().url(), 1, 1, "session", &steps, ""), &[]);
    assert_eq!((samples(&done, "logon"), samples(&done, "all")), ([1, 1, 0, 0, 0], [1, 1, 0, 0, 0]));
    let took = |name: &str| transaction(&done, name)["value"]["min"].as_u64().unwrap();
    // The sleeps of the server and the pause are a floor; on a slow machine it takes longer, and so does what it is in.
    assert!(took("logon") >= 220_000, "two answers of 60 ms and a pause of 100 ms took {} µs", took("logon"));
    let rest = took("all") as f64 - took("logon") as f64;
    assert!(rest >= 59_000.0, "`all` has another answer of 60 ms, not {rest} µs");
    let requests: f64 = ["GET /slow", "GET /"]
        .map(|step| {
            let response = &done.summary["populations"]["users"]["steps"][step]["response"];
            response["mean"].as_f64().unwrap() * response["count"].as_f64().unwrap()
        })
        .iter()
        .sum();
    assert!((took("all") as f64) < (requests + 100_000.0) * 1.001 + 2_000.0, "nothing outside of it was timed");
}

#[test]
fn a_wrong_request_fails_its_transaction_and_what_then_is_not_attempted() {
    let group = |name: &str, steps: &str| format!("{{ transaction: {{ name: {name}, steps: [{steps}] }} }}");
    let steps = [
        group("right", "{ get: / }"),
        group("wrong", "{ get: / }, { get: /wrong }, { get: / }"),
        group("after", "{ get: / }, { get: / }"),
    ];
    let steps = format!("[{}]", steps.join(", "));
    let more = "slo: { users.right: ['p75 < 50s', 'errors < 20%'], users.wrong: ['errors < 20%'] }";
    for (policy, after) in [("session", [20, 20, 0, 0, 0]), ("session, on_failure: end", [20, 0, 20, 0, 0])] {
        let done = run(&scenario(&server().url(), 20, 1, policy, &steps, more), &[]);
        let all = ["right", "wrong", "after"].map(|name| samples(&done, name));
        assert_eq!(all, [[20, 20, 0, 0, 0], [20, 0, 20, 0, 0], after], "{policy}");
        assert_eq!(transaction(&done, "wrong")["samples"]["by_reason"]["failed.status"], 20);
        assert_eq!((done.code, &done.summary["verdict"]), (1, &"NOT READY".into()), "{}", done.summary["reasons"]);
        let judged = done.summary["objectives"].as_array().unwrap().iter();
        let judged: Vec<_> = judged.map(|o| (&o["result"], &o["n"], &o["k"], &o["measure"])).collect();
        let is = |result: &'static str, k: u64| {
            (Value::from(result), Value::from(20), Value::from(k), Value::from("transaction"))
        };
        let expected = [is("met", 0), is("met", 0), is("breached", 20)];
        assert_eq!(judged, expected.iter().map(|(a, b, c, d)| (a, b, c, d)).collect::<Vec<_>>(), "{policy}");
    }
}

#[test]
fn every_round_of_a_repeat_is_a_transaction_of_its_own() {
    let poll = "{ transaction: { name: poll, steps: [{ get: / }, { get: / }] } }";
    let steps = format!("[{{ get: / }}, {{ repeat: {{ times: 3, steps: [{poll}, {poll}] }} }}]");
    let done = run(&scenario(&server().url(), 5, 1, "session", &steps, ""), &[]);
    assert_eq!((samples(&done, "poll"), done.completed()), ([30, 30, 0, 0, 0], 65));
}

#[test]
fn transactions_that_are_shed_or_stopped_are_accounted_for() {
    let slow = Server::start(|_| Reply::Pieces(vec![ok("")], Duration::from_millis(1500)));
    let steps = "[{ transaction: { name: visit, steps: [{ get: / }, { get: / }] } }]";
    let more = "limits: { max_in_flight: 3 }";
    let done = run(&scenario(&slow.url(), 20, 1, "session", steps, more), &["--lanes", "1"]);
    assert_eq!((samples(&done, "visit"), done.reason("unsent.in_flight")), ([20, 3, 0, 17, 0], 34));

    let silent = Server::start(|request| if request.nth == 0 { Reply::Keep(ok("")) } else { Reply::Silence });
    let running = start_run(&scenario(&silent.url(), 300, 30, "session", steps, ""), &[]);
    silent.wait_until(|requests| requests.iter().any(|request| request.nth == 1));
    running.signal(Signal::INT);
    let done = running.wait();
    assert_eq!((done.code, samples(&done, "visit")), (130, [300, 0, 0, 0, 300]), "begun or not, all were planned");
}
