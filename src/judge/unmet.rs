//! Why an objective is not met: one reason each, with what was seen, whose fault it was, and what would decide it.

use crate::record::{CatalogObjective, Class, Reason, Recording};
use crate::scenario::Measure;
use crate::unit::Span;

use super::bound::requests_needed;
use super::code::{Code, Retry};
use super::counted::{too_few_a_second, too_many};
use super::finding::Finding;
use super::objective::{Kind, ObjectiveResult, Standing, counted};
use super::verdict::VerdictReason;
use super::words::{count, share};
use super::{culprit, margin};

/// More than is needed by the numbers, as what is drawn scatters.
const ROOM: f64 = 1.05;
/// A share within this factor of what is allowed is at the limit.
const AT_LIMIT: f64 = 1.5;

/// The reason that an objective gives; none if it is met. `index` is its number in the recording's catalog.
pub(super) fn reason(index: usize, objective: &ObjectiveResult, recording: &Recording) -> Option<VerdictReason> {
    let code = match objective.result {
        Standing::Met => return None,
        Standing::NoData => Code::NoData,
        Standing::Breached => Code::Breached,
        Standing::GeneratorDecided => Code::GeneratorDecided,
        Standing::Undecided => Code::Undecided,
    };
    let finding = match (code, objective.kind) {
        (Code::NoData, _) => no_data(objective),
        (code, Kind::Rate) => too_few_a_second(code, objective),
        (code, Kind::Count) => too_many(code, objective, blame(code, objective, recording)),
        (Code::Breached, Kind::Ratio) => amplified(objective),
        (Code::Undecided, Kind::Share) if objective.n < requests_needed(objective.allowed) => too_few(objective),
        (Code::Undecided, _) => undecided(objective, &recording.catalog.objectives[index], recording),
        (code, _) => finding(code, objective, blame(code, objective, recording)),
    };
    let retry = match objective.result {
        Standing::Undecided if is_at_its_limit(objective) => Retry::Never,
        _ => finding.code.retry(),
    };
    Some(VerdictReason { family: finding.code.family(), retry, objective: Some(index), finding })
}

fn finding(code: Code, objective: &ObjectiveResult, (cause, cure): (String, String)) -> Finding<Code> {
    let of = |k: u64| share(k as f64 / objective.n as f64);
    let without_us = match objective.k == objective.k_without_us {
        true => String::new(),
        false => format!(", and {} without our delay", of(objective.k_without_us)),
    };
    let seen = format!(
        "{} {}: {} of {} {} bad ({}{without_us}); {}",
        objective.scope,
        objective.text,
        count(objective.k),
        count(objective.n),
        counted(objective.measure),
        of(objective.k),
        margin::bounds(objective),
    );
    Finding { code, seen, limit: format!("{} of all", share(objective.allowed)), cause, cure }
}

/// Whose fault it was, and what to do.
fn blame(code: Code, objective: &ObjectiveResult, recording: &Recording) -> (String, String) {
    match code {
        Code::GeneratorDecided => blame_of_us(recording),
        _ => blame_of_target(objective, recording),
    }
}

fn blame_of_target(objective: &ObjectiveResult, recording: &Recording) -> (String, String) {
    if recording.end.target_death.is_some() {
        let cause = "the embedded target died, and what it answered no more counts as bad";
        return (cause.to_owned(), "find out why the target died, and run again".to_owned());
    }
    // They are bad whoever was slow (D3), but no answer of theirs was.
    let open = recording.tally().reason(Reason::Drained);
    if open > 0 {
        let cause = format!(
            "{} requests were still open, or not begun, at the hard stop, and count as bad: sessions waited for answers \
             until then; beside them counts what the target answered too slowly or wrongly",
            count(open)
        );
        let cure = "see unfinished and the failures by kind; a longer limits.timeout moves the hard stop";
        return (cause, cure.to_owned());
    }
    culprit::cause_and_cure(objective, recording)
}

fn blame_of_us(recording: &Recording) -> (String, String) {
    let (cause, cure) = if recording.tally().class(Class::Unsent) > 0 {
        (
            "the generator did not send some requests, or woke or read too late; the requests it sent on time met the objective",
            "give it what it was short of and cores of its own, end other work on the machine, and run again",
        )
    } else {
        (
            "the generator woke or read too late, which made requests bad that the target answered in time",
            "give the generator cores of its own, end other work on the machine, and run again",
        )
    };
    (cause.to_owned(), cure.to_owned())
}

