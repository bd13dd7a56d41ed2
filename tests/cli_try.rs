//! `try` as a writer of scenarios meets it: every request and answer of one session, and exit codes.
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod cli_support;

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
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
        "waits are shortened, except within `while`, and streams to 2s: compress 1000000 instead of 1; --compress 1 keeps them",
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
    assert!(page.contains("· wrong failed.status: status 500; 2xx is right\n"), "{page}");
    assert!(page.contains("\n  < no\n") && page.contains("\n  < fine\n"), "{page}");
    assert!(page.contains("\n1 right, 1 wrong\n"), "{page}");
}

#[test]
fn answers_that_ask_for_a_login_say_once_how_to_log_in() {
    let url = server(vec![answer("401 Who", "", "no"), answer("403 Not you", "", "no")]);
    let page = try_with(&place(), &["trial.yaml", "--target", &url]).with(1);
    let hint = "hint: `auth: { bearer: … }` logs in; `expect: { status: 401 }` if 401 is right\n";
    assert!(page.contains(&format!("\n0 right, 2 wrong\n{hint}")) && page.matches("hint:").count() == 1, "{page}");
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
fn every_stop_of_a_redirect_is_printed_with_where_it_leads() {
    let place = Place::new();
    let flow = SCENARIO.lines().find(|line| line.starts_with("  read:")).unwrap();
    let steps = "[{ post: /logon, form: { t: \"{{env.TRIAL_TOKEN}}\" }, name: logon, follow: 5 }]";
    place.file("away.yaml", &SCENARIO.replace(flow, &format!("  read: {{ steps: {steps} }}")));
    let away = |to: &str| answer("302 Found", &format!("Location: {to}\r\n"), "moved");
    let url = server(vec![away("/home?t=s3cret%2F%22value%22"), away("/start"), answer("200 OK", "", "welcome")]);
    let page = try_with(&place, &["away.yaml", "--target", &url]).with(0);
    let start = page.find("1 logon · followed\n").unwrap_or_else(|| panic!("{page}"));
    let parts = [
        "\n  > POST /logon HTTP/1.1\n",
        "\n  < HTTP/1.1 302 Found\n",
        "\n  < moved\n",
        &format!("\n  leads to GET {url}/home?t={{{{env.TRIAL_TOKEN}}}}\n"),
        "\n2 logon · redirect 1 · followed\n  due 0s · sent ",
        "\n  > GET /home?t={{env.TRIAL_TOKEN}} HTTP/1.1\n",
        "\n3 logon · redirect 2 · right\n",
        "\n  > GET /start HTTP/1.1\n",
        "\n  < welcome\n",
        "\n1 right, 0 wrong, 2 redirected\n",
    ];
    parts.iter().fold(start, |at, part| {
        at + page[at..].find(part).unwrap_or_else(|| panic!("no `{part}` behind byte {at} of\n{page}"))
    });
    assert!(!page.contains("s3cret"), "{page}");
}

#[test]
fn a_stop_that_cannot_be_reached_is_not_taken_for_the_one_before() {
    let place = Place::new();
    let flow = SCENARIO.lines().find(|line| line.starts_with("  read:")).unwrap();
    let steps = "[{ get: /logon, follow: 5 }]";
    place.file("gone.yaml", &SCENARIO.replace(flow, &format!("  read: {{ steps: {steps} }}")));
    let url = server(vec![answer("302 Found", "Location: /home\r\n", "")]);
    // The server has gone when the second connection is opened.
    let page = try_with(&place, &["gone.yaml", "--target", &url]).with(1);
    assert!(page.contains("redirect 1 · wrong failed."), "{page}");
    assert!(page.contains("\n  > GET /home HTTP/1.1\n") && page.matches("> GET /logon ").count() == 1, "{page}");
}

/// The scenario with a flow that is on an event stream.
fn live(place: &Place, then: &str) {
    let flow = SCENARIO.lines().find(|line| line.starts_with("  read:")).unwrap();
    let steps = format!("[{{ sse: /live, name: live, timeout: 5s, ended: link, then: {then} }}]");
    place.file("live.yaml", &SCENARIO.replace(flow, &format!("  read: {{ steps: {steps} }}")));
}

fn events(data: &[String]) -> String {
    let events: String = data.iter().map(|data| format!("event: turnout\ndata: {data}\n\n")).collect();
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n{events}")
}

#[test]
fn the_first_messages_of_a_stream_are_printed_without_secrets_and_the_others_counted() {
    let place = Place::new();
    live(&place, "[{ receive: 1 }, { receive: { text: last } }]");
    let mut data = vec![format!("{TOKEN}{}", "x".repeat(300)); 14];
    data.push("last".to_owned());
    let page = try_with(&place, &["live.yaml", "--target", &server(vec![events(&data)])]).with(0);
    assert!(page.contains("live · right\n"), "{page}");
    assert_eq!(page.matches(" event turnout, 314 B: {{env.TRIAL_TOKEN}}xxx").count(), 10, "{page}");
    assert!(page.contains("xxx …\n  < and 5 more\n  stream closed at "), "{page}");
    assert!(page.contains("· sent 0 messages, 0 B · received 15 messages, 4.3 KiB\n"), "{page}");
    assert!(page.contains("\n  first_event ") && page.contains("\n  saved link = closed\n"), "{page}");
    assert!(!page.contains("s3cret"), "{page}");
}

#[test]
fn a_stream_that_is_lost_says_why_and_exits_with_1() {
    let place = Place::new();
    live(&place, "[{ receive: 20 }]");
    let page = try_with(&place, &["live.yaml", "--target", &server(vec![events(&["one".to_owned()])])]).with(1);
    assert!(page.contains(" event turnout, 3 B: one\n  stream lost failed.reset: "), "{page}");
    assert!(page.contains("\n  saved link = lost\n\n1 right, 0 wrong, 1 stream lost\n"), "{page}");
}

#[test]
fn a_stream_that_cannot_be_opened_saves_that_under_its_own_request() {
    let place = Place::new();
    live(&place, "[]");
    let busy = || answer("503 Busy", "", "");
    let page = try_with(&place, &["live.yaml", "--target", &server(vec![busy()])]).with(1);
    assert!(page.contains("\n  saved link = lost\n\n0 right, 1 wrong\n"), "{page}");
    let text = std::fs::read_to_string(place.dir.path().join("live.yaml")).unwrap();
    place.file("live.yaml", &text.replace("then: [] }]", "then: [] }, { get: /next }]"));
    let page = try_with(&place, &["live.yaml", "--target", &server(vec![busy(), answer("200 OK", "", "")])]).with(1);
    let (own, next) = page.split_once(" GET /next").unwrap();
    assert!(own.contains("\n  saved link = lost\n") && !next.contains("saved"), "{page}");
}

#[test]
fn a_websocket_is_printed_both_ways_and_the_day_of_remote_work_can_be_tried() {
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/remote-work-smoke.yaml");
    let page = Place::new().run(&["try", scenario]).with(0);
    assert!(page.contains(" text, 11 B: {\"input\":1}\n"), "{page}");
    let frame = page.lines().find(|line| line.starts_with("  < ") && line.contains(" binary, ")).unwrap();
    assert!(frame.contains(": 00 00 00 00 00 00 00 01 00 ") && frame.ends_with(" …"), "{frame}");
    assert!(page.contains("\n  frame_gap ") && page.contains("\n  input_to_frame "), "{page}");
    assert!(page.contains("is it ready · right\n"), "{page}");
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

#[test]
fn a_file_name_that_is_not_utf8_is_part_of_the_command_to_paste() {
    let place = place();
    let name = OsStr::from_bytes(b"tr\xefal's.yaml");
    std::fs::rename(place.dir.path().join("trial.yaml"), place.dir.path().join(name)).unwrap();
    let output =
        place.command(&["try", "--target", "http://192.0.2.1"]).arg(name).env("TRIAL_TOKEN", TOKEN).output().unwrap();
    let ended = Ended::from(output);
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    let command = r"--target http://192.0.2.1 $'tr\xefal\'s.yaml' --allow-host 192.0.2.1";
    assert!(ended.stderr.contains(command), "{}", ended.stderr);
}

/// The page of a run that went wrong says how to look at it.
#[test]
fn the_command_beside_a_failure_shows_that_failure() {
    let place = Place::new();
    let scenario = SCENARIO.replace("compress: 1 ", "compress: 86400 ").replace("{{env.TRIAL_TOKEN}}", "t");
    let scenario = scenario.replace("name: second", "name: second, expect: { status: 201 }");
    place.file("a day.yaml", &format!("{scenario}slo: {{ readers.second: [\"errors < 1%\"] }}\n"));
    let page = place.run(&["run", "a day.yaml", "--quiet", "--set", "limits.timeout=2s"]).stdout;
    let line = page.lines().find(|line| line.contains("scrutinio try ")).unwrap_or_else(|| panic!("{page}"));
    let (program, arguments) = line.trim().split_once(' ').unwrap();
    assert_eq!(program, "scrutinio");
    let session = arguments.split(' ').skip_while(|word| *word != "-s").nth(1).unwrap();
    assert_eq!(arguments, format!("try 'a day.yaml' -p readers -s {session} --set limits.timeout=2s"));
    let told = place.run(&["try", "a day.yaml", "-p", "readers", "-s", session, "--set", "limits.timeout=2s"]).with(1);
    assert!(told.contains("status 200; 201 is right"), "{told}");
    assert!(page.contains("failed.status · readers.second · status 200; 201 is right\n"), "{page}");
    let shown = page.split("writes were not audited: ").nth(1).and_then(|rest| rest.lines().next());
    assert_eq!(shown, Some("3 POST /form"), "{page}");
}
