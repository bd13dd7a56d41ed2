//! What a request allocates once a lane is warm: each case runs with a few requests and then with many more, on one
//! lane against a server that allocates nothing, and what the many allocate beyond the few is theirs.
//!
//! One test and a binary of its own, as the count is the process's.
#![allow(missing_docs, clippy::unwrap_used)] // a test crate

use std::alloc::System;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;

use scrutinio::engine::{Engine, EngineConfig, Load, RunClock, monotonic_nanos};
use scrutinio::plan::Plan;
use scrutinio::record::{Catalog, Reason};
use scrutinio::scenario::{self, Overrides, Scenario};
use scrutinio::unit::{Instant, Span};
use scrutinio::wire::ResolvedOrigin;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const FEW: u64 = 1_000;
const MANY: u64 = 5_000;
/// What may be allocated for reasons that no request has: a vector that doubles, a second of the record.
const SLACK: u64 = (MANY - FEW) / 20;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: \"5753b3f0-264\"\r\n\
    Content-Length: 26\r\n\r\n{\"id\":\"a1\",\"ok\":\"turnout\"}";

/// Answers every request with the same bytes.
fn serve(mut stream: TcpStream) {
    let mut buffer = [0; 4096];
    let mut len = 0;
    while let Ok(n @ 1..) = stream.read(&mut buffer[len..]) {
        len += n;
        // Requests end with a blank line, or with a body, whose last byte is the only `;` in them.
        if (buffer[..len].ends_with(b"\r\n\r\n") || buffer[len - 1] == b';') && stream.write_all(ANSWER).is_ok() {
            len = 0;
        }
    }
}

fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || listener.incoming().flatten().for_each(|it| drop(std::thread::spawn(|| serve(it)))));
    address
}

fn scenario(address: SocketAddr, population: &str, flow: &str) -> Scenario {
    let text = format!(
        "name: allocations\nclock: {{ from: 2016-06-05T07:00, to: 2016-06-05T07:01, zone: Europe/Rome, duration: 1s }}\n\
         seed: 7\ntarget: {{ url: \"http://{address}\" }}\nlimits: {{ timeout: 60s, connect_timeout: 60s }}\n\
         populations:\n  all: {{ {population}, flow: all }}\nflows:\n  all:\n{flow}"
    );
    match scenario::parse(&text, "allocations", Path::new(""), &Overrides::default(), &|_| None) {
        Ok(checked) => checked.scenario,
        Err(error) => panic!("{error}\n{text}"),
    }
}

/// Runs it on one lane; what was allocated meanwhile.
fn allocated(address: SocketAddr, scenario: Scenario, load: Load) -> u64 {
    let threads = std::num::NonZeroUsize::MIN;
    let plan = Plan::build(&scenario, threads, &Default::default()).unwrap();
    let planned = if load == Load::Planned { plan.requests } else { MANY };
    let catalog = Arc::new(Catalog::without_objectives(&scenario));
    let origin =
        ResolvedOrigin { authority: address.to_string(), addresses: vec![address.into()], sources: vec![], tls: None };
    let config = EngineConfig {
        scenario: Arc::new(scenario),
        plan: Arc::new(plan),
        catalog,
        origins: vec![origin],
        load,
        lanes: vec![None],
        run_id: "run".to_owned(),
        before: Vec::new(),
        // Slices are handed over at the end: they are the interval's and not the request's.
        interval: Span::from_secs(3_600),
        hard_stop: Instant::MAX,
        clock: RunClock::starting_at(monotonic_nanos()),
        observer: None,
        only: None,
    };
    let count = |of: stats_alloc::Stats| (of.allocations + of.reallocations) as u64;
    let before = count(ALLOCATOR.stats());
    let mut engine = Engine::start(config).unwrap();
    let end = engine.join();
    let after = count(ALLOCATOR.stats());
    assert_eq!(end.unwrap().gave_up, None::<Reason>);
    let slice = engine.slices.recv().unwrap();
    assert!(slice.failures.is_empty(), "{:?}", slice.failures.first());
    let exchanges: u64 = slice.populations.iter().map(|it| it.counters.exchanges).sum();
    assert!(exchanges <= planned && exchanges >= FEW, "{exchanges} of {planned}");
    after - before
}

/// `n` requests one after the other in a single session, each of which is one of these steps.
fn in_one_session(address: SocketAddr, steps: &str, n: u64) -> u64 {
    let flow = format!("    steps:\n      - repeat: {{ times: {n}, steps: [{steps}] }}\n");
    let population = "users: 1, arrivals: { burst: { at: \"07:00\", weight: 100%, spread: 1s } }, \
        feed: { generate: 623, order: random, columns: { name: \"user{{row}}\" } }";
    allocated(address, scenario(address, population, &flow), Load::Planned)
}

/// `n` sessions of one request, on connections that they share.
fn in_sessions(address: SocketAddr, n: u64) -> u64 {
    let flow = "    connection: { shared: 4 }\n    steps:\n      - get: \"/{{session}}\"\n";
    let population = format!("users: {n}, arrivals: {{ process: poisson, curve: [{{ constant: 1 }}] }}");
    allocated(address, scenario(address, &population, flow), Load::Planned)
}

/// `n` requests in closed loop on 8 connections.
fn closed(address: SocketAddr, n: u64) -> u64 {
    let population = "users: 8, arrivals: { burst: { at: \"07:00\", weight: 100%, spread: 1s } }";
    let scenario = scenario(address, population, "    steps: [{ get: / }]\n");
    allocated(address, scenario, Load::Closed { until: None, budget: Some(n), streams: 1 })
}

#[test]
fn a_request_allocates_nothing_but_what_is_listed() {
    let address = server();
    // Steps, and how many allocations each request of theirs may make.
    let cases = [
        ("get: /", 0),
        ("get: \"/{{feed.name}}/{{random.hex(20)}}/{{random.int(1, 9)}}\", query: { q: \"perché {{step.nth}}\" }", 0),
        ("get: \"/{{feed.name | raw}}?q={{feed.name}}\"", 0),
        ("get: /, expect: { status: 2xx, header: { Content-Type: json }, size: 10.., text: turnout }", 0),
        ("get: /results, query: { page: \"{{session}}\" }, revalidate: true", 0),
        // A JSON document: a map, a key and a value each, and how they are found.
        ("get: /, expect: { json: { $.id: a1 } }", 12),
        // The value, and the list of them.
        ("get: /, save: { version: etag }", 2),
    ];
    let mut wrong = Vec::new();
    let mut hold = |name: &str, few: u64, many: u64, each: u64| {
        let (beyond, requests) = (many.saturating_sub(few), MANY - FEW);
        println!("{name}: {:.3} a request", beyond as f64 / requests as f64);
        if beyond > requests * each + SLACK {
            wrong.push(format!("{name}: {beyond} allocations for {requests} requests, allowed {each} each"));
        }
    };
    hold("closed loop", closed(address, FEW), closed(address, MANY), 0);
    hold("open loop, a session each", in_sessions(address, FEW), in_sessions(address, MANY), 1);
    for (step, each) in cases {
        let run = |n| in_one_session(address, &format!("{{ {step} }}"), n);
        hold(step, run(FEW), run(MANY), each);
    }
    let pick = "{ pick: [{ weight: 2, steps: [{ get: \"/{{feed.name}}\" }] }, { weight: 1, steps: [{ post: /, \
        text: \"{{feed.name}};\", expect: { status: 200, text: turnout } }] }] }";
    hold("pick", in_one_session(address, pick, FEW), in_one_session(address, pick, MANY), 0);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
