//! Files, read whole up to a bound.

use std::fs::File;
use std::io::{BufReader, Error, ErrorKind, Read as _, Result};
use std::path::Path;

/// The bytes of a regular file of at most `most`, which is whole MiB: a pipe or a device could last forever.
///
/// # Errors
/// It is no regular file, cannot be read, or is larger (`FileTooLarge`).
pub fn read_regular(path: &Path, most: u64) -> Result<Vec<u8>> {
    must_be_regular(path)?;
    read_file(path, most)
}

/// A regular file, to be read piece by piece.
///
/// # Errors
/// It is no regular file, or cannot be opened.
pub fn open_regular(path: &Path) -> Result<BufReader<File>> {
    must_be_regular(path)?;
    File::open(path).map(BufReader::new)
}

/// Before a file is opened: a pipe without a writer would wait there.
fn must_be_regular(path: &Path) -> Result<()> {
    let is_file = path.metadata()?.is_file();
    if is_file { Ok(()) } else { Err(Error::new(ErrorKind::InvalidInput, "it is not a regular file")) }
}

/// The bytes of a file or pipe that has at most `most`, which is whole MiB. A regular one is read as far as its length:
/// the kernel's own files, which say 0, may last forever, as `/proc/kmsg` does.
///
/// # Errors
/// It cannot be read, or is larger (`FileTooLarge`).
pub fn read_file(path: &Path, most: u64) -> Result<Vec<u8>> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    // One byte more than may be tells that there is more.
    let length = if metadata.is_file() { metadata.len() } else { most + 1 };
    let mut bytes = Vec::new();
    file.take(length.min(most + 1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(Error::new(ErrorKind::FileTooLarge, format!("it is larger than {} MiB", most >> 20)));
    }
    Ok(bytes)
}
