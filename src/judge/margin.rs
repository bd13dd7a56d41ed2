//! How far an objective is from its limit, in words for people who have never seen a quantile.

use super::objective::{ObjectiveResult, Standing};
use super::words::share;

/// What the run proves of an objective, beside what is allowed: `at most 0.04% slower or failed, 0.1% allowed`.
pub fn margin(objective: &ObjectiveResult) -> String {
    let allowed = if objective.is_a_ratio { objective.allowed.to_string() } else { share(objective.allowed) };
    format!("{}, {allowed} allowed", bounds(objective))
}

/// What the run proves, by the bounds that decide (O3).
pub(super) fn bounds(objective: &ObjectiveResult) -> String {
    let figure = |value: f64| if objective.is_a_ratio { format!("{value:.3}") } else { share(value) };
    let [lower, upper] = [objective.lower, objective.upper].map(|bound| bound.map(figure));
    let between = match (objective.result, lower, upper) {
        (Standing::Met, _, Some(upper)) => format!("at most {upper}"),
        (Standing::Breached, Some(lower), _) | (_, Some(lower), None) => format!("at least {lower}"),
        (_, Some(lower), Some(upper)) => format!("between {lower} and {upper}"),
        _ => "nothing known".to_owned(),
    };
    let what = match (objective.is_a_ratio, objective.limit_us) {
        (true, _) => "exchanges a request",
        (false, Some(_)) => "slower or failed",
        (false, None) => "failed",
    };
    format!("{between} {what}")
}
