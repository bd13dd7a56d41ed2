//! A recording from the folder of a killed run: what its streamed files hold, up to the last closed interval.
//!
//! Only whole lines count: a last line without its end was torn by the kill, is left out and told. So is
//! anything damaged; nothing in a folder makes this fail but a folder that holds no run.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::scenario::{Measure, Metric};
use crate::unit::{Instant, Span};

use super::hlog::{self, Line};
use super::lanes;
use super::{
    Bin, Catalog, CatalogObjective, CatalogPopulation, EndFacts, Ending, FailureRecord, Histogram, HostSample,
    PopulationRecord, Recording, SecondDelta, Tally,
};

/// Seconds that a file may name, so that a damaged number costs no memory: a hundred days.
const MAX_SECONDS: usize = 8_640_000;

/// Why a folder cannot be read as a run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// None of a run's streamed files is there.
    #[error("{} is not the folder of a run: it has neither intervals.hlog nor timeline.csv", .0.display())]
    NotARun(PathBuf),
    /// A file could not be read.
    #[error("cannot read {}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Reads `intervals.hlog`, `timeline.csv`, `objectives.csv` and `failures.ndjson` of a run that was killed, and
/// the planned numbers from its `run.json` if that is there.
pub fn load(folder: &Path) -> Result<Recording, LoadError> {
    let mut damage = Vec::new();
    let intervals = lines(folder, "intervals.hlog", &mut damage)?;
    let timeline = lines(folder, "timeline.csv", &mut damage)?;
    if intervals.is_none() && timeline.is_none() {
        return Err(LoadError::NotARun(folder.to_owned()));
    }
    let objectives = lines(folder, "objectives.csv", &mut damage)?;
    let failures = lines(folder, "failures.ndjson", &mut damage)?;
    // Where the kernel tells nothing of lanes, the file has no rows; an older version wrote none.
    let lanes = lines(folder, "lanes.csv", &mut Vec::new())?.unwrap_or_default();
    let lanes = lanes::read(&lanes, &mut damage);
    let mut intervals = read_intervals(&intervals.unwrap_or_default(), &mut damage);
    let timeline = read_timeline(&timeline.unwrap_or_default(), &mut damage);
    let (objectives, bins) = read_objectives(&objectives.unwrap_or_default(), &mut damage);
    let Planned { requests: planned, sessions: planned_sessions, closed_loop } = planned(folder, &mut intervals);
    let names = intervals.populations.iter().map(|(name, _)| CatalogPopulation::named(name)).collect();
    let covered = Instant::from_nanos(timeline.seconds.len() as u64 * 1_000_000_000);
    Ok(Recording {
        catalog: Arc::new(Catalog {
            populations: names,
            objectives,
            left_out: Vec::new(),
            measures: Vec::new(),
            bin: Span::from_secs(1),
            limit_covers_target: false,
            tightest_limit: None,
        }),
        populations: intervals.populations.into_iter().map(|(_, record)| record).collect(),
        measures: Vec::new(),
        lag: None,
        read_delay: None,
        seconds: timeline.seconds,
        nominal: timeline.nominal,
        bins,
        counters: None,
        memory: None,
        failures: read_failures(&failures.unwrap_or_default(), &mut damage),
        end: EndFacts {
            ending: Ending::Killed,
            planned,
            planned_sessions,
            closed_loop,
            elapsed: intervals.end.max(covered).since(Instant::ZERO),
            host: timeline.host,
            max_rss_bytes: timeline.max_rss_bytes,
            lanes,
            ..EndFacts::default()
        },
        identity: Ok(()),
        damage,
    })
}

/// The whole lines of a file, each with its end; `None` if there is no such file.
fn lines(folder: &Path, name: &str, damage: &mut Vec<String>) -> Result<Option<Vec<String>>, LoadError> {
    let path = folder.join(name);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            damage.push(format!("{name} is missing"));
            return Ok(None);
        }
        Err(source) => return Err(LoadError::Io { path, source }),
    };
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    if whole < bytes.len() {
        damage.push(format!("the last line of {name} is torn and left out"));
    }
    Ok(Some(String::from_utf8_lossy(&bytes[..whole]).split_inclusive('\n').map(str::to_owned).collect()))
}

#[derive(Default)]
struct Intervals {
    populations: Vec<(String, PopulationRecord)>,
    end: Instant,
}

impl Intervals {
    fn population(&mut self, name: &str) -> &mut PopulationRecord {
        let found = self.populations.iter().position(|(known, _)| known == name);
        let index = found.unwrap_or_else(|| {
            self.populations.push((name.to_owned(), PopulationRecord::new(0)));
            self.populations.len() - 1
        });
        &mut self.populations[index].1
    }
}

