//! Signals: to the run, which stops and writes everything, and SIGSTOP, which must not be laid on the target (R5).

use std::path::Path;
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::rig::{Line, Target, run, scenario, scrutinio, side_by_side, start_quick, start_run};
use crate::server::{Reply, Server, ok};

#[test]
fn an_interrupted_run_writes_everything_and_is_invalid() {
    side_by_side([Signal::INT, Signal::TERM], |signal| {
        let server = Server::start(|request| match request.nth % 2 {
            0 => Reply::Keep(ok("")),
            _ => Reply::Silence,
        });
        let steps = "[{ get: / }, { think: 100ms }, { get: / }, { get: / }]";
        let yaml = scenario(&server.url(), 300, 30, "session", steps, "slo: { overall: ['p50 < 20s'] }");
        let running = start_run(&yaml, &[]);
        // A session's second request, which is never answered, comes after its first was.
        server.wait_until(|requests| requests.iter().any(|request| request.nth == 1));
        running.signal(signal);
        let done = running.wait();
        assert_eq!(done.code, 130, "{}", done.said);
        assert_eq!((&done.summary["verdict"], &done.summary["ending"]), (&"INVALID".into(), &"interrupted".into()));
        assert_eq!(done.summary["reasons"][0]["code"], "interrupted");
        let (open, not_begun) = (done.reason("unfinished.stopped"), done.reason("unfinished.not_begun"));
        assert!(done.completed() > 0 && open > 0 && done.completed() + open + not_begun == 900, "{:#}", done.summary);
        let sent = server.requests().len() as u64;
        assert!(sent - done.completed() > 0, "some were open when it was stopped");
        for file in
            ["intervals.hlog", "timeline.csv", "objectives.csv", "failures.ndjson", "totals.hlog", "recording.json"]
        {
            assert!(done.folder.join(file).exists(), "no {file}");
        }
        assert!(done.number("/elapsed_s") < 29.0);
    });
}

/// What `report` says of a run's folder if it had been killed after its second `end`: the folder, cut to the intervals
/// until then, and to what of them is due a second before, all of which has ended by then.
fn report_of_cut(folder: &Path, end: u64) -> Value {
    let cut = tempfile::tempdir().unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let write = |name: &str, lines: Vec<&str>| std::fs::write(cut.path().join(name), lines.join("\n") + "\n").unwrap();
    // `Tag=users,2.000,1.000,0.300,HIST…`; counts end a population's interval.
    let begins = |line: &str| line.strip_prefix("Tag=").and_then(|rest| rest.split(',').nth(1)?.parse::<f64>().ok());
    let later = |line: &&str| begins(line).is_some_and(|start| start.round() >= end as f64);
    write("intervals.hlog", read("intervals.hlog").lines().take_while(|line| !later(line)).collect());
    let number = |line: &&str| line.split(',').next().unwrap().parse::<u64>().unwrap_or(0);
    let rows = |name: &str, below: u64| write(name, read(name).lines().filter(|row| number(row) < below).collect());
    rows("objectives.csv", (end - 1) * 1_000);
    rows("timeline.csv", end);
    write("run.json", read("run.json").lines().collect());
    let report = scrutinio().args(["report", "--json"]).arg(cut.path()).output().unwrap();
    serde_json::from_slice(&report.stdout).unwrap_or_else(|error| panic!("{error}: {report:?}"))
}

