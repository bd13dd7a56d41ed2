//! Queues with Poisson arrivals, first come first served (docs/sources.md, Closed forms).

use crate::unit::{Quantile, Span};

/// A queue in equilibrium. Its response times are in units of the mean service time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Queue {
    /// Exponential service by several servers.
    MMc {
        /// Servers.
        servers: u32,
        /// Load of each.
        rho: f64,
    },
    /// Service that always takes the same time, by one server.
    MD1 {
        /// Its load.
        rho: f64,
    },
}

/// A queue, and how far the quantiles of a sample of it scatter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QueueLaw {
    /// The queue.
    pub queue: Queue,
    /// Its mean service time.
    pub service: Span,
    /// Relative standard deviations in percent at n = 100,000: of p50, p90, p99, p99.9 and the mean.
    pub deviations: [f64; 5],
}

/// One server with a mean of 20 ms, loaded to a half.
pub const MM1: QueueLaw = QueueLaw {
    queue: Queue::MMc { servers: 1, rho: 0.5 },
    service: Span::from_millis(20),
    deviations: [0.9, 1.2, 2.2, 5.0, 1.0],
};

/// Two servers with a mean of 40 ms, each loaded to a half. Its deviations and those of M/D/1 are simulated:
/// `relative_deviations_by_simulation`.
pub const MM2: QueueLaw = QueueLaw {
    queue: Queue::MMc { servers: 2, rho: 0.5 },
    service: Span::from_millis(40),
    deviations: [0.65, 0.75, 1.3, 3.0, 0.65],
};

/// One server that takes 24 ms each time, loaded to 0.6. Loaded to a half, half of all do not wait: the median would be at
/// the edge of those, and the least delay of a timer would move it.
pub const MD1: QueueLaw =
    QueueLaw { queue: Queue::MD1 { rho: 0.6 }, service: Span::from_millis(24), deviations: [0.7, 0.9, 1.9, 4.5, 0.6] };

/// The quantiles that deviations are of.
const KNOWN: [f64; 4] = [0.5, 0.9, 0.99, 0.999];

impl Queue {
    /// Erlang's C: the probability that a request must wait for one of the servers.
    fn must_wait(servers: u32, rho: f64) -> f64 {
        let load = f64::from(servers) * rho;
        let term = |k: u32| (1..=k).fold(1.0, |product, i| product * load / f64::from(i));
        let all_busy = term(servers) / (1.0 - rho);
        all_busy / ((0..servers).map(term).sum::<f64>() + all_busy)
    }

    /// P(response > t).
    fn beyond(self, t: f64) -> f64 {
        match self {
            Self::MMc { servers, rho } => {
                let (wait, d) = (Self::must_wait(servers, rho), f64::from(servers) * (1.0 - rho));
                let waited =
                    if d == 1.0 { (-t).exp() * (1.0 + t) } else { (d * (-t).exp() - (-d * t).exp()) / (d - 1.0) };
                (1.0 - wait) * (-t).exp() + wait * waited
            }
            Self::MD1 { .. } if t < 1.0 => 1.0,
            // Erlang's sum for the wait of t − 1. Its terms change sign and grow with ρt: exact enough up to some tens.
            Self::MD1 { rho } => {
                let wait = t - 1.0;
                let term = |i: u32| {
                    let x = rho * (wait - f64::from(i));
                    x.exp() * (1..=i).fold(1.0, |product, k| product * -x / f64::from(k))
                };
                1.0 - (1.0 - rho) * (0..=wait as u32).map(term).sum::<f64>()
            }
        }
    }

    /// The p-quantile of the response, 0 < p < 1.
    pub fn quantile(self, p: f64) -> f64 {
        if let Self::MMc { servers: 1, rho } = self {
            return -(1.0 - p).ln() / (1.0 - rho);
        }
        // Upwards in small steps: far beyond the quantile Erlang's sum is not exact.
        let mut high = 1.0;
        while self.beyond(high) > 1.0 - p {
            high += 1.0;
        }
        let mut low = high - 1.0;
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if self.beyond(middle) > 1.0 - p { low = middle } else { high = middle }
        }
        high
    }

    /// The mean response.
    pub fn mean(self) -> f64 {
        match self {
            Self::MMc { servers, rho } => 1.0 + Self::must_wait(servers, rho) / (f64::from(servers) * (1.0 - rho)),
            Self::MD1 { rho } => 1.0 + rho / (2.0 * (1.0 - rho)),
        }
    }
}

impl QueueLaw {
    /// The quantile of the response.
    pub fn quantile(&self, quantile: Quantile) -> Span {
        self.times(self.queue.quantile(quantile.as_fraction()))
    }

    /// The mean response.
    pub fn mean(&self) -> Span {
        self.times(self.queue.mean())
    }

    fn times(&self, services: f64) -> Span {
        Span::from_secs_f64(self.service.as_secs_f64() * services)
    }

