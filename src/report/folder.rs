//! Reads a run's folder back: its `summary.json`, or what a killed run left.

use std::io;
use std::path::{Path, PathBuf};

use crate::judge::judge;
use crate::record::{LoadError, load};

use super::Summary;

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
}

/// The summary of the run in `folder`: `summary.json` if the run wrote one, else what its streamed files hold.
pub fn read_folder(folder: &Path) -> Result<Summary, ReportError> {
    let mut torn = None;
    match read_summary(&folder.join("summary.json")) {
        Ok(Some(summary)) => return Ok(summary),
        Ok(None) => {}
        Err(ReportError::Damaged { source, .. }) => torn = Some(format!("summary.json is damaged: {source}")),
        Err(error) => return Err(error),
    }
    let (mut recording, run) = load(folder)?;
    recording.damage.extend(torn);
    Ok(Summary::new(&recording, &judge(&recording), &run))
}

fn read_summary(path: &Path) -> Result<Option<Summary>, ReportError> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(ReportError::Io { path: path.to_owned(), source }),
    };
    serde_json::from_slice(&text).map(Some).map_err(|source| ReportError::Damaged { path: path.to_owned(), source })
}
