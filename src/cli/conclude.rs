//! The end of a run: judged, written to its folder, printed.

use anyhow::Context;

use crate::judge;
use crate::record::{Recording, RunFacts};
use crate::report::{self, Style, Summary};

use super::args::RunOptions;
use super::folder::Folder;
use super::output::to_stdout;
use super::{Exit, Outcome};

/// Judges, writes `summary.json` and prints the end of the run; the exit code is the verdict's.
pub fn conclude(recording: &Recording, facts: &RunFacts, folder: &Folder, options: &RunOptions) -> Outcome {
    let judgement = judge::judge(recording);
    let summary = Summary::new(recording, &judgement, facts);
    summary.write(&mut folder.file("summary.json")?).context("cannot write summary.json")?;
    let path = folder.path().display().to_string();
    to_stdout(|out| match options.json {
        true => summary.write(out),
        false => report::write_text(&summary, Some(&path), style(), out),
    })?;
    Ok(Exit::of_run(recording.end.ending, judgement.verdict))
}

/// How standard output may look.
pub fn style() -> Style {
    let terminal = console::Term::stdout();
    Style { colour: console::colors_enabled(), width: usize::from(terminal.size().1).clamp(80, 120) }
}
