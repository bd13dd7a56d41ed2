//! Is an objective met, with confidence (O3)? One proportion, bad over all requests of its scope (O1, O2).
//!
//! K counts every bad request. K′ counts those that are still bad after our own lateness is subtracted, and none of
//! those due while the generator did not deliver the load, or soon after (D3). Met is decided by what the share of K is
//! below, and breached by what the share of K′ is above.

use serde::{Deserialize, Serialize};

use crate::record::{Bin, CatalogObjective, Recording};
use crate::scenario::{Measure, Metric};

use super::bound::{ALPHA, Bins, Bounds, proven_breaches};
use super::counted::{Answers, by_counting};
use super::looks::Looks;
use super::parts::{Was, was};
use super::warm_up::WarmUp;

/// How an objective stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Met, our own lateness included.
    Met,
    /// Breached, even without our own lateness.
    Breached,
    /// It would be met without our own lateness, and is not with it.
    GeneratorDecided,
    /// Neither is proven: there were too few requests for a share so near to what is allowed.
    Undecided,
    /// It saw no request.
    NoData,
}

/// What an objective bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The share of requests that are bad.
    Share,
    /// The number of requests that are bad.
    Count,
    /// Exchanges over requests.
    Ratio,
    /// Right answers a second.
    Rate,
}

impl From<&Metric> for Kind {
    fn from(metric: &Metric) -> Self {
        match metric {
            Metric::Quantile { .. } | Metric::Errors { .. } => Self::Share,
            Metric::AtMost { .. } => Self::Count,
            Metric::Amplification { .. } => Self::Ratio,
            Metric::Rate { .. } => Self::Rate,
        }
    }
}

/// How an objective stands, and by what numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectiveResult {
    /// What it is about: a population, a step, or all.
    pub scope: String,
    /// The line as written.
    pub text: String,
    /// What is measured; `None`: requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measure: Option<Measure>,
    /// What it bounds.
    pub kind: Kind,
    /// Met, breached or neither.
    pub result: Standing,
    /// The greatest share of bad requests, or their greatest number; of `amplification` the greatest ratio of exchanges to
    /// requests, of `rate` the least number of right answers a second.
    pub allowed: f64,
    /// The quantile that it is about, in µs; `None` where it is about none or was not known, as of steps of a killed run.
    pub was_us: Option<u64>,
    /// What that quantile is at least and at most, with the confidence `level`; `None` where no such bound is known, and of
    /// an objective about anything but the responses of all or of a population, over the whole run (O6).
    pub was_low_us: Option<u64>,
    #[allow(missing_docs)] // see above
    pub was_high_us: Option<u64>,
    /// Whether that quantile falls among what was not right (D1), so that there is no figure.
    pub was_failed: bool,
    /// The time that is too long, in µs; `None` of an objective about no time.
    pub limit_us: Option<u64>,
    /// The share of bad requests, or the ratio, or the rate a second; `None` without requests.
    pub observed: Option<f64>,
    /// What that is above without our lateness (of K′), with the confidence `level`; `None` without requests, and of a
    /// number, which is counted.
    pub lower: Option<f64>,
    /// What that is below (of K), with that confidence; `None` where nothing can be said, and of a number.
    pub upper: Option<f64>,
    /// The confidence of each of these bounds: 0.975; of looks (O17) 0.9917.
    pub level: f64,
    /// How many requests would decide it if the share stays; `None` where it is decided, or where twenty times as many
    /// would not.
    pub would_decide: Option<u64>,
    /// Requests; of `rate` right answers.
    pub n: u64,
    /// Bad ones (K); of `amplification` exchanges.
    pub k: u64,
    /// Still bad without our lateness (K′).
    pub k_without_us: u64,
    /// The second of the run in which most bad requests were due; `None` without any.
    pub worst_second: Option<u64>,
}

/// Every objective of a recording, in its order, by what is behind this warm-up.
pub(super) fn objectives(recording: &Recording, warm_up: WarmUp) -> Vec<ObjectiveResult> {
    objectives_of(&Looks::at_one_run(recording, warm_up), recording)
}

/// Every objective of some looks, in the catalog's order; `pooled` has their figures in one.
pub(super) fn objectives_of(looks: &Looks<'_>, pooled: &Recording) -> Vec<ObjectiveResult> {
    let objectives = pooled.catalog.objectives.iter().enumerate();
    let all: Vec<Basis> = objectives.map(|(index, objective)| Basis::new(objective, index, looks)).collect();
    // What is counted cannot be over its limit by chance.
    let inferred: Vec<usize> = (0..all.len()).filter(|index| all[*index].is_inferred()).collect();
    let is_breached = |at: usize, alpha: f64| all[inferred[at]].is_breached(alpha);
    let mut breached = vec![false; all.len()];
    for (index, is) in inferred.iter().zip(proven_breaches(inferred.len(), looks.alpha, is_breached)) {
        breached[*index] = is;
    }
    let each = all.iter().zip(breached).enumerate();
    each.map(|(index, (basis, breached))| {
        let result = basis.result(breached, inferred.len());
        let was = was(pooled, index, result.n);
        ObjectiveResult { was_us: was.micros(), was_failed: was == Was::Failed, level: 1.0 - looks.alpha, ..result }
    })
    .collect()
}

