//! The end of a run: judged, written to its folder, printed.

use std::fs::File;
use std::io::{self, Write};

use anyhow::anyhow;

use crate::judge::{self, Verdict};
use crate::record::{Recording, RunFacts};
use crate::report::{self, Looks, Style, Summary};

use super::args::RunOptions;
use super::folder::Folder;
use super::output::to_stdout;
use super::problems::tell;
use super::until_decided::write_looks;
use super::{Exit, Outcome, ci};

/// Why `quick` without objectives, which has no verdict, has not done what it was asked to.
const NOTHING_RIGHT: &str = "not one answer was right";

/// Judges, prints the end of the run, writes `recording.json`, `summary.json` and `junit.xml`, and tells CI; the exit code is the verdict's.
/// What could be printed was printed, whatever becomes of the files.
pub fn conclude(recording: &Recording, facts: &RunFacts, folder: &Folder, options: &RunOptions) -> Outcome {
    let judgement = judge::judge_run(recording, facts);
    let summary = Summary::with_bounds_of(folder.path(), recording, &judgement, facts);
    let nothing = facts.quick.is_some() && judgement.verdict.is_none() && recording.tally().completed == 0;
    let nothing = nothing.then_some(NOTHING_RIGHT);
    tell_and_keep(&summary, nothing, folder, options, || {
        keep(recording, &summary, nothing, folder).and_then(|junit| ci::write_junit(options, &junit))
    })
}

/// The end of looks at one plan (O17), as that of a run.
pub fn conclude_looks(looks: &Looks, folder: &Folder, options: &RunOptions) -> Outcome {
    let summary = looks.summary().ok_or_else(|| anyhow!("there was no look"))?;
    let junit = report::junit(&summary, None);
    tell_and_keep(&summary, None, folder, options, || {
        let path = folder.path().display();
        write_looks(looks, &summary, folder, &junit).map_err(|error| anyhow!("cannot write in {path}: {error}"))?;
        ci::write_junit(options, &junit)
    })
}

/// Writes what is kept of one look: all of a run but `junit.xml`, which a CI would take for a result.
pub fn keep_look(recording: &Recording, facts: &RunFacts, folder: &Folder) -> anyhow::Result<()> {
    let summary = Summary::with_bounds_of(folder.path(), recording, &judge::judge_run(recording, facts), facts);
    let told = |error: io::Error| anyhow!("cannot write in {}: {error}", folder.path().display());
    folder.write_whole("recording.json", |file| recording.write(file)).map_err(told)?;
    folder.write_whole("summary.json", |file| summary.write(file)).map_err(told)
}

/// Prints the end, has its files written, and tells CI; the exit code is the verdict's.
fn tell_and_keep(
    summary: &Summary,
    nothing: Option<&str>,
    folder: &Folder,
    options: &RunOptions,
    keep: impl FnOnce() -> anyhow::Result<()>,
) -> Outcome {
    let path = folder.path().display().to_string();
    let printed = to_stdout(|out| match options.json {
        true => summary.print(&path, out),
        false => report::write_text(summary, Some(&path), style(), out),
    });
    let verdict = summary.verdict.map_or("none", Verdict::name);
    let unkept = keep().err().map(|error| anyhow!("{error:#}; the verdict is {verdict}"));
    if let Some(error) = &unkept {
        tell(error, false);
    } else {
        printed?;
    }
    let exit = match (&unkept, nothing) {
        (Some(_), _) => Exit::Internal,
        (None, Some(_)) => Exit::NotReady,
        (None, None) => Exit::of_run(summary.ending, summary.verdict),
    };
    let amiss = unkept.map(|error| error.to_string());
    ci::ended(summary, exit, amiss.as_deref().or(nothing));
    Ok(exit)
}

/// Judges a run of which nothing is printed, and writes the files of its folder.
pub fn keep_run(recording: &Recording, facts: &RunFacts, folder: &Folder) -> anyhow::Result<()> {
    let judgement = judge::judge_run(recording, facts);
    let summary = Summary::with_bounds_of(folder.path(), recording, &judgement, facts);
    keep(recording, &summary, None, folder).map(|_| ())
}

/// Writes the recording and what others read of the run to its folder; gives the text of its `junit.xml`.
fn keep(recording: &Recording, summary: &Summary, amiss: Option<&str>, folder: &Folder) -> anyhow::Result<String> {
    let junit = report::junit(summary, amiss);
    let write = |name: &str, write: &dyn Fn(&mut File) -> io::Result<()>| {
        let written = folder.write_whole(name, write);
        written.map_err(|error| anyhow!("cannot write {}/{name}: {error}", folder.path().display()))
    };
    write("recording.json", &|file| recording.write(file))?;
    write("summary.json", &|file| summary.write(file))?;
    write("junit.xml", &|file| file.write_all(junit.as_bytes()))?;
    Ok(junit)
}

/// How standard output may look.
pub fn style() -> Style {
    let terminal = console::Term::stdout();
    Style { colour: console::colors_enabled(), width: usize::from(terminal.size().1).clamp(80, 120) }
}
