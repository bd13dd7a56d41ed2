//! Falsified measurements, so that `selftest` can be seen failing.
//!
//! The one place that changes what was measured. It is private to `selftest`, which hands in the recording that it got back,
//! before anything is judged or summarised: no other command can come here.

use std::fmt;

use crate::record::{Histogram, PopulationRecord, Recording, TOP, total_histogram};
use crate::unit::Span;

/// A way to falsify.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distortion {
    /// Every response is multiplied.
    Responses(f64),
    /// Every lag is longer.
    Lag(Span),
    /// Every tenth right answer is lost.
    Dropped,
    /// Every quantile is taken one rank too low.
    Rank,
}

impl Distortion {
    /// Falsifies what was measured.
    pub fn apply(self, recording: &mut Recording) {
        match self {
            Self::Responses(factor) => {
                each_response(recording, |responses| {
                    mapped(responses, |us| Some((us as f64 * factor).round() as u64));
                });
            }
            Self::Lag(more) => {
                if let Some(lag) = &mut recording.lag {
                    mapped(lag, |us| Some(us + more.as_micros()));
                }
            }
            Self::Dropped => recording.populations.iter_mut().for_each(drop_tenth),
            // The slowest leaves and one more is the fastest, so that each of the others has a rank one higher than its own.
            Self::Rank => each_response(recording, |responses| {
                let (last, fastest, mut nth) = (responses.len(), responses.min(), 0);
                mapped(responses, |us| {
                    nth += 1;
                    Some(if nth == last { fastest } else { us })
                });
            }),
        }
    }
}

impl fmt::Display for Distortion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Responses(factor) => write!(f, "every response × {factor}"),
            Self::Lag(more) => write!(f, "every lag + {more}"),
            Self::Dropped => write!(f, "every tenth right answer lost"),
            Self::Rank => write!(f, "every quantile one rank too low"),
        }
    }
}

fn each_response(recording: &mut Recording, mut change: impl FnMut(&mut Histogram)) {
    for population in &mut recording.populations {
        change(&mut population.response);
        population.steps.iter_mut().for_each(|step| change(&mut step.response));
    }
}

fn drop_tenth(population: &mut PopulationRecord) {
    let mut nth = 0u64;
    mapped(&mut population.response, |us| {
        nth += 1;
        (!nth.is_multiple_of(10)).then_some(us)
    });
    population.tally.completed = population.response.len();
}

/// Puts another value, or none, in place of each, from the fastest on.
fn mapped(histogram: &mut Histogram, mut change: impl FnMut(u64) -> Option<u64>) {
    let mut changed = total_histogram();
    for bucket in histogram.iter_recorded() {
        for _ in 0..bucket.count_at_value() {
            if let Some(us) = change(bucket.value_iterated_to()) {
                changed.record(us.min(TOP)).expect("the value was limited to the histogram's bounds");
            }
        }
    }
    *histogram = changed;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(values: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = total_histogram();
        values.into_iter().for_each(|value| histogram.record(value).expect("in range"));
        histogram
    }

    fn values(histogram: &Histogram) -> Vec<u64> {
        let buckets = histogram.iter_recorded();
        buckets.flat_map(|bucket| vec![bucket.value_iterated_to(); bucket.count_at_value() as usize]).collect()
    }

    #[test]
    fn a_change_of_nothing_changes_nothing() {
        let mut responses = histogram([3, 3, 70_001, TOP]);
        let before = values(&responses);
        mapped(&mut responses, Some);
        assert_eq!(values(&responses), before);
    }

    #[test]
    fn each_value_from_the_fastest_on_is_changed_or_left_out() {
        let mut responses = histogram(1..=20);
        let mut nth = 0;
        mapped(&mut responses, |us| {
            nth += 1;
            assert_eq!(nth, us);
            (us % 10 != 0).then_some(us * 2)
        });
        assert_eq!((responses.len(), responses.max()), (18, 38));
    }
}
