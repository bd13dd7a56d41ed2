//! Whether the load of the plan came to the target at all (O5): a generator that stood still, and sessions that slipped
//! because they waited for answers, leave too few bad requests to breach anything, and prove nothing.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::rig::{Done, Target, scenario, side_by_side, start_run};

/// Twenty users who ask twenty times a second each, for five seconds.
const CROWD: &str = "[{ repeat: { times: 100, steps: [{ get: / }, { think: 50ms }] } }]";
/// For how long one side stands still.
const STOP: Duration = Duration::from_secs(4);

/// Whom SIGSTOP holds.
#[derive(Clone, Copy, PartialEq)]
enum Stopped {
    Generator,
    Target,
}

/// A run whose one side stands still from its second second on.
fn with_a_stop_of(stopped: Stopped, target: &Target, yaml: &str) -> Done {
    let running = start_run(yaml, &["--lanes", "1"]);
    running.wait_for_seconds(2);
    let signal = |signal| match stopped {
        Stopped::Generator => running.signal(signal),
        Stopped::Target => target.signal(signal),
    };
    signal(Signal::STOP);
    std::thread::sleep(STOP);
    signal(Signal::CONT);
    running.wait()
}

fn crowd(target: &Target) -> String {
    let more = "slo: { overall: ['p95 < 300ms', 'errors < 5%'] }";
    scenario(&target.url(), 20, 1, "session", CROWD, more)
}

/// The reason of a code, if there is one.
fn reason<'a>(done: &'a Done, code: &str) -> Option<&'a Value> {
    done.summary["reasons"].as_array().unwrap().iter().find(|reason| reason["code"] == code)
}

fn is_invalid_for(done: &Done, code: &str) {
    let told = (done.code, &done.summary["verdict"]);
    assert!(told == (3, &Value::from("INVALID")), "{told:?} {:#}", done.summary["reasons"]);
    assert!(reason(done, code).is_some(), "{code}: {:#}", done.summary["reasons"]);
}

fn a_generator_that_stood_still_is_invalid_though_its_sessions_slipped_with_it() {
    let target = Target::start(&["--delay", "5ms"]);
    let done = with_a_stop_of(Stopped::Generator, &target, &crowd(&target));
    is_invalid_for(&done, "generator_late");
    let k = done.count("/objectives/0/k");
    assert!(k <= 100, "twenty sessions wait, a request each: {k} of 2,000 are bad");
    let findings = done.summary["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["code"] == "stood_still").unwrap();
    assert!(found["cause"].as_str().unwrap().contains("stopped or starved"), "{found:#}");
    assert!(done.number("/generator/stood_still_s") > 2.0, "{:#}", done.summary["generator"]);
    assert!(done.number("/generator/by_lane/0/stood_still_s") > 2.0, "{:#}", done.summary["generator"]);
}

fn a_generator_that_stood_still_at_ten_a_second_is_invalid() {
    let target = Target::start(&["--delay", "5ms"]);
    let more = "slo: { overall: ['p50 < 20s', 'errors < 50%'] }";
    let yaml = scenario(&target.url(), 80, 8, "session", "[{ get: / }]", more);
    let done = with_a_stop_of(Stopped::Generator, &target, &yaml);
    is_invalid_for(&done, "generator_late");
}

fn a_target_that_stood_still_while_sessions_waited_is_invalid_for_the_load_that_it_did_not_see() {
    let target = Target::start(&["--delay", "5ms"]);
    let done = with_a_stop_of(Stopped::Target, &target, &crowd(&target));
    is_invalid_for(&done, "sessions_fell_behind");
}

fn sessions_that_never_think_are_as_fast_as_the_target_and_not_as_the_plan() {
    let target = Target::start(&["--delay", "20ms"]);
    let more = "slo: { overall: ['p95 < 300ms', 'errors < 5%'] }";
    let steps = "[{ repeat: { times: 300, steps: [{ get: / }] } }]";
    let done = start_run(&scenario(&target.url(), 4, 1, "session", steps, more), &["--lanes", "1"]).wait();
    is_invalid_for(&done, "sessions_fell_behind");
}

#[test]
fn load_that_did_not_come_to_the_target_proves_nothing() {
    let cases: [fn(); 4] = [
        a_generator_that_stood_still_is_invalid_though_its_sessions_slipped_with_it,
        a_generator_that_stood_still_at_ten_a_second_is_invalid,
        a_target_that_stood_still_while_sessions_waited_is_invalid_for_the_load_that_it_did_not_see,
        sessions_that_never_think_are_as_fast_as_the_target_and_not_as_the_plan,
    ];
    side_by_side(cases, |case| case());
}
