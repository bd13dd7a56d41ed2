//! Requests tried again: which, how often, after which wait, and what is counted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use crate::rig::{Done, run, scenario, scrutinio, side_by_side, start_run};
use crate::server::{Reply, Request, Server, ok};
use rustix::process::Signal;

const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

/// A server that does `wrong` to the first `k` tries of each session and then answers rightly. The session is the
/// path's last part, so that it stays what it is over all tries.
fn failing(k: usize, wrong: impl Fn() -> Reply + Send + Sync + 'static) -> Server {
    let tries = Mutex::new(BTreeMap::<String, usize>::new());
    Server::start(move |request| {
        let seen = *tries.lock().unwrap().entry(request.line.clone()).and_modify(|n| *n += 1).or_insert(1);
        if seen <= k { wrong() } else { Reply::Keep(ok("fine")) }
    })
}

fn busy() -> Reply {
    Reply::Keep(BUSY.into())
}

/// Ten sessions, each with one GET of its own path.
fn ten(server: &Server, policy: &str, retry: &str, more: &str) -> Done {
    let steps = format!("[{{ get: \"/{{{{session}}}}\", timeout: 60s, retry: {retry} }}]");
    run(&scenario(&server.url(), 10, 1, policy, &steps, more), &[])
}

fn retries(done: &Done) -> (u64, u64, u64) {
    (done.count("/exchanges"), done.count("/retries/retries"), done.count("/retries/refused_by_budget"))
}

#[test]
fn a_request_that_fails_twice_is_sent_three_times_and_is_right() {
    for policy in ["session", "request", "{ shared: 2 }"] {
        let server = failing(2, busy);
        let done = ten(&server, policy, "{ on: [5xx], times: 3, backoff: 1ms }", "");
        assert_eq!((done.completed(), retries(&done)), (10, (30, 20, 0)), "{policy}: {}", done.said);
        assert_eq!(done.number("/retries/amplification"), 3.0);
        assert_eq!(done.count("/populations/users/retries/retries"), 20);
        assert_eq!(server.requests().len(), 30);
        // What was tried again has not failed: there is no sample of it.
        assert!(done.failures().is_empty() && done.summary["requests"]["by_reason"].as_object().unwrap().is_empty());
    }
}

#[test]
fn after_its_last_try_it_has_failed_once() {
    let server = Server::start(|_| busy());
    let done = ten(&server, "session", "{ on: [503], times: 2, backoff: 1ms }", "");
    assert_eq!((done.reason("failed.status"), retries(&done)), (10, (30, 20, 0)));
    assert_eq!(done.count("/populations/users/by_status/503"), 10, "a status of each request, not of each try");
}

#[test]
fn every_end_can_be_a_cause_and_none_that_is_not_named() {
    let short = || Reply::Keep(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad".to_vec());
    type Cause = (&'static str, fn() -> Reply, &'static str);
    let causes: [Cause; 5] = [
        ("reset", || Reply::Reset(Vec::new()), "60s"),
        ("timeout", || Reply::Silence, "300ms"),
        ("bad_bytes", || Reply::Keep(b"EHLO mail\r\n\r\n".to_vec()), "60s"),
        ("expect", short, "60s"),
        ("429", || Reply::Keep(b"HTTP/1.1 429 Too Many\r\nContent-Length: 0\r\n\r\n".to_vec()), "60s"),
    ];
    side_by_side(causes, |(on, wrong, timeout)| {
        let steps = |on: &str| {
            format!(
                "[{{ get: \"/{{{{session}}}}\", timeout: {timeout}, expect: {{ text: fine }}, \
                 retry: {{ on: [{on}], times: 5, backoff: 1ms }} }}]"
            )
        };
        let server = failing(1, wrong);
        let done = run(&scenario(&server.url(), 4, 1, "session", &steps(on), ""), &[]);
        assert_eq!(done.completed(), 4, "{on}: {}", done.summary["requests"]);
        assert!(done.count("/retries/retries") >= 4, "{on}");
        let server = failing(1, wrong);
        let done = run(&scenario(&server.url(), 4, 1, "session", &steps("502, refused"), ""), &[]);
        assert_eq!((done.completed(), done.count("/retries/retries")), (0, 0), "{on}");
    });
}

#[test]
fn a_refused_connection_is_tried_again_without_an_exchange() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", closed.local_addr().unwrap());
    let steps = "[{ get: /, retry: { on: [refused], times: 2, backoff: 1ms } }]";
    let text = scenario(&url, 5, 2, "request", steps, "");
    // It takes the one connection by which `run` sees that it is there, and then no more.
    let taker = std::thread::spawn(move || drop(closed.accept()));
    let done = run(&text, &[]);
    taker.join().unwrap();
    assert_eq!((done.reason("failed.refused"), retries(&done)), (5, (0, 10, 0)), "{}", done.said);
    assert!(done.summary["retries"]["amplification"].is_null(), "nothing was on the wire");
}

