//! Objectives on counts, on kinds of errors, on other times than the response and on rates, held against what servers did.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use serde_json::Value;

use crate::rig::{Done, quick, run, scenario, scrutinio, side_by_side, start_run};
use crate::server::{Reply, Server, ok};

/// For each objective `n`, `k` and whether it is met.
fn told(done: &Done) -> Vec<(u64, u64, bool)> {
    let objectives = done.summary["objectives"].as_array().unwrap();
    let count = |objective: &Value, key: &str| objective[key].as_u64().unwrap();
    objectives.iter().map(|o| (count(o, "n"), count(o, "k"), o["result"] == "met")).collect()
}

fn slo(lines: &[&str]) -> String {
    format!("slo: {{ users: {lines:?} }}")
}

fn status(code: u16) -> Reply {
    Reply::Keep(format!("HTTP/1.1 {code} So\r\nContent-Length: 0\r\n\r\n").into_bytes())
}

#[test]
fn errors_count_by_reason_and_by_the_status_of_the_last_answer() {
    let server = Server::start(|request| match request.line.split(' ').nth(1) {
        Some("/busy") => status(503),
        Some("/broken") => status(500),
        Some("/gone") => status(404),
        Some("/lost") => Reply::Reset(Vec::new()),
        Some("/never") => Reply::Silence,
        _ => Reply::Keep(ok("no")),
    });
    let steps = "[{ get: /busy }, { get: /busy, expect: { status: 503 } }, { get: /broken }, { get: /gone },
                  { get: /, expect: { text: yes } }, { get: /never, timeout: 300ms }, { get: /lost }, { get: / }]";
    let lines = [
        "at most 24 errors",
        "at most 3 errors 503",
        "at most 5 errors 5xx",
        "errors 404 < 50%",
        "at most 4 errors 4xx",
        "errors status < 40%",
        "at most 4 errors expect",
        "at most 4 errors 2xx",
        "errors timeout < 50%",
        "at most 3 errors reset",
        "at most 0 errors refused",
    ];
    let done = run(&scenario(&server.url(), 4, 1, "session", steps, &slo(&lines)), &[]);
    // Of each four: 503 that is not expected, 500, 404, a body that is not expected, a timeout, a reset.
    let expected = [
        (24, true),
        (4, false),
        (8, false),
        (4, true),
        (4, true),
        (12, true),
        (4, true),
        (4, true),
        (4, true),
        (4, false),
        (0, true),
    ];
    // Few requests prove little of a share: those are undecided.
    for ((line, (n, k, met)), (bad, holds)) in lines.iter().zip(told(&done)).zip(expected) {
        assert_eq!((n, k), (32, bad), "{line}");
        assert!(met == holds || line.contains('%'), "{line}");
    }
    assert_ne!(done.code, 0, "NOT READY: {}", done.said);
}

/// Twelve engineers, three of whom wait for two seconds: no share of so few could be proven.
#[test]
fn a_census_is_decided_by_counting() {
    let server = Server::start(|request| match request.header("x-row").and_then(|row| row.parse::<u32>().ok()) {
        Some(0..3) => Reply::Pieces(vec![ok("")], Duration::from_secs(2)),
        _ => Reply::Keep(ok("")),
    });
    let steps = "[{ transaction: { name: logon, steps: [{ get: /, headers: { X-Row: '{{session}}' } }] } }]";
    let of = |lines: &str| run(&scenario(&server.url(), 12, 1, "session", steps, lines), &[]);
    let all = [
        "slo: { users.logon: ['at most 3 slower than 1900ms', 'at most 0 errors'] }",
        "slo: { users: [at most 2 slower than 1900ms] }",
    ];
    let [ready, not_ready] = side_by_side(all, of).try_into().ok().unwrap();
    assert_eq!(told(&ready), [(12, 3, true), (12, 0, true)]);
    assert_eq!((ready.code, &ready.summary["verdict"]), (0, &Value::from("READY")));
    assert_eq!(told(&not_ready), [(12, 3, false)]);
    assert_eq!((not_ready.code, &not_ready.summary["verdict"]), (1, &Value::from("NOT READY")));
    assert_eq!(not_ready.summary["objectives"][0]["kind"], "count");
}

