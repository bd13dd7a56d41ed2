//! Measures: what is timed beside requests, each in a histogram of its own, with the objectives about it.
//!
//! A lane makes a measure's histogram with its first sample, so that runs without measures cost nothing.

use crate::scenario::{Bad, Measure, Objective, Scenario};
use crate::unit::{Instant, Span};

use super::recorder::count_for;
use super::{
    Catalog, Class, Histogram, LaneHistogram, Ranked, Reason, Recorder, Tally, absorb, lane_histogram, record_span,
    total_histogram,
};

/// What is measured, fixed before the run.
#[derive(Clone, Debug, PartialEq)]
pub struct CatalogMeasure {
    /// Index of the population.
    pub population: u16,
    /// The name of the transaction, or of the step.
    pub name: String,
    /// What is timed of it.
    pub kind: Measure,
    /// The objectives that its samples count for.
    pub objectives: Vec<u16>,
}

impl CatalogMeasure {
    /// Everything that the steps of a scenario measure, population by population, for these objectives.
    pub(super) fn all(scenario: &Scenario, objectives: &[Objective]) -> Vec<Self> {
        let mut all = Vec::new();
        for (index, population) in scenario.populations.iter().enumerate() {
            let measures = scenario.flows[population.flow].measures().into_iter();
            let all_of = measures.map(|(name, kind)| Self::new(objectives, index, name, kind));
            // How long connections took to open is kept by population, if nobody asks for more.
            all.extend(all_of.filter(|of| of.kind != Measure::Connect || !of.objectives.is_empty()));
        }
        all
    }

    fn new(objectives: &[Objective], population: usize, name: &str, kind: Measure) -> Self {
        let counts = |o: &Objective| o.measure == Some(kind) && o.scope.covers(population, name);
        let objectives = (0u16..).zip(objectives).filter(|(_, o)| counts(o)).map(|(i, _)| i).collect();
        Self { population: population as u16, name: name.to_owned(), kind, objectives }
    }
}

impl Catalog {
    /// What is measured of a population's steps: step number, measure, and its index here.
    pub fn measures_by_step(&self, scenario: &Scenario, population: usize) -> Vec<(u32, Measure, u16)> {
        let steps = &scenario.flows[scenario.populations[population].flow].steps;
        let mut all = Vec::new();
        for (number, (name, kinds)) in (0..).zip(steps).filter_map(|(n, step)| Some((n, step.kind.measures()?))) {
            all.extend(kinds.iter().filter_map(|kind| Some((number, *kind, self.measure(population, name, *kind)?))));
        }
        all
    }

    fn measure(&self, population: usize, name: &str, kind: Measure) -> Option<u16> {
        let same = |m: &CatalogMeasure| usize::from(m.population) == population && m.name == name && m.kind == kind;
        self.measures.iter().position(same).map(|index| index as u16)
    }
}

/// What a lane sums up of one measure.
#[derive(Clone, Debug, Default)]
pub struct MeasureTotals {
    /// How the samples ended.
    pub tally: Tally,
    /// Values of right ones; made by the first.
    pub values: Option<LaneHistogram>,
}

/// What was seen of one measure in a run; empty of a killed run.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasureRecord {
    /// How the samples ended.
    pub tally: Tally,
    /// Values of right ones.
    pub values: Histogram,
}

impl MeasureRecord {
    pub(super) fn new() -> Self {
        Self { tally: Tally::default(), values: total_histogram() }
    }

    /// Its values, ranked over all samples: what was not right as slower than everything (D1).
    pub fn ranked(&self) -> Ranked<'_> {
        Ranked::new(&self.values, &self.tally)
    }

    /// What was planned in sessions that never began is unfinished, as their requests are (R3).
    pub(super) fn leave_unbegun(&mut self, reason: Reason, planned: u64) {
        self.tally.by_reason[reason as usize] += planned.saturating_sub(self.tally.total());
    }

    pub(super) fn add_totals(&mut self, lane: &MeasureTotals) {
        self.tally.add(&lane.tally);
        if let Some(values) = &lane.values {
            absorb(&mut self.values, values);
        }
    }
}

impl Recorder {
    /// A sample of a measure: its value, or why there is none. `due` is the instant that it counts for (D3); `ours` is
    /// what our own lateness had in the value (lags and read delays), which K′ takes off. What was under way when the run
    /// was stopped is bad where it had lasted as long as an objective does not allow, and else counts nowhere (D3).
    pub fn measured(&mut self, measure: u16, due: Instant, value: Result<Span, Reason>, ours: Span) {
        self.ends_since_totals += 1;
        let (catalog, totals) = (&*self.catalog, &mut *self.totals);
        let lasted = self.stopped.map_or(Span::ZERO, |at| at.since(due));
        let objectives = &catalog.measures[measure as usize].objectives;
        let is_about = |index: &u16| catalog.objectives[*index as usize].is_about(due);
        let slow = |index: &u16| catalog.objectives[*index as usize].metric.slow();
        let reached = |index: &u16| is_about(index) && slow(index).is_some_and(|slow| slow.is(lasted));
        let value = match value {
            Err(reason) if !reason.counts() && objectives.iter().any(reached) => Err(Reason::Overdue),
            value => value,
        };
        let sum = &mut totals.measures[measure as usize];
        match value {
            Ok(value) => {
                let in_range = record_span(sum.values.get_or_insert_with(lane_histogram), value);
                sum.tally.completed += 1;
                sum.tally.over_range += u64::from(!in_range);
            }
            Err(reason) => sum.tally.by_reason[reason as usize] += 1,
        }
        for &index in objectives {
            let bad = catalog.objectives[index as usize].metric.bad();
            if let Some(bad) = bad.and_then(|bad| is_bad(bad, value, lasted, ours, catalog)) {
                count_for(index, due, bad, value.ok(), catalog, &mut self.slice, totals);
            }
        }
    }
}

