//! The real binary: what it leaves for CI, whatever it ends with.

use std::fs;
use std::path::{Path, PathBuf};

use quick_junit::Report;
use rustix::process::Signal;
use serde_json::Value;

use super::cli_support::{Ended, Place};
use super::junit::{not_green, read};
use super::rig;

/// A second of 200 visits.
pub const SHOP: &str = r#"
name: shop
clock: { from: 2026-01-01T10:00:00, to: 2026-01-01T10:00:01 }
target: { embedded: knobs }
populations: { buyers: { users: 200, arrivals: { process: even, curve: [{ constant: 1 }] }, flow: buy } }
flows: { buy: { steps: [{ get: /, name: home }] } }
slo: { buyers: ["p95 < 5s", "errors < 2%"] }
"#;

fn place(text: &str) -> Place {
    let place = Place::new();
    place.file("shop.yaml", text);
    fs::write(place.dir.path().join("summary.md"), "what another command wrote\n").unwrap();
    place
}

/// On GitHub, in a step of the repository that the place is.
fn on_github(place: &Place, args: &[&str]) -> Ended {
    let root = place.dir.path();
    let mut command = place.command(args);
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_WORKSPACE", root);
    command.env("GITHUB_STEP_SUMMARY", root.join("summary.md")).env("GITHUB_OUTPUT", root.join("output"));
    Ended::from(command.output().unwrap())
}

