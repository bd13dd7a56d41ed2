//! The election service as its clients see it: over real sockets, by a small client and a small server of this test's own.

#![allow(clippy::unwrap_used)] // Clippy's exception for tests does not know that all of this file is one.

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use scrutinio::target::Service;
use scrutinio::target::election::Election;
use scrutinio::target::election::returns::{Return, returns};
use scrutinio::target::election::town::{SECTIONS, section_token, staff_token};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Serves `election` from a thread of its own until the returned guard is dropped.
fn serve(election: Election) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let thread = std::thread::spawn(move || {
        listener.set_nonblocking(true).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let local = tokio::task::LocalSet::new();
        local.block_on(&runtime, async move {
            let accept = accept(tokio::net::TcpListener::from_std(listener).unwrap(), Rc::new(election));
            tokio::select! { () = accept => {} _ = stopped => {} }
        });
    });
    Server { address, stop: Some(stop), thread: Some(thread) }
}

async fn accept(listener: tokio::net::TcpListener, election: Rc<Election>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let election = Rc::clone(&election);
        tokio::task::spawn_local(async move {
            let service = service_fn(move |request| {
                let election = Rc::clone(&election);
                async move { Ok::<_, std::convert::Infallible>(election.respond(request).await) }
            });
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

struct Server {
    address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.thread.take().unwrap().join().unwrap();
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The status and the code of a refusal, or of what was done, the form's status.
    fn outcome(&self) -> (u16, String) {
        let body = self.json();
        let word = body.get("code").or_else(|| body.get("status")).and_then(Value::as_str).unwrap_or_default();
        (self.status, word.to_owned())
    }
}

struct Client {
    stream: BufReader<TcpStream>,
    keys: u32,
    name: String,
}

impl Client {
    fn new(server: &Server) -> Self {
        let stream = TcpStream::connect(server.address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let name = format!("run/{}", stream.local_addr().unwrap().port());
        Self { stream: BufReader::new(stream), keys: 0, name }
    }

    fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: test\r\n");
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        let bytes = [head.as_bytes(), b"\r\n", body].concat();
        self.stream.get_mut().write_all(&bytes).unwrap();
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap_or_else(|| panic!("{line:?}")).parse().unwrap();
        let mut headers = HashMap::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_ascii_lowercase(), value.to_owned());
        }
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; if method == "HEAD" || status == 304 { 0 } else { length }];
        self.stream.read_exact(&mut body).unwrap();
        Answer { status, headers, body }
    }

    fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    fn ask(&mut self, token: &str, path: &str) -> Answer {
        self.send("GET", path, &[("Authorization", &format!("Bearer {token}"))], b"")
    }

    /// A write under a new key.
    fn write(&mut self, method: &str, token: &str, path: &str, body: &Value) -> Answer {
        self.keys += 1;
        let key = format!("{}/{}", self.name, self.keys);
        self.write_as(&key, method, token, path, body)
    }

    fn write_as(&mut self, key: &str, method: &str, token: &str, path: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", &*bearer), ("Idempotency-Key", key), ("Content-Type", "application/json")];
        self.send(method, path, &headers, body.to_string().as_bytes())
    }
}

fn count(version: u32, each: &Return) -> Value {
    json!({ "version": version, "votes": each.votes, "blank": each.blank, "void": each.void })
}

fn sum(results: &Value) -> (u64, Vec<u64>) {
    let number = |value: &Value| value.as_u64().unwrap();
    (
        number(&results["sections"]["counted"]),
        results["candidates"].as_array().unwrap().iter().map(|c| number(&c["votes"])).collect(),
    )
}

