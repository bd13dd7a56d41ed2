//! What `check` says of the sessions around the plan: `before` and `after`.

use serde::Serialize;

use crate::scenario::{Around, Scenario, StepKind};
use crate::unit::Span;

/// The two sessions around the plan; their requests are in no count of it.
#[derive(Clone, Debug, Serialize)]
pub struct CheckAround {
    /// The requests of `before`, by their recorded names; empty without.
    pub before: Vec<String>,
    /// The values that it saves.
    pub before_saves: Vec<String>,
    /// The requests of `after`, by their recorded names; empty without.
    pub after: Vec<String>,
    /// The wait before `after` in seconds; `None` without.
    pub settle_s: Option<f64>,
}

impl CheckAround {
    pub(super) fn new(scenario: &Scenario) -> Self {
        Self {
            before: requests(scenario.before.as_ref()),
            before_saves: scenario.before_saves().to_vec(),
            after: requests(scenario.after.as_ref()),
            settle_s: scenario.after.as_ref().map(|_| scenario.settle().as_secs_f64()),
        }
    }

    /// A name and a text for each session that there is.
    pub(super) fn items(&self) -> Vec<(&'static str, String)> {
        let saves = if self.before_saves.is_empty() {
            String::new()
        } else {
            format!("; saves {}", self.before_saves.join(", "))
        };
        let before = (!self.before.is_empty()).then(|| ("before", self.before.join(" · ") + &saves));
        let after = self.settle_s.map(|settle| {
            let settle = Span::from_secs_f64(settle);
            ("after", format!("{}; {settle} behind the last session", self.after.join(" · ")))
        });
        before.into_iter().chain(after).collect()
    }
}

fn requests(around: Option<&Around>) -> Vec<String> {
    let steps = around.iter().flat_map(|around| &around.flow.steps);
    let requests = steps.filter_map(|step| match &step.kind {
        StepKind::Request(request) => Some(request.name.clone()),
        _ => None,
    });
    requests.collect()
}
