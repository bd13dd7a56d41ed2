//! What a session carries from one answer to the next: values found in pages.

use crate::rig::{Done, run};
use crate::server::{Reply, Server, ok};

const PAGE: &str = "<!doctype html><form id=login action='/go?a=1&amp;b=2'><input type=hidden name=csrf value='t&#x2f;1 x'>\
                    </form><h1> Log <b>on</b> </h1><script>var id = 'user-42';</script>";

/// One session of a flow in block style, and what else the scenario has.
fn session(target: &str, flow: &str, more: &str) -> Done {
    let head = "name: test\nclock: { from: 2026-01-01T00:00:00, to: 2026-01-01T00:00:01 }";
    let users = "populations:\n  users: { users: 1, arrivals: { process: even, curve: [constant: 1] }, flow: flow }";
    run(&format!("{head}\n{target}\n{users}\n{more}\nflows:\n  flow:\n{flow}"), &[])
}

fn steps(server: &Server, steps: &str) -> Done {
    session(&format!("target: {}", server.url()), &format!("    steps:\n{steps}"), "")
}

#[test]
fn values_of_a_page_are_saved_and_sent() {
    let server = Server::start(|_| Reply::Keep(ok(PAGE)));
    let flow = r##"
      - get: /
        save:
          csrf: form form#login input[name=csrf]
          to: attr "form#login" action
          title: text h1
          who: regex id = '([a-z]+-[0-9]+)'
          quoted: regex "user-.."
      - post: /in
        form: { csrf: "{{csrf}}", to: "{{to}}", title: "{{title}}", who: "{{who}}", quoted: "{{quoted}}" }
"##;
    let done = steps(&server, flow);
    assert_eq!(done.completed(), 2, "{}", done.detail());
    let body = String::from_utf8(server.requests()[1].body.clone()).unwrap();
    assert_eq!(body, "csrf=t%2F1%20x&to=%2Fgo%3Fa%3D1%26b%3D2&title=Log%20on&who=user-42&quoted=user-42");
}

#[test]
fn a_value_that_is_not_found_fails_the_request_and_says_what_was_missing() {
    for (from, why) in [
        ("form input[name=token]", "nothing to save: no element `input[name=token]` in the body"),
        ("attr form method", "nothing to save: the element `form` has no attribute `method`"),
        ("text h2", "nothing to save: no element `h2` in the body"),
        ("regex order=([0-9]+)", "nothing to save: no match of `order=([0-9]+)` in the body"),
    ] {
        let server = Server::start(|_| Reply::Keep(ok(PAGE)));
        let done = steps(&server, &format!("      - get: /\n        save:\n          x: {from}\n"));
        assert_eq!((done.completed(), done.reason("failed.expect")), (0, 1), "{from}");
        assert_eq!(done.detail(), why);
    }
}
