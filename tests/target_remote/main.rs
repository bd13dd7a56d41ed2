//! The remote-work service as its clients see it: the logon, the desktops, their streams, and its directory.

#![allow(clippy::unwrap_used)] // Clippy's exception for tests does not know that all of this file is one.

#[path = "../cli_support/mod.rs"]
mod cli_support;
mod client;
mod directory;
mod frames;
mod run;
mod stream;

use client::{Browser, quick, serve};
use scrutinio::target::remote::{Directory, RemoteOptions};
use scrutinio::unit::Span;
use std::time::{Duration, Instant};

#[test]
fn a_logon_as_a_browser_does_it() {
    let server = serve(quick(), None);
    let mut browser = Browser::new(&server);
    let first = browser.get("/");
    assert_eq!(first.status, 302);
    assert!(first.header("location").starts_with("/identity/authorize?state="), "{first:?}");
    let form = browser.get(first.header("location"));
    assert_eq!((form.status, form.header("content-type")), (200, "text/html; charset=utf-8"));
    let back = browser.form(&form.token(), "e051", "pass-e051");
    assert!(back.status == 302 && back.header("location").starts_with("/callback?code="), "{back:?}");
    let callback = back.header("location").to_owned();
    let inside = browser.get(&callback);
    assert_eq!((inside.status, inside.header("location")), (302, "/desktops"));
    let page = browser.get("/desktops");
    assert!(page.status == 200 && page.body.contains("data-id=\"e051-1\" data-kind=\"office\""), "{page:?}");
    assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["session"]);
    assert_eq!(browser.get("/").header("location"), "/desktops");
    assert_eq!(browser.get(&callback).status, 403, "a code is good once");
    assert_eq!(browser.post("/logout").status, 200);
    assert_eq!(browser.get("/api/desktops").status, 401);
}

#[test]
fn groups_decide_the_kind_of_desktop() {
    let server = serve(quick(), None);
    for (uid, kind) in [("e050", "cad"), ("e051", "office"), ("e623", "office")] {
        let mut browser = Browser::new(&server);
        browser.log_on(uid);
        let mine = browser.get("/api/desktops").json();
        assert_eq!((&mine["user"], &mine["desktops"][0]["kind"]), (&uid.into(), &kind.into()));
    }
}

#[test]
fn a_name_in_capitals_is_the_same_person() {
    let server = serve(quick(), None);
    let (mut one, mut two) = (Browser::new(&server), Browser::new(&server));
    one.log_on("e042");
    let token = two.follow("/").1.token();
    let callback = two.form(&token, "E042", "pass-e042").header("location").to_owned();
    two.get(&callback);
    let (mine, theirs) = (one.get("/api/desktops").json(), two.get("/api/desktops").json());
    assert_eq!((&mine["user"], &theirs), (&"e042".into(), &mine));
    let mut console = Browser::new(&server);
    let all = console.send("GET", "/api/console/desktops", "authorization: Bearer desk-console\r\n", "");
    assert_eq!(all.json()["count"], 1);
}

#[test]
fn what_is_wrong_is_told() {
    let server = serve(quick(), None);
    let mut browser = Browser::new(&server);
    let token = browser.follow("/").1.token();
    for (uid, password) in [("e001", "wrong"), ("nobody", "pass-nobody"), ("e001", ""), ("e001%2Cou=people", "x")] {
        let wrong = browser.form(&token, uid, password);
        assert!(wrong.status == 401 && wrong.body.contains("Name or password is wrong"), "{uid}: {wrong:?}");
        assert_eq!(wrong.token(), token, "one may try again");
    }
    let locked = browser.form(&token, "locked", "pass-locked");
    assert!(locked.status == 403 && locked.body.contains("is locked"), "{locked:?}");
    for forged in ["", "0123456789abcdef0123456789abcdef"] {
        assert_eq!(browser.form(forged, "e001", "pass-e001").status, 403);
    }
    assert_eq!(browser.form(&token, "e001", "pass-e001").status, 302);
    assert_eq!(browser.form(&token, "e001", "pass-e001").status, 403, "a form is good for one logon");
    let mut other = Browser::new(&server);
    other.follow("/");
    assert_eq!(other.form(&token, "e001", "pass-e001").status, 403, "somebody else's token");
}

#[test]
fn a_code_is_for_the_browser_that_began() {
    let server = serve(quick(), None);
    let (mut one, mut two) = (Browser::new(&server), Browser::new(&server));
    let token = one.follow("/").1.token();
    let callback = one.form(&token, "e001", "pass-e001").header("location").to_owned();
    two.follow("/");
    assert_eq!(two.get(&callback).status, 403);
    assert_eq!(one.get(&callback).status, 302);
}

