//! Writes whose effect nobody looked at: a right answer says that the target took one, not that it kept it.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::record::Recording;

/// Requests of one step that write, and were answered rightly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writes {
    /// Its population.
    pub population: String,
    /// Its step's recorded name.
    pub step: String,
    /// Its method: POST, PUT, PATCH or DELETE.
    pub method: String,
    /// How many were answered rightly.
    pub requests: u64,
}

impl Writes {
    /// The writes of a recording, those of most requests first; of a killed run, whose steps are not known, none.
    pub(super) fn all(recording: &Recording) -> Vec<Self> {
        let mut all = Vec::new();
        for (names, record) in recording.catalog.populations.iter().zip(&recording.populations) {
            for ((step, method), record) in names.steps.iter().zip(&names.methods).zip(&record.steps) {
                let writes = matches!(method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE");
                if writes && record.tally.completed > 0 {
                    let (population, step) = (names.name.clone(), step.clone());
                    all.push(Self { population, step, method: method.clone(), requests: record.tally.completed });
                }
            }
        }
        all.sort_by_key(|writes| Reverse(writes.requests));
        all
    }
}
