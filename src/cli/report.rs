//! `scrutinio report`: a run again, from its folder.

use std::path::Path;

use anyhow::anyhow;

use crate::report::{ReportError, newest_of, read_folder, write_text};

use super::args::{DEFAULT_OUT, ReportArgs};
use super::conclude::style;
use super::output::to_stdout;
use super::{Exit, Failure, Outcome};

/// Prints what a run's folder holds; the exit code is the verdict's only if that is asked for (O8).
pub fn report(args: &ReportArgs) -> Outcome {
    let summary = read_folder(&args.run).map_err(with_newest)?;
    let folder = args.run.display().to_string();
    to_stdout(
        |out| if args.json { summary.print(&folder, out) } else { write_text(&summary, Some(&folder), style(), out) },
    )?;
    Ok(if args.exit_code { Exit::of_verdict(summary.verdict) } else { Exit::Ready })
}

/// Why there is no report; where the folder is not there at all, the newest run is named.
pub fn with_newest(error: ReportError) -> Failure {
    match (&error, newest_of(Path::new(DEFAULT_OUT))) {
        (ReportError::NoFolder(_), Some((_, newest))) => Failure::usage(anyhow!(
            "{error}\n\nhint: the newest in {DEFAULT_OUT} is shown by\n    scrutinio report {}",
            newest.display()
        )),
        _ => Failure::usage(error),
    }
}
