//! The sides of a comparison.

use serde::{Deserialize, Serialize};

/// A side of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The build that is known.
    Base,
    /// The build that is held against it.
    New,
}

impl Side {
    /// The option and the word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::New => "new",
        }
    }
}