fn read_intervals(lines: &[String], damage: &mut Vec<String>) -> Intervals {
    let mut read = Intervals::default();
    // A population's counts end its interval; its histogram waits for them, so that both are there or none.
    let mut waiting: BTreeMap<String, Histogram> = BTreeMap::new();
    for line in lines {
        match hlog::read_line(line) {
            Some(Line::Histogram(tag, histogram, end)) => {
                read.end = read.end.max(end);
                if let Some(name) = tag.strip_suffix(".ok") {
                    waiting.insert(name.to_owned(), *histogram);
                }
            }
            Some(Line::Counts(name, tally)) => take_in(read.population(&name), waiting.remove(&name), &tally, damage),
            Some(Line::Skipped) => {}
            None => tell_once(damage, "intervals.hlog has damaged lines, which are left out"),
        }
    }
    read
}

fn take_in(population: &mut PopulationRecord, ok: Option<Histogram>, tally: &Tally, damage: &mut Vec<String>) {
    let held = ok.as_ref().map_or(0, Histogram::len);
    // Histograms grow with their values; what no run of ours writes has other digits, or values over the range.
    let same_buckets =
        |ok: &Histogram| ok.sigfig() == population.response.sigfig() && ok.max() <= super::histogram::highest();
    if held != tally.completed || !ok.as_ref().is_none_or(same_buckets) {
        return tell_once(damage, "intervals.hlog has intervals without their histogram, which are left out");
    }
    if let Some(ok) = ok {
        population.response.add(ok).expect("the buckets of both histograms were compared");
    }
    population.tally.add(tally);
}

#[derive(Default)]
struct TimelineRead {
    seconds: Vec<SecondDelta>,
    nominal: Vec<u64>,
    host: HostSample,
    max_rss_bytes: u64,
}

fn read_timeline(lines: &[String], damage: &mut Vec<String>) -> TimelineRead {
    let mut read = TimelineRead::default();
    let mut steal = (0.0, 0u32);
    for line in lines.iter().skip(1) {
        let fields: Vec<&str> = line.trim_end().split(',').collect();
        let count = |i: usize| fields.get(i).and_then(|text| text.parse::<u32>().ok());
        let counts: Option<Vec<u32>> = (0..9).map(count).collect();
        let Some(counts) =
            counts.filter(|counts| [13, 15].contains(&fields.len()) && (counts[0] as usize) < MAX_SECONDS)
        else {
            tell_once(damage, "timeline.csv has damaged rows, which are left out");
            continue;
        };
        let [second, nominal, due, ready, woke, done, failed, shed, abandoned] = counts[..] else { continue };
        for missing in read.seconds.len() as u32..=second {
            read.seconds.push(SecondDelta { second: missing, ..SecondDelta::default() });
            read.nominal.push(0);
        }
        let row = &mut read.seconds[second as usize];
        // An older version wrote thirteen columns.
        let (delivered, told) = (count(13).unwrap_or(0), fields.get(14).and_then(|text| text.parse().ok()));
        let stood =
            row.stood.saturating_add(told.filter(|s| (0.0..1e9).contains(s)).map_or(Span::ZERO, Span::from_secs_f64));
        row.add(&SecondDelta { second, due, ready, woke, done, failed, shed, abandoned, delivered, stood });
        read.nominal[second as usize] += u64::from(nominal);
        if let (Ok(rss), Ok(cpu), Ok(pct)) = (fields[10].parse(), fields[11].parse(), fields[12].parse::<f64>()) {
            read.host.rss_bytes = rss;
            read.max_rss_bytes = read.max_rss_bytes.max(rss);
            read.host.cpu = read.host.cpu.saturating_add(Span::from_secs_f64(cpu));
            steal = (steal.0 + pct, steal.1 + 1);
        }
    }
    read.host.steal_pct = if steal.1 > 0 { steal.0 / f64::from(steal.1) } else { 0.0 };
    read
}

fn read_objectives(lines: &[String], damage: &mut Vec<String>) -> (Vec<CatalogObjective>, Vec<Vec<Bin>>) {
    let (mut objectives, mut bins): (Vec<CatalogObjective>, Vec<Vec<Bin>>) = Default::default();
    for line in lines.iter().skip(1) {
        let Some((bin_ms, objective, seen)) = objective_row(line) else {
            tell_once(damage, "objectives.csv has damaged rows, which are left out");
            continue;
        };
        let found = objectives.iter().position(|known| known.scope == objective.scope && known.text == objective.text);
        let index = found.unwrap_or_else(|| {
            objectives.push(objective);
            bins.push(Vec::new());
            objectives.len() - 1
        });
        let second = (bin_ms / 1_000) as usize;
        if bins[index].len() <= second {
            bins[index].resize(second + 1, Bin::default());
        }
        bins[index][second].add(seen);
    }
    (objectives, bins)
}

