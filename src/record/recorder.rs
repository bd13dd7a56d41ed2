//! A lane's recorder: cheap increments while the run goes, a slice an interval.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use crate::scenario::{Bad, Time};
use crate::unit::{Instant, Span};

use super::timeline::SECOND;
use super::{
    Catalog, Class, Counters, Ended, FailureSample, LaneTotals, Reason, Sampled, Slice, Woken, Wrong, lane_histogram,
    record_span,
};

/// Failure samples kept of one reason in one interval on one lane.
const SAMPLES_PER_REASON: usize = 3;

/// Requests and samples of measures after which a lane hands over its totals at the end of an interval. Each adds at
/// most one to a count, so that no u32 is more than half full by then; for the other half the longest interval, ten
/// seconds, would take 214 million a second on one lane.
const ENDS_PER_TOTALS: u64 = 1 << 31;

/// A lane's recorder. Owned by the lane; nothing is shared but the ends of two channels.
pub struct Recorder {
    pub(super) catalog: Arc<Catalog>,
    lane: usize,
    pub(super) slice: Slice,
    pub(super) totals: Box<LaneTotals>,
    pub(super) ends_since_totals: u64,
    /// The last second in which the lane stood still, and for how long up to now.
    stood: (u32, Span),
    /// When the run was stopped, if it was.
    pub(super) stopped: Option<Instant>,
    out: Sender<Slice>,
    spare: Receiver<Slice>,
}

impl Recorder {
    /// A recorder that hands its slices to `out` and takes emptied ones from `spare`.
    pub fn new(catalog: Arc<Catalog>, lane: usize, out: Sender<Slice>, spare: Receiver<Slice>) -> Self {
        let (slice, totals) = (Slice { lane, ..Slice::new(&catalog) }, Box::new(LaneTotals::new(&catalog)));
        Self { catalog, lane, slice, totals, ends_since_totals: 0, stood: (0, Span::ZERO), stopped: None, out, spare }
    }

    /// Counts that need no key, to be added to.
    pub fn counters(&mut self) -> &mut Counters {
        &mut self.slice.counters
    }

    /// Counts that need no key, of a population; the run's are the sum of these and [`Recorder::counters`].
    pub fn counters_of(&mut self, population: u16) -> &mut Counters {
        &mut self.slice.populations[population as usize].counters
    }

    /// A request was taken up.
    pub fn woken(&mut self, woken: &Woken) {
        self.slice.second(woken.due.bin(SECOND)).due += 1;
        self.slice.second(woken.ready.bin(SECOND)).ready += 1;
        self.slice.second(woken.woke.bin(SECOND)).woke += 1;
        if woken.paced {
            record_span(&mut self.slice.lag, woken.lag());
        }
    }

    /// A planned request was taken up, or given up unsent, at this instant.
    pub fn delivered(&mut self, at: Instant) {
        self.slice.second(at.bin(SECOND)).delivered += 1;
    }

    /// The lane stood still between these instants, which are after those of every earlier call.
    pub fn stood_still(&mut self, from: Instant, to: Instant) {
        self.slice.stood = self.slice.stood.saturating_add(to.since(from));
        let mut at = from;
        while at < to {
            let second = at.bin(SECOND);
            let end = Instant::from_nanos((u64::from(second) + 1) * SECOND.as_nanos()).min(to);
            let before = if self.stood.0 == second { self.stood.1 } else { Span::ZERO };
            self.stood = (second, before.saturating_add(end.since(at)));
            // So far: what other lanes, and earlier slices of this one, say of the second is held against it.
            self.slice.second(second).stood = self.stood.1;
            at = end;
        }
    }

    /// The run is stopped: what ends from here on was open, or had not begun, at this instant.
    pub fn stopped(&mut self, at: Instant) {
        self.stopped = Some(at);
    }

    /// A request ended, woken or not.
    pub fn ended(&mut self, ended: &Ended) {
        match ended.outcome {
            Err(Reason::Stopped) if self.is_overdue(ended) => {
                self.count(&Ended { outcome: Err(Reason::Overdue), ..*ended });
            }
            _ => self.count(ended),
        }
    }

    /// Whether what was open when the run was stopped had been open for its timeout, or as long as an objective about it
    /// does not allow: then it is not right, however it would have ended (D3).
    fn is_overdue(&self, ended: &Ended) -> bool {
        let objectives = &self.catalog.populations[ended.population as usize].objectives_by_step[ended.step as usize];
        let mut about = objectives.iter().map(|index| &self.catalog.objectives[*index as usize]);
        let reached = |bad: Bad| ended.has_reached(bad).is_some_and(|(reached, _)| reached);
        ended.response() >= ended.timeout
            || about.any(|o| o.is_about(ended.woken.due) && o.metric.bad().is_some_and(reached))
    }

    fn count(&mut self, ended: &Ended) {
        let second = self.slice.second(ended.done.bin(SECOND));
        match Class::of(ended.outcome) {
            Class::Completed => second.done += 1,
            Class::Failed => second.failed += 1,
            Class::Unsent => second.unsent += 1,
            Class::Unfinished => second.unfinished += 1,
        }
        if ended.first.is_some() {
            record_span(&mut self.slice.read_delay, ended.read_delay);
        }
        self.counters_of(ended.population).requests_sent += u64::from(ended.exchanges > 0);
        self.ends_since_totals += 1;
        self.count_latency(ended);
        self.count_objectives(ended);
        self.count_errors(ended);
    }

