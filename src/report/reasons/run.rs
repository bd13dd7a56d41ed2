//! Reasons of a verdict in sentences: what is about the run as a whole. What is about one objective is in `unmet.rs`.

use crate::judge::{CountedLimit, FellBehind, HeldUp, Unanswered, UnsentOf, Why};
use crate::record::{AroundOutcome, AroundRequest, Ending, LeftOut, Reason};
use crate::scenario::Time;
use crate::unit::Span;

use super::super::words::{count, share};
use super::{Sentences, held_up, unmet};

const SCRUTINIOS_DEFECT: &str = "run again, and report the defect with this folder";
const GENERATORS_CORES: &str = "give the generator cores of its own, end other work on the machine, and run again";

pub(super) fn sentences(why: &Why) -> Sentences {
    let (seen, limit, cause, cure): (String, &str, &str, &str) = match why {
        Why::After(request) => after(request),
        Why::Unaccounted { broken } => (
            broken.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
            "planned = completed + failed + unsent + unfinished",
            "scrutinio lost count of its own requests: a defect in scrutinio, not in the target",
            SCRUTINIOS_DEFECT,
        ),
        Why::AnotherPlan { planned, ran } => (
            format!("the sessions that ran sum to {ran:032x}"),
            &format!("the plan's sum {planned:032x}"),
            "what ran is not what was planned: a defect in scrutinio, not in the target",
            SCRUTINIOS_DEFECT,
        ),
        Why::TargetDied { how } => (
            format!("it ended before the run did: {how}"),
            "it lives as long as the run",
            "the system killed it for want of memory (`dmesg` tells), somebody else did, or it has a defect",
            "see what it wrote to standard error, and run again",
        ),
        Why::Interrupted { ending, elapsed, ended, planned } => interrupted(*ending, *elapsed, *ended, *planned),
        Why::NeverBegan { sessions } => (
            format!("{} sessions had not begun when the hard stop came", count(*sessions)),
            "none",
            "the generator was held up until the hard stop: starved of CPU, or stopped",
            GENERATORS_CORES,
        ),
        Why::Late { late_seconds, seconds, stood_still_seconds, first_second, held_up } => {
            let seen = late(*late_seconds, *stood_still_seconds, *seconds, *first_second);
            return starved(seen, held_up.as_ref());
        }
        Why::Unsent { most, by_reason, detail } => unsent(*most, by_reason, detail.as_deref()),
        Why::FellBehind(behind) => return fell_behind(behind),
        Why::ClosedLoop => (
            "each connection waits for its answer before it asks again".to_owned(),
            "requests due by a plan",
            "a slow target slows the load down with it, so nothing is proven about users who do not wait",
            "give a rate",
        ),
        Why::NothingToJudge { objectives } => (
            format!("every objective is left out: {}", objectives.join("; ")),
            "at least one that is judged",
            "the window that ran has nothing of what they are about",
            "run a window that has, or ask something of this one",
        ),
        Why::NoObjective => (
            "the scenario has no objective".to_owned(),
            JUDGED,
            "a gate that asks for nothing would let everything through",
            "say in `slo` what must hold, or leave out --gate",
        ),
        Why::NotJudged { objectives, left_out } => (
            not_judged(*objectives, left_out),
            JUDGED,
            "what ran has too little of what they are about",
            "run the whole day at its own size, plan more sessions, or ask for what can be proven",
        ),
        Why::Unanswered { scope, text, why, run } => (
            format!("{scope} {text}: this run cannot answer it"),
            "it was counted while the run went",
            &unanswered(scope, why),
            &format!("run again with it in the scenario's `slo`, as `{scope}: [\"{text}\"]`: {run}"),
        ),
        Why::Unmet(unmet) => return unmet::sentences(unmet),
    };
    Sentences { seen, limit: limit.to_owned(), cause: cause.to_owned(), cure: cure.to_owned() }
}

/// What a gate demands.
const JUDGED: &str = "of a gate every objective is judged, and there is one";

/// What was seen, what would have been right, the cause and the cure.
type Four<'a> = (String, &'a str, &'a str, &'a str);

fn after(request: &AroundRequest) -> Four<'static> {
    match request.outcome {
        AroundOutcome::Broken => (
            request.words(),
            "every expectation of `after` holds",
            "after the last session the service is not as the scenario demands: it lost or mixed something up under load, or \
             was still at work on it",
            "see the target's own records; if it only needed more time, a longer `settle`",
        ),
        AroundOutcome::Right | AroundOutcome::Unknown => (
            request.words(),
            "an answer to each request of `after`, with a status that is expected",
            "the target did not say how things stand after the last session",
            "see the target's own records, ask it by hand what `after` asks, and run again",
        ),
    }
}

