//! `warm_up:` in a scenario (O15), with the real binary: a service that is slow only at first, what is judged of a folder
//! again, and what is refused.
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod cli_support;
#[path = "record_support/schema.rs"]
mod schema;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use cli_support::Place;
use serde_json::Value;

/// Six seconds with 40 requests each, at ten times their pace.
const DAY: &str = "\
name: warm
clock: { from: 2000-01-01T00:00:00, to: 2000-01-01T00:01:00, compress: 10 }
warm_up: 25s
requests: 240
target: http://ADDRESS
populations: { all: { share: 100%, arrivals: { process: even, curve: [constant: 1] }, flow: read } }
flows: { read: { steps: [{ get: /, name: page }] } }
slo: { overall: ['at most 20 slower than 800ms', 'rate >= 20/s'] }
";

/// A service that answers after 1.2 s what it is asked in the 1.5 s after its first request, and at once later.
fn slow_at_first() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let mut first = None;
        for stream in listener.incoming().flatten() {
            std::thread::spawn({
                // The connection that looks whether it is there brings no request.
                let began = *first.get_or_insert_with(Instant::now);
                move || answer(stream, began)
            });
        }
    });
    address
}

fn answer(mut stream: TcpStream, began: Instant) {
    let mut head = [0; 4096];
    if stream.read(&mut head).is_ok_and(|n| n > 0) {
        if began.elapsed() < Duration::from_millis(1_500) {
            std::thread::sleep(Duration::from_millis(1_200));
        }
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    }
}

fn yaml(address: &str) -> String {
    DAY.replace("ADDRESS", address)
}

/// A run against such a service, its summary, its exit code and its folder; once more where the machine was too busy.
fn ran(more: &[&str]) -> (Place, Value, i32, PathBuf) {
    for _ in 0..4 {
        let place = Place::new();
        place.file("warm.yaml", &yaml(&slow_at_first()));
        let ended = place.run(&[&["run", "warm.yaml", "--json", "--quiet"], more].concat());
        let summary: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{}", ended.stderr));
        let reasons = summary["reasons"].as_array().unwrap();
        let is_ours = reasons.iter().any(|reason| reason["family"] == "generator");
        let was_late = summary["findings"].as_array().unwrap().iter().any(|finding| finding["code"] == "warm_up");
        if !is_ours && !was_late {
            let folder = place.dir.path().join(summary["folder"].as_str().unwrap());
            return (place, summary, ended.code.unwrap(), folder);
        }
    }
    panic!("the generator was late in each of four runs");
}

#[test]
fn a_service_that_is_slow_only_at_first_is_ready_behind_its_warm_up() {
    let (place, summary, code, folder) = ran(&[]);
    assert_eq!((summary["verdict"].as_str(), code), (Some("READY"), 0), "{summary:#}");
    assert_eq!(summary["warm_up"], serde_json::json!({ "seconds": 3, "verdict_with": "NOT READY" }));
    assert_eq!(summary["requests"]["completed"], 240, "all were sent and reported");
    let slow = &summary["objectives"][0];
    assert_eq!((&slow["n"], &slow["result"]), (&120.into(), &"met".into()), "three of six seconds count");
    let rate = &summary["objectives"][1];
    assert!(rate["n"].as_u64().unwrap() <= 160 && rate["result"] == "met", "{rate:#}");
    let run: Value = serde_json::from_slice(&std::fs::read(folder.join("run.json")).unwrap()).unwrap();
    assert_eq!(run["warm_up_s"], 3);
    let kept: Value = serde_json::from_slice(&std::fs::read(folder.join("summary.json")).unwrap()).unwrap();
    assert_eq!(schema::problems("summary", &kept), Vec::<String>::new());
    assert_eq!(schema::problems("run", &run), Vec::<String>::new());

    // The folder says the same, by its own objectives and by others.
    let folder = folder.to_str().unwrap();
    place.file("asked.yaml", "slo: { overall: ['at most 20 slower than 800ms'] }\n");
    for args in [&["judge", folder, "--json"][..], &["judge", folder, "--slo", "asked.yaml", "--json"]] {
        let again: Value = serde_json::from_str(&place.run(args).with(0)).unwrap();
        assert_eq!((&again["verdict"], &again["warm_up"]), (&"READY".into(), &summary["warm_up"]), "{args:?}");
        assert_eq!(&again["objectives"][0], slow, "{args:?}");
    }
    let page = place.run(&["report", folder]).with(0);
    assert!(page.contains("without the warm-up, the first 3s; with them the verdict would be NOT READY"), "{page}");
    assert!(page.contains("of the whole run, with the warm-up of 3s, which no objective counts"), "{page}");
}

#[test]
fn without_a_warm_up_it_is_not_ready_and_nothing_is_said_of_one() {
    let (place, summary, code, folder) = ran(&["--set", "warm_up=0s"]);
    assert_eq!((summary["verdict"].as_str(), code), (Some("NOT READY"), 1), "{summary:#}");
    assert!(summary["warm_up"].is_null(), "{summary:#}");
    let page = place.run(&["report", folder.to_str().unwrap()]).with(0);
    assert!(!page.contains("warm-up"), "{page}");
}

#[test]
fn check_counts_without_the_warm_up_and_says_so() {
    let place = Place::new();
    place.file("warm.yaml", &yaml("127.0.0.1:9"));
    let page = place.run(&["check", "warm.yaml"]).with(0);
    assert!(page.contains("warm-up: the first 3s of the run, which no objective counts"), "{page}");
    // Of 240 requests 120 count: they prove one in fifty, and not one in a hundred.
    let check = |line: &str| {
        let slo = format!("slo: {{ overall: ['{line}'] }}");
        place.file("warm.yaml", &(yaml("127.0.0.1:9").lines().take(7).collect::<Vec<_>>().join("\n") + "\n" + &slo));
        place.run(&["check", "warm.yaml"])
    };
    check("p95 < 1s").with(0);
    let refused = check("p98 < 1s");
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("120"), "{}", refused.stderr);
    // 40 a second are planned of the seconds that count, and not 41.
    check("rate >= 40/s").with(0);
    assert_eq!(check("rate >= 41/s").code, Some(2));
}

#[test]
fn a_warm_up_that_leaves_nothing_and_a_window_inside_it_are_refused_at_their_place() {
    let place = Place::new();
    let refused = |from: &str, to: &str, more: &[&str]| {
        let text = yaml("127.0.0.1:9").replace(from, to);
        assert!(text.contains(to), "{to}");
        place.file("warm.yaml", &text);
        let ended = place.run(&[&["check", "warm.yaml"], more].concat());
        assert_eq!(ended.code, Some(2), "{}{}", ended.stdout, ended.stderr);
        ended.stderr
    };
    let long = refused("warm_up: 25s", "warm_up: 1m", &[]);
    assert!(long.contains("warm.yaml:3:10") && long.contains("this warm-up takes 6s of the run"), "{long}");
    let part = refused("name", "name", &["--window", "00:00:20..00:00:45"]);
    assert!(part.contains("warm.yaml:3:10") && part.contains("which takes 2.5s"), "{part}");
    let inside = refused("rate >= 20/s", "rate >= 20/s during 00:00:29..00:00:50", &[]);
    assert!(inside.contains("warm.yaml:8:") && inside.contains("begin it at 00:00:30 or later"), "{inside}");
    let negative = refused("warm_up: 25s", "warm_up: soon", &[]);
    assert!(negative.contains("warm.yaml:3:10"), "{negative}");
}
