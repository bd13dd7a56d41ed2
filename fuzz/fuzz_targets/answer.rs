//! libFuzzer's way into the target of the same name.

#![no_main]

#[path = "../targets/answer.rs"]
mod answer;

libfuzzer_sys::fuzz_target!(|data: &[u8]| answer::target(data));
