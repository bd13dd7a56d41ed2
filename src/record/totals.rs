//! `totals.hlog`: every histogram of a run that is not written as it goes, as a whole; right answers only. Written at the end.
//!
//! Tags have numbers, as names of steps may have spaces; a comment names each: `#[Total step.0.2 is buyers GET /cart]`.

use std::collections::BTreeMap;
use std::io;
use std::time::SystemTime;

use crate::unit::{Instant, Span};

use super::damage::Damages;
use super::hlog::{self, Line, LogLines};
use super::{Catalog, CatalogObjective, Histogram, MeasureRecord, PopulationRecord, total_histogram};

/// Its name in a run's folder.
pub(super) const FILE: &str = "totals.hlog";

/// The last line: without it the file is cut.
const END: &str = "End";

/// The whole file.
pub(super) fn lines(
    catalog: &Catalog,
    populations: &[PopulationRecord],
    (measures, times): (&[MeasureRecord], &[Option<Histogram>]),
    started: SystemTime,
    elapsed: Span,
) -> io::Result<LogLines> {
    let mut log = LogLines::with_header(started)?;
    let mut add = |tag: String, name: &str, times: &Histogram, from: Instant, length: Span| {
        if !times.is_empty() {
            log.comment(&format!("Total {tag} is {name}"));
        }
        log.add(&tag, times, from, length)
    };
    for (p, (names, record)) in catalog.populations.iter().zip(populations).enumerate() {
        for (part, times) in record.parts() {
            add(format!("{part}.{p}"), &format!("{part} of {}", names.name), times, Instant::ZERO, elapsed)?;
        }
        for (s, (name, step)) in names.steps.iter().zip(&record.steps).enumerate() {
            let name = format!("{} {name}", names.name);
            add(format!("step.{p}.{s}"), &name, &step.response, Instant::ZERO, elapsed)?;
        }
    }
    for (m, (names, record)) in catalog.measures.iter().zip(measures).enumerate() {
        let population = &catalog.populations[usize::from(names.population)].name;
        let name = format!("{} of {population} {}", names.kind.name(), names.name);
        add(format!("measure.{m}"), &name, &record.values, Instant::ZERO, elapsed)?;
    }
    for (i, (objective, times)) in catalog.objectives.iter().zip(times).enumerate() {
        let (from, to) = objective.window.unwrap_or((Instant::ZERO, Instant::ZERO + elapsed));
        if let Some(times) = times {
            add(format!("objective.{i}"), &objective.name(), times, from, to.since(from))?;
        }
    }
    log.comment(END);
    Ok(log)
}

impl PopulationRecord {
    /// Its histograms, but for those of its steps.
    fn parts(&self) -> impl Iterator<Item = (&'static str, &Histogram)> {
        let Self { response, service, wait, first_byte, connect, handshake, pool_wait, .. } = self;
        let always = [
            ("response", response),
            ("service", service),
            ("wait", wait),
            ("first_byte", first_byte),
            ("connect", connect),
            ("pool_wait", pool_wait),
        ];
        always.into_iter().chain(handshake.iter().map(|times| ("handshake", times)))
    }
}

impl Catalog {
    /// Whether a recording keeps times for an objective alone: of exchanges and rates there are none.
    pub(super) fn ranks_times(&self, objective: &CatalogObjective) -> bool {
        self.has_own_times(objective) && objective.metric.bad().is_some()
    }
}

/// The histograms of a file by tag.
pub(super) struct Totals(BTreeMap<String, Histogram>);

impl Totals {
    /// From the text of a file.
    pub(super) fn read(text: &[u8], damages: &mut Damages) -> Self {
        let mut all = BTreeMap::new();
        let lines = text.split_inclusive(|byte| *byte == b'\n');
        let (mut count, mut whole) = (0, false);
        for (number, line) in (1..).zip(lines) {
            (count, whole) = (number, line == format!("#[{END}]\n").as_bytes());
            match hlog::read_line(line) {
                Some(Line::Histogram(tag, times, ..)) => drop(all.insert(tag, *times)),
                Some(_) => {}
                None => damages.tell(FILE, Some(number), "damaged lines are left out"),
            }
        }
        if !whole {
            damages.tell(FILE, Some(count), "it is cut: its last line is missing");
        }
        Self(all)
    }

    /// Takes out what was written of a population with so many steps.
    pub(super) fn take_population(&mut self, p: usize, steps: usize) -> PopulationRecord {
        let mut record = PopulationRecord::new(steps);
        record.response = self.take(&format!("response.{p}"));
        record.service = self.take(&format!("service.{p}"));
        record.wait = self.take(&format!("wait.{p}"));
        record.first_byte = self.take(&format!("first_byte.{p}"));
        record.connect = self.take(&format!("connect.{p}"));
        record.handshake = self.0.remove(&format!("handshake.{p}"));
        record.pool_wait = self.take(&format!("pool_wait.{p}"));
        for (s, step) in record.steps.iter_mut().enumerate() {
            step.response = self.take(&format!("step.{p}.{s}"));
        }
        record
    }

    /// The values of a measure.
    pub(super) fn take_measure(&mut self, m: usize) -> Histogram {
        self.take(&format!("measure.{m}"))
    }

    /// The times of an objective that has its own.
    pub(super) fn take_objective(&mut self, i: usize) -> Histogram {
        self.take(&format!("objective.{i}"))
    }

    /// What is empty was not written.
    fn take(&mut self, tag: &str) -> Histogram {
        self.0.remove(tag).unwrap_or_else(total_histogram)
    }
}
