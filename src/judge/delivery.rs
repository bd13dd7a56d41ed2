//! Did the load of the plan come to the target, and when it was to (O5)? Two things can keep it: a generator that is late
//! or stands still, and sessions that wait for answers, as what follows an answer is due later with it (S2).

use std::ops::Range;

use crate::record::{Ending, Recording, SecondDelta};
use crate::unit::Span;

use super::held_up::held_up;
use super::warm_up::WarmUp;
use super::why::{FellBehind, Why};

/// A lane that stood still for more of a second than this did not deliver its load: as with [`MISSING`], a quarter.
const STOOD: Span = Span::from_millis(250);

/// The part of a stretch's planned requests that may be missing: sessions that think three times as long as they wait
/// stay within it. With more missing, an objective that is met says little of the plan's load: at three quarters of 80 %
/// of what a queue can serve, waits are under half as long (docs/sources.md, Closed forms).
const MISSING: f64 = 0.25;

/// Seconds after which planned requests are overdue, or 1 % of the run if that is more: one wait of a session, or some
/// hundred ms for each of its answers, is a shift and no loss.
const PATIENCE_SECONDS: usize = 2;

/// The seconds in which the generator did not deliver what was ready (O5): it woke too few of the requests that became
/// ready in it, left some unwoken that had been ready before it, or a lane of it stood still for over a quarter of it. A
/// closed loop has none: nothing is due in it.
pub fn short_seconds(recording: &Recording) -> Vec<usize> {
    if recording.end.closed_loop {
        return Vec::new();
    }
    // Woken later than in the second after they were ready, whatever the rate.
    let mut waiting = 0i64;
    let is_short = |counts: &SecondDelta| {
        let overdue = waiting > i64::from(counts.woke);
        waiting += i64::from(counts.ready) - i64::from(counts.woke);
        overdue || counts.stood > STOOD || woke_too_few(counts)
    };
    let seconds = recording.seconds.iter().map(is_short).enumerate();
    seconds.filter_map(|(second, short)| short.then_some(second)).collect()
}

/// woke < ready − 5√ready − 0.01·ready.
fn woke_too_few(counts: &SecondDelta) -> bool {
    let (ready, woke) = (f64::from(counts.ready), f64::from(counts.woke));
    woke < ready - 5.0 * ready.sqrt() - 0.01 * ready
}

/// `short`: the seconds that no look made good (O17); of one run those that are short. Those of the warm-up are passed over.
pub(super) fn generator_late(recording: &Recording, short: &[usize], warm_up: WarmUp) -> Option<Why> {
    let short = warm_up.counted(short);
    let (first_second, seconds) = (*short.first()?, recording.seconds.len().saturating_sub(warm_up.end()));
    (short.len() > 1 && short.len() * 100 > seconds).then(|| Why::Late {
        late_seconds: short.len(),
        seconds,
        stood_still_seconds: short.iter().filter(|second| recording.seconds[**second].stood > STOOD).count(),
        first_second,
        held_up: held_up(recording, short),
    })
}

/// Seconds of the plan of which too little was taken up.
struct Overdue {
    /// The seconds that had the requests in the plan, the last one not included.
    from: usize,
    to: usize,
    /// How many they were, and how many were taken up from then to the end of the patience.
    planned: u64,
    delivered: u64,
}

/// O5: planned load that did not come in time, nor soon after, though the generator did its part. Of a run that ended
/// before its plan, others say so. Stretches that begin in the warm-up are passed over.
pub(super) fn sessions_fell_behind(recording: &Recording, warm_up: WarmUp) -> Option<Why> {
    let behind = overdue_inside(recording, warm_up.end()..recording.nominal.len())?;
    let (overdue, seconds) = (behind.overdue_seconds, behind.seconds);
    (overdue > 1 && overdue * 100 > seconds).then_some(Why::FellBehind(behind))
}

/// What was overdue of the stretches that begin and end inside these seconds; `None`: nothing.
pub(super) fn overdue_inside(recording: &Recording, inside: Range<usize>) -> Option<FellBehind> {
    if recording.end.closed_loop || recording.end.ending != Ending::Finished {
        return None;
    }
    let inside = inside.start..inside.end.min(recording.nominal.len());
    let nominal = sums(recording.nominal.iter().copied());
    let delivered = sums(recording.seconds.iter().map(|second| u64::from(second.delivered)));
    let (all, patience) = (recording.seconds.len(), PATIENCE_SECONDS.max(recording.seconds.len() / 100));
    let by = |second: usize| delivered[second.min(all)];
    let ours = short_seconds(recording);
    let is_ours = |from: usize, to: usize| ours.partition_point(|s| *s < from) < ours.partition_point(|s| *s < to);
    let mut worst: Option<Overdue> = None;
    // Changes of how many stretches are overdue in each second.
    let mut overdue = vec![0i64; all + 1];
    for length in std::iter::successors(Some(1), |length| Some(length * 2)).take_while(|l| *l <= inside.len()) {
        for from in inside.start..=inside.end - length {
            let to = from + length;
            let planned = nominal[to] - nominal[from];
            let least = planned as f64 * (1.0 - MISSING) - 5.0 * (planned as f64).sqrt();
            // What was given up before it was planned is not missing when it would have been due.
            let (before, seen) = (by(from).min(nominal[from]), by(to + patience));
            if ((seen - before) as f64) < least && !is_ours(from, to + patience) {
                let made_up = delivered.partition_point(|sum| (sum.saturating_sub(before) as f64) < least);
                overdue[to.min(all)] += 1;
                overdue[made_up.min(all)] -= 1;
                let delivered = seen - before;
                if worst.as_ref().is_none_or(|worst| planned - delivered > worst.planned - worst.delivered) {
                    worst = Some(Overdue { from, to, planned, delivered });
                }
            }
        }
    }
    let Overdue { from, to, planned, delivered } = worst?;
    let mut open = 0;
    let seconds = overdue.iter().filter(|change| {
        open += **change;
        open > 0
    });
    let seconds = seconds.count();
    Some(FellBehind {
        overdue_seconds: seconds,
        seconds: all.saturating_sub(inside.start),
        from_second: from,
        to_second: to - 1,
        planned,
        delivered,
        by_second: (to + patience).min(all),
        patience_s: patience,
        least_share: 1.0 - MISSING,
    })
}

/// The sum of all before each, and of all.
fn sums(counts: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut sums = vec![0];
    sums.extend(counts.scan(0u64, |sum, n| {
        *sum += n;
        Some(*sum)
    }));
    sums
}
