//! The verdict's own errors, with the real binary: a service that is bad by half of what is allowed is never NOT READY, and
//! one that is bad by twice as much is never READY. Neither is INVALID wrong: a busy machine may leave a run undecided.
//!
//! The truth is set by knobs: one in a hundred answers is an error, drawn for each; or the service stands still for 100 ms
//! in every 2 s, so that 2 % take over 60 ms, all of them in bursts. A machine without time left makes any service slower:
//! then NOT READY is the truth, and only READY can be wrong.

#[path = "wire/rig.rs"]
mod rig;

use std::collections::BTreeMap;

use rig::{Done, Target, run, scenario, side_by_side};
use scrutinio::truth::Watch;

/// A service and two objectives, the first of which it keeps by a factor of two and the second of which it breaks so.
struct Truth {
    name: &'static str,
    knobs: &'static [&'static str],
    kept: &'static str,
    broken: &'static str,
}

const TRUTHS: [Truth; 2] = [
    Truth { name: "1 % errors", knobs: &["--errors", "1%"], kept: "errors < 2%", broken: "errors < 0.5%" },
    Truth { name: "2 % in stalls", knobs: &["--stall", "100ms/2s"], kept: "p96 < 60ms", broken: "p99 < 60ms" },
];

/// How often each case had each verdict.
type Counts = BTreeMap<String, BTreeMap<String, u32>>;

/// Requests a second.
const RATE: u32 = 500;

/// A run of so many seconds against the service, which is asked for one objective.
fn verdict_of(target: &Target, objective: &str, seconds: u32) -> Done {
    let more = format!("slo: {{ overall: ['{objective}'] }}");
    let yaml = scenario(&target.url(), RATE * seconds, seconds, "session", "[{ get: / }]", &more);
    run(&yaml, &["--lanes", "1"])
}

/// The verdict with the code of its first reason, such as `INVALID undecided`.
fn words(done: &Done) -> String {
    let verdict = done.summary["verdict"].as_str().unwrap_or("none");
    let code = done.summary["reasons"][0]["code"].as_str().unwrap_or_default();
    format!("{verdict} {code}").trim_end().to_owned()
}

/// Runs each case, all at once, and counts the verdicts by case.
fn round(seed: u32, seconds: u32, counts: &mut Counts) {
    let seed = seed.to_string();
    let targets = TRUTHS.map(|truth| Target::start(&[truth.knobs, &["--knob-seed", &seed]].concat()));
    let cases = TRUTHS
        .iter()
        .zip(&targets)
        .flat_map(|(truth, target)| [(truth, target, truth.kept, "NOT READY"), (truth, target, truth.broken, "READY")]);
    let watch = Watch::start().expect("a thread");
    let ended = side_by_side(cases, |(truth, target, objective, wrong)| {
        (format!("{}, {objective}", truth.name), wrong, verdict_of(target, objective, seconds))
    });
    let is_calm = watch.end().busy == 0;
    for (case, wrong, done) in ended {
        let can_be_wrong = wrong == "READY" || is_calm;
        assert!(!can_be_wrong || done.summary["verdict"] != wrong, "{case}: {}", done.summary["objectives"]);
        let machine = if is_calm { "" } else { " (busy machine)" };
        *counts.entry(case).or_default().entry(words(&done) + machine).or_default() += 1;
    }
}

fn print(counts: &Counts) {
    counts.iter().for_each(|(case, verdicts)| println!("{case}: {verdicts:?}"));
}

#[test]
fn a_service_within_a_limit_is_not_refused_and_one_beyond_it_not_let_through() {
    let mut counts = BTreeMap::new();
    round(1, 8, &mut counts);
    print(&counts);
    assert_eq!(counts.len(), 4);
}

#[test]
#[ignore = "twenty rounds of a minute's half each; prints a table"]
fn of_twenty_runs_on_either_side_of_a_limit_none_is_wrong() {
    let mut counts = BTreeMap::new();
    (1..=20).for_each(|seed| round(seed, 30, &mut counts));
    print(&counts);
    let all: u32 = counts.values().flat_map(BTreeMap::values).sum();
    assert_eq!(all, 80);
}
