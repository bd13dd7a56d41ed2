//! Values that stand in a path as they are (`{{… | raw}}`), and what happens to one that cannot.

use crate::rig::{run, scenario};
use crate::server::{Reply, Request, Server, ok};

fn lines(server: &Server) -> Vec<String> {
    server.requests().into_iter().map(|request: Request| request.line).collect()
}

#[test]
fn a_raw_value_stands_in_a_path_as_it_is_and_any_other_is_encoded() {
    let server = Server::start(|_| Reply::Keep(ok("{\"next\": \"/p?page=2&of=a%20b/é\"}")));
    let steps = "[{ get: \"/products{{feed.rest | raw}}\", save: { next: json $.next } }, { get: \"{{ next|raw }}\" },
        { get: \"/log?from={{next}}\" }]";
    let feed = "flow: flow, feed: { generate: 1, columns: { rest: \"?page=3&row={{row}}\" } }";
    let done = run(&scenario(&server.url(), 1, 1, "session", steps, "").replace("flow: flow", feed), &[]);
    assert_eq!(done.completed(), 3, "{} {:?}", done.said, done.failures());
    let seen = [
        "GET /products?page=3&row=0 HTTP/1.1",
        "GET /p?page=2&of=a%20b/%C3%A9 HTTP/1.1",
        "GET /log?from=%2Fp%3Fpage%3D2%26of%3Da%2520b%2F%C3%A9 HTTP/1.1",
    ];
    assert_eq!(lines(&server), seen);
}

/// As a value that was never saved (S5): what a server gave must not become a request of its own.
#[test]
fn a_saved_value_that_is_no_path_is_not_sent() {
    for (value, path) in [
        ("/a HTTP/1.1\\r\\nX: y", "{{next | raw}}"),
        ("a b", "/a/{{next | raw}}"),
        ("\\u0000", "/a/{{next | raw}}"),
        ("a\\u0085", "/a/{{next | raw}}"),
        ("/a#b", "{{next | raw}}"),
        ("http://example.com/", "{{next | raw}}"),
        ("", "{{next | raw}}"),
    ] {
        let body = format!("{{\"next\": \"{value}\"}}");
        let server = Server::start(move |_| Reply::Keep(ok(&body)));
        let steps = format!("[{{ get: /, save: {{ next: json $.next }} }}, {{ get: \"{path}\" }}, {{ get: / }}]");
        let done = run(&scenario(&server.url(), 2, 1, "session", &steps, ""), &[]);
        assert_eq!((done.completed(), done.reason("failed.not_attempted")), (2, 4), "{value}: {:?}", done.failures());
        assert_eq!(lines(&server), ["GET / HTTP/1.1"; 2]);
        let why = "a value that was to stand in the path as it is (`raw`)";
        assert!(done.detail().starts_with(why), "{}", done.detail());
    }
}
