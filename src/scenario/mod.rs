//! The scenario file: from text to a checked model, with all problems reported at once, each at its place.
//!
//! `yaml` makes a tree whose nodes know their place, `overrides` edits it as the command line says,
//! `read` lowers it section by section into the `model` that every other room reads, `problem`
//! gathers and draws what is wrong. `keys` lists every key once; `schema` publishes the list.
//! Nothing here reads a clock or the network; files are read as the scenario names them, bounded.

mod escape;
mod header;
mod keys;
mod mask;
mod missing;
mod model;
mod overrides;
mod problem;
mod read;
mod regular;
mod schema;
mod selector;
mod suggest;
mod written;
mod yaml;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub use escape::{Escape, fits_path};
pub use header::{HeaderFault, check_header, check_host, check_repeated};
pub use mask::Mask;
pub use missing::HINT;
pub use model::*;
pub use overrides::Overrides;
pub use problem::{PlacedProblem, Problems};
pub use regular::{open_regular, read_file, read_regular};
pub use schema::schema;
pub use selector::{Part as SelectorPart, Selector};
pub use suggest::nearest;
pub use written::{Fault, Written};

/// The largest scenario file.
pub const LARGEST_FILE: u64 = 8 << 20;

/// A scenario that was read and found sound.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The model.
    pub scenario: Scenario,
    /// The file's text as it stands, for the run's folder.
    pub text: String,
    /// Where its parts were written, for faults that show later.
    pub written: Written,
    /// What the author should know although nothing is wrong.
    pub notes: Vec<String>,
}

/// Why there is no scenario. The text says everything, ready for a terminal.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read: name one that can.
    #[error("cannot read the scenario `{}`: {source}{}", path.display(), missing::hint(path, source))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is too large to be a scenario: rows of data belong in CSV files.
    #[error("`{}` is larger than {} MiB, more than any scenario should be; move rows of data into CSV files", path.display(), LARGEST_FILE >> 20)]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file is not UTF-8: save it so.
    #[error("{}:{line}:{column}: this is not UTF-8 text; save the file as UTF-8", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// Line of the first bad byte, from 1.
        line: usize,
        /// Its column, from 1.
        column: usize,
    },
    /// The file was read, and this is wrong with it.
    #[error("{0}")]
    Problems(Box<Problems>),
}

impl LoadError {
    /// What is wrong, for programs.
    pub fn placed(&self) -> Vec<PlacedProblem> {
        let (path, line, column) = match self {
            Self::Problems(problems) => return problems.placed(),
            Self::Unreadable { path, .. } | Self::TooLarge { path } => (path, None, None),
            Self::NotText { path, line, column } => (path, Some(*line), Some(*column)),
        };
        let file = Some(path.display().to_string());
        let told = self.to_string();
        let (message, help) = told.split_once(HINT).map_or((&*told, None), |(what, hint)| (what, Some(hint)));
        vec![PlacedProblem { message: message.to_owned(), file, line, column, help: help.map(str::to_owned) }]
    }
}

/// Reads a scenario file, the files that it names, and the process's environment.
pub fn load(path: &Path, overrides: &Overrides) -> Result<Checked, LoadError> {
    load_with(path, overrides, &|name| std::env::var(name).ok())
}

/// [`load`] with an environment handed in.
pub fn load_with(
    path: &Path,
    overrides: &Overrides,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Checked, LoadError> {
    let text = read_text(path)?;
    let base = path.parent().unwrap_or(Path::new(""));
    parse(&text, &path.display().to_string(), base, overrides, env)
}

/// A scenario from its text. `file` is what messages call it; its paths are relative to `base`.
pub fn parse(
    text: &str,
    file: &str,
    base: &Path,
    overrides: &Overrides,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Checked, LoadError> {
    // Editors count columns without it.
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut problems = Problems::new(file, body);
    let mut notes = Vec::new();
    let found = yaml::build(body, yaml::Place::new(0, 0, 0), &mut problems).and_then(|mut root| {
        let run = overrides::apply(overrides, &mut root, &mut problems);
        let mut reader = read::Reader::new(&mut problems, env, base);
        // What else is wrong is told even if an option is.
        let scenario = read::scenario(&mut reader, &root, run.as_ref().unwrap_or(&overrides::Run::default()));
        notes = reader.notes;
        Ok((run.and(scenario)?, root))
    });
    match found {
        Ok((scenario, root)) if problems.is_empty() => {
            Ok(Checked { scenario, text: text.to_owned(), written: Written::new(root, problems), notes })
        }
        _ => Err(LoadError::Problems(Box::new(problems))),
    }
}

/// Objectives about all requests, as they were typed behind `option`: without a file there is no clock to have a window.
pub fn objectives_of_all(option: &str, lines: &[String]) -> Result<Vec<Objective>, LoadError> {
    let mut problems = Problems::new(option, "");
    let read = read::Reader::new(&mut problems, &|_| None, Path::new("")).objectives_of_all(option, lines);
    read.map_err(|_| LoadError::Problems(Box::new(problems)))
}

/// The lines of a file's `slo:`, about a run with this clock: a scenario, or a file that has only them.
pub fn asked(path: &Path, clock: Option<&Clock>) -> Result<Vec<AskedLine>, LoadError> {
    let text = read_text(path)?;
    let body = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut problems = Problems::new(&path.display().to_string(), body);
    let root = yaml::build(body, yaml::Place::new(0, 0, 0), &mut problems);
    let lines = root.and_then(|root| read::Reader::new(&mut problems, &|_| None, Path::new("")).asked(&root, clock));
    match lines {
        Ok(lines) if problems.is_empty() => Ok(lines),
        _ => Err(LoadError::Problems(Box::new(problems))),
    }
}

/// A file's text, refused by its size before it is read.
fn read_text(path: &Path) -> Result<String, LoadError> {
    let bytes = read_file(path, LARGEST_FILE).map_err(|source| match source.kind() {
        ErrorKind::FileTooLarge => LoadError::TooLarge { path: path.to_owned() },
        _ => LoadError::Unreadable { path: path.to_owned(), source },
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.iter().filter(|b| **b == b'\n').count() + 1;
        let column =
            String::from_utf8_lossy(good.rsplit(|b| *b == b'\n').next().unwrap_or_default()).chars().count() + 1;
        LoadError::NotText { path: path.to_owned(), line, column }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_far_as_its_length_and_never_forever() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "1234").unwrap();
        assert_eq!(read_file(file.path(), 4).unwrap(), b"1234");
        assert_eq!(read_file(file.path(), 3).unwrap_err().kind(), ErrorKind::FileTooLarge);
        assert_eq!(read_file(Path::new("/dev/zero"), 4).unwrap_err().kind(), ErrorKind::FileTooLarge);
        // The kernel's files have no length; some of them never end.
        assert_eq!(read_file(Path::new("/proc/version"), 4).unwrap(), b"");
    }
}
