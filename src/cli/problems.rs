//! What is wrong, told to people on standard error, and with `--json` to programs on standard output too.

use std::io::{self, Write};

use clap::CommandFactory;
use serde::Serialize;

use crate::scenario::{HINT, LoadError, PlacedProblem};

use super::args::Args;
use super::judge::Unfit;
use super::output::{to_stderr, to_stdout};
use super::{ci, command_line, environment};

/// What `--json` prints where there is nothing else to print.
#[derive(Serialize)]
struct Printed {
    problems: Vec<PlacedProblem>,
}

/// What `--json` prints where something was found that has problems.
#[derive(Serialize)]
struct Beside<'a, T> {
    #[serde(flatten)]
    found: &'a T,
    problems: Vec<PlacedProblem>,
}

/// Tells people of an error. `of_usage`: of something that was typed, or set in its place.
pub fn tell(error: &anyhow::Error, of_usage: bool) {
    let plain = told(error);
    to_stderr(format_args!("{}\n", drawn(error, &plain)));
    ci::show(&placed(error));
    if of_usage {
        name_variables(&plain);
    }
}

/// Tells of a command line that cannot be read what clap, which has printed its error, does not know.
pub fn tell_typed(error: &clap::Error) {
    let text = error.to_string();
    let meant = command_line::meant(error).map(|command| format!("did you mean `{command}`?"));
    if let Some(meant) = &meant {
        to_stderr(format_args!("hint: {meant}\n"));
    }
    name_variables(&text);
    if std::env::args_os().any(|arg| arg == "--json") {
        let first = text.split("\n\n").next().unwrap_or_default();
        let message = first.strip_prefix("error: ").unwrap_or(first).to_owned();
        // What clap knows to be similar stands behind the error, on a line of its own.
        let tip = || text.lines().find_map(|line| line.trim_start().strip_prefix("tip: ")).map(str::to_owned);
        print_all(vec![PlacedProblem { message, file: None, line: None, column: None, help: meant.or_else(tip) }]);
    }
}

/// Prints an error as JSON.
pub fn print(error: &anyhow::Error) {
    print_all(placed(error));
}

/// Writes what was found, with an error of it beside.
pub fn write_beside<T: Serialize>(found: &T, error: &anyhow::Error, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &Beside { found, problems: placed(error) })?;
    out.write_all(b"\n")
}

fn placed(error: &anyhow::Error) -> Vec<PlacedProblem> {
    if let Some(error) = error.downcast_ref::<LoadError>() {
        return error.placed();
    }
    if let Some(error) = error.downcast_ref::<Unfit>() {
        return error.placed();
    }
    let told = told(error);
    let (message, help) = told.split_once(HINT).map_or((&*told, None), |(what, hint)| (what, Some(hint)));
    let (message, help) = (message.to_owned(), help.map(str::to_owned));
    vec![PlacedProblem { message, file: None, line: None, column: None, help }]
}

fn print_all(problems: Vec<PlacedProblem>) {
    let printed = to_stdout(|out| {
        serde_json::to_writer_pretty(&mut *out, &Printed { problems })?;
        out.write_all(b"\n")
    });
    if let Err(error) = printed {
        to_stderr(format_args!("error: cannot print the problems: {error}\n"));
    }
}

/// An error as standard error shows it, `plain` being its words.
fn drawn(error: &anyhow::Error, plain: &str) -> String {
    match (error.downcast_ref(), console::colors_enabled_stderr()) {
        // A scenario's problems come drawn, each under an `error:` of its own.
        (Some(LoadError::Problems(problems)), styled) => problems.render(styled),
        (_, true) => format!("{} {plain}", console::style("error:").red().bold().force_styling(true)),
        (_, false) => format!("error: {plain}"),
    }
}

/// Names the variables that an error is about.
fn name_variables(error: &str) {
    for note in environment::named_in(error, &Args::command()) {
        to_stderr(format_args!("{note}\n"));
    }
}

/// An error with its causes, each once: many name their cause in their own words already.
pub fn told(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_once() {
        let cause = std::io::Error::other("disk gone");
        let named = anyhow::Error::new(cause).context("cannot write x: disk gone").context("cannot begin");
        assert_eq!(told(&named), "cannot begin: cannot write x: disk gone");
    }
}
