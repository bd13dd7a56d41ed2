//! The command line as it is read: switches from the environment, help that is short behind `-h`, and a hint where a file
//! was typed in place of a command.

use std::path::Path;

use clap::builder::BoolishValueParser;
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Command, CommandFactory, FromArgMatches};

use crate::scenario::nearest;

use super::args::Args;
use super::environment;

/// The arguments, with what the environment gives in their place.
pub fn parsed() -> Result<Args, clap::Error> {
    let short = std::env::args_os().any(|arg| arg == "-h");
    let command = Args::command().mut_subcommands(|command| shaped(command, short));
    command.try_get_matches().and_then(|matches| Args::from_arg_matches(&matches))
}

/// A command with its options as they are read, and as they are shown: `-h` leaves out what stands under a heading, and
/// the variables.
fn shaped(command: Command, short: bool) -> Command {
    let rare = |arg: &Arg| arg.get_help_heading().is_some();
    let has_more = command.get_arguments().any(rare);
    let command = command.mut_args(|arg| {
        let arg = environment::without_empty(boolish(arg));
        let hidden = arg.is_hide_set() || (short && rare(&arg));
        arg.hide(hidden).hide_env(short).hide_env_values(true)
    });
    match short && has_more {
        true => command.after_help("`--help` has all options, with their variables, and the exit codes"),
        false => command,
    }
}

/// A switch set in the environment is 1 as often as true, of which clap alone takes only the latter.
fn boolish(arg: Arg) -> Arg {
    match arg.get_action() {
        ArgAction::SetTrue => arg.value_parser(BoolishValueParser::new()),
        _ => arg,
    }
}

/// The command that was meant, if what stands in its place is nearly its name or what a command takes.
pub fn meant(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    let path = Path::new(word);
    let extension = path.extension().and_then(|extension| extension.to_str());
    let command = match extension {
        Some("yaml" | "yml") => "run",
        _ if path.join("run.json").exists() => "report",
        _ if word.contains("://") || word.starts_with("unix:") => "quick",
        // Where clap knows a similar one, it has said so.
        _ if error.get(ContextKind::SuggestedSubcommand).is_none() => {
            let known = Args::command();
            let meant = nearest(word, known.get_subcommands().map(Command::get_name))?;
            return Some(format!("scrutinio {meant}"));
        }
        _ => return None,
    };
    Some(format!("scrutinio {command} {word}"))
}
