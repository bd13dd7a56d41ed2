//! What held the generator up, and why: findings, which never decide a verdict by themselves (O5).

use crate::record::{LaneInterval, Recording, SecondDelta, share as share_of};
use crate::unit::Span;

use super::delivery::{overdue_inside, short_seconds};
use super::finding::{Finding, Limits, StolenIn, WaitedIn};
use super::held_up::held_up;
use super::unasked::unasked;
use super::warm_up::WarmUp;

/// A lane's processor time above which requests queue inside it (docs/sources.md, Generator): the wait grows as ρ/(1−ρ).
pub(super) const BUSY: f64 = 0.8;
/// Share of one interval, waiting for a core or stolen, above which it is a finding.
pub(super) const INTERVAL_SHARE: f64 = 0.1;
/// The same over the whole run, if that is at least a second: one wait is a large share of less.
const RUN_SHARE: f64 = 0.01;
/// A rise of resident memory after the first tenth of a run is a finding if it is over this share and this many bytes.
const MEMORY_SHARE: f64 = 0.1;
const MEMORY_BYTES: u64 = 8 << 20;
/// And if the last third still rises at this share of the whole slope. More sessions at a surge, and histograms that
/// grow with the slowest answer, make a step; a leak goes on.
const MEMORY_LATE: f64 = 0.25;

const SECOND: Span = Span::from_secs(1);

const LIMITS: Limits = Limits { run_share: RUN_SHARE, interval_share: INTERVAL_SHARE };

/// Everything found.
pub(super) fn findings(recording: &Recording) -> Vec<Finding> {
    [
        unasked(recording),
        late_in_warm_up(recording),
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

/// What would keep the run from being trusted (O5), had it not happened in the warm-up.
fn late_in_warm_up(recording: &Recording) -> Option<Finding> {
    let seconds = WarmUp::of(&recording.catalog).end();
    let late_seconds = short_seconds(recording).partition_point(|second| *second < seconds);
    let overdue_seconds = overdue_inside(recording, 0..seconds).map_or(0, |behind| behind.overdue_seconds);
    (late_seconds + overdue_seconds > 0).then_some(Finding::WarmUp { seconds, late_seconds, overdue_seconds })
}

fn another_run(recording: &Recording) -> Option<Finding> {
    let runs = &recording.end.other_runs;
    (!runs.is_empty()).then(|| Finding::AnotherRun { runs: runs.clone() })
}

/// SIGSTOP shows neither as run-queue delay nor as steal, and few requests need be late by it.
fn stood_still(recording: &Recording) -> Option<Finding> {
    let rows = recording.seconds.iter();
    let told = |row: &SecondDelta| share_of(row.stood, SECOND) > INTERVAL_SHARE;
    let seconds: Vec<usize> = rows.enumerate().filter(|(_, row)| told(row)).map(|(second, _)| second).collect();
    let stood = |second: usize| recording.seconds[second].stood;
    let longest_second = seconds.iter().copied().reduce(|a, b| if stood(b) > stood(a) { b } else { a })?;
    Some(Finding::StoodStill {
        stood: seconds.iter().copied().map(stood).fold(Span::ZERO, Span::saturating_add),
        seconds: seconds.len(),
        longest_second,
        longest: stood(longest_second),
        limit_share: INTERVAL_SHARE,
        held_up: held_up(recording, &seconds),
    })
}

fn lane_busy(recording: &Recording) -> Option<Finding> {
    let lanes = &recording.end.lanes;
    let (lane, run_share) = lanes.most(|lane| lane.cpu)?;
    let (busy, all) = (lanes.intervals.iter().filter(|i| i.busy() > BUSY).count(), lanes.intervals.len());
    (busy > 1 && busy * 100 > all).then_some(Finding::LaneBusy {
        busy_intervals: busy,
        intervals: all,
        limit_share: BUSY,
        lane,
        run_share,
        closed_loop: recording.end.closed_loop,
    })
}

fn run_queue(recording: &Recording) -> Option<Finding> {
    let lanes = &recording.end.lanes;
    let (lane, run_share) = lanes.most(|lane| lane.run_queue)?;
    let worst = worst(&lanes.intervals, LaneInterval::waited);
    let told = is_much(recording, run_share) || worst.is_some_and(|i| i.waited() > INTERVAL_SHARE);
    told.then(|| Finding::RunQueue {
        lane,
        waited: lanes.lanes[lane].run_queue,
        of: lanes.wall,
        run_share,
        worst: worst.map(|i| WaitedIn { second: i.from.bin(SECOND), waited: i.most_waited, of: i.wall }),
        limits: LIMITS,
    })
}

fn steal(recording: &Recording) -> Option<Finding> {
    let run_share = recording.end.host.steal_pct / 100.0;
    let worst = worst(&recording.end.lanes.intervals, |i| i.steal_pct);
    let worst = worst.map(|i| StolenIn { second: i.from.bin(SECOND), share: i.steal_pct / 100.0 });
    let told = is_much(recording, run_share) || worst.is_some_and(|worst| worst.share > INTERVAL_SHARE);
    told.then_some(Finding::Steal { run_share, worst, limits: LIMITS })
}

fn memory_grows(recording: &Recording) -> Option<Finding> {
    let trend = recording.memory?;
    let rises =
        trend.rise_bytes > MEMORY_BYTES as i64 && trend.rise_bytes as f64 > MEMORY_SHARE * trend.from_bytes as f64;
    let goes_on = trend.late_slope_bytes_per_hour > MEMORY_LATE * trend.slope_bytes_per_hour;
    (rises && goes_on).then_some(Finding::MemoryGrows { trend, limit_share: MEMORY_SHARE, limit_bytes: MEMORY_BYTES })
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
