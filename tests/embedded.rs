//! The embedded target as a process: it lives as long as its run whoever else is told to end, and its death is told.
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod cli_support;

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use cli_support::{Ended, Place};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;

const DAY: &str = r#"
name: day
clock: { from: 2026-01-05T10:00, to: 2026-01-05T10:05 }
target: { embedded: knobs }
populations: { all: { arrivals: { curve: [{ constant: 20 }] }, flow: see } }
flows: { see: { steps: [{ get: / }] } }
slo: { overall: ["p95 < 10s"] }
"#;

/// A run of five minutes in a process group of its own, as a shell starts it, once it has sent for a second.
fn start(place: &Place) -> Child {
    start_day(place, DAY, 1)
}

/// A run of this day, once so many of its seconds are recorded.
fn start_day(place: &Place, day: &str, seconds: usize) -> Child {
    place.file("day.yaml", day);
    let mut command = place.command(&["run", "day.yaml", "--quiet", "--lanes", "1"]);
    let child = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until(|| {
        let rows = results(place).and_then(|run| std::fs::read_to_string(run.join("timeline.csv")).ok());
        rows.is_some_and(|rows| rows.lines().count() > 1 + seconds)
    });
    child
}

fn wait_until(holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "the run does not go on");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn results(place: &Place) -> Option<PathBuf> {
    Some(std::fs::read_dir(place.dir.path().join("results")).ok()?.next()?.unwrap().path())
}

fn summary(place: &Place) -> Value {
    serde_json::from_slice(&std::fs::read(results(place).unwrap().join("summary.json")).unwrap()).unwrap()
}

fn pid(id: u32) -> Pid {
    Pid::from_raw(i32::try_from(id).unwrap()).unwrap()
}

/// The target's process: the only child of the run's.
fn target_of(run: &Child) -> Pid {
    let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", run.id())).unwrap();
    pid(children.trim().parse().unwrap())
}

#[test]
fn a_signal_to_the_whole_group_stops_the_run_and_its_target_is_still_asked_for_its_count() {
    let place = Place::new();
    let run = start(&place);
    let target = target_of(&run);
    kill_process_group(pid(run.id()), Signal::TERM).unwrap();
    let ended = Ended::from(run.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    let summary = summary(&place);
    assert_eq!(summary["target"]["received"], summary["exchanges"], "{}", ended.stderr);
    assert!(!ended.stderr.contains("target ended"), "{}", ended.stderr);
    // It has ended with the run.
    wait_until(|| rustix::process::test_kill_process(target).is_err());
}

#[test]
fn a_run_whose_target_dies_stops_and_blames_nobody_for_what_was_not_answered() {
    let place = Place::new();
    let run = start(&place);
    kill_process(target_of(&run), Signal::KILL).unwrap();
    let ended = Ended::from(run.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(3), "{}{}", ended.stdout, ended.stderr);
    let summary = summary(&place);
    let (first, others) = summary["reasons"].as_array().unwrap().split_first().unwrap();
    let reason = (&summary["verdict"], &summary["ending"], &first["code"]);
    assert_eq!(reason, (&"INVALID".into(), &"target_died".into(), &"target_died".into()), "{}", summary["reasons"]);
    assert!(first["seen"].as_str().unwrap().contains("signal: 9 (SIGKILL)"), "{first}");
    assert!(others.iter().all(|other| !other["cause"].as_str().unwrap().contains("answered too slowly")), "{others:?}");
    // It did not go on for its five minutes, and nothing was lost.
    let count = |class: &str| summary["requests"][class].as_u64().unwrap();
    assert!(count("unfinished") > 5_000, "{}", summary["requests"]);
    assert_eq!(["completed", "failed", "unsent", "unfinished"].map(count).iter().sum::<u64>(), count("planned"));
    for page in [ended.stdout, place.run(&["report", results(&place).unwrap().to_str().unwrap()]).with(0)] {
        assert!(page.contains("INVALID") && page.contains("the embedded target died"), "{page}");
        assert!(page.contains("signal: 9 (SIGKILL)") && !page.contains("NOT READY"), "{page}");
    }
}

/// Nobody blames the service for what it was not there to answer: `after` says nothing then.
#[test]
fn a_target_that_dies_while_it_settles_is_told_as_that() {
    let place = Place::new();
    let after = "after: { settle: 3s, steps: [{ get: / }] }\n";
    let day = DAY.replace("10:05 }", "10:00:04 }").replace("populations:", &format!("{after}populations:"));
    let run = start_day(&place, &day, 3);
    // Its last second ends, and it waits.
    std::thread::sleep(Duration::from_secs(1));
    kill_process(target_of(&run), Signal::KILL).unwrap();
    let ended = Ended::from(run.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(3), "{}{}", ended.stdout, ended.stderr);
    let summary = summary(&place);
    assert_eq!(summary["requests"]["completed"], summary["requests"]["planned"], "it died after the run");
    let codes: Vec<_> = summary["reasons"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap()).collect();
    assert_eq!((&summary["ending"], codes), (&"target_died".into(), vec!["target_died"]), "{}", summary["reasons"]);
    assert_eq!(summary["after"], serde_json::json!([]));
}

#[test]
fn a_target_that_dies_during_the_run_is_told_with_how_it_ended() {
    let place = Place::new();
    let run = start(&place);
    kill_process(target_of(&run), Signal::KILL).unwrap();
    kill_process(pid(run.id()), Signal::INT).unwrap();
    let ended = Ended::from(run.wait_with_output().unwrap());
    assert!(
        ended.stderr.contains("the embedded target ended before the run did (signal: 9 (SIGKILL))"),
        "{}",
        ended.stderr
    );
}
