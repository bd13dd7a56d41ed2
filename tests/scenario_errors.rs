//! Scenario files broken in many ways, and what their author is told.
//!
//! Each case is one edit of a sound file; the snapshots under `snapshots/` hold the messages as a
//! terminal shows them. Read them as a user would: is it clear what to mend, and where?
#![allow(clippy::unwrap_used)]

mod scenario_support;

use std::fmt::Write as _;

use scenario_support::{Case, SOUND, folder, report, settings, told};
use scrutinio::scenario::{LoadError, Overrides, load_with};

/// The body of its POST.
const JSON: &str = "json: { version: \"{{version | number}}\", votes: \"{{feed.votes | number}}\" }";

#[test]
fn the_sound_file_is_sound() {
    assert_eq!(told(SOUND, &Overrides::default(), folder().path()), "nothing is wrong");
}

#[test]
fn what_is_not_yaml() {
    let cases: &[Case] = &[
        ("a tab for indentation", "  citizens:\n    share", "  citizens:\n\tshare"),
        ("a bracket that is never closed", "\"p99 < 300ms\"]", "\"p99 < 300ms\""),
        ("a quote that is never closed", "[\"errors < 0.1%\"]", "[\"errors < 0.1%]"),
        ("a colon in a plain text", "name: errors", "name: errors: all"),
        ("a key twice", "    share: 100%\n", "    share: 100%\n    share: 90%\n"),
        ("an alias of nothing", "flow: read", "flow: *raed"),
        ("an alias that is nearly right", "    share: 100%\n", "    share: &part 100%\n    users: *prat\n"),
        ("a tag", "compress: 200", "compress: !!float 200"),
        ("a template without quotes", "get: /lists", "get: {{feed.path}}"),
        ("a second document", "slo:\n", "---\nslo:\n"),
        ("indentation that slips", "    flow: read\n", "   flow: read\n"),
        ("a bracket in a map on one line", "json $.version", "json $.hits[0]"),
        ("a template in a map on one line", "\"/sections/{{feed.id}}\"", "/sections/{{feed.id}}"),
        ("a bracket in a list on one line", "[\"p99 < 300ms\"]", "[p[99] < 300ms]"),
        ("a bracket that closes nothing", "json $.version", "json a]"),
    ];
    settings().bind(|| insta::assert_snapshot!("yaml", report(cases)));
}

#[test]
fn keys_and_shapes() {
    let cases: &[Case] = &[
        ("an unknown key with a neighbour", "requests:", "request:"),
        ("an unknown key without one", "share: 100%", "share: 100%\n    colour: red"),
        ("a missing key", "    flow: read\n", ""),
        (
            "a text for a map",
            "clock: { from: 2016-06-05T07:00, to: 2016-06-06T13:15, zone: Europe/Rome, compress: 200 }",
            "clock: tomorrow",
        ),
        ("a step of two kinds", "- get: /\n", "- get: /\n        think: 5s\n"),
        ("a step of no kind", "- get: /\n", "- gte: /\n"),
        ("a step that is a word", "- get: /\n", "- get\n"),
        ("a flow that calls itself", "- get: /\n", "- get: /\n      - call: read\n"),
        ("a call of no flow", "- get: /\n", "- get: /\n      - call: raed\n"),
        (
            "a condition on nothing that is saved",
            "- get: /\n",
            "- { get: /, save: { state: etag } }\n      - if: { value: sate, is: x, then: [{ get: / }] }\n",
        ),
        (
            "a loop that asks nothing",
            "- get: /\n",
            "- { get: /, save: { a: etag } }\n      - while: { value: a, is: x, at_most: 3, steps: [{ think: 1s }] }\n",
        ),
        ("an option of another step", "- think: {", "- timeout: 5s\n        think: {"),
        ("what is not done on a stream", "- get: /\n", include_str!("scenario_data/streams.wrong")),
        ("two bodies", "json: {", "form: { a: b }\n        json: {"),
        ("a body of a GET", "- get: /\n", "- { get: /, json: { a: 1 } }\n"),
        ("a part of a form of two kinds", JSON, "multipart: { a: { text: x, file: two.csv } }"),
        ("a part of a form of no kind", JSON, "multipart: { a: { type: text/plain } }"),
        ("a form of no parts", JSON, "multipart: {}"),
        ("a part without a file", JSON, "multipart: { a: { file: photo.jpg } }"),
        ("a part of no type", JSON, "multipart: { a: [x, { text: y, type: jpeg }] }"),
        ("a file name with a template", JSON, "multipart: { a: { text: y, filename: \"{{session}}.txt\" } }"),
        ("a Content-Type beside parts", JSON, "headers: { content-type: x/y }\n        multipart: { a: b }"),
        ("an unknown word", "on_failure: end", "on_failure: stop"),
        ("a missing key that is there, misspelt", "    flow: read\n", "    flows: read\n"),
        ("nothing where something belongs", "flow: read", "flow:"),
        ("a merge that is no map", "  report:\n", "  report:\n    <<: [1]\n"),
    ];
    settings().bind(|| insta::assert_snapshot!("keys", report(cases)));
}

