//! `report` reads runs back: one that ended, and one that was killed.
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod cli_support;
#[path = "wire/rig.rs"]
mod rig;

use std::path::{Path, PathBuf};
use std::process::Stdio;

use cli_support::{Place, unasked};
use serde_json::Value;

/// A minute of 20 requests a second.
const SCENARIO: &str = r#"
name: minute
clock: { from: 2016-06-05T07:00, to: 2016-06-05T07:10, compress: 10 }
requests: 1200
target: { embedded: knobs }
populations:
  readers: { share: 100%, arrivals: { process: even, curve: [{ constant: 1 }] }, flow: read }
flows:
  read: { steps: [{ transaction: { name: visit, steps: [{ get: /, name: open the page }] } }] }
slo:
  overall: ["errors < 1 %", "amplification < 1.2", "p50 < 10s during 07:09..07:10"]
  readers: ["p95 < 500ms"]
  readers.open the page: ["p95 <= 500 ms"]
  readers.visit: ["p95 < 1s"]
"#;

fn place(text: &str) -> Place {
    let place = Place::new();
    place.file("minute.yaml", text);
    place
}

/// The only run's folder.
fn folder(place: &Place) -> PathBuf {
    let mut runs = std::fs::read_dir(place.dir.path().join("results")).unwrap();
    runs.next().unwrap().unwrap().path()
}

#[test]
fn a_run_that_ended_is_reported_as_it_was() {
    let place = place(&SCENARIO.replace("compress: 10 ", "compress: 600 "));
    let ran = place.run(&["run", "minute.yaml", "--quiet"]);
    let folder = folder(&place);
    let told = place.run(&["report", folder.to_str().unwrap()]).with(0);
    let without_folder =
        |page: &str| page.lines().filter(|line| !line.starts_with("folder ")).collect::<Vec<_>>().join("\n");
    assert_eq!(without_folder(&told), without_folder(&ran.stdout));
    let json = place.run(&["report", folder.to_str().unwrap(), "--json"]).with(0);
    let mut printed: Value = serde_json::from_str(&json).unwrap();
    // Where the run is kept is said, and not stored: a folder may be moved.
    assert_eq!(printed.as_object_mut().unwrap().shift_remove("folder"), Some(folder.to_str().unwrap().into()));
    let stored: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("summary.json")).unwrap()).unwrap();
    assert_eq!(printed, stored);
    let ran = place.run(&["run", "minute.yaml", "--quiet", "--json", "--out", "json"]).stdout;
    let printed: Value = serde_json::from_str(&ran).unwrap();
    assert!(place.dir.path().join(printed["folder"].as_str().unwrap()).join("summary.json").exists(), "{ran}");
}

#[test]
fn a_run_killed_under_way_is_reported_up_to_its_last_interval() {
    let run = rig::start_run(SCENARIO, &["--quiet"]);
    let folder = run.wait_for_seconds(3);
    let _temp = run.kill();
    let (folder, place) = (folder.to_str().unwrap(), Place::new());
    assert!(!Path::new(folder).join("summary.json").exists());
    let page = place.run(&["report", folder]).with(0);
    assert_eq!(place.run(&["report", folder, "--exit-code"]).with(3), page);
    for part in ["killed after", "interrupted", "readers", "p95 < 500ms", "INVALID"] {
        assert!(page.contains(part), "no `{part}` in\n{page}");
    }
    let summary: Value = serde_json::from_str(&place.run(&["report", folder, "--json"]).with(0)).unwrap();
    assert_eq!((&summary["ending"], &summary["verdict"]), (&"killed".into(), &"INVALID".into()));
    let completed = summary["populations"]["readers"]["requests"]["completed"].as_u64().unwrap();
    // Of three closed seconds at least; their end may have come with the last answers of the third still under way.
    assert!((30..1200).contains(&completed), "{completed} of about 60");
    every_objective_is_as_written(&summary, &page);
    assert_eq!(summary["reasons"][0]["code"], "interrupted");
}

/// In the scenario's order, with the counts of what was streamed; also the one whose window had not begun.
fn every_objective_is_as_written(summary: &Value, page: &str) {
    let objectives = summary["objectives"].as_array().unwrap();
    let text = |objective: &Value, key: &str| objective[key].as_str().unwrap_or_default().to_owned();
    let told: Vec<_> = objectives.iter().map(|o| (text(o, "scope"), text(o, "text"), text(o, "measure"))).collect();
    let written = [
        ("overall", "errors < 1 %", ""),
        ("overall", "amplification < 1.2", ""),
        ("overall", "p50 < 10s during 07:09..07:10", ""),
        ("readers", "p95 < 500ms", ""),
        ("readers.open the page", "p95 <= 500 ms", ""),
        ("readers.visit", "p95 < 1s", "transaction"),
    ];
    assert_eq!(told, written.map(|(scope, text, of)| (scope.to_owned(), text.to_owned(), of.to_owned())));
    let allowed: Vec<_> = objectives.iter().map(|o| o["allowed"].as_f64().unwrap()).collect();
    assert_eq!(allowed, [0.01, 1.2, 0.5, 0.05, 0.05, 0.05]);
    for (i, objective) in objectives.iter().enumerate() {
        assert_eq!(objective["n"].as_u64().unwrap() >= 30, i != 2, "{objective}");
    }
    assert_eq!(summary["damage"], Value::Array(Vec::new()));
    let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("overall amplification < 1.2 1.000 · at most 1.000 exchanges a request, 1.2 allowed"),
        "{page}"
    );
}

