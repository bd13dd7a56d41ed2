//! libFuzzer's way into the target of the same name.

#![no_main]

#[path = "../targets/scenario.rs"]
mod scenario;

libfuzzer_sys::fuzz_target!(|data: &[u8]| scenario::target(data));
