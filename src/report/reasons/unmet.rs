//! Reasons of a verdict in sentences: why an objective is not met.

use crate::judge::{BadOnes, BadPart, Behind, Kind, ObjectiveResult, Standing, TooNear, Unmet};
use crate::scenario::{Measure, Time};
use crate::unit::Span;

use super::super::margin::bounds;
use super::super::words::{count, counted, per_second, share};
use super::Sentences;

pub(super) fn sentences(unmet: &Unmet) -> Sentences {
    let Unmet { objective, behind } = unmet;
    match (objective.result, objective.kind, behind) {
        (Standing::NoData, ..) => no_data(objective),
        (_, Kind::Rate, _) => too_few_a_second(objective),
        (Standing::Breached, Kind::Ratio, _) => amplified(objective),
        (.., Behind::TooFew { needs }) => too_few(objective, *needs),
        (_, kind, _) => {
            let (cause, cure) = cause_and_cure(objective, behind);
            let (seen, limit) = match kind {
                Kind::Count => (bad(objective), format!("at most {}", count(objective.allowed as u64))),
                Kind::Ratio if objective.result == Standing::Undecided => {
                    (named(objective, &bounds(objective)), exchanges_a_request(objective))
                }
                _ => (bad_share(objective), format!("{} of all", share(objective.allowed))),
            };
            Sentences { seen, limit, cause, cure }
        }
    }
}

fn named(objective: &ObjectiveResult, seen: &str) -> String {
    format!("{} {}: {seen}", objective.scope, objective.text)
}

fn exchanges_a_request(objective: &ObjectiveResult) -> String {
    format!("{} exchanges a request", objective.allowed)
}

/// How many were bad.
fn bad(objective: &ObjectiveResult) -> String {
    let ObjectiveResult { n, k, k_without_us, measure, .. } = *objective;
    let without_us = without_us(objective, &count(k_without_us));
    named(objective, &format!("{} of {} {} bad{without_us}", count(k), count(n), counted(measure)))
}

/// The same, with their share and what it proves.
fn bad_share(objective: &ObjectiveResult) -> String {
    let ObjectiveResult { n, k, k_without_us, measure, .. } = *objective;
    let of = |k: u64| share(k as f64 / n as f64);
    let (share, without_us) = (of(k), without_us(objective, &of(k_without_us)));
    let (k, n, counted, bounds) = (count(k), count(n), counted(measure), bounds(objective));
    named(objective, &format!("{k} of {n} {counted} bad ({share}{without_us}); {bounds}"))
}

fn without_us(objective: &ObjectiveResult, figure: &str) -> String {
    match objective.k == objective.k_without_us {
        true => String::new(),
        false => format!(", and {figure} without our delay"),
    }
}

fn cause_and_cure(objective: &ObjectiveResult, behind: &Behind) -> (String, String) {
    let (cause, cure) = match behind {
        Behind::TargetBy(bad) => return by_target(objective, bad),
        Behind::TooNear(near) => return (why_too_near(objective).to_owned(), what_would_decide(objective, near)),
        Behind::Open { requests } => {
            let cause = format!(
                "{} requests were still open, or not begun, at the hard stop, and count as bad: sessions waited for answers \
                 until then; beside them counts what the target answered too slowly or wrongly",
                count(*requests)
            );
            let cure = "see unfinished and the failures by kind; a longer limits.timeout moves the hard stop";
            return (cause, cure.to_owned());
        }
        // What else has numbers alone, or too few, has sentences of its own.
        Behind::Target | Behind::Numbers | Behind::TooFew { .. } => {
            let cure = format!("see the failures by kind, and {}", records(objective));
            return ("the target answered too slowly or wrongly".to_owned(), cure);
        }
        Behind::DeadTarget => (
            "the embedded target died, and what it answered no more counts as bad",
            "find out why the target died, and run again",
        ),
        Behind::Generator { unsent: 0 } => (
            "the generator woke or read too late, which made requests bad that the target answered in time",
            "give the generator cores of its own, end other work on the machine, and run again",
        ),
        Behind::Generator { .. } => (
            "the generator did not send some requests, or woke or read too late; the requests it sent on time met the objective",
            "give it what it was short of and cores of its own, end other work on the machine, and run again",
        ),
    };
    (cause.to_owned(), cure.to_owned())
}

fn records(objective: &ObjectiveResult) -> String {
    format!("the target's own records{}", around_second(objective))
}

fn around_second(objective: &ObjectiveResult) -> String {
    objective.worst_second.map_or(String::new(), |second| format!(" around second {second}"))
}

/// What the target did, and where to look.
fn by_target(objective: &ObjectiveResult, bad: &BadOnes) -> (String, String) {
    let p50 = |part: &BadPart| part.p50_us.map_or(String::new(), |us| format!(" (p50 {})", Span::from_micros(us)));
    let slow_ones = most_are("slow ones", bad.slow, &bad.slow_in, p50);
    let wrong_ones = most_are("that were not right", bad.wrong, &bad.wrong_in, |_| String::new());
    let told: Vec<String> = [Some(did(objective.measure, bad)), slow_ones, wrong_ones].into_iter().flatten().collect();
    let by_kind = if bad.wrong > 0 { "the failures by kind, and " } else { "" };
    (told.join("; "), format!("see {by_kind}{}", records(objective)))
}

