//! A recording from the folder of a killed run: what its streamed files hold, up to the last closed interval.
//!
//! Only complete lines count: a last line without its end was torn by the kill; it is left out and reported, and so is
//! anything damaged. This fails only if the folder does not hold a run.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::scenario::{Line as ObjectiveLine, read_regular};
use crate::unit::{Instant, Span};

use super::hlog::{self, Line};
use super::lanes;
use super::timeline::SECOND;
use super::{
    Bin, Catalog, CatalogObjective, CatalogPopulation, EndFacts, Ending, FailureRecord, Histogram, HostSample,
    PopulationRecord, Recording, RunFacts, RunObjective, SecondDelta, Tally,
};

/// Seconds that a file may name, so that a damaged number costs no memory: a hundred days.
const MAX_SECONDS: usize = 8_640_000;

/// Bins that a file may name: a hundred days of seconds. Only runs of minutes have shorter ones (D3).
const MAX_BINS: usize = MAX_SECONDS;

/// The largest file that is read: days of intervals of many populations.
const LARGEST: u64 = 1 << 30;

/// Why a folder cannot be read as a run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// None of a run's streamed files is there.
    #[error("{} is not the folder of a run: it has neither intervals.hlog nor timeline.csv", .0.display())]
    NotARun(PathBuf),
    /// There is nothing in it.
    #[error("{} is an empty folder: if a run made it, it ended before it had begun", .0.display())]
    Empty(PathBuf),
    /// What the run was is there, and nothing else.
    #[error("{} is the folder of a run that ended before its first interval: nothing was recorded", .0.display())]
    NotBegun(PathBuf),
    /// A file could not be read.
    #[error("cannot read {}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Reads `run.json`, `intervals.hlog`, `timeline.csv`, `objectives.csv` and `failures.ndjson` of a run that was killed:
