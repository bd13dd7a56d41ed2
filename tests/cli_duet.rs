//! `duet` plays one plan on two builds at the same time, and `compare` says of stored runs what it said.
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod cli_support;
#[path = "record_support/schema.rs"]
mod schema;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use cli_support::{Ended, Place};
use serde_json::Value;

/// Ten minutes in six seconds: 600 requests.
const SCENARIO: &str = r#"
name: minute
clock: { from: 2016-06-05T07:00, to: 2016-06-05T07:10, zone: Europe/Rome, compress: 100 }
requests: 600
target: { embedded: knobs }
populations:
  readers: { share: 100%, arrivals: { curve: [{ constant: 1 }] }, flow: read }
flows:
  read: { steps: [{ get: /, name: open }] }
"#;

/// A service that answers, until it is dropped.
struct Service {
    child: Child,
    url: String,
}

impl Service {
    fn start(place: &Place, delay: &str) -> Self {
        let args = ["target", "--service", "knobs", "--delay", delay, "--listen", "127.0.0.1:0", "--until-stdin-ends"];
        let mut child = place.command(&args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap();
        Self { child, url: format!("http://{}", told["listening"][0].as_str().unwrap()) }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn place() -> Place {
    let place = Place::new();
    place.file("minute.yaml", SCENARIO);
    place
}

fn duet(place: &Place, base: &str, new: &str, args: &[&str]) -> Ended {
    place.run(&[&["duet", "minute.yaml", "--base", base, "--new", new, "--quiet"], args].concat())
}

/// What a command printed, which is as `docs/compare.schema.json` says.
fn json(ended: &Ended) -> Value {
    let told = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{}{}", ended.stdout, ended.stderr));
    assert_eq!(schema::problems("compare", &told), Vec::<String>::new());
    told
}

/// The folders that a comparison names, of the base and of the new side.
fn folders(told: &Value) -> [String; 2] {
    ["base", "new"].map(|side| told[side][0].as_str().unwrap().to_owned())
}

#[test]
fn the_same_build_is_not_regressed_and_a_slower_one_is() {
    let place = place();
    let [fast, slow] = ["20ms", "40ms"].map(|delay| Service::start(&place, delay));
    let gate = ["--max-regression", "p50=25%", "--max-regression", "rate=25%", "--json"];
    let same = duet(&place, &fast.url, &fast.url, &gate);
    assert_eq!((same.code, &json(&same)["outcome"]), (Some(0), &"NO WORSE".into()), "{}", same.stdout);

    let slower = duet(&place, &fast.url, &slow.url, &gate);
    let told = json(&slower);
    assert_eq!((slower.code, &told["outcome"], &told["noise"]), (Some(1), &"REGRESSED".into(), &"within_duet".into()));
    let outcomes: Vec<&Value> = told["gates"].as_array().unwrap().iter().map(|gate| &gate["outcome"]).collect();
    assert_eq!(outcomes, ["REGRESSED", "NO WORSE"]);

    // Each side is a run like others; and both together are the plan.
    let folders = folders(&told);
    let mut sessions = 0;
    for (folder, (side, url)) in folders.iter().zip([("base", &fast.url), ("new", &slow.url)]) {
        place.run(&["report", folder]).with(0);
        place.run(&["judge", folder]).with(0);
        let facts = std::fs::read_to_string(place.dir.path().join(folder).join("run.json")).unwrap();
        let facts: Value = serde_json::from_str(&facts).unwrap();
        assert_eq!((&facts["duet"]["side"], &facts["target"][0]), (&side.into(), &url.as_str().into()));
        sessions += facts["populations"][0]["sessions"].as_u64().unwrap();
    }
    assert_eq!(sessions, 600);
    let again = place.run(&[&["compare", &*folders[0], &*folders[1]], &gate[..]].concat());
    assert_eq!((again.code, json(&again)), (Some(1), told));
}

#[test]
fn the_summary_of_a_step_on_github_has_the_comparison() {
    let place = place();
    let service = Service::start(&place, "1ms");
    let args = ["duet", "minute.yaml", "--base", &service.url, "--new", &service.url, "--quiet", "--markdown"];
    let mut command = place.command(&[&args[..], &["--duration", "1s"]].concat());
    let ended = Ended::from(command.env("GITHUB_STEP_SUMMARY", place.dir.path().join("step.md")).output().unwrap());
    assert!(ended.stdout.starts_with("## scrutinio duet: compared"), "{}{}", ended.stdout, ended.stderr);
    assert_eq!(std::fs::read_to_string(place.dir.path().join("step.md")).unwrap(), ended.stdout);
}

#[test]
fn what_is_no_duet_is_refused_before_any_traffic() {
    let place = place();
    let several =
        SCENARIO.replace("target: { embedded: knobs }", "targets: { a: http://127.0.0.1:9, b: http://127.0.0.1:8 }");
    place.file("several.yaml", &several.replace("get: /,", "get: a:/,"));
    let local = "http://127.0.0.1:9";
    let refused = |file: &str, new: &str, args: &[&str], code: i32, words: &str| {
        let ended = place.run(&[&["duet", file, "--base", local, "--new", new, "--quiet"], args].concat());
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    };
    refused("several.yaml", local, &[], 2, "needs a scenario with one target");
    refused("minute.yaml", "embedded:knobs", &[], 2, "loads services that run already");
    refused("minute.yaml", local, &["--target", local], 2, "--base and --new name");
    refused("minute.yaml", local, &["--junit", "a.xml"], 2, "a duet is two runs");
    refused("minute.yaml", local, &["--max-regression", "writers.p99=1%"], 2, "writers.p99");
    refused("minute.yaml", local, &[], 4, "cannot connect");
    let service = Service::start(&place, "0s");
    // An address of documentation: were it loaded, this would wait for a connection.
    let args = ["duet", "minute.yaml", "--base", &service.url, "--new", "http://192.0.2.7", "--quiet"];
    let foreign = place.run(&args);
    assert_eq!(foreign.code, Some(4), "{}", foreign.stderr);
    assert!(foreign.stderr.contains("--allow-host 192.0.2.7"), "{}", foreign.stderr);
    assert!(!place.dir.path().join("results").exists());
}

#[test]
fn a_signal_leaves_both_folders_whole() {
    let place = place();
    let service = Service::start(&place, "1ms");
    let args = ["duet", "minute.yaml", "--base", &service.url, "--new", &service.url, "--quiet"];
    let child = place.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let out = place.dir.path().join("results");
    let runs = || -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&out).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.join("timeline.csv").exists()).collect()
    };
    while runs().len() < 2 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    let pid = rustix::process::Pid::from_raw(child.id() as i32).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let ended = Ended::from(child.wait_with_output().unwrap());
    assert_eq!((ended.code, &*ended.stdout), (Some(130), ""), "{}", ended.stderr);
    assert_eq!(runs().len(), 2);
    for run in runs() {
        assert!(run.join("summary.json").exists() && run.join("recording.json").exists(), "{}", run.display());
        let page = place.run(&["report", run.to_str().unwrap()]).with(0);
        assert!(page.contains("interrupted") && ended.stderr.contains(run.file_name().unwrap().to_str().unwrap()));
    }
}
