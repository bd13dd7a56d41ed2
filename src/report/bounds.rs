//! Between what the quantiles of a summary lie: of the responses of all requests and of each population (O6).

use serde::{Deserialize, Serialize};

use crate::judge::{QuantileBounds, quantile_bounds, quantile_of_responses};
use crate::record::{Block, Ranked, Recording};
use crate::unit::{Instant, Quantile, Span};

use super::Summary;

/// What each quantile of a latency is at least and at most, in µs, with a confidence of 97.5 % each; `None`: no such bound
/// is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // the quantiles of `Latency`, each with its two bounds
pub struct LatencyBounds {
    pub p50_low: Option<u64>,
    pub p50_high: Option<u64>,
    pub p75_low: Option<u64>,
    pub p75_high: Option<u64>,
    pub p90_low: Option<u64>,
    pub p90_high: Option<u64>,
    pub p95_low: Option<u64>,
    pub p95_high: Option<u64>,
    pub p99_low: Option<u64>,
    pub p99_high: Option<u64>,
    pub p99_9_low: Option<u64>,
    pub p99_9_high: Option<u64>,
    pub p99_99_low: Option<u64>,
    pub p99_99_high: Option<u64>,
}

impl LatencyBounds {
    fn new([p50, p75, p90, p95, p99, p99_9, p99_99]: [QuantileBounds; 7]) -> Self {
        Self {
            p50_low: p50.low,
            p50_high: p50.high,
            p75_low: p75.low,
            p75_high: p75.high,
            p90_low: p90.low,
            p90_high: p90.high,
            p95_low: p95.low,
            p95_high: p95.high,
            p99_low: p99.low,
            p99_high: p99.high,
            p99_9_low: p99_9.low,
            p99_9_high: p99_9.high,
            p99_99_low: p99_99.low,
            p99_99_high: p99_99.high,
        }
    }
}

impl Summary {
    /// This summary with the bounds of its quantiles, and of those that its objectives are about, by the blocks of its run.
    #[must_use]
    pub fn with_bounds(mut self, recording: &Recording, blocks: &[Block]) -> Self {
        let catalog = &recording.catalog;
        let starts = catalog.strata.iter().map(|second| Instant::ZERO + Span::from_secs(*second));
        let strata: Vec<usize> = starts.map(|start| blocks.partition_point(|block| block.end <= start)).collect();
        let all = recording.merged(|population| &population.response);
        let all = (Ranked::new(&all, &recording.tally()), None);
        let each = recording.populations.iter().enumerate();
        let each: Vec<_> = each.map(|(index, record)| (record.ranked(&record.response), Some(index))).collect();
        let of = |(ranked, population): &(Ranked<'_>, Option<usize>), quantile| {
            quantile_bounds(quantile, ranked, (blocks, *population), &strata)
        };
        let summed = |whose| LatencyBounds::new(Quantile::SUMMARY.map(|quantile| of(whose, quantile)));
        self.latency_us.response.bounds = summed(&all);
        for (names, whose) in catalog.populations.iter().zip(&each) {
            if let Some(summary) = self.populations.get_mut(&names.name) {
                summary.latency_us.response.bounds = summed(whose);
            }
        }
        let named = |scope: &str| catalog.populations.iter().position(|population| population.name == scope);
        for (objective, result) in catalog.objectives.iter().zip(&mut self.objectives) {
            let Some(quantile) = quantile_of_responses(objective, &recording.catalog) else { continue };
            let whose =
                if objective.scope == "overall" { Some(&all) } else { named(&objective.scope).map(|at| &each[at]) };
            let bounds = whose.map(|whose| of(whose, quantile)).unwrap_or_default();
            (result.was_low_us, result.was_high_us) = (bounds.low, bounds.high);
        }
        self
    }
}
