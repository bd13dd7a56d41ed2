//! Slips that look like sense: what others would read otherwise, what promises nothing, what can never be, and the place
//! and the words with which their author is told.
//!
//! Each case is one edit of a sound file, as in `scenario_errors.rs`.
#![allow(clippy::unwrap_used)]

mod scenario_support;

use scenario_support::{Case, SOUND, folder, report, settings, told};
use scrutinio::scenario::Overrides;

#[test]
fn values() {
    let cases: &[Case] = &[
        ("a time longer than any", "slo:", "limits: { timeout: 999999999999h }\nslo:"),
        ("a timeout without its unit", "slo:", "limits: { timeout: 5 }\nslo:"),
        ("a pause without its unit", "think: { lognormal: { median: 8s, p95: 35s } }", "think: 2"),
        ("a range of pauses without one", "{ lognormal: { median: 8s, p95: 35s } }", "{ uniform: [1, 4] }"),
        ("thresholds for objectives", "slo:", "thresholds: {}\nslo:"),
        ("a step of another tool", "- get: /\n", "- get: /\n      - sleep: 2\n"),
        ("a key of the limits", "slo:", "limits: { time_out: 5s }\nslo:"),
        ("a size in powers of ten", "slo:", "limits: { max_body: 5MB }\nslo:"),
        ("a status for a map", "- get: /\n", "- { get: /, expect: 201 }\n"),
        ("statuses for a map", "- get: /\n", "- { get: /, expect: [200, 2xx] }\n"),
        ("a path without `json`", "json $.version", "$.version"),
        ("a selector without `form`", "json $.version", "\"form#vote input[name=csrf]\""),
        ("a word that says nothing", "json $.version", "version"),
        ("a list of nothing", "- get: /\n", "- { get: /, expect: { status: [] } }\n"),
        ("a choice of nothing", "- get: /\n", "- get: /\n      - pick: []\n"),
        (
            "an alternative without a request",
            "      - get: /\n      - think: { lognormal: { median: 8s, p95: 35s } }\n      - pick:\n          - { weight: 2, steps: [{ get: /results }] }",
            "      - pick:\n          - { weight: 2, steps: [] }",
        ),
        ("steps that begin without a dash", "      - get: /\n      - think", "      get: /\n      - think"),
        ("a piece of two kinds", "- line: [[", "- constant: 20\n          line: [["),
        ("a filter that is nearly right", "{{version | number}}", "{{version | numbr}}"),
        ("a JSON path without its root", "json $.version", "json a.b"),
        ("a JSON path as jq has it", "json $.version", "json .version"),
        ("a JSON path that begins with an index", "json $.version", "\"json [0].version\""),
        ("a form without a field", "json $.version", "form div"),
    ];
    settings().bind(|| insta::assert_snapshot!("values", report(cases)));
}

#[test]
fn times() {
    let cases: &[Case] = &[
        ("a clock of no length", "to: 2016-06-06T13:15", "to: 2016-06-05T07:00"),
        ("a window of no length", "12:00..12:30", "12:00..12:00"),
        ("a window outside the clock", "12:00..12:30", "12:00..+1d 14:00"),
        ("a date that does not exist", "2016-06-05T07:00", "2016-02-30T07:00"),
        ("an hour after the last", "2016-06-05T07:00", "2016-06-05T24:00"),
    ];
    settings().bind(|| insta::assert_snapshot!("times", report(cases)));
}

