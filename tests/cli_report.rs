//! `report` reads runs back: one that ended, and one that was killed at half time.
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod cli_support;

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use cli_support::Place;
use serde_json::Value;

/// Six seconds of 200 requests a second.
const SCENARIO: &str = r#"
name: six
clock: { from: 2016-06-05T07:00, to: 2016-06-05T07:10, compress: 100 }
requests: 1200
target: { embedded: knobs }
populations:
  readers: { share: 100%, arrivals: { process: even, curve: [{ constant: 1 }] }, flow: read }
flows:
  read: { steps: [{ get: / }] }
slo:
  readers: ["p95 < 500ms"]
"#;

fn place(text: &str) -> Place {
    let place = Place::new();
    place.file("six.yaml", text);
    place
}

/// The only run's folder.
fn folder(place: &Place) -> PathBuf {
    let mut runs = std::fs::read_dir(place.dir.path().join("results")).unwrap();
    runs.next().unwrap().unwrap().path()
}

#[test]
fn a_run_that_ended_is_reported_as_it_was() {
    let place = place(&SCENARIO.replace("compress: 100", "compress: 600"));
    let ran = place.run(&["run", "six.yaml", "--quiet"]);
    let folder = folder(&place);
    let told = place.run(&["report", folder.to_str().unwrap()]).with(0);
    let without_folder =
        |page: &str| page.lines().filter(|line| !line.starts_with("folder ")).collect::<Vec<_>>().join("\n");
    assert_eq!(without_folder(&told), without_folder(&ran.stdout));
    let json = place.run(&["report", folder.to_str().unwrap(), "--json"]).with(0);
    assert_eq!(json, std::fs::read_to_string(folder.join("summary.json")).unwrap());
}

#[test]
fn a_run_killed_at_half_time_is_reported_up_to_its_last_interval() {
    let place = place(SCENARIO);
    let mut run = place.command(&["run", "six.yaml", "--quiet"]).stdout(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(3) {
        assert!(run.try_wait().unwrap().is_none(), "the run takes six seconds");
        std::thread::sleep(Duration::from_millis(50));
    }
    // SIGKILL.
    run.kill().unwrap();
    run.wait().unwrap();
    let folder = folder(&place);
    assert!(!folder.join("summary.json").exists());
    let page = place.run(&["report", folder.to_str().unwrap()]).with(0);
    for part in ["killed after", "interrupted", "readers", "p95 < 500ms", "INVALID"] {
        assert!(page.contains(part), "no `{part}` in\n{page}");
    }
    let summary: Value =
        serde_json::from_str(&place.run(&["report", folder.to_str().unwrap(), "--json"]).with(0)).unwrap();
    assert_eq!((&summary["ending"], &summary["verdict"]), (&"killed".into(), &"INVALID".into()));
    let completed = summary["populations"]["readers"]["requests"]["completed"].as_u64().unwrap();
    assert!((100..=700).contains(&completed), "{completed} of about 600");
    assert!(summary["objectives"][0]["n"].as_u64().unwrap() >= 100);
    assert_eq!(summary["reasons"][0]["code"], "interrupted");
}

#[test]
fn what_is_no_run_is_a_usage_error() {
    let place = place(SCENARIO);
    for path in ["nowhere", "."] {
        let ended = place.run(&["report", path]);
        assert_eq!(ended.code, Some(2));
        assert!(ended.stderr.starts_with("error: "), "{}", ended.stderr);
    }
}