/// One plan, ended in three ways in the same second: what had ended by the last whole interval is the same. Five sessions a
/// second begin 100 ms off its fifths, and what they ask for second takes 200 ms, so that nothing ends where an interval
/// does; what they would ask for third never comes.
#[test]
fn whichever_signal_ends_a_run_what_had_ended_by_then_is_the_same() {
    const WHOLE: u64 = 3;
    let server = Server::start(|request| match request.line.contains("/slow") {
        true => Reply::Pieces(vec![ok("")], Duration::from_millis(200)),
        false => Reply::Keep(ok("")),
    });
    let steps = "[{ get: /, name: fast }, { get: /slow, name: slow }, { think: 40s }, { get: / }]";
    let slo = "slo: { overall: ['p90 < 100ms', 'p90 < 10s'], users.slow: ['errors < 50%'] }";
    let yaml = scenario(&server.url(), 150, 30, "session", steps, slo);
    let reports = side_by_side([Signal::TERM, Signal::INT, Signal::KILL], |signal| {
        let running = start_run(&yaml, &["--lanes", "1"]);
        let folder = running.wait_for_seconds(WHOLE as usize);
        // In the middle of the answer to the first of the next second.
        std::thread::sleep(Duration::from_millis(200));
        if signal == Signal::KILL {
            let _kept = running.kill();
            return report_of_cut(&folder, WHOLE);
        }
        running.signal(signal);
        let done = running.wait();
        let (ended, not_begun) = (done.completed(), done.reason("unfinished.not_begun"));
        assert!((30..60).contains(&ended) && not_begun >= 450 - 60, "{:#}", done.summary["requests"]);
        assert_eq!(done.code, 130);
        check_stopped(&done.summary);
        report_of_cut(&folder, WHOLE)
    });
    let counts = |report: &Value| {
        let objectives = report["objectives"].as_array().unwrap().iter();
        let bad: Vec<_> = objectives.map(|o| ["n", "k", "k_without_us"].map(|key| o[key].as_u64().unwrap())).collect();
        (report["latency_us"]["response"]["count"].as_u64().unwrap(), bad)
    };
    for report in &reports {
        check_stopped(report);
        let (ended, bad) = counts(report);
        assert_eq!(bad, [[20, 10, 10], [20, 0, 0], [10, 0, 0]]);
        // A machine that is busy closes an interval a little later.
        assert!((28..=30).contains(&ended), "{report:#}");
        let slow = |quantile: &str| report["latency_us"]["response"][quantile].as_u64().unwrap() >= 200_000;
        assert_eq!(["p50", "p75", "p99"].map(slow), [false, true, true], "{report:#}");
    }
}

/// What goes on in a stream has not ended, and neither has the transaction that the stream is in.
#[test]
fn a_transaction_whose_stream_is_open_when_the_run_is_stopped_is_not_right() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: a\n\n";
    let server = Server::start(|_| Reply::Keep(head.to_vec()));
    let steps = "[{ transaction: { name: watch, steps: [{ sse: /, then: [{ stream: { for: 25s } }] }] } }]";
    let running =
        start_run(&scenario(&server.url(), 3, 1, "session", steps, "slo: { users.watch: ['p10 < 30s'] }"), &[]);
    server.wait_until(|requests| requests.len() == 3);
    std::thread::sleep(Duration::from_millis(50));
    running.signal(Signal::TERM);
    let done = running.wait();
    let samples = &done.summary["populations"]["users"]["measures"]["watch"]["transaction"]["samples"];
    assert_eq!((&samples["completed"], &samples["unfinished"]), (&json!(0), &json!(3)), "{samples}");
    assert_eq!(done.summary["objectives"][0]["n"], 0, "how they would have ended nobody knows");
    assert_eq!(done.summary["reasons"].as_array().unwrap().len(), 1, "{:#}", done.summary["reasons"]);
}

/// A run that was ended, whose answers are slower than one objective allows: each figure is there, and no reason is one of
/// what did not come.
fn check_stopped(summary: &Value) {
    let codes: Vec<&Value> = summary["reasons"].as_array().unwrap().iter().map(|reason| &reason["code"]).collect();
    assert_eq!((codes[0], codes[codes.len() - 1]), (&json!("interrupted"), &json!("breached")), "{codes:?}");
    assert!(codes.iter().all(|code| !["undecided", "no_data"].contains(&code.as_str().unwrap())), "{codes:?}");
    assert_ne!(summary["objectives"][1]["result"], "breached", "{:#}", summary["objectives"]);
    let response = &summary["latency_us"]["response"];
    for quantile in ["p50", "p75", "p90"] {
        assert!(response[quantile].is_u64(), "{response}");
    }
}

