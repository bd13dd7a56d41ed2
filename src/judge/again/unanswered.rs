//! Why a stored run cannot answer what it is asked.

use serde::Serialize;

use crate::scenario::{Slow, Time};
use crate::unit::Span;

use super::super::why::time;

/// Why a stored run cannot answer an objective.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Unanswered {
    /// It is about a part of the day, and the run has no clock.
    NoClock,
    /// With it there would be too many.
    TooMany {
        /// Objectives that one run is asked about.
        most: usize,
    },
    /// The run has nothing of its scope.
    NoScope,
    /// It is about each step, and which those of a killed run were is not known.
    StepsNotKnown,
    /// The run has nothing that its scope stands for.
    NothingNamed,
    /// It was counted in bins with which its window does not begin and end.
    OtherBins {
        /// How long they are.
        #[serde(rename = "bin_ns")]
        bin: Span,
    },
    /// It was counted only in another part of the run.
    OtherPart,
    /// Times of its scope were counted at other limits than its own, or at none.
    OtherLimits {
        /// At these.
        limits: Vec<CountedLimit>,
    },
    /// It was not counted.
    NotCounted,
}

/// A limit at which times were counted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CountedLimit {
    /// Which time.
    #[serde(serialize_with = "time")]
    pub time: Time,
    /// The limit.
    #[serde(rename = "limit_ns")]
    pub limit: Span,
    /// Whether a time of exactly the limit is good.
    pub inclusive: bool,
}

impl From<Slow> for CountedLimit {
    fn from(Slow { time, limit, inclusive }: Slow) -> Self {
        Self { time, limit, inclusive }
    }
}
