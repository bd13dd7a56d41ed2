//! A part of the day (P9): what of the objectives it leaves out is not forgotten.

use serde_json::{Value, json};

use crate::rig::{Done, run, scenario, scrutinio};
use crate::server::{Reply, Server, ok};

#[test]
fn a_window_that_leaves_out_every_objective_is_no_success_and_names_them() {
    let server = Server::start(|_| Reply::Keep(b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n".to_vec()));
    let more = "slo: { overall: ['errors < 5% during 00:00:05..00:00:10'] }";
    let yaml = scenario(&server.url(), 100, 10, "session", "[{ get: / }]", more);
    let yaml = yaml.replace("users: 100, ", "").replace("constant: 1", "constant: 20");
    let done = run(&yaml, &["--window", "00:00..00:00:01", "--quiet"]);
    assert_eq!((done.reason("failed.status"), done.code), (20, 3), "{:#}", done.summary);
    assert_eq!(done.summary["verdict"], "INVALID");
    let line = "overall errors < 5% during 00:00:05..00:00:10";
    let left_out = json!([{ "objective": line, "needs": null, "has": 0 }]);
    assert_eq!((&done.summary["objectives_left_out"], &done.facts["objectives_left_out"]), (&left_out, &left_out));
    let reason = &done.summary["reasons"][0];
    assert_eq!(reason["code"], "no_data");
    assert!(reason["seen"].as_str().unwrap().contains(line), "{reason}");
    let page = page(&done);
    assert!(page.contains(&format!("left out   {line}")), "{page}");
}

/// What a run's page says, on one line.
fn page(done: &Done) -> String {
    let report = scrutinio().arg("report").arg(&done.folder).output().unwrap();
    String::from_utf8_lossy(&report.stdout).lines().map(|line| line.trim().to_owned() + " ").collect()
}

/// A tenth of the day has twenty requests, of which p95 needs 72, and a median one.
#[test]
fn a_rehearsal_leaves_out_what_it_cannot_prove_and_the_rest_decides() {
    let server = Server::start(|_| Reply::Keep(b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n".to_vec()));
    let scenario = |slo: &str| {
        let yaml = scenario(&server.url(), 200, 10, "session", "[{ get: / }]", &format!("slo: {{ overall: [{slo}] }}"));
        yaml.replace("00:00:10", "00:00:02")
    };
    let left_out = json!([{ "objective": "overall p95 < 1s", "needs": 72, "has": 20 }]);
    let [nothing, some] = ["'p95 < 1s'", "'p95 < 1s', 'errors < 50%'"].map(scenario);
    let args = ["--scale", "0.1", "--quiet"];
    let (done, decided) = std::thread::scope(|scope| {
        let done = scope.spawn(|| run(&nothing, &args));
        let decided = run(&some, &args);
        (done.join().unwrap(), decided)
    });
    assert_eq!((done.code, &done.summary["verdict"]), (0, &Value::Null), "{:#}", done.summary);
    assert_eq!((&done.summary["objectives_left_out"], &done.facts["objectives_left_out"]), (&left_out, &left_out));
    let told = page(&done);
    for part in ["left out   overall p95 < 1s: needs 72, has 20", "verdict none: a rehearsal proves nothing"] {
        assert!(told.contains(part), "{told}");
    }
    assert!(!told.contains("READY"), "{told}");
    assert_eq!((decided.code, &decided.summary["verdict"]), (1, &"NOT READY".into()), "{:#}", decided.summary);
    assert_eq!(decided.summary["objectives_left_out"], left_out);
}

/// Every fifth checkout fails under an objective about all requests, and about a population that nobody names all do.
#[test]
fn a_step_that_no_objective_names_and_that_fails_is_told_beside_the_verdict() {
    let is_fifth = |line: &str| {
        let session = line.split("/checkout/").nth(1).and_then(|rest| rest.split(' ').next());
        session.is_some_and(|session| session.parse::<u64>().unwrap() % 5 == 0)
    };
    let server = Server::start(move |request| match is_fifth(&request.line) {
        true => Reply::Keep(b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n".to_vec()),
        false => Reply::Keep(ok("")),
    });
    let steps =
        format!("[{{ get: /a, name: home }}, {}{{ get: '/checkout/{{{{session}}}}' }}]", "{ get: /b }, ".repeat(9));
    let yaml = scenario(&server.url(), 100, 1, "session", &steps, "slo: { overall: ['errors < 5%'] }");
    let done = run(&yaml, &["--quiet"]);
    assert_eq!((done.code, &done.summary["verdict"]), (0, &"READY".into()), "{:#}", done.summary["objectives"]);
    let (uncovered, name) = (&done.summary["uncovered"], "users.GET /checkout/{{session}}");
    assert_eq!(*uncovered, json!([{ "step": name, "requests": 100, "failed": 20, "allowed": 0.05 }]));
    let told = page(&done);
    assert!(told.contains(&format!("verdict READY no objective of its own: {name} (20% of 100 failed)")), "{told}");
}