/// Twelve at once on one connection, each answered in two pieces of 200 ms: the wait is for the connection, the first byte
/// comes with the first piece, the service ends with the second.
#[test]
fn each_time_is_judged_by_its_own_part_of_the_response() {
    let halves = || {
        let (head, body) = (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha".to_vec(), b"lf".to_vec());
        Reply::Pieces(vec![head, body], Duration::from_millis(200))
    };
    let server = Server::start(move |_| halves());
    let lines = [
        "at most 0 slower than 395ms",
        "service at most 0 slower than 395ms",
        "first_byte at most 0 slower than 195ms",
        "first_byte at most 6 slower than 390ms",
        "wait at most 0 slower than 390ms",
        "wait at most 10 slower than 4s",
        "wait p10 < 1s",
    ];
    let yaml = scenario(&server.url(), 12, 1, "{ shared: 1 }", "[{ get: / }]", &slo(&lines))
        .replace("curve: [constant: 1]", "burst: { at: '00:00', weight: 100% }");
    let done = run(&yaml, &["--lanes", "1"]);
    assert_eq!(done.completed(), 12);
    let counted: Vec<u64> = told(&done).iter().map(|(_, k, _)| *k).collect();
    // The sleeps are a floor, so that these are exact; all but the first have waited for the one before them.
    assert_eq!((counted[0], counted[1], counted[2], counted[4]), (12, 12, 12, 11), "{}", done.summary["objectives"]);
    // However slow the machine is, most first bytes come with the first piece.
    assert!(counted[3] <= 6, "{}", done.summary["objectives"]);
    // The tenth has waited for nine before it.
    assert!(counted[5] <= 3 && counted[6] >= 9, "{}", done.summary["objectives"]);
    let was = |objective: usize| done.number(&format!("/objectives/{objective}/was_us"));
    assert!(was(6) >= 399_000.0, "the second of twelve: {}", done.summary["objectives"]);
    assert!(done.summary["objectives"][0]["was_us"].is_null(), "a number is about no quantile");
}

#[test]
fn connections_are_counted_as_they_are_begun() {
    let lines = ["connect at most 0 slower than 5s", "connect p50 < 5s", "connect at most 0 errors"];
    let server = Server::start(|_| Reply::Keep(ok("")));
    let policies = [("session", 12), ("request", 36), ("{ shared: 1 }", 1)];
    side_by_side(policies, |(policy, opened)| {
        let steps = "[{ get: / }, { get: / }, { get: /, name: last }]";
        let done = run(&scenario(&server.url(), 12, 1, policy, steps, &slo(&lines)), &["--lanes", "1"]);
        let of: Vec<_> = told(&done).iter().map(|(n, k, _)| (*n, *k)).collect();
        assert_eq!(of, [(opened, 0); 3], "{policy}");
        assert_eq!(done.count("/connections/opened"), opened, "{policy}");
        let measures = &done.summary["populations"]["users"]["measures"];
        assert!(measures.to_string().contains("connect"), "{measures}");
    });
    let none = run(&scenario(&server.url(), 2, 1, "session", "[{ get: / }]", ""), &[]);
    assert_eq!(none.summary["populations"]["users"]["measures"], Value::Object(serde_json::Map::new()), "nobody asked");
}

/// Who never gets a connection has begun one, and each try begins another.
#[test]
fn a_connection_that_is_not_opened_is_bad() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let lines = [
        "connect at most 0 errors",
        "connect at most 12 errors refused",
        "connect at most 0 slower than 5s",
        "connect at most 0 errors connect_timeout",
        "wait at most 0 slower than 50s",
        "at most 3 errors refused",
    ];
    // It accepts the one connection that `run` makes first (O8), and is gone seconds before a request is due.
    let steps = "[{ get: /, retry: { on: [refused], times: 2, backoff: 1ms } }]";
    let yaml = scenario(&url, 4, 5, "session", steps, &slo(&lines))
        .replace("curve: [constant: 1]", "burst: { at: '00:00:03', weight: 100% }");
    let running = start_run(&yaml, &[]);
    drop(listener.accept().unwrap());
    drop(listener);
    let done = running.wait();
    let expected = [(12, 12, false), (12, 12, true), (12, 12, false), (12, 0, true), (4, 4, false), (4, 4, false)];
    assert_eq!(told(&done), expected, "{}", done.summary["objectives"]);
    let causes: Vec<&str> =
        done.summary["reasons"].as_array().unwrap().iter().filter_map(|r| r["cause"].as_str()).collect();
    assert!(causes[0].starts_with("connections opened not at all"), "{causes:?}");
}

#[test]
fn a_connection_that_nobody_accepts_is_bad_by_its_timeout() {
    use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket};
    // As of `failed.connect_timeout`: the kernel leaves all but the first unanswered.
    let full = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&full, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    listen(&full, 0).unwrap();
    let address = SocketAddr::try_from(getsockname(&full).unwrap()).unwrap();
    let lines = [
        "connect at most 3 errors connect_timeout",
        "connect at most 4 slower than 100ms",
        "connect at most 0 errors timeout",
    ];
    let more = format!("limits: {{ timeout: 5s, connect_timeout: 300ms }}\n{}", slo(&lines));
    let done = run(&scenario(&format!("http://{address}"), 4, 1, "session", "[{ get: / }]", &more), &[]);
    assert_eq!(told(&done), [(4, 4, false), (4, 4, true), (4, 0, true)]);
}