#[test]
fn a_run_says_what_it_loaded_and_how() {
    let target = rig::Target::start(&[]);
    let url = format!("{}a?b=c", target.url());
    let done =
        rig::quick(&url, &["-r", "200", "-n", "20", "-c", "3", "-m", "PUT", "-H", "X-Key: hidden", "--body", "four"]);
    let to = format!("PUT {url} · 200/s · 3 connections");
    assert_eq!(done.summary["to"], to.as_str());
    let quick = &done.facts["quick"];
    assert_eq!((&quick["url"], &quick["method"]), (&url.as_str().into(), &"PUT".into()));
    assert_eq!((&quick["headers"], &quick["body_bytes"]), (&serde_json::json!(["X-Key"]), &4.into()));
    assert!(!done.facts.to_string().contains("hidden"), "{}", done.facts);
    let page = Place::new().run(&["report", done.folder.to_str().unwrap()]).with(0);
    assert_eq!(page.lines().nth(1), Some(format!("to {to}").as_str()), "{page}");

    let place = place(&SCENARIO.replace("compress: 10 ", "compress: 600 "));
    let elsewhere = place.run(&["run", "minute.yaml", "--quiet", "--target", &target.url()]);
    let line = elsewhere.stdout.lines().find(|line| line.starts_with("to ")).map(str::to_owned);
    assert_eq!(line, Some(format!("to {}", target.url().trim_end_matches('/'))), "{}", elsewhere.stdout);
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

#[test]
fn what_a_damaged_folder_lacks_is_told() {
    let target = rig::Target::start(&[]);
    let done = rig::quick(&target.url(), &["-r", "200", "-n", "300", "-c", "3"]);
    let (folder, place) = (done.folder.to_str().unwrap(), Place::new());
    let file = |name: &str| done.folder.join(name);
    let sound = std::fs::read_to_string(file("summary.json")).unwrap();
    let page = |told: &str| {
        let page = place.run(&["report", folder]).with(0);
        assert!(page.contains(told), "no `{told}` in\n{page}");
        page
    };

    let newer = sound.replace("\"schema_version\": 2", "\"schema_version\": 99");
    std::fs::write(file("summary.json"), newer).unwrap();
    page("summary.json has schema_version 99");
    std::fs::write(file("summary.json"), &sound).unwrap();

    let facts = std::fs::read(file("run.json")).unwrap();
    std::fs::write(file("run.json"), &facts[..100]).unwrap();
    page("run.json is damaged");
    let facts = String::from_utf8(facts).unwrap().replace("\"schema_version\": 2", "\"schema_version\": 99");
    std::fs::write(file("run.json"), facts).unwrap();

    std::fs::remove_file(file("summary.json")).unwrap();
    page("summary.json is missing: the run is judged anew");
    page("run.json has schema_version 99, and 2 is known here");
    std::fs::write(file("recording.json"), "{").unwrap();
    page("recording.json, line 1: EOF while parsing");
    std::fs::remove_file(file("recording.json")).unwrap();
    page("no summary.json");
    std::fs::remove_file(file("intervals.hlog")).unwrap();
    let page = page("intervals.hlog is missing");
    assert!(page.contains("300 of 300 planned requests") && !page.contains(" 0 of 300"), "{page}");

    for entry in std::fs::read_dir(&done.folder).unwrap() {
        std::fs::write(entry.unwrap().path(), "").unwrap();
    }
    let ended = place.run(&["report", folder]);
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    assert!(ended.stderr.contains("holds no record"), "{}", ended.stderr);

    // The folder in which runs are made is no run; those in it are named.
    let ended = place.run(&["report", done.folder.parent().unwrap().to_str().unwrap()]);
    assert!(ended.code == Some(2) && ended.stderr.contains(&format!("scrutinio report {folder}")), "{}", ended.stderr);
}

/// The limit of a file's size stands for a disk that is full.
#[test]
fn a_run_that_can_no_longer_write_names_its_folder() {
    let (target, place) = (rig::Target::start(&[]), Place::new());
    let script = "trap '' XFSZ; ulimit -f 16; exec \"$0\" quick \"$1\" -r 500 -d 60s --quiet --out out";
    let mut shell = unasked(std::process::Command::new("sh"));
    shell.args(["-c", script, env!("CARGO_BIN_EXE_scrutinio"), &target.url()]).current_dir(place.dir.path());
    let ended = cli_support::Ended::from(shell.output().unwrap());
    assert_eq!(ended.code, Some(5), "{}{}", ended.stdout, ended.stderr);
    let folder = std::fs::read_dir(place.dir.path().join("out")).unwrap().next().unwrap().unwrap().path();
    let name = folder.file_name().unwrap().to_str().unwrap();
    assert!(ended.stderr.contains(&format!("scrutinio report out/{name}")), "{}", ended.stderr);
}

/// Waits for a command that may hang, and ends it then.
fn in_time(command: &mut std::process::Command) -> cli_support::Ended {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = std::time::Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed().as_secs() > 20 {
            child.kill().unwrap();
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.wait_with_output().unwrap().into()
}

#[test]
fn only_regular_files_of_a_folder_are_read_and_only_so_much_of_them() {
    let target = rig::Target::start(&[]);
    let done = rig::quick(&target.url(), &["-r", "200", "-n", "20", "-c", "3"]);
    let place = Place::new();
    let report = || in_time(&mut place.command(&["report", done.folder.to_str().unwrap()]));
    let told = |name: &str, why: &str| {
        let ended = report();
        let refused = ended.code == Some(2) && ended.stderr.contains(name) && ended.stderr.contains(why);
        assert!(refused, "{name}: {:?} {}{}", ended.code, ended.stdout, ended.stderr);
    };
    // The summary first, which stands for all others while it is there, and last what stands for the whole run.
    let files = ["totals.hlog", "generator.hlog", "timeline.csv", "lanes.csv", "objectives.csv", "failures.ndjson"];
    for name in [&["summary.json", "run.json"][..], &files, &["recording.json", "intervals.hlog"]].concat() {
        let file = done.folder.join(name);
        let sound = std::fs::read(&file).unwrap();
        let replaced = || std::fs::remove_file(&file).unwrap();
        replaced();
        assert!(std::process::Command::new("mkfifo").arg(&file).status().unwrap().success());
        told(name, "it is not a regular file");
        replaced();
        std::os::unix::fs::symlink("/dev/zero", &file).unwrap();
        told(name, "it is not a regular file");
        replaced();
        // Sparse: it has a size, and no bytes.
        std::fs::File::create(&file).unwrap().set_len(1 << 40).unwrap();
        told(name, "it is larger than ");
        replaced();
        if !["summary.json", "recording.json"].contains(&name) {
            std::fs::write(&file, sound).unwrap();
        }
    }
    assert_eq!(report().code, Some(0));
}

#[test]
fn a_folder_without_a_record_says_what_it_is() {
    let place = Place::new();
    std::fs::create_dir_all(place.dir.path().join("none")).unwrap();
    std::fs::create_dir_all(place.dir.path().join("begun")).unwrap();
    place.file("begun/run.json", "{}");
    for (folder, what) in [
        ("none", "error: none is an empty folder: if a run made it, it ended before it had begun"),
        ("begun", "error: begun is the folder of a run that ended before its first interval"),
    ] {
        let ended = place.run(&["report", folder]);
        assert!(ended.code == Some(2) && ended.stderr.starts_with(what), "{}", ended.stderr);
    }
}

#[test]
fn a_summary_that_cannot_be_kept_is_printed_all_the_same() {
    let (target, place) = (rig::Target::start(&[]), Place::new());
    for (json, begins) in [(&[][..], "quick\n"), (&["--json"], "{\n  \"folder\": \"out/quick-")] {
        let url = target.url();
        let args = ["quick", &url, "-r", "100", "-d", "1s", "--slo", "p95 < 10s", "--quiet", "--out", "out"];
        let mut command = place.command(&[&args, json].concat());
        let mut run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = place.dir.path().join("out");
        let folder = loop {
            let found = std::fs::read_dir(&out).ok().and_then(|mut folders| folders.next());
            match found.map(|folder| folder.unwrap().path()).filter(|folder| folder.join("timeline.csv").exists()) {
                Some(folder) => break folder,
                None => assert!(run.try_wait().unwrap().is_none(), "it ended before it had begun"),
            }
        };
        // Nothing can be put in the place of a folder that is not empty.
        std::fs::create_dir_all(folder.join("summary.json/taken")).unwrap();
        let ended = cli_support::Ended::from(run.wait_with_output().unwrap());
        assert_eq!(ended.code, Some(5), "{}{}", ended.stdout, ended.stderr);
        assert!(ended.stdout.starts_with(begins) && ended.stdout.contains("READY"), "{}", ended.stdout);
        assert!(ended.stderr.contains("summary.json") && ended.stderr.contains("the verdict is "), "{}", ended.stderr);
        assert!(!folder.join("summary.json.new").exists(), "a part of it is left");
        std::fs::remove_dir_all(out).unwrap();
    }
}
