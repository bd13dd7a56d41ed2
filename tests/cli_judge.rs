//! `judge` gives a stored run its verdict again: without traffic, by its own objectives or by others.
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod cli_support;
#[path = "wire/rig.rs"]
mod rig;
#[path = "record_support/schema.rs"]
mod schema;

use std::path::{Path, PathBuf};

use cli_support::{Ended, Place};
use serde_json::{Value, json};

/// Ten minutes in one second: 1,200 requests.
const SCENARIO: &str = r#"
name: minute
clock: { from: 2016-06-05T07:00, to: 2016-06-05T07:10, zone: Europe/Rome, compress: 600 }
requests: 1200
target: { embedded: knobs }
populations:
  readers: { share: 100%, arrivals: { process: even, curve: [{ constant: 1 }] }, flow: read }
flows:
  read: { steps: [{ transaction: { name: visit, steps: [{ get: /, name: open the page }] } }] }
slo:
  overall: ["errors < 1 %", "amplification < 1.2", "p50 < 10s during 07:05..07:10"]
  readers: ["p95 < 5s"]
  readers.*: ["p90 <= 6s"]
"#;

/// A place with a run in it, and the run's folder.
fn ran(scenario: &str, args: &[&str]) -> (Place, PathBuf, Ended) {
    let place = Place::new();
    place.file("minute.yaml", scenario);
    let ended = place.run(&[&["run", "minute.yaml", "--quiet"], args].concat());
    let folder = std::fs::read_dir(place.dir.path().join("results")).unwrap().next().unwrap().unwrap().path();
    (place, folder, ended)
}

fn json_of(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Names, lengths and times of a folder's files.
fn state(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap());
    let mut state: Vec<String> = files
        .map(|file| {
            let data = file.metadata().unwrap();
            format!("{:?} {} {:?}", file.file_name(), data.len(), data.modified().unwrap())
        })
        .collect();
    state.sort();
    state
}

/// What `judge` says of a folder by these lines; its exit code is the verdict's.
fn asked(place: &Place, folder: &Path, slo: &str) -> Value {
    place.file("asked.yaml", slo);
    let ended = place.run(&["judge", folder.to_str().unwrap(), "--slo", "asked.yaml", "--json"]);
    let summary: Value =
        serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{}{}", ended.stdout, ended.stderr));
    let code = match summary["verdict"].as_str() {
        None | Some("READY") => 0,
        Some("NOT READY") => 1,
        Some(_) => 3,
    };
    assert_eq!(ended.code, Some(code), "{summary:#}");
    summary
}

/// The reasons for want of data: what holds the generator up on a busy machine is none of these tests' matter.
fn no_data(summary: &Value) -> Vec<&Value> {
    summary["reasons"].as_array().unwrap().iter().filter(|reason| reason["code"] == "no_data").collect()
}

fn lines(summary: &Value) -> Vec<String> {
    let objectives = summary["objectives"].as_array().unwrap().iter();
    objectives.map(|o| format!("{} {}", o["scope"].as_str().unwrap(), o["text"].as_str().unwrap())).collect()
}

