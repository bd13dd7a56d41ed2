//! `intervals.hlog` and `generator.hlog`, interval by interval, for whoever follows a run over time: blocks and pictures.
//!
//! One line is in memory at a time, and only histograms that are asked for are decoded. Lines that are damaged or torn are
//! passed over: whoever loads the folder tells of them.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _};
use std::path::Path;

use crate::scenario::open_regular;
use crate::unit::{Instant, Span};

use super::hlog::{self, Written};
use super::hub::{GENERATOR, INTERVAL, INTERVALS, LAG, LONG_INTERVAL, READ_DELAY};
use super::{Histogram, Ranked, Tally, total_histogram};

/// How the requests of one population ended in one interval.
#[derive(Clone, Debug)]
pub struct PopulationInterval {
    /// When the interval began.
    pub start: Instant,
    /// When it ended.
    pub end: Instant,
    /// Responses of right answers in µs.
    pub right: Histogram,
    /// How all of them ended.
    pub tally: Tally,
}

impl PopulationInterval {
    /// The requests in order of slowness.
    pub fn ranked(&self) -> Ranked<'_> {
        Ranked::new(&self.right, &self.tally)
    }
}

/// Which delays of the generator a histogram has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delay {
    /// woke − ready.
    Lag,
    /// The bound of T3.
    Read,
}

/// Hands over each interval of the run in `folder` in which something of a population ended, with the number of the population
/// among `populations`. All of an interval come before those of the next.
///
/// # Errors
/// `intervals.hlog` cannot be read.
pub fn each_interval(
    folder: &Path,
    populations: &[&str],
    mut take: impl FnMut(usize, PopulationInterval),
) -> io::Result<()> {
    // A population's counts come last of its interval.
    let mut waiting: BTreeMap<usize, (Instant, Instant, Option<Box<Histogram>>)> = BTreeMap::new();
    each_line(&folder.join(INTERVALS), |line| match line {
        Written::Histogram(line) => {
            let right = line.tag.strip_suffix(".ok");
            let name = right.unwrap_or(line.tag);
            let Some(index) = populations.iter().position(|known| *known == name) else { return };
            let right = right.and_then(|_| line.decode());
            waiting.insert(index, (line.start, line.end, right));
        }
        Written::Counts(name, tally) => {
            let Some(index) = populations.iter().position(|known| *known == name) else { return };
            let Some((start, end, right)) = waiting.remove(&index) else { return };
            let right = right.map_or_else(total_histogram, |right| *right);
            // Otherwise the histogram is lost, or one of another interval.
            if right.len() == tally.completed {
                take(index, PopulationInterval { start, end, right, tally });
            }
        }
        Written::Skipped => {}
    })
}

/// Hands over the delays of each interval of the run in `folder`, with its beginning and end.
///
/// # Errors
/// `generator.hlog` cannot be read.
pub fn each_delay(folder: &Path, mut take: impl FnMut(Instant, Instant, Delay, &Histogram)) -> io::Result<()> {
    each_line(&folder.join(GENERATOR), |line| {
        let Written::Histogram(line) = line else { return };
        let delay = match line.tag {
            LAG => Delay::Lag,
            READ_DELAY => Delay::Read,
            _ => return,
        };
        if let Some(delays) = line.decode() {
            take(line.start, line.end, delay, &delays);
        }
    })
}

/// Hands over each line of a file that is whole and sound.
fn each_line(file: &Path, mut take: impl FnMut(Written<'_>)) -> io::Result<()> {
    let mut reader = open_regular(file)?;
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        if let Some(written) = line.ends_with(b"\n").then(|| hlog::read_encoded(&line)).flatten() {
            take(written);
        }
        line.clear();
    }
    Ok(())
}

/// How long the intervals of the run in `folder` are meant to be: a second, or ten (D2). A second where nobody knows.
///
/// # Errors
/// `intervals.hlog` cannot be read.
pub fn interval_length(folder: &Path) -> io::Result<Span> {
    let mut reader = open_regular(&folder.join(INTERVALS))?;
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        if let Some(Written::Histogram(line)) = hlog::read_encoded(&line) {
            // One that is closed late is up to half longer.
            let is_long = line.end.since(line.start) >= Span::from_secs(5);
            return Ok(if is_long { LONG_INTERVAL } else { INTERVAL });
        }
        line.clear();
    }
    Ok(INTERVAL)
}
