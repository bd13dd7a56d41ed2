//! `before` and `after`: a session each on either side of the plan, in no count of the run (O4, O7, O8).

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::process::Signal;
use serde_json::json;

use crate::rig::{Done, run, scrutinio, start_run};
use crate::server::{Reply, Request, Server, ok};

const TOKEN: &str = "t0ken-of/before\"0815";
const BEFORE: &str = "before: { steps: [{ post: /reset }, { get: /token, save: { token: json $.token } }] }";
const AFTER: &str = "after: { settle: 50ms, steps: [{ get: /stock, expect: { json: { $.lost_updates: 0 } } }] }";
const SLO: &str = "slo: { overall: ['errors < 50%'] }";

/// Twenty sessions at once, each of one request, which send the token.
fn shop(url: &str, around: &[&str]) -> String {
    let headers = if around.contains(&BEFORE) { "headers: { X-Token: \"{{before.token}}\" }" } else { "" };
    let around = around.join("\n");
    format!(
        "name: shop\nclock: {{ from: 2026-01-01T00:00:00, to: 2026-01-01T00:00:01 }}\ntarget: {url}\n{headers}\n{around}\n\
         populations: {{ buyers: {{ users: 20, arrivals: {{ burst: {{ at: '00:00', weight: 100% }} }}, flow: buy }} }}\n\
         flows: {{ buy: {{ steps: [{{ post: /buy, name: buy }}] }} }}\n"
    )
}

/// A shop that gives the token, and whose stock is as told.
fn server(stock: impl Fn() -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |request| match path(request) {
        "/token" => Reply::Keep(ok(&json!({ "token": TOKEN }).to_string())),
        "/stock" => stock(),
        _ => Reply::Keep(ok("")),
    })
}

fn stock(lost: u32) -> Reply {
    Reply::Keep(ok(&json!({ "lost_updates": lost, "token": TOKEN }).to_string()))
}