#[test]
fn a_stored_run_is_judged_as_it_was_and_nothing_of_it_changes() {
    let (place, folder, ended) = ran(SCENARIO, &["--label", "build=12", "--label", "branch=a b=c"]);
    let (before, name) = (state(&folder), folder.to_str().unwrap().to_owned());
    let again = place.run(&["judge", &name]);
    assert_eq!(again.code, ended.code, "{}{}", ended.stdout, again.stderr);
    let page = |text: &str| text.lines().filter(|line| !line.starts_with("folder ")).collect::<Vec<_>>().join("\n");
    assert_eq!(page(&again.stdout), page(&ended.stdout));

    let mut printed: Value = serde_json::from_str(&place.run(&["judge", &name, "--json"]).stdout).unwrap();
    printed.as_object_mut().unwrap().shift_remove("folder");
    assert_eq!(printed, json_of(&folder.join("summary.json")));
    // By the scenario that it ran, whose lines for each step are those that it had.
    let mut own: Value =
        serde_json::from_str(&place.run(&["judge", &name, "--slo", "minute.yaml", "--json"]).stdout).unwrap();
    own.as_object_mut().unwrap().shift_remove("folder");
    assert_eq!(own, printed);
    assert_eq!(state(&folder), before);

    for name in ["run", "recording", "summary"] {
        let problems = schema::problems(name, &json_of(&folder.join(format!("{name}.json"))));
        assert_eq!(problems, Vec::<String>::new());
    }
    let facts = json_of(&folder.join("run.json"));
    assert_eq!(facts["labels"], json!({"build": "12", "branch": "a b=c"}));
    let clock = json!({"from": "2016-06-05T07:00:00+02:00", "zone": "Europe/Rome", "length_s": 600.0,
        "window_s": [0.0, 600.0], "compress": 600.0});
    assert_eq!(facts["clock"], clock);
    let windowed = &facts["objectives"][2];
    assert_eq!((&windowed["kind"], &windowed["quantile"]), (&json!("quantile"), &json!(0.5)));
    assert_eq!((&windowed["limit_us"], &windowed["window_s"]), (&json!(10_000_000.0), &json!([0.5, 1.0])));
}

#[test]
fn other_objectives_are_answered_where_the_run_counted_the_same() {
    let (place, folder, _) = ran(SCENARIO, &[]);
    let summary = asked(
        &place,
        &folder,
        "slo: { overall: ['errors <= 2%', 'p95 < 10s during 07:05..07:10', 'amplification <= 1'], \
         readers: ['p99 < 5s', 'p90 < 5s during 07:02..07:04', 'errors < 3%'], readers.*: ['p75 <= 6s'] }",
    );
    assert_eq!(no_data(&summary), Vec::<&Value>::new());
    assert!(summary["objectives"].as_array().unwrap().iter().all(|o| o["result"] == "met"), "{summary:#}");
    let expected = [
        "overall errors <= 2%",
        "overall p95 < 10s during 07:05..07:10",
        "overall amplification <= 1",
        "readers p99 < 5s",
        "readers p90 < 5s during 07:02..07:04",
        "readers errors < 3%",
        "readers.open the page p75 <= 6s",
        "readers.visit p75 <= 6s",
    ];
    assert_eq!(lines(&summary), expected);
    let n: Vec<u64> = summary["objectives"].as_array().unwrap().iter().map(|o| o["n"].as_u64().unwrap()).collect();
    // Even arrivals: a part of the run has its part of the requests.
    assert_eq!(n, [1_200, 600, 1_200, 1_200, 240, 1_200, 1_200, 1_200]);
    let was = |i: usize| summary["objectives"][i]["was_us"].is_u64();
    assert!(was(1) && was(3) && !was(4), "the responses of a part that had no objective are not known: {summary:#}");
}

#[test]
fn what_the_run_did_not_count_is_told_and_makes_it_invalid() {
    let (place, folder, _) = ran(SCENARIO, &["--scale", "1", "--set", "limits.timeout=9s"]);
    let summary = asked(
        &place,
        &folder,
        "slo: { overall: ['errors < 1%'], readers: ['p95 < 200ms', 'p95 <= 5s', 'p90 < 5s during 07:02:01..07:03'], \
         writers: ['errors < 1%'], readers.visit: ['errors < 1%'] }",
    );
    assert_eq!(summary["verdict"], "INVALID");
    assert_eq!(lines(&summary), ["overall errors < 1%"]);
    let told: Vec<(&str, &str)> = no_data(&summary)
        .iter()
        .map(|reason| (reason["seen"].as_str().unwrap(), reason["cause"].as_str().unwrap()))
        .collect();
    let expected = [
        ("writers errors < 1%: this run cannot answer it", "the run has no `writers`"),
        ("readers p95 < 200ms: this run cannot answer it", "times of `readers` were counted at `< 5s` only"),
        ("readers p95 <= 5s: this run cannot answer it", "times of `readers` were counted at `< 5s` only"),
        (
            "readers p90 < 5s during 07:02:01..07:03: this run cannot answer it",
            "it was counted in bins of 100ms, which its window does not begin and end with",
        ),
        ("readers.visit errors < 1%: this run cannot answer it", "it was not counted of `readers.visit`"),
    ];
    assert_eq!(told, expected);
    let cure = no_data(&summary)[1]["do"].as_str().unwrap();
    let line = "as `readers: [\"p95 < 200ms\"]`: scrutinio run minute.yaml --scale 1 --set limits.timeout=9s";
    assert!(cure.ends_with(line), "{cure}");
}

