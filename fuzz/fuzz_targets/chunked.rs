//! libFuzzer's way into the target of the same name.

#![no_main]

#[path = "../targets/chunked.rs"]
mod chunked;

libfuzzer_sys::fuzz_target!(|data: &[u8]| chunked::target(data));
