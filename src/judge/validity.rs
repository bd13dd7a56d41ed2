//! Can the run be trusted? What makes it INVALID, whatever its objectives say (O4 point 2, O5).

use crate::record::{Class, Ending, Reason, Recording};

use super::code::Code;
use super::delivery::{generator_late, sessions_fell_behind};
use super::finding::Finding;
use super::objective::{ObjectiveResult, Standing};
use super::words;

/// Every reason not to trust the run, of which these seconds are short.
pub(super) fn reasons(recording: &Recording, short: &[usize], objectives: &[ObjectiveResult]) -> Vec<Finding<Code>> {
    let of_run = [
        broken_identity(recording),
        broken_hash(recording),
        target_died(recording),
        never_began(recording),
        generator_late(recording, short),
        sessions_fell_behind(recording),
        unsent_requests(recording, objectives),
        interrupted(recording),
        none_left(recording),
        closed_loop(recording, objectives),
    ];
    of_run.into_iter().flatten().collect()
}

/// R3: checked again here, from the counts, whatever was found where it was recorded.
fn broken_identity(recording: &Recording) -> Option<Finding<Code>> {
    if recording.end.ending == Ending::Killed {
        return None;
    }
    let broken = recording.check_identity().and(recording.identity.clone()).err()?;
    Some(Finding {
        code: Code::BrokenIdentity,
        seen: broken.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        limit: "planned = completed + failed + unsent + unfinished".to_owned(),
        cause: "scrutinio lost count of its own requests: a defect in scrutinio, not in the target".to_owned(),
        cure: "run again, and report the defect with this folder".to_owned(),
    })
}

/// P8: only for a run that came to its end and began all its sessions. For one that was stopped, or held up until the
/// hard stop, other reasons say what is wrong.
fn broken_hash(recording: &Recording) -> Option<Finding<Code>> {
    let (planned, ran) = recording.end.arrivals_hash?;
    let ended = recording.end.ending == Ending::Finished && unbegun(recording) == 0;
    (ended && planned != ran).then(|| Finding {
        code: Code::BrokenHash,
        seen: format!("the sessions that ran sum to {ran:032x}"),
        limit: format!("the plan's sum {planned:032x}"),
        cause: "what ran is not what was planned: a defect in scrutinio, not in the target".to_owned(),
        cure: "run again, and report the defect with this folder".to_owned(),
    })
}

/// O4: nobody but the run started it, so that its death says nothing of a service that others run.
fn target_died(recording: &Recording) -> Option<Finding<Code>> {
    let how = recording.end.target_death.as_ref()?;
    Some(Finding {
        code: Code::TargetDied,
        seen: format!("it ended before the run did: {how}"),
        limit: "it lives as long as the run".to_owned(),
        cause: "the system killed it for want of memory (`dmesg` tells), somebody else did, or it has a defect"
            .to_owned(),
        cure: "see what it wrote to standard error, and run again".to_owned(),
    })
}

