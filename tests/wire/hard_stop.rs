//! The hard stop (R7): whose doing it was that a run reached it, and what is said of the plan's sum (P8) in runs that
//! do not come to the end of their plan.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::rig::{Done, run, scenario, scrutinio, start_run};
use crate::server::{Reply, Server, ok};

/// The codes of the reasons, in order; on the way, that `report` says of the folder what the run said.
fn codes(done: &Done) -> Vec<&str> {
    let told = scrutinio().arg("report").arg(&done.folder).arg("--json").output().unwrap();
    assert!(told.status.success());
    let mut told: Value = serde_json::from_slice(&told.stdout).unwrap();
    told.as_object_mut().unwrap().shift_remove("folder");
    assert_eq!(told, done.summary);
    done.summary["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].as_str().unwrap()).collect()
}

fn ran_the_whole_plan(done: &Done) -> bool {
    assert!(done.facts["arrivals_hash"].is_string());
    done.summary["arrivals_hash"] == done.facts["arrivals_hash"]
}

#[test]
fn a_target_that_hangs_until_the_hard_stop_is_not_ready_and_another_plan_is_not_what_ran() {
    let server = Server::start(|_| Reply::Silence);
    let steps = "[{ get: / }, { get: / }, { get: / }, { get: / }, { get: / }]";
    let more = "limits: { timeout: 700ms }\nslo: { overall: ['errors < 30%'] }";
    let done = run(&scenario(&server.url(), 20, 1, "session", steps, more), &["--lanes", "2"]);
    assert_eq!((done.code, codes(&done)), (1, vec!["breached"]), "{}", done.summary["reasons"]);
    assert_eq!((&done.summary["verdict"], &done.summary["ending"]), (&"NOT READY".into(), &"finished".into()));
    let (timed_out, drained) = (done.reason("failed.timeout"), done.reason("unfinished.drained"));
    assert!(timed_out > 0 && drained > 0 && timed_out + drained == 100, "{}", done.summary["requests"]);
    assert!(ran_the_whole_plan(&done), "every session began");
}

#[test]
fn a_target_too_slow_for_the_plan_is_not_ready_though_no_request_failed() {
    let server = Server::start(|_| Reply::Pieces(vec![ok("")], Duration::from_millis(500)));
    let steps = "[{ repeat: { times: 20, steps: [{ get: / }] } }]";
    let more = "limits: { timeout: 3s }\nslo: { overall: ['errors < 30%', 'p50 < 100ms'] }";
    let done = run(&scenario(&server.url(), 20, 1, "session", steps, more), &["--lanes", "2"]);
    assert_eq!((done.code, codes(&done)[0]), (1, "breached"), "{}", done.summary["reasons"]);
    let cause = done.summary["reasons"][0]["cause"].as_str().unwrap();
    assert!(cause.contains("still open, or not begun, at the hard stop"), "no answer was wrong: {cause}");
    assert!(done.completed() > 0, "{}", done.summary["requests"]);
    assert_eq!(done.completed() + done.reason("unfinished.drained"), 400, "{}", done.summary["requests"]);
    assert!(ran_the_whole_plan(&done), "every session began");
}

/// Twelve requests each, of 400 ms: 4.8 s for a plan of one, where a timeout and a second are over after 2 s.
#[test]
fn sessions_whose_answers_keep_their_limits_come_to_their_end() {
    let server = Server::start(|_| Reply::Pieces(vec![ok("")], Duration::from_millis(400)));
    let steps = "[{ repeat: { times: 12, steps: [{ get: / }] } }]";
    let more = "limits: { timeout: 1s }\nslo: { overall: ['errors < 30%', 'p50 < 900ms'] }";
    let done = run(&scenario(&server.url(), 20, 1, "session", steps, more), &["--lanes", "2"]);
    assert_eq!((done.completed(), done.reason("unfinished.drained")), (240, 0), "{}", done.summary["requests"]);
    assert!(!codes(&done).contains(&"breached"), "{}", done.summary["reasons"]);
}

#[test]
fn sessions_that_are_shed_are_of_the_plan_that_ran() {
    let server = Server::start(|_| Reply::Pieces(vec![ok("")], Duration::from_millis(300)));
    let more = "limits: { max_in_flight: 2 }\nslo: { overall: ['errors < 30%'] }";
    let done = run(&scenario(&server.url(), 40, 1, "session", "[{ get: / }, { get: / }]", more), &["--lanes", "2"]);
    let reasons = codes(&done);
    assert!(reasons.contains(&"unsent_requests") && !reasons.contains(&"broken_hash"), "{}", done.summary["reasons"]);
    assert!(done.reason("unsent.in_flight") > 0 && done.code == 3, "{}", done.summary["requests"]);
    assert!(ran_the_whole_plan(&done));
}

#[test]
fn a_run_that_is_stopped_half_way_is_interrupted_and_another_plan_is_not_what_ran() {
    let server = Server::start(|_| Reply::Keep(ok("")));
    let yaml = scenario(&server.url(), 300, 30, "session", "[{ get: / }]", "slo: { overall: ['p50 < 20s'] }");
    let running = start_run(&yaml, &["--lanes", "2"]);
    server.wait_until(|requests| requests.len() >= 20);
    running.signal(Signal::INT);
    let done = running.wait();
    assert_eq!((done.code, codes(&done)), (130, vec!["interrupted"]), "{}", done.summary["reasons"]);
    assert_eq!(&done.summary["verdict"], "INVALID");
    assert_eq!(done.completed() + done.reason("unfinished.stopped") + done.reason("unfinished.not_begun"), 300);
    assert!(!ran_the_whole_plan(&done), "there were sessions that never began");
}

#[test]
fn a_generator_held_up_until_the_hard_stop_is_invalid_for_its_load_and_not_for_its_plan() {
    let server = Server::start(|_| Reply::Keep(ok("")));
    let more = "limits: { timeout: 500ms }\nslo: { overall: ['errors < 30%'] }";
    let yaml = scenario(&server.url(), 2_000, 4, "session", "[{ get: / }]", more);
    let running = start_run(&yaml, &["--lanes", "2"]);
    server.wait_until(|requests| requests.len() >= 20);
    running.signal(Signal::STOP);
    std::thread::sleep(Duration::from_secs(6));
    running.signal(Signal::CONT);
    let done = running.wait();
    let reasons = codes(&done);
    assert_eq!((done.code, reasons[0]), (3, "generator_late"), "{}", done.summary["reasons"]);
    assert!(!reasons.contains(&"broken_hash"), "{}", done.summary["reasons"]);
    let seen = done.summary["reasons"][0]["seen"].as_str().unwrap();
    assert!(seen.ends_with("sessions had not begun when the hard stop came"), "{seen}");
    assert!(done.reason("unfinished.drained") > 1_000, "{}", done.summary["requests"]);
    assert!(!ran_the_whole_plan(&done));
}
