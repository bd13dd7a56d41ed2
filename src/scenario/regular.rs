//! Regular files, read whole up to a bound: a pipe or a device could last forever.

use std::fs::File;
use std::io::{Error, ErrorKind, Read as _, Result};
use std::path::Path;

/// The bytes of a regular file of at most `most`, which is whole MiB; an error says why there are none.
pub fn read_regular(path: &Path, most: u64) -> Result<Vec<u8>> {
    // Before it is opened: a pipe without a writer would wait there.
    let metadata = path.metadata()?;
    if !metadata.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let mut bytes = Vec::new();
    if metadata.len() <= most {
        File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    }
    if metadata.len().max(bytes.len() as u64) > most {
        return Err(Error::new(ErrorKind::FileTooLarge, format!("it is larger than {} MiB", most >> 20)));
    }
    Ok(bytes)
}
