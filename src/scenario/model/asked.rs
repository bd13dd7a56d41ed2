//! A line of an `slo:` that is asked about a stored run.

use super::{Measure, Metric};

/// What is asked: its scope is as written, for the run to say what that is.
#[derive(Clone, Debug, PartialEq)]
pub struct AskedLine {
    /// Who it is about: `overall`, `buyers`, `buyers.checkout`, `buyers.*`, `*.*`.
    pub scope: String,
    /// The line as written: `p99 < 300ms`.
    pub text: String,
    /// What is measured, if the line names it.
    pub measure: Option<Measure>,
    /// What it demands.
    pub metric: Metric,
    /// Its window, in seconds since the start of the scenario's clock.
    pub window: Option<(f64, f64)>,
}
