//! The summary as `--json` prints it: with the folder that the run is kept in. The file does not name it, as a folder may
//! be moved.

use std::io::{self, Write};

use serde::Serialize;

use super::Summary;

#[derive(Serialize)]
struct Printed<'a> {
    folder: &'a str,
    #[serde(flatten)]
    summary: &'a Summary,
}

impl Summary {
    /// Prints it for a program, with the run's folder as people know it.
    pub fn print(&self, folder: &str, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, &Printed { folder, summary: self })?;
        out.write_all(b"\n")
    }
}
