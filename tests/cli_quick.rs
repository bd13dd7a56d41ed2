//! `quick`: what it exits with, objectives on its command line, redirects, and what it says of a machine that it shares.
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod cli_support;
#[path = "wire/rig.rs"]
mod rig;
#[path = "wire/server.rs"]
#[allow(dead_code)] // a part of it is used
mod server;

use cli_support::Place;
use serde_json::Value;
use server::{Reply, Server};

fn answer(status: &str, more: &str) -> Reply {
    Reply::Keep(format!("HTTP/1.1 {status}\r\n{more}Content-Length: 0\r\n\r\n").into_bytes())
}

fn report(folder: &std::path::Path, args: &[&str]) -> Option<i32> {
    Place::new().run(&[&["report", folder.to_str().unwrap()], args].concat()).code
}

#[test]
fn not_one_right_answer_is_exit_code_1_and_one_is_enough() {
    let none = Server::start(|_| answer("401 Unauthorized", ""));
    let done = rig::quick(&none.url(), &["-n", "4", "-c", "1"]);
    assert_eq!((done.code, done.completed(), &done.summary["verdict"]), (1, 0, &Value::Null));
    assert_eq!([report(&done.folder, &[]), report(&done.folder, &["--exit-code"])], [Some(0); 2]);
    let page = Place::new().run(&["report", done.folder.to_str().unwrap()]).with(0);
    let hint = "\n  hint: -H 'Authorization: …' logs in; --expect 401 if 401 is right\n";
    assert_eq!(page.matches(hint).count(), 1, "{page}");
    let one = Server::start(|request| answer(if request.nth == 2 { "200 OK" } else { "401 Unauthorized" }, ""));
    let done = rig::quick(&one.url(), &["-n", "4", "-c", "1"]);
    assert_eq!((done.code, done.completed(), &done.summary["verdict"]), (0, 1, &Value::Null));
}

#[test]
fn objectives_on_the_command_line_give_a_verdict() {
    let target = rig::Target::start(&["--delay", "2ms"]);
    let quick = |slo: &[&str]| rig::quick(&target.url(), &[&["-r", "400", "-n", "100"], slo].concat());
    let met = quick(&["--slo", "p95 < 10s", "--slo", "errors <= 5%"]);
    assert_eq!((met.code, &met.summary["verdict"]), (0, &"READY".into()));
    assert_eq!(met.summary["objectives"][1]["scope"], "overall");
    let breached = quick(&["--slo", "p50 < 1ms"]);
    assert_eq!((breached.code, &breached.summary["verdict"]), (1, &"NOT READY".into()));
    assert_eq!([report(&breached.folder, &[]), report(&breached.folder, &["--exit-code"])], [Some(0), Some(1)]);
}

/// What is typed, and what the error must say.
const WRONG: &[(&[&str], &[&str])] = &[
    (&["--slo", "p99 < 300ms"], &["a closed loop proves nothing of this (O7)", "hint: give a rate"]),
    (&["--slo", "p99 < 300ms", "-n", "400"], &["a closed loop proves nothing of this (O7)"]),
    (
        &["-r", "100", "-d", "1s", "--slo", "p99 < 300ms", "--slo", "p99.9 < 1s", "--slo", "p50 < 1s"],
        &[
            "`p99 < 300ms` needs at least 368 ",
            "`p99.9 < 1s` needs at least 3,688 ",
            "there are 100",
            "-n 3688, or -d 37s",
        ],
    ),
    (&["-r", "100", "-n", "90", "-d", "1s", "--slo", "p99 < 1s"], &["there are 90", "hint: -n 368 with -d 4s"]),
    (&["-r", "100", "--slo", "p99 > 300ms"], &["error: --slo 'p99 > 300ms': ", "has no `<` or `<=`"]),
    (&["-r", "100", "--slo", "p98 < 1s during 07:00..08:00"], &["a part of the day needs a clock"]),
    (&["-r", "100", "--slo", "frame_gap p95 < 1s"], &["no population has a `frame_gap`"]),
    (&["-r", "100", "--slo", "p95 < 1s", "--slo", "p95  <  1s"], &["this objective stands here twice"]),
    (&["-r", "100", "--follow", "21"], &["a whole number from 0 to 20"]),
];

#[test]
fn an_objective_that_cannot_be_judged_is_refused_before_anything_is_sent() {
    let place = Place::new();
    for (args, right) in WRONG {
        let ended = place.run(&[&["quick", "http://127.0.0.1:1/"], *args].concat());
        assert_eq!(ended.code, Some(2), "{args:?}: {}", ended.stderr);
        for part in *right {
            assert!(ended.stderr.contains(part), "{args:?}: no `{part}` in {}", ended.stderr);
        }
    }
}

#[test]
fn redirects_are_followed_within_the_origin_if_that_is_asked_for() {
    let elsewhere = Server::start(|_| answer("200 OK", ""));
    let other = elsewhere.url();
    let server = Server::start(move |request| match request.line.split(' ').nth(1) {
        Some("/away") => answer("302 Found", &format!("Location: {other}\r\n")),
        Some("/") => answer("302 Found", "Location: /there\r\n"),
        _ => answer("200 OK", ""),
    });
    let quick = |path: &str, args: &[&str]| {
        let url = format!("{}{path}", server.url());
        rig::quick(&url, &[&["-n", "3", "-c", "1"], args].concat())
    };
    let followed = quick("", &["--follow", "1"]);
    assert_eq!((followed.code, followed.completed(), followed.count("/connections/redirects")), (0, 3, 3));
    assert_eq!(followed.facts["quick"]["follow"], 1);
    let away = quick("away", &["--follow", "5"]);
    assert_eq!((away.code, away.completed(), elsewhere.connections()), (1, 0, 0), "{}", away.detail());
    // What helps here, and not what helps in a file.
    let not = quick("", &[]);
    assert!(not.detail().contains("--follow") && !not.detail().contains("follow: 5"), "{}", not.detail());
}

/// The last of ten in a second is due before the second is over.
#[test]
fn the_rate_of_a_short_run_is_no_more_than_was_asked_for() {
    let target = rig::Target::start(&[]);
    let done = rig::quick(&target.url(), &["-r", "20", "-n", "10"]);
    let mean = done.number("/rate_rps/mean");
    assert!(done.completed() == 10 && (1.0..=20.0).contains(&mean), "{mean}/s in {}s", done.number("/elapsed_s"));
}

#[test]
fn a_run_that_was_not_alone_names_the_other() {
    let target = rig::Target::start(&[]);
    let other = rig::start_quick(&target.url(), &["-r", "20", "-d", "60s"]);
    other.wait_for_folder();
    let done = rig::quick(&target.url(), &["-n", "20", "-c", "1"]);
    let folder = other.wait_for_folder();
    let facts: Value = serde_json::from_slice(&std::fs::read(folder.join("run.json")).unwrap()).unwrap();
    other.kill();
    let findings = done.summary["findings"].as_array().unwrap();
    let found =
        findings.iter().find(|finding| finding["code"] == "another_run").unwrap_or_else(|| panic!("{findings:?}"));
    // Other tests' runs may be there too, of which three are named.
    let (pid, address) = (facts["pid"].as_u64().unwrap(), target.addresses[0]);
    let named = format!("process {pid} (quick {address})");
    let seen = found["seen"].as_str().unwrap();
    assert!(seen.contains(&named) || seen.contains(" more"), "no {named} in {seen}");
    assert_ne!(done.facts["pid"], facts["pid"]);
    assert_eq!(done.code, 0, "it decides nothing");
}
