//! What a run judges of a scenario's objectives. It stands beside the scenario, which has them all.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::scenario::{Metric, Objective, Time};
use crate::unit::{Span, thousands};

/// The objectives that a run judges, and those that it leaves out (P9, P10).
#[derive(Clone, Debug, Default)]
pub struct Objectives {
    /// Those that are judged, in the scenario's order.
    pub judged: Vec<Objective>,
    /// The others.
    pub left_out: Vec<LeftOut>,
}

/// An objective that is not judged, as the part of the day that runs has too little of what it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its scope and its line: `buyers.checkout p99 < 300ms`.
    pub objective: String,
    /// How many requests or samples can prove it (P10); `None` where the window that runs has nothing of it (P9).
    pub needs: Option<u64>,
    /// How many the plan has of them at most.
    pub has: u64,
}

/// `staff p99 < 1s: needs 368, has 12`.
impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { objective, needs, has } = self;
        match needs {
            Some(needs) => write!(f, "{objective}: needs {}, has {}", thousands(*needs, ','), thousands(*has, ',')),
            None => write!(f, "{objective}: nothing that it is about is in this window"),
        }
    }
}

impl Objectives {
    /// The tightest time limit of those on requests; `None` without one.
    pub fn tightest_limit(&self) -> Option<Span> {
        let of_requests = self.judged.iter().filter(|objective| objective.measure.is_none());
        of_requests.filter_map(|objective| time_limit(&objective.metric)).min()
    }
}

/// What the time from due to done must stay below: only that says how many requests may be open at once (R6).
fn time_limit(metric: &Metric) -> Option<Span> {
    metric.slow().filter(|slow| slow.time == Time::Response).map(|slow| slow.limit)
}