#[test]
fn values_and_their_bounds() {
    let cases: &[Case] = &[
        ("too many requests", "10_000", "2_000_000_000_000"),
        ("a fraction of a request", "10_000", "10.5"),
        ("a share without its sign", "share: 100%", "share: 100"),
        ("shares that are not all", "share: 100%", "share: 85%"),
        ("a share and users", "users: 3", "users: 3\n    share: 5%"),
        ("neither share nor users", "    share: 100%\n", ""),
        ("a length without a unit", "median: 8s", "median: 8"),
        ("a median above its p95", "median: 8s", "median: 80s"),
        ("YAML 1.1's idea of true", "- get: /\n", "- { get: /, revalidate: yes }\n"),
        ("a weight of nothing", "weight: 2", "weight: 0"),
        ("bursts without all sessions", "weight: 100%", "weight: 60%"),
        ("a surge below its curve", "to: 16", "to: 2"),
        (
            "a curve of nothing",
            "{ burst: { at: \"07:00\", weight: 100%, spread: 30m } }",
            "{ curve: [{ constant: 0 }] }",
        ),
        (
            "a session without a request",
            "slo:",
            "  idle:\n    steps: [{ repeat: { times: 0..3, steps: [{ get: / }] } }]\nslo:",
        ),
        (
            "a session without an end",
            "- get: /\n",
            "- get: /\n      - repeat: { times: 1_000_000, steps: [{ repeat: { times: 1_000_000, steps: [{ get: / }] } }] }\n",
        ),
        ("compress and duration", "compress: 200", "compress: 200, duration: 9m"),
        ("a name for a folder", "name: errors", "name: ../../etc"),
    ];
    settings().bind(|| insta::assert_snapshot!("values", report(cases)));
}

#[test]
fn times_of_the_day() {
    let cases: &[Case] = &[
        ("a clock that runs backwards", "to: 2016-06-06T13:15", "to: 2016-06-04T13:15"),
        ("an offset in place of a zone", "2016-06-05T07:00,", "2016-06-05T07:00+02:00,"),
        ("a zone that does not exist", "Europe/Rome", "Europe/Roma"),
        ("an hour that does not exist", "\"22:55\"", "\"25:55\""),
        ("one digit", "\"07:00\", 1", "7:00, 1"),
        ("the day after without its sign", "\"+1d 13:15\"", "\"02:00\""),
        ("beyond the clock", "\"+1d 13:15\"", "\"+1d 14:00\""),
        ("beyond a clock of seconds", "to: 2016-06-06T13:15", "to: 2016-06-05T07:00:30"),
        ("points out of order", "\"22:55\", 8", "\"07:00\", 8"),
        ("a window that ends first", "12:00..12:30", "12:30..12:00"),
        ("a time that the zone leaves out", "2016-06-05T07:00", "2016-03-27T02:30"),
    ];
    settings().bind(|| insta::assert_snapshot!("times", report(cases)));
}