/// 120 a second for four seconds, of which one server answers half wrongly.
#[test]
fn a_rate_is_that_of_right_answers() {
    let good = Server::start(|_| Reply::Keep(ok("")));
    let half = Server::start(|request| if request.line.contains("/odd") { status(503) } else { Reply::Keep(ok("")) });
    let lines = "slo: { overall: [rate >= 10/s, 'rate >= 600/m during 00:00:01..00:00:03'], users: [rate >= 100/s] }";
    let of =
        |server: &Server| run(&scenario(&server.url(), 240, 4, "session", "[{ get: / }, { get: /odd }]", lines), &[]);
    let [all_right, half_right] = side_by_side([&good, &half], of).try_into().ok().unwrap();
    for (done, most) in [(&all_right, 480), (&half_right, 240)] {
        let objectives = &done.summary["objectives"];
        let met: Vec<bool> = told(done).iter().map(|(.., met)| *met).collect();
        // However slow the machine is, far more than a tenth of what was asked comes in time; and never more than all.
        assert_eq!(met[..2], [true; 2], "{objectives}");
        let (n, observed) = (done.count("/objectives/0/n"), done.number("/objectives/0/observed"));
        assert!(n <= most && (observed - n as f64 / 4.0).abs() < 1e-9, "{objectives}");
        assert_eq!(objectives[0]["kind"], "rate");
        assert!(done.count("/objectives/1/n") < n, "two of the four seconds: {objectives}");
    }
    // At most 60 a second were right: less than 100, whoever was late.
    let missed = half_right.summary["objectives"][2]["result"].as_str().unwrap();
    assert!(["breached", "generator_decided"].contains(&missed), "{missed}");
    assert_ne!(half_right.code, 0, "{}", half_right.said);
}

/// P10 of rates: more than is planned is never reached; in a rehearsal it is left out.
#[test]
fn a_rate_above_the_plans_own_is_refused() {
    let server = Server::start(|_| Reply::Keep(ok("")));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.yaml");
    let check = |lines: &str, args: &[&str]| {
        std::fs::write(&file, scenario(&server.url(), 240, 4, "session", "[{ get: / }, { get: / }]", lines)).unwrap();
        let done = scrutinio().arg("check").arg(&file).args(args).output().unwrap();
        (done.status.code(), String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned())
    };
    assert_eq!(check("slo: { overall: [rate >= 120/s] }", &[]).0, Some(0));
    let (code, told) = check("slo: { overall: [rate >= 121/s] }", &[]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("`rate >= 121/s` is above what the plan itself asks for there, 120/s on average"), "{told}");
    assert!(told.contains("ask for a lower rate"), "{told}");
    let (code, told) = check("slo: { overall: [rate >= 100/s] }", &["--scale", "0.5"]);
    assert_eq!((code, told.contains("left out")), (Some(0), true), "{told}");
    let (code, told) = check("slo: { overall: ['rate >= 1/s during 00:00:01..00:00:03'] }", &["--compress", "10"]);
    assert_eq!((code, told.contains("is about no whole second of the run")), (Some(2), true), "{told}");
    let (_, told) = check("slo: { users: [at most 2 slower than 2s, errors <= 0%] }", &[]);
    assert!(told.contains("`at most 0 errors` is decided by counting"), "{told}");
}

#[test]
fn quick_takes_them_with_a_rate_of_its_own() {
    let server = Server::start(|_| Reply::Keep(ok("")));
    let lines =
        ["rate >= 50/s", "at most 0 errors", "connect at most 0 slower than 5s", "wait at most 0 slower than 5s"];
    let typed: Vec<&str> = lines.iter().flat_map(|line| ["--slo", line]).collect();
    let done = quick(&server.url(), &[&["-r", "100", "-d", "2s", "--process", "even"], &typed[..]].concat());
    let of: Vec<bool> = told(&done).iter().map(|(_, _, met)| *met).collect();
    assert_eq!((of, done.code), (vec![true; 4], 0), "{}", done.summary["objectives"]);
    let mut command = scrutinio();
    let refused =
        command.args(["quick", &server.url(), "-r", "100", "-d", "2s", "--slo", "rate >= 200/s"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2), "{}", String::from_utf8_lossy(&refused.stderr));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("above what the plan itself asks for there, 100/s on average"), "{said}");
}
