//! What the sessions around the plan, `before` and `after`, were answered. They have no histogram and no counter.

use serde::{Deserialize, Serialize};

use crate::unit::Span;

use super::Reason;

/// A request of such a session, as it ended. What must not be shown is hidden in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AroundRequest {
    /// The step's recorded name: its `name:`, or the method and the path's template.
    pub step: String,
    /// The status of its answer; `None` without one.
    pub status: Option<u16>,
    /// How it ended.
    pub outcome: AroundOutcome,
    /// Why it is not right, in words; empty if it is.
    pub detail: String,
    /// done − due, in µs.
    pub response_us: u64,
}

/// How a request of such a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AroundOutcome {
    /// Its answer is right.
    Right,
    /// A whole answer came, and it is not as the scenario expects.
    Broken,
    /// No answer came, or one with a status that nobody expected.
    Unknown,
}

impl AroundRequest {
    /// A request that ended so; `wrong`: why it is not right.
    pub fn new(step: String, status: Option<u16>, wrong: Option<(Reason, String)>, response: Span) -> Self {
        let (outcome, detail) = match wrong {
            None => (AroundOutcome::Right, String::new()),
            Some((Reason::Expect, detail)) => (AroundOutcome::Broken, detail),
            Some((_, detail)) => (AroundOutcome::Unknown, detail),
        };
        Self { step, status, outcome, detail, response_us: response.as_micros() }
    }

    /// The request, and why it is not right: `GET /stock: $.lost is `73`, expected `0``.
    pub fn words(&self) -> String {
        if self.detail.is_empty() { self.step.clone() } else { format!("{}: {}", self.step, self.detail) }
    }
}
