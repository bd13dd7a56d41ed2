//! The run by seconds: `timeline.csv` (D3, D4).
//!
//! A second's row is written when the first interval closes after it. What comes later (a slice under way,
//! the due instant of a poll that a slow answer held back) is a further row of the same second: rows of one
//! second add up. So a killed run has every closed interval on disk.

use std::collections::BTreeMap;
use std::io;

use hdrhistogram::Counter;
use serde::{Deserialize, Serialize};

use crate::unit::{Quantile, Span};

use super::damage::Damages;
use super::facts::LONGEST_S;
use super::{Ranked, SecondDelta, rows};

/// Its name in a run's folder.
pub(super) const FILE: &str = "timeline.csv";

/// Width of a row of `timeline.csv`.
pub(super) const SECOND: Span = Span::from_secs(1);

/// A row of `timeline.csv`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Row {
    second: u32,
    nominal: u64,
    due: u32,
    ready: u32,
    woke: u32,
    done: u32,
    failed: u32,
    unsent: u32,
    unfinished: u32,
    in_flight: Option<u64>,
    rss_bytes: Option<u64>,
    cpu_s: Option<f64>,
    steal_pct: Option<f64>,
    delivered: u32,
    stood_s: f64,
    p50_us: String,
    p99_us: String,
}

/// What the machine showed when an interval closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HostSample {
    /// Resident memory of this process.
    pub rss_bytes: u64,
    /// CPU time, user and system, of this process since the run's start.
    #[serde(rename = "cpu_ns")]
    pub cpu: Span,
    /// Share of the machine's time that its host took away since the sample before, in percent.
    pub steal_pct: f64,
}

/// How long the requests took that ended in an interval: `p50_us` and `p99_us`, all of them ranked (D1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ResponseQuantiles {
    /// Requests that ended.
    count: u64,
    /// In µs; `None` where the rank falls among what was not right.
    p50: Option<u64>,
    p99: Option<u64>,
}

impl ResponseQuantiles {
    pub(super) fn new<T: Counter>(ranked: &Ranked<'_, T>) -> Self {
        let [p50, _, _, _, p99, ..] = Quantile::SUMMARY.map(|quantile| ranked.quantile(quantile));
        Self { count: ranked.count(), p50, p99 }
    }

    fn column(&self, us: Option<u64>) -> String {
        match us {
            _ if self.count == 0 => String::new(),
            Some(us) => us.to_string(),
            None => "failed".to_owned(),
        }
    }
}

/// The seconds of a run, and which of them are written.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    pub(super) seconds: Vec<SecondDelta>,
    pub(super) nominal: Vec<u64>,
    written: usize,
    late: BTreeMap<u32, SecondDelta>,
    cpu_written: Span,
}

impl SecondDelta {
    /// Adds the counts of the same second to these, of which one lane may have been the longest to stand still.
    pub fn add(&mut self, other: &Self) {
        self.due = self.due.saturating_add(other.due);
        self.ready = self.ready.saturating_add(other.ready);
        self.woke = self.woke.saturating_add(other.woke);
        self.done = self.done.saturating_add(other.done);
        self.failed = self.failed.saturating_add(other.failed);
        self.unsent = self.unsent.saturating_add(other.unsent);
        self.unfinished = self.unfinished.saturating_add(other.unfinished);
        self.delivered = self.delivered.saturating_add(other.delivered);
        self.stood = self.stood.max(other.stood);
    }
}

impl Timeline {
    pub(super) fn new(nominal: Vec<u64>) -> Self {
        Self { nominal, ..Self::default() }
    }

    pub(super) fn add(&mut self, delta: &SecondDelta) {
        let second = delta.second as usize;
        self.reach(second + 1);
        let told = self.seconds[second].stood;
        self.seconds[second].add(delta);
        if second < self.written {
            let row = self.late.entry(delta.second);
            let row = row.or_insert(SecondDelta { second: delta.second, ..SecondDelta::default() });
            // Rows of one second add up: a further one has only what is longer than was told.
            let stood = row.stood.saturating_add(self.seconds[second].stood.saturating_sub(told));
            row.add(delta);
            row.stood = stood;
        }
    }

    /// Makes rows for the first `len` seconds.
    fn reach(&mut self, len: usize) {
        while self.seconds.len() < len {
            self.seconds.push(SecondDelta { second: self.seconds.len() as u32, ..SecondDelta::default() });
        }
    }

    /// The rows of the seconds before `end` that are not written, the last of them with what is of the whole interval: how
    /// long requests took, and what the machine showed.
    pub(super) fn rows(
        &mut self,
        end: usize,
        in_flight: u64,
        response: ResponseQuantiles,
        host: &HostSample,
    ) -> io::Result<Vec<u8>> {
        let late: Vec<Row> = std::mem::take(&mut self.late).values().map(Row::of).collect();
        self.reach(end);
        let seconds = self.seconds[self.written.min(end)..end].iter();
        let mut rows: Vec<Row> = seconds.map(|second| self.nominal_row(second)).collect();
        if let Some(last) = rows.last_mut() {
            last.in_flight = Some(in_flight);
            last.rss_bytes = Some(host.rss_bytes);
            last.cpu_s = Some(host.cpu.saturating_sub(self.cpu_written).as_secs_f64());
            last.steal_pct = Some(host.steal_pct);
            (last.p50_us, last.p99_us) = (response.column(response.p50), response.column(response.p99));
            self.cpu_written = host.cpu;
        }
        self.written = self.written.max(end);
        rows::lines(late.into_iter().chain(rows))
    }