/// What so many slow ones, and so many that were not right, had done to them.
fn did(measure: Option<Measure>, bad: &BadOnes) -> String {
    let (what, slowly, not) = match (measure, bad.time) {
        (Some(Measure::Connect), _) => ("connections opened", "too slowly", "not at all"),
        (_, Time::Wait) => ("requests went out", "too long after they were taken up", "not at all"),
        (_, Time::FirstByte) => ("the target began to answer", "too late", "wrongly or not at all"),
        _ => ("the target answered", "too slowly", "wrongly or not at all"),
    };
    match (bad.slow, bad.wrong) {
        (_, 0) => format!("{what} {slowly}"),
        (0, _) => format!("{what} {not}"),
        (slow, wrong) => format!("{what} {} {slowly}, and {} {not}", count(slow), count(wrong)),
    }
}

/// Whose most of the bad ones are, if it is known: `100 of the 100 slow ones are managers.report`.
fn most_are(which: &str, all: u64, parts: &[BadPart], more: impl Fn(&BadPart) -> String) -> Option<String> {
    let who = |part: &BadPart| format!("{}{}", part.name, more(part));
    let first = parts.first()?;
    let second = parts.get(1).map_or(String::new(), |part| format!(", and {} {}", count(part.bad), who(part)));
    Some(format!("{} of the {} {which} are {}{second}", count(first.bad), count(all), who(first)))
}

/// Neither is proven, and there were enough to prove something.
fn why_too_near(objective: &ObjectiveResult) -> &'static str {
    match objective.observed {
        // Of several objectives, one is over its limit by chance more often than one alone (O3).
        _ if objective.kind == Kind::Share && objective.lower.is_some_and(|lower| lower > objective.allowed) => {
            "the share is over what is allowed, but so is that of one of so many objectives by chance"
        }
        Some(observed) if observed > objective.allowed => {
            "more were bad than is allowed, but so few, or in so few stretches of the run, that it can be chance"
        }
        _ => "no more were bad than is allowed, but of so few, or in so few stretches of the run, that it can be luck",
    }
}

/// What would decide it (O3): in requests, and in time of the same plan; and how to come by them (P9).
fn what_would_decide(objective: &ObjectiveResult, near: &TooNear) -> String {
    if objective.kind == Kind::Ratio {
        return "plan a longer window".to_owned();
    }
    let (Some(needed), Some(times)) = (objective.would_decide, near.times) else {
        return match near.at_limit {
            true => "twenty times as many would not decide it: the service stands at its limit; ask less of it, or make it faster",
            false => "see what the service did in the few stretches in which they were bad, and run again, for longer",
        }
        .to_owned();
    };
    let what = counted(objective.measure);
    let number = format!("about {} {what} would decide it, {times:.1} times as many", count(needed));
    let run = near.run.map_or(String::new(), |run| format!(" (a run of {run})"));
    match near.can_grow {
        true => format!("{number}: run a longer window{run}, or {times:.1} times the --scale"),
        false => format!("{number}: run a longer window{run} or several days, or ask for a lower quantile"),
    }
}

/// There were fewer than could prove anything, however good they were.
fn too_few(objective: &ObjectiveResult, needs: u64) -> Sentences {
    let what = counted(objective.measure);
    let why = format!("{} how many {what} there are", decides(objective.measure));
    Sentences {
        seen: named(objective, &format!("{} {what}", count(objective.n))),
        limit: format!("at least {}", count(needs)),
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

fn amplified(objective: &ObjectiveResult) -> Sentences {
    let ObjectiveResult { n, k, .. } = *objective;
    let ratio = k as f64 / n as f64;
    let seen = format!("{} exchanges for {} requests ({ratio:.3}); {}", count(k), count(n), bounds(objective));
    let second = around_second(objective);
    Sentences {
        seen: named(objective, &seen),
        limit: exchanges_a_request(objective),
        cause: "clients tried again what the target refused, lost or answered too late".to_owned(),
        cure: format!("see what failed{second}; longer backoffs, a smaller budget and a target that sheds early help"),
    }
}

/// Right answers a second are fewer than demanded, or not known to be as many.
fn too_few_a_second(objective: &ObjectiveResult) -> Sentences {
    let (cause, cure) = match objective.result {
        Standing::Breached => (
            "the target answered less, or less of it rightly, than the plan asked of it",
            "see the failures by kind and the response times; what is still open counts when it is done",
        ),
        Standing::GeneratorDecided => (
            "the generator was late in some of these seconds, so that less was asked of the target",
            "give the generator cores of its own, end other work on the machine, and run again",
        ),
        _ => (
            "the rate stands too near to what is demanded for how much it varied in this run",
            "run a longer window, plan more, or ask for a lower rate",
        ),
    };
    let seen = per_second(objective.observed.unwrap_or_default());
    Sentences {
        seen: named(objective, &format!("{seen}; {}", bounds(objective))),
        limit: format!("at least {}", per_second(objective.allowed)),
        cause: cause.to_owned(),
        cure: cure.to_owned(),
    }
}

/// Defect 3 of docs/sources.md: a threshold without data must not pass.
fn no_data(objective: &ObjectiveResult) -> Sentences {
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
    Sentences {
        seen: named(objective, &format!("no {what}")),
        limit: "at least one".to_owned(),
        cause: cause.to_owned(),
        cure: cure.to_owned(),
    }
}
