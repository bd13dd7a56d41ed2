//! The formula of docs/performance.md against the memory of the real process.
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod cli_support;

use cli_support::Place;
use scrutinio::report::memory_of_record;

/// The greatest resident memory of a run, in bytes, with answers that take 150 ms.
fn taken(lanes: &str, populations: usize, steps: usize) -> u64 {
    let place = Place::new();
    let mut text = "name: memory\nseed: 1\nclock: { from: 2016-06-05T07:00, to: 2016-06-05T07:00:01 }\n\
                    target: { embedded: knobs, delay: 150ms }\npopulations:\n"
        .to_owned();
    for i in 0..populations {
        text += &format!(
            "  p{i}: {{ users: 8, arrivals: {{ burst: {{ at: '07:00', weight: 100%, spread: 1s }} }}, flow: f }}\n"
        );
    }
    text += "flows:\n  f:\n    steps:\n";
    for i in 0..steps {
        text += &format!("      - {{ get: /{i} }}\n");
    }
    let file = place.file("memory.yaml", &text);
    let ended = place.run(&["run", file.to_str().unwrap(), "--lanes", lanes, "--quiet", "--json"]);
    let summary: serde_json::Value =
        serde_json::from_str(&ended.stdout).unwrap_or_else(|e| panic!("{e}: {}{}", ended.stdout, ended.stderr));
    assert!(summary["requests"]["completed"].as_u64().unwrap() > 0, "{}", ended.stdout);
    summary["generator"]["max_rss_bytes"].as_u64().unwrap()
}

/// What the program itself takes differs between builds; what populations and steps add does not.
#[test]
fn twenty_populations_of_twenty_steps_take_what_the_formula_says() {
    for lanes in [1, 2] {
        let (small, large) = (taken(&lanes.to_string(), 1, 1), taken(&lanes.to_string(), 20, 20));
        let added = large.saturating_sub(small);
        let told = memory_of_record(lanes, 20, 400) - memory_of_record(lanes, 1, 1);
        println!("{lanes} lanes: {small} and {large} bytes; {added} added, {told} told");
        assert!(added <= told && added >= told / 2, "{lanes} lanes: {added} bytes added, the formula says {told}");
    }
}
