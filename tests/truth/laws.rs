//! The closed forms (docs/sources.md), and the order statistics they are held against.

/// The response time of a first-come-first-served queue with Poisson arrivals and exponential service, in units of
/// the mean service time.
#[derive(Clone, Copy)]
pub struct Queue {
    /// Servers.
    pub servers: u32,
    /// Load of each.
    pub rho: f64,
}

impl Queue {
    /// Erlang's C: the probability that a request must wait.
    fn must_wait(self) -> f64 {
        let load = f64::from(self.servers) * self.rho;
        let term = |k: u32| (1..=k).fold(1.0, |product, i| product * load / f64::from(i));
        let all_busy = term(self.servers) / (1.0 - self.rho);
        all_busy / ((0..self.servers).map(term).sum::<f64>() + all_busy)
    }

    /// P(T > t).
    fn beyond(self, t: f64) -> f64 {
        let (wait, d) = (self.must_wait(), f64::from(self.servers) * (1.0 - self.rho));
        let waited = if d == 1.0 { (-t).exp() * (1.0 + t) } else { (d * (-t).exp() - (-d * t).exp()) / (d - 1.0) };
        (1.0 - wait) * (-t).exp() + wait * waited
    }

    /// The p-quantile.
    pub fn quantile(self, p: f64) -> f64 {
        if self.servers == 1 {
            return -(1.0 - p).ln() / (1.0 - self.rho);
        }
        let (mut low, mut high) = (0.0, 1e3);
        for _ in 0..100 {
            let middle = f64::midpoint(low, high);
            if self.beyond(middle) > 1.0 - p { low = middle } else { high = middle }
        }
        low
    }

    /// The mean.
    pub fn mean(self) -> f64 {
        1.0 + self.must_wait() / (f64::from(self.servers) * (1.0 - self.rho))
    }
}

/// A server of many workers that answers after `delay`, but in `stall` of every `period` nobody: what arrives then
/// is held to its end. All in ms.
#[derive(Clone, Copy)]
pub struct Stalled {
    pub delay: f64,
    pub stall: f64,
    pub period: f64,
}

impl Stalled {
    /// The p-quantile of the response in open loop.
    pub fn quantile(self, p: f64) -> f64 {
        self.delay + (self.stall - self.period * (1.0 - p)).max(0.0)
    }

    /// Its mean.
    pub fn mean(self) -> f64 {
        self.delay + self.stall * self.stall / (2.0 * self.period)
    }
}

/// The p-quantile of a sample: its ⌈pn⌉-th smallest.
pub fn order_statistic(sample: &[f64], p: f64) -> f64 {
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((p * sorted.len() as f64).ceil() as usize).clamp(1, sorted.len()) - 1]
}

/// The mean of a sample.
pub fn mean(sample: &[f64]) -> f64 {
    sample.iter().sum::<f64>() / sample.len() as f64
}

#[test]
fn the_closed_forms_give_the_published_quantiles() {
    for (servers, rho, mean, quantiles) in [
        (1, 0.5, 2.0, [1.3863, 4.6052, 9.2103, 13.8155]),
        (1, 0.8, 5.0, [3.4657, 11.5129, 23.0259, 34.5388]),
        (2, 0.5, 1.333333, [0.9744116, 2.994878, 5.665961, 8.22751]),
        (2, 0.9, 5.263158, [3.769159, 11.83148, 23.34443, 34.85736]),
        (8, 0.8, 1.286028, [0.9863344, 2.784556, 5.152182, 7.469719]),
    ] {
        let queue = Queue { servers, rho };
        assert!((queue.mean() / mean - 1.0).abs() < 1e-5);
        for (p, expected) in [0.5, 0.9, 0.99, 0.999].into_iter().zip(quantiles) {
            assert!((queue.quantile(p) / expected - 1.0).abs() < 2e-5, "M/M/{servers} {rho} p{p}");
        }
    }
    let stalled = Stalled { delay: 1.0, stall: 500.0, period: 10_000.0 };
    let rounded = |p| stalled.quantile(p).round();
    assert_eq!([0.5, 0.95, 0.96, 0.99, 0.999].map(rounded), [1.0, 1.0, 101.0, 401.0, 491.0]);
    assert!((stalled.mean() - 13.5).abs() < 1e-9);
}

/// Where the tolerances of M/M/2 come from, which no source has: run with `--ignored --nocapture`.
#[test]
#[ignore = "prints a table"]
fn relative_deviations_by_simulation() {
    let mut state = 1_u64;
    let mut draw = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    };
    for servers in [1_usize, 2] {
        let mut samples: Vec<[f64; 5]> = Vec::new();
        for _ in 0..400 {
            let mut responses = Vec::new();
            for _ in 0..32 {
                let (mut free, mut now) = (vec![0.0_f64; servers], 0.0);
                for _ in 0..625 {
                    now -= draw().ln() / (0.5 * servers as f64);
                    let next = (0..servers).min_by(|a, b| free[*a].total_cmp(&free[*b])).unwrap();
                    free[next] = free[next].max(now) - draw().ln();
                    responses.push(free[next] - now);
                }
            }
            let q = |p| order_statistic(&responses, p);
            samples.push([q(0.5), q(0.9), q(0.99), q(0.999), mean(&responses)]);
        }
        let column = |i: usize| samples.iter().map(|row| row[i]).collect::<Vec<_>>();
        for i in 0..5 {
            let (values, law) = (column(i), Queue { servers: servers as u32, rho: 0.5 });
            let m = mean(&values);
            let sd = mean(&values.iter().map(|v| (v - m).powi(2)).collect::<Vec<_>>()).sqrt();
            let expected = [0.5, 0.9, 0.99, 0.999].get(i).map_or(law.mean(), |p| law.quantile(*p));
            println!(
                "M/M/{servers} column {i}: mean/law {:.4}, rel sd {:.2} % at n = 20,000, {:.2} % at 100,000",
                m / expected,
                sd / m * 100.0,
                sd / m * 100.0 / 5f64.sqrt()
            );
        }
    }
}
