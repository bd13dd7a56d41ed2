//! A run's folder: `results/<scenario>-<UTC time>-<short id>/` and the files that are written as it goes.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::record::{LaneLog, Sinks};

/// The folder of one run.
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the folder of a run that starts now.
    pub fn make(out: &Path, name: &str, run_id: &str) -> anyhow::Result<Self> {
        let time = super::wall_clock::now()?.strftime("%Y%m%dT%H%M%SZ");
        let path = out.join(format!("{name}-{time}-{}", &run_id[..6]));
        fs::create_dir_all(&path).with_context(|| format!("cannot make the folder {}", path.display()))?;
        Ok(Self { path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A new file in it.
    pub fn file(&self, name: &str) -> anyhow::Result<File> {
        let path = self.path.join(name);
        File::create(&path).with_context(|| format!("cannot write {}", path.display()))
    }

    /// `lanes.csv`, begun.
    pub fn lane_log(&self) -> anyhow::Result<LaneLog> {
        Ok(LaneLog::new(Box::new(self.file("lanes.csv")?))?)
    }

    /// The files of the record.
    pub fn sinks(&self) -> anyhow::Result<Sinks> {
        let file = |name| self.file(name).map(|file| Box::new(file) as Box<dyn io::Write + Send>);
        Ok(Sinks {
            intervals: file("intervals.hlog")?,
            windows: file("windows.hlog")?,
            timeline: file("timeline.csv")?,
            objectives: file("objectives.csv")?,
            failures: file("failures.ndjson")?,
        })
    }
}
