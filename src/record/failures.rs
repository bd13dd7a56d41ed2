//! Examples of requests that were not right, and of streams that were lost: `failures.ndjson`, bounded (D4).

use std::io;

use serde::{Deserialize, Serialize};

use super::damage::Damages;
use super::escaped::escaped;
use super::wrong::shape;
use super::{Catalog, FailureSample, Reason, Sampled};

/// Its name in a run's folder.
pub(super) const FILE: &str = "failures.ndjson";

/// Examples kept of one reason in a run, of requests and of streams; so at most 2,800 lines of about a kilobyte.
const PER_REASON: usize = 100;

/// Examples of one reason kept in memory for the report.
const IN_MEMORY: usize = 1;

/// A line of `failures.ndjson`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailureRecord {
    /// When it was due, in nanoseconds since the run's start.
    pub due_ns: u64,
    /// Its population.
    pub population: String,
    /// Its session.
    pub session: u64,
    /// Its step's recorded name.
    pub step: String,
    /// Path and query that were asked for, at most 512 bytes; empty if a value that they need was never saved.
    pub path: String,
    /// Its class; [`FailureRecord::LOST`] of a stream.
    pub class: String,
    /// Why it was not right.
    pub reason: String,
    /// The status of its answer.
    pub status: Option<u16>,
    /// The local port of its connection.
    pub local_port: Option<u16>,
    /// How long its connection had been open, in nanoseconds.
    pub connection_age_ns: Option<u64>,
    /// What exactly was wrong, in words.
    pub detail: String,
    /// The first bytes of its answer as text; a byte that is not UTF-8 is `\xNN`, a backslash `\\`.
    pub head: String,
}

/// The examples of a run so far.
#[derive(Debug, Default)]
pub(super) struct Failures {
    seen: [[usize; Reason::ALL.len()]; 2],
    pub(super) kept: Vec<FailureRecord>,
    pending: Vec<u8>,
}

impl Failures {
    pub(super) fn add(&mut self, sample: &FailureSample, catalog: &Catalog) -> io::Result<()> {
        let seen = &mut self.seen[usize::from(sample.of == Sampled::Stream)][sample.reason as usize];
        if *seen >= PER_REASON {
            return Ok(());
        }
        *seen += 1;
        let record = FailureRecord::new(sample, catalog);
        serde_json::to_writer(&mut self.pending, &record)?;
        self.pending.push(b'\n');
        if *seen <= IN_MEMORY {
            self.kept.push(record);
        }
        Ok(())
    }

    pub(super) fn flush_to(&mut self, sink: &mut dyn io::Write) -> io::Result<()> {
        sink.write_all(&self.pending)?;
        self.pending.clear();
        sink.flush()
    }
}

impl FailureRecord {
    /// The class of a stream that was lost, whose request was right.
    pub const LOST: &'static str = "lost";

    /// Whether another was wrong in the same way, whatever the values in its words.
    pub(super) fn is_of_kind(&self, other: &Self) -> bool {
        (&self.class, &self.reason, &self.population, &self.step, self.status)
            == (&other.class, &other.reason, &other.population, &other.step, other.status)
            && shape(&self.detail) == shape(&other.detail)
    }

    fn new(sample: &FailureSample, catalog: &Catalog) -> Self {
        let population = &catalog.populations[sample.population as usize];
        Self {
            due_ns: sample.due.as_nanos(),
            population: population.name.clone(),
            session: sample.session,
            step: population.steps[sample.step as usize].clone(),
            path: sample.path.clone(),
            class: match sample.of {
                Sampled::Request => sample.reason.class().name().to_owned(),
                Sampled::Stream => Self::LOST.to_owned(),
            },
            reason: sample.reason.name().to_owned(),
            status: (sample.status != 0).then_some(sample.status),
            local_port: (sample.local_port != 0).then_some(sample.local_port),
            connection_age_ns: sample.connection_age.map(|age| age.as_nanos()),
            detail: sample.detail.clone(),
            head: escaped(&sample.head),
        }
    }
}

/// Of the examples in the text of a file, those that a run which came to its end has in memory: the first of each reason.
pub(super) fn read_first(text: &[u8], damages: &mut Damages) -> Vec<FailureRecord> {
    read(text, damages, |known, record| (&known.class, &known.reason) == (&record.class, &record.reason))
}

/// Those of a run that was killed, of which nothing else tells: the first of each kind.
pub(super) fn read_kinds(text: &[u8], damages: &mut Damages) -> Vec<FailureRecord> {
    read(text, damages, FailureRecord::is_of_kind)
}

fn read(
    text: &[u8],
    damages: &mut Damages,
    alike: impl Fn(&FailureRecord, &FailureRecord) -> bool,
) -> Vec<FailureRecord> {
    let mut kept: Vec<FailureRecord> = Vec::new();
    for (number, line) in (1..).zip(text.split_inclusive(|byte| *byte == b'\n')) {
        match serde_json::from_slice::<FailureRecord>(line) {
            Ok(record) if kept.iter().any(|known| alike(known, &record)) => {}
            Ok(record) => kept.push(record),
            Err(_) => damages.tell(FILE, Some(number), "damaged lines are left out"),
        }
    }
    kept
}