#[test]
fn every_try_sends_the_same_bytes_under_the_same_key() {
    let posts = Mutex::new(0);
    let server = Server::start(move |request| {
        let mut n = posts.lock().unwrap();
        *n += 1;
        assert!(request.line.starts_with("POST"));
        if *n % 3 == 0 { Reply::Keep(ok("")) } else { busy() }
    });
    let steps = "[{ repeat: { times: 2, steps: [{ post: /votes, timeout: 60s, idempotency_key: true, \
                 json: { a: \"{{random.hex(16)}}\", n: \"{{step.nth}}\" } }] } }]";
    let policy = "session, retry: { on: [5xx], times: 3, backoff: { exponential: 1ms, jitter: full } }";
    let done = run(&scenario(&server.url(), 1, 1, policy, steps, ""), &[]);
    assert_eq!((done.completed(), retries(&done)), (2, (6, 4, 0)));
    let sent: Vec<(String, Vec<u8>)> = server.requests().iter().map(|it| (key(it), it.body.clone())).collect();
    assert!(sent[0] == sent[1] && sent[1] == sent[2], "{sent:?}");
    assert!(sent[3] == sent[4] && sent[4] == sent[5], "{sent:?}");
    assert!(sent[0].0 != sent[3].0 && sent[0].1 != sent[3].1, "another request has another key");
}

fn key(request: &Request) -> String {
    request.header("idempotency-key").unwrap().to_owned()
}

#[test]
fn a_flows_policy_leaves_a_post_without_a_key_alone() {
    let server = failing(1, busy);
    let policy = "session, retry: { on: [5xx], times: 3, backoff: 1ms }";
    let text = |step: &str| scenario(&server.url(), 1, 1, policy, step, "");
    assert_eq!(run(&text("[{ post: /a }]"), &[]).reason("failed.status"), 1);
    assert_eq!(run(&text("[{ put: /b }]"), &[]).completed(), 1);
    assert_eq!(run(&text("[{ post: /c, idempotency_key: true }]"), &[]).completed(), 1);
    // A policy of its own is asked for by name.
    assert_eq!(run(&text("[{ post: /d, retry: { on: [503], times: 1, backoff: 1ms } }]"), &[]).completed(), 1);
    assert_eq!(run(&text("[{ get: /e, retry: { on: [503], times: 0 } }]"), &[]).reason("failed.status"), 1);
}

#[test]
fn a_budget_bounds_retries_to_its_share_of_the_requests() {
    let server = Server::start(|_| busy());
    let steps = "[{ repeat: { times: 20, steps: [{ get: /, timeout: 60s, \
                 retry: { on: [5xx], times: 1, backoff: 1ms, budget: 20% } }] } }]";
    // One session, one lane: each fifth request finds the price of one retry in the bucket.
    let done = run(&scenario(&server.url(), 1, 1, "session", steps, ""), &["--lanes", "1"]);
    assert_eq!((done.reason("failed.status"), retries(&done)), (20, (24, 4, 16)));
}

#[test]
fn a_retry_after_is_waited_for_up_to_its_bound() {
    let instants = Mutex::new(Vec::new());
    let server = std::sync::Arc::new(instants);
    let seen = std::sync::Arc::clone(&server);
    let listening = Server::start(move |_| {
        let mut seen = seen.lock().unwrap();
        seen.push(Instant::now());
        let after = if seen.len() == 1 { 1 } else { 3_600 };
        let busy = format!("HTTP/1.1 503 Busy\r\nRetry-After: {after}\r\nContent-Length: 0\r\n\r\n");
        if seen.len() < 3 { Reply::Keep(busy.into()) } else { Reply::Keep(ok("")) }
    });
    let steps = "[{ get: /, timeout: 60s, retry: { on: [503], times: 2, backoff: 1ms, respect_retry_after: 1500ms } }]";
    let done = run(&scenario(&listening.url(), 1, 1, "session", steps, ""), &[]);
    assert_eq!(done.completed(), 1);
    let at = server.lock().unwrap();
    assert!(at[1] - at[0] >= Duration::from_secs(1), "as the server asked");
    assert!(at[2] - at[1] >= Duration::from_millis(1_500), "no longer than the bound, which is long enough to see");
    // T2: the response spans both waits.
    assert!(done.count("/latency_us/response/min") >= 2_500_000);
}

/// A date as an answer has it, `ahead` seconds from now (RFC 9110 section 5.6.7), in one of its three forms.
fn date(form: &str, ahead: i64) -> (String, SystemTime) {
    let seconds = jiff::Timestamp::now().as_second() + ahead;
    let text = jiff::Timestamp::from_second(seconds).unwrap().strftime(form).to_string();
    (text, SystemTime::UNIX_EPOCH + Duration::from_secs(seconds as u64))
}

