//! The API of sections and staff: a form's life, writes sent again, and every refusal with its reason.

use super::client::{Client, serve};
use scrutinio::target::Writes;
use scrutinio::target::election::Election;
use scrutinio::target::election::returns::returns;
use scrutinio::target::election::town::{section_token, staff_token};
use serde_json::{Value, json};

#[test]
fn a_section_reads_posts_reads_back_corrects_and_confirms() {
    let server = serve(Election::open(None, Writes::Anywhere).unwrap());
    let (mut client, token, path) = (Client::new(&server), section_token(17), "/api/sections/17/votes");
    let missing = client.ask(&token, path);
    assert_eq!((missing.json()["version"].clone(), missing.outcome()), (json!(0), (200, "missing".into())));
    assert_eq!(missing.headers["etag"], "\"v0\"");
    let (first, second) = (
        json!({ "version": 0, "votes": [200, 100, 40, 9, 8, 7, 6], "blank": 3, "void": 5 }),
        json!({ "votes": [200, 100, 40, 9, 8, 7, 6], "blank": 5, "void": 3 }),
    );
    assert_eq!(client.write("POST", &token, path, &first).outcome(), (201, "reported".into()));
    let stands = client.ask(&token, path);
    assert_eq!((stands.json()["blank"].clone(), stands.headers["etag"].as_str()), (json!(3), "\"v1\""));

    let bearer = format!("Bearer {token}");
    let mut correct = |key: &str, tag: &str| {
        let headers = [
            ("Authorization", &*bearer),
            ("Idempotency-Key", key),
            ("Content-Type", "application/json; charset=utf-8"),
            ("If-Match", tag),
        ];
        client.send("PUT", path, &headers, second.to_string().as_bytes())
    };
    assert_eq!(correct("put-0", "\"v0\"").outcome(), (412, "stale_version".into()));
    assert_eq!(correct("put-1", &stands.headers["etag"]).outcome(), (200, "corrected".into()));
    let stale = client.write("PUT", &token, path, &first);
    assert_eq!((stale.outcome(), stale.json()["version"].clone()), ((409, "stale_version".into()), json!(2)));
    let confirm = format!("{path}/confirm");
    assert_eq!(client.write("POST", &token, &confirm, &json!({ "version": 2 })).outcome(), (200, "confirmed".into()));
    let end = client.ask(&token, path).json();
    assert_eq!((&end["version"], &end["status"], &end["void"]), (&json!(3), &json!("confirmed"), &json!(3)));
}

#[test]
fn staff_confirm_a_turnout_and_the_section_may_not() {
    let server = serve(Election::open(None, Writes::Anywhere).unwrap());
    let (mut client, section, staff) = (Client::new(&server), section_token(8), staff_token(2));
    let path = "/api/sections/8/turnout/12";
    client.write("POST", &section, path, &json!({ "version": 0, "voters": 120 }));
    let (confirm, seen) = (format!("{path}/confirm"), json!({ "version": 1 }));
    assert_eq!(client.write("POST", &section, &confirm, &seen).outcome(), (403, "not_yours".into()));
    assert_eq!(client.write("POST", &staff, &confirm, &seen).outcome(), (200, "confirmed".into()));
    assert_eq!(client.ask(&staff, path).json()["status"], "confirmed");
}

#[test]
fn a_write_sent_again_is_done_once_and_answered_the_same() {
    let server = serve(Election::open(None, Writes::Anywhere).unwrap());
    let (mut client, token, path) = (Client::new(&server), section_token(5), "/api/sections/5/turnout/12");
    let (body, other) = (json!({ "version": 0, "voters": 100 }), json!({ "version": 0, "voters": 101 }));
    let first = client.write_as("run/7/3", "POST", &token, path, &body);
    let again = client.write_as("\"run/7/3\"", "POST", &token, path, &body);
    assert_eq!((first.status, &first.body), (201, &again.body));
    assert_eq!((again.status, again.headers["idempotent-replayed"].as_str()), (201, "true"));
    assert!(!first.headers.contains_key("idempotent-replayed"));
    assert_eq!(client.write_as("run/7/3", "POST", &token, path, &other).outcome(), (422, "key_reused".into()));
    // A refused write leaves its key free: nothing was done under it.
    assert_eq!(client.write_as("k2", "PUT", &token, path, &other).outcome(), (409, "stale_version".into()));
    let right = json!({ "version": 1, "voters": 101 });
    assert_eq!(client.write_as("k2", "PUT", &token, path, &right).outcome(), (200, "corrected".into()));

    let row = client.ask(&token, "/api/writes/run%2F7%2F3");
    assert_eq!((row.status, row.json()["seq"].clone(), row.json()["voters"].clone()), (200, json!(1), json!(100)));
    assert_eq!(client.ask(&section_token(6), "/api/writes/k2").outcome(), (403, "not_yours".into()));
    assert_eq!(client.ask(&token, "/api/writes/k3").outcome(), (404, "not_found".into()));
    let staff = staff_token(1);
    let page = client.ask(&staff, "/api/writes?limit=1").json();
    assert_eq!((page["writes"].as_array().unwrap().len(), &page["next"]), (1, &json!(1)));
    let page = client.ask(&staff, "/api/writes?after=1&limit=1").json();
    assert_eq!((&page["writes"][0]["key"], &page["next"]), (&json!("k2"), &Value::Null));
    assert_eq!(client.ask(&token, "/api/writes").outcome(), (403, "not_yours".into()));
    for query in ["after=x", "limit=0", "limit=501", "page=2"] {
        assert_eq!(client.ask(&staff, &format!("/api/writes?{query}")).outcome(), (400, "query".into()), "{query}");
    }
}

