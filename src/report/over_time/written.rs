//! Logs for tests, written by the format's own crate and not by ours.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

use crate::record::total_histogram;

/// A log that grows interval by interval.
pub(super) struct Log(Vec<u8>);

impl Log {
    pub(super) fn new() -> Self {
        Self(b"#[StartTime: 0 (seconds since epoch)]\n#[BaseTime: 0 (seconds since epoch)]\n".to_vec())
    }

    /// Values of a second, in µs; no line if there are none.
    pub(super) fn add(&mut self, tag: &str, second: u64, micros: &[u64]) {
        if micros.is_empty() {
            return;
        }
        let mut histogram = total_histogram();
        micros.iter().for_each(|micros| histogram.record(*micros).expect("in range"));
        let mut serializer = V2DeflateSerializer::new();
        let mut writer = IntervalLogWriterBuilder::new().begin_log_with(&mut self.0, &mut serializer).expect("a log");
        let (start, length) = (Duration::from_secs(second), Duration::from_secs(1));
        writer.write_histogram(&histogram, start, length, Tag::new(tag)).expect("it is written");
    }

    /// What ended of a population in a second.
    pub(super) fn population(&mut self, name: &str, second: u64, right: &[u64], timeouts: u64) {
        if right.is_empty() && timeouts == 0 {
            return;
        }
        let not_right = vec![3_600_000_000; timeouts as usize];
        self.add(name, second, &[right, &not_right].concat());
        self.add(&format!("{name}.ok"), second, right);
        let mut line = format!("#[Counts {name} completed={} over_range=0", right.len());
        if timeouts > 0 {
            write!(line, " failed.timeout={timeouts}").expect("a string");
        }
        self.0.extend(format!("{line}]\n").as_bytes());
    }

    pub(super) fn write_to(&self, file: &Path) {
        std::fs::write(file, &self.0).expect("it is written");
    }
}