#[test]
fn a_report_is_shown_within_100_ms() {
    let server = serve(Election::open(None).unwrap());
    let mut client = Client::new(&server);
    let (mut posted, mut shown_after) = ([0u64; 7], Vec::new());
    for each in returns().iter().take(5) {
        let before = client.get("/results");
        let section = format!("/results/sections/{}", each.section);
        let (home, page) = (client.get("/").headers["etag"].clone(), client.get(&section).headers["etag"].clone());
        let path = format!("/api/sections/{}/votes", each.section);
        let answer = client.write("POST", &section_token(each.section), &path, &count(0, each));
        let answered = Instant::now();
        assert_eq!(answer.outcome(), (201, "reported".into()));
        let after = loop {
            let after = client.get("/results");
            assert!(answered.elapsed() < Duration::from_secs(5), "not shown after {:?}", answered.elapsed());
            if after.headers["etag"] != before.headers["etag"] {
                break after;
            }
        };
        shown_after.push(answered.elapsed());
        for (sum, more) in posted.iter_mut().zip(each.votes) {
            *sum += u64::from(more);
        }
        assert_eq!(sum(&after.json()), (u64::from(each.section), posted.to_vec()));
        assert_ne!(client.get("/").headers["etag"], home);
        assert_ne!(client.get(&section).headers["etag"], page);
    }
    // The middle of five: a busy machine may hold one of them up.
    shown_after.sort();
    assert!(shown_after[2] < Duration::from_millis(100), "shown after {shown_after:?}");
}

/// One section's whole day, as the sections of the scenario do it.
fn report_all(client: &mut Client, each: &Return) {
    let token = section_token(each.section);
    for (hour, voters) in [12, 19, 23].into_iter().zip(each.voters) {
        let path = format!("/api/sections/{}/turnout/{hour}", each.section);
        let version = client.ask(&token, &path).json()["version"].clone();
        let answer = client.write("POST", &token, &path, &json!({ "version": version, "voters": voters }));
        assert_eq!(answer.outcome(), (201, "reported".into()));
        assert_eq!(client.ask(&token, &path).json()["voters"], voters);
    }
    let path = format!("/api/sections/{}/votes", each.section);
    assert_eq!(client.write("POST", &token, &path, &count(0, each)).outcome(), (201, "reported".into()));
}

/// The results once `writes` are in them.
fn shown(client: &mut Client, writes: u64) -> Value {
    let asked = Instant::now();
    loop {
        let results = client.get("/results").json();
        if results["version"] == writes {
            return results;
        }
        assert!(asked.elapsed() < Duration::from_secs(5), "{} of {writes} writes shown", results["version"]);
    }
}

#[test]
fn what_is_shown_is_the_sum_of_what_all_sections_posted() {
    let server = serve(Election::open(None).unwrap());
    let returns = returns();
    std::thread::scope(|scope| {
        for part in returns.chunks(22) {
            let mut client = Client::new(&server);
            scope.spawn(move || part.iter().for_each(|each| report_all(&mut client, each)));
        }
    });
    let mut client = Client::new(&server);
    let results = shown(&mut client, u64::from(SECTIONS) * 4);
    let posted: Vec<u64> = (0..7).map(|c| returns.iter().map(|each| u64::from(each.votes[c])).sum()).collect();
    assert_eq!(sum(&results), (u64::from(SECTIONS), posted.clone()));
    let percents = |values: &Value| values.as_array().unwrap().iter().map(|v| v["percent"].clone()).collect::<Vec<_>>();
    assert_eq!(percents(&results["turnout"]), [json!(18.13), json!(40.16), json!(60.19)]);
    assert_eq!(percents(&results["candidates"])[..2], [json!(50.96), json!(32.18)]);

    let data = client.get("/open-data").json();
    for (row, each) in data["sections"].as_array().unwrap().iter().zip(&returns) {
        assert_eq!(
            (&row["votes"], &row["blank"], &row["void"]),
            (&json!(each.votes), &json!(each.blank), &json!(each.void))
        );
    }
    let csv = String::from_utf8(client.get("/open-data.csv").body).unwrap();
    let column = |name: &str| csv.lines().next().unwrap().split(',').position(|each| each == name).unwrap();
    let total = |name: &str| {
        csv.lines().skip(1).map(|line| line.split(',').nth(column(name)).unwrap().parse::<u64>().unwrap()).sum::<u64>()
    };
    assert_eq!(total("votes_1"), posted[0]);
    assert_eq!(total("voters_23"), returns.iter().map(|each| u64::from(each.voters[2])).sum::<u64>());
    let home = String::from_utf8(client.get("/").body).unwrap();
    let shown = posted.iter().all(|votes| home.contains(&format!("<td class=\"n\">{votes}</td>")));
    assert!(shown && home.contains("174 of 174 sections counted"), "{posted:?} in {home}");
}

