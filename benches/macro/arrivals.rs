//! Whether requests arrived as planned, by the server's own log.
//!
//! `arrivals PLAN LOG START_NS SECONDS [STAMP]`: PLAN is what `scrutinio check --arrivals` printed before the run, LOG
//! the server's lines with `id` and STAMP (`arrived_ns` if not given), START_NS the run's `start_monotonic_ns`, SECONDS
//! its length at a constant rate. One request a session. Prints one line of JSON: the lateness in µs, the Kolmogorov-Smirnov p of arrivals
//! against the planned instants and against the constant rate, and the index of dispersion of counts in 10 ms of both.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};

use serde_json::{Value, json};

/// Width of the counts whose dispersion is told.
const BIN_NS: f64 = 10e6;
/// The goal for lateness.
const IN_TIME_US: f64 = 300.0;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [plan, log, start, seconds, stamp @ ..] = args.as_slice() else {
        panic!("usage: arrivals PLAN LOG START_NS SECONDS [STAMP]")
    };
    let stamp = stamp.first().map_or("arrived_ns", String::as_str);
    let start: f64 = start.parse().expect("nanoseconds");
    let length = seconds.parse::<f64>().expect("seconds") * 1e9;
    let due: HashMap<u64, f64> =
        lines(plan).map(|line| (number(&line["session"]), number(&line["due_ns"]) as f64)).collect();
    let pairs: Vec<(f64, f64)> = lines(log)
        .filter_map(|line| {
            let session = line["id"].as_str()?.rsplit('/').nth(1)?.parse().ok()?;
            Some((*due.get(&session)?, number(&line[stamp]) as f64 - start))
        })
        .collect();
    assert!(!pairs.is_empty(), "the log has no request of this plan");
    println!("{}", told(due.len(), &pairs, length));
}

fn lines(path: &str) -> impl Iterator<Item = Value> {
    let file = BufReader::new(File::open(path).unwrap_or_else(|error| panic!("{path}: {error}")));
    file.lines().map(|line| serde_json::from_str(&line.expect("read")).expect("a line of JSON"))
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a whole number")
}

/// `pairs` are due and arrival, nanoseconds after the run's start.
fn told(planned: usize, pairs: &[(f64, f64)], length: f64) -> Value {
    let late = sorted(pairs.iter().map(|(due, arrived)| (arrived - due) / 1e3));
    let (due, arrived) = (sorted(pairs.iter().map(|p| p.0)), sorted(pairs.iter().map(|p| p.1)));
    let n = late.len() as f64;
    let in_time = late.iter().filter(|late| (0.0..=IN_TIME_US).contains(*late)).count() as f64;
    let quantile = |q: f64| late[((n * q).ceil() as usize).clamp(1, late.len()) - 1];
    json!({
        "planned": planned,
        "arrived": late.len(),
        "in_time_pct": 100.0 * in_time / n,
        "early": late.iter().filter(|late| **late < 0.0).count(),
        "p50_us": quantile(0.5), "p99_us": quantile(0.99), "max_us": late[late.len() - 1],
        "ks_due_p": ks_p(distance(&arrived, |at| share_up_to(&due, at)), n / 2.0),
        "ks_rate_p": ks_p(distance(&arrived, |at| (at / length).clamp(0.0, 1.0)), n),
        "dispersion_planned": dispersion(&due, length),
        "dispersion_arrived": dispersion(&arrived, length),
    })
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

fn share_up_to(sorted: &[f64], at: f64) -> f64 {
    sorted.partition_point(|value| *value <= at) as f64 / sorted.len() as f64
}

/// The greatest distance between the share of `sorted` up to a point and `cumulative` there, before and after each.
fn distance(sorted: &[f64], cumulative: impl Fn(f64) -> f64) -> f64 {
    let n = sorted.len() as f64;
    let at = |(i, value): (usize, &f64)| {
        let expected = cumulative(*value);
        (expected - i as f64 / n).abs().max(((i + 1) as f64 / n - expected).abs())
    };
    sorted.iter().enumerate().map(at).fold(0.0, f64::max)
}

/// The chance of a distance of at least `d` with `n` samples: Kolmogorov's series with Stephens' correction.
fn ks_p(d: f64, n: f64) -> f64 {
    let lambda = (n.sqrt() + 0.12 + 0.11 / n.sqrt()) * d;
    // Below this the series converges slowly, and its sum is 1 to nine digits.
    if lambda < 0.3 {
        return 1.0;
    }
    let term = |k: i32| (if k % 2 == 1 { 2.0 } else { -2.0 }) * (-2.0 * f64::from(k * k) * lambda * lambda).exp();
    (1..=100).map(term).sum::<f64>().clamp(0.0, 1.0)
}

/// Variance over mean of the counts in whole bins up to `length`: 1 for a Poisson process, 0 for an even one.
fn dispersion(sorted: &[f64], length: f64) -> f64 {
    let mut counts = vec![0.0; (length / BIN_NS) as usize];
    for at in sorted {
        if let Some(count) = counts.get_mut((at / BIN_NS) as usize) {
            *count += 1.0;
        }
    }
    let bins = counts.len() as f64;
    let mean = counts.iter().sum::<f64>() / bins;
    counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / (bins - 1.0) / mean
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: f64 = 1e9;

    /// The golden ratio's multiples: as even as numbers that look random can be.
    fn spread(n: usize) -> Vec<f64> {
        sorted((1..=n).map(|i| (i as f64 * 0.618_033_988_749_895).fract() * SECOND))
    }

    #[test]
    fn kolmogorovs_table() {
        // Smirnov 1948: the 5 % and 1 % points of the limit law.
        let n: f64 = 1e12;
        assert!((ks_p(1.358_10 / n.sqrt(), n) - 0.05).abs() < 1e-5);
        assert!((ks_p(1.627_62 / n.sqrt(), n) - 0.01).abs() < 1e-5);
        assert_eq!(ks_p(0.0, 100.0), 1.0);
    }

    #[test]
    fn arrivals_at_another_rate_than_planned_are_told() {
        let even = spread(10_000);
        let rising: Vec<f64> = even.iter().map(|at| (at / SECOND).sqrt() * SECOND).collect();
        assert!(ks_p(distance(&even, |at| at / SECOND), 10_000.0) > 0.99);
        assert!(ks_p(distance(&rising, |at| at / SECOND), 10_000.0) < 1e-6);
    }

    #[test]
    fn dispersion_of_even_of_clumped_and_of_a_bin_all_at_once() {
        let even: Vec<f64> = (0..10_000).map(|i| (f64::from(i) + 0.5) * 1e5).collect();
        assert_eq!(dispersion(&even, SECOND), 0.0);
        // Held back to every other bin: counts 0 and 200, mean 100, variance 10000 × 100/99.
        let clumped: Vec<f64> = even.iter().map(|at| (at / 2e7).ceil() * 2e7 - 1.0).collect();
        assert!((dispersion(&clumped, SECOND) - 101.01).abs() < 0.01);
    }

    #[test]
    fn lateness_is_counted_by_request_and_not_by_rank() {
        // Two requests that overtook each other: one early, one late, though the sorted instants agree.
        let told = told(3, &[(1e6, 2e6), (2e6, 1e6), (3e6, 3.1e6)], SECOND);
        assert_eq!((told["early"].as_u64(), told["arrived"].as_u64()), (Some(1), Some(3)));
        assert!((told["in_time_pct"].as_f64().unwrap() - 100.0 / 3.0).abs() < 1e-9);
        assert_eq!(told["max_us"].as_f64(), Some(1000.0));
    }
}