    fn nominal_row(&self, second: &SecondDelta) -> Row {
        Row { nominal: self.nominal.get(second.second as usize).copied().unwrap_or(0), ..Row::of(second) }
    }
}

impl Row {
    fn of(counts: &SecondDelta) -> Self {
        let SecondDelta { second, due, ready, woke, done, failed, unsent, unfinished, delivered, stood } = *counts;
        let stood_s = stood.as_secs_f64();
        Self { second, due, ready, woke, done, failed, unsent, unfinished, delivered, stood_s, ..Self::default() }
    }

    fn counts(&self) -> SecondDelta {
        let Self { second, due, ready, woke, done, failed, unsent, unfinished, delivered, stood_s, .. } = *self;
        let stood = Span::from_secs_f64(stood_s);
        SecondDelta { second, due, ready, woke, done, failed, unsent, unfinished, delivered, stood }
    }

    fn is_sound(&self) -> bool {
        let spans = [Some(self.stood_s), self.cpu_s, self.steal_pct];
        let sound = |figure: f64| (0.0..1e9).contains(&figure);
        u64::from(self.second) < LONGEST_S
            && self.nominal <= super::hlog::MAX_COUNT
            && spans.into_iter().flatten().all(sound)
    }
}

/// What the rows of a file tell.
#[derive(Debug, Default)]
pub(super) struct TimelineRead {
    pub(super) seconds: Vec<SecondDelta>,
    pub(super) nominal: Vec<u64>,
    /// The machine at the end: steal is the mean of the intervals.
    pub(super) host: HostSample,
    pub(super) max_rss_bytes: u64,
}

/// The rows of a file, from its text.
pub(super) fn read(text: &[u8], damages: &mut Damages) -> TimelineRead {
    let (mut timeline, mut host, mut max_rss_bytes) = (Timeline::default(), HostSample::default(), 0);
    let mut steal = (0.0, 0u32);
    rows::read(FILE, text, damages, |row: Row| {
        if !row.is_sound() {
            return Err("damaged rows are left out");
        }
        let second = row.second as usize;
        timeline.reach(second + 1);
        timeline.nominal.resize(timeline.seconds.len(), 0);
        timeline.nominal[second] += row.nominal;
        let (counts, sum) = (row.counts(), &mut timeline.seconds[second]);
        // A further row has what is longer than was told.
        let stood = sum.stood.saturating_add(counts.stood);
        sum.add(&counts);
        sum.stood = stood;
        if let (Some(rss_bytes), Some(cpu_s), Some(steal_pct)) = (row.rss_bytes, row.cpu_s, row.steal_pct) {
            host.rss_bytes = rss_bytes;
            max_rss_bytes = rss_bytes.max(max_rss_bytes);
            host.cpu = host.cpu.saturating_add(Span::from_secs_f64(cpu_s));
            steal = (steal.0 + steal_pct, steal.1 + 1);
        }
        Ok(())
    });
    host.steal_pct = if steal.1 > 0 { steal.0 / f64::from(steal.1) } else { 0.0 };
    TimelineRead { seconds: timeline.seconds, nominal: timeline.nominal, host, max_rss_bytes }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantiles(count: u64, p50: Option<u64>, p99: Option<u64>) -> ResponseQuantiles {
        ResponseQuantiles { count, p50, p99 }
    }

    #[test]
    fn a_second_has_one_row_and_late_counts_a_further_one() {
        let mut timeline = Timeline::new(vec![5, 6, 7]);
        let host = HostSample { rss_bytes: 4096, cpu: Span::from_millis(250), steal_pct: 0.5 };
        timeline.add(&SecondDelta { second: 0, due: 5, done: 4, delivered: 5, ..SecondDelta::default() });
        timeline.add(&SecondDelta { second: 1, due: 1, ..SecondDelta::default() });
        let mut out = timeline.rows(1, 3, quantiles(4, Some(1_500), None), &host).unwrap();
        let stood = |ms: u64| Span::from_millis(ms);
        timeline.add(&SecondDelta { second: 0, due: 2, stood: stood(200), ..SecondDelta::default() });
        timeline.add(&SecondDelta { second: 0, stood: stood(150), ..SecondDelta::default() });
        timeline.add(&SecondDelta { second: 0, stood: stood(250), ..SecondDelta::default() });
        let later = HostSample { cpu: Span::from_millis(300), ..host };
        out.extend(timeline.rows(3, 0, quantiles(0, None, None), &later).unwrap());
        assert_eq!(
            String::from_utf8(out.clone()).unwrap(),
            "0,5,5,0,0,4,0,0,0,3,4096,0.25,0.5,5,0.0,1500,failed\n\
             0,0,2,0,0,0,0,0,0,,,,,0,0.25,,\n\
             1,6,1,0,0,0,0,0,0,,,,,0,0.0,,\n\
             2,7,0,0,0,0,0,0,0,0,4096,0.05,0.5,0,0.0,,\n"
        );
        assert_eq!((timeline.seconds[0].due, timeline.seconds[0].stood), (7, stood(250)), "of lanes the longest");
        let (text, mut damages) = ([rows::header::<Row>().unwrap().into_bytes(), out].concat(), Damages::default());
        let read = read(&text, &mut damages);
        assert_eq!((read.seconds, read.nominal, damages.0.len()), (timeline.seconds, timeline.nominal, 0));
        assert_eq!(read.host, later);
    }
}
