//! `run --until-decided`, with the real binary: how many looks it takes, what stands in their folder, and what is refused.
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod cli_support;
#[path = "record_support/schema.rs"]
mod schema;

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use cli_support::Place;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// Looks of two seconds with 400 requests: one of them that sees no error proves less than 1 % at the level of a run (368),
/// and not at that of a look (477); two of them do.
const DAY: &str = "\
name: looks
clock: { from: 2000-01-01T00:00:00, to: 2000-01-01T00:00:02 }
seed: 7
requests: 400
target: { embedded: knobs }
populations: { all: { share: 100%, arrivals: { curve: [constant: 1] }, flow: read } }
flows: { read: { steps: [{ get: /, name: page }] } }
slo: { overall: ['errors < 1%'] }
";

/// What was printed as JSON, the exit code, and the folder.
fn until_decided(place: &Place, within: &str, more: &[&str]) -> (Value, i32, PathBuf) {
    place.file("day.yaml", DAY);
    let args = [&["run", "day.yaml", "--json", "--quiet", "--until-decided", within][..], more].concat();
    let ended = place.run(&args);
    let summary: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{}", ended.stderr));
    let folder = place.dir.path().join(summary["folder"].as_str().unwrap());
    (summary, ended.code.unwrap(), folder)
}

fn looks(summary: &Value) -> &Vec<Value> {
    summary["looks"]["each"].as_array().unwrap()
}

