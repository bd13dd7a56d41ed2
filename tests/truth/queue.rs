//! M/M/1 and M/M/2 as 32 independent stations: the response times of a real load against queueing theory.

use scrutinio::truth::{Law, MM1, MM2, OVERHEAD, QueueLaw};
use scrutinio::unit::Span;

use crate::case::{CASES, Measured, ms, quantile_ms};

const QUANTILES: [(&str, &str); 4] = [("p50", "p50"), ("p90", "p90"), ("p99", "p99"), ("p99_9", "p99.9")];

#[track_caller]
fn hold(what: &str, measured: f64, expected: Span, (low, high): (Span, Span), calm: bool) {
    let (expected, low, high) = (ms(expected), ms(low), ms(high.saturating_add(OVERHEAD)));
    println!("{what}: {measured:.2} ms for {expected:.2} ms, allowed {low:.2} to {high:.2}");
    assert!(measured >= low, "{what} is {measured} ms, the law says {expected}, at least {low}");
    assert!(!calm || measured <= high, "{what} is {measured} ms, the law says {expected}, at most {high}");
}

fn holds_the_law(case: &Measured, law: QueueLaw) {
    let (law, responses) = (Law::Queue(law), case.responses());
    let n = responses.count();
    for (key, name) in QUANTILES {
        let quantile = name.parse().unwrap();
        let (expected, bounds) = (law.quantile(quantile, n), law.between(quantile, n).unwrap());
        hold(&format!("response {name}"), case.ms("response", key), expected, bounds, case.calm);
        hold(&format!("by the server {name}"), quantile_ms(&responses, name), expected, bounds, case.calm);
    }
    let (expected, bounds) = (law.mean(n), law.mean_between(n));
    hold("mean response", case.ms("response", "mean"), expected, bounds, case.calm);
    hold("mean by the server", ms(responses.mean().unwrap()), expected, bounds, case.calm);
}

#[test]
fn responses_of_one_server_follow_mm1() {
    holds_the_law(CASES.one_server.measured(), MM1);
}

#[test]
fn responses_of_two_servers_follow_mm2() {
    holds_the_law(CASES.two_servers.measured(), MM2);
}

/// Defect 1 of docs/sources.md: a sketch printed a p95 of 1072 ms for a true 1502. Skewed data, against exact order
/// statistics.
#[test]
fn reported_quantiles_are_the_servers_own_order_statistics() {
    for case in [&CASES.one_server, &CASES.two_servers] {
        let case = case.measured();
        for (latency, by_server) in [("service", case.services()), ("response", case.responses())] {
            for name in ["p50", "p75", "p90", "p95", "p99"] {
                let (ours, theirs) = (case.ms(latency, name), quantile_ms(&by_server, name));
                // Ours begins before theirs and ends after it; three digits round by up to a thousandth. The tail gets
                // some room for a machine that is busy.
                let room = if matches!(name, "p50" | "p75") { ms(OVERHEAD) } else { 6.0 };
                assert!(ours >= theirs * 0.999 - 0.01, "{latency} {name}: {ours} ms, the server's {theirs}");
                assert!(
                    !case.calm || ours <= theirs * 1.001 + room,
                    "{latency} {name}: {ours} ms, the server's {theirs}"
                );
            }
            assert_eq!(case.summary["latency_us"][latency]["count"], by_server.count(), "every sample of the run");
        }
    }
}
