//! A latency in numbers: the quantiles of one scope.

use serde::{Deserialize, Serialize};

use crate::record::{Histogram, Ranked};
use crate::unit::Quantile;

use super::LatencyBounds;

/// The quantiles of one scope in µs, to three significant digits. A quantile ranks all requests of the scope,
/// what was not right as slower than everything: `None` where the rank falls among those (D1).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// All requests of the scope.
    pub count: u64,
    /// The fastest right answer; `None` without any, like `mean` and `max`.
    pub min: Option<u64>,
    /// The mean of right answers.
    pub mean: Option<f64>,
    /// Median.
    pub p50: Option<u64>,
    /// 75th percentile.
    pub p75: Option<u64>,
    /// 90th percentile.
    pub p90: Option<u64>,
    /// 95th percentile.
    pub p95: Option<u64>,
    /// 99th percentile.
    pub p99: Option<u64>,
    /// 99.9th percentile.
    pub p99_9: Option<u64>,
    /// 99.99th percentile.
    pub p99_99: Option<u64>,
    /// The slowest right answer.
    pub max: Option<u64>,
    /// Between what the quantiles lie; nothing of what is not the response of all requests or of a population.
    #[serde(flatten)]
    pub bounds: LatencyBounds,
}

impl Latency {
    /// The quantiles of what was ranked.
    pub fn new(ranked: &Ranked<'_>) -> Self {
        let right = (!ranked.ok.is_empty()).then_some(ranked.ok);
        let [p50, p75, p90, p95, p99, p99_9, p99_99] = Quantile::SUMMARY.map(|q| ranked.quantile(q));
        Self {
            count: ranked.count(),
            min: right.map(Histogram::min),
            mean: right.map(|ok| (ok.mean() * 10.0).round() / 10.0),
            p50,
            p75,
            p90,
            p95,
            p99,
            p99_9,
            p99_99,
            max: right.map(Histogram::max),
            bounds: LatencyBounds::default(),
        }
    }

    /// Its quantiles, ascending; `None` where the rank falls among what was not right.
    pub fn quantiles(&self) -> [(Quantile, Option<u64>); 7] {
        let values = [self.p50, self.p75, self.p90, self.p95, self.p99, self.p99_9, self.p99_99];
        std::array::from_fn(|i| (Quantile::SUMMARY[i], values[i]))
    }

    /// The quantiles of samples that cannot fail, such as lags.
    pub fn of(samples: &Histogram) -> Self {
        Self::new(&Ranked::samples(samples))
    }
}