/// Whether a sample is bad for an objective, and still bad without us; `None` where nobody knows, as the run was stopped
/// before its end, when it had `lasted` so long (D3).
fn is_bad(bad: Bad, value: Result<Span, Reason>, lasted: Span, ours: Span, catalog: &Catalog) -> Option<(bool, bool)> {
    match (value, bad) {
        (Err(Reason::Stopped | Reason::NotBegun), _) | (Err(Reason::Overdue), Bad::Errors(_)) => None,
        (Err(Reason::Overdue), Bad::Slow(slow)) => {
            slow.is(lasted).then(|| (true, slow.is(lasted.saturating_sub(ours))))
        }
        (Ok(value), Bad::Slow(slow)) => Some((slow.is(value), slow.is(value.saturating_sub(ours)))),
        (Ok(_), Bad::Errors(_)) => Some((false, false)),
        (Err(reason), bad) => {
            let counts = if let Bad::Errors(errors) = bad { errors.has(reason.failure(), 0) } else { true };
            let without_us = match reason {
                // R6, as for requests.
                Reason::InFlight => catalog.is_stall_of_target(ours),
                reason => reason.class() != Class::Unsent,
            };
            Some((counts, counts && without_us))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::channel;

    use super::super::{CatalogObjective, Slice};
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant::ZERO + Span::from_millis(ms)
    }

    fn catalog() -> Catalog {
        let objective = |metric: &str, window| CatalogObjective {
            scope: "office".to_owned(),
            text: format!("frame_gap {metric}"),
            measure: Some(Measure::FrameGap),
            metric: metric.parse().expect("a metric"),
            window,
            can_grow: true,
        };
        Catalog {
            populations: Vec::new(),
            objectives: vec![objective("p99 < 100ms", None), objective("errors < 1%", Some((at(1_000), at(2_000))))],
            left_out: Vec::new(),
            measures: vec![CatalogMeasure {
                population: 0,
                name: "desktop".to_owned(),
                kind: Measure::FrameGap,
                objectives: vec![0, 1],
            }],
            bin: Span::from_millis(100),
            strata: vec![0],
            warm_up: Span::ZERO,
            limit_covers_target: true,
            tightest_limit: Some(Span::from_millis(300)),
        }
    }

    /// D1: in a run of days as in one of minutes.
    #[test]
    fn totals_are_handed_over_long_before_a_count_is_full() {
        let ((out, slices), (_spare, spares)) = (channel::<Slice>(), channel());
        let mut recorder = Recorder::new(Arc::new(catalog()), 0, out, spares);
        let mut hands_over_totals_after = |ends: u64| {
            recorder.ends_since_totals += ends - 1;
            recorder.measured(0, at(150), Ok(Span::from_millis(40)), Span::ZERO);
            recorder.hand_over(0, at(150));
            slices.recv().expect("a slice").totals.is_some()
        };
        let half = u64::from(u32::MAX / 2);
        assert!(!hands_over_totals_after(half));
        assert!(hands_over_totals_after(1));
        assert!(!hands_over_totals_after(1), "they begin anew");
        assert!(hands_over_totals_after(half));
    }

    #[test]
    fn samples_are_kept_ranked_and_counted_for_their_objectives_by_due() {
        let ((out, slices), (_spare, spares)) = (channel::<Slice>(), channel());
        let mut recorder = Recorder::new(Arc::new(catalog()), 0, out, spares);
        let ms = Span::from_millis;
        recorder.measured(0, at(150), Ok(ms(40)), Span::ZERO);
        // Bad only by our own lateness.
        recorder.measured(0, at(1_150), Ok(ms(110)), ms(20));
        recorder.measured(0, at(1_160), Ok(ms(130)), ms(20));
        recorder.measured(0, at(1_170), Err(Reason::Reset), Span::ZERO);
        recorder.measured(0, at(1_180), Err(Reason::Ports), Span::ZERO);
        recorder.finish();
        let slice = slices.recv().expect("the last slice");
        let bins: Vec<_> = slice.bins.iter().map(|b| (b.bin, b.objective, b.n, b.k, b.k_without_us)).collect();
        assert_eq!(bins, [(1, 0, 1, 0, 0), (11, 0, 4, 4, 2), (11, 1, 4, 2, 1)]);
        let totals = slice.totals.expect("at the end");
        let mut record = MeasureRecord::new();
        record.add_totals(&totals.measures[0]);
        assert_eq!((record.tally.completed, record.tally.not_right(), record.ranked().count()), (3, 2, 5));
        let quantile = |text: &str| record.ranked().quantile(text.parse().expect("a quantile"));
        assert_eq!((quantile("p50"), quantile("p99")), (Some(130_047), None));
        assert_eq!(totals.times[1].as_ref().map(LaneHistogram::len), Some(2));
    }
}
