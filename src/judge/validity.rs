//! Can the run be trusted? What makes it INVALID, whatever its objectives say (O4 point 2, O5).

use crate::record::{Class, Ending, Reason, Recording};

use super::delivery::{generator_late, sessions_fell_behind};
use super::objective::{ObjectiveResult, Standing};
use super::warm_up::WarmUp;
use super::why::{UnsentOf, Why};

/// Every reason not to trust the run, of which these seconds are short; of what was late in the warm-up none (O15).
pub(super) fn reasons(
    recording: &Recording,
    short: &[usize],
    objectives: &[ObjectiveResult],
    warm_up: WarmUp,
) -> Vec<Why> {
    let of_run = [
        broken_identity(recording),
        broken_hash(recording),
        target_died(recording),
        never_began(recording),
        generator_late(recording, short, warm_up),
        sessions_fell_behind(recording, warm_up),
        unsent_requests(recording, objectives),
        interrupted(recording),
        none_left(recording),
        closed_loop(recording, objectives),
    ];
    of_run.into_iter().flatten().collect()
}

/// R3: checked again here, from the counts, whatever was found where it was recorded.
fn broken_identity(recording: &Recording) -> Option<Why> {
    if recording.end.ending == Ending::Killed {
        return None;
    }
    let broken = recording.check_identity().and(recording.identity.clone()).err()?;
    Some(Why::Unaccounted { broken })
}

/// P8: only for a run that came to its end and began all its sessions. For one that was stopped, or held up until the
/// hard stop, other reasons say what is wrong.
fn broken_hash(recording: &Recording) -> Option<Why> {
    let (planned, ran) = recording.end.arrivals_hash?;
    let ended = recording.end.ending == Ending::Finished && unbegun(recording) == 0;
    (ended && planned != ran).then_some(Why::AnotherPlan { planned, ran })
}

/// O4: nobody but the run started it, so that its death says nothing of a service that others run.
fn target_died(recording: &Recording) -> Option<Why> {
    recording.end.target_death.clone().map(|how| Why::TargetDied { how })
}

/// O5: no session is due later than the hard stop, so one that had not begun by then was the generator's to begin.
fn never_began(recording: &Recording) -> Option<Why> {
    let sessions = unbegun(recording);
    (recording.end.ending == Ending::Finished && sessions > 0).then_some(Why::NeverBegan { sessions })
}

/// Sessions of the plan that lanes gave up before they began.
fn unbegun(recording: &Recording) -> u64 {
    let (Some(_), Some(planned)) = (recording.end.gave_up, recording.end.planned_sessions) else { return 0 };
    let begun: u64 = recording.populations.iter().map(|it| it.counters.sessions_started).sum();
    planned.saturating_sub(begun)
}

/// R6: what is unsent for want of descriptors, ports or memory is always ours; at the in-flight limit unless lag
/// was clean and the limit was wide enough for the target's stall. A stall that breaches nothing leaves it our limit:
/// what was never sent is not known to be met.
fn unsent_requests(recording: &Recording, objectives: &[ObjectiveResult]) -> Option<Why> {
    let tally = recording.tally();
    let breached = objectives.iter().any(|objective| objective.result == Standing::Breached);
    let stall_of_target = breached && recording.catalog.limit_covers_target && lag_is_clean(recording);
    let ours = |reason: &Reason| reason.class() == Class::Unsent && !(*reason == Reason::InFlight && stall_of_target);
    let unsent = tally.reasons().filter(|(reason, _)| ours(reason));
    let by_reason: Vec<UnsentOf> = unsent.map(|(reason, requests)| UnsentOf { reason, requests }).collect();
    let most = by_reason.iter().max_by_key(|unsent| unsent.requests)?.reason;
    // Its detail has the limit in numbers.
    let told = recording.failures.iter().find(|sample| sample.reason == most.name() && sample.class == "unsent");
    Some(Why::Unsent { most, detail: told.map(|sample| sample.detail.clone()), by_reason })
}

/// Whether our lag is too small to shift an objective on time: at most a tenth of the allowed share of
/// wake-ups were later than a twentieth of the tightest limit (docs/sources.md, Generator).
fn lag_is_clean(recording: &Recording) -> bool {
    let (Some(limit), Some(lag)) = (recording.catalog.tightest_limit, &recording.lag) else { return false };
    let allowed = recording.catalog.objectives.iter().filter_map(|o| o.metric.share()).fold(1.0, f64::min);
    let late = lag.len() - lag.count_between(0, limit.as_micros() / 20);
    late as f64 <= 0.1 * allowed * lag.len() as f64
}

pub(super) fn interrupted(recording: &Recording) -> Option<Why> {
    let ending = recording.end.ending;
    // That its target died is a reason of its own.
    if matches!(ending, Ending::Finished | Ending::TargetDied) {
        return None;
    }
    let ended = recording.tally().class(Class::Completed) + recording.tally().class(Class::Failed);
    // Of a folder that lost its intervals the seconds still know.
    let in_seconds = recording.seconds.iter().map(|second| u64::from(second.done) + u64::from(second.failed)).sum();
    let ended = ended.max(in_seconds);
    Some(Why::Interrupted { ending, elapsed: recording.end.elapsed, ended, planned: recording.planned() })
}

/// P9: where the window has nothing of any objective, the run is not one that asks for nothing.
fn none_left(recording: &Recording) -> Option<Why> {
    let (kept, left_out) = (&recording.catalog.objectives, &recording.catalog.left_out);
    let all_empty = kept.is_empty() && !left_out.is_empty() && left_out.iter().all(|it| it.needs.is_none());
    let names = || left_out.iter().map(|it| it.objective.clone()).collect();
    all_empty.then(|| Why::NothingToJudge { objectives: names() })
}

/// O7: what is slow there is asked less often, so that nothing is proven about users who do not wait.
fn closed_loop(recording: &Recording, objectives: &[ObjectiveResult]) -> Option<Why> {
    (recording.end.closed_loop && !objectives.is_empty()).then_some(Why::ClosedLoop)
}
