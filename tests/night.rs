//! The election in small, and that it can fail: a target that stalls is NOT READY and names who suffered, a generator
//! that was stopped is INVALID and blames nobody else.
//!
//! Both run the shipped smoke scenario through the real binary against the real election service. Nothing here depends
//! on how fast the machine is: a stall of three seconds breaks limits of 300 ms anywhere.
#![allow(clippy::unwrap_used)] // a test's helpers

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

const SCRUTINIO: &str = env!("CARGO_BIN_EXE_scrutinio");

/// An election service of its own, with knobs; ends with the test.
struct Election {
    child: Child,
    url: String,
}

impl Election {
    fn start(knobs: &[&str]) -> Self {
        let mut child = Command::new(SCRUTINIO)
            .args(["target", "--service", "election", "--listen", "127.0.0.1:0"])
            .args(knobs)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        Self { child, url: format!("http://{}", line["listening"][0].as_str().unwrap()) }
    }
}

impl Drop for Election {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn smoke(election: &Election, out: &Path) -> Child {
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/smoke.yaml");
    Command::new(SCRUTINIO)
        .arg("run")
        .arg(scenario)
        .args(["--target", &election.url, "--json", "--quiet", "--lanes", "1", "--out"])
        .arg(out)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The exit code, the summary, and the codes of its reasons.
fn ended(run: Child) -> (Option<i32>, serde_json::Value, Vec<String>) {
    let output = run.wait_with_output().unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let reasons = summary["reasons"].as_array().unwrap();
    let codes = reasons.iter().map(|reason| reason["code"].as_str().unwrap().to_owned()).collect();
    (output.status.code(), summary, codes)
}

#[test]
fn a_target_that_stalls_is_not_ready_and_the_populations_are_named() {
    let election = Election::start(&["--stall", "3s/8s"]);
    let out = tempfile::tempdir().unwrap();
    let (code, summary, codes) = ended(smoke(&election, out.path()));
    assert_eq!((code, summary["verdict"].as_str()), (Some(1), Some("NOT READY")), "{summary:#}");
    assert_eq!(codes[0], "breached");
    assert!(summary["reasons"][0]["seen"].as_str().unwrap().contains("citizens"), "{}", summary["reasons"]);
    // Late, but all answered. A stall just between a clerk's read and write lets the section write first, and the clerk's
    // form is refused as stale: an answer too, so the status is the only reason a request may fail for.
    let requests = &summary["requests"];
    let count = |value: &serde_json::Value| value.as_u64().unwrap_or_default();
    let answered = count(&requests["completed"]) + count(&requests["by_reason"]["failed.status"]);
    assert_eq!(count(&requests["planned"]), answered, "{requests:#}");
}

#[test]
fn a_generator_that_was_stopped_is_invalid_and_the_target_is_not_blamed() {
    let election = Election::start(&[]);
    let out = tempfile::tempdir().unwrap();
    let run = smoke(&election, out.path());
    let pid = Pid::from_child(&run);
    std::thread::sleep(Duration::from_secs(7));
    kill_process(pid, Signal::STOP).unwrap();
    std::thread::sleep(Duration::from_secs(4));
    kill_process(pid, Signal::CONT).unwrap();
    let (code, summary, codes) = ended(run);
    assert_eq!((code, summary["verdict"].as_str()), (Some(3), Some("INVALID")), "{summary:#}");
    assert_eq!(codes[0], "distorted_load", "{}", summary["reasons"]);
    assert!(!codes.contains(&"breached".to_owned()), "{}", summary["reasons"]);
}