#[test]
fn targets_and_paths() {
    let cases: &[Case] = &[
        ("a template in the target", "http://127.0.0.1:8080", "\"http://{{env.HOST}}\""),
        ("a version of HTTP", "http://127.0.0.1:8080", "{ url: \"http://127.0.0.1\", http: 3 }"),
        ("a path of two lines", "get: /results", r#"get: "/a\r\nX""#),
    ];
    settings().bind(|| insta::assert_snapshot!("targets", report(cases)));
}

#[test]
fn what_is_possible_and_hardly_meant() {
    let cases: &[Case] = &[
        ("a connect timeout over the timeout", "slo:", "limits: { timeout: 1s, connect_timeout: 5s }\nslo:"),
        ("more inspected than read", "slo:", "limits: { max_body: 1KiB, max_inspected: 2KiB }\nslo:"),
        ("a pause longer than the clock", "{ lognormal: { median: 8s, p95: 35s } }", "40h"),
        (
            "a template of another tool",
            "\"/sections/{{feed.id}}\"",
            "\"/sections/${id}/${order-1}?a=${x}&b=$x&c=${}&d=$(x)&e=${+}\"",
        ),
        ("one in a body", "\"{{version | number}}\"", "\"${version}\""),
        ("one in a header", "- get: /\n", "- { get: /, headers: { X-Id: \"${TOKEN}\" } }\n"),
        ("one in an expectation", "- get: /\n", "- { get: /, expect: { text: \"${name}\" } }\n"),
        (
            "a secret that is too short to be hidden",
            "slo:",
            "secrets: { pin: { env: PIN }, key: { env: TOKEN } }\nslo:",
        ),
    ];
    settings().bind(|| insta::assert_snapshot!("notes", report(cases)));
}

/// A raw value is held against what a path can be before anything is sent, where it is known (S5).
#[test]
fn rows_that_are_no_paths() {
    let dir = folder();
    let raw = SOUND.replace("/sections/{{feed.id}}", "{{feed.path | raw}}").replace("{{feed.votes", "{{session");
    let rows = |text: &str| std::fs::write(dir.path().join("paths.csv"), format!("path\n{text}\n")).unwrap();
    let all = [
        ("a space", "/a?b=c/d&e=%20;f\n/a b\n/"),
        ("a line break", "/a\n\"/b\r\nX: y\"\n/"),
        ("a fragment", "/a\n/b\n/c#d"),
        ("no slash", "/a\nhttp://127.0.0.1/\n/c"),
        ("paths", "/a?b=c/d&e=%20;f\n/é\"{}\n/"),
    ];
    let reports = all.map(|(about, text)| {
        rows(text);
        let told = told(&raw.replace("sections.csv", "paths.csv"), &Overrides::default(), dir.path());
        format!("=== {about}\n{told}\n")
    });
    let columns = "{ generate: 3, columns: { path: \"a b{{row}}\" } }";
    let made = told(&raw.replace("sections.csv", columns), &Overrides::default(), dir.path());
    settings().bind(|| insta::assert_snapshot!("paths", format!("{}=== generated\n{made}", reports.join("\n"))));
}

#[test]
fn files() {
    let cases: &[Case] = &[
        ("a column twice", "sections.csv", "twice.csv"),
        ("a stray quote", "sections.csv", "quotes.csv"),
        ("a time beyond the clock", "- surge: {", "- series: beyond.csv\n        - surge: {"),
        ("a unit of rates", "- surge: {", "- series: { file: rates.csv, unit: /d }\n        - surge: {"),
    ];
    settings().bind(|| insta::assert_snapshot!("files", report(cases)));
}

#[test]
fn objectives() {
    let cases: &[Case] = &[
        ("a quantile in brackets", "p99 < 300ms", "p(90)<500"),
        ("a quantile without its unit", "p99 < 300ms", "p90 < 500"),
        ("a mean", "p99 < 300ms", "avg < 200ms"),
        ("a metric of another tool", "p99 < 300ms", "http_req_duration < 200ms"),
        ("a comma in a limit", "p99 < 300ms", "p99 < 1,000ms"),
        ("a limit below what is recorded", "p99 < 300ms", "p99 < 1us"),
        ("an amplification that none has", "errors < 0.1%", "amplification < 1"),
        ("errors of all", "errors < 0.1%", "errors < 100%"),
        ("no errors at all", "errors < 0.1%", "errors <= 0%"),
        ("a scope without a line", "[\"errors < 0.1%\"]", "[]"),
        ("the same twice", "[\"errors < 0.1%\"]", "[\"errors < 0.1%\", \"errors <  0.1%\"]"),
    ];
    settings().bind(|| insta::assert_snapshot!("objectives", report(cases)));
}

/// Counts, kinds of errors, other times than the response, and rates.
#[test]
fn metrics() {
    let cases: &[Case] = &[
        ("a share of nothing of a kind", "errors < 0.1%", "errors 5xx <= 0%"),
        ("a share below nothing", "errors < 0.1%", "errors < 0%"),
        ("a reason that is nearly right", "errors < 0.1%", "errors timout < 1%"),
        ("a reason that is none", "errors < 0.1%", "errors bad_luck < 1%"),
        ("a status that is none", "errors < 0.1%", "errors 700 < 1%"),
        ("two kinds at once", "errors < 0.1%", "errors 502 503 < 1%"),
        ("errors of a kind without their sign", "errors < 0.1%", "errors 503 < 1"),
        ("a time of errors", "errors < 0.1%", "service errors < 1%"),
        ("a time without a quantile", "errors < 0.1%", "service < 200ms"),
        ("a time that is nearly right", "p99 < 300ms", "sevice p99 < 300ms"),
        ("a time that goes without saying", "p99 < 300ms", "response p99 < 300ms"),
        ("a time of no time", "p99 < 300ms", "wait p99 < 1us"),
        ("a time without its unit", "p99 < 300ms", "service p99 < 300"),
        ("a number in words", "errors < 0.1%", "at most two errors"),
        ("a number of one", "errors < 0.1%", "at most 1 error"),
        ("a number and its limit without a unit", "errors < 0.1%", "at most 2 slower than 2"),
        ("a number over a limit", "errors < 0.1%", "at most 2 over 2s"),
        ("a number of nothing", "errors < 0.1%", "at most 2"),
        ("a number of a kind that is none", "errors < 0.1%", "at most 2 errors timout"),
        ("a number at least", "errors < 0.1%", "at least 2 errors"),
        ("a rate the wrong way round", "errors < 0.1%", "rate < 0.01"),
        ("a rate that must be passed", "errors < 0.1%", "rate > 12k/s"),
        ("a rate of nothing", "errors < 0.1%", "rate >= 0/s"),
        ("a rate in words", "errors < 0.1%", "rate >= many"),
        ("a rate of a step", "p95 < 1s", "rate >= 1/s"),
        ("a rate of each step", "  citizens: [\"p99 < 300ms\"]", "  sections.*: [\"rate >= 1/s\"]"),
        ("a rate of a measure", "p99 < 300ms", "connect rate >= 1/s"),
        ("a time of a measure", "p99 < 300ms", "connect service p99 < 1s"),
        ("a status of a measure", "p99 < 300ms", "connect errors 503 < 1%"),
    ];
    settings().bind(|| insta::assert_snapshot!("metrics", report(cases)));
}
