//! Standard output as the place for data: buffered, and a reader that has seen enough is nobody's error.

use std::io::{self, BufWriter, ErrorKind, Write};

/// Writes to standard output; a pipe closed by its reader (`| head`) is success.
pub fn to_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}