/// Neither is proven, and there were enough to prove something.
fn undecided(objective: &ObjectiveResult, of: &CatalogObjective, recording: &Recording) -> Finding<Code> {
    let cause = match objective.observed {
        // Of several objectives, one is over its limit by chance more often than one alone (O3).
        _ if objective.kind == Kind::Share && objective.lower.is_some_and(|lower| lower > objective.allowed) => {
            "the share is over what is allowed, but so is that of one of so many objectives by chance"
        }
        Some(observed) if observed > objective.allowed => {
            "more were bad than is allowed, but so few, or in so few stretches of the run, that it can be chance"
        }
        _ => "no more were bad than is allowed, but of so few, or in so few stretches of the run, that it can be luck",
    };
    let cure = what_would_decide(objective, of, recording.end.planned_length);
    let mut finding = finding(Code::Undecided, objective, (cause.to_owned(), cure));
    if objective.kind == Kind::Ratio {
        finding.seen = format!("{} {}: {}", objective.scope, objective.text, margin::bounds(objective));
        finding.limit = format!("{} exchanges a request", objective.allowed);
    }
    finding
}

/// What would decide it (O3): in requests, and in time of the same plan; and how to come by them (P9).
fn what_would_decide(objective: &ObjectiveResult, of: &CatalogObjective, length: Option<Span>) -> String {
    if objective.kind == Kind::Ratio {
        return "plan a longer window".to_owned();
    }
    let Some(needed) = objective.would_decide else {
        return match is_at_its_limit(objective) {
            true => "twenty times as many would not decide it: the service stands at its limit; ask less of it, or make it faster",
            false => "see what the service did in the few stretches in which they were bad, and run again, for longer",
        }
        .to_owned();
    };
    let times = needed as f64 * ROOM / objective.n as f64;
    let what = counted(objective.measure);
    let number = format!("about {} {what} would decide it, {times:.1} times as many", count(needed));
    let run = length
        .filter(|_| of.window.is_none())
        .map_or(String::new(), |length| format!(" (a run of {})", Span::from_secs_f64(length.as_secs_f64() * times)));
    match of.can_grow {
        true => format!("{number}: run a longer window{run}, or {times:.1} times the --scale"),
        false => format!("{number}: run a longer window{run} or several days, or ask for a lower quantile"),
    }
}

/// Whether its share is so near to what is allowed that no longer run decides it.
fn is_at_its_limit(objective: &ObjectiveResult) -> bool {
    let times = objective.observed.unwrap_or(0.0) / objective.allowed;
    objective.would_decide.is_none() && objective.kind == Kind::Share && (1.0 / AT_LIMIT..AT_LIMIT).contains(&times)
}

/// There were fewer than could prove anything, however good they were.
fn too_few(objective: &ObjectiveResult) -> Finding<Code> {
    let what = counted(objective.measure);
    let why = format!("{} how many {what} there are", decides(objective.measure));
    Finding {
        code: Code::Undecided,
        seen: format!("{} {}: {} {what}", objective.scope, objective.text, count(objective.n)),
        limit: format!("at least {}", count(requests_needed(objective.allowed))),
        cause: format!("{why}, and so few prove nothing, however good they are"),
        cure: "plan more sessions, or ask for less".to_owned(),
    }
}

/// What decides how many there are, where the plan does not.
const fn decides(measure: Option<Measure>) -> &'static str {
    match measure {
        None | Some(Measure::Transaction) => "the answers decide",
        Some(Measure::Connect) => "what servers and pools keep open decides",
        Some(Measure::Open | Measure::FirstEvent | Measure::RoundTrip) => "the streams that are lost decide",
        Some(Measure::FrameGap | Measure::InputToFrame) => "what the target sends on its streams decides",
        Some(Measure::Reconnect) => "the streams that are lost, and opened again, decide",
    }
}

fn amplified(objective: &ObjectiveResult) -> Finding<Code> {
    let worst = objective.worst_second.map_or(String::new(), |second| format!(" around second {second}"));
    let ObjectiveResult { scope, text, n, k, .. } = objective;
    Finding {
        code: Code::Breached,
        seen: format!(
            "{scope} {text}: {} exchanges for {} requests ({:.3}); {}",
            count(*k),
            count(*n),
            *k as f64 / *n as f64,
            margin::bounds(objective)
        ),
        limit: format!("{} exchanges a request", objective.allowed),
        cause: "clients tried again what the target refused, lost or answered too late".to_owned(),
        cure: format!("see what failed{worst}; longer backoffs, a smaller budget and a target that sheds early help"),
    }
}

/// Defect 3 of docs/sources.md: a threshold without data must not pass.
fn no_data(objective: &ObjectiveResult) -> Finding<Code> {
    let (cause, cure) = match objective.measure {
        Some(Measure::Reconnect) => {
            ("no stream was lost in this run", "let an event of the target drop sessions, or leave the objective out")
        }
        _ if objective.kind == Kind::Rate => {
            ("its window had none in this run", "give it a longer window, or compress the day less")
        }
        _ => (
            "its population, step or window had none in this run",
            "let it run longer or with more requests, or leave the objective out",
        ),
    };
    let what = if objective.kind == Kind::Rate { "whole second" } else { counted(objective.measure) };
    Finding {
        code: Code::NoData,
        seen: format!("{} {}: no {what}", objective.scope, objective.text),
        limit: "at least one".to_owned(),
        cause: cause.to_owned(),
        cure: cure.to_owned(),
    }
}
