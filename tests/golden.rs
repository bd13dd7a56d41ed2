//! The plans of the shipped scenarios, to the bit: no change and no platform moves an arrival or a path (P5).
//!
//! A hash that differs means that the same file and seed would now send other traffic. If that is meant, the plan
//! format's version goes up with the new hashes.
#![allow(clippy::unwrap_used)] // a test's helpers

use std::path::Path;

use scrutinio::plan::golden;
use scrutinio::scenario::{Overrides, load};

fn golden_hash(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name);
    let checked = load(&file, &Overrides::default()).unwrap_or_else(|error| panic!("{error}"));
    format!("{:032x}", golden(&checked.scenario).unwrap())
}

#[test]
fn the_election_night_is_the_same_to_the_bit() {
    assert_eq!(golden_hash("election-night.yaml"), "bf73477d571169e932dec7282352b5f5");
}

#[test]
fn the_impatient_night_is_the_same_to_the_bit() {
    assert_eq!(golden_hash("election-night-impatient.yaml"), "8ca26110a135bcfd3de5bdf34ebf009f");
}

#[test]
fn the_smoke_run_is_the_same_to_the_bit() {
    assert_eq!(golden_hash("smoke.yaml"), "cd6a8d556eb45f141cdfe3fedbc3031a");
}

#[test]
fn a_day_of_remote_work_is_the_same_to_the_bit() {
    assert_eq!(golden_hash("remote-work.yaml"), "0ae0aa8bd02a2cabebd954471287602e");
}

#[test]
fn the_logon_storm_is_the_same_to_the_bit() {
    assert_eq!(golden_hash("remote-work-storm.yaml"), "1b55e9e29f14a37f65fe82f433c42298");
}

#[test]
fn the_small_morning_of_remote_work_is_the_same_to_the_bit() {
    assert_eq!(golden_hash("remote-work-smoke.yaml"), "91eb604d9686ff6c6bdf0f07ccb41c5a");
}
