//! What of a run's folder could not be read.

use std::fmt;

/// Something of a folder that is missing or damaged, and so left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub file: &'static str,
    /// The line of it, from 1; `None` where it is about the whole file.
    pub line: Option<u64>,
    /// What is wrong, in words.
    pub what: String,
}

impl Damage {
    /// Something that is wrong with a whole file.
    pub fn of(file: &'static str, what: String) -> Self {
        Self { file, line: None, what }
    }
}

/// `objectives.csv, line 12: damaged rows are left out`.
impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, what } = self;
        match line {
            Some(line) => write!(f, "{file}, line {line}: {what}"),
            None => write!(f, "{file} {what}"),
        }
    }
}

/// All that is told of a folder.
#[derive(Debug, Default)]
pub(super) struct Damages(pub(super) Vec<Damage>);

impl Damages {
    /// Tells it, once for each file: of the first line where it is so.
    pub(super) fn tell(&mut self, file: &'static str, line: Option<u64>, what: impl Into<String>) {
        let what = what.into();
        if !self.0.iter().any(|told| (told.file, &told.what) == (file, &what)) {
            self.0.push(Damage { file, line, what });
        }
    }
}
