//! Steps that the answers decide on: they come on top of the plan, are counted apart and judged like the others.

use std::sync::Mutex;

use serde_json::{Value, json};

use crate::rig::{Done, run, scenario};
use crate::server::{Reply, Server, ok};

/// A server whose `/state` says `starting` so often in a row, and then `running`; `/wrong` is a 500.
fn server(starting: usize) -> Server {
    let asked = Mutex::new(0);
    Server::start(move |request| match request.line.split(' ').nth(1) {
        Some("/state") => {
            let mut asked = asked.lock().unwrap();
            *asked = *asked % (starting + 1) + 1;
            Reply::Keep(ok(if *asked == starting + 1 { r#"{"state":"running"}"# } else { r#"{"state":"starting"}"# }))
        }
        Some("/wrong") => Reply::Keep(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n".to_vec()),
        _ => Reply::Keep(ok("")),
    })
}

const POLL: &str = "{ get: /state, save: { state: json $.state } }";

fn requests(done: &Done) -> Value {
    let all = &done.summary["requests"];
    json!([
        all["planned"],
        all["completed"],
        all["failed"],
        all["extra"]["due"],
        all["extra"]["completed"],
        all["extra"]["failed"]
    ])
}

fn step(done: &Done, name: &str) -> u64 {
    done.summary["populations"]["users"]["steps"][name]["requests"]["completed"].as_u64().unwrap()
}

#[test]
fn a_loop_ends_when_what_it_saves_is_so() {
    let waits = format!("{{ while: {{ value: state, is_not: running, at_most: 100, steps: [{POLL}] }} }}");
    let steps = format!("[{POLL}, {waits}, {{ get: /desktop }}]");
    let done = run(&scenario(&server(4).url(), 10, 1, "session", &steps, ""), &["--lanes", "1"]);
    // Each fifth answer ends the loop of the session that gets it, and nobody asks after that: fifty in all.
    assert_eq!(requests(&done), json!([20, 20, 0, 40, 40, 0]), "{}", done.said);
    assert_eq!((step(&done, "GET /state"), step(&done, "GET /desktop")), (50, 10));
    assert_eq!(done.summary["exchanges"], 60);
}

#[test]
fn a_loop_whose_bound_is_reached_lets_the_session_go_on() {
    let waits = format!("{{ while: {{ value: state, is: starting, at_most: 3, steps: [{POLL}] }} }}");
    let steps = format!("[{POLL}, {waits}, {{ get: /desktop }}]");
    let done = run(&scenario(&server(1_000).url(), 2, 1, "session", &steps, ""), &[]);
    assert_eq!(requests(&done), json!([4, 4, 0, 6, 6, 0]), "{}", done.said);
}

#[test]
fn a_branch_is_taken_by_what_was_saved_and_inside_others() {
    let inner = "{ if: { value: state, saved: false, then: [{ get: /never }], else: [{ get: /inner, name: inner }, { get: /wrong }] } }";
    let steps = format!(
        "[{{ if: {{ value: state, saved: true, then: [{{ get: /before }}] }} }}, {POLL}, \
         {{ repeat: {{ times: 2, steps: [{{ get: / }}, \
           {{ if: {{ value: state, contains: start, then: [{inner}], else: [{{ get: /never }}] }} }}] }} }}, {{ get: /last }}]"
    );
    let more = "slo: { users.inner: ['errors < 50%'], users: ['errors < 20%'] }";
    let done = run(&scenario(&server(1_000).url(), 5, 1, "session", &steps, more), &[]);
    assert_eq!(requests(&done), json!([20, 20, 0, 20, 10, 10]), "{}", done.said);
    assert_eq!((step(&done, "inner"), step(&done, "GET /last")), (10, 5));
    let steps = &done.summary["populations"]["users"]["steps"];
    assert_eq!([&steps["GET /never"]["requests"]["completed"], &steps["GET /before"]["requests"]["completed"]], [0, 0]);
    // O2: extra requests that became due are in the denominator.
    let judged: Vec<_> =
        done.summary["objectives"].as_array().unwrap().iter().map(|o| json!([o["n"], o["k"]])).collect();
    assert_eq!(judged, [json!([10, 0]), json!([40, 10])]);
    assert_eq!(done.code, 3, "10 of 40 prove no more than a fifth: {}", done.said);
    let population = &done.summary["populations"]["users"]["requests"];
    assert_eq!([&population["planned"], &population["extra"]["due"]], [20, 20]);
}

#[test]
fn a_session_that_ends_inside_a_branch_leaves_no_extra_request_behind() {
    let steps = format!(
        "[{POLL}, {{ if: {{ value: state, is: starting, then: [{{ get: /wrong }}, {{ get: /a }}, {{ get: /b }}] }} }}, {{ get: /last }}]"
    );
    let done = run(&scenario(&server(1_000).url(), 4, 1, "session, on_failure: end", &steps, ""), &[]);
    assert_eq!(requests(&done), json!([8, 4, 4, 4, 0, 4]), "{}", done.said);
    assert_eq!(done.summary["requests"]["by_reason"], json!({ "failed.not_attempted": 4 }));
}

#[test]
fn a_called_flow_stands_where_it_is_called_and_shares_what_is_saved() {
    let steps = "[{ call: ask }, { repeat: { times: 2, steps: [{ call: ask }] } }, { get: '/use/{{state}}' }]";
    let yaml = scenario(&server(0).url(), 3, 1, "session", steps, "").replace(
        "flows:",
        &format!("flows:\n  ask: {{ steps: [{{ call: deeper }}] }}\n  deeper: {{ steps: [{POLL}] }}"),
    );
    let done = run(&yaml, &[]);
    assert_eq!(requests(&done), json!([12, 12, 0, 0, 0, 0]), "{}", done.said);
    assert_eq!((step(&done, "GET /state"), step(&done, "GET /use/{{state}}")), (9, 3));
}

#[test]
fn an_objective_that_too_few_extra_requests_came_for_is_undecided() {
    // Two are planned, and up to two hundred could come: enough for `p95`, if they were asked for.
    let waits = format!("{{ while: {{ value: state, is_not: running, at_most: 100, steps: [{POLL}] }} }}");
    let yaml = |starting: usize| {
        let steps = format!("[{POLL}, {waits}]");
        scenario(&server(starting).url(), 2, 1, "session", &steps, "slo: { users: ['p95 < 50s'] }")
    };
    let few = run(&yaml(0), &[]);
    assert_eq!((few.code, &few.summary["reasons"][0]["code"]), (3, &json!("undecided")), "{}", few.summary["reasons"]);
    let enough = run(&yaml(1_000), &[]);
    assert_eq!((enough.code, enough.completed()), (0, 2), "{}", enough.summary["reasons"]);
}