fn answer(status: &str) -> Reply {
    Reply::Keep(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").into_bytes())
}

fn path(request: &Request) -> &str {
    request.line.split(' ').nth(1).unwrap()
}

fn paths(server: &Server) -> Vec<String> {
    server.requests().iter().map(|request| path(request).to_owned()).collect()
}

fn codes(done: &Done) -> Vec<&str> {
    done.summary["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].as_str().unwrap()).collect()
}

#[test]
fn what_before_saves_is_sent_by_all_and_neither_session_is_counted() {
    let server = server(|| stock(0));
    let done = run(&shop(&server.url(), &[BEFORE, AFTER, SLO]), &[]);
    assert_eq!((done.code, &done.summary["verdict"]), (0, &json!("READY")), "{}", done.said);
    let seen = paths(&server);
    assert_eq!((seen.len(), &*seen[0], &*seen[1], &*seen[22]), (23, "/reset", "/token", "/stock"), "{seen:?}");
    let tokens: Vec<_> = server.requests().iter().map(|it| it.header("x-token").map(str::to_owned)).collect();
    assert_eq!(tokens[..2], [None, None], "it has yet to fetch it");
    assert!(tokens[2..].iter().all(|token| token.as_deref() == Some(TOKEN)), "{tokens:?}");
    assert_eq!((done.count("/requests/planned"), done.completed(), done.count("/exchanges")), (20, 20, 20));
    assert_eq!(done.summary["populations"].as_object().unwrap().keys().collect::<Vec<_>>(), ["buyers"]);
    let steps = |key: &str| {
        let all = done.summary[key].as_array().unwrap();
        all.iter().map(|it| (it["step"].clone(), it["status"].clone(), it["outcome"].clone())).collect::<Vec<_>>()
    };
    let right = |step: &str| (json!(step), json!(200), json!("right"));
    assert_eq!(steps("before"), [right("POST /reset"), right("GET /token")]);
    assert_eq!(steps("after"), [right("GET /stock")]);
}

#[test]
fn what_before_saves_is_in_no_file_and_no_print() {
    // All that is said repeats it, right or wrong.
    let server = Server::start(|request| match path(request) {
        "/token" => Reply::Keep(ok(&json!({ "token": TOKEN }).to_string())),
        "/stock" => Reply::Keep(ok(&json!({ "lost_updates": TOKEN }).to_string())),
        "/buy" => Reply::Keep(ok(&json!({ "you": request.header("x-token") }).to_string())),
        _ => Reply::Keep(ok(&format!("{TOKEN} {}", String::from_utf8_lossy(&request.body)))),
    });
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("shop.yaml");
    let yaml = shop(&server.url(), &[BEFORE, AFTER, SLO]);
    // And what only `before` sends.
    let yaml = yaml.replace("post: /reset", "post: /reset, text: \"{{secret.password}}\"")
        + "secrets: { password: { env: PASSWORD } }\n";
    std::fs::write(&file, yaml.replace("name: buy }", "name: buy, expect: { json: { $.you: somebody } } }")).unwrap();
    let printed = |args: &[&str], code: i32| {
        let output = scrutinio().current_dir(temp.path()).env("PASSWORD", "pa55word").args(args).output().unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(code), "{text}");
        without_token(&args.join(" "), &text);
        text
    };
    assert!(printed(&["run", "shop.yaml"], 1).contains("$.lost_updates is `***`, expected `0`"));
    let folders: Vec<PathBuf> = files(&temp.path().join("results"));
    assert!(folders.iter().any(|path| path.ends_with("failures.ndjson")), "{folders:?}");
    for path in &folders {
        without_token(&path.display().to_string(), &String::from_utf8_lossy(&std::fs::read(path).unwrap()));
    }
    let folder = folders[0].parent().unwrap().display().to_string();
    assert!(printed(&["report", &folder], 0).contains("broken"));
    let page = printed(&["try", "shop.yaml"], 1);
    let parts = [
        "before\n",
        "1 POST /reset · right\n",
        "saved token = ***\n",
        "\n2 right, 0 wrong\n\nsession 0 of buyers · 1 request planned · to ",
        "X-Token: ***\n",
        "\n0 right, 1 wrong\n\nafter\n\n1 GET /stock · wrong failed.expect: $.lost_updates is `***`, expected `0`\n",
    ];
    parts.iter().fold(0, |at, part| {
        at + page[at..].find(part).unwrap_or_else(|| panic!("no `{part}` behind byte {at} of\n{page}"))
    });
    let page = printed(&["check", "shop.yaml"], 0);
    assert!(page.contains("before         POST /reset · GET /token; saves token\n"), "{page}");
    assert!(page.contains("after          GET /stock; 50ms behind the last session\n"), "{page}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn without_token(what: &str, text: &str) {
    for form in [TOKEN, "pa55word", "t0ken-of", "before\\\"0815", "before%220815"] {
        assert!(!text.contains(form), "{what} has `{form}`:\n{text}");
    }
}

#[test]
fn a_wrong_answer_to_before_ends_everything_with_4() {
    for (wrong, said) in
        [("503 Oops", "GET /token: status 503; 2xx is right"), ("200 OK", "GET /token: the body is not JSON: ")]
    {
        let server = Server::start(move |request| match path(request) {
            "/token" => answer(wrong),
            _ => Reply::Keep(ok("")),
        });
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("shop.yaml");
        std::fs::write(&file, shop(&server.url(), &[BEFORE, AFTER, SLO])).unwrap();
        for (command, asked) in [("run", 2), ("try", 4)] {
            let output = scrutinio().current_dir(temp.path()).args([command, "shop.yaml"]).output().unwrap();
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(4), "{error}");
            assert!(error.contains("`before` failed, so nothing else was sent") && error.contains(said), "{error}");
            assert_eq!(paths(&server).len(), asked, "nothing behind it");
        }
        assert!(!temp.path().join("results").exists(), "no folder");
    }
}

#[test]
fn an_expectation_of_after_that_does_not_hold_is_not_ready_before_all_else() {
    let server = server(|| stock(73));
    let done = run(&shop(&server.url(), &[AFTER, SLO]), &[]);
    assert_eq!((done.code, &done.summary["verdict"]), (1, &json!("NOT READY")), "{}", done.said);
    let reason = &done.summary["reasons"][0];
    assert_eq!(reason["code"], "invariant");
    assert_eq!(reason["seen"], "GET /stock: $.lost_updates is `73`, expected `0`");
    assert_eq!(done.summary["after"][0]["outcome"], "broken");
    // Without objectives too; with one that is breached, and a run that is not valid, it comes first.
    let done = run(&shop(&server.url(), &[AFTER]), &[]);
    assert_eq!((done.code, codes(&done)), (1, vec!["invariant"]), "{}", done.said);
    let yaml = shop(&server.url(), &[AFTER, SLO]).replace("post: /buy,", "post: /buy, expect: { status: 404 },");
    let done = run(&(yaml + "limits: { max_in_flight: 15 }\n"), &["--lanes", "1"]);
    assert_eq!((done.code, codes(&done)[..2].to_vec()), (1, vec!["invariant", "unsent_requests"]), "{}", done.said);
}

#[test]
fn an_after_that_holds_proves_nothing_alone() {
    let server = server(|| stock(0));
    let done = run(&shop(&server.url(), &[AFTER]), &[]);
    assert_eq!((done.code, &done.summary["verdict"]), (0, &json!(null)), "{}", done.said);
    assert_eq!(done.summary["after"][0]["outcome"], "right");
}

#[test]
fn an_after_without_the_answer_that_was_expected_is_invalid() {
    for (reply, detail) in [
        (answer as fn(&str) -> Reply, "status 500; 2xx is right"),
        ((|_| Reply::Close(Vec::new())) as fn(&str) -> Reply, ""),
    ] {
        let server = server(move || reply("500 Oops"));
        for around in [&[AFTER, SLO][..], &[AFTER]] {
            let done = run(&shop(&server.url(), around), &[]);
            assert_eq!((done.code, codes(&done)), (3, vec!["invariant_unknown"]), "{}", done.said);
            let seen = done.summary["reasons"][0]["seen"].as_str().unwrap();
            assert!(seen.starts_with("GET /stock: ") && seen.contains(detail), "{seen}");
        }
    }
}

#[test]
fn after_tries_again_as_its_policy_says_and_lists_the_last_try() {
    let asked = AtomicUsize::new(0);
    let server = server(move || match asked.fetch_add(1, Ordering::Relaxed) {
        0 => answer("503 Oops"),
        _ => stock(0),
    });
    let policy = AFTER.replace("settle: 50ms,", "settle: 0s, retry: { on: [503], times: 2, backoff: 20ms },");
    let done = run(&shop(&server.url(), &[&policy, SLO]), &[]);
    assert_eq!((done.code, done.summary["after"].as_array().unwrap().len()), (0, 1), "{}", done.said);
    assert_eq!(paths(&server).iter().filter(|path| *path == "/stock").count(), 2);
}

#[test]
fn a_run_that_is_stopped_has_no_after() {
    // In the run, and while it waits for the service to settle.
    for settling in [false, true] {
        let server = Server::start(move |request| match path(request) {
            "/buy" if !settling => Reply::Silence,
            _ => Reply::Keep(ok("")),
        });
        let long = AFTER.replace("50ms", "20s");
        let running = start_run(&shop(&server.url(), &[&long, SLO]), &[]);
        server.wait_until(|requests| requests.len() == 20);
        if settling {
            running.wait_to_say("`after` comes in 20s");
        }
        running.signal(Signal::TERM);
        let done = running.wait();
        assert_eq!((done.code, &done.summary["ending"]), (130, &json!("interrupted")), "{}", done.said);
        assert_eq!((codes(&done)[0], &done.summary["after"]), ("interrupted", &json!([])));
        assert_eq!(paths(&server).len(), 20, "nobody asked for the stock");
    }
}

#[test]
fn a_signal_while_before_waits_ends_at_once() {
    let server = Server::start(|_| Reply::Silence);
    let running = start_run(&shop(&server.url(), &[BEFORE, AFTER, SLO]), &[]);
    server.wait_until(|requests| !requests.is_empty());
    running.signal(Signal::INT);
    assert_eq!(running.exit_code(), 130);
    assert_eq!(paths(&server), ["/reset"]);
}

#[test]
fn what_an_embedded_target_received_is_the_runs_own() {
    let yaml = shop(
        "{ embedded: knobs }",
        &["before: { steps: [{ get: / }, { get: / }] }", "after: { settle: 0s, steps: [{ get: / }] }"],
    );
    let done = run(&yaml, &["--lanes", "1"]);
    assert_eq!((done.code, done.count("/exchanges"), done.count("/target/received")), (0, 20, 20), "{}", done.said);
}

#[test]
fn neither_session_moves_the_plan_and_their_text_is_in_its_digest() {
    let checked = |around: &[&str], args: &[&str]| {
        let temp = tempfile::tempdir().unwrap();
        std::fs::write(temp.path().join("shop.yaml"), shop("http://127.0.0.1:1", around)).unwrap();
        let output =
            scrutinio().current_dir(temp.path()).args(["check", "shop.yaml", "--json"]).args(args).output().unwrap();
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let check = |around: &[&str]| {
        let check = checked(around, &[]);
        ((check["requests"].clone(), check["arrivals_hash"].clone()), check["plan_digest"].clone())
    };
    let before = "before: { steps: [{ get: / }] }";
    let plans = [&[][..], &[before], &[AFTER], &[before, AFTER], &["before: { steps: [{ get: /b }] }"]].map(check);
    assert!(plans.iter().all(|(plan, _)| *plan == plans[0].0), "{plans:?}");
    let digests: std::collections::BTreeSet<String> = plans.iter().map(|(_, digest)| digest.to_string()).collect();
    assert_eq!(digests.len(), plans.len(), "{plans:?}");
    let scaled = checked(&[before, AFTER], &["--scale", "2"]);
    assert_eq!(
        (&scaled["requests"], &scaled["before"], &scaled["after"]),
        (&json!(40), &json!(["GET /"]), &json!(["GET /stock"]))
    );
}

#[test]
fn a_value_that_before_did_not_save_ends_everything_with_4() {
    let server = server(|| stock(0));
    let ended = "if: { value: kind, is: other, then: [{ get: /token, save: { token: json $.token } }] }";
    let before = format!("before: {{ steps: [{{ get: /token, save: {{ kind: json $.token }} }}, {{ {ended} }}] }}");
    let temp = tempfile::tempdir().unwrap();
    std::fs::write(temp.path().join("shop.yaml"), shop(&server.url(), &[&before, SLO])).unwrap();
    let output = scrutinio().current_dir(temp.path()).args(["run", "shop.yaml"]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(4), "{error}");
    assert!(error.contains("the session: it ended without having saved all of kind, token"), "{error}");
    assert_eq!(paths(&server), ["/token"]);
}

#[test]
fn a_stream_of_after_that_is_lost_says_nothing_of_the_invariant() {
    let server = Server::start(|request| match path(request) {
        "/live" => Reply::Close(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n".to_vec()),
        _ => Reply::Keep(ok("")),
    });
    let after = "after: { settle: 0s, steps: [{ sse: /live, then: [{ receive: 1 }] }, { get: /stock }] }";
    let done = run(&shop(&server.url(), &[after, SLO]), &[]);
    assert_eq!((done.code, codes(&done)), (3, vec!["invariant_unknown"]), "{}", done.said);
    let after = done.summary["after"].as_array().unwrap();
    assert_eq!((&after[0]["outcome"], &after[1]["outcome"]), (&json!("unknown"), &json!("right")), "{after:?}");
    assert!(after[0]["detail"].as_str().unwrap().starts_with("failed.reset: "), "{after:?}");
}
