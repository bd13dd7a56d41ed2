//! The end of a run: judged, written to its folder, printed.

use anyhow::anyhow;

use crate::judge::{self, Verdict};
use crate::record::{Recording, RunFacts, blocks};
use crate::report::{self, Style, Summary};

use super::args::RunOptions;
use super::folder::Folder;
use super::output::to_stdout;
use super::problems::tell;
use super::{Exit, Outcome};

/// Judges, prints the end of the run and writes `summary.json`; the exit code is the verdict's. What could be printed was
/// printed, whatever becomes of the file.
pub fn conclude(recording: &Recording, facts: &RunFacts, folder: &Folder, options: &RunOptions) -> Outcome {
    let judgement = judge::judge(recording);
    let summary = Summary::new(recording, &judgement, facts);
    // What cannot be read again leaves the quantiles without bounds, and the run as it is.
    let names: Vec<&str> = recording.catalog.populations.iter().map(|population| &*population.name).collect();
    let summary = match blocks(folder.path(), &names) {
        Ok(blocks) => summary.with_bounds(recording, &blocks),
        Err(_) => summary,
    };
    let path = folder.path().display().to_string();
    let printed = to_stdout(|out| match options.json {
        true => summary.print(&path, out),
        false => report::write_text(&summary, Some(&path), style(), out),
    });
    if let Err(error) = folder.write_whole("summary.json", |file| summary.write(file)) {
        let verdict = judgement.verdict.map_or("none", Verdict::name);
        tell(&anyhow!("cannot write {path}/summary.json: {error}; the verdict is {verdict}"), false);
        return Ok(Exit::Internal);
    }
    printed?;
    let exit = Exit::of_run(recording.end.ending, judgement.verdict);
    // `quick` without objectives has no verdict, and still has not done what it was asked to where nothing answered.
    let nothing = facts.quick.is_some() && judgement.verdict.is_none() && recording.tally().completed == 0;
    Ok(if nothing { Exit::NotReady } else { exit })
}

/// How standard output may look.
pub fn style() -> Style {
    let terminal = console::Term::stdout();
    Style { colour: console::colors_enabled(), width: usize::from(terminal.size().1).clamp(80, 120) }
}