    fn count_latency(&mut self, ended: &Ended) {
        let response = ended.response();
        let interval = &mut self.slice.populations[ended.population as usize];
        let totals = &mut self.totals.populations[ended.population as usize];
        let step = &mut totals.steps[ended.step as usize];
        step.count(ended.outcome, ended.status);
        step.bytes.0 += ended.bytes_sent;
        step.bytes.1 += ended.bytes_received;
        if ended.extra {
            interval.extra.count(ended.outcome);
        }
        match ended.outcome {
            Ok(()) => {
                let in_range = record_span(&mut interval.ok, response);
                record_span(&mut step.response, response);
                interval.over_range += u64::from(!in_range);
                step.over_range += u64::from(!in_range);
                for (time, histogram) in [
                    (Time::Service, &mut totals.service),
                    (Time::Wait, &mut totals.wait),
                    (Time::FirstByte, &mut totals.first_byte),
                ] {
                    if let Some(took) = ended.ranked(time) {
                        record_span(histogram, took);
                    }
                }
                if let Some(connect) = ended.connect {
                    record_span(&mut totals.connect, connect);
                }
                if let Some(handshake) = ended.handshake {
                    record_span(totals.handshake.get_or_insert_with(lane_histogram), handshake);
                }
                if let Some(pool_wait) = ended.pool_wait {
                    record_span(&mut totals.pool_wait, pool_wait);
                }
            }
            Err(reason) => {
                interval.not_right[reason as usize] += 1;
                if reason.class() == Class::Failed && reason != Reason::NotAttempted {
                    record_span(&mut interval.failed, response);
                }
            }
        }
    }

    fn count_objectives(&mut self, ended: &Ended) {
        let catalog = &*self.catalog;
        for &index in &catalog.populations[ended.population as usize].objectives_by_step[ended.step as usize] {
            let objective = &catalog.objectives[index as usize];
            let due = ended.woken.due;
            let Some(bad) = objective.metric.bad() else {
                // Exchanges over requests: of those whose end nobody knows none count.
                let is_known = ended.outcome.err().is_none_or(|reason| reason.counts() && reason != Reason::Overdue);
                if ended.exchanges > 0 && is_known && objective.is_about(due) {
                    let bin = self.slice.bin(due.bin(catalog.bin), index);
                    bin.n += 1;
                    bin.k += ended.exchanges;
                    bin.k_without_us += ended.exchanges;
                }
                continue;
            };
            let Some(is_bad) = ended.is_bad(bad, catalog) else { continue };
            let value = ended.ranked(objective.metric.slow().map_or(Time::Response, |slow| slow.time));
            count_for(index, due, is_bad, value, catalog, &mut self.slice, &mut self.totals);
        }
    }

    /// Counts a request that was not right by its kind; `told` makes what is kept of its detail, if it is the first.
    pub fn wrong(&mut self, wrong: &Wrong<'_>, told: impl FnOnce() -> String) {
        self.totals.wrong.count(wrong, told);
    }

    /// Whether a sample of this reason is still wanted in this interval: asked first, so that a storm of
    /// failures costs no copies.
    pub fn wants_sample(&self, of: Sampled, reason: Reason) -> bool {
        let like = self.slice.failures.iter().filter(|sample| (sample.of, sample.reason) == (of, reason));
        like.count() < SAMPLES_PER_REASON
    }

    /// Keeps an example of a request that was not right.
    pub fn sample(&mut self, sample: FailureSample) {
        self.slice.failures.push(sample);
    }

    /// Hands over what happened since the last time, and goes on with an empty slice, which begins `now`.
    pub fn hand_over(&mut self, in_flight: u64, now: Instant) {
        if self.ends_since_totals >= ENDS_PER_TOTALS {
            self.attach_totals();
        }
        self.send(in_flight, now);
    }

    /// Hands over the last slice, with the totals.
    pub fn finish(mut self) {
        self.attach_totals();
        self.send(0, Instant::ZERO);
    }

    fn attach_totals(&mut self) {
        self.ends_since_totals = 0;
        self.slice.totals = Some(std::mem::replace(&mut self.totals, Box::new(LaneTotals::new(&self.catalog))));
    }

    fn send(&mut self, in_flight: u64, next_begins: Instant) {
        self.slice.in_flight = in_flight;
        // The hub gives emptied slices back; when it is behind, a new one is made rather than waited for.
        let next = self.spare.try_recv().unwrap_or_else(|_| Slice::new(&self.catalog));
        let next = Slice { lane: self.lane, began: next_begins, ..next };
        let full = std::mem::replace(&mut self.slice, next);
        // A hub that is gone has failed and stopped the run; there is nobody left to tell.
        let _ = self.out.send(full);
    }
}

/// Counts a request or a sample for an objective, if it is due in its window: whether it is bad (K), and still bad
/// without us (K′); and keeps the time by which quantiles rank it, if it has one, where the objective has times of its own.
pub(super) fn count_for(
    index: u16,
    due: Instant,
    (bad, bad_without_us): (bool, bool),
    ranked: Option<Span>,
    catalog: &Catalog,
    slice: &mut Slice,
    totals: &mut LaneTotals,
) {
    if !catalog.objectives[index as usize].is_about(due) {
        return;
    }
    let bin = slice.bin(due.bin(catalog.bin), index);
    bin.n += 1;
    bin.k += u32::from(bad);
    bin.k_without_us += u32::from(bad_without_us);
    let times = totals.times[index as usize].as_mut().filter(|_| due >= catalog.counts_from());
    if let (Some(times), Some(value)) = (times, ranked) {
        record_span(times, value);
    }
}
