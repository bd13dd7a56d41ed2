//! The run by seconds: `timeline.csv` (D3, D4).
//!
//! A second's row is written when the first interval closes after it. What comes later (a slice under way,
//! the due instant of a poll that a slow answer held back) is a further row of the same second: rows of one
//! second add up. So a killed run has every closed interval on disk.

use std::collections::BTreeMap;
use std::fmt::Write;

use hdrhistogram::Counter;

use crate::unit::{Quantile, Span};

use super::{Ranked, SecondDelta};

/// Width of a row of `timeline.csv`.
pub(super) const SECOND: Span = Span::from_secs(1);

/// The first line of `timeline.csv`.
pub(super) const HEADER: &str = "second,nominal,due,ready,woke,done,failed,unsent,unfinished,in_flight,rss_bytes,cpu_s,steal_pct,delivered,stood_s,p50_us,p99_us\n";

/// What the machine showed when an interval closed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HostSample {
    /// Resident memory of this process.
    pub rss_bytes: u64,
    /// CPU time, user and system, of this process since the run's start.
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

    fn columns(&self) -> String {
        let column = |us: Option<u64>| match us {
            _ if self.count == 0 => String::new(),
            Some(us) => us.to_string(),
            None => "failed".to_owned(),
        };
        format!(",{},{}", column(self.p50), column(self.p99))
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

    /// Writes the rows of the seconds before `end`, the last of them with what is of the whole interval: how long requests
    /// took, and what the machine showed.
    pub(super) fn write(
        &mut self,
        end: usize,
        in_flight: u64,
        response: ResponseQuantiles,
        host: &HostSample,
        out: &mut String,
    ) {
        for (_, row) in std::mem::take(&mut self.late) {
            self.row(&row, 0, [",,,,", ",,"], out);
        }
        self.reach(end);
        for second in self.written..end {
            let mut shown = [",,,,".to_owned(), ",,".to_owned()];
            if second + 1 == end {
                let cpu = host.cpu.saturating_sub(self.cpu_written).as_secs_f64();
                self.cpu_written = host.cpu;
                let machine = format!(",{in_flight},{},{cpu:.6},{:.3}", host.rss_bytes, host.steal_pct);
                shown = [machine, response.columns()];
            }
            self.row(
                &self.seconds[second],
                self.nominal.get(second).copied().unwrap_or(0),
                shown.each_ref().map(String::as_str),
                out,
            );
        }
        self.written = self.written.max(end);
    }

    /// A row, with what is of the whole interval: what the machine showed, and how long requests took.
    fn row(&self, row: &SecondDelta, nominal: u64, [machine, response]: [&str; 2], out: &mut String) {
        let SecondDelta { second, due, ready, woke, done, failed, unsent, unfinished, delivered, stood } = row;
        let stood = stood.as_secs_f64();
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "{second},{nominal},{due},{ready},{woke},{done},{failed},{unsent},{unfinished}{machine},{delivered},{stood:.3}{response}"
        );
    }
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
        let mut out = String::new();
        let host = HostSample { rss_bytes: 4096, cpu: Span::from_millis(250), steal_pct: 0.5 };
        timeline.add(&SecondDelta { second: 0, due: 5, done: 4, delivered: 5, ..SecondDelta::default() });
        timeline.add(&SecondDelta { second: 1, due: 1, ..SecondDelta::default() });
        timeline.write(1, 3, quantiles(4, Some(1_500), None), &host, &mut out);
        let stood = |ms: u64| Span::from_millis(ms);
        timeline.add(&SecondDelta { second: 0, due: 2, stood: stood(200), ..SecondDelta::default() });
        timeline.add(&SecondDelta { second: 0, stood: stood(150), ..SecondDelta::default() });
        timeline.add(&SecondDelta { second: 0, stood: stood(250), ..SecondDelta::default() });
        timeline.write(3, 0, quantiles(0, None, None), &HostSample { cpu: Span::from_millis(300), ..host }, &mut out);
        assert_eq!(
            out,
            "0,5,5,0,0,4,0,0,0,3,4096,0.250000,0.500,5,0.000,1500,failed\n\
             0,0,2,0,0,0,0,0,0,,,,,0,0.250,,\n\
             1,6,1,0,0,0,0,0,0,,,,,0,0.000,,\n\
             2,7,0,0,0,0,0,0,0,0,4096,0.050000,0.500,0,0.000,,\n"
        );
        assert_eq!((timeline.seconds[0].due, timeline.seconds[0].stood), (7, stood(250)), "of lanes the longest");
    }
}