/// what happened, and what the run was, of which nothing is known if `run.json` is lost.
pub fn load(folder: &Path) -> Result<(Recording, RunFacts), LoadError> {
    let mut damage = Vec::new();
    let intervals = lines(folder, "intervals.hlog", &mut damage)?;
    let timeline = lines(folder, "timeline.csv", &mut damage)?;
    if intervals.is_none() && timeline.is_none() {
        return Err(no_record(folder));
    }
    let rows = lines(folder, "objectives.csv", &mut damage)?;
    let failures = lines(folder, "failures.ndjson", &mut damage)?;
    // Where the kernel tells nothing of lanes, the file has no rows; an older version wrote none.
    let lanes = lines(folder, "lanes.csv", &mut Vec::new())?.unwrap_or_default();
    let lanes = lanes::read(&lanes, &mut damage);
    let mut intervals = read_intervals(&intervals.unwrap_or_default(), &mut damage);
    let timeline = read_timeline(&timeline.unwrap_or_default(), &mut damage);
    let facts = run_facts(folder, &mut damage);
    let objectives = catalog_objectives(facts.as_ref(), &mut damage);
    // Where nobody knows the width, nobody knows the objectives either.
    let bin = Span::from_millis(facts.as_ref().map_or(1_000, |facts| facts.bin_ms).max(1));
    let bins = read_bins(&rows.unwrap_or_default(), &objectives, bin, &mut damage);
    let Planned { requests: planned, sessions: planned_sessions, closed_loop } =
        planned(facts.as_ref(), &mut intervals);
    let names = intervals.populations.iter().map(|(name, _)| CatalogPopulation::named(name)).collect();
    let covered = Instant::from_nanos(timeline.seconds.len() as u64 * 1_000_000_000);
    let recording = Recording {
        catalog: Arc::new(Catalog {
            populations: names,
            objectives,
            left_out: facts.as_ref().map_or(Vec::new(), |facts| facts.objectives_left_out.clone()),
            measures: Vec::new(),
            bin,
            strata: facts.as_ref().map_or(Vec::new(), |facts| facts.strata_s.clone()),
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
        times: Vec::new(),
        wrong: Vec::new(),
        unasked: Vec::new(),
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
    };
    Ok((recording, facts.unwrap_or_default()))
}

/// What a folder is that has no record in it.
fn no_record(folder: &Path) -> LoadError {
    let is_empty = || std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    match folder.to_owned() {
        folder if folder.join("run.json").exists() => LoadError::NotBegun(folder),
        folder if is_empty() => LoadError::Empty(folder),
        folder => LoadError::NotARun(folder),
    }
}

/// The whole lines of a file, each with its end; `None` if there is no such file.
fn lines(folder: &Path, name: &str, damage: &mut Vec<String>) -> Result<Option<Vec<String>>, LoadError> {
    let path = folder.join(name);
    let bytes = match read_regular(&path, LARGEST) {
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
    let mut waiting: BTreeMap<String, (Histogram, Instant)> = BTreeMap::new();
    for line in lines {
        match hlog::read_line(line) {
            Some(Line::Histogram(tag, histogram, start, end)) => {
                read.end = read.end.max(end);
                if let Some(name) = tag.strip_suffix(".ok") {
                    waiting.insert(name.to_owned(), (*histogram, start));
                }
            }
            Some(Line::Counts(name, tally)) => take_in(read.population(&name), waiting.remove(&name), &tally, damage),
            Some(Line::Skipped) => {}
            None => tell_once(damage, "intervals.hlog has damaged lines, which are left out"),
        }
    }
    read
}

fn take_in(
    population: &mut PopulationRecord,
    ok: Option<(Histogram, Instant)>,
    tally: &Tally,
    damage: &mut Vec<String>,
) {
    let held = ok.as_ref().map_or(0, |(ok, _)| ok.len());
    // Histograms grow with their values; what no run of ours writes has other digits, or values over the range.
    let same_buckets =
        |ok: &Histogram| ok.sigfig() == population.response.sigfig() && ok.max() <= super::histogram::highest();
    let second = ok.as_ref().map_or(0, |(_, start)| start.bin(SECOND) as usize);
    let is_sound = ok.as_ref().is_none_or(|(ok, _)| same_buckets(ok)) && second < MAX_SECONDS;
    if held != tally.completed || !is_sound {
        return tell_once(damage, "intervals.hlog has intervals without their histogram, which are left out");
    }
    if let Some((ok, _)) = ok {
        population.add_right(second, ok.len());
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
            counts.filter(|counts| [13, 15, 17].contains(&fields.len()) && (counts[0] as usize) < MAX_SECONDS)
        else {
            tell_once(damage, "timeline.csv has damaged rows, which are left out");
            continue;
        };
        let [second, nominal, due, ready, woke, done, failed, unsent, unfinished] = counts[..] else { continue };
        for missing in read.seconds.len() as u32..=second {
            read.seconds.push(SecondDelta { second: missing, ..SecondDelta::default() });
            read.nominal.push(0);
        }
        let row = &mut read.seconds[second as usize];
        // Older versions wrote thirteen columns, and fifteen.
        let (delivered, told) = (count(13).unwrap_or(0), fields.get(14).and_then(|text| text.parse().ok()));
        let stood =
            row.stood.saturating_add(told.filter(|s| (0.0..1e9).contains(s)).map_or(Span::ZERO, Span::from_secs_f64));
        row.add(&SecondDelta { second, due, ready, woke, done, failed, unsent, unfinished, delivered, stood });
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

/// The objectives of `run.json`, by the grammar of a scenario's.
fn catalog_objectives(facts: Option<&RunFacts>, damage: &mut Vec<String>) -> Vec<CatalogObjective> {
    let mut objectives = Vec::new();
    for RunObjective { scope, text, measure, can_grow } in facts.iter().flat_map(|facts| &facts.objectives) {
        let Ok(metric) = ObjectiveLine::split(text).metric.parse() else {
            tell_once(damage, "run.json has damaged objectives, which are left out");
            continue;
        };
        let (scope, text) = (scope.clone(), text.clone());
        objectives.push(CatalogObjective { scope, text, measure: *measure, metric, window: None, can_grow: *can_grow });
    }
    objectives
}

fn read_bins(
    lines: &[String],
    objectives: &[CatalogObjective],
    width: Span,
    damage: &mut Vec<String>,
) -> Vec<Vec<Bin>> {
    let names: Vec<String> = objectives.iter().map(CatalogObjective::name).collect();
    let mut bins: Vec<Vec<Bin>> = vec![Vec::new(); objectives.len()];
    for line in lines.iter().skip(1) {
        let Some((bin, name, seen)) = objective_row(line, width) else {
            tell_once(damage, "objectives.csv has damaged rows, which are left out");
            continue;
        };
        let Some(index) = names.iter().position(|known| *known == name) else {
            tell_once(damage, "objectives.csv has rows of objectives that run.json does not name, which are left out");
            continue;
        };
        if bins[index].len() <= bin {
            bins[index].resize(bin + 1, Bin::default());
        }
        bins[index][bin].add(seen);
    }
    bins
}

/// `1200,"citizens p99 < 300ms",50,1,0`.
fn objective_row(line: &str, width: Span) -> Option<(usize, String, Bin)> {
    let (bin_ms, rest) = line.trim_end().split_once(",\"")?;
    let (name, counts) = rest.rsplit_once("\",")?;
    let bin = (bin_ms.parse::<u64>().ok()? / width.as_millis()) as usize;
    let counts: Vec<u64> =
        counts.split(',').map(|n| n.parse().ok().filter(|n| *n <= hlog::MAX_COUNT)).collect::<Option<_>>()?;
    let [n, k, k_without_us] = counts[..] else { return None };
    (bin < MAX_BINS).then(|| (bin, name.replace("\"\"", "\""), Bin { n, k, k_without_us }))
}

fn read_failures(lines: &[String], damage: &mut Vec<String>) -> Vec<FailureRecord> {
    let mut kept: Vec<FailureRecord> = Vec::new();
    for line in lines {
        match serde_json::from_str::<FailureRecord>(line) {
            Ok(record) if kept.iter().any(|known| known.is_of_kind(&record)) => {}
            Ok(record) => kept.push(record),
            Err(_) => tell_once(damage, "failures.ndjson has damaged lines, which are left out"),
        }
    }
    kept
}

fn run_facts(folder: &Path, damage: &mut Vec<String>) -> Option<RunFacts> {
    let facts =
        read_regular(&folder.join("run.json"), LARGEST).ok().and_then(|text| serde_json::from_slice(&text).ok());
    if facts.is_none() {
        let unknown = "run.json is missing or damaged: name, seed, plan and objectives are not known";
        damage.push(unknown.to_owned());
    }
    facts
}

/// What `run.json` says of the plan; nothing where it is lost.
#[derive(Default)]
struct Planned {
    /// By population; `None` in closed loop, where only the run's end tells how many there were.
    requests: Option<Vec<u64>>,
    sessions: Option<u64>,
    closed_loop: bool,
}

/// Adds populations that had not begun to what was read.
fn planned(facts: Option<&RunFacts>, intervals: &mut Intervals) -> Planned {
    let Some(facts) = facts else { return Planned::default() };
    for population in &facts.populations {
        intervals.population(&population.name);
    }
    let planned = |name: &str| facts.populations.iter().find(|p| p.name == name).map(|p| p.requests);
    let requests: Option<Vec<u64>> = intervals.populations.iter().map(|(name, _)| planned(name)).collect();
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

pub(super) fn tell_once(damage: &mut Vec<String>, what: &str) {
    if !damage.iter().any(|told| told == what) {
        damage.push(what.to_owned());
    }
}
