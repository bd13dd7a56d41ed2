//! Histograms on disk: `intervals.hlog`, `generator.hlog` and `totals.hlog`, HdrHistogram V2 interval logs (D2).
//!
//! Tag `citizens` has all its requests, what was not right at the top value; `citizens.ok` right answers;
//! `citizens.failed` times to failure. A comment `#[Counts citizens completed=… failed.timeout=…]`, which
//! HDR tools skip, ends a population's interval with its exact counts, so that a killed run's classes are
//! known by population and reason.

use std::fmt::Write as _;
use std::io;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, IntervalLogWriterBuilder, LogEntry, Tag};
use hdrhistogram::serialization::{Deserializer, V2DeflateSerializer};
use hdrhistogram::{Counter, Histogram};

use crate::unit::{Instant, Span};

use super::facts::LONGEST_S;
use super::histogram::{DIGITS, highest};
use super::{Reason, Tally};

const COUNTS: &str = "#[Counts ";

/// More than any run counts; a damaged number above it is refused before sums could overflow.
pub(super) const MAX_COUNT: u64 = 1 << 40;

/// Lines of a log, gathered to be written in one piece.
pub(super) struct LogLines {
    text: Vec<u8>,
    serializer: V2DeflateSerializer,
}

impl LogLines {
    /// Lines that begin with a log's header; instants in it count from `started`.
    pub(super) fn with_header(started: SystemTime) -> io::Result<Self> {
        let mut lines = Self { text: Vec::new(), serializer: V2DeflateSerializer::new() };
        IntervalLogWriterBuilder::new()
            .add_comment("[Histogram log format version 1.3]")
            .with_start_time(started)
            .with_base_time(started)
            .begin_log_with(&mut lines.text, &mut lines.serializer)?;
        lines
            .text
            .extend(b"\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n");
        Ok(lines)
    }

    /// Adds a histogram of the time from `start` on, unless it is empty.
    pub(super) fn add<T: Counter>(
        &mut self,
        tag: &str,
        histogram: &Histogram<T>,
        start: Instant,
        length: Span,
    ) -> io::Result<()> {
        if histogram.is_empty() {
            return Ok(());
        }
        let tag = Tag::new(tag).ok_or_else(|| io::Error::other(format!("`{tag}` cannot be the tag of a histogram")))?;
        let since_start = start.since(Instant::ZERO).to_duration();
        IntervalLogWriterBuilder::new()
            .begin_log_with(&mut self.text, &mut self.serializer)?
            .write_histogram(histogram, since_start, length.to_duration(), Some(tag))
            .map_err(io::Error::other)
    }

    /// Adds a line that HDR tools skip.
    pub(super) fn comment(&mut self, text: &str) {
        let text = text.replace(char::is_control, " ");
        self.text.extend(format!("#[{text}]\n").as_bytes());
    }

    /// Adds a population's counts; the last line of its interval.
    pub(super) fn counts(&mut self, population: &str, tally: &Tally) {
        let mut line = format!("Counts {population} completed={} over_range={}", tally.completed, tally.over_range);
        for (reason, n) in tally.reasons() {
            // Writing to a String cannot fail.
            let _ = write!(line, " {}={n}", reason.key());
        }
        self.comment(&line);
    }

    /// The lines so far, to be written; empty again afterwards.
    pub(super) fn flush_to(&mut self, sink: &mut dyn io::Write) -> io::Result<()> {
        sink.write_all(&self.text)?;
        self.text.clear();
        sink.flush()
    }
}

/// What a line of a log holds, as far as a recording needs it.
#[derive(Debug)]
pub(super) enum Line {
    /// A tag's histogram, and when its interval began and ended.
    Histogram(String, Box<Histogram<u64>>, Instant, Instant),
    /// A population's counts.
    Counts(String, Tally),
    /// Anything else that belongs in a log.
    Skipped,
}

/// A histogram's line, of which the histogram is not decoded yet.
pub(super) struct Encoded<'a> {
    pub(super) tag: &'a str,
    /// When its interval began and ended.
    pub(super) start: Instant,
    pub(super) end: Instant,
    base64: &'a str,
}

/// What a line holds, before a histogram is decoded: that takes most of the time of reading one.
pub(super) enum Written<'a> {
    Histogram(Encoded<'a>),
    Counts(String, Tally),
    Skipped,
}

