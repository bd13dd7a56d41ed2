//! What held the generator up, and why, and answers that nobody asked for (R8): findings, which never decide a verdict
//! by themselves (O5).
//!
//! The kernel's own counts distinguish three causes: the lane had too much to do (its processor time),
//! something else had its core (run-queue delay), or the machine's host had it (steal). A lane that was late without
//! any of them was not running at all: stopped, or frozen with its machine.

use serde::{Deserialize, Serialize};

use crate::record::{LaneInterval, Recording, SecondDelta, share as share_of};
use crate::unit::{Bytes, Instant, Span};

use super::finding::Finding;
use super::unasked::unasked;
use super::words::share;

/// A lane's processor time above which requests queue inside it (docs/sources.md, Generator): the wait grows as ρ/(1−ρ).
const BUSY: f64 = 0.8;
/// Share of one interval, waiting for a core or stolen, above which it is a finding.
const INTERVAL_SHARE: f64 = 0.1;
/// The same over the whole run, if that is at least a second: one wait is a large share of less.
const RUN_SHARE: f64 = 0.01;
/// A rise of resident memory after the first tenth of a run is a finding if it is over this share and this many bytes.
const MEMORY_SHARE: f64 = 0.1;
const MEMORY_BYTES: i64 = 8 << 20;
/// And if the last third still rises at this share of the whole slope. More sessions at a surge, and histograms that
/// grow with the slowest answer, make a step; a leak goes on.
const MEMORY_LATE: f64 = 0.25;

/// Other runs that are named; of more there is only the number.
const NAMED: usize = 3;

const SECOND: Span = Span::from_secs(1);

/// What kind of finding it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingCode {
    /// A lane had more to do than its core can handle.
    LaneBusy,
    /// A lane waited for its core.
    RunQueue,
    /// The machine's host took processor time away.
    Steal,
    /// The generator's memory grew as the run went on.
    MemoryGrows,
    /// A lane neither woke nor read for a while, though its timer had rung.
    StoodStill,
    /// Bytes came that nobody asked for (R8).
    Unasked,
    /// Another run was on this machine at the same time.
    AnotherRun,
}

/// A cause and its cure.
pub(super) struct Cause {
    pub(super) cause: String,
    pub(super) cure: &'static str,
}

const MORE_LANES: &str = "use more lanes on more cores (--lanes), more machines, or fewer requests a second";
const OWN_CORES: &str =
    "end what else runs on this machine, give the generator cores of its own (taskset, cpuset), or lift the quota";
const OTHER_HOST: &str = "use a machine that is not shared, or one with dedicated cores";

