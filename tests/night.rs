//! The election in small, and that it can fail: a target that stalls is NOT READY and names who suffered, a generator
//! that was stopped is INVALID and blames nobody else.
//!
//! Both run the shipped smoke scenario through the real binary against the real election service. Nothing here depends
//! on how fast the machine is: a stall of three seconds breaks limits of 300 ms anywhere, and where the target must not
//! be blamed, the limits are far above what a slow machine takes. One that starves the generator makes INVALID of any
//! run, so that it may try again.

#[path = "wire/rig.rs"]
mod rig;

use std::path::Path;
use std::time::Duration;

use rig::{Done, Running, Target};
use rustix::process::Signal;

fn smoke(election: &Target, more: &[&str]) -> Running {
    let mut command = rig::scrutinio();
    command.arg("run").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/smoke.yaml"));
    command.args(["--target", &election.url(), "--lanes", "1"]).args(more);
    rig::start(command, tempfile::tempdir().expect("a folder"))
}

/// The exit code, the verdict, and the codes of its reasons.
fn verdict(done: &Done) -> (i32, &str, Vec<&str>) {
    let reasons = done.summary["reasons"].as_array().into_iter().flatten();
    let codes = reasons.filter_map(|reason| reason["code"].as_str()).collect();
    (done.code, done.summary["verdict"].as_str().unwrap_or_default(), codes)
}

#[test]
fn a_target_that_stalls_is_not_ready_and_the_populations_are_named() {
    let election = Target::of("election", &["--stall", "3s/8s"]);
    let mut runs = (0..4).map(|_| smoke(&election, &[]).wait());
    let done = runs.find(|done| !verdict(done).2.contains(&"distorted_load")).expect("a machine with time for one run");
    let (code, verdict, codes) = verdict(&done);
    assert_eq!((code, verdict, codes[0]), (1, "NOT READY", "breached"), "{}", done.summary["reasons"]);
    // Of several that are breached, the one that is named first goes by the scenario's order.
    assert!(done.summary["reasons"].to_string().contains("citizens p99"), "{}", done.summary["reasons"]);
    // Late, but all answered. A stall just between a clerk's read and write lets the section write first, and the clerk's
    // form is refused as stale: an answer too, so the status is the only reason a request may fail for.
    let answered = done.completed() + done.reason("failed.status");
    assert_eq!(done.count("/requests/planned"), answered, "{}", done.summary["requests"]);
}

#[test]
fn a_generator_that_was_stopped_is_invalid_and_the_target_is_not_blamed() {
    let election = Target::of("election", &[]);
    let wide = ["--set", "slo.citizens=[p99 < 3s]", "--set", "slo.sections=[p99 < 3s]"];
    let run = smoke(&election, &wide);
    run.wait_for_seconds(6);
    run.signal(Signal::STOP);
    std::thread::sleep(Duration::from_secs(5));
    run.signal(Signal::CONT);
    let done = run.wait();
    let (code, verdict, codes) = verdict(&done);
    assert_eq!((code, verdict, codes[0]), (3, "INVALID", "distorted_load"), "{}", done.summary["reasons"]);
    assert!(!codes.contains(&"breached"), "{}", done.summary["reasons"]);
}
