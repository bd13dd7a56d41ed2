//! The fuzz targets of `fuzz/`, bounded: the same functions on the same seeds, driven by a seeded mutator, so that
//! every `cargo test` runs them where there is neither nightly Rust nor libFuzzer. Long runs: docs/fuzzing.md.
#![allow(clippy::unwrap_used)] // The lint's exception for tests does not reach their helpers.

#[path = "../fuzz/targets/answer.rs"]
mod answer;
#[path = "../fuzz/targets/chunked.rs"]
mod chunked;
#[path = "../fuzz/targets/frames.rs"]
mod frames;
mod fuzz_support;
#[path = "../fuzz/targets/scenario.rs"]
mod scenario;

use fuzz_support::{Numbers, mutate};

/// Gives the target its seeds, and then `executions` mutations of them.
fn drive(name: &str, executions: usize, target: fn(&[u8])) {
    let folder = format!("{}/fuzz/seeds/{name}", env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let seeds: Vec<Vec<u8>> = paths.iter().map(|path| std::fs::read(path).unwrap()).collect();
    assert!(!seeds.is_empty());
    seeds.iter().for_each(|seed| target(seed));
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for _ in 0..executions {
        let mut input = seeds[numbers.below(seeds.len())].clone();
        for _ in 0..=numbers.below(4) {
            mutate(&mut input, &seeds, &mut numbers);
        }
        target(&input);
    }
}

#[test]
fn no_answer_breaks_an_invariant() {
    drive("answer", 20_000, answer::target);
}

#[test]
fn no_chunked_body_breaks_an_invariant() {
    drive("chunked", 50_000, chunked::target);
}

#[test]
fn no_connection_of_http2_breaks_an_invariant() {
    drive("frames", 6_000, frames::target);
}

#[test]
fn no_scenario_breaks_an_invariant() {
    drive("scenario", 1_500, scenario::target);
}