/// What an objective is judged by.
enum Basis<'a> {
    /// Requests or samples, by bins of due.
    Seen(Seen<'a>),
    /// Right answers, by seconds of done.
    Answers(Answers<'a>),
}

impl<'a> Basis<'a> {
    fn new(objective: &'a CatalogObjective, index: usize, looks: &Looks<'_>) -> Self {
        match Kind::from(&objective.metric) {
            Kind::Rate => Self::Answers(Answers::new(objective, looks)),
            Kind::Share | Kind::Count | Kind::Ratio => Self::Seen(Seen::new(objective, index, looks)),
        }
    }

    /// Whether it is decided by what is likely, and not by counting.
    fn is_inferred(&self) -> bool {
        !matches!(self, Self::Seen(seen) if Kind::from(&seen.objective.metric) == Kind::Count)
    }

    fn is_breached(&self, alpha: f64) -> bool {
        match self {
            Self::Seen(seen) => seen.is_breached(alpha),
            Self::Answers(answers) => answers.is_breached(alpha),
        }
    }

    fn result(&self, breached: bool, objectives: usize) -> ObjectiveResult {
        match self {
            Self::Seen(seen) => seen.result(breached, objectives),
            Self::Answers(answers) => answers.result(breached),
        }
    }
}

/// What was seen of an objective, by bins.
struct Seen<'a> {
    objective: &'a CatalogObjective,
    alpha: f64,
    /// Of each look.
    sums: Vec<Bin>,
    /// (n, K) and (n, K′) by bin.
    with_us: Bins,
    without_us: Bins,
    worst_second: Option<u64>,
}

impl<'a> Seen<'a> {
    fn new(objective: &'a CatalogObjective, index: usize, looks: &Looks<'_>) -> Self {
        let mut worst: Option<(u64, usize)> = None;
        let (mut sums, mut with_us, mut without_us, mut left_out) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        // What went out went out, whoever was late: exchanges are never laid on us. What is counted is counted whole.
        let exchanges = objective.metric.counts_exchanges();
        let is_kept_whole = exchanges || Kind::from(&objective.metric) == Kind::Count;
        for look in &looks.each {
            let is = |of: &[bool], bin: usize| of.get(bin / looks.bins_a_second).copied().unwrap_or(false);
            let (mut sum, mut with, mut without, mut out) = (Bin::default(), Vec::new(), Vec::new(), Vec::new());
            for (i, bin) in look.recording.bins[index].iter().enumerate() {
                let bin = looks.warm_up.bin(i, looks.bins_a_second, *bin);
                let k_without_us = if is(&look.ours, i) && !exchanges { 0 } else { bin.k_without_us };
                with.push((bin.n, bin.k));
                without.push((bin.n, k_without_us));
                out.push(!is_kept_whole && is(&look.left_out, i));
                if out[i] {
                    continue;
                }
                sum.add(Bin { k_without_us, ..bin });
                let bad = if exchanges { bin.k.saturating_sub(bin.n) } else { bin.k };
                if bad > worst.map_or(0, |(k, _)| k) {
                    worst = Some((bad, i / looks.bins_a_second));
                }
            }
            sums.push(sum);
            with_us.push(with);
            without_us.push(without);
            left_out.push(out);
        }
        let worst_second = worst.map(|(_, second)| second as u64);
        let [with_us, without_us] = [with_us, without_us].map(|of_looks| {
            let of_looks: Vec<&[(u64, u64)]> = of_looks.iter().map(Vec::as_slice).collect();
            Bins::pooled(&of_looks, &left_out, &looks.strata)
        });
        Self { objective, alpha: looks.alpha, sums, with_us, without_us, worst_second }
    }

    /// Whether the share of K′ is over what is allowed, with confidence 1 − `alpha`.
    fn is_breached(&self, alpha: f64) -> bool {
        let allowed = self.objective.metric.allowed();
        if let Metric::Amplification { inclusive, .. } = self.objective.metric {
            let lower = self.with_us.ratio(alpha).lower;
            return lower > allowed || (lower == allowed && !inclusive);
        }
        self.without_us.share(alpha).lower > allowed
    }

