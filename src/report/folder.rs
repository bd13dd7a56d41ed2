//! Reads a run's folder back: its `summary.json`, or what a killed run left.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::judge::{Judgement, judge_run};
use crate::record::{Damage, Ending, LoadError, Recording, RunFacts, blocks, load};
use crate::scenario::read_regular;

use super::Summary;
use super::looks::{LOOKS, load_looks};

/// The largest file that is JSON as a whole: a scenario's text is in it, and numbers of each of its steps.
const LARGEST: u64 = 64 << 20;

const SUMMARY: &str = "summary.json";

/// Why a folder cannot be reported.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file is there and could not be read.
    #[error("cannot read {}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is there and is not what it should be.
    #[error("{} is damaged: {source}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong and where.
        source: serde_json::Error,
    },
    /// There is no summary, and nothing to make one from.
    #[error(transparent)]
    NoRun(#[from] LoadError),
    /// The folder in which runs' folders are made: name one of those.
    #[error(
        "{} is not the folder of a run, but has {} in it\n\nhint: the newest is shown by\n    scrutinio report {}",
        .folder.display(), counted_runs(*.runs), .newest.display()
    )]
    FolderOfRuns {
        /// The folder.
        folder: PathBuf,
        /// Runs in it.
        runs: usize,
        /// The one that was written to last.
        newest: PathBuf,
    },
    /// There is no folder of this name.
    #[error("there is no folder {}", .0.display())]
    NoFolder(PathBuf),
    /// It is a folder of looks, none of which recorded anything.
    #[error("{} is the folder of looks at a plan, none of which recorded anything", .0.display())]
    NoLooks(PathBuf),
    /// It is a folder of looks, where one run is asked for.
    #[error(
        "{folder} has looks at a plan, and not one run\n\nhint: name its looks, each of which is a run: {folder}/looks/1",
        folder = .0.display()
    )]
    Looks(PathBuf),
    /// All of a run's files are there, and nothing is in them.
    #[error("{} holds no record: its files are empty", .0.display())]
    Empty(PathBuf),
}

fn counted_runs(n: usize) -> String {
    if n == 1 { "1 run".to_owned() } else { format!("{n} runs") }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// The summary of the run in `folder`: `summary.json` if the run wrote one, else what its other files hold.
pub fn read_folder(folder: &Path) -> Result<Summary, ReportError> {
    is_folder(folder)?;
    let lost = match read_json::<Summary>(&folder.join(SUMMARY)) {
        Ok(Some(mut summary)) => {
            summary.damage.extend(other_schema(&summary));
            let run: Result<Option<RunFacts>, ReportError> = read_json(&folder.join("run.json"));
            summary.damage.extend(run.err().map(|_| "run.json is damaged; nothing here is from it".to_owned()));
            return Ok(summary);
        }
        Ok(None) => "is missing".to_owned(),
        Err(ReportError::Damaged { source, .. }) => format!("is damaged ({source})"),
        Err(error) => return Err(error),
    };
    if let Some(looks) = load_looks(folder)? {
        return looks.summary().ok_or_else(|| ReportError::NoLooks(folder.to_owned()));
    }
    let (mut recording, run) = load_folder(folder)?;
    // That a killed run has none is what its page begins with.
    if recording.end.ending != Ending::Killed || lost != "is missing" {
        recording.damage.push(Damage::of(SUMMARY, format!("{lost}: the run is judged anew")));
    }
    Ok(Summary::with_bounds_of(folder, &recording, &judge_run(&recording, &run), &run))
}

impl Summary {
    /// The summary of a recording whose intervals are in `folder`, by which its quantiles have bounds. Where they cannot be
    /// read, it has none.
    pub fn with_bounds_of(folder: &Path, recording: &Recording, judgement: &Judgement, run: &RunFacts) -> Self {
        let summary = Self::new(recording, judgement, run);
        let names: Vec<&str> = recording.catalog.populations.iter().map(|population| &*population.name).collect();
        match blocks(folder, &names) {
            Ok(blocks) => summary.with_bounds(recording, &blocks),
            Err(_) => summary,
        }
    }
}

/// What is recorded of the run in `folder`.
pub fn load_folder(folder: &Path) -> Result<(Recording, RunFacts), ReportError> {
    is_folder(folder)?;
    if folder.join(LOOKS).is_dir() {
        return Err(ReportError::Looks(folder.to_owned()));
    }
    let (recording, run) = load(folder).map_err(|error| folder_of_runs(folder).unwrap_or(error.into()))?;
    if recording.seconds.is_empty() && recording.tally().total() == 0 {
        return Err(ReportError::Empty(folder.to_owned()));
    }
    Ok((recording, run))
}

fn is_folder(folder: &Path) -> Result<(), ReportError> {
    let missing = std::fs::metadata(folder).map_or_else(|error| is_missing(&error), |found| !found.is_dir());
    if missing { Err(ReportError::NoFolder(folder.to_owned())) } else { Ok(()) }
}

/// What is to be said of a summary whose fields may have another meaning.
fn other_schema(summary: &Summary) -> Option<String> {
    let (has, known) = (summary.schema_version, Summary::SCHEMA_VERSION);
    (has != known).then(|| {
        format!("summary.json has schema_version {has}, and {known} is known here: fields may mean something else")
    })
}

/// What is wrong with a folder that is no run, if there are runs in it.
fn folder_of_runs(folder: &Path) -> Option<ReportError> {
    let (runs, newest) = newest_of(folder)?;
    Some(ReportError::FolderOfRuns { folder: folder.to_owned(), runs, newest })
}

/// How many runs' folders are in a folder, and which was written to last; `None`: there is none.
pub fn newest_of(folder: &Path) -> Option<(usize, PathBuf)> {
    let entries = std::fs::read_dir(folder).ok()?;
    let runs = entries.flatten().map(|entry| entry.path()).filter(|path| path.join("run.json").exists());
    // The file is written when a run begins, and a folder's own time changes with each file in it.
    let began = |path: &Path| path.join("run.json").metadata().and_then(|file| file.modified()).ok();
    let mut runs: Vec<(Option<SystemTime>, PathBuf)> = runs.map(|path| (began(&path), path)).collect();
    runs.sort();
    let newest = runs.last()?.1.clone();
    Some((runs.len(), newest))
}

pub(super) fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, ReportError> {
    let text = match read_regular(path, LARGEST) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(ReportError::Io { path: path.to_owned(), source }),
    };
    serde_json::from_slice(&text).map(Some).map_err(|source| ReportError::Damaged { path: path.to_owned(), source })
}

/// The runs' folders in a folder that were called so by `--label`, by name. What is no run, or has a damaged `run.json`, is
/// passed over.
pub fn labelled_in(folder: &Path, key: &str, value: &str) -> Result<Vec<PathBuf>, ReportError> {
    is_folder(folder)?;
    let entries = std::fs::read_dir(folder).map_err(|source| ReportError::Io { path: folder.to_owned(), source })?;
    let facts = |run: &Path| read_json::<RunFacts>(&run.join("run.json")).ok().flatten();
    let is_called = |run: &PathBuf| facts(run).is_some_and(|facts| facts.labels.get(key).is_some_and(|it| it == value));
    let mut runs: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_called).collect();
    runs.sort();
    Ok(runs)
}
