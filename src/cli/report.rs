//! `scrutinio report`: a run again, from its folder.

use crate::report::{read_folder, write_text};

use super::args::ReportArgs;
use super::conclude::style;
use super::output::to_stdout;
use super::{Exit, Failure, Outcome};

/// Prints what a run's folder holds; the exit code is the verdict's only if that is asked for (O8).
pub fn report(args: &ReportArgs) -> Outcome {
    let summary = read_folder(&args.run).map_err(Failure::usage)?;
    let folder = args.run.display().to_string();
    to_stdout(
        |out| if args.json { summary.print(&folder, out) } else { write_text(&summary, Some(&folder), style(), out) },
    )?;
    Ok(if args.exit_code { Exit::of_verdict(summary.verdict) } else { Exit::Ready })
}