/// Nobody asked for errors when it ran.
#[test]
fn errors_are_answered_of_a_run_that_was_asked_nothing() {
    let target = rig::Target::start(&["--errors", "20%"]);
    let done = rig::quick(&target.url(), &["-r", "400", "-n", "800", "-c", "3"]);
    drop(target);
    assert_eq!(schema::problems("run", &done.facts), Vec::<String>::new());
    let place = Place::new();
    assert_eq!(
        place.run(&["judge", done.folder.to_str().unwrap()]).code,
        Some(0),
        "it has no objective, and no verdict"
    );
    let summary = asked(&place, &done.folder, "slo: { overall: ['errors < 5%'] }");
    assert_ne!(summary["objectives"][0]["result"], "met");
    let (seen, failed) = (&summary["objectives"][0], done.summary["requests"]["failed"].as_u64().unwrap());
    assert_eq!((&seen["n"], &seen["k"]), (&json!(800), &json!(failed)));
    assert!(failed > 80, "a fifth of 800");
    let summary = asked(&place, &done.folder, "slo: { overall: ['errors < 60%'] }");
    assert_eq!(summary["objectives"][0]["result"], "met", "{summary:#}");
    // It has no day.
    place.file("asked.yaml", "slo: { overall: ['errors < 5% during 07:00..08:00'] }");
    let ended = place.run(&["judge", done.folder.to_str().unwrap(), "--slo", "asked.yaml"]);
    assert!(ended.code == Some(2) && ended.stderr.contains("a part of the day needs a clock"), "{}", ended.stderr);
}

#[test]
fn a_file_without_objectives_or_with_wrong_ones_is_a_usage_error() {
    let (place, folder, _) = ran(SCENARIO, &[]);
    for (text, told) in [
        ("name: x\n", "this file has no `slo:`"),
        ("slo: {}\n", "this asks for nothing"),
        ("slo:\n  overall: [\"p99 < 1\"]\n", "asked.yaml:2:"),
        ("slo: [\n", "asked.yaml:"),
    ] {
        place.file("asked.yaml", text);
        let ended = place.run(&["judge", folder.to_str().unwrap(), "--slo", "asked.yaml"]);
        assert!(ended.code == Some(2) && ended.stderr.contains(told), "{text}: {}", ended.stderr);
    }
    let ended = place.run(&["judge", folder.to_str().unwrap(), "--slo", "nowhere.yaml"]);
    assert!(ended.code == Some(2) && ended.stderr.contains("nowhere.yaml"), "{}", ended.stderr);
}

#[test]
fn a_run_killed_under_way_is_invalid_by_what_it_left() {
    let run = rig::start_run(&SCENARIO.replace("compress: 600", "compress: 20"), &["--quiet"]);
    let folder = run.wait_for_seconds(3);
    let _temp = run.kill();
    let place = Place::new();
    let ended = place.run(&["judge", folder.to_str().unwrap()]);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert!(ended.stdout.contains("interrupted: stopped after"), "{}", ended.stdout);
    let summary = asked(&place, &folder, "slo: { readers: ['p99 < 5s', 'p95 < 1s'], readers.*: ['p90 <= 6s'] }");
    assert_eq!((&summary["reasons"][0]["code"], no_data(&summary).len()), (&json!("interrupted"), 2));
    assert!(summary["objectives"][0]["n"].as_u64().unwrap() >= 100, "{summary:#}");
}

