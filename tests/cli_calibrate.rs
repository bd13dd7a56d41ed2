//! `calibrate` as a user meets it, and what `check` and `run` make of the file that it keeps.
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod cli_support;

use std::fs;
use std::path::Path;

use cli_support::Place;
use serde_json::{Value, json};

/// 40 requests a second for two seconds, each on a connection of its own.
const SCENARIO: &str = r#"
name: small
clock: { from: 2016-06-05T07:00:00, to: 2016-06-05T07:00:02, zone: UTC }
target: { embedded: knobs }
populations: { all: { arrivals: { process: even, curve: [{ constant: 40 }] }, flow: ask } }
flows: { ask: { steps: [{ get: / }] } }
"#;

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn what_was_measured_is_kept_and_held_against_plans() {
    let place = Place::new();
    let file = place.dir.path().join("new/folder/calibration.json");
    let kept = ["--calibration", file.to_str().unwrap()];
    let printed = place.run(&[&["calibrate", "--seconds", "1", "--json", "--quiet"], &kept[..]].concat());
    assert_eq!(printed.stderr, "", "nothing else is said");
    let calibration: Value = serde_json::from_str(&printed.with(0)).unwrap();
    assert_eq!(read(&file), json!({ "schema_version": 1, "calibrations": [calibration] }));
    let others = fs::read_dir(file.parent().unwrap()).unwrap().count();
    assert_eq!(others, 1, "what was written beside it has become it");
    let kinds = calibration["kinds"].as_array().unwrap();
    assert_eq!(
        kinds.iter().map(|kind| &kind["kind"]).collect::<Vec<_>>(),
        ["plain", "plain-new", "tls", "tls-new", "h2", "h2-tls"]
    );
    for kind in kinds {
        let ceiling = kind["ceiling_rps"].as_f64().unwrap();
        assert!(ceiling > 0.0 && kind["cpu_us_per_request"].as_f64().unwrap() > 0.0, "{kind}");
        let at: Vec<&Value> = kind["at"].as_array().unwrap().iter().collect();
        assert_eq!(at.iter().map(|at| &at["share_pct"]).collect::<Vec<_>>(), [25.0, 50.0, 75.0, 90.0]);
        for at in at {
            let planned = at["planned_rps"].as_f64().unwrap();
            assert!((planned - ceiling * at["share_pct"].as_f64().unwrap() / 100.0).abs() < 0.01, "{at}");
            assert!(at["achieved_rps"].as_f64().unwrap() > 0.0 && at["lag_us"]["p99"].is_u64(), "{at}");
        }
    }
    documented(&read(&file));
    plans_are_warned_of(&place, &file, &kept);
}

/// The file with a ceiling of 30 requests a second, 15 on new connections: 40 are four times what one lane should do.
fn plans_are_warned_of(place: &Place, file: &Path, kept: &[&str]) {
    place.file("small.yaml", SCENARIO);
    let page = |args: &[&str], code| place.run(&[&["check", "small.yaml"], args, kept].concat()).with(code);
    assert!(page(&[], 0).contains("calibrated     a lane does"));
    let mut slow = read(file);
    // What the open loops achieved on a machine that is busy with other tests is not what this is about.
    slow["calibrations"][0]["kinds"].as_array_mut().unwrap().iter_mut().for_each(|kind| kind["at"] = json!([]));
    slow["calibrations"][0]["kinds"][0]["ceiling_rps"] = json!(30.0);
    slow["calibrations"][0]["kinds"][1]["ceiling_rps"] = json!(15.0);
    fs::write(file, slow.to_string()).unwrap();
    let told: Value = serde_json::from_str(&page(&["--json"], 0)).unwrap();
    assert_eq!(told["machine"]["ceiling"]["spoken"], "plain");
    let warnings: Vec<&str> = told["warnings"].as_array().unwrap().iter().flat_map(|w| w["seen"].as_str()).collect();
    assert!(warnings.iter().any(|seen| seen.contains("it takes 6 lanes, each with a core")), "{warnings:?}");
    page(&["--strict"], 3);
    each_target_has_its_own_ceiling(place, kept, &slow);
    let ran = place.run(&[&["run", "small.yaml", "--lanes", "1", "--quiet", "--json"], kept].concat());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "--quiet");
    let ran = place.run(&[&["run", "small.yaml", "--lanes", "1"], kept].concat());
    assert!(ran.stderr.contains("warning: the highest second has 40 requests"), "{}", ran.stderr);
    ignored_if_not_of_this_machine_and_version(place, file, kept, slow);
}

