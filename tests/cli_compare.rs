//! `compare` sets stored runs of two builds side by side, and gates the new one.
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod cli_support;
#[path = "record_support/schema.rs"]
mod schema;

use std::path::Path;

use cli_support::{Ended, Place};
use serde_json::Value;

/// Ten minutes in one second: 600 requests.
const SCENARIO: &str = r#"
name: minute
clock: { from: 2016-06-05T07:00, to: 2016-06-05T07:10, zone: Europe/Rome, compress: 600 }
requests: 600
target: { embedded: knobs }
populations:
  readers: { share: 100%, arrivals: { process: even, curve: [{ constant: 1 }] }, flow: read }
flows:
  read: { steps: [{ get: /, name: open }] }
"#;

/// Runs the scenario into a folder of this name, and names the run's folder.
fn ran(place: &Place, out: &str, args: &[&str]) -> String {
    place.file("minute.yaml", SCENARIO);
    let ended = place.run(&[&["run", "minute.yaml", "--quiet", "--out", out], args].concat());
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let mut runs = std::fs::read_dir(place.dir.path().join(out)).unwrap();
    let name = runs.next().unwrap().unwrap().file_name().into_string().unwrap();
    format!("{out}/{name}")
}

/// What a command printed, which is as `docs/compare.schema.json` says.
fn json(ended: &Ended) -> Value {
    let told = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{}{}", ended.stdout, ended.stderr));
    assert_eq!(schema::problems("compare", &told), Vec::<String>::new());
    told
}

#[test]
fn a_run_is_no_change_from_itself_and_a_side_is_named_by_label_too() {
    let place = Place::new();
    let run = ran(&place, "a", &["--label", "build=1"]);
    let ended = place.run(&["compare", &run, &run, "--json"]);
    let told = json(&ended);
    assert_eq!((ended.code, &told["noise"], &told["outcome"]), (Some(0), &"within_runs".into(), &Value::Null));
    for row in told["rows"].as_array().unwrap() {
        assert!(row["found"] != "worse" && row["found"] != "better" && row["base"] == row["new"], "{row}");
    }
    let scopes: Vec<&str> = told["rows"].as_array().unwrap().iter().map(|row| row["scope"].as_str().unwrap()).collect();
    assert!(["overall", "readers", "readers.open"].iter().all(|scope| scopes.contains(scope)), "{scopes:?}");
    let text = place.run(&["compare", &run, &run]).stdout;
    assert!(text.contains("noise within the runs only. It cannot see noise between"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80 || line.contains('/')), "{text}");

    let labelled =
        |build: &str| place.run(&["compare", "--base-label", "build=1", "--new-label", build, "--in", "a", "--json"]);
    assert_eq!(json(&labelled("build=1"))["rows"], told["rows"]);
    let none = labelled("build=2");
    assert_eq!(none.code, Some(2));
    assert!(none.stderr.contains("no run in a has the label build=2"), "{}", none.stderr);
}

#[test]
fn gates_answer_by_exit_code_and_one_run_a_side_is_never_regressed() {
    let place = Place::new();
    let run = ran(&place, "a", &[]);
    let gated = |count: usize, limit: &str| {
        let runs = vec![run.as_str(); count];
        let args = [&["compare", "--base"], &runs[..], &["--new"], &runs, &["--max-regression", limit, "--json"]];
        let ended = place.run(&args.concat());
        (ended.code, json(&ended)["gates"][0].clone())
    };
    // The same four runs twice do not differ at all.
    let (code, gate) = gated(4, "p99=10%");
    assert_eq!((code, &gate["outcome"]), (Some(0), &"NO WORSE".into()));
    // A second has too few blocks for an interval.
    let (code, gate) = gated(1, "readers.p50=10%");
    assert_eq!((code, &gate["outcome"]), (Some(3), &"INCONCLUSIVE".into()));
    let wrong = place.run(&["compare", &run, &run, "--max-regression", "writers.p99=1%"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("writers.p99"), "{}", wrong.stderr);
}

#[test]
fn another_plan_is_refused_and_says_what_differs() {
    let place = Place::new();
    let (base, new) = (ran(&place, "a", &[]), ran(&place, "b", &["--set", "seed=9"]));
    let refused = place.run(&["compare", &base, &new]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("seed is 9") && refused.stderr.contains("--force"), "{}", refused.stderr);
    let forced = place.run(&["compare", &base, &new, "--force"]);
    assert_eq!(forced.code, Some(0), "{}", forced.stderr);
    assert!(forced.stdout.starts_with("ANOTHER PLAN: "), "{}", forced.stdout);
    let told = json(&place.run(&["compare", &base, &new, "--force", "--json"]));
    assert_eq!(told["other_plan"][0]["what"], "seed");
}

#[test]
fn what_is_no_sound_run_is_refused_with_its_file() {
    let place = Place::new();
    let run = ran(&place, "a", &[]);
    let none = place.run(&["compare", &run, "nowhere"]);
    assert_eq!(none.code, Some(2));
    assert!(none.stderr.contains("nowhere"), "{}", none.stderr);
    let facts = place.dir.path().join(Path::new(&run)).join("run.json");
    let text = std::fs::read_to_string(&facts).unwrap();
    std::fs::write(&facts, text.replace("\"schema_version\": 2", "\"schema_version\": 99")).unwrap();
    let other = place.run(&["compare", &run, &run]);
    assert_eq!(other.code, Some(2));
    assert!(other.stderr.contains("cannot be compared") && other.stderr.contains("run.json"), "{}", other.stderr);
    assert_eq!(place.run(&["compare"]).code, Some(2));
}

#[test]
fn a_killed_run_is_said_first_and_decides_unless_forced() {
    let place = Place::new();
    let run = ran(&place, "a", &[]);
    for file in ["recording.json", "totals.hlog", "summary.json"] {
        std::fs::remove_file(place.dir.path().join(&run).join(file)).unwrap();
    }
    let ended = place.run(&["compare", &run, &run]);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert!(ended.stdout.starts_with("INVALID: "), "{}", ended.stdout);
    assert_eq!(place.run(&["compare", &run, &run, "--force"]).code, Some(0));
}
