//! A run with the service embedded: what its scenario says of it comes to pass.

use serde_json::Value;
use std::process::Command;

use super::cli_support::unasked;

const FAULT: &str = r#"
name: fault
clock: { from: 2026-01-05T10:00, to: 2026-01-05T10:02, compress: 60 }
target: { embedded: remote-work, start_time: 2m, log: target.log, events: [{ at: "10:01:30", drop: sessions }, { at: "10:01", drop: sessions }] }
populations: { all: { users: 100, arrivals: { burst: { at: "10:00", weight: 100%, spread: 1m } }, flow: see } }
flows: { see: { steps: [{ get: /, expect: { status: 302 } }, { think: 2m }, { get: /desktops, expect: { status: 302 } }] } }
slo: { overall: ["p95 < 10s"] }
"#;

#[test]
fn events_come_at_their_instant() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("fault.yaml"), FAULT).unwrap();
    let mut command = unasked(Command::new(env!("CARGO_BIN_EXE_scrutinio")));
    let done =
        command.current_dir(&folder).args(["run", "fault.yaml", "--out", "out", "--lanes", "1"]).output().unwrap();
    let told = String::from_utf8_lossy(&done.stderr);
    let run = std::fs::read_dir(folder.path().join("out")).unwrap().next().unwrap().unwrap().path();
    let read = |file: &str| serde_json::from_slice::<Value>(&std::fs::read(run.join(file)).unwrap()).unwrap();
    let (summary, run) = (read("summary.json"), read("run.json"));
    let start = run["start_monotonic_ns"].as_u64().unwrap();
    let log = std::fs::read_to_string(folder.path().join("target.log")).unwrap();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let dropped: Vec<u64> = lines.filter_map(|line| line["dropped_ns"].as_u64()).collect();
    // One and one and a half seconds after the start; never early, and late only by what a busy machine takes.
    assert!(dropped.first().is_some_and(|at| *at >= start + 1_000_000_000), "{dropped:?} {start} {told}");
    assert!(dropped.get(1).is_none_or(|at| *at >= start + 1_500_000_000), "{dropped:?} {start} {told}");
    // No stream was open, so nothing was disturbed; the page says so of each objective.
    let events = summary["events"].as_array().unwrap();
    let told = String::from_utf8_lossy(&done.stdout);
    assert_eq!(events.iter().map(|event| event["at_s"].as_f64().unwrap()).collect::<Vec<_>>(), [1.0, 1.5]);
    assert_eq!(events[0]["recovery"][0]["objective"], "overall p95 < 10s");
    assert!(told.contains("after Mon 10:01, drop sessions"), "{told}");
}
