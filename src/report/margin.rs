//! How far an objective is from its limit, in words for people who have never seen a quantile.

use crate::judge::{Kind, ObjectiveResult, Standing};

use super::words::{count, per_second, share};

/// What the run proves of an objective, beside what is allowed: `at most 0.04% slower or failed, 0.1% allowed`. Of a
/// number, which needs no proof, what is allowed alone.
pub(super) fn margin(objective: &ObjectiveResult) -> String {
    match objective.kind {
        Kind::Count => allowed(objective),
        Kind::Share | Kind::Ratio | Kind::Rate => format!("{}, {}", bounds(objective), allowed(objective)),
    }
}

/// What is allowed, or asked for.
pub(super) fn allowed(objective: &ObjectiveResult) -> String {
    match objective.kind {
        Kind::Share => format!("{} allowed", share(objective.allowed)),
        Kind::Count => format!("at most {} allowed", count(objective.allowed as u64)),
        Kind::Ratio => format!("{} allowed", objective.allowed),
        Kind::Rate => format!("at least {} asked", per_second(objective.allowed)),
    }
}

/// What the run proves, by the bounds that decide (O3).
pub(super) fn bounds(objective: &ObjectiveResult) -> String {
    let (figure, what): (fn(f64) -> String, _) = match (objective.kind, objective.limit_us) {
        (Kind::Ratio, _) => (|ratio| format!("{ratio:.3}"), "exchanges a request"),
        (Kind::Rate, _) => (per_second, "right answers"),
        (Kind::Share | Kind::Count, Some(_)) => (share, "slower or failed"),
        (Kind::Share | Kind::Count, None) => (share, "failed"),
    };
    let [lower, upper] = [objective.lower, objective.upper].map(|bound| bound.map(figure));
    // Of a rate more is better, of all others less.
    let (is_low, is_high) = match (objective.result, objective.kind) {
        (Standing::Met, Kind::Rate) | (Standing::Breached, Kind::Share | Kind::Count | Kind::Ratio) => (false, true),
        (Standing::Met | Standing::Breached, _) => (true, false),
        _ => (false, false),
    };
    let between = match (lower, upper) {
        (_, Some(upper)) if is_low => format!("at most {upper}"),
        (Some(lower), _) if is_high => format!("at least {lower}"),
        (Some(lower), None) => format!("at least {lower}"),
        (Some(lower), Some(upper)) => format!("between {lower} and {upper}"),
        _ => "nothing known".to_owned(),
    };
    format!("{between} {what}")
}
