//! A constant delay: every quantile is that delay, and response is service.

use scrutinio::unit::Instant;

use crate::case::{CASES, Measured};

const DELAY: f64 = 50.0;

/// Defect 10 of docs/sources.md: bucket interpolation printed a p50 of 299 ms for a constant 500 ms.
#[test]
fn a_constant_delay_is_every_quantile() {
    every_quantile_is_the_delay(CASES.constant.measured());
}

pub fn every_quantile_is_the_delay(case: &Measured) {
    for figure in ["min", "p50", "p75", "p90", "p95", "p99", "p99_9", "max"] {
        for latency in ["response", "service"] {
            let measured = case.ms(latency, figure);
            // Three digits round by a thousandth; what is above the median depends on who else uses the machine.
            assert!(measured >= DELAY * 0.999, "{latency} {figure} is {measured} ms");
            let room = if figure == "min" || figure == "p50" { 1.5 } else { 100.0 };
            assert!(!case.calm || measured <= DELAY + room, "{latency} {figure} is {measured} ms");
        }
    }
}

#[test]
fn without_a_queue_of_ours_response_is_service() {
    response_is_service(CASES.constant.measured());
}

pub fn response_is_service(case: &Measured) {
    let difference = case.ms("response", "p50") - case.ms("service", "p50");
    assert!(difference >= -0.05, "{difference} ms between the medians");
    assert!(!case.calm || difference < 1.0, "{difference} ms between the medians");
    assert!(!case.calm || (case.ms("lag", "p50") < 1.0 && case.ms("wait", "p50") < 1.0));
    assert!(case.ms("first_byte", "p50") <= case.ms("service", "p50"));
}

/// Defect 6 of docs/sources.md: a correction that mixed up its units. The record's microseconds against the server's
/// nanoseconds.
#[test]
fn microseconds_are_microseconds() {
    let case = CASES.constant.measured();
    let span = case.requests.last().unwrap().answered.unwrap().since(Instant::ZERO).as_secs_f64();
    let elapsed = case.summary["elapsed_s"].as_f64().unwrap();
    assert!(elapsed >= span && elapsed < 2.0 * span, "elapsed {elapsed} s, the server's last answer at {span}");
    let rate = case.summary["rate_rps"]["mean"].as_f64().unwrap();
    let by_server = case.requests.len() as f64 / elapsed;
    assert!((rate / by_server - 1.0).abs() < 0.02, "{rate}/s, by the server {by_server}");
}
