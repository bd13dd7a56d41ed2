//! A run that was killed: what its streamed files hold, up to the last closed interval.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::unit::{Instant, Span};

use super::super::damage::Damages;
use super::super::facts::{LONGEST_S, RunFacts};
use super::super::hlog::{self, Line};
use super::super::timeline::SECOND;
use super::super::{
    CatalogObjective, CatalogPopulation, EndFacts, Ending, Histogram, PopulationRecord, Recording, Tally, failures,
    hub, total_histogram,
};
use super::{Files, LoadError, catalog};

impl Files<'_> {
    /// The recording of a folder without `recording.json`.
    pub(super) fn streamed(
        &mut self,
        objectives: Vec<CatalogObjective>,
        facts: &RunFacts,
    ) -> Result<Recording, LoadError> {
        let intervals = self.lines(hub::INTERVALS)?;
        let intervals = Intervals::read(&intervals, facts, &mut self.damages);
        let (timeline, _) = self.timeline()?;
        let names: Vec<CatalogPopulation> =
            intervals.populations.iter().map(|(name, _)| CatalogPopulation::named(name)).collect();
        let planned = planned(facts, &names);
        let catalog = Arc::new(catalog(names, Vec::new(), objectives, facts));
        let (bins, _) = self.bins(&catalog)?;
        let (lag, read_delay) = self.generator()?;
        let covered = Instant::ZERO + Span::from_secs(timeline.seconds.len() as u64);
        Ok(Recording {
            catalog,
            populations: intervals.populations.into_iter().map(|(_, record)| record).collect(),
            measures: Vec::new(),
            lag: lag.filter(|_| !planned.closed_loop),
            read_delay,
            seconds: timeline.seconds,
            nominal: timeline.nominal,
            bins,
            counters: None,
            times: Vec::new(),
            failures: failures::read_kinds(&self.lines(failures::FILE)?, &mut self.damages),
            wrong: Vec::new(),
            unasked: Vec::new(),
            end: EndFacts {
                ending: Ending::Killed,
                planned: planned.requests,
                planned_sessions: planned.sessions,
                closed_loop: planned.closed_loop,
                elapsed: intervals.end.max(covered).since(Instant::ZERO),
                host: timeline.host,
                max_rss_bytes: timeline.max_rss_bytes,
                lanes: self.lanes()?,
                ..EndFacts::default()
            },
            identity: Ok(()),
            damage: Vec::new(),
            memory: None,
        })
    }

    /// All lags and all read delays; `None` where the file is lost.
    pub(super) fn generator(&mut self) -> Result<(Option<Histogram>, Option<Histogram>), LoadError> {
        let text = self.lines(hub::GENERATOR)?;
        if text.is_empty() {
            return Ok((None, None));
        }
        let (mut lag, mut read_delay) = (total_histogram(), total_histogram());
        for (number, line) in (1..).zip(text.split_inclusive(|byte| *byte == b'\n')) {
            let into = match hlog::read_line(line) {
                Some(Line::Histogram(tag, delays, ..)) if tag == hub::LAG => Some((&mut lag, delays)),
                Some(Line::Histogram(tag, delays, ..)) if tag == hub::READ_DELAY => Some((&mut read_delay, delays)),
                Some(_) => None,
                None => {
                    self.damages.tell(hub::GENERATOR, Some(number), "damaged lines are left out");
                    None
                }
            };
            if let Some((sum, delays)) = into {
                sum.add(*delays).expect("a line that is read has the same buckets");
            }
        }
        Ok((Some(lag), Some(read_delay)))
    }
}

/// What `intervals.hlog` has.
#[derive(Default)]
struct Intervals {
    populations: Vec<(String, PopulationRecord)>,
    end: Instant,
}

impl Intervals {
    /// The populations of `run.json` come first, in its order.
    fn read(text: &[u8], facts: &RunFacts, damages: &mut Damages) -> Self {
        let mut read = Self::default();
        for population in &facts.populations {
            read.population(&population.name);
        }
        // A population's counts end its interval; its histogram waits for them, so that both are there or none.
        let mut waiting: BTreeMap<String, (Histogram, Instant)> = BTreeMap::new();
        for (number, line) in (1..).zip(text.split_inclusive(|byte| *byte == b'\n')) {
            match hlog::read_line(line) {
                Some(Line::Histogram(tag, histogram, start, end)) => {
                    read.end = read.end.max(end);
                    if let Some(name) = tag.strip_suffix(".ok") {
                        waiting.insert(name.to_owned(), (*histogram, start));
                    }
                }
                Some(Line::Counts(name, tally)) => {
                    let ok = waiting.remove(&name);
                    if !take_in(read.population(&name), ok, &tally) {
                        let what = "intervals without their histogram are left out";
                        damages.tell(hub::INTERVALS, Some(number), what);
                    }
                }
                Some(Line::Skipped) => {}
                None => damages.tell(hub::INTERVALS, Some(number), "damaged lines are left out"),
            }
        }
        read
    }

    fn population(&mut self, name: &str) -> &mut PopulationRecord {
        let found = self.populations.iter().position(|(known, _)| known == name);
        let index = found.unwrap_or_else(|| {
            self.populations.push((name.to_owned(), PopulationRecord::new(0)));
            self.populations.len() - 1
        });
        &mut self.populations[index].1
    }
}

/// Adds an interval, if its counts have their histogram.
fn take_in(population: &mut PopulationRecord, ok: Option<(Histogram, Instant)>, tally: &Tally) -> bool {
    let second = ok.as_ref().map_or(0, |(_, start)| u64::from(start.bin(SECOND)));
    if ok.as_ref().map_or(0, |(ok, _)| ok.len()) != tally.completed || second >= LONGEST_S {
        return false;
    }
    if let Some((ok, _)) = ok {
        population.add_right(second as usize, ok.len());
        population.response.add(ok).expect("a line that is read has the same buckets");
    }
    population.tally.add(tally);
    true
}

/// What `run.json` says of the plan; nothing where it is lost.
#[derive(Default)]
struct Planned {
    /// By population; `None` in closed loop, where only the run's end tells how many there were.
    requests: Option<Vec<u64>>,
    sessions: Option<u64>,
    closed_loop: bool,
}

fn planned(facts: &RunFacts, populations: &[CatalogPopulation]) -> Planned {
    if facts.is_lost() {
        return Planned::default();
    }
    let planned = |name: &str| facts.populations.iter().find(|p| p.name == name).map(|p| p.requests);
    let requests: Option<Vec<u64>> = populations.iter().map(|population| planned(&population.name)).collect();
    let sessions = facts.populations.iter().fold(0, |sum: u64, p| sum.saturating_add(p.sessions));
    // A closed loop has no plan, and so no digest.
    let closed_loop = facts.plan_digest.is_none();
    Planned { requests: requests.filter(|_| !closed_loop), sessions: Some(sessions), closed_loop }
}

impl CatalogPopulation {
    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            steps: Vec::new(),
            methods: Vec::new(),
            step_by_number: Vec::new(),
            objectives_by_step: Vec::new(),
        }
    }
}
