//! No input panics, hangs or eats memory: bombs, nesting, huge values, and files mutated at random. What is told of one
//! mistake is told once.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use rustix::time::{ClockId, clock_gettime};
use scrutinio::scenario::{Overrides, parse};

const EVERYTHING: &str = include_str!("scenario_data/everything.yaml");

/// What is told about a text, which must cost little: in processor time, so that a busy machine does not matter. Debug
/// builds are some ten times slower than releases.
fn told_soon(text: &str, overrides: &Overrides) -> String {
    let base = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenario_data"));
    let begun = processor_time();
    let told = match parse(text, "test.yaml", base, overrides, &|_| None) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    };
    let took = processor_time() - begun;
    assert!(took < Duration::from_secs(5), "{took:?} for {} bytes", text.len());
    assert!(told.len() < 1 << 20, "{} bytes are told", told.len());
    told
}

/// What this thread has had of a core.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn told(text: &str) -> String {
    told_soon(text, &Overrides::default())
}

#[test]
fn an_alias_bomb_meets_the_budget() {
    let mut bomb = "x-0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]\n".to_owned();
    for level in 1..40 {
        let below = format!("*a{},", level - 1).repeat(9);
        bomb.push_str(&format!("x-{level}: &a{level} [{below}]\n"));
    }
    assert!(told(&bomb).contains("grown to more than 200000 values"), "{}", told(&bomb));
    let long = "y".repeat(1 << 20);
    let bomb = format!("x-0: &a {long}\nx-1: [{}]\n", "*a,".repeat(10_000));
    assert!(told(&bomb).contains("or 32 MiB"));
    let merged: String = (1..30).map(|i| format!("x-{i}: &m{i} {{ <<: [*m{0}, *m{0}], k{i}: 1 }}\n", i - 1)).collect();
    assert!(told(&format!("x-0: &m0 {{ a: 1 }}\n{merged}")).contains("is missing"), "merged keys do not multiply");
}

#[test]
fn an_alias_of_its_own_parent_is_refused() {
    assert!(told("x-a: &a [1, *a]\n").contains("an alias cannot stand inside what it names"));
}

#[test]
fn deep_nesting_is_refused() {
    for (open, deep) in [("[", 20_000), ("{a: ", 20_000), ("- ", 20_000)] {
        assert!(told(&format!("x-a:\n  {}", open.repeat(deep))).contains("nested deeper than 64 levels"), "{open}");
    }
    let steps = (0..40).fold("get: /".to_owned(), |inner, _| format!("repeat: {{ times: 2, steps: [{{ {inner} }}] }}"));
    let text = EVERYTHING.replace("- get: /\n", &format!("- {steps}\n"));
    assert!(told(&text).contains("nested deeper than 64 levels"));
}

#[test]
fn many_problems_are_counted_and_few_are_drawn() {
    let text: String = (0..50_000).map(|i| format!("key-{i}: 1\n")).collect();
    let told = told(&text);
    assert!(told.contains("more than 50 problems found") && told.matches("error:").count() == 50, "{told}");
}

#[test]
fn huge_values_cost_little_and_are_quoted_short() {
    let huge = "z".repeat(4 << 20);
    for text in [
        format!("{huge}: 1\n"),
        format!("name: {huge}\n"),
        format!("requests: {}\n", "9".repeat(4 << 20)),
        format!("slo: {{ overall: [\"{huge} < 3\"] }}\n"),
        EVERYTHING.replace("get: /\n", &format!("get: /{huge}\n")),
        EVERYTHING.replace("text: [turnout", &format!("text: [\"{}\", turnout", "{{session}}".repeat(300_000))),
        EVERYTHING.replace("text: [turnout", &format!("text: [\"{}\", turnout", "{{sesion}}".repeat(300_000))),
        EVERYTHING.replace("json $.version", &format!("json ${}", "[?(".repeat(100_000))),
    ] {
        assert!(told(&text).len() < 200_000);
    }
    let one_line = format!("name: x{}, y: [", " ".repeat(4 << 20));
    assert!(told(&one_line).contains("test.yaml:1:"));
}

#[test]
fn wide_maps_cost_little() {
    let wide = |entry: &str| (0..30_000).map(|i| entry.replace('#', &i.to_string())).collect::<String>();
    let cases = [
        ("headers: {", format!("headers: {{ {}", wide("H#: x, "))),
        ("target: {", format!("target: {{ {}", wide("k#: x, "))),
        ("columns: {", format!("columns: {{ {}", wide("c#: x, "))),
        ("flows:\n", format!("flows:\n{}", wide("  f#: { steps: [{ get: / }] }\n"))),
        ("populations:\n", format!("populations:\n{}", wide("  p#: { flow: read }\n"))),
        ("slo:\n", format!("slo:\n{}", wide("  s#: [p99 < 1s]\n"))),
        ("save: { ", format!("save: {{ {}", wide("s#: etag, "))),
        ("query: { ", format!("query: {{ {}", wide("q#: '{{s#}}', "))),
        ("text: [turnout", format!("text: [{} turnout", wide("t#, "))),
        ("- get: /\n", wide("- get: /\n      ") + "- get: /\n"),
        ("- line: [", format!("- line: [{}", wide("['07:00', 1], "))),
        ("status: [", format!("status: [{}", wide("200, "))),
    ];
    for (from, to) in cases {
        assert!(EVERYTHING.contains(from), "{from}");
        told(&EVERYTHING.replacen(from, &to, 1));
    }
}