fn interrupted(ending: Ending, elapsed: Span, ended: u64, planned: Option<u64>) -> Four<'static> {
    let of = planned.map_or(String::new(), |planned| format!(" of {} planned", count(planned)));
    let seen = format!("stopped after {elapsed}: {}{of} requests were answered or failed", count(ended));
    let (cause, cure) = match ending {
        Ending::Killed => (
            "the run's process was killed, or its summary was lost",
            "run again; if memory ran out, see rss_bytes in timeline.csv",
        ),
        Ending::Interrupted | Ending::Finished | Ending::TargetDied => {
            ("a signal stopped the run", "let the run come to its end")
        }
    };
    (seen, "the whole plan", cause, cure)
}

fn late(late_seconds: usize, stood_still_seconds: usize, seconds: usize, first_second: usize) -> String {
    let how = match stood_still_seconds {
        0 => "fewer requests woke than were ready".to_owned(),
        all if all == late_seconds => "a lane stood still".to_owned(),
        some => format!("fewer requests woke than were ready, or a lane stood still (in {some})"),
    };
    format!("in {late_seconds} of {seconds} seconds {how}, first in second {first_second}")
}

fn starved(seen: String, held_up: Option<&HeldUp>) -> Sentences {
    let (cause, cure) = match held_up {
        Some(held_up) => (held_up::cause(held_up), held_up::cure(held_up)),
        None => (
            "the generator was starved of CPU, stopped, or its host took the CPU away".to_owned(),
            "give the generator cores of its own, end other work on the machine, or use fewer requests a second",
        ),
    };
    Sentences { seen, limit: "1% of the seconds, or one second".to_owned(), cause, cure: cure.to_owned() }
}

fn fell_behind(behind: &FellBehind) -> Sentences {
    let FellBehind { overdue_seconds, seconds, from_second, to_second, by_second, .. } = behind;
    let (planned, delivered) = (count(behind.planned), count(behind.delivered));
    let (least, patience_s) = (share(behind.least_share), behind.patience_s);
    Sentences {
        seen: format!(
            "in {overdue_seconds} of {seconds} seconds planned requests were overdue; at worst, of {planned} that the plan has \
             in seconds {from_second} to {to_second} no more than {delivered} were taken up by second {by_second}"
        ),
        limit: format!("{least} of the planned requests, less 5√n, {patience_s}s after they were planned"),
        cause: "sessions waited for answers, and what follows an answer is due later with it: the target saw less load than \
                the plan has"
            .to_owned(),
        cure: "compare nominal and delivered in timeline.csv; then make the target faster, or plan what it is asked whatever \
               it answers: more and shorter sessions, longer thinks, `repeat … every`, `at`"
            .to_owned(),
    }
}

fn unsent<'a>(most: Reason, by_reason: &[UnsentOf], detail: Option<&'a str>) -> Four<'a> {
    let list = by_reason.iter().map(|unsent| format!("{} {}", count(unsent.requests), unsent.reason.name()));
    let seen = format!("requests due but never sent: {}", list.collect::<Vec<_>>().join(", "));
    let (cause, cure) = ran_out_of(most);
    (seen, "all that is due is sent", detail.unwrap_or(cause), cure)
}

const fn ran_out_of(reason: Reason) -> (&'static str, &'static str) {
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

fn not_judged(objectives: usize, left_out: &[LeftOut]) -> String {
    let names: Vec<String> = left_out.iter().map(ToString::to_string).collect();
    format!("{} of {objectives} objectives are left out: {}", names.len(), names.join("; "))
}

/// Why a stored run cannot answer an objective about this scope.
fn unanswered(scope: &str, why: &Unanswered) -> String {
    match why {
        Unanswered::NoClock => "this run has no clock".to_owned(),
        Unanswered::TooMany { most } => format!("with it there would be more than {most} objectives"),
        Unanswered::NoScope => format!("the run has no `{scope}`"),
        Unanswered::StepsNotKnown => "which steps a killed run had is not known".to_owned(),
        Unanswered::NothingNamed => format!("the run has nothing that `{scope}` stands for"),
        Unanswered::OtherBins { bin } => {
            format!("it was counted in bins of {bin}, which its window does not begin and end with")
        }
        Unanswered::OtherPart => "it was counted only in another part of the run".to_owned(),
        Unanswered::OtherLimits { limits } if limits.is_empty() => {
            format!("no times of `{scope}` were counted at a limit")
        }
        Unanswered::OtherLimits { limits } => {
            let limits: Vec<String> = limits.iter().map(limit).collect();
            format!("times of `{scope}` were counted at {} only", limits.join(", "))
        }
        Unanswered::NotCounted => format!("it was not counted of `{scope}`"),
    }
}

/// `< 300ms`, `service < 20ms`.
fn limit(CountedLimit { time, limit, inclusive }: &CountedLimit) -> String {
    let time = if *time == Time::Response { String::new() } else { format!("{} ", time.name()) };
    format!("`{time}{} {limit}`", if *inclusive { "<=" } else { "<" })
}