#[test]
fn a_section_reads_posts_reads_back_corrects_and_confirms() {
    let server = serve(Election::open(None).unwrap());
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
    let server = serve(Election::open(None).unwrap());
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
    let server = serve(Election::open(None).unwrap());
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
    let server = serve(Election::open(None).unwrap());
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
fn writes_without_their_headers_are_refused() {
    let server = serve(Election::open(None).unwrap());
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

#[test]
fn every_page_is_served_whole_by_head_unchanged_and_compressed() {
    let server = serve(Election::open(None).unwrap());
    let mut client = Client::new(&server);
    let pages = [
        ("/", "text/html; charset=utf-8", 30_000..80_000),
        ("/results", "application/json", 2_000..4_096),
        ("/results/lists", "text/html; charset=utf-8", 10_000..80_000),
        ("/results/mayors", "text/html; charset=utf-8", 10_000..80_000),
        ("/turnout", "text/html; charset=utf-8", 10_000..80_000),
        ("/results/sections/1", "text/html; charset=utf-8", 4_000..20_000),
        ("/results/sections/174?x=1", "text/html; charset=utf-8", 4_000..20_000),
        ("/open-data", "application/json", 30_000..120_000),
        ("/open-data.csv", "text/csv; charset=utf-8", 5_000..30_000),
    ];
    for (path, media_type, size) in pages {
        let whole = client.get(path);
        assert_eq!((whole.status, whole.headers["content-type"].as_str()), (200, media_type), "{path}");
        assert!(size.contains(&whole.body.len()), "{path}: {} bytes", whole.body.len());
        let head = client.send("HEAD", path, &[], b"");
        for name in ["etag", "content-length", "content-type", "cache-control", "vary"] {
            assert_eq!(head.headers[name], whole.headers[name], "{name} of {path}");
        }
        let unchanged = client.send("GET", path, &[("If-None-Match", &whole.headers["etag"])], b"");
        assert_eq!((unchanged.status, &unchanged.headers["etag"]), (304, &whole.headers["etag"]));
        let packed = client.send("GET", path, &[("Accept-Encoding", "gzip")], b"");
        assert_eq!(packed.headers["content-encoding"], "gzip");
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(&packed.body[..]).read_to_end(&mut text).unwrap();
        assert_eq!(text, whole.body, "{path}");
        let posted = client.send("POST", path, &[], b"x");
        assert_eq!((posted.status, posted.headers["allow"].as_str()), (405, "GET, HEAD"), "{path}");
    }
    for path in ["/results/", "/results/sections/0", "/results/sections/175", "/results/sections/01", "/nothing"] {
        assert_eq!(client.get(path).status, 404, "{path}");
    }
}

#[test]
fn a_store_with_a_path_is_shown_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("election.redb");
    let each = &returns()[0];
    let before = {
        let server = serve(Election::open(Some(&path)).unwrap());
        let mut client = Client::new(&server);
        report_all(&mut client, each);
        shown(&mut client, 4)
    };
    let server = serve(Election::open(Some(&path)).unwrap());
    let after = Client::new(&server).get("/results").json();
    assert_eq!(after, before);
    assert_eq!(sum(&after).0, 1);
    assert_eq!(Client::new(&serve(Election::open(None).unwrap())).get("/results").json()["version"], 0);
}
