//! Faults that only the whole scenario shows: of its plan, its objectives and the knobs of its target. Each is told at its
//! place, before anything starts.
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod cli_support;

use cli_support::{DAY, Place};

/// Nobody comes at this rate.
const RARE: &str = "name: rare
clock: { from: 2016-06-05T07:00, to: 2016-06-05T07:10 }
target: http://127.0.0.1:1
populations: { all: { arrivals: { curve: [{ constant: 0.000001 }] }, flow: get } }
flows: { get: { steps: [{ get: / }] } }
";

fn place() -> Place {
    let place = Place::new();
    place.file("day.yaml", DAY);
    place
}

#[test]
fn what_only_the_whole_shows_is_drawn_at_its_place() {
    let place = place();
    place.file("knob.yaml", &DAY.replace("{ embedded: knobs }", "{ embedded: knobs, stal: 2s/60s }"));
    place.file("few.yaml", &DAY.replace("requests: 50_000", "requests: 30"));
    place.file("unproven.yaml", &DAY.replace("requests: 50_000", "requests: 1_000"));
    place.file("rows.yaml", &DAY.replace("share: 90%", "share: 90%\n    feed: { file: rows.csv, order: once }"));
    place.file("rows.csv", "id\n1\n2\n");
    place.file("rare.yaml", RARE);
    let mut told = String::new();
    for args in [
        &["check", "knob.yaml"][..],
        &["run", "knob.yaml"],
        &["check", "day.yaml", "--set", "target.stal=2s/60s"],
        &["check", "few.yaml"],
        &["check", "few.yaml", "--arrivals", "5"],
        &["try", "few.yaml"],
        &["run", "unproven.yaml"],
        &["check", "rows.yaml"],
        &["check", "rare.yaml"],
    ] {
        let ended = place.run(args);
        assert_eq!(ended.code, Some(2), "{args:?}");
        told += &format!("$ scrutinio {}\n{}\n", args.join(" "), ended.stderr);
    }
    insta::assert_snapshot!("check_faults", told);
}

#[test]
fn every_wrong_knob_is_told_at_its_place() {
    let place = place();
    place.file("old.log", "precious");
    let cases = [
        // Each by itself, all at once.
        (
            "knobs",
            "stal: 2s/60s, stall: 3, compress: 3, cpus: 99, listen: 0.0.0.0:80, stations: 2, tls_cert: a.pem, store: a.redb",
        ),
        // Sound alone and wrong together.
        ("knobs", "drops: 60%, errors: 60%, threads: 2, fixed: 5ms"),
        ("knobs", "fixed: 5ms, exponential: 5ms"),
        // Of another service, or of none that a run starts.
        ("election", "logon_cost: 2ms, start_time: 1m, frame_stall: 200ms/10s"),
        ("remote-work", "store: a.redb, directory_listen: 0.0.0.0:0"),
        // Files that are not below the working directory, or are somebody's.
        ("election", "store: /tmp/a.redb, log: ../target.log"),
        ("election", "log: old.log"),
    ];
    let mut told = String::new();
    for (i, (service, knobs)) in cases.into_iter().enumerate() {
        let (file, target) = (format!("{i}.yaml"), format!("{{ embedded: {service}, {knobs} }}"));
        place.file(&file, &DAY.replace("{ embedded: knobs }", &target));
        let ended = place.run(&["check", &file]);
        assert_eq!(ended.code, Some(2), "{knobs}: {}", ended.stderr);
        told += &format!("{}\n", ended.stderr);
    }
    insta::assert_snapshot!("check_knobs", told);
    // What the environment holds is for a target that somebody starts, not for this one.
    let sound = "{ embedded: knobs, delay: 5ms, shed_retry_after: 2s, log: new.log }";
    place.file("sound.yaml", &DAY.replace("{ embedded: knobs }", sound));
    let mut command = place.command(&["check", "sound.yaml"]);
    let ended = command.env("SCRUTINIO_LOGON_COST", "2ms").env("SCRUTINIO_TLS", "1").output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
}

#[test]
fn what_a_scenario_has_its_target_write_stays_below_the_folder_whatever_links_there_are() {
    let (place, elsewhere) = (place(), tempfile::tempdir().unwrap());
    let link = |from: &std::path::Path, to: &str| std::os::unix::fs::symlink(from, place.dir.path().join(to)).unwrap();
    let empty = elsewhere.path().join("empty");
    std::fs::write(&empty, "").unwrap();
    link(elsewhere.path(), "logs");
    link(&empty, "old.redb");
    link(&elsewhere.path().join("new.log"), "new.log");
    for (service, knob, path, linked) in [
        ("knobs", "log", "logs/a.log", "logs"),
        ("knobs", "log", "./new.log", "./new.log"),
        ("election", "store", "logs/a.redb", "logs"),
        ("election", "store", "old.redb", "old.redb"),
    ] {
        let target = format!("{{ embedded: {service}, {knob}: {path} }}");
        place.file("day.yaml", &DAY.replace("{ embedded: knobs }", &target));
        let ended = place.run(&["check", "day.yaml"]);
        let told = format!("error: `{linked}` is a symbolic link, and a scenario's `{knob}` is written through none");
        assert!(ended.code == Some(2) && ended.stderr.starts_with(&told), "{}", ended.stderr);
        // Nor does a link lead the target away that came after the check.
        let file = format!("--{knob}={path}");
        let ended = place.run(&[
            "target",
            "--service",
            service,
            "--listen",
            "127.0.0.1:0",
            "--until-stdin-ends",
            "--below-here",
            &file,
        ]);
        assert!(ended.code == Some(2) && ended.stdout.is_empty() && ended.stderr.contains(path), "{}", ended.stderr);
    }
    let there: Vec<_> = std::fs::read_dir(elsewhere.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!((there, std::fs::read(&empty).unwrap()), (vec!["empty".into()], Vec::new()));
}
