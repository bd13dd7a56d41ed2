//! Quantiles that rank what was not right as slower than everything (D1).
//!
//! A quantile of right answers alone improves when a server dies: the slow requests leave it. Here the
//! rank is taken over all requests of the scope, so that it can only get worse.

use std::ops::RangeInclusive;

use hdrhistogram::{Counter, Histogram};

use crate::unit::Quantile;

use super::Tally;

/// The requests of one scope in order of slowness: right answers in range, then everything else.
#[derive(Clone, Copy, Debug)]
pub struct Ranked<'a, T: Counter = u64> {
    /// Right answers in µs, those over range at the top value.
    pub ok: &'a Histogram<T>,
    /// How many of them are over range: their value is not known, so they rank with what was not right.
    pub over_range: u64,
    /// Requests that were not right.
    pub not_right: u64,
}

impl<'a, T: Counter> Ranked<'a, T> {
    /// The right answers in `ok` among all requests that `tally` counts.
    pub fn new(ok: &'a Histogram<T>, tally: &Tally) -> Self {
        Self { ok, over_range: tally.over_range, not_right: tally.not_right() }
    }

    /// Samples that cannot fail, such as lags.
    pub fn samples(ok: &'a Histogram<T>) -> Self {
        Self { ok, over_range: 0, not_right: 0 }
    }

    /// All requests of the scope.
    pub fn count(&self) -> u64 {
        self.ok.len() + self.not_right
    }

    /// The quantile in µs, as the top of its bucket (at most 0.1 % above the exact value); `None` where the
    /// rank falls among what was not right, and if there were no requests.
    pub fn quantile(&self, quantile: Quantile) -> Option<u64> {
        self.at_rank(quantile.rank(self.count())).map(|bucket| *bucket.end())
    }

    /// The bucket of the `rank`th fastest request, from 1, in µs; `None` as for a quantile.
    pub fn at_rank(&self, rank: u64) -> Option<RangeInclusive<u64>> {
        let known = self.ok.len() - self.over_range.min(self.ok.len());
        if rank == 0 || rank > known { None } else { bucket_at_rank(self.ok, rank) }
    }

    /// The slowest request in µs, as the top of its bucket; `None` as for a quantile.
    pub fn slowest(&self) -> Option<u64> {
        (self.not_right == 0 && self.over_range == 0 && !self.ok.is_empty()).then(|| self.ok.max())
    }
}

/// The bucket of the `rank`th smallest, from 1. The crate's own `value_at_quantile` goes through a float
/// and may miss a rank by one.
fn bucket_at_rank<T: Counter>(histogram: &Histogram<T>, rank: u64) -> Option<RangeInclusive<u64>> {
    let mut seen = 0;
    let mut buckets = histogram.iter_recorded();
    let bucket = buckets.find(|bucket| {
        seen += bucket.count_at_value().as_u64();
        seen >= rank
    })?;
    let value = bucket.value_iterated_to();
    Some(histogram.lowest_equivalent(value)..=histogram.highest_equivalent(value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{TOP, total_histogram};
    use super::*;

    fn quantile(text: &str) -> Quantile {
        text.parse().expect("a quantile")
    }

    fn histogram(values: &[u64]) -> Histogram<u64> {
        let mut histogram = total_histogram();
        values.iter().for_each(|v| histogram.record(*v).expect("in range"));
        histogram
    }

    /// Holds every quantile of a summary against exact order statistics: never below, at most 0.1 % above.
    fn assert_exact(mut values: Vec<u64>) {
        let histogram = histogram(&values);
        values.sort_unstable();
        for q in Quantile::SUMMARY {
            let exact = values[q.rank(values.len() as u64) as usize - 1];
            let seen = Ranked::samples(&histogram).quantile(q).expect("nothing failed");
            assert!(seen >= exact && seen as f64 <= exact as f64 * 1.001 + 0.5, "{q}: {seen} for {exact}");
        }
    }

    /// Defects 1, 9 and 10 of docs/sources.md: far off sketches, two digits, interpolation within buckets.
    #[test]
    fn constant_and_bimodal_data_have_their_exact_quantiles() {
        assert_exact(vec![500_000; 5_000]);
        assert_exact([vec![800; 9_900], vec![1_502_000; 100]].concat());
    }

    /// Defect 7 of docs/sources.md: quantiles of the last 20,000 samples only.
    #[test]
    fn quantiles_cover_every_sample_of_a_run() {
        assert_exact([vec![1_000_000; 50_000], vec![100; 50_000]].concat());
        let early_slow = histogram(&[vec![1_000_000; 50_000], vec![100; 50_000]].concat());
        assert!(Ranked::samples(&early_slow).quantile(quantile("p75")) >= Some(1_000_000));
    }

    proptest! {
        #[test]
        fn skewed_data_has_its_exact_quantiles(exponents in prop::collection::vec(0.0..20.0f64, 1..2_000)) {
            assert_exact(exponents.into_iter().map(|e| e.exp() as u64).collect());
        }

        /// A dying server cannot improve its quantiles: failing one more request never lowers any.
        #[test]
        fn failing_instead_of_answering_never_improves_a_quantile(
            values in prop::collection::vec(1u64..10_000_000, 2..300), dies in 0usize..300,
        ) {
            let all = histogram(&values);
            let mut rest = values.clone();
            rest.remove(dies % values.len());
            let rest = histogram(&rest);
            for q in Quantile::SUMMARY {
                let alive = Ranked::samples(&all).quantile(q).expect("all are right");
                let dying = Ranked { ok: &rest, over_range: 0, not_right: 1 }.quantile(q);
                prop_assert!(dying.is_none_or(|slower| slower >= alive), "{}: {:?} after {}", q, dying, alive);
            }
        }
    }

    #[test]
    fn a_rank_among_what_was_not_right_is_failed() {
        let ok = histogram(&vec![1_000; 98]);
        let ranked = Ranked { ok: &ok, over_range: 0, not_right: 2 };
        assert_eq!(ranked.count(), 100);
        assert_eq!(ranked.quantile(quantile("p98")), Some(1_000));
        assert_eq!(ranked.quantile(quantile("p99")), None);
        assert_eq!(ranked.slowest(), None);
    }

    /// Defect 11 of docs/sources.md: over-range values make the quantile unusable instead of disappearing.
    #[test]
    fn over_range_answers_rank_with_what_was_not_right() {
        let ok = histogram(&[vec![1_000; 99], vec![TOP]].concat());
        let ranked = Ranked { ok: &ok, over_range: 1, not_right: 0 };
        assert_eq!(ranked.quantile(quantile("p99")), Some(1_000));
        assert_eq!(ranked.quantile(quantile("p99.9")), None);
    }

    #[test]
    fn no_requests_have_no_quantile() {
        assert_eq!(Ranked::samples(&total_histogram()).quantile(quantile("p50")), None);
    }
}
