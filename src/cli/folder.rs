//! A run's folder: `results/<scenario>-<UTC time>-<short id>/` and the files that are written as it goes.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use crate::record::{LaneLog, RunFacts, Sinks};

/// The folder of one run.
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the folder of a run that starts now. It appears with its `run.json`, so that whoever finds it can tell what
    /// it is, whenever the run is stopped.
    pub fn make(out: &Path, facts: &RunFacts) -> anyhow::Result<Self> {
        let time = super::wall_clock::now()?.strftime("%Y%m%dT%H%M%SZ");
        Self::make_at(&out.join(format!("{}-{time}-{}", facts.name, &facts.run_id[..6])), facts)
    }

    /// Makes this folder in the same way.
    pub fn make_at(path: &Path, facts: &RunFacts) -> anyhow::Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let (path, unready) = (path.to_owned(), Self { path: path.with_file_name(format!(".{name}.new")) });
        let made = fs::create_dir_all(&unready.path)
            .and_then(|()| unready.write_whole("run.json", |file| facts.write(file)))
            .and_then(|()| fs::rename(&unready.path, &path));
        made.map_err(|error| {
            // A part of a folder is of no use to anybody.
            let _ = fs::remove_dir_all(&unready.path);
            let hint = "--out DIR has the folder made in another place";
            anyhow!("cannot make the folder {}: {error}\n\nhint: {hint}", path.display())
        })?;
        Ok(Self { path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A new file in it.
    fn file(&self, name: &str) -> anyhow::Result<File> {
        let path = self.path.join(name);
        File::create(&path).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Writes a file that is there whole or not at all.
    pub fn write_whole(&self, name: &str, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
        let unready = self.path.join(format!("{name}.new"));
        let written = File::create(&unready).and_then(|mut file| write(&mut file));
        let kept = written.and_then(|()| fs::rename(&unready, self.path.join(name)));
        if kept.is_err() {
            let _ = fs::remove_file(unready);
        }
        kept
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
            generator: file("generator.hlog")?,
            timeline: file("timeline.csv")?,
            objectives: file("objectives.csv")?,
            failures: file("failures.ndjson")?,
            totals: file("totals.hlog")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_appears_with_its_facts_or_not_at_all() {
        let temp = tempfile::tempdir().expect("a temporary folder");
        let facts = RunFacts { name: "shop".to_owned(), run_id: "0123456789".to_owned(), ..RunFacts::default() };
        let names = |folder: &Path| {
            let entries = fs::read_dir(folder).expect("a folder").flatten();
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect::<Vec<_>>()
        };
        let folder = Folder::make(temp.path(), &facts).expect("a folder");
        let name = folder.path().file_name().expect("a name").to_string_lossy().into_owned();
        assert!(name.starts_with("shop-") && name.ends_with("-012345"), "{name}");
        assert_eq!((names(temp.path()), names(folder.path())), (vec![name], vec!["run.json".to_owned()]));

        File::create(temp.path().join("taken")).expect("a file");
        let error = Folder::make(&temp.path().join("taken"), &facts).err().expect("no folder").to_string();
        assert!(error.contains("hint: --out DIR"), "{error}");
    }
}
