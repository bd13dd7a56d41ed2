//! A run's responses in stretches of time, read back from `intervals.hlog`: what the interval of a quantile needs, and
//! what two runs are compared by. Counts of values, not histograms, so that days of intervals fit into memory.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use crate::unit::Instant;

use super::each_interval;

/// Neighbouring intervals are joined until there are at most this many blocks.
const MOST_BLOCKS: usize = 600;

/// What ended in one stretch of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// When the stretch ends.
    pub end: Instant,
    /// One entry for each population, in the order asked for.
    pub populations: Vec<Ends>,
}

/// How requests ended: what right answers took, and how many others there were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// Responses of right answers, as the value of a histogram's bucket in µs and how many are in it, in order.
    pub right: Vec<(u64, u64)>,
    /// Requests that were not right (D1).
    pub not_right: u64,
}

impl Ends {
    /// All of them.
    pub fn count(&self) -> u64 {
        self.right.iter().map(|(_, n)| n).sum::<u64>() + self.not_right
    }

    /// Those that took longer than `micros`, and those that were not right.
    pub fn above(&self, micros: u64) -> u64 {
        let from = self.right.partition_point(|(value, _)| *value <= micros);
        self.right[from..].iter().map(|(_, n)| n).sum::<u64>() + self.not_right
    }

    /// Adds another's to these.
    pub fn join(&mut self, other: Self) {
        self.not_right += other.not_right;
        let mut sum: BTreeMap<u64, u64> = std::mem::take(&mut self.right).into_iter().collect();
        for (value, n) in other.right {
            *sum.entry(value).or_default() += n;
        }
        self.right = sum.into_iter().collect();
    }
}

impl Block {
    fn new(end: Instant, populations: usize) -> Self {
        Self { end, populations: vec![Ends::default(); populations] }
    }

    /// Takes in the one after it.
    pub fn join(&mut self, next: Self) {
        self.end = next.end;
        self.populations.iter_mut().zip(next.populations).for_each(|(sum, next)| sum.join(next));
    }
}

/// The blocks of the run in `folder`, for populations of these names. Damaged lines, and intervals of which the counts are
/// lost, are passed over: whoever reports the folder tells of them.
///
/// # Errors
/// If `intervals.hlog` cannot be read.
pub fn blocks(folder: &Path, populations: &[&str]) -> io::Result<Vec<Block>> {
    let mut read = Reading { populations: populations.len(), blocks: Vec::new(), joined: 1, in_last: 0 };
    each_interval(folder, populations, |population, interval| {
        let buckets = interval.right.iter_recorded();
        let right = buckets.map(|bucket| (bucket.value_iterated_to(), bucket.count_at_value())).collect();
        let ends = Ends { right, not_right: interval.tally.not_right() };
        read.until(interval.end).populations[population].join(ends);
    })?;
    Ok(read.blocks)
}

/// Blocks as they are read.
struct Reading {
    /// How many.
    populations: usize,
    blocks: Vec<Block>,
    /// Intervals that are joined in each block.
    joined: usize,
    /// Intervals in the last one.
    in_last: usize,
}

impl Reading {
    /// The block that an interval with this end belongs to.
    fn until(&mut self, end: Instant) -> &mut Block {
        let is_new = self.blocks.last().is_none_or(|block| block.end < end);
        if is_new && self.in_last > 0 && self.in_last < self.joined {
            self.in_last += 1;
            self.blocks.last_mut().expect("an interval is in it").end = end;
        } else if is_new {
            if self.blocks.len() == MOST_BLOCKS {
                self.halve();
            }
            self.in_last = 1;
            self.blocks.push(Block::new(end, self.populations));
        }
        self.blocks.last_mut().expect("one was pushed")
    }

    /// Joins each two neighbours.
    fn halve(&mut self) {
        let mut halves = Vec::with_capacity(MOST_BLOCKS);
        let mut rest = std::mem::take(&mut self.blocks).into_iter();
        while let Some(mut first) = rest.next() {
            if let Some(next) = rest.next() {
                first.join(next);
            }
            halves.push(first);
        }
        self.blocks = halves;
        self.joined *= 2;
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::super::hlog::LogLines;
    use super::super::{Reason, Tally, total_histogram};
    use super::*;
    use crate::unit::Span;

    const SECOND: Span = Span::from_secs(1);

    /// A log of so many seconds, in each of which `a` has an answer of as many µs as seconds are over, and a failure; and
    /// `b` an answer of 7 µs in every other.
    fn folder(seconds: u64) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let mut lines = LogLines::with_header(SystemTime::UNIX_EPOCH).expect("a log");
        let mut tally = Tally { completed: 1, ..Tally::default() };
        for second in 0..seconds {
            let start = Instant::ZERO + Span::from_secs(second);
            let mut add = |tag: &str, micros: u64| {
                let mut histogram = total_histogram();
                histogram.record(micros).expect("in range");
                lines.add(tag, &histogram, start, SECOND).expect("a line");
            };
            add("a", 1);
            add("a.ok", second + 1);
            add("a.failed", 9);
            if second % 2 == 0 {
                add("b", 7);
                add("b.ok", 7);
            }
            tally.by_reason[Reason::Timeout as usize] = 1;
            lines.counts("a", &tally);
            if second % 2 == 0 {
                lines.counts("b", &Tally { completed: 1, ..Tally::default() });
            }
        }
        let mut file = std::fs::File::create(folder.path().join("intervals.hlog")).expect("a file");
        lines.flush_to(&mut file).expect("it is written");
        folder
    }

    #[test]
    fn each_interval_is_a_block_of_its_own() {
        let read = blocks(folder(3).path(), &["b", "a"]).expect("it is read");
        let ends: Vec<u64> = read.iter().map(|block| block.end.as_nanos() / SECOND.as_nanos()).collect();
        assert_eq!(ends, [1, 2, 3]);
        let of = |block: usize, population: usize| read[block].populations[population].clone();
        assert_eq!(of(2, 1), Ends { right: vec![(3, 1)], not_right: 1 });
        assert_eq!((of(0, 0), of(1, 0)), (Ends { right: vec![(7, 1)], not_right: 0 }, Ends::default()));
        assert_eq!((of(2, 1).count(), of(2, 1).above(2), of(2, 1).above(3)), (2, 2, 1));
    }

    #[test]
    fn of_a_long_run_neighbours_are_joined_and_nothing_is_lost() {
        for seconds in [600, 601, 1_201] {
            let read = blocks(folder(seconds).path(), &["a", "b"]).expect("it is read");
            assert!((300..=600).contains(&read.len()), "{seconds}: {}", read.len());
            let sum = |population: usize| read.iter().map(|block| block.populations[population].count()).sum::<u64>();
            assert_eq!((sum(0), sum(1)), (2 * seconds, seconds.div_ceil(2)), "{seconds}");
            assert!(read.is_sorted_by_key(|block| block.end), "{seconds}");
            assert_eq!(read.last().map(|block| block.end), Some(Instant::ZERO + Span::from_secs(seconds)));
        }
    }

    #[test]
    fn what_was_torn_is_passed_over() {
        let folder = folder(3);
        let file = folder.path().join("intervals.hlog");
        let text = std::fs::read(&file).expect("it was written");
        for cut in 1..400 {
            std::fs::write(&file, &text[..text.len() - cut]).expect("it is written");
            let read = blocks(folder.path(), &["a", "b"]).expect("it is read");
            assert!((2..=3).contains(&read.len()), "{cut}");
        }
        assert!(blocks(&folder.path().join("nowhere"), &[]).is_err());
    }
}
