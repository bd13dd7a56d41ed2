//! Is an objective met? One exact proportion, bad over all requests of its scope (O1, O2).
//!
//! K counts every bad request. K′ counts those still bad once our own lateness is taken off, and none of
//! those due while the generator did not deliver the load, or soon after (D3). An objective is met by K and
//! breached by K′; where the two disagree the generator decided it, and too few requests prove nothing (P10). The
//! comparison is plain: a confidence bound will stand in its place (`bound`).

use serde::{Deserialize, Serialize};

use crate::record::{Bin, CatalogObjective, Recording};
use crate::scenario::{Measure, Metric};
use crate::unit::Span;

use super::bound::requests_needed;
use super::delivery::short_seconds;

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
    /// Neither can be said: our lateness decided, or too few requests came to prove anything.
    Undecided,
    /// It saw no request.
    NoData,
}

/// How an objective stands, and by what numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectiveResult {
    /// Who it is about.
    pub scope: String,
    /// The line as written.
    pub text: String,
    /// What is measured: requests without it; of a run of an older version, `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<Measure>,
    /// How it stands.
    pub result: Standing,
    /// The greatest share of bad requests; of `amplification` the greatest ratio of exchanges to requests.
    pub allowed: f64,
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

impl ObjectiveResult {
    /// Whether it is about exchanges over requests and not about a share of them.
    pub fn is_a_ratio(&self) -> bool {
        self.text.starts_with("amplification")
    }
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
    objectives.iter().zip(&recording.bins).map(|(o, bins)| objective(o, bins, recording.catalog.bin, &ours)).collect()
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
        Bin { n, k, .. } if within(&objective.metric, objective.allowed, k, n) => {
            // P10 has seen to it where the plan knows how many there will be; of extra requests and samples it does not.
            let proven = objective.metric.counts_exchanges() || n >= requests_needed(objective.allowed);
            if proven { Standing::Met } else { Standing::Undecided }
        }
        Bin { n, k_without_us, .. } if !within(&objective.metric, objective.allowed, k_without_us, n) => {
            Standing::Breached
        }
        _ => Standing::Undecided,
    };
    ObjectiveResult {
        scope: objective.scope.clone(),
        text: objective.text.clone(),
        measure: objective.measure,
        result,
        allowed: objective.allowed,
        observed: (sum.n > 0).then(|| sum.k as f64 / sum.n as f64),
        upper: None,
        n: sum.n,
        k: sum.k,
        k_without_us: sum.k_without_us,
        worst_second: worst.map(|(_, second)| second as u64),
    }
}

/// Whether `bad` of `n` requests is within what the metric allows.
fn within(metric: &Metric, allowed: f64, bad: u64, n: u64) -> bool {
    let (bad, limit) = (bad as f64, allowed * n as f64);
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

    fn errors(inclusive: bool) -> Metric {
        Metric::Errors { allowed: "0.1%".parse().expect("a share"), inclusive }
    }

    #[test]
    fn exactly_the_allowed_share_meets_what_says_at_most() {
        let p999 = Metric::Response {
            quantile: "p99.9".parse().expect("a quantile"),
            limit: Span::from_secs(1),
            inclusive: false,
        };
        for thousands in [1, 3, 7, 1_001, 7_000] {
            assert!(within(&p999, 0.001, thousands, thousands * 1_000), "{thousands}");
            assert!(!within(&p999, 0.001, thousands + 1, thousands * 1_000), "{thousands}");
            assert!(within(&errors(true), 0.1 / 100.0, thousands, thousands * 1_000), "{thousands}");
            assert!(!within(&errors(false), 0.1 / 100.0, thousands, thousands * 1_000), "{thousands}");
            assert!(within(&errors(false), 0.1 / 100.0, thousands - 1, thousands * 1_000), "{thousands}");
        }
    }
}
