//! A recording from a run's folder: equal to what the run ended with, where it came to its end; of one that was killed, what
//! its files have up to the last closed interval.
//!
//! Only complete lines count. What is torn, missing or damaged is left out and told. This fails only if the folder does not
//! hold a run, or a file of it cannot be read at all.

mod streamed;
mod whole;

use std::io;
use std::path::{Path, PathBuf};

use crate::scenario::read_regular;
use crate::unit::Span;

use super::damage::Damages;
use super::facts::RunFacts;
use super::stored::{self, Stored};
use super::{Catalog, CatalogObjective, Damage, Ending, Recording, bins, failures, hub, lanes, timeline};

/// The largest file that is read: days of intervals of many populations.
const LARGEST: u64 = 1 << 30;
/// The largest that is JSON as a whole: a scenario's text, numbers of each step, requests of each second.
const LARGEST_JSON: u64 = 64 << 20;

/// Why a folder cannot be read as a run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// None of a run's files is there.
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

/// Reads what happened in a run, and what the run was, of which nothing is known if `run.json` is lost.
pub fn load(folder: &Path) -> Result<(Recording, RunFacts), LoadError> {
    let mut files = Files { folder, damages: Damages::default() };
    if [hub::INTERVALS, timeline::FILE].iter().all(|name| !folder.join(name).exists()) {
        return Err(no_record(folder));
    }
    let facts = files.facts()?;
    let objectives = files.objectives(facts.as_ref());
    let stored = files.stored(objectives.len())?;
    let facts_or_none = facts.unwrap_or_default();
    let mut recording = match stored {
        Some(stored) => files.whole(stored, objectives, &facts_or_none)?,
        None => files.streamed(objectives, &facts_or_none)?,
    };
    recording.damage = files.damages.0;
    Ok((recording, facts_or_none))
}

impl Recording {
    /// What keeps a recording that was read back from being judged as the run itself was. A run that was killed, whose
    /// verdict that decides, may lack anything but what it was.
    pub fn unfit(&self) -> Vec<Damage> {
        let decides = |damage: &&Damage| match damage.file {
            RunFacts::FILE | stored::FILE => true,
            failures::FILE | lanes::FILE | hub::INTERVALS | "summary.json" => false,
            _ => self.end.ending != Ending::Killed,
        };
        self.damage.iter().filter(decides).cloned().collect()
    }
}

/// What a folder is that has no record in it.
fn no_record(folder: &Path) -> LoadError {
    let is_empty = || std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    match folder.to_owned() {
        folder if folder.join(RunFacts::FILE).exists() => LoadError::NotBegun(folder),
        folder if is_empty() => LoadError::Empty(folder),
        folder => LoadError::NotARun(folder),
    }
}

/// The files of a folder, and what is wrong with them.
struct Files<'a> {
    folder: &'a Path,
    damages: Damages,
}

impl Files<'_> {
    /// The bytes of a file; `None` if there is no such file.
    fn bytes(&self, name: &'static str, most: u64) -> Result<Option<Vec<u8>>, LoadError> {
        let path = self.folder.join(name);
        match read_regular(&path, most) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(LoadError::Io { path, source }),
        }
    }

    /// The whole lines of a file; nothing if there is no such file, which is told.
    fn lines(&mut self, name: &'static str) -> Result<Vec<u8>, LoadError> {
        let Some(mut bytes) = self.bytes(name, LARGEST)? else {
            self.damages.tell(name, None, "is missing");
            return Ok(Vec::new());
        };
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if whole < bytes.len() {
            bytes.truncate(whole);
            self.damages.tell(name, Some(count_lines(&bytes) + 1), "the last line is torn, and left out");
        }
        Ok(bytes)
    }

    /// What the run was.
    fn facts(&mut self) -> Result<Option<RunFacts>, LoadError> {
        let unknown = "name, seed, plan and objectives are not known";
        let Some(text) = self.bytes(RunFacts::FILE, LARGEST_JSON)? else {
            self.damages.tell(RunFacts::FILE, None, format!("is missing: {unknown}"));
            return Ok(None);
        };
        let tree: Option<serde_json::Value> = serde_json::from_slice(&text).ok();
        let (version, known) = (tree.as_ref().map(|tree| &tree["schema_version"]), RunFacts::SCHEMA_VERSION);
        if let Some(version) = version.filter(|version| **version != known) {
            self.damages.tell(RunFacts::FILE, None, format!("has schema_version {version}, and {known} is known here"));
        }
        match serde_json::from_slice::<RunFacts>(&text) {
            Ok(facts) if facts.is_sound() => Ok(Some(facts)),
            Ok(_) => {
                self.damages.tell(RunFacts::FILE, None, format!("has numbers that no run has: {unknown}"));
                Ok(None)
            }
            Err(error) => {
                let line = Some(error.line() as u64);
                self.damages.tell(RunFacts::FILE, line, format!("it is damaged ({error}): {unknown}"));
                Ok(None)
            }
        }
    }

    /// The objectives that are judged.
    fn objectives(&mut self, facts: Option<&RunFacts>) -> Vec<CatalogObjective> {
        let read = facts.iter().flat_map(|facts| &facts.objectives).map(super::RunObjective::read);
        let read: Vec<Option<CatalogObjective>> = read.collect();
        if read.contains(&None) {
            self.damages.tell(RunFacts::FILE, None, "has damaged objectives, which are left out");
        }
        read.into_iter().flatten().collect()
    }

    /// `recording.json`; `None` of a run that did not come to its end, and where it is damaged.
    fn stored(&mut self, objectives: usize) -> Result<Option<Stored>, LoadError> {
        let Some(text) = self.bytes(stored::FILE, LARGEST_JSON)? else { return Ok(None) };
        match Stored::read(&text, objectives) {
            Ok(stored) => Ok(Some(stored)),
            Err((line, what)) => {
                self.damages.tell(stored::FILE, line, what);
                Ok(None)
            }
        }
    }

    /// The bins of each series of the catalog, and the number of lines that they stand in.
    fn bins(&mut self, catalog: &Catalog) -> Result<(Vec<Vec<super::Bin>>, u64), LoadError> {
        let text = self.lines(bins::FILE)?;
        Ok((bins::read(&text, catalog, &mut self.damages), count_lines(&text)))
    }

    /// The seconds of the run, and the number of lines that they stand in.
    fn timeline(&mut self) -> Result<(timeline::TimelineRead, u64), LoadError> {
        let text = self.lines(timeline::FILE)?;
        Ok((timeline::read(&text, &mut self.damages), count_lines(&text)))
    }

    /// What the lanes had of their cores.
    fn lanes(&mut self) -> Result<super::LanesRecord, LoadError> {
        let text = self.lines(lanes::FILE)?;
        Ok(lanes::read(&text, &mut self.damages))
    }
}

/// What `run.json` says of the catalog, for these populations and measures.
fn catalog(
    populations: Vec<super::CatalogPopulation>,
    measures: Vec<super::CatalogMeasure>,
    objectives: Vec<CatalogObjective>,
    facts: &RunFacts,
) -> Catalog {
    Catalog {
        populations,
        objectives,
        left_out: facts.objectives_left_out.clone(),
        measures,
        // Where nobody knows the width, nobody knows the objectives either.
        bin: Span::from_millis(facts.bin_ms.clamp(1, 1_000)),
        strata: facts.strata_s.clone(),
        warm_up: Span::from_secs(facts.warm_up_s),
        limit_covers_target: false,
        tightest_limit: None,
    }
}

fn count_lines(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte == b'\n').count() as u64
}
