//! A folder for the files of a self-test, which goes away with it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

/// The folder.
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes it, in the system's place for such.
    pub fn make() -> anyhow::Result<Self> {
        let name = format!("scrutinio-selftest-{}-{:08x}", std::process::id(), rand::random::<u32>());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).with_context(|| format!("cannot make the folder {}", path.display()))?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clear.
        let _ = fs::remove_dir_all(&self.0);
    }
}
