//! The command line: it calls each room once, in order, and is the only place that prints or exits.
//!
//! There is one file per command. `perform` is what `run` and `quick` share: it divides the `cores`, lets `collect` run
//! the lanes, and `conclude` judge and print. Exit codes are O8 (docs/rules.md), decided only in [`main`].

mod args;
mod around;
mod calibrate;
mod calibration;
mod check;
mod ci;
mod collect;
mod command_line;
mod compare;
mod compare_args;
mod completions;
mod conclude;
mod cores;
mod duet;
mod duet_args;
mod embedded;
mod environment;
mod exit_codes;
mod folder;
mod host;
mod judge;
mod knobs;
mod memory;
mod one_session;
mod others;
mod output;
mod perform;
mod place;
mod prepared;
mod problems;
mod progress;
mod proof;
mod quick;
mod quick_args;
mod reach;
mod remote_args;
mod report;
mod run;
mod schema;
mod seen;
mod selftest;
mod shorten;
mod stop;
mod target;
mod tls;
mod try_session;
mod typed;
mod until_decided;
mod wall_clock;

use std::process::ExitCode;

use crate::judge::Verdict;
use crate::record::Ending;

use args::Command;

/// How a command ends: an exit code of O8, or an error with the one it means.
type Outcome = Result<Exit, Failure>;

/// The exit codes (O8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Exit {
    /// READY, or all went well.
    Ready = 0,
    /// NOT READY.
    NotReady = 1,
    /// The command line or the scenario is wrong.
    Usage = 2,
    /// INVALID.
    Invalid = 3,
    /// A target cannot be reached before the start, or is not allowed.
    Target = 4,
    /// Our own fault, or the machine's.
    Internal = 5,
    /// Stopped by a signal.
    Stopped = 130,
}

impl Exit {
    /// The code of a run that ended so, with this verdict.
    const fn of_run(ending: Ending, verdict: Option<Verdict>) -> Self {
        match ending {
            Ending::Interrupted => Self::Stopped,
            _ => Self::of_verdict(verdict),
        }
    }

    /// The code of a verdict.
    const fn of_verdict(verdict: Option<Verdict>) -> Self {
        match verdict {
            None | Some(Verdict::Ready) => Self::Ready,
            Some(Verdict::NotReady) => Self::NotReady,
            Some(Verdict::Invalid) => Self::Invalid,
        }
    }
}

/// An error, and the exit code that it means.
#[derive(Debug)]
struct Failure {
    exit: Exit,
    error: anyhow::Error,
}

impl Failure {
    fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Usage, error: error.into() }
    }

    fn target(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Target, error: error.into() }
    }
}

/// An error that nothing else classifies is an internal one (5).
impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { exit: Exit::Internal, error: error.into() }
    }
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let args = match command_line::parsed() {
        Ok(args) => args,
        Err(error) => {
            // clap's own code for its errors is 2, as ours; help and version are 0. A broken pipe is nobody's fault.
            let _ = error.print();
            if error.use_stderr() {
                problems::tell_typed(&error);
            }
            return ExitCode::from(error.exit_code() as u8);
        }
    };
    stop::outlive_full_files();
    match done(&args.command) {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(Failure { exit, error }) => {
            problems::tell(&error, exit == Exit::Usage);
            if args.command.prints_json() {
                problems::print(&error);
            }
            if let Some(options) = args.command.run_options() {
                ci::failed(&problems::told(&error), exit, options);
            }
            ExitCode::from(exit as u8)
        }
    }
}

/// Does what was typed.
fn done(command: &Command) -> Outcome {
    if let Some(options) = command.run_options() {
        ci::begun(options)?;
    }
    match command {
        Command::Run(args) => run::run(args),
        Command::Quick(args) => quick::quick(args),
        Command::Check(args) => check::check(args),
        Command::Calibrate(args) => calibrate::calibrate(args),
        Command::Selftest(args) => selftest::selftest(args),
        Command::Try(args) => try_session::try_session(args),
        Command::Report(args) => report::report(args),
        Command::Judge(args) => judge::judge(args),
        Command::Compare(args) => compare::compare(args),
        Command::Duet(args) => duet::duet(args),
        Command::Target(args) => target::target(args),
        Command::Schema => schema::schema(),
        Command::Completions(args) => completions::completions(args),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_with_the_code_of_its_verdict_unless_it_was_stopped() {
        let verdicts = [None, Some(Verdict::Ready), Some(Verdict::NotReady), Some(Verdict::Invalid)];
        assert_eq!(verdicts.map(|verdict| Exit::of_run(Ending::Finished, verdict) as u8), [0, 0, 1, 3]);
        assert_eq!(verdicts.map(|verdict| Exit::of_run(Ending::Interrupted, verdict) as u8), [130; 4]);
    }
}