/// `1200,"citizens p99 < 300ms",50,1,0`.
fn objective_row(line: &str) -> Option<(u64, CatalogObjective, Bin)> {
    let (bin_ms, rest) = line.trim_end().split_once(",\"")?;
    let (name, counts) = rest.rsplit_once("\",")?;
    let bin_ms = bin_ms.parse().ok().filter(|ms| *ms < MAX_SECONDS as u64 * 1_000)?;
    let counts: Vec<u64> =
        counts.split(',').map(|n| n.parse().ok().filter(|n| *n <= hlog::MAX_COUNT)).collect::<Option<_>>()?;
    let [n, k, k_without_us] = counts[..] else { return None };
    let name = name.replace("\"\"", "\"");
    let (scope, text) = name.split_once(' ')?;
    let metric = metric(text)?;
    let allowed = match metric {
        Metric::Response { quantile, .. } => quantile.allowed_above(),
        Metric::Errors { allowed, .. } => allowed.as_fraction(),
        Metric::Amplification { allowed, .. } => allowed,
    };
    let measure = text.split_whitespace().next().and_then(Measure::named);
    let (scope, text) = (scope.to_owned(), text.to_owned());
    Some((bin_ms, CatalogObjective { scope, text, measure, metric, allowed, window: None }, Bin { n, k, k_without_us }))
}

/// The metric in the line of an objective that was checked before the run: `p99 < 300ms`.
fn metric(text: &str) -> Option<Metric> {
    let (left, right) = text.split_once('<')?;
    let (inclusive, right) = right.strip_prefix('=').map_or((false, right), |right| (true, right));
    let (left, limit) = (left.split_whitespace().last()?, right.split_whitespace().next()?);
    if left == "errors" {
        return Some(Metric::Errors { allowed: limit.parse().ok()?, inclusive });
    }
    if left == "amplification" {
        let allowed = limit.parse().ok().filter(|ratio| (1.0..=1e6).contains(ratio))?;
        return Some(Metric::Amplification { allowed, inclusive });
    }
    Some(Metric::Response { quantile: left.parse().ok()?, limit: limit.parse().ok()?, inclusive })
}

fn read_failures(lines: &[String], damage: &mut Vec<String>) -> Vec<FailureRecord> {
    let mut kept: Vec<FailureRecord> = Vec::new();
    for line in lines {
        match serde_json::from_str::<FailureRecord>(line) {
            Ok(record) if kept.iter().any(|known| known.reason == record.reason) => {}
            Ok(record) => kept.push(record),
            Err(_) => tell_once(damage, "failures.ndjson has damaged lines, which are left out"),
        }
    }
    kept
}

/// What `run.json` says of the plan; nothing where it is missing or damaged.
#[derive(Default)]
struct Planned {
    /// By population; `None` in closed loop, where only the run's end tells how many there were.
    requests: Option<Vec<u64>>,
    sessions: Option<u64>,
    closed_loop: bool,
}

fn planned(folder: &Path, intervals: &mut Intervals) -> Planned {
    let text = std::fs::read_to_string(folder.join("run.json")).unwrap_or_default();
    let Ok(run) = serde_json::from_str::<serde_json::Value>(&text) else { return Planned::default() };
    // A run without a plan has a digest all the same, which is null.
    let closed_loop = run.get("plan_digest").is_some_and(serde_json::Value::is_null);
    let (requests, sessions) = planned_populations(&run, intervals).unzip();
    Planned { requests: requests.filter(|_| !closed_loop), sessions, closed_loop }
}

/// Planned requests by population, and planned sessions in all; adds populations that had not begun to what was read.
fn planned_populations(run: &serde_json::Value, intervals: &mut Intervals) -> Option<(Vec<u64>, u64)> {
    let (mut planned, mut sessions) = (BTreeMap::new(), 0u64);
    for population in run.get("populations")?.as_array()? {
        let name = population.get("name")?.as_str()?;
        intervals.population(name);
        planned.insert(name.to_owned(), population.get("requests")?.as_u64()?);
        sessions = sessions.saturating_add(population.get("sessions")?.as_u64()?);
    }
    let planned = intervals.populations.iter().map(|(name, _)| planned.get(name).copied()).collect::<Option<_>>()?;
    Some((planned, sessions))
}

impl CatalogPopulation {
    fn named(name: &str) -> Self {
        Self { name: name.to_owned(), steps: Vec::new(), step_by_number: Vec::new(), objectives_by_step: Vec::new() }
    }
}

pub(super) fn tell_once(damage: &mut Vec<String>, what: &str) {
    if !damage.iter().any(|told| told == what) {
        damage.push(what.to_owned());
    }
}