/// Against a target of another kind, the slow ceiling of plain HTTP/1.1 says nothing.
fn each_target_has_its_own_ceiling(place: &Place, kept: &[&str], slow: &Value) {
    let kinds = slow["calibrations"][0]["kinds"].as_array().unwrap();
    let of = |kind: &str| kinds.iter().find(|known| known["kind"] == kind).unwrap()["ceiling_rps"].as_f64().unwrap();
    let told = |http: &str| {
        let target = format!("{{ url: \"https://127.0.0.1:1\", http: {http} }}");
        place.file("https.yaml", &SCENARIO.replace("{ embedded: knobs }", &target));
        let page = place.run(&[&["check", "https.yaml", "--json"], kept].concat()).with(0);
        serde_json::from_str::<Value>(&page).unwrap()["machine"]["ceiling"].clone()
    };
    for (http, spoken) in [("1.1", "tls"), ("2", "h2-tls")] {
        let ceiling = told(http);
        assert_eq!((&ceiling["spoken"], &ceiling["requests_rps"]), (&json!(spoken), &json!(of(spoken))), "{http}");
    }
    assert_eq!(told("auto")["requests_rps"], json!(of("tls").min(of("h2-tls"))), "the slower of both");
}

fn ignored_if_not_of_this_machine_and_version(place: &Place, file: &Path, kept: &[&str], sound: Value) {
    let why = |text: &str| {
        fs::write(file, text).unwrap();
        let told = place.run(&[&["check", "small.yaml", "--json"], kept].concat()).with(0);
        serde_json::from_str::<Value>(&told).unwrap()["machine"].clone()
    };
    let mut other = sound.clone();
    other["calibrations"][0]["version"] = json!("0.0.1");
    let mut elsewhere = sound.clone();
    elsewhere["calibrations"][0]["machine"]["cpu_model"] = json!("another processor");
    for (text, words) in [
        (other.to_string(), "comes from another machine or version, so it is ignored"),
        (elsewhere.to_string(), "comes from another machine or version, so it is ignored"),
        ("{ torn".to_owned(), "is not a calibration"),
    ] {
        let machine = why(&text);
        assert_eq!(machine["ceiling"], Value::Null);
        assert!(machine["not_calibrated"].as_str().unwrap().contains(words), "{machine}");
    }
    assert_eq!(why(&sound.to_string())["not_calibrated"], Value::Null);
    fs::write(file, sound.to_string()).unwrap();
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_anything_is_measured() {
    let place = Place::new();
    let ended = place.run(&["calibrate", "--seconds", "1", "--calibration", "/proc/x/cal.json"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.starts_with("error: cannot write /proc/x/cal.json: "), "{}", ended.stderr);
}

#[test]
fn not_being_calibrated_is_a_line_and_no_warning() {
    let place = Place::new();
    place.file("small.yaml", SCENARIO);
    let check: Value = serde_json::from_str(&place.run(&["check", "small.yaml", "--json"]).with(0)).unwrap();
    assert!(check["machine"]["not_calibrated"].as_str().unwrap().contains("`scrutinio calibrate`"));
    let text = place.run(&["check", "small.yaml"]).with(0);
    assert!(text.contains("calibrated     not calibrated: `scrutinio calibrate`"), "{text}");
}

/// Every field of the file stands in its document.
fn documented(value: &Value) {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/calibrate.md")).unwrap();
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                assert!(text.contains(&format!("`{name}`")), "docs/calibrate.md does not name `{name}`");
                documented(field);
            }
        }
        Value::Array(items) => items.iter().for_each(documented),
        _ => {}
    }
}