#[test]
fn bad_input_is_refused_with_its_reason() {
    let server = serve(Election::open(None, Writes::Anywhere).unwrap());
    let mut client = Client::new(&server);
    let (token, path) = (section_token(3), "/api/sections/3/turnout/12");
    let electors = returns()[2].electors;
    let good = json!({ "version": 0, "voters": 10 });
    let mut refused = |method: &str, token: &str, path: &str, body: Value| {
        let answer = client.write(method, token, path, &body);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        assert!(answer.json()["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{answer:?}");
        answer.outcome()
    };
    for section in ["0", "175", "x"] {
        let path = format!("/api/sections/{section}/turnout/12");
        assert_eq!(refused("POST", &token, &path, good.clone()), (404, "not_found".into()));
    }
    assert_eq!(refused("POST", "section-003-000000", path, good.clone()), (401, "no_token".into()));
    assert_eq!(refused("POST", &section_token(4), path, good.clone()), (403, "not_yours".into()));
    assert_eq!(refused("POST", &staff_token(1), path, good.clone()), (403, "not_yours".into()));
    assert_eq!(refused("DELETE", &token, path, good.clone()), (405, "method".into()));
    assert_eq!(refused("PUT", &token, &format!("{path}/confirm"), good.clone()), (405, "method".into()));
    assert_eq!(refused("PUT", &token, path, good.clone()), (409, "wrong_state".into()));
    for body in [
        json!({ "version": 0 }),
        json!({ "version": 0, "voters": -1 }),
        json!({ "version": 0, "voters": 1, "x": 1 }),
        json!([]),
    ] {
        assert_eq!(refused("POST", &token, path, body), (400, "malformed".into()));
    }
    assert_eq!(refused("POST", &token, path, json!({ "voters": 1 })), (400, "no_version".into()));
    assert_eq!(refused("POST", &token, path, json!({ "version": 1, "voters": 1 })), (409, "stale_version".into()));
    let many = json!({ "version": 0, "voters": electors + 1 });
    assert_eq!(refused("POST", &token, path, many), (422, "too_many_voters".into()));
    let votes = json!({ "version": 0, "votes": [electors, 1, 0, 0, 0, 0, 0], "blank": 0, "void": 0 });
    assert_eq!(refused("POST", &token, "/api/sections/3/votes", votes), (422, "too_many_votes".into()));
    let six = json!({ "version": 0, "votes": [1, 1, 0, 0, 0, 0], "blank": 0, "void": 0 });
    assert_eq!(refused("POST", &token, "/api/sections/3/votes", six), (400, "malformed".into()));
    let long = json!({ "version": 0, "voters": 10, "x": "x".repeat(200_000) });
    assert_eq!(refused("POST", &token, path, long), (413, "too_large".into()));

    assert_eq!(client.write("POST", &token, path, &good).status, 201);
    let down = client.write("POST", &token, "/api/sections/3/turnout/19", &json!({ "version": 0, "voters": 9 }));
    assert_eq!(down.outcome(), (422, "turnout_down".into()));
}

#[test]
fn who_sends_more_than_is_read_hears_the_refusal_and_may_go_on() {
    let server = serve(Election::open(None, Writes::Anywhere).unwrap());
    let mut client = Client::new(&server);
    let bearer = format!("Bearer {}", section_token(3));
    let all = [("Authorization", &*bearer), ("Idempotency-Key", "k"), ("Content-Type", "application/json")];
    let form = "/api/sections/3/turnout/12";
    let long = vec![b'x'; 2 << 20];
    for (method, path, headers, status) in [
        ("POST", form, &all[1..], 401),
        ("POST", form, &all[..1], 400),
        ("POST", form, &all[..2], 415),
        ("POST", form, &all[..], 413),
        ("DELETE", form, &all[..], 405),
        ("POST", "/api/writes", &all[..], 405),
        ("POST", "/api/nothing", &all[..], 404),
        ("POST", "/results", &[], 405),
        ("POST", "/nothing", &[], 404),
    ] {
        assert_eq!(client.send(method, path, headers, &long).status, status, "{method} {path}");
    }
}

#[test]
fn writes_without_their_headers_are_refused() {
    let server = serve(Election::open(None, Writes::Anywhere).unwrap());
    let (mut client, path) = (Client::new(&server), "/api/sections/3/turnout/12");
    let bearer = format!("Bearer {}", section_token(3));
    let all = [("Authorization", &*bearer), ("Idempotency-Key", "k"), ("Content-Type", "application/json")];
    for (without, outcome) in [(0, (401, "no_token")), (1, (400, "no_key")), (2, (415, "media_type"))] {
        let headers: Vec<_> = all.iter().enumerate().filter(|(i, _)| *i != without).map(|(_, each)| *each).collect();
        let answer = client.send("POST", path, &headers, b"{\"version\":0,\"voters\":1}");
        assert_eq!(answer.outcome(), (outcome.0, outcome.1.to_owned()));
    }
    assert_eq!(client.send("POST", path, &all, b"{\"version\":0,").outcome(), (400, "malformed".into()));
    let answer = client.send("GET", path, &[], b"");
    assert_eq!((answer.status, answer.headers["www-authenticate"].as_str()), (401, "Bearer realm=\"election\""));
    assert_eq!(client.get("/api/nothing").outcome(), (404, "not_found".into()));
}