#[test]
fn a_flow_of_many_populations_is_counted_for_each() {
    let steps: String = (0..4_000).map(|i| format!("      - get: /{i}\n")).collect();
    let populations: String =
        (0..1_000).map(|i| format!("  p{i}: {{ arrivals: {{ curve: [{{ constant: 1 }}] }}, flow: long }}\n")).collect();
    let text = format!(
        "name: many\nclock: {{ from: 2016-06-05T07:00, to: 2016-06-05T08:00 }}\ntarget: http://127.0.0.1\n\
         populations:\n{populations}flows:\n  long:\n    steps:\n{steps}"
    );
    assert!(told(&text).contains("counting each flow once per population"));
}

#[test]
fn json_paths_nest_no_deeper_than_the_stack_holds() {
    let nested = format!("$[?{}@.a{}]", "(".repeat(120), ")".repeat(120));
    assert!(told(&EVERYTHING.replace("json $.version", &format!("'json {nested}'"))).len() < 100_000);
}

/// A piece of YAML or of the language, to be put in the middle of a file.
fn splinter() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ \\-:{}\\[\\]#&*!|>'\"%@`,?\n\t]{1,6}",
        "\\PC{0,8}",
        Just("{{".to_owned()),
        Just("*short".to_owned()),
        Just("&short ".to_owned()),
        Just("<<: ".to_owned()),
        Just("\r\n".to_owned()),
        Just("null".to_owned()),
        Just("+99999d 00:00".to_owned()),
        Just("-9223372036854775808".to_owned()),
        Just("1e308".to_owned()),
        Just("\u{0}".to_owned()),
    ]
}

/// The good file with a few spans of it replaced, moved or cut.
fn mutated() -> impl Strategy<Value = String> {
    let edit = (
        0..EVERYTHING.len(),
        0..40_usize,
        prop_oneof![3 => splinter(), 1 => (0..EVERYTHING.len()).prop_map(|at| {
            EVERYTHING.chars().skip(at).take(60).collect()
        })],
    );
    proptest::collection::vec(edit, 1..5).prop_map(|edits| {
        let mut text: Vec<char> = EVERYTHING.chars().collect();
        for (at, length, with) in edits {
            let at = at.min(text.len());
            let end = (at + length).min(text.len());
            text.splice(at..end, with.chars());
        }
        text.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_files_are_told_about_and_never_panic(text in mutated()) {
        told(&text);
    }

    #[test]
    fn arbitrary_text_is_told_about_and_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        told(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn arbitrary_options_are_told_about_and_never_panic(
        path in "[a-z.0-9]{0,24}|populations(\\.[a-z]{1,9}){0,3}|flows\\.read\\.steps\\.[0-9]{1,3}(\\.[a-z]{1,6}){0,2}",
        value in "\\PC{0,16}",
        other in "\\PC{0,12}|[0-9:.+d ]{0,16}",
    ) {
        let some = || Some(other.clone());
        let set = vec![format!("{path}={value}")];
        let overrides = Overrides { set, window: some(), scale: some(), seed: some(), target: some(), duration: some(), compress: None };
        told_soon(EVERYTHING, &overrides);
    }
}

#[test]
fn a_mistake_has_no_echo_elsewhere() {
    let sound = "name: echo\nclock: { from: 2026-01-01T09:00, to: 2026-01-01T10:00 }\ntarget: http://127.0.0.1:1\n\
        populations:\n  all: { arrivals: { curve: [{ constant: 1 }] }, flow: all }\n\
        flows:\n  all:\n    steps:\n      - { get: /a, save: { id: json $.id } }\n      - { ws: /b, name: b, ended: link }\n\
        \x20     - { get: \"/c/{{id}}/{{link}}\", name: c }\nslo: { all.c: [\"p99 < 1s\"] }\n";
    assert_eq!(told(sound), "");
    for (from, to, first) in [
        ("{ get: /a", "{ gett: /a", "`gett` is not a key of a step"),
        ("{ ws: /b", "{ wss: /b", "`wss` is not a key of a step"),
        ("[{ constant: 1 }]", "[{ constant: 1 }], burts: 1", "`burts` is not a key of the arrivals"),
        ("populations:", "popultions:", "`popultions` is not a key of the scenario"),
        ("{ get: /a", "{ <<: *nobody, get: /a", "nothing above is anchored as `&nobody`"),
    ] {
        let told = told(&sound.replacen(from, to, 1));
        assert!(told.contains(first) && told.contains("1 problem found"), "{told}");
    }
    let told = told(&sound.replace("name: echo", "name: &n echo").replace("{ get: /a", "{ <<: *n, get: /a"));
    assert!(told.contains("`<<` takes a map, or a list of maps") && told.contains("test.yaml:9:11"), "{told}");
}

#[test]
fn a_feed_with_an_open_quote_or_other_separators_is_refused_before_it_swallows_rows() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("rows.csv"), "id,word\n1,one\n2,\"two\n3,three\n4,four\n").unwrap();
    let text = "name: quote\nclock: { from: 2026-01-01T09:00, to: 2026-01-01T10:00 }\ntarget: http://127.0.0.1:1\n\
        populations: { all: { arrivals: { curve: [{ constant: 1 }] }, flow: all, feed: rows.csv } }\n\
        flows: { all: { steps: [{ get: \"/{{feed.word}}\" }] } }\n";
    let told = parse(text, "test.yaml", dir.path(), &Overrides::default(), &|_| None).unwrap_err().to_string();
    assert!(told.contains("rows.csv:3:1") && told.contains("never closed"), "{told}");
    std::fs::write(dir.path().join("rows.csv"), "id;word\n1;one\n").unwrap();
    let told = parse(text, "test.yaml", dir.path(), &Overrides::default(), &|_| None).unwrap_err().to_string();
    assert!(told.contains("rows.csv:1:1") && told.contains("columns are separated by commas"), "{told}");
    assert!(told.contains("1 problem found"), "{told}");
}
