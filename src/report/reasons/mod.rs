//! Reasons and findings in sentences. `judge` finds them in numbers, and no sentence about them is made anywhere else.

mod finding;
mod held_up;
mod run;
mod unmet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::judge::{Code, Family, Finding, FindingCode, Retry, VerdictReason};

/// Something that was found, of a kind that `code` names: what was seen, what would have been right, the likely cause, the
/// cure, and the numbers behind them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told<C> {
    /// What kind it is.
    pub code: C,
    /// What was seen.
    pub seen: String,
    /// What would have been right.
    pub limit: String,
    /// The likely cause.
    pub cause: String,
    /// What to do about it.
    #[serde(rename = "do")]
    pub cure: String,
    /// The numbers that the sentences are made of, for programs. Nothing here reads them, so that they are kept as they are
    /// whoever wrote them; null of a summary that had none.
    #[serde(default)]
    pub data: Value,
}

/// Why a run is not READY.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReasonSummary {
    /// What was found.
    #[serde(flatten)]
    pub told: Told<Code>,
    /// What it is about, and so who has to act.
    pub family: Family,
    /// Whether running again helps.
    pub retry: Retry,
    /// The number of the objective that it is about, in the order of `objectives`; `None` if it is about the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objective: Option<usize>,
}

/// What is said of a reason or a finding.
struct Sentences {
    seen: String,
    limit: String,
    cause: String,
    cure: String,
}

impl<C> Told<C> {
    fn new(code: C, Sentences { seen, limit, cause, cure }: Sentences, data: &impl Serialize) -> Self {
        // Every key is a text, so that nothing can fail; without numbers the sentences still stand.
        let data = serde_json::to_value(data).unwrap_or_default();
        Self { code, seen, limit, cause, cure, data }
    }
}

impl From<&Finding> for Told<FindingCode> {
    fn from(finding: &Finding) -> Self {
        Self::new(finding.code(), finding::sentences(finding), finding)
    }
}

impl From<&VerdictReason> for ReasonSummary {
    fn from(reason: &VerdictReason) -> Self {
        let VerdictReason { why, family, retry, objective } = reason;
        let told = Told::new(why.code(), run::sentences(why), why);
        Self { told, family: *family, retry: *retry, objective: *objective }
    }
}
