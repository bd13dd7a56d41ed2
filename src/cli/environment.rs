//! The twins of options in the environment: what is set and empty is as good as not set, and where one is wrong it is
//! named, as nobody typed the option that the error is about.

use std::ffi::OsString;

use clap::builder::Resettable;
use clap::{Arg, Command};

/// An argument without its variable, if that is empty: CI sets variables to nothing where it has nothing to say.
pub fn without_empty(arg: Arg) -> Arg {
    let empty = arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
    if empty { arg.env(Resettable::Reset) } else { arg }
}

/// What is to be said beside an error: each variable that stands for an option which the error names.
pub fn named_in(error: &str, command: &Command) -> Vec<String> {
    let typed: Vec<OsString> = std::env::args_os().skip(1).collect();
    let is_typed = |arg: &Arg| typed.iter().any(|typed| is_option(&typed.to_string_lossy(), arg));
    let mut notes: Vec<String> = Vec::new();
    for arg in command.get_subcommands().flat_map(Command::get_arguments) {
        let (Some(variable), Some(long)) = (arg.get_env(), arg.get_long()) else { continue };
        let Some(value) = std::env::var_os(variable).filter(|value| !value.is_empty()) else { continue };
        let (variable, value) = (variable.to_string_lossy(), value.to_string_lossy());
        let note = format!("note: {variable}={value} is set in the environment, in place of --{long}");
        if names(error, long) && !is_typed(arg) && !notes.contains(&note) {
            notes.push(note);
        }
    }
    notes
}

/// Whether a text names an option by its long name.
fn names(text: &str, long: &str) -> bool {
    let option = format!("--{long}");
    text.match_indices(&option).any(|(at, _)| {
        let behind = text[at + option.len()..].chars().next();
        behind.is_none_or(|c| !c.is_alphanumeric() && c != '-')
    })
}

/// Whether a word of the command line is this option: `--rate`, `--rate=5`, `-r`, `-r5`.
fn is_option(word: &str, arg: &Arg) -> bool {
    let aliases = || arg.get_all_aliases().unwrap_or_default().into_iter().chain(arg.get_long());
    let shorts = || arg.get_all_short_aliases().unwrap_or_default().into_iter().chain(arg.get_short());
    let long = word.strip_prefix("--").and_then(|word| word.split('=').next());
    let short = word.strip_prefix('-').and_then(|word| word.chars().next());
    long.is_some_and(|long| aliases().any(|known| known == long)) || shorts().any(|known| Some(known) == short)
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn an_option_is_named_by_its_whole_name() {
        assert!(names("error: --scale abc: expected", "scale"));
        assert!(names("invalid value for '--scale <FACTOR>'", "scale"));
        assert!(!names("--tls-cert is missing", "tls"));
        assert!(!names("scale", "scale"));
    }
}