#[test]
fn a_retry_after_may_be_a_date() {
    side_by_side(["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"], |form| {
        let seen = Arc::<Mutex<Vec<SystemTime>>>::default();
        let (shared, (soon, instant)) = (Arc::clone(&seen), date(form, 3));
        let server = Server::start(move |_| {
            let mut seen = shared.lock().unwrap();
            seen.push(SystemTime::now());
            // Soon; long ago, which is now; and so late that the bound takes its place.
            let after = match seen.len() {
                1 => soon.clone(),
                2 => date(form, -86_400).0,
                3 => date(form, 86_400).0,
                _ => return Reply::Keep(ok("")),
            };
            Reply::Keep(format!("HTTP/1.1 503 Busy\r\nRetry-After: {after}\r\nContent-Length: 0\r\n\r\n").into())
        });
        let steps = "[{ get: /, timeout: 60s, retry: { on: [503], times: 3, backoff: 1ms, respect_retry_after: 4s } }]";
        let done = run(&scenario(&server.url(), 1, 1, "session", steps, ""), &[]);
        assert_eq!(done.completed(), 1, "{form}: {}", done.detail());
        let seen = seen.lock().unwrap();
        assert!(seen[1] >= instant, "{form}: not before the date, {:?} early", instant.duration_since(seen[1]));
        let waited = |n: usize| seen[n].duration_since(seen[n - 1]).unwrap();
        assert!(waited(3) >= Duration::from_secs(4), "{form}: as long as the bound");
        assert!(waited(2) < waited(3), "{form}: a date that is past asks for no wait");
    });
}

#[test]
fn an_objective_on_amplification_is_met_and_breached() {
    let server = failing(1, busy);
    let slo = "slo: { overall: [\"amplification < 2\", \"amplification <= 2\"], users: [\"amplification < 2.1\"] }";
    let done = ten(&server, "session", "{ on: [503], times: 1, backoff: 1ms }", slo);
    let results: Vec<_> = done.summary["objectives"].as_array().unwrap().iter().map(|o| o["result"].clone()).collect();
    assert_eq!(results, ["breached", "met", "met"], "{}", done.summary["objectives"]);
    assert_eq!(done.number("/objectives/0/observed"), 2.0);
    assert_eq!((done.count("/objectives/0/n"), done.count("/objectives/0/k")), (10, 20));
    assert_eq!(done.code, 1, "NOT READY: {}", done.said);
    assert_eq!(done.summary["reasons"][0]["code"], "breached");
}

#[test]
fn a_run_that_is_stopped_leaves_unfinished_what_waits_for_its_next_try() {
    let server = Server::start(|_| busy());
    let steps = "[{ get: /, retry: { on: [503], times: 1, backoff: 1h } }, { get: / }]";
    let running = start_run(&scenario(&server.url(), 3, 1, "session", steps, ""), &[]);
    server.wait_until(|requests| requests.len() == 3);
    running.signal(Signal::TERM);
    let done = running.wait();
    let unfinished = ["stopped", "not_begun"].map(|reason| done.reason(&format!("unfinished.{reason}")));
    assert_eq!((unfinished, retries(&done)), ([3, 3], (3, 3, 0)), "{}", done.summary["requests"]);
}

#[test]
fn try_shows_every_try() {
    let server = failing(2, busy);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.yaml");
    let steps = "[{ get: /, retry: { on: [503], times: 2, backoff: 1ms } }]";
    std::fs::write(&file, scenario(&server.url(), 1, 1, "session", steps, "")).unwrap();
    let out = scrutinio().arg("try").arg(&file).output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    assert_eq!((text.matches("> GET / HTTP/1.1").count(), text.matches("503").count() >= 2), (3, true), "{text}");
    assert!(text.contains("1 right, 0 wrong, 2 tried again"), "{text}");
    assert!(out.status.success());
}

/// docs/sources.md, Retries: with m attempts, each failing with probability f, (1 − f^m) / (1 − f) exchanges a request.
#[test]
fn amplification_is_what_the_formula_says() {
    side_by_side(
        [(0.5, 2, 1.5), (0.5, 3, 1.75), (0.5, 4, 1.875), (0.9, 3, 2.71), (1.0, 3, 3.0)],
        |(f, m, expected)| {
            let errors = format!("{}%", f * 100.0);
            let target = format!("{{ embedded: knobs, errors: {errors} }}");
            let steps = format!(
                "[{{ repeat: {{ times: 400, steps: [{{ get: /, timeout: 60s, retry: {{ on: [503], times: {}, backoff: 0s }} }}] }} }}]",
                m - 1
            );
            let done = run(&scenario(&target, 5, 1, "session", &steps, ""), &[]);
            let seen = done.number("/retries/amplification");
            // Exchanges a request differ by at most m: four standard errors of 2,000 requests are below 4 m / 2 / √2000.
            let tolerance = if f == 1.0 { 1e-9 } else { 2.0 * f64::from(m) / 2_000f64.sqrt() };
            assert!((seen - expected).abs() < tolerance, "f = {f}, m = {m}: {seen}, expected {expected}");
        },
    );
}

#[test]
fn a_target_that_sheds_says_when_to_come_back() {
    let busy = "{ get: /, expect: { status: 503, header: { Retry-After: \"2\" } } }";
    let target = "{ embedded: knobs, shed: 1/h, shed_retry_after: 1500ms }";
    let done = run(&scenario(target, 1, 1, "session", &format!("[{{ get: / }}, {busy}, {busy}]"), ""), &[]);
    assert_eq!(done.completed(), 3, "{}", done.detail());
}
