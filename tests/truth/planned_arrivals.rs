//! Requests arrive when the plan has them due, and as random as planned.

use scrutinio::truth::{Request, Sample};
use scrutinio::unit::Instant;

use crate::case::{CASES, Measured, lengths, ms, quantile_ms};

/// The window of the queues' plans, in ms.
fn window() -> f64 {
    25_000.0 * f64::from(lengths())
}

/// When a request arrived, in ms since the run's start.
fn arrived(request: &Request) -> f64 {
    ms(request.arrived.since(Instant::ZERO))
}

#[test]
fn no_request_arrives_before_it_is_due_and_half_within_a_millisecond() {
    for case in [&CASES.one_server, &CASES.constant, &CASES.stall] {
        none_early_and_half_within_a_millisecond(case.measured());
    }
}

pub fn none_early_and_half_within_a_millisecond(case: &Measured) {
    let early = case.requests.iter().filter(|request| request.arrived < request.due).count();
    assert_eq!(early, 0, "requests that arrived before they were due");
    let median = quantile_ms(&Sample::of(case.requests.iter().map(|request| Some(request.late()))), "p50");
    assert!(!case.calm || median < 1.5, "{median} ms late at the median");
}

/// With its total given, a Poisson process of constant rate is that many independent uniforms: the Kolmogorov-Smirnov
/// distance of the arrivals, as the server saw them, from the uniform law stays under its 0.1 % point.
#[test]
fn arrivals_at_the_server_are_uniform_by_kolmogorov_and_smirnov() {
    for case in [&CASES.one_server, &CASES.two_servers] {
        let case = case.measured();
        let requests = &case.requests;
        let n = requests.len() as f64;
        let distance = requests.iter().enumerate().map(|(i, request)| {
            let (law, below, above) = (arrived(request) / window(), i as f64 / n, (i + 1) as f64 / n);
            (law - below).abs().max((above - law).abs())
        });
        let scaled = distance.fold(0.0, f64::max) * n.sqrt();
        assert!(!case.calm || scaled < 1.95, "√n·D = {scaled}");
    }
}

/// Counts in 50 ms have the variance of a Poisson process: neither evened out nor in bursts of our making.
#[test]
fn arrivals_at_the_server_are_dispersed_as_poisson() {
    let mut counts = vec![0.0_f64; (window() / 50.0) as usize];
    let case = CASES.one_server.measured();
    let requests = &case.requests;
    for request in requests {
        if let Some(count) = counts.get_mut((arrived(request) / 50.0) as usize) {
            *count += 1.0;
        }
    }
    let mean = requests.len() as f64 / counts.len() as f64;
    let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / (counts.len() - 1) as f64;
    let four_deviations = 4.0 * (2.0 / (counts.len() - 1) as f64).sqrt();
    assert!(!case.calm || (variance / mean - 1.0).abs() < four_deviations, "index of dispersion {}", variance / mean);
}