/// Whether the machine let the generator be in time in every second: else further looks make good what it spoiled.
fn is_calm(summary: &Value) -> bool {
    looks(summary).iter().all(|look| look["seconds_left_out"] == 0)
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn what_one_look_leaves_open_a_second_one_decides() {
    let place = Place::new();
    let (summary, code, folder) = until_decided(&place, "60s", &["--gate"]);
    if is_calm(&summary) {
        assert_eq!((summary["verdict"].as_str(), code, looks(&summary).len()), (Some("READY"), 0, 2), "{summary:#}");
        assert_eq!((&summary["objectives"][0]["n"], &summary["looks"]["because"]), (&800.into(), &"decided".into()));
    }
    let seeds: Vec<u64> = looks(&summary).iter().map(|look| look["seed"].as_u64().unwrap()).collect();
    assert_eq!(seeds[..2], [7, 8]);

    // Each look is a run of its own, with another plan, and a verdict at the level of a run.
    let own: Vec<Value> = [1, 2].map(|look| json(&folder.join(format!("looks/{look}/summary.json")))).into();
    assert!(own.iter().all(|own| own["objectives"][0]["n"] == 400 && own["looks"].is_null()), "{own:?}");
    assert_ne!(own[0]["plan_digest"], own[1]["plan_digest"]);
    for look in ["1", "2"] {
        let one = folder.join("looks").join(look).display().to_string();
        let page = place.run(&["report", &one]).with(0);
        assert!(page.contains(&format!("look {look} of a run until it is decided")), "{page}");
        let judged: Value = serde_json::from_str(&place.run(&["judge", &one, "--json"]).stdout).unwrap();
        assert_eq!(judged["objectives"][0]["n"], 400);
        assert!(!folder.join("looks").join(look).join("junit.xml").exists(), "CI would count it");
    }

    // All of them together are read as a run is.
    let all = folder.display().to_string();
    let page = place.run(&["report", &all]).with(0);
    assert!(page.contains("2 looks, of which all is pooled (seed 7, 8), at most 3") || !is_calm(&summary), "{page}");
    for command in [&["report", &all, "--exit-code"][..], &["judge", &all]] {
        let ended = place.run(&[command, &["--json"]].concat());
        let mut read: Value = serde_json::from_str(&ended.stdout).unwrap();
        read["folder"] = summary["folder"].clone();
        assert_eq!((read, ended.code), (summary.clone(), Some(code)), "{command:?}");
    }
    assert!(std::fs::read_to_string(folder.join("junit.xml")).unwrap().contains("name=\"looks\""));
    let kept = json(&folder.join("summary.json"));
    assert_eq!(schema::problems("summary", &kept), Vec::<String>::new());
    assert_eq!(schema::problems("run", &json(&folder.join("run.json"))), Vec::<String>::new());
}

#[test]
fn a_proven_breach_ends_it_at_once() {
    let place = Place::new();
    let (summary, code, folder) = until_decided(&place, "60s", &["--set", "target.errors=30%"]);
    assert_eq!((summary["verdict"].as_str(), code, looks(&summary).len()), (Some("NOT READY"), 1, 1), "{summary:#}");
    assert!(!folder.join("looks/2").exists());
}

#[test]
fn at_its_limit_it_stays_undecided_after_three_looks() {
    let place = Place::new();
    let (summary, code, _) = until_decided(&place, "60s", &["--set", "target.errors=1%"]);
    assert_eq!((summary["verdict"].as_str(), code, looks(&summary).len()), (Some("INVALID"), 3, 3), "{summary:#}");
    assert_eq!(summary["looks"]["because"], "most");
    if is_calm(&summary) {
        assert_eq!(summary["reasons"][0]["code"], "undecided");
        assert_eq!(summary["objectives"][0]["n"], 1_200);
    }
}

#[test]
fn no_look_begins_that_would_not_end_in_time() {
    let place = Place::new();
    let began = Instant::now();
    let (summary, code, _) = until_decided(&place, "3s", &[]);
    assert_eq!((code, looks(&summary).len(), &summary["looks"]["because"]), (3, 1, &"no_time".into()), "{summary:#}");
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[test]
fn what_there_is_nothing_to_decide_about_is_refused() {
    let place = Place::new();
    place.file("day.yaml", DAY);
    place.file("none.yaml", DAY.split_once("slo:").unwrap().0);
    for (args, told) in [
        (&["run", "none.yaml", "--until-decided", "1m"][..], "the scenario has no objective"),
        (&["run", "day.yaml", "--until-decided", "1m", "--scale", "0.1"], "none of the 1 objectives can be proven"),
        (&["run", "day.yaml", "--until-decided", "1s"], "one look takes 2s, and there is no time for it within 1s"),
        (&["run", "day.yaml", "--until-decided", "soon"], "--until-decided"),
        // A closed loop proves nothing (O7), however often.
        (&["quick", "http://127.0.0.1:9", "--until-decided", "1m"], "--until-decided"),
    ] {
        let ended = place.run(args);
        assert_eq!(ended.code, Some(2), "{args:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(told), "{args:?}: {}", ended.stderr);
    }
    assert!(!place.dir.path().join("results").exists(), "nothing was sent");
}

/// A run at its limit whose second look is under way, and its folder.
fn in_second_look(place: &Place) -> (Child, PathBuf) {
    place.file("day.yaml", DAY);
    let args = ["run", "day.yaml", "--until-decided", "60s", "--set", "target.errors=1%"];
    let run = place.command(&args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    let folder = loop {
        let folder = std::fs::read_dir(place.dir.path().join("results")).ok().and_then(|mut all| all.next());
        if let Some(folder) = folder.map(|folder| folder.unwrap().path()) {
            let lines = std::fs::read_to_string(folder.join("looks/2/timeline.csv")).unwrap_or_default();
            if lines.lines().count() > 1 {
                break folder;
            }
        }
        assert!(began.elapsed() < Duration::from_secs(60), "no second look");
        std::thread::sleep(Duration::from_millis(20));
    };
    (run, folder)
}

#[test]
fn a_signal_leaves_what_was_measured_and_a_whole_verdict() {
    let place = Place::new();
    let (run, folder) = in_second_look(&place);
    kill_process(Pid::from_child(&run), Signal::INT).unwrap();
    let ended = cli_support::Ended::from(run.wait_with_output().unwrap());
    let page = ended.with(130);
    assert!(page.contains("verdict INVALID") && page.contains("interrupted"), "{page}");
    let summary = json(&folder.join("summary.json"));
    assert_eq!((looks(&summary).len(), &summary["ending"]), (2, &"interrupted".into()));
    assert_eq!(summary["looks"]["because"], "interrupted");
    assert_eq!(summary["reasons"][0]["code"], "interrupted");
    let all = folder.display().to_string();
    place.run(&["judge", &all]).with(3);
    place.run(&["report", &all, "--exit-code"]).with(3);
    // The look before it is whole.
    assert_eq!(json(&folder.join("looks/1/summary.json"))["ending"], "finished");
}

#[test]
fn of_looks_that_were_killed_the_folder_tells_what_was_measured() {
    let place = Place::new();
    let (mut run, folder) = in_second_look(&place);
    run.kill().unwrap();
    run.wait().unwrap();
    let all = folder.display().to_string();
    let page = place.run(&["report", &all]).with(0);
    assert!(page.contains("verdict INVALID") && page.contains("2 looks, of which all is pooled"), "{page}");
    place.run(&["judge", &all]).with(3);
}
