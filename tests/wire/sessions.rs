//! What a session carries from one answer to the next: values found in pages, cookies, and
//! where redirects lead it.

use crate::rig::{Done, run};
use crate::server::{Reply, Request, Server, ok};

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

/// A right answer that sets these cookies.
fn setting(cookies: &[&str]) -> Reply {
    let lines: String = cookies.iter().map(|cookie| format!("Set-Cookie: {cookie}\r\n")).collect();
    Reply::Keep(format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: 0\r\n\r\n").into_bytes())
}

fn path(request: &Request) -> &str {
    request.line.split(' ').nth(1).unwrap()
}

/// The cookies that a server was sent, by path.
fn cookies(server: &Server) -> Vec<(String, Option<String>)> {
    let seen = server.requests();
    seen.iter().map(|it| (path(it).to_owned(), it.header("cookie").map(str::to_owned))).collect()
}

#[test]
fn a_session_sends_the_cookies_of_earlier_answers_where_they_belong() {
    let server = Server::start(|request| match path(request) {
        "/logon/form?x=/y" => {
            setting(&["sid=1; Path=/; HttpOnly", "step=form", "gone=1; Max-Age=0", "far=1; Domain=other.org"])
        }
        "/logon/in" => setting(&["sid=2; path=/; Max-Age=1000", "step=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"]),
        _ => Reply::Keep(ok("")),
    });
    let flow = r#"
      - { get: "/logon/form?x=/y", save: { first: cookie sid } }
      - { post: /logon/in, form: { first: "{{first}}" }, save: { second: cookie sid } }
      - { get: "/logon/{{second}}" }
      - { get: /, headers: { Cookie: own=1 } }
      - { get: /again }
"#;
    let done = steps(&server, flow);
    assert_eq!(done.completed(), 5, "{}", done.detail());
    let some = |path: &str, cookies: &str| (path.to_owned(), Some(cookies.to_owned()));
    let wanted = [
        ("/logon/form?x=/y".to_owned(), None),
        some("/logon/in", "step=form; sid=1"),
        some("/logon/2", "sid=2"),
        some("/", "own=1"),
        some("/again", "sid=2"),
    ];
    assert_eq!(cookies(&server), wanted);
    assert_eq!(server.requests()[1].body, b"first=1");
}

#[test]
fn cookies_belong_to_their_host_and_a_flow_can_do_without() {
    let on =
        |address: &'static str| Server::on(std::net::TcpListener::bind((address, 0)).unwrap(), |_| setting(&["a=1"]));
    let (one, other) = (on("127.0.0.1"), on("127.0.0.2"));
    let target = format!("targets: {{ default: '{}', other: '{}' }}", one.url(), other.url());
    let list = "    steps: [{ get: / }, { get: 'other:/' }, { get: 'other:/2' }, { get: /2 }]\n";
    let done = session(&target, list, "");
    assert_eq!(done.completed(), 4, "{}", done.detail());
    let sent: Vec<_> = [&one, &other].map(cookies).into_iter().flatten().map(|(_, cookies)| cookies).collect();
    let set = Some("a=1".to_owned());
    assert_eq!(sent, [None, set.clone(), None, set]);

    let none = on("127.0.0.1");
    let target = format!("target: {}", none.url());
    let done =
        session(&target, "    cookies: false\n    steps: [{ get: / }, { get: /2, save: { a: cookie a } }]\n", "");
    assert_eq!((done.completed(), done.detail()), (1, "nothing to save: no cookie `a`".to_owned()));
    assert!(cookies(&none).iter().all(|(_, cookies)| cookies.is_none()));
}

/// A redirect that sets a cookie.
fn moved(status: u16, to: &str) -> Reply {
    let head = format!("HTTP/1.1 {status} Moved\r\nLocation: {to}\r\nSet-Cookie: at{status}=1; Path=/\r\n");
    Reply::Keep(format!("{head}Content-Length: 4\r\n\r\ngone").into_bytes())
}

fn lines(server: &Server) -> Vec<String> {
    server.requests().iter().map(|it| it.line.trim_end_matches(" HTTP/1.1").to_owned()).collect()
}

#[test]
fn redirects_are_followed_with_the_methods_and_cookies_of_browsers() {
    let server = Server::start(|request| match path(request) {
        "/logon" => moved(307, "/idp/logon?next=%2Fhome#top"),
        "/idp/logon?next=%2Fhome" => moved(302, "../home?a=b c"),
        "/home?a=b%20c" => moved(308, "/last"),
        _ => Reply::Keep(ok("{\"ok\":true}")),
    });
    let flow = r#"
      - post: /logon
        form: { user: ann }
        headers: { Authorization: Bearer t }
        follow: 5
        save: { ok: json $.ok }
        expect: { json: { $.ok: true } }
      - { post: /logon, text: "no", expect: { status: 307 }, follow: 5 }
      - { get: "/saved/{{ok}}" }
"#;
    let done = steps(&server, flow);
    assert_eq!((done.completed(), done.count("/connections/redirects")), (3, 3), "{}", done.detail());
    assert_eq!(done.count("/connections/opened"), 1);
    let wanted = [
        "POST /logon",
        "POST /idp/logon?next=%2Fhome",
        "GET /home?a=b%20c",
        "GET /last",
        "POST /logon",
        "GET /saved/true",
    ];
    assert_eq!(lines(&server), wanted);
    let seen = server.requests();
    let bodies: Vec<_> = seen[..4].iter().map(|it| (it.body.as_slice(), it.header("content-type").is_some())).collect();
    assert_eq!(bodies, [(&b"user=ann"[..], true), (b"user=ann", true), (b"", false), (b"", false)]);
    assert!(seen[..4].iter().all(|it| it.header("authorization") == Some("Bearer t")));
    assert_eq!(seen[3].header("cookie"), Some("at307=1; at302=1; at308=1"));
}

#[test]
fn redirects_lead_to_the_scenarios_origins_alone_and_not_for_ever() {
    let other = Server::start(|_| Reply::Keep(ok("other")));
    let stranger = Server::start(|_| Reply::Keep(ok("stranger")));
    let (to_other, to_stranger) = (other.url(), stranger.url());
    let server = Server::start(move |request| match path(request) {
        "/other" => moved(307, &format!("{to_other}there")),
        "/stranger" => moved(302, &format!("{to_stranger}there")),
        "/nowhere" => Reply::Keep(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n".to_vec()),
        _ => moved(301, "/circle"),
    });
    let target = format!("targets: {{ default: '{}', other: '{}' }}", server.url(), other.url());
    let steps = ["other", "stranger", "nowhere", "circle"];
    let list: String =
        steps.iter().map(|to| format!("      - {{ get: /{to}, headers: {{ Authorization: t }} }}\n")).collect();
    let done = session(&target, &format!("    follow: 3\n    steps:\n{list}"), "");
    assert_eq!((done.completed(), done.reason("failed.status")), (1, 3), "{}", done.summary["requests"]);
    let details: Vec<_> = done.failures().iter().map(|it| it["detail"].as_str().unwrap().to_owned()).collect();
    let foreign =
        format!("302 to `{}there`: that is not an origin of the scenario, so nothing is sent there", stranger.url());
    let wanted = [
        foreign.as_str(),
        "302 without a Location",
        "301 to `/circle`: 3 redirects were followed, and the redirects lead in a circle",
    ];
    assert_eq!(details, wanted);
    assert_eq!((lines(&other), stranger.requests().len()), (vec!["GET /there".to_owned()], 0));
    assert_eq!(other.requests()[0].header("authorization"), None);
}

#[test]
fn the_timeout_covers_the_whole_way() {
    let server = Server::start(|request| match path(request) {
        "/a" => moved(302, "/b"),
        _ => Reply::Silence,
    });
    let done = steps(&server, "      - { get: /a, follow: 1, timeout: 500ms }\n");
    assert_eq!(done.reason("failed.timeout"), 1, "{}", done.summary["requests"]);
}
