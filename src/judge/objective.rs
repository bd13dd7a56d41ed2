//! Is an objective met? One exact proportion, bad over all requests of its scope (O1, O2).
//!
//! K counts every bad request. K′ counts those that are still bad after our own lateness is subtracted, and none of
//! those due while the generator did not deliver the load, or soon after (D3). An objective is met by K and
//! breached by K′; where the two disagree the generator decided it, and too few requests prove nothing (P10). The
//! counts are compared with the limit as they are; a confidence bound will replace this (`bound`).

use serde::{Deserialize, Serialize};

use crate::record::{Bin, CatalogObjective, Recording};
use crate::scenario::{Measure, Metric};
use crate::unit::Span;

use super::bound::requests_needed;
use super::delivery::short_seconds;
use super::parts::{Was, was};

/// Seconds after a short one in which the target still works off what we sent too late (D3).
const RECOVERY_SECONDS: usize = 10;

/// How an objective stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Met, our own lateness included.
    Met,
    /// Breached, even without our own lateness.
    Breached,
    /// Neither is proven: our lateness decided, or there were too few requests to prove anything.
    Undecided,
    /// It saw no request.
    NoData,
}

/// How an objective stands, and by what numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectiveResult {
    /// What it is about: a population, a step, or all.
    pub scope: String,
    /// The line as written.
    pub text: String,
    /// What is measured: requests without it; of a run of an older version, `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<Measure>,
    /// Whether it is about exchanges over requests, and not about a share of them that is bad.
    #[serde(default)]
    pub is_a_ratio: bool,
    /// Met, breached or neither.
    pub result: Standing,
    /// The greatest share of bad requests; of `amplification` the greatest ratio of exchanges to requests.
    pub allowed: f64,
    /// The quantile that it is about, in µs; `None` where it is about none or was not known, as of steps of a killed run.
    #[serde(default)]
    pub was_us: Option<u64>,
    /// Whether that quantile falls among what was not right (D1), so that there is no figure.
    #[serde(default)]
    pub was_failed: bool,
    /// The time that the quantile must stay below, in µs; `None` of an objective about no quantile.
    #[serde(default)]
    pub limit_us: Option<u64>,
    /// The share of bad requests; `None` without requests.
    pub observed: Option<f64>,
    /// The upper confidence bound of that share; `None` until bounds are computed.
    pub upper: Option<f64>,
    /// Requests.
    pub n: u64,
    /// Bad ones (K); of `amplification` exchanges.
    pub k: u64,
    /// Still bad without our lateness (K′).
    pub k_without_us: u64,
    /// The second of the run in which most bad requests were due; `None` without any.
    pub worst_second: Option<u64>,
}

/// What the numbers of an objective count: `requests`, `transactions` or `samples`.
pub const fn counted(measure: Option<Measure>) -> &'static str {
    match measure {
        None => "requests",
        Some(Measure::Transaction) => "transactions",
        Some(_) => "samples",
    }
}

/// Every objective of a recording, in its order.
pub fn objectives(recording: &Recording) -> Vec<ObjectiveResult> {
    let ours = seconds_laid_on_us(recording);
    let objectives = &recording.catalog.objectives;
    let judged =
        objectives.iter().zip(&recording.bins).map(|(o, bins)| objective(o, bins, recording.catalog.bin, &ours));
    let with_quantile = |(index, result): (usize, ObjectiveResult)| {
        let was = was(recording, index, result.n);
        result.with_quantile(was)
    };
    judged.enumerate().map(with_quantile).collect()
}

fn objective(objective: &CatalogObjective, bins: &[Bin], width: Span, ours: &[bool]) -> ObjectiveResult {
    let mut sum = Bin::default();
    let mut worst: Option<(u64, usize)> = None;
    for (i, bin) in bins.iter().enumerate() {
        let second = (i as u64 * width.as_nanos() / Span::from_secs(1).as_nanos()) as usize;
        let laid_on_us = ours.get(second).copied().unwrap_or(false);
        // What went out went out, whoever was late: exchanges are never laid on us.
        let exchanges = objective.metric.counts_exchanges();
        sum.add(Bin { k_without_us: if laid_on_us && !exchanges { 0 } else { bin.k_without_us }, ..*bin });
        let bad = if exchanges { bin.k.saturating_sub(bin.n) } else { bin.k };
        if bad > worst.map_or(0, |(k, _)| k) {
            worst = Some((bad, second));
        }
    }
    let result = match sum {
        Bin { n: 0, .. } => Standing::NoData,
        Bin { n, k, .. } if within(&objective.metric, k, n) => {
            // P10 has seen to it where the plan knows how many there will be; of extra requests and samples it does not.
            let proven = objective.metric.counts_exchanges() || n >= requests_needed(objective.metric.allowed());
            if proven { Standing::Met } else { Standing::Undecided }
        }
        Bin { n, k_without_us, .. } if !within(&objective.metric, k_without_us, n) => Standing::Breached,
        _ => Standing::Undecided,
    };
    ObjectiveResult {
        scope: objective.scope.clone(),
        text: objective.text.clone(),
        measure: objective.measure,
        is_a_ratio: objective.metric.counts_exchanges(),
        result,
        allowed: objective.metric.allowed(),
        was_us: None,
        was_failed: false,
        limit_us: match objective.metric {
            Metric::Response { limit, .. } => Some(limit.as_micros()),
            Metric::Errors { .. } | Metric::Amplification { .. } => None,
        },
        observed: (sum.n > 0).then(|| sum.k as f64 / sum.n as f64),
        upper: None,
        n: sum.n,
        k: sum.k,
        k_without_us: sum.k_without_us,
        worst_second: worst.map(|(_, second)| second as u64),
    }
}

impl ObjectiveResult {
    fn with_quantile(self, was: Was) -> Self {
        let was_us = if let Was::Micros(us) = was { Some(us) } else { None };
        Self { was_us, was_failed: was == Was::Failed, ..self }
    }
}

/// Whether `bad` of `n` requests is within what the metric allows.
pub(super) fn within(metric: &Metric, bad: u64, n: u64) -> bool {
    let (bad, limit) = (bad as f64, metric.allowed() * n as f64);
    // The product of a decimal share is off by an ulp or two; integers that differ are farther apart.
    let equal = (bad - limit).abs() <= limit * 4.0 * f64::EPSILON;
    let strict =
        matches!(metric, Metric::Errors { inclusive: false, .. } | Metric::Amplification { inclusive: false, .. });
    if equal { !strict } else { bad < limit }
}

/// For each second, whether its requests are good in K′: it is short, or within the recovery of one (D3).
fn seconds_laid_on_us(recording: &Recording) -> Vec<bool> {
    let mut ours = vec![false; recording.seconds.len()];
    for second in short_seconds(recording) {
        let end = (second + RECOVERY_SECONDS + 1).min(ours.len());
        ours[second..end].fill(true);
    }
    ours
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_allowed_share_meets_what_says_at_most() {
        let [p999, at_most, less_than] =
            ["p99.9 < 1s", "errors <= 0.1%", "errors < 0.1%"].map(|line| line.parse::<Metric>().expect("a metric"));
        for thousands in [1, 3, 7, 1_001, 7_000] {
            assert!(within(&p999, thousands, thousands * 1_000), "{thousands}");
            assert!(!within(&p999, thousands + 1, thousands * 1_000), "{thousands}");
            assert!(within(&at_most, thousands, thousands * 1_000), "{thousands}");
            assert!(!within(&less_than, thousands, thousands * 1_000), "{thousands}");
            assert!(within(&less_than, thousands - 1, thousands * 1_000), "{thousands}");
        }
    }
}