    fn result(&self, breached: bool, objectives: usize) -> ObjectiveResult {
        let Self { objective, sums, .. } = self;
        let of = |Bin { n, k, k_without_us }: Bin| ObjectiveResult {
            observed: (n > 0).then(|| k as f64 / n as f64),
            n,
            k,
            k_without_us,
            worst_second: self.worst_second,
            ..ObjectiveResult::new(objective)
        };
        if let Metric::AtMost { most, .. } = objective.metric {
            let (result, counted) = by_counting(most, sums);
            return ObjectiveResult { result, ..of(counted) };
        }
        let (sum, allowed) = (Bin::sum(sums), objective.metric.allowed());
        let (seen, lower, upper, upper_without_us, would_decide) = if objective.metric.counts_exchanges() {
            let bounds = self.with_us.ratio(self.alpha);
            (bounds.seen, bounds.lower, bounds.upper, bounds.upper, None)
        } else {
            let [with_us, without_us] = [&self.with_us, &self.without_us].map(|bins| bins.share(self.alpha));
            (with_us.seen, without_us.lower, with_us.upper, without_us.upper, self.would_decide(with_us, objectives))
        };
        // The bounds of a ratio that never varies are the ratio itself; of shares `<` and `<=` differ in O1 alone.
        let strict = matches!(objective.metric, Metric::Amplification { inclusive: false, .. });
        let result = if sum.n == 0 {
            Standing::NoData
        } else if upper < allowed || (upper == allowed && !strict) {
            Standing::Met
        } else if breached {
            Standing::Breached
        } else if upper_without_us <= allowed {
            Standing::GeneratorDecided
        } else {
            Standing::Undecided
        };
        ObjectiveResult {
            result,
            observed: (sum.n > 0).then_some(seen),
            lower: (sum.n > 0).then_some(lower),
            upper: (sum.n > 0 && upper.is_finite()).then_some(upper),
            would_decide: would_decide.filter(|_| result == Standing::Undecided),
            ..of(sum)
        }
    }

    /// The requests that would decide it: that it is met, or, at the level of the first of so many objectives (O3), that
    /// it is breached.
    fn would_decide(&self, with_us: Bounds, objectives: usize) -> Option<u64> {
        let allowed = self.objective.metric.allowed();
        if with_us.seen <= allowed {
            return with_us.would_decide(allowed);
        }
        self.without_us.share(self.alpha / objectives as f64).would_decide(allowed)
    }
}

impl ObjectiveResult {
    /// What it demands, of which nothing was seen yet.
    pub(super) fn new(objective: &CatalogObjective) -> Self {
        Self {
            scope: objective.scope.clone(),
            text: objective.text.clone(),
            measure: objective.measure,
            kind: Kind::from(&objective.metric),
            result: Standing::NoData,
            allowed: objective.metric.allowed(),
            was_us: None,
            was_low_us: None,
            was_high_us: None,
            was_failed: false,
            limit_us: objective.metric.slow().map(|slow| slow.limit.as_micros()),
            observed: None,
            lower: None,
            upper: None,
            level: 1.0 - ALPHA,
            would_decide: None,
            n: 0,
            k: 0,
            k_without_us: 0,
            worst_second: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::counted::within;
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

    fn objective(metric: &str) -> CatalogObjective {
        CatalogObjective {
            scope: "overall".to_owned(),
            text: metric.to_owned(),
            measure: None,
            metric: metric.parse().expect("a metric"),
            window: None,
            can_grow: true,
        }
    }

    /// How an objective stands of which each of a hundred bins has so many requests, bad ones, and bad ones without us.
    fn standing(metric: &str, n: u64, k: u64, k_without_us: u64) -> ObjectiveResult {
        let objective = objective(metric);
        let bins = |of: fn(Bin) -> (u64, u64)| Bins::of_one(&[of(Bin { n, k, k_without_us }); 100], &[0]);
        let seen = Seen {
            objective: &objective,
            alpha: ALPHA,
            sums: vec![Bin { n: n * 100, k: k * 100, k_without_us: k_without_us * 100 }],
            with_us: bins(|bin| (bin.n, bin.k)),
            without_us: bins(|bin| (bin.n, bin.k_without_us)),
            worst_second: None,
        };
        seen.result(seen.is_breached(ALPHA), 1)
    }

    #[test]
    fn met_goes_by_k_and_breached_by_what_is_left_without_us() {
        use Standing::{Breached, GeneratorDecided, Met, NoData, Undecided};
        for (n, k, k_without_us, result) in [
            (0, 0, 0, NoData),
            (100, 0, 0, Met),
            (1_000, 5, 0, Met),
            (1_000, 30, 0, GeneratorDecided),
            (1_000, 30, 5, GeneratorDecided),
            (1_000, 30, 20, Breached),
            (1_000, 10, 10, Undecided),
            (1_000, 30, 10, Undecided),
            (3, 0, 0, Undecided),
        ] {
            let found = standing("p99 < 1s", n, k, k_without_us);
            assert_eq!(found.result, result, "{n} {k} {k_without_us}: {found:?}");
        }
    }

    #[test]
    fn what_would_decide_is_told_of_the_undecided_alone() {
        assert_eq!(standing("p99 < 1s", 3, 0, 0).would_decide, Some(368));
        assert_eq!(standing("p99 < 1s", 100, 0, 0).would_decide, None);
        assert_eq!(standing("p99 < 1s", 1_000, 10, 10).would_decide, None, "it stands at its limit");
        let near = standing("p95 < 1s", 20, 1, 1);
        assert_eq!((near.result, near.observed), (Standing::Undecided, Some(0.05)));
    }
}
