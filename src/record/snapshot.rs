//! What progress shows while a run goes: totals so far, and the last closed interval.

use crate::unit::{Instant, Quantile, Span};

use super::{Ranked, SecondDelta, Slice, lane_histogram};

/// A look at a run under way.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// When the last interval closed.
    pub at: Instant,
    /// Requests woken so far.
    pub woke: u64,
    /// Right answers so far.
    pub done: u64,
    /// Failed requests so far.
    pub failed: u64,
    /// Requests unsent so far.
    pub unsent: u64,
    /// Requests unfinished so far.
    pub unfinished: u64,
    /// Requests woken and not done when the lanes last told.
    pub in_flight: u64,
    /// Requests that the plan has due before `at`, with zero response times.
    pub nominal: u64,
    /// Right answers a second in the last interval.
    pub rate_per_s: f64,
    /// Requests a second that the plan has in the seconds of the last interval.
    pub nominal_per_s: f64,
    /// Requests that ended in the last interval.
    pub ended: u64,
    /// Median response of the last interval; `None` without requests, and where the rank falls among what
    /// was not right.
    pub response_p50: Option<Span>,
    /// 99th percentile of the last interval, like the median.
    pub response_p99: Option<Span>,
    /// Median lag of the last interval; `None` without samples.
    pub lag_p50: Option<Span>,
    /// 99th percentile of lag in the last interval; `None` without samples.
    pub lag_p99: Option<Span>,
}

impl Snapshot {
    pub(super) fn count(&mut self, delta: &SecondDelta) {
        self.woke += u64::from(delta.woke);
        self.done += u64::from(delta.done);
        self.failed += u64::from(delta.failed);
        self.unsent += u64::from(delta.unsent);
        self.unfinished += u64::from(delta.unfinished);
    }

    pub(super) fn close(&mut self, interval: &Slice, from: Instant, now: Instant, nominal: &[u64], in_flight: u64) {
        let mut ok = lane_histogram();
        let (mut over_range, mut not_right) = (0, 0);
        for population in &interval.populations {
            ok.add(&population.ok).expect("every lane histogram has the same bounds");
            over_range += population.over_range;
            not_right += population.not_right.iter().sum::<u64>();
        }
        let (secs, seconds) = (now.since(from).as_secs_f64(), Span::from_secs(1));
        let planned = |from: usize, to: usize| nominal.iter().take(to).skip(from).sum::<u64>();
        let (first, last) = (from.bin(seconds) as usize, now.bin(seconds) as usize);
        (self.at, self.in_flight, self.ended) = (now, in_flight, ok.len() + not_right);
        self.rate_per_s = if secs > 0.0 { ok.len() as f64 / secs } else { 0.0 };
        self.nominal = planned(0, last);
        self.nominal_per_s = if last > first { planned(first, last) as f64 / (last - first) as f64 } else { 0.0 };
        [self.response_p50, self.response_p99] = p50_p99(&Ranked { ok: &ok, over_range, not_right });
        [self.lag_p50, self.lag_p99] = p50_p99(&Ranked::samples(&interval.lag));
    }
}

fn p50_p99(ranked: &Ranked<'_, u32>) -> [Option<Span>; 2] {
    let [p50, _, _, _, p99, ..] = Quantile::SUMMARY;
    [p50, p99].map(|q| ranked.quantile(q).map(Span::from_micros))
}