/// Everything found.
pub(super) fn findings(recording: &Recording) -> Vec<Finding<FindingCode>> {
    [
        unasked(recording),
        another_run(recording),
        stood_still(recording),
        lane_busy(recording),
        run_queue(recording),
        steal(recording),
        memory_grows(recording),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn another_run(recording: &Recording) -> Option<Finding<FindingCode>> {
    let runs = &recording.end.other_runs;
    let named: Vec<String> = runs.iter().take(NAMED).map(|run| format!("process {} ({})", run.pid, run.what)).collect();
    let more = runs.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!runs.is_empty()).then(|| Finding {
        code: FindingCode::AnotherRun,
        seen: format!("at the same time on this machine: {}{more}", named.join(", ")),
        limit: "none".to_owned(),
        cause: "runs take cores from each other, and load together what both are sent to".to_owned(),
        cure: "let one run end before the next begins".to_owned(),
    })
}

/// SIGSTOP shows neither as run-queue delay nor as steal, and few requests need be late by it.
fn stood_still(recording: &Recording) -> Option<Finding<FindingCode>> {
    let rows = recording.seconds.iter();
    let told = |row: &SecondDelta| share_of(row.stood, SECOND) > INTERVAL_SHARE;
    let seconds: Vec<usize> = rows.enumerate().filter(|(_, row)| told(row)).map(|(second, _)| second).collect();
    let stood = |second: usize| recording.seconds[second].stood;
    let longest = seconds.iter().copied().reduce(|a, b| if stood(b) > stood(a) { b } else { a })?;
    let why = cause_of_lateness(recording, &seconds).map_or(String::new(), |why| format!(": {}", why.cause));
    Some(Finding {
        code: FindingCode::StoodStill,
        seen: format!(
            "a lane stood still for {} in {} seconds of the run, longest in second {longest} ({})",
            rough(seconds.iter().copied().map(stood).fold(Span::ZERO, Span::saturating_add)),
            seconds.len(),
            rough(stood(longest))
        ),
        limit: format!("{} of a second", share(INTERVAL_SHARE)),
        cause: format!("the process was stopped or starved{why}"),
        cure: OWN_CORES.to_owned(),
    })
}

fn lane_busy(recording: &Recording) -> Option<Finding<FindingCode>> {
    let lanes = &recording.end.lanes;
    let (lane, of_run) = lanes.most(|lane| lane.cpu)?;
    let (busy, all) = (lanes.intervals.iter().filter(|i| i.busy() > BUSY).count(), lanes.intervals.len());
    let closed = recording.end.closed_loop;
    (busy > 1 && busy * 100 > all).then(|| Finding {
        code: FindingCode::LaneBusy,
        seen: format!(
            "in {busy} of {all} intervals a lane ran for over {} of the time; lane {lane} used {} of its core over the run",
            share(BUSY),
            share(of_run)
        ),
        limit: "1% of the intervals, or one".to_owned(),
        cause: match closed {
            true => "the generator is the bottleneck: in a closed loop the rate is its own, not the target's".to_owned(),
            false => "the generator is near its bottleneck: requests wait for the lane, not for the target".to_owned(),
        },
        cure: MORE_LANES.to_owned(),
    })
}

fn run_queue(recording: &Recording) -> Option<Finding<FindingCode>> {
    let lanes = &recording.end.lanes;
    let (lane, of_run) = lanes.most(|lane| lane.run_queue)?;
    let worst = worst(&lanes.intervals, LaneInterval::waited);
    let told = is_much(recording, of_run) || worst.is_some_and(|i| i.waited() > INTERVAL_SHARE);
    told.then(|| Finding {
        code: FindingCode::RunQueue,
        seen: format!(
            "lane {lane} waited {} for a core in {} of run ({}){}",
            rough(lanes.lanes[lane].run_queue),
            rough(lanes.wall),
            share(of_run),
            worst.map_or(String::new(), |i| format!(
                "; most {} of {} in second {}",
                rough(i.most_waited),
                rough(i.wall),
                i.from.bin(SECOND)
            ))
        ),
        limit: format!("{} of the run, {} of an interval", share(RUN_SHARE), share(INTERVAL_SHARE)),
        cause: WAITED.to_owned(),
        cure: OWN_CORES.to_owned(),
    })
}

const WAITED: &str = "something else ran on the lane's core, or a quota held it back (run-queue delay)";

fn steal(recording: &Recording) -> Option<Finding<FindingCode>> {
    let of_run = recording.end.host.steal_pct / 100.0;
    let worst = worst(&recording.end.lanes.intervals, |i| i.steal_pct);
    let told = is_much(recording, of_run) || worst.is_some_and(|i| i.steal_pct / 100.0 > INTERVAL_SHARE);
    told.then(|| Finding {
        code: FindingCode::Steal,
        seen: format!(
            "the machine's host took {} of its processor time{}",
            share(of_run),
            worst.map_or(String::new(), |i| format!(
                ", most {} in second {}",
                share(i.steal_pct / 100.0),
                i.from.bin(SECOND)
            ))
        ),
        limit: format!("{} of the run, {} of an interval", share(RUN_SHARE), share(INTERVAL_SHARE)),
        cause: "the hypervisor gave the machine's cores to other guests (steal)".to_owned(),
        cure: OTHER_HOST.to_owned(),
    })
}

fn memory_grows(recording: &Recording) -> Option<Finding<FindingCode>> {
    let trend = recording.memory?;
    let rises = trend.rise_bytes > MEMORY_BYTES && trend.rise_bytes as f64 > MEMORY_SHARE * trend.from_bytes as f64;
    let goes_on = trend.late_slope_bytes_per_hour > MEMORY_LATE * trend.slope_bytes_per_hour;
    (rises && goes_on).then(|| Finding {
        code: FindingCode::MemoryGrows,
        seen: format!(
            "after the first tenth of the run, memory rose by {} from {} ({} an hour), and was still rising at the end",
            Bytes(trend.rise_bytes.unsigned_abs()),
            Bytes(trend.from_bytes),
            Bytes(trend.slope_bytes_per_hour as u64)
        ),
        limit: format!("{} of it, or {}", share(MEMORY_SHARE), Bytes(MEMORY_BYTES.unsigned_abs())),
        cause: "more sessions alive at once, or more saved by them, as the run went on; else a leak of the generator"
            .to_owned(),
        cure: "if sessions alive do not explain it, report it with the run's timeline.csv".to_owned(),
    })
}

/// Whether a share of the run is worth a finding.
fn is_much(recording: &Recording, of_run: f64) -> bool {
    recording.end.elapsed >= SECOND && of_run > RUN_SHARE
}

/// The first of the intervals in which a figure is greatest, and not 0.
fn worst(intervals: &[LaneInterval], figure: impl Fn(&LaneInterval) -> f64) -> Option<&LaneInterval> {
    let first = intervals.iter().filter(|i| figure(i) > 0.0);
    first.reduce(|best, i| if figure(i) > figure(best) { i } else { best })
}

/// Why the generator was late in these seconds of the run; `None` if the kernel does not say.
pub(super) fn cause_of_lateness(recording: &Recording, seconds: &[usize]) -> Option<Cause> {
    let middle = |second: &usize| Instant::ZERO + Span::from_millis(*second as u64 * 1_000 + 500);
    let within = |i: &&LaneInterval| seconds.iter().map(middle).any(|at| i.from <= at && at < i.from + i.wall);
    let intervals: Vec<&LaneInterval> = recording.end.lanes.intervals.iter().filter(within).collect();
    let sum =
        |part: fn(&LaneInterval) -> Span| intervals.iter().map(|i| part(i)).fold(Span::ZERO, Span::saturating_add);
    let wall = sum(|i| i.wall);
    if wall == Span::ZERO {
        return None;
    }
    let busy = share_of(sum(|i| i.most_cpu), wall);
    let waited = share_of(sum(|i| i.most_waited), wall);
    let stolen = intervals.iter().map(|i| i.steal_pct / 100.0 * i.wall.as_secs_f64()).sum::<f64>() / wall.as_secs_f64();
    let causes: Vec<(String, &str)> = [
        (
            waited > INTERVAL_SHARE,
            format!("a lane waited {} of the time for its core: {WAITED}", share(waited)),
            OWN_CORES,
        ),
        (
            stolen > INTERVAL_SHARE,
            format!("the hypervisor took {} of the machine's time (steal)", share(stolen)),
            OTHER_HOST,
        ),
        (busy > BUSY, format!("a lane ran {} of the time: the generator is the bottleneck", share(busy)), MORE_LANES),
    ]
    .into_iter()
    .filter_map(|(holds, cause, cure)| holds.then_some((cause, cure)))
    .collect();
    let Some((_, cure)) = causes.first() else {
        return Some(Cause {
            cause: format!(
                "neither work (a lane ran {} of the time) nor waiting for a core ({}) nor steal ({}) explains it: \
                 the process was stopped (a signal, a debugger) or frozen with its machine",
                share(busy),
                share(waited),
                share(stolen)
            ),
            cure: "let the generator run undisturbed, and run again",
        });
    };
    let told: Vec<String> = causes.iter().map(|(cause, _)| cause.clone()).collect();
    Some(Cause { cause: told.join("; "), cure })
}

/// A span to the millisecond: finer is not in the kernel's counts.
fn rough(span: Span) -> Span {
    Span::from_millis((span.as_nanos() + 500_000) / 1_000_000)
}