#[test]
fn a_session_expires() {
    let session_time = Span::from_secs(3600);
    // An hour of the scenario is 50 ms.
    let server = serve(RemoteOptions { session_time, compress: 72_000.0, ..quick() }, None);
    let mut browser = Browser::new(&server);
    let token = browser.follow("/").1.token();
    let callback = browser.form(&token, "e001", "pass-e001").header("location").to_owned();
    assert_eq!(browser.get(&callback).status, 302);
    std::thread::sleep(Duration::from_millis(60));
    assert_eq!(browser.get("/api/desktops").status, 401);
    let page = browser.get("/desktops");
    assert!(page.status == 302 && page.header("location").starts_with("/identity/authorize"), "{page:?}");
}

#[test]
fn a_desktop_starts_in_scenario_time() {
    // Two minutes at 240 times the speed are half a second.
    let server = serve(RemoteOptions { start_time: Span::from_secs(120), compress: 240.0, ..quick() }, None);
    let mut browser = Browser::new(&server);
    browser.log_on("e100");
    let answer = browser.post("/api/desktops/e100-1/connect");
    assert_eq!((answer.status, &answer.json()["code"]), (409, &"wrong_state".into()));
    let begun = Instant::now();
    let answer = browser.post("/api/desktops/e100-1/start");
    assert_eq!((answer.status, &answer.json()["state"]), (202, &"starting".into()));
    browser.wait_for("e100-1", "ready");
    assert!(begun.elapsed() >= Duration::from_millis(500));
    assert_eq!(browser.get("/api/desktops/e001-1").status, 404, "not theirs");
    let answer = browser.post("/api/desktops/e100-1/logoff");
    assert_eq!((answer.status, &answer.json()["state"]), (200, &"stopped".into()));
    assert!(answer.json()["hours"].as_f64().unwrap() > 0.0);
}

#[test]
fn the_console_is_for_the_desk() {
    let server = serve(quick(), None);
    let mut browser = Browser::new(&server);
    assert_eq!(browser.get("/api/console/desktops").status, 401);
    browser.log_on("e001");
    assert_eq!(browser.get("/api/console/desktops").status, 403);
    let mut staff = Browser::new(&server);
    staff.log_on("e623");
    assert_eq!(staff.get("/api/console/desktops").json()["count"], 2);
    let bearer = "authorization: Bearer desk-console\r\n";
    let mut machine = Browser::new(&server);
    let mut ask = |method: &str, path: &str, body: &str| {
        let answer = machine.send(method, &format!("/api/console/desktops{path}"), bearer, body);
        (answer.status, answer.json())
    };
    let (status, made) = ask("POST", "", r#"{"owner":"e001","kind":"office"}"#);
    assert_eq!((status, &made["id"], &made["state"]), (201, &"e001-2".into(), &"stopped".into()));
    assert_eq!(ask("POST", "", r#"{"owner":"e001"}"#).0, 400);
    assert_eq!(ask("POST", "", &"x".repeat(5 << 20)).0, 413, "heard by who sends all of it");
    for (method, path, status) in
        [("PUT", "", 405), ("POST", "/e001-2", 405), ("GET", "/e001-2/start", 405), ("POST", "/e001-2/fly", 404)]
    {
        assert_eq!(ask(method, path, "").0, status, "{method} {path}");
    }
    assert_eq!(ask("POST", "/e001-2/start", "").1["state"], "ready");
    assert_eq!(ask("POST", "/e001-2/stop", "").1["state"], "stopped");
    assert_eq!(ask("DELETE", "/e001-2", "").1["state"], "destroyed");
    assert_eq!(ask("GET", "/e001-2", "").0, 404);
    assert_eq!(browser.get("/api/desktops").json()["desktops"].as_array().unwrap().len(), 1);
    let wrong = browser.post("/api/desktops");
    assert_eq!((wrong.status, wrong.header("allow")), (405, "GET"));
    let wrong = browser.get("/api/desktops/e001-1/logoff");
    assert_eq!((wrong.status, wrong.header("allow")), (405, "POST"));
}

#[test]
fn a_directory_that_is_gone_is_told() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = serve(RemoteOptions { directory: Directory::At(free), ..quick() }, None);
    assert_eq!(server.directory, None);
    let mut browser = Browser::new(&server);
    let token = browser.follow("/").1.token();
    let answer = browser.form(&token, "e001", "pass-e001");
    assert!(answer.status == 502 && answer.body.contains("The directory does not answer"), "{answer:?}");
}