fn text(place: &Place, name: &str) -> String {
    fs::read_to_string(place.dir.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn junit(place: &Place, name: &str) -> Report {
    read(&text(place, name))
}

/// The folder of the only run; `None` if there was none.
fn folder(place: &Place) -> Option<PathBuf> {
    Some(fs::read_dir(place.dir.path().join("results")).ok()?.next()?.unwrap().path())
}

fn json(folder: &Path, name: &str) -> Value {
    serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap()
}

/// The annotations, each a line.
fn annotations(ended: &Ended) -> Vec<&str> {
    ended.stderr.lines().filter(|line| line.starts_with("::")).collect()
}

#[test]
fn a_ready_run_is_green_everywhere() {
    let place = place(SHOP);
    let ended = on_github(&place, &["run", "shop.yaml", "--gate", "--junit", "reports/junit.xml", "--quiet"]);
    assert_eq!((ended.code, annotations(&ended)), (Some(0), vec![]), "{}{}", ended.stdout, ended.stderr);
    assert_eq!(not_green(&junit(&place, "reports/junit.xml")), []);
    let folder = folder(&place).unwrap();
    assert_eq!(fs::read_to_string(folder.join("junit.xml")).unwrap(), text(&place, "reports/junit.xml"));
    assert_eq!(json(&folder, "run.json")["gate"], true);
    let p99 = json(&folder, "summary.json")["latency_us"]["response"]["p99"].as_u64().unwrap();
    assert_eq!(text(&place, "output"), format!("verdict=READY\nexit_code=0\np99_us={p99}\n"));
    let summary = text(&place, "summary.md");
    assert!(summary.starts_with("what another command wrote\n## scrutinio: READY\n\n**shop**"), "{summary}");
    assert!(summary.contains("| met | buyers p95 &lt; 5s |"), "{summary}");
    assert!(!ended.stdout.contains("::") && !ended.stdout.contains("##"), "{}", ended.stdout);
}

#[test]
fn a_run_that_is_not_ready_is_a_failure_and_an_annotation() {
    let place = place(&SHOP.replace("embedded: knobs", "embedded: knobs, errors: 60%"));
    let ended = on_github(&place, &["run", "shop.yaml", "--gate", "--junit", "junit.xml", "--json"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let summary: Value = serde_json::from_str(&ended.stdout).expect("JSON, and nothing else");
    let found = not_green(&junit(&place, "junit.xml")).iter().map(|(kind, _)| *kind).collect::<Vec<_>>();
    assert_eq!(found, ["failure", "failure"]);
    // p95 and p99 fall among the answers that are wrong.
    assert_eq!(text(&place, "output"), "verdict=NOT READY\nexit_code=1\np99_us=failed\n");
    assert!(text(&place, "summary.md").contains("## scrutinio: NOT READY\n"));
    let seen = summary["reasons"][0]["seen"].as_str().unwrap().replace('%', "%25");
    let [annotation] = annotations(&ended)[..] else { panic!("{}", ended.stderr) };
    assert!(annotation.starts_with(&format!("::error::NOT READY%0A{seen}%0A")), "{annotation}");
}

/// Fails closed: what asks for nothing, or can prove nothing, lets nothing through.
#[test]
fn a_gate_takes_nothing_but_ready() {
    let without = SHOP.split("slo:").next().unwrap();
    for (text, args, code_without) in [
        (without, &[][..], 0),
        (SHOP, &["--scale", "0.2"], 0),
        (&SHOP.replace("errors < 2%", "errors < 4%"), &["--scale", "0.4"], 0),
    ] {
        let place = place(text);
        let run =
            |more: &[&str]| place.run(&[&["run", "shop.yaml", "--quiet", "--junit", "junit.xml"], args, more].concat());
        run(&[]).with(code_without);
        assert!(not_green(&junit(&place, "junit.xml")).iter().all(|(kind, _)| *kind == "skipped"));
        fs::remove_dir_all(place.dir.path().join("results")).unwrap();
        run(&["--gate"]).with(3);
        let report = junit(&place, "junit.xml");
        assert_eq!(not_green(&report)[0], ("error", "there was enough to judge"), "{text}");
        let folder = folder(&place).unwrap();
        assert_eq!(json(&folder, "summary.json")["reasons"][0]["code"], "no_data");
        place.run(&["report", folder.to_str().unwrap(), "--exit-code"]).with(3);
    }
}

#[test]
fn what_never_began_leaves_an_error_and_no_folder() {
    let wrong_port = SHOP.replace("{ embedded: knobs }", "http://127.0.0.1:1");
    let wrong_key = SHOP.replace("users:", "user:");
    for (scenario, args, code) in [
        (SHOP, &["quick", "http://127.0.0.1:1/"][..], 4),
        (&wrong_port, &["run", "shop.yaml"], 4),
        (SHOP, &["quick", "http://192.0.2.1/"], 4),
        (&wrong_key, &["run", "shop.yaml"], 2),
        (SHOP, &["run", "shop.yaml", "--out", "shop.yaml"], 5),
    ] {
        let place = place(scenario);
        fs::write(place.dir.path().join("junit.xml"), "of a run before").unwrap();
        let ended = on_github(&place, &[args, &["--junit", "junit.xml", "--json", "--quiet"]].concat());
        assert_eq!((ended.code, folder(&place)), (Some(code), None), "{args:?}: {}", ended.stderr);
        let report = junit(&place, "junit.xml");
        assert_eq!(not_green(&report), [("error", "the run came to its end")], "{args:?}");
        assert_eq!(text(&place, "output"), format!("verdict=none\nexit_code={code}\np99_us=\n"));
        let summary = text(&place, "summary.md");
        assert!(summary.contains(&format!("It ended with exit code {code}.")), "{summary}");
        let problems: Value = serde_json::from_str(&ended.stdout).expect("JSON, and nothing else");
        let message = problems["problems"][0]["message"].as_str().unwrap().lines().next().unwrap().to_owned();
        assert!(summary.contains(&message), "`{message}` is not in {summary}");
        assert_eq!(annotations(&ended).len(), 1, "{}", ended.stderr);
    }
}

#[test]
fn problems_of_a_scenario_are_annotated_at_their_places() {
    let place = Place::new();
    let name = "load/50%,a:b.yaml";
    fs::create_dir(place.dir.path().join("load")).unwrap();
    place.file(name, &SHOP.replace("users:", "user:").replace("get: /", "got: /"));
    for command in ["check", "run", "try"] {
        let ended = on_github(&place, &[command, name]);
        let found = annotations(&ended);
        let [user, got] = found[..] else { panic!("{found:?} of\n{}", ended.stderr) };
        assert_eq!(ended.code, Some(2));
        assert!(user.starts_with("::error file=load/50%25%2Ca%3Ab.yaml,line=5,col="), "{user}");
        assert!(user.contains("%0Ahelp: did you mean `users`?"), "{user}");
        assert!(got.starts_with("::error file=load/50%25%2Ca%3Ab.yaml,line=6,col="), "{got}");
    }
    // A step that works in another folder names the file from there, and GitHub from the root.
    let mut command = place.command(&["check", "50%,a:b.yaml"]);
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_WORKSPACE", place.dir.path());
    let ended = Ended::from(command.current_dir(place.dir.path().join("load")).output().unwrap());
    assert!(annotations(&ended)[0].starts_with("::error file=load/50%25"), "{}", ended.stderr);
    // An option has no place; elsewhere than on GitHub there are no annotations.
    place.file("shop.yaml", SHOP);
    let ended = on_github(&place, &["check", "shop.yaml", "--scale", "many"]);
    assert!(annotations(&ended)[0].starts_with("::error::--scale many: "), "{}", ended.stderr);
    assert_eq!(annotations(&place.run(&["check", name])), Vec::<&str>::new());
}

#[test]
fn what_is_stopped_or_killed_is_an_error() {
    let long = SHOP.replace("to: 2026-01-01T10:00:01", "to: 2026-01-01T10:02:00");
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("junit.xml");
    let args = ["--junit", file.to_str().unwrap(), "--quiet"];
    let running = rig::start_run(&long, &args);
    running.wait_for_folder();
    let begun = fs::read_to_string(&file).unwrap();
    drop(running.kill());
    assert_eq!(fs::read_to_string(&file).unwrap(), begun);
    assert_eq!(not_green(&read(&begun)), [("error", "the run came to its end")]);

    let running = rig::start_run(&long, &args);
    running.wait_for_seconds(1);
    running.signal(Signal::TERM);
    let done = running.wait();
    assert_eq!(done.code, 130);
    let written = fs::read_to_string(&file).unwrap();
    assert_eq!(fs::read_to_string(done.folder.join("junit.xml")).unwrap(), written);
    assert!(not_green(&read(&written)).contains(&("error", "the run came to its end")), "{written}");
}

#[test]
fn quick_without_a_right_answer_is_an_error_although_it_has_no_verdict() {
    let (target, place) = (rig::Target::start(&["--errors", "100%"]), place(SHOP));
    let ended = on_github(&place, &["quick", &target.url(), "-n", "20", "--junit", "junit.xml", "--quiet"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let report = junit(&place, "junit.xml");
    assert_eq!(not_green(&report), [("error", "the command did what it was asked to")]);
    assert_eq!(annotations(&ended), ["::error::not one answer was right"]);
    assert!(text(&place, "summary.md").contains("**not one answer was right**"));
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_the_run_and_github_decides_nothing() {
    let place = place(SHOP);
    let ended = place.run(&["run", "shop.yaml", "--junit", "shop.yaml/junit.xml", "--quiet"]);
    assert_eq!((ended.code, folder(&place)), (Some(5), None), "{}", ended.stderr);
    assert!(ended.stderr.contains("cannot write shop.yaml/junit.xml: "), "{}", ended.stderr);
    let mut command = place.command(&["run", "shop.yaml", "--gate", "--quiet"]);
    command.env("GITHUB_STEP_SUMMARY", "shop.yaml/summary.md");
    let ended = Ended::from(command.output().unwrap());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("note: cannot append to GITHUB_STEP_SUMMARY=shop.yaml/summary.md: "),
        "{}",
        ended.stderr
    );
}
