//! How often the machine itself stands still: the least lateness that any program on this core can have.
//!
//! `pauses SECONDS` does nothing but read CLOCK_MONOTONIC. A gap between two readings is time in which the core was with
//! the kernel, another program or, in a virtual machine, the host. Prints one line of JSON: the share of instants that
//! such a gap makes more than 300 µs late for a program that waits on this core for nothing else, and the longest gap.

use std::time::{Duration, Instant};

/// The goal for lateness (benches/macro/arrivals.rs).
const IN_TIME: Duration = Duration::from_micros(300);

fn main() {
    let seconds = std::env::args().nth(1).and_then(|arg| arg.parse().ok()).expect("usage: pauses SECONDS");
    let length = Duration::from_secs_f64(seconds);
    let began = Instant::now();
    let (mut before, mut late, mut longest) = (began, Duration::ZERO, Duration::ZERO);
    while before - began < length {
        let now = Instant::now();
        let gap = now - before;
        // What falls into the gap's last 300 µs is in time.
        late += gap.saturating_sub(IN_TIME);
        longest = longest.max(gap);
        before = now;
    }
    let late_pct = 100.0 * late.as_secs_f64() / length.as_secs_f64();
    println!("{}", serde_json::json!({ "late_pct": late_pct, "longest_us": longest.as_micros() as u64 }));
}
