//! `scrutinio schema`: the JSON Schema of scenario files.

use crate::scenario;

use super::output::to_stdout;
use super::{Exit, Outcome};

/// Prints it.
pub fn schema() -> Outcome {
    to_stdout(|out| {
        serde_json::to_writer_pretty(&mut *out, &scenario::schema())?;
        writeln!(out)
    })?;
    Ok(Exit::Ready)
}
