//! The two sessions around the planned ones: `before:` and `after:`.

use serde::Serialize;

use super::{Arrivals, Burst, Clock, Flow, Piece, Population, Process, Scenario, Size, StepKind, Template};
use crate::unit::Span;

/// A session of its own, outside the plan: nothing of it counts as a request of the run.
#[derive(Clone, Debug, Serialize)]
pub struct Around {
    /// The wait before `after`, in real time, if the file says it.
    pub settle: Option<Span>,
    /// Headers of its requests: the scenario's.
    pub headers: Vec<(String, Template)>,
    /// What it does; named as the session is.
    pub flow: Flow,
}

impl Scenario {
    /// One of its `around` sessions as a scenario of its own: one population with one session, which starts at once, and
    /// whose waits are real time.
    pub fn of_around(&self, around: &Around) -> Self {
        let arrivals =
            Arrivals { process: Process::Even, curve: None, bursts: vec![Burst { at: 0.0, weight: 1.0, spread: 0.0 }] };
        let population = Population {
            name: around.flow.name.clone(),
            size: Size::Users(1),
            arrivals,
            flow: 0,
            feed: None,
            headers: around.headers.clone(),
            returning: 0.0,
        };
        let Clock { from, length, .. } = &self.clock;
        Self {
            name: self.name.clone(),
            seed: self.seed,
            clock: Clock {
                from: from.clone(),
                length: *length,
                window: (0.0, *length),
                windowed: false,
                compress: 1.0,
                warm_up: 0.0,
            },
            requests: None,
            target: self.target.clone(),
            populations: vec![population],
            flows: vec![around.flow.clone()],
            objectives: Vec::new(),
            before: None,
            after: None,
            limits: self.limits,
            trace_header: self.trace_header,
        }
    }

    /// The names of the values that `before` saves; [`Piece::Before`] refers to them by index.
    pub fn before_saves(&self) -> &[String] {
        self.before.as_ref().map_or(&[], |before| &before.flow.saved)
    }

    /// How long the run waits, in real time, between its last session and `after`.
    pub fn settle(&self) -> Span {
        let written = self.after.as_ref().and_then(|after| after.settle);
        written.unwrap_or_else(|| self.longest_request())
    }

    /// The longest that a request of its flows may take (R7): its timeout, or all its tries with the waits between them.
    pub fn longest_request(&self) -> Span {
        let steps = self.flows.iter().flat_map(|flow| &flow.steps);
        let requests = steps.filter_map(|step| match &step.kind {
            StepKind::Request(request) => Some(request.longest(self.limits.timeout)),
            _ => None,
        });
        requests.chain([self.limits.timeout]).max().unwrap_or_default()
    }
}

impl Template {
    /// Whether it has a value that `before` saves.
    pub fn names_before(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Before(_)))
    }
}