/// Reads one whole line (its end included); `None` if it is damaged.
pub(super) fn read_line(line: &[u8]) -> Option<Line> {
    Some(match read_encoded(line)? {
        Written::Histogram(line) => Line::Histogram(line.tag.to_owned(), line.decode()?, line.start, line.end),
        Written::Counts(name, tally) => Line::Counts(name, tally),
        Written::Skipped => Line::Skipped,
    })
}

/// Reads one whole line (its end included) but for its histogram; `None` if it is damaged.
pub(super) fn read_encoded(line: &[u8]) -> Option<Written<'_>> {
    let line = std::str::from_utf8(line).ok()?;
    if let Some(counts) = line.trim_end().strip_prefix(COUNTS) {
        return read_counts(counts.strip_suffix(']')?);
    }
    if line.starts_with(['#', '"']) {
        return Some(Written::Skipped);
    }
    let Some(Ok(LogEntry::Interval(interval))) = IntervalLogIterator::new(line.as_bytes()).next() else {
        return None;
    };
    let instant = |since_start: Duration| Some(Instant::from_nanos(u64::try_from(since_start.as_nanos()).ok()?));
    let start = interval.start_timestamp();
    let (start, end) = (instant(start)?, instant(start.checked_add(interval.duration())?)?);
    if end > Instant::ZERO + Span::from_secs(LONGEST_S) {
        return None;
    }
    let tag = interval.tag()?.as_str();
    Some(Written::Histogram(Encoded { tag, start, end, base64: interval.encoded_histogram() }))
}

impl Encoded<'_> {
    /// The histogram; `None` if it is damaged.
    pub(super) fn decode(&self) -> Option<Box<Histogram<u64>>> {
        let bytes = base64::engine::general_purpose::STANDARD.decode(self.base64).ok()?;
        let histogram: Histogram<u64> = Deserializer::new().deserialize(&mut bytes.as_slice()).ok()?;
        // Histograms grow with their values; what no run of ours writes has other digits, or values over the range.
        let is_ours = histogram.sigfig() == DIGITS && histogram.max() <= highest() && histogram.len() <= MAX_COUNT;
        is_ours.then(|| Box::new(histogram))
    }
}

fn read_counts<'a>(text: &str) -> Option<Written<'a>> {
    let mut words = text.split(' ');
    let population = words.next()?.to_owned();
    let mut tally = Tally::default();
    for word in words {
        let (key, n) = word.split_once('=')?;
        let n = n.parse().ok().filter(|n| *n <= MAX_COUNT)?;
        match key {
            "completed" => tally.completed = n,
            "over_range" => tally.over_range = n,
            _ => tally.by_reason[Reason::of_key(key)? as usize] = n,
        }
    }
    Some(Written::Counts(population, tally))
}

#[cfg(test)]
mod tests {
    use super::super::total_histogram;
    use super::*;

    #[test]
    fn what_is_written_is_read_back_by_the_crates_own_reader_and_ours() {
        let mut histogram = total_histogram();
        histogram.record_n(123_456, 7).expect("in range");
        let mut tally = Tally { completed: 7, ..Tally::default() };
        tally.by_reason[Reason::Timeout as usize] = 2;
        let mut lines = LogLines::with_header(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(10)).unwrap();
        lines.add("citizens.ok", &histogram, Instant::from_nanos(1_500_000_000), Span::from_secs(1)).unwrap();
        lines.counts("citizens", &tally);
        let mut text = Vec::new();
        lines.flush_to(&mut text).unwrap();

        let entries: Vec<_> = IntervalLogIterator::new(&text).map(|entry| entry.expect("a sound log")).collect();
        assert_eq!(entries.len(), 3, "start, base and one interval");
        let mut read = text.split_inclusive(|byte| *byte == b'\n').map(|line| read_line(line).expect("a sound line"));
        let Some(Line::Histogram(tag, seen, start, end)) = read.find(|line| !matches!(line, Line::Skipped)) else {
            panic!("no histogram")
        };
        let seconds = [1_500_000_000, 2_500_000_000].map(Instant::from_nanos);
        assert_eq!((tag.as_str(), [start, end]), ("citizens.ok", seconds));
        assert_eq!((seen.len(), seen.max()), (7, histogram.max()));
        assert!(matches!(read.next(), Some(Line::Counts(name, seen)) if name == "citizens" && seen == tally));
    }
}