#[test]
fn a_second_signal_leaves_at_once() {
    let server = Server::start(|_| Reply::Silence);
    let running = start_quick(&server.url(), &["-d", "30s"]);
    let folder = running.wait_for_seconds(1);
    // Who writes into this pipe waits for its reader, who never comes: by itself the run cannot end any more.
    mknodat(CWD, folder.join("summary.json"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    running.signal(Signal::INT);
    // The last that is written before the summary.
    running.wait_for_content(&folder.join("totals.hlog"));
    running.signal(Signal::INT);
    assert_eq!(running.exit_code(), 130);
}

#[test]
fn a_generator_stopped_past_every_deadline_makes_no_timeouts() {
    // The server answers within 300 ms, so an answer to everything sent is there long before the generator goes on.
    let server = Server::start(|_| Reply::Pieces(vec![ok("")], Duration::from_millis(300)));
    let yaml = scenario(&server.url(), 300, 6, "session", "[{ get: / }]", "limits: { timeout: 3s }");
    let running = start_run(&yaml, &[]);
    // One comes every 20 ms: some are on their way whenever it is stopped.
    server.wait_until(|requests| requests.len() >= 50);
    running.signal(Signal::STOP);
    std::thread::sleep(Duration::from_secs(4));
    running.signal(Signal::CONT);
    let done = running.wait();
    assert_eq!(done.completed(), 300, "{}", done.summary["requests"]);
    assert!(done.number("/latency_us/lag/max") >= 3_500_000.0, "what fell due meanwhile was woken late");
    assert!(done.number("/latency_us/read_delay/max") >= 3_500_000.0, "what was answered meanwhile was read late");
}

#[test]
fn a_target_that_stops_does_make_timeouts() {
    let server = Server::start(|_| Reply::Silence);
    let yaml = scenario(&server.url(), 20, 1, "session", "[{ get: / }]", "limits: { timeout: 500ms }");
    let done = run(&yaml, &[]);
    // Also the last: the hard stop (R7) leaves room for a timeout that runs from a little after the last due.
    assert_eq!(done.reason("failed.timeout"), 20, "{}", done.summary["requests"]);
    assert!(done.number("/latency_us/lag/max") < 1_000_000.0 && done.number("/latency_us/read_delay/count") == 0.0);
}

#[test]
fn a_closed_loop_that_was_killed_had_no_plan() {
    let server = Server::start(|_| Reply::Keep(ok("")));
    let running = start_quick(&server.url(), &["-c", "4", "-d", "30s"]);
    let folder = running.wait_for_seconds(1);
    let _kept = running.kill();
    let report = scrutinio().arg("report").arg(&folder).arg("--json").output().unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&report.stdout).unwrap();
    let requests = &summary["requests"];
    assert!(requests["completed"].as_u64().unwrap() > 4, "{requests}");
    assert_eq!(requests["planned"], serde_json::Value::Null, "its four connections are no four requests: {requests}");
    assert!(!summary["reasons"][0]["seen"].as_str().unwrap().contains("planned"), "{}", summary["reasons"]);
    assert_eq!(summary["sessions"]["planned"], 4);
}

/// A stop between a look and the reading of the clock after it made what was answered meanwhile time out: one stop in
/// ten hits that, so there are many. Held against the server's own stamps, as a busy machine may hold it up too.
#[test]
fn a_generator_stopped_again_and_again_makes_no_timeouts() {
    const STOPS: u64 = 12;
    let target = Target::start(&["--delay", "100ms"]);
    let yaml = scenario(&target.url(), 6_000, 20, "session", "[{ get: / }]", "limits: { timeout: 800ms }");
    let running = start_run(&yaml, &["--lanes", "1"]);
    running.wait_for_seconds(1);
    for stop in 0..STOPS {
        running.signal(Signal::STOP);
        std::thread::sleep(Duration::from_millis(1_000));
        running.signal(Signal::CONT);
        std::thread::sleep(Duration::from_millis(250 + 7 * stop));
    }
    let done = running.wait();
    let is_late = |line: &&Line| line.answered_ns.is_none_or(|answered| answered - line.arrived_ns > 300_000_000);
    let late = target.stop().iter().filter(is_late).count() as u64;
    let timeouts = done.reason("failed.timeout") + done.reason("failed.connect_timeout");
    // What was woken and not yet sent when it stopped has no answer to be read; about thirty were sent.
    assert!(timeouts <= late + STOPS, "{timeouts} timeouts, {late} late answers: {}", done.summary["requests"]);
}

/// What was read late is ours (R5), also where the answer was a redirect and the request went on.
#[test]
fn a_generator_stopped_before_a_redirect_is_read_is_not_laid_on_the_target() {
    let moved = || b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n".to_vec();
    let server = Server::start(move |request| match request.line.contains("/there") {
        true => Reply::Keep(ok("")),
        false => Reply::Pieces(vec![moved()], Duration::from_millis(400)),
    });
    let slo = "slo: { overall: ['p50 < 1500ms'] }";
    let yaml = scenario(&server.url(), 10, 1, "session", "[{ get: /, follow: 1, timeout: 20s }]", slo);
    let running = start_run(
        &yaml.replace("process: even, curve: [constant: 1]", "burst: { at: '00:00', weight: 100%, spread: 1ms }"),
        &[],
    );
    server.wait_until(|requests| requests.len() == 10);
    running.signal(Signal::STOP);
    std::thread::sleep(Duration::from_secs(3));
    running.signal(Signal::CONT);
    let done = running.wait();
    assert_eq!(done.completed(), 10, "{}", done.summary["requests"]);
    assert!(done.number("/latency_us/response/p50") > 2_500_000.0, "{}", done.summary["latency_us"]);
    assert_eq!((done.code, &done.summary["verdict"]), (3, &"INVALID".into()), "{}", done.summary["objectives"]);
}
