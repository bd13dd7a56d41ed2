//! `try` as a writer of scenarios meets it: every request and answer of one session, and exit codes.
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod cli_support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use cli_support::{Ended, Place};

const SCENARIO: &str = r#"
name: trial
clock: { from: 2016-06-05T07:00, to: 2016-06-06T07:00, compress: 1 }
requests: 1000
target: { embedded: knobs }
headers: { Authorization: "Bearer {{env.TRIAL_TOKEN}}" }
populations:
  readers: { share: 100%, arrivals: { curve: [{ constant: 1 }] }, flow: read }
  writers: { users: 3, arrivals: { burst: { at: "08:00", weight: 100% } }, flow: write }
flows:
  read: { steps: [{ get: "/first?t={{env.TRIAL_TOKEN}}" }, { think: 3h }, { get: "/second/{{session}}", name: second }] }
  write: { steps: [{ at: "12:00" }, { post: /form, json: { from: "{{session}}", token: "{{env.TRIAL_TOKEN}}" } }] }
"#;

const TOKEN: &str = "s3cret/\"value\"";

fn try_with(place: &Place, args: &[&str]) -> Ended {
    let output = place.command(&[&["try"], args].concat()).env("TRIAL_TOKEN", TOKEN).output().unwrap();
    Ended::from(output)
}

fn place() -> Place {
    let place = Place::new();
    place.file("trial.yaml", SCENARIO);
    place
}

/// A server of one answer for each connection, in turn; gives its URL.
fn server(answers: Vec<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        // The first connection is the one that shows the target to be there.
        drop(listener.accept());
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Connection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn every_exchange_of_a_session_is_printed_and_waits_are_shortened() {
    let begun = Instant::now();
    let page = try_with(&place(), &["trial.yaml", "--session", "7"]).with(0);
    assert!(begun.elapsed() < Duration::from_secs(30), "three hours of thinking are not waited for");
    for part in [
        "session 7 of readers · 2 requests planned · to 127.0.0.1:",
        "waits are shortened: compress 1000000 in place of 1; --compress 1 keeps them",
        "\n2 second · right\n",
        "\n  > GET /second/7 HTTP/1.1\n",
        "\n  < HTTP/1.1 200 OK\n",
        "\n2 right, 0 wrong\n",
    ] {
        assert!(page.contains(part), "no `{part}` in\n{page}");
    }
    // The think of three hours ends 10.8 ms after the first answer.
    assert!(!page.contains("sent 0s"), "instants are measured\n{page}");
    let instants: Vec<&str> = page.lines().filter(|line| line.starts_with("  due ")).collect();
    assert_eq!(instants.len(), 2, "{page}");
    assert!(
        instants[0].starts_with("  due 0s · sent ")
            && instants[0].contains(" · first ")
            && instants[0].contains(" · done ")
    );
}

#[test]
fn an_option_keeps_the_waits() {
    let page = try_with(&place(), &["trial.yaml", "--compress", "86400"]).with(0);
    assert!(!page.contains("shortened"), "{page}");
}

#[test]
fn environment_values_are_never_printed() {
    for (population, form) in [("readers", "s3cret%2F%22value%22"), ("writers", "s3cret/\\\"value\\\"")] {
        let ended = try_with(&place(), &["trial.yaml", "--population", population]);
        assert!(ended.stdout.contains("Authorization: Bearer {{env.TRIAL_TOKEN}}"), "{}", ended.stdout);
        for secret in [TOKEN, form, "s3cret"] {
            assert!(!ended.stdout.contains(secret) && !ended.stderr.contains(secret), "{}", ended.stdout);
        }
        ended.with(0);
    }
}

#[test]
fn an_answer_that_repeats_a_secret_does_not_print_it() {
    let echo = answer("500 Oops", &format!("X-Echo: {TOKEN}\r\n"), &format!("you sent {TOKEN}"));
    let url = server(vec![echo.clone(), echo]);
    let ended = try_with(&place(), &["trial.yaml", "--target", &url]);
    assert!(ended.stdout.contains("you sent {{env.TRIAL_TOKEN}}"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("s3cret"), "{}", ended.stdout);
    ended.with(1);
}

#[test]
fn a_wrong_answer_says_why_and_exits_with_1() {
    let url = server(vec![answer("500 Oops", "", "no"), answer("200 OK", "", "fine")]);
    let page = try_with(&place(), &["trial.yaml", "--target", &url]).with(1);
    assert!(page.contains("· wrong failed.status: status 500\n"), "{page}");
    assert!(page.contains("\n  < no\n") && page.contains("\n  < fine\n"), "{page}");
    assert!(page.contains("\n1 right, 1 wrong\n"), "{page}");
}

#[test]
fn saved_values_are_printed_and_what_follows_from_a_missing_one() {
    let place = Place::new();
    let steps = r#"[{ get: /form, save: { version: json $.version } }, { post: /votes, json: { version: "{{version | number}}" } }]"#;
    let flow = SCENARIO.lines().find(|line| line.starts_with("  read:")).unwrap();
    place.file("save.yaml", &SCENARIO.replace(flow, &format!("  read: {{ steps: {steps} }}")));
    let url = server(vec![answer("200 OK", "", r#"{"version": 17}"#), answer("201 Created", "", "")]);
    let page = try_with(&place, &["save.yaml", "--target", &url]).with(0);
    assert!(page.contains("\n  saved version = 17\n") && page.contains("\n  > {\"version\":17}\n"), "{page}");
    let url = server(vec![answer("200 OK", "", "{}"), String::new()]);
    let page = try_with(&place, &["save.yaml", "--target", &url]).with(1);
    assert!(page.contains("wrong failed.expect: nothing at $.version\n"), "{page}");
    assert!(page.contains("wrong failed.not_attempted: a value that this request needs was never saved\n"), "{page}");
    assert!(page.contains("\n0 right, 2 wrong\n"), "{page}");
}

#[test]
fn a_request_that_was_never_answered_is_printed_too() {
    let url = server(vec![String::new()]);
    let page = try_with(&place(), &["trial.yaml", "--target", &url, "--population", "writers"]).with(1);
    assert!(page.contains("wrong failed.reset: "), "{page}");
    assert!(page.contains("  > POST /form HTTP/1.1\n"), "{page}");
}

#[test]
fn what_cannot_be_tried_is_told_before_any_traffic() {
    let place = place();
    let told = |args: &[&str], code: i32, part: &str| {
        let ended = try_with(&place, &[&["trial.yaml"], args].concat());
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        assert!(ended.stderr.contains(part), "{}", ended.stderr);
        assert_eq!(ended.stdout, "");
    };
    told(&["--population", "nobody"], 2, "the scenario has readers, writers");
    told(&["--population", "writers", "--session", "3"], 2, "population `writers` has 3 sessions, counted from 0");
    told(&["--target", "http://192.0.2.1"], 4, "--allow-host 192.0.2.1");
    told(&["--target", "http://127.0.0.1:1"], 4, "cannot connect");
}
