//! What CI is told beside the exit code: the file of `--junit`, and on GitHub a step's summary, its outputs and annotations.
//! The one place that reads the variables of GitHub. What GitHub cannot be told decides nothing.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use anyhow::Context;

use crate::judge::Verdict;
use crate::report::{self, Summary};
use crate::scenario::PlacedProblem;

use super::Exit;
use super::args::RunOptions;
use super::output::to_stderr;

/// Before the run: the file of `--junit` says that there is no result yet, whatever an earlier run left there.
pub fn begun(options: &RunOptions) -> anyhow::Result<()> {
    write_junit(options, &report::junit_of_error("the run came to no result: it was killed, or is still under way"))
}

/// Behind the run. `amiss`: why the command does not end well, where neither verdict nor reasons say it.
pub fn ended(summary: &Summary, exit: Exit, amiss: Option<&str>) {
    let p99 = &summary.latency_us.response;
    // As in timeline.csv.
    let none = if p99.count > 0 { "failed" } else { "" };
    let p99 = p99.p99.map_or(none.to_owned(), |us| us.to_string());
    set_outputs(summary.verdict, exit, &p99);
    append("GITHUB_STEP_SUMMARY", &report::markdown(summary, amiss));
    // A file that cannot be written was told as an error.
    if !matches!(exit, Exit::Ready | Exit::Internal) {
        let reason = summary.reasons.first().map(|reason| format!("{}\n{}", reason.told.seen, reason.told.cure));
        let verdict = summary.verdict.map_or("", Verdict::name);
        annotate(&format!("{verdict}\n{}", reason.or(amiss.map(str::to_owned)).unwrap_or_default()), None);
    }
}

/// Appends to the summary of the step what two builds were found to differ in.
pub fn summarise(markdown: &str) {
    append("GITHUB_STEP_SUMMARY", markdown);
}

/// Where the command came to no result; `error` in words.
pub fn failed(error: &str, exit: Exit, options: &RunOptions) {
    set_outputs(None, exit, "");
    append("GITHUB_STEP_SUMMARY", &report::markdown_of_error(exit as u8, error));
    // If it cannot be written, it says since the beginning that there is no result.
    let _ = write_junit(options, &report::junit_of_error(error));
}

/// Has GitHub show problems at their places.
pub fn show(problems: &[PlacedProblem]) {
    for PlacedProblem { message, file, line, column, help } in problems {
        let help = help.as_ref().map_or(String::new(), |help| format!("\nhelp: {help}"));
        let place = file.as_deref().zip(*line).map(|(file, line)| (file, line, column.unwrap_or(1)));
        annotate(&format!("{message}{help}"), place);
    }
}

/// Writes the file of `--junit`, if it was asked for, and the folders that it is in.
pub fn write_junit(options: &RunOptions, text: &str) -> anyhow::Result<()> {
    let Some(file) = &options.junit else { return Ok(()) };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let written = folder.map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(file, text));
    written.with_context(|| format!("cannot write {}", file.display()))
}

fn set_outputs(verdict: Option<Verdict>, exit: Exit, p99_us: &str) {
    let verdict = verdict.map_or("none", Verdict::name);
    append("GITHUB_OUTPUT", &format!("verdict={verdict}\nexit_code={}\np99_us={p99_us}\n", exit as u8));
}

/// Appends to the file that a variable names: other commands of the step write there too.
fn append(variable: &str, text: &str) {
    let Some(file) = set(variable) else { return };
    let open = OpenOptions::new().append(true).create(true).open(&file);
    if let Err(error) = open.and_then(|mut file| file.write_all(text.as_bytes())) {
        to_stderr(format_args!("note: cannot append to {variable}={}: {error}\n", Path::new(&file).display()));
    }
}

/// A line that GitHub reads as an annotation, at a place of a file if there is one; elsewhere nothing. It goes to standard
/// error, which GitHub reads too: standard output may be JSON.
fn annotate(message: &str, place: Option<(&str, usize, usize)>) {
    if set("GITHUB_ACTIONS").is_none_or(|value| value != "true") {
        return;
    }
    let message = data(message.trim());
    let place = place.map_or(String::new(), |(file, line, column)| {
        format!(" file={},line={line},col={column}", property(&in_repository(file)))
    });
    to_stderr(format_args!("::error{place}::{message}\n"));
}

/// A file as GitHub names it, from the root of the repository, whichever folder the step works in.
fn in_repository(file: &str) -> String {
    let root = set("GITHUB_WORKSPACE").and_then(|root| fs::canonicalize(root).ok());
    let whole = fs::canonicalize(file).ok();
    let inside = root.zip(whole).and_then(|(root, whole)| Some(whole.strip_prefix(root).ok()?.display().to_string()));
    inside.unwrap_or_else(|| file.to_owned())
}

/// A variable; what is set to nothing is not set.
fn set(variable: &str) -> Option<OsString> {
    std::env::var_os(variable).filter(|value| !value.is_empty())
}

/// Text behind the colons of a workflow command, as GitHub has it escaped.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a workflow command, as GitHub has it escaped.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
