//! Standard output as the place for data: buffered, and a reader that has seen enough is nobody's error. Standard error
//! as the place for words, without which a command does what it was asked to do all the same.

use std::fmt::Arguments;
use std::io::{self, BufWriter, ErrorKind, Write};

/// Writes to standard output; a pipe closed by its reader (`| head`) is success.
pub fn to_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// Writes to standard error. That nobody can read it (a full disk, a closed terminal) ends nothing.
pub fn to_stderr(text: Arguments<'_>) {
    let _ = io::stderr().lock().write_fmt(text);
}
