//! Why an objective is not met: one reason each, with whose fault it was, and what would decide it.

use crate::record::{CatalogObjective, Class, Reason, Recording};
use crate::unit::Span;

use super::bound::requests_needed;
use super::code::Retry;
use super::culprit;
use super::objective::{Kind, ObjectiveResult, Standing};
use super::verdict::VerdictReason;
use super::why::{Behind, TooNear, Unmet, Why};

/// More than is needed by the numbers, as what is drawn scatters.
const ROOM: f64 = 1.05;
/// A share within this factor of what is allowed is at the limit.
const AT_LIMIT: f64 = 1.5;

/// The reason that an objective gives; none if it is met. `index` is its number in the recording's catalog.
pub(super) fn reason(index: usize, objective: &ObjectiveResult, recording: &Recording) -> Option<VerdictReason> {
    let behind = match (objective.result, objective.kind) {
        (Standing::Met, _) => return None,
        // Why a rate is not met is told by the load that it is of.
        (Standing::NoData, _) | (_, Kind::Rate) | (Standing::Breached, Kind::Ratio) => Behind::Numbers,
        (Standing::GeneratorDecided, _) => Behind::Generator { unsent: recording.tally().class(Class::Unsent) },
        (Standing::Breached, Kind::Share | Kind::Count) => behind_breach(objective, recording),
        (Standing::Undecided, _) => undecided(objective, &recording.catalog.objectives[index], recording),
    };
    let why = Why::Unmet(Box::new(Unmet { objective: objective.clone(), behind }));
    let code = why.code();
    let retry = match objective.result {
        Standing::Undecided if is_at_its_limit(objective) => Retry::Never,
        _ => code.retry(),
    };
    Some(VerdictReason { family: code.family(), retry, objective: Some(index), why })
}

fn behind_breach(objective: &ObjectiveResult, recording: &Recording) -> Behind {
    if recording.end.target_death.is_some() {
        return Behind::DeadTarget;
    }
    // They are bad whoever was slow (D3), but no answer of theirs was.
    match recording.tally().reason(Reason::Drained) {
        0 => culprit::bad_ones(objective, recording).map_or(Behind::Target, Behind::TargetBy),
        requests => Behind::Open { requests },
    }
}

fn undecided(objective: &ObjectiveResult, of: &CatalogObjective, recording: &Recording) -> Behind {
    let needs = requests_needed(objective.allowed);
    if objective.kind == Kind::Share && objective.n < needs {
        return Behind::TooFew { needs };
    }
    let times = objective.would_decide.map(|needed| needed as f64 * ROOM / objective.n as f64);
    let length = recording.end.planned_length.filter(|_| of.window.is_none());
    Behind::TooNear(TooNear {
        at_limit: is_at_its_limit(objective),
        times,
        run: length.zip(times).map(|(length, times)| Span::from_secs_f64(length.as_secs_f64() * times)),
        can_grow: of.can_grow,
    })
}

/// Whether its share is so near to what is allowed that no longer run decides it.
fn is_at_its_limit(objective: &ObjectiveResult) -> bool {
    let times = objective.observed.unwrap_or(0.0) / objective.allowed;
    objective.would_decide.is_none() && objective.kind == Kind::Share && (1.0 / AT_LIMIT..AT_LIMIT).contains(&times)
}