/// O5: no session is due later than the hard stop, so one that had not begun by then was the generator's to begin.
fn never_began(recording: &Recording) -> Option<Finding<Code>> {
    let unbegun = unbegun(recording);
    (recording.end.ending == Ending::Finished && unbegun > 0).then(|| Finding {
        code: Code::GeneratorLate,
        seen: format!("{} sessions had not begun when the hard stop came", words::count(unbegun)),
        limit: "none".to_owned(),
        cause: "the generator was held up until the hard stop: starved of CPU, or stopped".to_owned(),
        cure: "give the generator cores of its own, end other work on the machine, and run again".to_owned(),
    })
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
fn unsent_requests(recording: &Recording, objectives: &[ObjectiveResult]) -> Option<Finding<Code>> {
    let tally = recording.tally();
    let breached = objectives.iter().any(|objective| objective.result == Standing::Breached);
    let stall_of_target = breached && recording.catalog.limit_covers_target && lag_is_clean(recording);
    let ours = |reason: &Reason| reason.class() == Class::Unsent && !(*reason == Reason::InFlight && stall_of_target);
    let unsent: Vec<(Reason, u64)> = tally.reasons().filter(|(reason, _)| ours(reason)).collect();
    let (worst, _) = unsent.iter().max_by_key(|(_, n)| *n)?;
    let list = unsent.iter().map(|(reason, n)| format!("{} {}", words::count(*n), reason.name()));
    let (cause, cure) = cause_and_cure(*worst);
    // Its detail has the limit in numbers.
    let told = recording.failures.iter().find(|sample| sample.reason == worst.name() && sample.class == "unsent");
    let cause = told.map_or(cause, |sample| sample.detail.as_str());
    Some(Finding {
        code: Code::UnsentRequests,
        seen: format!("requests due but never sent: {}", list.collect::<Vec<_>>().join(", ")),
        limit: "all that is due is sent".to_owned(),
        cause: cause.to_owned(),
        cure: cure.to_owned(),
    })
}

fn cause_and_cure(reason: Reason) -> (&'static str, &'static str) {
    match reason {
        Reason::Descriptors => ("no file descriptor was left", "raise the hard limit on open files (ulimit -Hn)"),
        Reason::Ports => (
            "no local port was left",
            "name more source_addresses, widen net.ipv4.ip_local_port_range, or keep connections longer",
        ),
        Reason::Memory => ("no memory was left", "give the generator more memory, or use fewer sessions at once"),
        _ => (
            "a lane's part of max_in_flight was open: too little for the peak rate times the tightest time limit and its \
             scatter, or the generator was late, or the target so slow that its time limits do not tell",
            "raise the limit: max_in_flight, or the hard limit on open files (ulimit -Hn) if that lowers it",
        ),
    }
}

/// Whether our lag is too small to shift an objective on time: at most a tenth of the allowed share of
/// wake-ups were later than a twentieth of the tightest limit (docs/sources.md, Generator).
fn lag_is_clean(recording: &Recording) -> bool {
    let (Some(limit), Some(lag)) = (recording.catalog.tightest_limit, &recording.lag) else { return false };
    let allowed = recording.catalog.objectives.iter().filter_map(|o| o.metric.share()).fold(1.0, f64::min);
    let late = lag.len() - lag.count_between(0, limit.as_micros() / 20);
    late as f64 <= 0.1 * allowed * lag.len() as f64
}

pub(super) fn interrupted(recording: &Recording) -> Option<Finding<Code>> {
    let (cause, cure) = match recording.end.ending {
        // That its target died is a reason of its own.
        Ending::Finished | Ending::TargetDied => return None,
        Ending::Interrupted => ("a signal stopped the run", "let the run come to its end"),
        Ending::Killed => (
            "the run's process was killed, or its summary was lost",
            "run again; if memory ran out, see rss_bytes in timeline.csv",
        ),
    };
    let ended = recording.tally().class(Class::Completed) + recording.tally().class(Class::Failed);
    // Of a folder that lost its intervals the seconds still know.
    let in_seconds = recording.seconds.iter().map(|second| u64::from(second.done) + u64::from(second.failed)).sum();
    let ended = words::count(ended.max(in_seconds));
    let of = recording.planned().map_or(String::new(), |planned| format!(" of {} planned", words::count(planned)));
    Some(Finding {
        code: Code::Interrupted,
        seen: format!("stopped after {}: {ended}{of} requests were answered or failed", recording.end.elapsed),
        limit: "the whole plan".to_owned(),
        cause: cause.to_owned(),
        cure: cure.to_owned(),
    })
}

/// P9: where the window has nothing of any objective, the run is not one that asks for nothing.
fn none_left(recording: &Recording) -> Option<Finding<Code>> {
    let (kept, left_out) = (&recording.catalog.objectives, &recording.catalog.left_out);
    let all_empty = kept.is_empty() && !left_out.is_empty() && left_out.iter().all(|it| it.needs.is_none());
    let names: Vec<&str> = left_out.iter().map(|it| it.objective.as_str()).collect();
    all_empty.then(|| Finding {
        code: Code::NoData,
        seen: format!("every objective is left out: {}", names.join("; ")),
        limit: "at least one that is judged".to_owned(),
        cause: "the window that ran has nothing of what they are about".to_owned(),
        cure: "run a window that has, or ask something of this one".to_owned(),
    })
}

/// O7: what is slow there is asked less often, so that nothing is proven about users who do not wait.
fn closed_loop(recording: &Recording, objectives: &[ObjectiveResult]) -> Option<Finding<Code>> {
    (recording.end.closed_loop && !objectives.is_empty()).then(|| Finding {
        code: Code::ClosedLoop,
        seen: "each connection waits for its answer before it asks again".to_owned(),
        limit: "requests due by a plan".to_owned(),
        cause: "a slow target slows the load down with it, so nothing is proven about users who do not wait".to_owned(),
        cure: "give a rate".to_owned(),
    })
}