    /// One standard deviation of the quantile of `n` responses; `None` of a quantile whose deviation is not known.
    pub fn deviation(&self, quantile: Quantile, n: u64) -> Option<Span> {
        let column = KNOWN.iter().position(|p| (p - quantile.as_fraction()).abs() < 1e-9)?;
        Some(self.scattered(self.quantile(quantile), column, n))
    }

    /// One standard deviation of the mean of `n` responses.
    pub fn deviation_of_mean(&self, n: u64) -> Span {
        self.scattered(self.mean(), KNOWN.len(), n)
    }

    fn scattered(&self, expected: Span, column: usize, n: u64) -> Span {
        Span::from_secs_f64(expected.as_secs_f64() * self.deviations[column] / 100.0 * (1e5 / n as f64).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closed_forms_give_the_published_quantiles() {
        let queue = |servers, rho| Queue::MMc { servers, rho };
        for (queue, mean, quantiles) in [
            (queue(1, 0.5), 2.0, [1.3863, 4.6052, 9.2103, 13.8155]),
            (queue(1, 0.8), 5.0, [3.4657, 11.5129, 23.0259, 34.5388]),
            (queue(2, 0.5), 1.333333, [0.9744116, 2.994878, 5.665961, 8.22751]),
            (queue(2, 0.9), 5.263158, [3.769159, 11.83148, 23.34443, 34.85736]),
            (queue(8, 0.8), 1.286028, [0.9863344, 2.784556, 5.152182, 7.469719]),
            (Queue::MD1 { rho: 0.5 }, 1.5, [1.0, 2.515745, 4.336256, 6.168385]),
            (Queue::MD1 { rho: 0.8 }, 3.0, [2.27594, 6.011511, 11.35589, 16.70027]),
        ] {
            assert!((queue.mean() / mean - 1.0).abs() < 1e-5, "{queue:?}");
            for (p, expected) in KNOWN.into_iter().zip(quantiles) {
                let found = queue.quantile(p);
                assert!((found / expected - 1.0).abs() < 2e-5, "{queue:?} p{p}: {found} for {expected}");
            }
        }
    }

    /// Four deviations at n = 20,000 are what docs/truth.md prints for M/M/1.
    #[test]
    fn deviations_shrink_with_the_root_of_the_sample() {
        let relative = |text: &str| {
            let quantile = text.parse().unwrap();
            4.0 * MM1.deviation(quantile, 20_000).unwrap().as_secs_f64() / MM1.quantile(quantile).as_secs_f64()
        };
        for (text, percent) in [("p50", 8.0), ("p90", 10.7), ("p99", 19.7), ("p99.9", 44.7)] {
            assert!((relative(text) * 100.0 - percent).abs() < 0.1, "{text}: {}", relative(text));
        }
        assert_eq!(MM1.deviation("p95".parse().unwrap(), 100), None);
    }

    /// Where the deviations come from that no source has: run with `--ignored --nocapture`.
    #[test]
    #[ignore = "prints a table"]
    fn relative_deviations_by_simulation() {
        let mut state = 1_u64;
        let mut draw = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            -(((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64).ln()
        };
        for law in [MM1, MM2, MD1] {
            let (servers, rho, fixed) = match law.queue {
                Queue::MMc { servers, rho } => (servers as usize, rho, false),
                Queue::MD1 { rho } => (1, rho, true),
            };
            let mut samples: Vec<[f64; 5]> = Vec::new();
            for _ in 0..400 {
                let mut responses = Vec::new();
                for _ in 0..32 {
                    let (mut free, mut now) = (vec![0.0_f64; servers], 0.0);
                    for _ in 0..625 {
                        now += draw() / (rho * servers as f64);
                        let next = (0..servers).min_by(|a, b| free[*a].total_cmp(&free[*b])).unwrap();
                        free[next] = free[next].max(now) + if fixed { 1.0 } else { draw() };
                        responses.push(free[next] - now);
                    }
                }
                responses.sort_by(f64::total_cmp);
                let at = |p: f64| responses[(p * responses.len() as f64).ceil() as usize - 1];
                let mean = responses.iter().sum::<f64>() / responses.len() as f64;
                samples.push([at(0.5), at(0.9), at(0.99), at(0.999), mean]);
            }
            for (column, noted) in law.deviations.into_iter().enumerate() {
                let mean = |of: &dyn Fn(f64) -> f64| {
                    samples.iter().map(|row| of(row[column])).sum::<f64>() / samples.len() as f64
                };
                let m = mean(&|value| value);
                let deviation = mean(&|value| (value - m).powi(2)).sqrt() / m * 100.0;
                let expected = KNOWN.get(column).map_or(law.queue.mean(), |p| law.queue.quantile(*p));
                println!(
                    "{:?} column {column}: mean/law {:.4}, {deviation:.2} % at n = 20,000, {:.2} % at 100,000, noted {noted}",
                    law.queue,
                    m / expected,
                    deviation / 5f64.sqrt()
                );
            }
        }
    }
}
