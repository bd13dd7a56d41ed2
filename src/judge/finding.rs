//! Something that was found: what was seen, what would have been right, the likely cause, and the cure.

use serde::{Deserialize, Serialize};

/// Something that was found, of a kind that `code` names: a reason of the verdict, or what held the generator up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding<C> {
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
}
