//! Findings in sentences.

use crate::judge::{Finding, Limits, StolenIn, UnaskedAt, WaitedIn};
use crate::record::{MemoryTrend, OtherRun};
use crate::unit::{Bytes, Span};

use super::super::words::{count, share};
use super::Sentences;
use super::held_up::{self, MORE_LANES, OTHER_HOST, OWN_CORES, WAITED};

/// Other runs that are named; of more there is only the number.
const NAMED: usize = 3;

pub(super) fn sentences(finding: &Finding) -> Sentences {
    match finding {
        Finding::Unasked { places, elsewhere, first } => unasked(places, *elsewhere, first),
        Finding::WarmUp { seconds, late_seconds, overdue_seconds } => Sentences {
            seen: format!(
                "in the warm-up of {seconds}s the generator was late in {late_seconds} seconds, and planned requests were \
                 overdue in {overdue_seconds}"
            ),
            limit: "none that decides: no objective counts the warm-up".to_owned(),
            cause: "what is not warm yet, the generator or the target, answers late".to_owned(),
            cure: "see that the seconds after it are in time; else make `warm_up` longer".to_owned(),
        },
        Finding::AnotherRun { runs } => another_run(runs),
        Finding::StoodStill { stood, seconds, longest_second, longest, limit_share, held_up } => {
            let why = held_up.as_ref().map_or(String::new(), |held_up| format!(": {}", held_up::cause(held_up)));
            Sentences {
                seen: format!(
                    "a lane stood still for {} in {seconds} seconds of the run, longest in second {longest_second} ({})",
                    rough(*stood),
                    rough(*longest)
                ),
                limit: format!("{} of a second", share(*limit_share)),
                cause: format!("the process was stopped or starved{why}"),
                cure: OWN_CORES.to_owned(),
            }
        }
        Finding::LaneBusy { busy_intervals, intervals, limit_share, lane, run_share, closed_loop } => Sentences {
            seen: format!(
                "in {busy_intervals} of {intervals} intervals a lane ran for over {} of the time; lane {lane} used {} of its \
                 core over the run",
                share(*limit_share),
                share(*run_share)
            ),
            limit: "1% of the intervals, or one".to_owned(),
            cause: match closed_loop {
                true => "the generator is the bottleneck: in a closed loop the rate is its own, not the target's",
                false => "the generator is near its bottleneck: requests wait for the lane, not for the target",
            }
            .to_owned(),
            cure: MORE_LANES.to_owned(),
        },
        Finding::RunQueue { lane, waited, of, run_share, worst, limits } => Sentences {
            seen: format!(
                "lane {lane} waited {} for a core in {} of run ({}){}",
                rough(*waited),
                rough(*of),
                share(*run_share),
                worst.map_or(String::new(), most_waited)
            ),
            limit: of_run_or_interval(limits),
            cause: WAITED.to_owned(),
            cure: OWN_CORES.to_owned(),
        },
        Finding::Steal { run_share, worst, limits } => Sentences {
            seen: format!(
                "the machine's host took {} of its processor time{}",
                share(*run_share),
                worst.map_or(String::new(), most_stolen)
            ),
            limit: of_run_or_interval(limits),
            cause: "the hypervisor gave the machine's cores to other guests (steal)".to_owned(),
            cure: OTHER_HOST.to_owned(),
        },
        Finding::MemoryGrows { trend, limit_share, limit_bytes } => memory_grows(trend, *limit_share, *limit_bytes),
    }
}

fn unasked(places: &[UnaskedAt], elsewhere: u64, first: &str) -> Sentences {
    let place = |at: &UnaskedAt| {
        let UnaskedAt { population, step, place, times: n } = at;
        format!("{} {} ({population} {step})", times(*n), place.words())
    };
    let mut parts: Vec<String> = places.iter().map(place).collect();
    parts.extend((elsewhere > 0).then(|| format!("{} elsewhere", times(elsewhere))));
    Sentences {
        seen: format!("bytes came {}; the first: {first}", parts.join(", ")),
        limit: "none: an answer comes behind its request".to_owned(),
        cause: "the target, or a proxy before it, answers more often than it is asked, or says more than the length of its \
                answers; where connections are used again, users may get each other's answers"
            .to_owned(),
        cure: "look for that step in the logs of the target and of what is before it".to_owned(),
    }
}

fn times(n: u64) -> String {
    if n == 1 { "once".to_owned() } else { format!("{} times", count(n)) }
}

fn another_run(runs: &[OtherRun]) -> Sentences {
    let named: Vec<String> = runs.iter().take(NAMED).map(|run| format!("process {} ({})", run.pid, run.what)).collect();
    let more = runs.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Sentences {
        seen: format!("at the same time on this machine: {}{more}", named.join(", ")),
        limit: "none".to_owned(),
        cause: "runs take cores from each other, and load together what both are sent to".to_owned(),
        cure: "let one run end before the next begins".to_owned(),
    }
}

fn most_waited(WaitedIn { second, waited, of }: WaitedIn) -> String {
    format!("; most {} of {} in second {second}", rough(waited), rough(of))
}

fn most_stolen(StolenIn { second, share: stolen }: StolenIn) -> String {
    format!(", most {} in second {second}", share(stolen))
}

fn of_run_or_interval(limits: &Limits) -> String {
    format!("{} of the run, {} of an interval", share(limits.run_share), share(limits.interval_share))
}

fn memory_grows(trend: &MemoryTrend, limit_share: f64, limit_bytes: u64) -> Sentences {
    Sentences {
        seen: format!(
            "after the first tenth of the run, memory rose by {} from {} ({} an hour), and was still rising at the end",
            Bytes(trend.rise_bytes.unsigned_abs()),
            Bytes(trend.from_bytes),
            Bytes(trend.slope_bytes_per_hour as u64)
        ),
        limit: format!("{} of it, or {}", share(limit_share), Bytes(limit_bytes)),
        cause: "more sessions alive at once, or more saved by them, as the run went on; else a leak of the generator"
            .to_owned(),
        cure: "if sessions alive do not explain it, report it with the run's timeline.csv".to_owned(),
    }
}

/// A span to the millisecond: finer is not in the kernel's counts.
fn rough(span: Span) -> Span {
    Span::from_millis((span.as_nanos() + 500_000) / 1_000_000)
}
