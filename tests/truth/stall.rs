//! A target that stands still half a second in every five: in open loop everybody who came then waits, and says so.

use scrutinio::truth::{Spacing, Stall};
use scrutinio::unit::{Quantile, Span};

use crate::case::{CASES, in_ms, lengths, ms, quantile_ms};

const LAW: Stall = Stall {
    delay: Span::from_millis(20),
    stall: Span::from_millis(500),
    period: Span::from_secs(5),
    rho: 0.0,
    spacing: Spacing::Poisson,
};

/// Defect 2 of docs/sources.md: a correction that was inverted for 13 months, and defect 4: latency from the actual send.
#[test]
fn quantiles_over_a_known_standstill_are_those_of_the_closed_form() {
    let case = CASES.stall.measured();
    let responses = case.responses();
    let n = responses.count();
    let quantiles =
        [("p50", "p50"), ("p75", "p75"), ("p90", "p90"), ("p95", "p95"), ("p99", "p99"), ("p99_9", "p99.9")];
    for (key, name) in quantiles {
        let quantile: Quantile = name.parse().unwrap();
        let (law, (low, high)) = (ms(LAW.quantile(quantile)), LAW.between(quantile, n));
        // 2 ms for the machine.
        let (low, high) = (ms(low) * 0.999, ms(high) + 2.0);
        for (by, measured) in [("us", case.ms("response", key)), ("the server", quantile_ms(&responses, name))] {
            println!("{name} by {by}: {measured:.1} ms for {law:.1}, allowed {low:.1} to {high:.1}");
            let sound = measured >= low && (!case.calm || measured <= high);
            assert!(sound, "{name} by {by} is {measured} ms, not {law}");
        }
    }
    let (low, high) = LAW.mean_between(n);
    for measured in [case.ms("response", "mean"), ms(responses.mean().unwrap())] {
        let sound = measured >= ms(low) - 1.5 && (!case.calm || measured <= ms(high) + 1.5);
        assert!(sound, "mean {measured} ms, not {}", ms(LAW.mean()));
    }
    let max = case.ms("response", "max");
    let longest = ms(LAW.stall);
    assert!(max > 0.95 * longest && (!case.calm || max < ms(LAW.delay) + longest + 100.0), "max {max} ms");
}

/// With four connections that carry twice what comes, the backlog of a standstill drains as fast as new requests come:
/// the server is a serial one of load ½, and its law holds from due. From the actual send it would be gone, as only
/// four requests at a time are sent into a standstill (defects 2, 4 and 13 of docs/sources.md).
#[test]
fn waiting_for_a_connection_after_a_standstill_is_in_the_headline() {
    let case = CASES.few_connections.measured();
    let (law, n) = (Stall { rho: 0.5, ..LAW }, case.responses().count());
    for name in ["p50", "p90", "p95", "p99"] {
        let quantile: Quantile = name.parse().unwrap();
        // Arrivals of one standstill, some 100, scatter by a tenth, and so does the time to drain them.
        let (low, high) = law.between(quantile, n);
        let (low, high) = ((ms(low) - 60.0).max(ms(law.delay) * 0.999), ms(high) + 60.0);
        let (measured, expected) = (case.ms("response", name), ms(law.quantile(quantile)));
        println!("{name} on four connections: {measured:.1} ms for {expected:.1}, allowed {low:.1} to {high:.1}");
        let sound = measured >= low && (!case.calm || measured <= high);
        assert!(sound, "{name} is {measured} ms, not {expected}");
    }
    assert!(!case.calm || case.ms("service", "p95") < 100.0, "few were on the wire while it stood still");
    assert!(case.ms("wait", "p90") > 100.0, "most waited for a connection");
}

/// Coordinated omission (docs/sources.md): on the same server at the same time, two connections that wait for each
/// answer before they ask again meet each standstill twice and call it rare.
#[test]
fn a_closed_loop_hides_the_standstill_that_an_open_loop_shows() {
    let case = CASES.stall.measured();
    let closed = case.closed.as_ref().unwrap();
    assert!(case.ms("response", "p99") > 400.0, "open loop: one in a hundred waits over 400 ms");
    let p99 = in_ms(closed, "response", "p99");
    assert!(!case.calm || p99 < 100.0, "closed loop: p99 {p99} ms is of a request outside every standstill");
    assert!(in_ms(closed, "response", "max") > 400.0, "though it saw every one of them");
    let count = closed["latency_us"]["response"]["count"].as_u64().unwrap();
    assert!(count < 2 * u64::from(lengths()) * 25 * 50, "and asked less often than it would have");
    assert_eq!(closed["latency_us"]["lag"], serde_json::Value::Null, "a closed loop has no lag (T4)");
}

/// The standstill is the target's: it is in service and response, and in nothing of ours.
#[test]
fn a_standstill_of_the_target_is_no_lag_and_no_read_delay() {
    let case = CASES.stall.measured();
    assert!(case.ms("service", "p99") > 400.0, "sent at once, answered late");
    if case.calm {
        assert!(case.ms("lag", "p99") < 100.0 && case.ms("lag", "p50") < 2.0);
        assert!(case.ms("read_delay", "p99") < 100.0 && case.ms("read_delay", "p50") < 3.0);
    }
}