#[test]
fn names_of_other_things() {
    let cases: &[Case] = &[
        ("a flow that does not exist", "flow: read", "flow: raed"),
        ("a whole URL in a step", "get: /results", "get: http://example.com/results"),
        ("an origin that does not exist", "get: /results", "get: \"api:/results\""),
        ("a path without its slash", "get: /results", "get: results"),
        ("a path with a space", "get: /results", "get: /the results"),
        ("a target that is no URL", "http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("a target with a path", "http://127.0.0.1:8080", "http://127.0.0.1:8080/app"),
        ("tls of a plain target", "http://127.0.0.1:8080", "{ url: \"http://127.0.0.1\", tls: { insecure: true } }"),
        ("a CA that is not there", "http://127.0.0.1:8080", "{ url: \"https://a.example\", tls: { ca: no.pem } }"),
        ("a cert without key", "http://127.0.0.1:8080", "{ url: \"https://a.example\", tls: { client_cert: no.pem } }"),
        ("no target", "target: http://127.0.0.1:8080\n", ""),
        ("a header that the engine sets", "- get: /\n", "- { get: /, headers: { Host: example.com } }\n"),
        ("an extension of WebSockets", "- get: /\n", "- { ws: /, headers: { Sec-WebSocket-Extensions: x } }\n"),
        ("a bad JSON path", "json $.version", "\"json $.rows[\""),
    ];
    settings().bind(|| insta::assert_snapshot!("names", report(cases)));
}

#[test]
fn templates() {
    let cases: &[Case] = &[
        ("a column that is nearly right", "{{feed.votes | number}}", "{{feed.vote | number}}"),
        ("a feed that is not there", "get: /results", "get: \"/results/{{feed.id}}\""),
        ("a saved value that is nearly right", "{{version | number}}", "{{versoin | number}}"),
        ("a value used before it is saved", "sections/{{feed.id}}", "sections/{{version}}"),
        ("a variable that is not set", "get: /results", "get: \"/{{env.SECRET}}\""),
        ("a draw with its ends swapped", "get: /results", "get: \"/{{random.int(6, 1)}}\""),
        ("a draw in an expectation", "save: {", "expect: { text: \"{{random.hex(8)}}\" }, save: {"),
        ("braces that do not close", "get: /results", "get: \"/{{session\""),
        ("a filter in a path", "get: /results", "get: \"/{{session | number}}\""),
        ("a path of a value that begins without a slash", "\"/sections/{{feed.id}}\"", "\"{{feed.id}}\""),
        ("a raw path that begins without a slash", "\"/sections/{{feed.id}}\"", "\"{{feed.id | raw}}\""),
        ("a raw value of the environment", "get: /lists", "get: \"{{env.TOKEN | raw}}\""),
        ("a raw value in a body", "{{feed.votes | number}}", "{{feed.votes | raw}}"),
        ("a filter of nothing", "get: /lists", "get: \"/{{nothing | raw}}\""),
        (
            "a variable in a generated row",
            "feed: sections.csv",
            "feed: { generate: 3, columns: { id: \"{{env.TOKEN}}\", votes: \"1\" } }",
        ),
        ("no number in a column", "feed: sections.csv", "feed: { file: two.csv, order: in order }"),
    ];
    settings().bind(|| insta::assert_snapshot!("templates", report(cases)));
}

#[test]
fn files_that_are_named() {
    let cases: &[Case] = &[
        ("a file that is not there", "sections.csv", "section.csv"),
        ("rows that are too short and too long", "sections.csv", "ragged.csv"),
        ("fewer rows than users", "users: 3", "users: 4"),
        ("a rate that is none", "- surge: {", "- series: rates.csv\n        - surge: {"),
        ("a folder", "sections.csv", "."),
        ("neither file nor generate", "feed: sections.csv", "feed: { order: once }"),
    ];
    settings().bind(|| insta::assert_snapshot!("files", report(cases)));
}

#[test]
fn objectives() {
    let cases: &[Case] = &[
        ("a metric that is nearly right", "errors < 0.1%", "error < 0.1%"),
        ("a metric that is none", "errors < 0.1%", "happiness < 3"),
        ("the wrong way round", "p99 < 300ms", "p99 > 300ms"),
        ("no unit", "p99 < 300ms", "p99 < 300"),
        ("a share without its sign", "errors < 0.1%", "errors < 0.1"),
        ("a quantile of all", "p99 < 300ms", "p100 < 300ms"),
        ("lost writes", "errors < 0.1%", "lost <= 0"),
        ("an amplification below one", "errors < 0.1%", "amplification < 20%"),
        ("a population that is nearly right", "  citizens: [\"p99", "  citizen: [\"p99"),
        ("each named step of a population that is nearly right", "  citizens: [\"p99", "  citizen.*: [\"p99"),
        ("each named step where none has a name", "  citizens: [\"p99", "  citizens.*: [\"p99"),
        (
            "a line for each that is there twice",
            "  citizens: [\"p99 < 300ms\"]",
            "  sections.*: [\"p99 < 300ms\", \"p99 < 300ms\"]",
        ),
        ("a measure that no named step has", "  citizens: [\"p99", "  '*.*': [\"frame_gap p99"),
        ("a step that is nearly right", "sections.form", "sections.from"),
        ("a step that has no name", "sections.form", "citizens.home"),
        ("a line that is no list", "[\"p99 < 300ms\"]", "p99 < 300ms"),
        ("half a window", "12:00..12:30", "12:00"),
        ("a measure that nothing has", "p99 < 300ms", "frame_gap p99 < 300ms"),
        ("a measure that a step has not", "p95 < 1s", "round_trip p95 < 1s"),
        (
            "a transaction with the name of a step",
            "      - { get: \"/sections/{{feed.id}}\"",
            "      - transaction: { name: form, steps: [{ get: / }] }\n      - { get: \"/sections/{{feed.id}}\"",
        ),
        (
            "a transaction of nothing",
            "      - get: /\n",
            "      - transaction: { name: look, steps: [] }\n      - get: /\n",
        ),
        (
            "a transaction that is nearly right",
            "      - get: /\n",
            "      - transaction: { named: look, steps: [{ get: / }] }\n",
        ),
        (
            "a pause in a parallel group",
            "      - get: /\n",
            "      - parallel: { steps: [{ get: / }, { think: 1s }] }\n",
        ),
        (
            "a value that comes too late",
            "      - get: /\n",
            "      - parallel: { steps: [{ get: /, save: { a: etag } }, { get: '/{{a}}' }] }\n",
        ),
        ("a measure that is nearly right", "p99 < 300ms", "frame_gaps p99 < 300ms"),
        ("a line that is there twice", "[\"p99 < 300ms\"", "[\"p99 < 300ms\", \"p99 < 300ms\""),
    ];
    settings().bind(|| insta::assert_snapshot!("objectives", report(cases)));
}

#[test]
fn retries() {
    let cases: &[Case] = &[
        ("an end that is nearly right", "get: /lists", "get: /lists, retry: { on: [timeuot], times: 1 }"),
        ("no status", "get: /lists", "get: /lists, retry: { on: [6xx, 700], times: 1 }"),
        ("for nothing", "get: /lists", "get: /lists, retry: { on: [], times: 1 }"),
        ("without a number", "get: /lists", "get: /lists, retry: { on: [5xx] }"),
        (
            "two backoffs",
            "get: /lists",
            "get: /lists, retry: { on: [5xx], times: 1, backoff: { fixed: 1s, exponential: 1s } }",
        ),
        ("a wait too long", "get: /lists", "get: /lists, retry: { on: [5xx], times: 1, backoff: 2h }"),
        ("a budget without its sign", "get: /lists", "get: /lists, retry: { on: [5xx], times: 1, budget: 0.2 }"),
        ("of a flow", "on_failure: end", "retry: { on: [5xx], times: 51 }"),
        (
            "beside a pause",
            "- think: { lognormal: { median: 8s, p95: 35s } }",
            "- { think: 8s, retry: { on: [5xx], times: 1 } }",
        ),
    ];
    settings().bind(|| insta::assert_snapshot!("retries", report(cases)));
}

#[test]
fn many_things_at_once_stand_in_order() {
    let text = SOUND
        .replace("errors < 0.1%", "error < 0.1%")
        .replace("compress: 200", "compres: 200")
        .replace("share: 100%", "share: 85")
        .replace("get: /lists", "get: lists")
        .replace("{{version | number}}", "{{versoin}}");
    let told = told(&text, &Overrides::default(), folder().path());
    settings().bind(|| insta::assert_snapshot!("many", told));
}

#[test]
fn the_options_of_a_run() {
    let set = |set: &[&str]| Overrides { set: set.iter().map(|s| (*s).to_owned()).collect(), ..Overrides::default() };
    let some = |text: &str| Some(text.to_owned());
    let cases = [
        ("--set of a bad value", set(&["populations.citizens.share=185%"])),
        ("--set that upsets the sum", set(&["populations.citizens.share=80%"])),
        ("--set of a name that is nearly right", set(&["populations.citizen.share=80%"])),
        ("--set of a key that is nearly right", set(&["populations.citizens.shares=80%"])),
        ("--set without a value", set(&["requests"])),
        ("--set of an index too far", set(&["flows.read.steps.7.get=/x"])),
        ("--set of a key that the file has not", set(&["limits.timeout=soon"])),
        ("--set of what is not YAML", set(&["requests=[1, 2"])),
        ("--set of a name with a dot", set(&["slo.sections.form.0=p95 < 1 s or so"])),
        ("--window", Overrides { window: some("25:00..26:00"), ..Overrides::default() }),
        ("--window outside the clock", Overrides { window: some("02:00..03:00"), ..Overrides::default() }),
        ("--scale", Overrides { scale: some("-1"), ..Overrides::default() }),
        ("--scale too small", Overrides { scale: some("0.00001"), ..Overrides::default() }),
        ("--seed", Overrides { seed: some("tuesday"), ..Overrides::default() }),
        ("--target", Overrides { target: some("embedded:elections"), ..Overrides::default() }),
        ("--compress", Overrides { compress: some("0"), ..Overrides::default() }),
        (
            "--compress and --duration",
            Overrides { compress: some("100"), duration: some("9m"), ..Overrides::default() },
        ),
        ("--duration", Overrides { duration: some("1 fortnight"), ..Overrides::default() }),
    ];
    let dir = folder();
    let report = cases.iter().fold(String::new(), |mut all, (about, overrides)| {
        write!(all, "=== {about}\n{}\n\n", told(SOUND, overrides, dir.path())).unwrap();
        all
    });
    settings().bind(|| insta::assert_snapshot!("options", report));
}

#[test]
fn line_ends_a_byte_order_mark_and_anchors_move_no_place() {
    let dir = folder();
    let broken = SOUND.replace("share: 100%", "share: 100").replace("- get: /\n", "- get: /è  # è\n      - gte: /è\n");
    let plain = told(&broken, &Overrides::default(), dir.path());
    assert!(plain.contains("night.yaml:7:12") && plain.contains("night.yaml:22:9"), "{plain}");
    assert_eq!(told(&broken.replace('\n', "\r\n"), &Overrides::default(), dir.path()), plain);
    assert_eq!(told(&format!("\u{feff}{broken}"), &Overrides::default(), dir.path()), plain);

    let anchored = SOUND
        .replace("name: errors\n", "name: errors\nx-steps:\n  pause: &pause { thnk: 5s }\n")
        .replace("- get: /\n", "- get: /\n      - *pause\n      - *pause\n");
    settings().bind(|| insta::assert_snapshot!("anchors", told(&anchored, &Overrides::default(), dir.path())));
}

#[test]
fn files_that_cannot_be_read() {
    let dir = folder();
    let path = dir.path().join("night.yaml");
    let load = || load_with(&path, &Overrides::default(), &|_| None).map(|_| ()).unwrap_err();
    assert!(matches!(load(), LoadError::Unreadable { .. }));
    std::fs::write(&path, b"name: x\nnote: \xFF").unwrap();
    assert!(load().to_string().contains("night.yaml:2:7: this is not UTF-8"), "{}", load());
    // A tebibyte of nothing: who reads it before looking at its size finds no memory for it.
    std::fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    assert!(matches!(load(), LoadError::TooLarge { .. }));
}