#[test]
fn what_cannot_be_judged_is_told_with_file_and_line() {
    let (place, folder, ran) = ran(SCENARIO, &[]);
    let name = folder.to_str().unwrap();
    let refused = |told: &str| {
        let ended = place.run(&["judge", name]);
        assert!(ended.code == Some(2) && ended.stdout.is_empty(), "{:?} {}", ended.code, ended.stdout);
        assert!(ended.stderr.contains(told), "no `{told}` in\n{}", ended.stderr);
        assert!(ended.stderr.contains(&format!("scrutinio report {name}")), "{}", ended.stderr);
    };
    for (no_run, told) in [("nowhere", "there is no folder"), (".", "is not the folder of a run")] {
        let ended = place.run(&["judge", no_run]);
        assert!(ended.code == Some(2) && ended.stderr.contains(told), "{}", ended.stderr);
    }
    let rows = folder.join("objectives.csv");
    let sound = std::fs::read_to_string(&rows).unwrap();
    let lines: Vec<&str> = sound.split_inclusive('\n').collect();
    std::fs::write(&rows, lines[..lines.len() - 1].concat()).unwrap();
    refused(&format!("objectives.csv, line {}: up to here it has ", lines.len() - 1));
    let ended = place.run(&["judge", name, "--json"]);
    let problems: Value = serde_json::from_str(&ended.stdout).unwrap();
    let first = &problems["problems"][0];
    assert_eq!((&first["file"], &first["line"]), (&json!(format!("{name}/objectives.csv")), &json!(lines.len() - 1)));
    std::fs::write(&rows, &sound[..sound.len() - 2]).unwrap();
    refused(&format!("objectives.csv, line {}: the last line is torn", lines.len()));
    std::fs::write(&rows, &sound).unwrap();

    let facts = std::fs::read_to_string(folder.join("run.json")).unwrap();
    let mut fewer: Value = serde_json::from_str(&facts).unwrap();
    fewer["objectives"].as_array_mut().unwrap().pop();
    std::fs::write(folder.join("run.json"), fewer.to_string()).unwrap();
    refused("recording.json is about 6 objectives, and run.json about 5");
    std::fs::write(folder.join("run.json"), facts.replace("\"schema_version\": 2", "\"schema_version\": 3")).unwrap();
    refused("run.json has schema_version 3, and 2 is known here");
    std::fs::write(folder.join("run.json"), &facts).unwrap();
    assert_eq!(place.run(&["judge", name]).code, ran.code);
}

#[test]
fn a_label_has_a_name_and_one_value() {
    let place = Place::new();
    place.file("minute.yaml", SCENARIO);
    for (args, told) in
        [(&["--label", "build"][..], "build=1234"), (&["--label", "a=1", "--label", "a=2"], "--label a")]
    {
        let ended = place.run(&[&["run", "minute.yaml"], args].concat());
        assert!(ended.code == Some(2) && ended.stderr.contains(told), "{}", ended.stderr);
    }
    assert!(!place.dir.path().join("results").exists());
}

/// A gate stays one: without objectives it lets nothing through.
#[test]
fn a_gate_is_judged_as_a_gate() {
    let (place, folder, ended) = ran(&SCENARIO[..SCENARIO.find("slo:").unwrap()], &["--gate"]);
    let again = place.run(&["judge", folder.to_str().unwrap()]);
    assert_eq!((ended.code, again.code), (Some(3), Some(3)), "{}", again.stdout);
    let summary = asked(&place, &folder, "slo: { overall: ['errors < 1%'] }");
    assert_eq!((no_data(&summary).len(), &summary["objectives"][0]["result"]), (0, &json!("met")), "{summary:#}");
}
