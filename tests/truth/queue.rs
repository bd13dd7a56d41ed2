//! M/M/1 and M/M/2 as 32 independent stations: the response times of a real load against queueing theory.

use crate::case::{CASES, Measured, lengths};
use crate::laws::{Queue, mean, order_statistic};

const QUANTILES: [(&str, f64); 4] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99_9", 0.999)];

/// What timers and loopback may add, in ms: assumed.
const OVERHEAD: f64 = 1.5;

/// A queue, and how far its sample quantiles scatter: relative standard deviations in percent at n = 100,000, of the
/// four quantiles and the mean.
struct Law {
    queue: Queue,
    service_ms: f64,
    deviations: [f64; 5],
}

impl Law {
    /// Four standard deviations at this run's n.
    fn tolerance(&self, column: usize, expected: f64) -> f64 {
        4.0 * self.deviations[column] / 100.0 * expected * (5.0 / f64::from(lengths())).sqrt()
    }

    #[track_caller]
    fn hold(&self, what: &str, column: usize, expected: f64, measured: f64, calm: bool) {
        let tolerance = self.tolerance(column, expected);
        let error = measured - expected;
        println!("{what}: {measured:.2} ms for {expected:.2} ms, error {error:+.2}, tolerance {tolerance:.2}");
        assert!(error >= -tolerance, "{what} is {measured} ms, the law says {expected} - {tolerance}");
        assert!(
            !calm || error <= tolerance + OVERHEAD,
            "{what} is {measured} ms, the law says {expected} + {tolerance}"
        );
    }
}

fn holds_the_law(case: &Measured, law: &Law) {
    for (column, (name, p)) in QUANTILES.into_iter().enumerate() {
        let expected = law.queue.quantile(p) * law.service_ms;
        law.hold(&format!("response {name}"), column, expected, case.ms("response", name), case.calm);
        law.hold(&format!("by the server {name}"), column, expected, order_statistic(&case.responses(), p), case.calm);
    }
    let expected = law.queue.mean() * law.service_ms;
    law.hold("mean response", 4, expected, case.ms("response", "mean"), case.calm);
    law.hold("mean by the server", 4, expected, mean(&case.responses()), case.calm);
}

#[test]
fn responses_of_one_server_follow_mm1() {
    let law = Law { queue: Queue { servers: 1, rho: 0.5 }, service_ms: 20.0, deviations: [0.9, 1.2, 2.2, 5.0, 1.0] };
    holds_the_law(CASES.one_server.measured(), &law);
}

#[test]
fn responses_of_two_servers_follow_mm2() {
    // By simulation: `laws::relative_deviations_by_simulation`.
    let law = Law { queue: Queue { servers: 2, rho: 0.5 }, service_ms: 40.0, deviations: [0.65, 0.75, 1.3, 3.0, 0.65] };
    holds_the_law(CASES.two_servers.measured(), &law);
}

/// Defect 1 of docs/sources.md: a sketch printed a p95 of 1072 ms for a true 1502. Skewed data, against exact order
/// statistics.
#[test]
fn reported_quantiles_are_the_servers_own_order_statistics() {
    for case in [&CASES.one_server, &CASES.two_servers] {
        let case = case.measured();
        for (latency, by_server) in [("service", case.services()), ("response", case.responses())] {
            for (name, p) in [("p50", 0.5), ("p75", 0.75), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)] {
                let (ours, theirs) = (case.ms(latency, name), order_statistic(&by_server, p));
                // Ours begins before theirs and ends after it; three digits round by up to a thousandth. The tail gets
                // some room for a machine that is busy.
                let room = if p < 0.9 { OVERHEAD } else { 6.0 };
                assert!(ours >= theirs * 0.999 - 0.01, "{latency} {name}: {ours} ms, the server's {theirs}");
                assert!(
                    !case.calm || ours <= theirs * 1.001 + room,
                    "{latency} {name}: {ours} ms, the server's {theirs}"
                );
            }
            assert_eq!(case.summary["latency_us"][latency]["count"], by_server.len(), "every sample of the run");
        }
    }
}
