//! The files that a target writes: where whoever asks for them may have them.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Component, Path};

use rustix::fs::{CWD, Mode, OFlags, openat};

/// Where a target may write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Writes {
    /// Wherever its user may. A log replaces the file that was there.
    #[default]
    Anywhere,
    /// Below the working directory, through no symbolic link, and a log must be new: as a scenario asks, which may come
    /// from anybody.
    BelowHere,
}

impl Writes {
    /// The file of a log.
    pub fn log(self, path: &Path) -> io::Result<File> {
        match self {
            Self::Anywhere => File::create(path),
            Self::BelowHere => below_here(path, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL),
        }
    }

    /// The file of a store, which may be there already.
    pub fn store(self, path: &Path) -> io::Result<File> {
        match self {
            Self::Anywhere => OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path),
            Self::BelowHere => below_here(path, OFlags::RDWR | OFlags::CREATE),
        }
    }
}

/// Opens each folder in the one before, so that nobody can put a link into the way meanwhile.
fn below_here(path: &Path, flags: OFlags) -> io::Result<File> {
    let each = OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut opened: OwnedFd = openat(CWD, ".", OFlags::DIRECTORY | each, Mode::empty())?;
    let mut parts = path.components().filter(|part| *part != Component::CurDir).peekable();
    while let Some(part) = parts.next() {
        let Component::Normal(name) = part else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not below the working directory"));
        };
        let flags = if parts.peek().is_some() { OFlags::DIRECTORY } else { flags };
        opened = openat(&opened, name, flags | each, Mode::from_raw_mode(0o666))?;
    }
    Ok(opened.into())
}
