//! The knobs beside `embedded` in a scenario: all that is wrong with them, told before anything starts.
//!
//! They are options of `scrutinio target`, whose own command line judges them: each alone, so that every wrong one is
//! told, and the others together. A scenario may come from anywhere, so it says less than who types that command: neither
//! where its service listens nor what it writes outside the folder that the run is started in.

use std::path::{Component, Path};

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches};

use crate::scenario::{EmbeddedService, Fault};
use crate::target::TargetError;

use super::args::{Args, Command, TargetArgs};
use super::target::{config, foreign};

/// What is wrong with the knobs of a service, each at its place.
pub fn wrong_knobs(service: EmbeddedService, knobs: &[(String, String)]) -> Vec<Fault> {
    let (mut faults, mut sound) = (Vec::new(), Vec::new());
    for knob in knobs {
        match alone(service, knob) {
            Ok(()) => sound.push(knob.clone()),
            Err(message) => faults.push(fault(Some(&knob.0), message)),
        }
    }
    faults.extend(together(service, &sound));
    faults
}

fn fault(knob: Option<&str>, message: String) -> Fault {
    Fault { path: ["target"].into_iter().chain(knob).map(str::to_owned).collect(), message, hint: None }
}

/// What starts a service with these knobs.
pub fn command_line(service: EmbeddedService, knobs: &[(String, String)]) -> Vec<String> {
    let fixed =
        ["target", "--service", service.name(), "--listen", "127.0.0.1:0", "--until-stdin-ends", "--below-here"];
    let knobs = knobs.iter().map(|(knob, value)| format!("--{}={value}", knob.replace('_', "-")));
    fixed.into_iter().map(str::to_owned).chain(knobs).collect()
}

fn parse(service: EmbeddedService, knobs: &[(String, String)]) -> Result<TargetArgs, clap::Error> {
    let line = [vec!["scrutinio".to_owned()], command_line(service, knobs)].concat();
    // The service's options are those of the scenario, not of the environment of this run.
    let command = Args::command().mut_subcommand("target", |target| target.mut_args(|arg| arg.env(Resettable::Reset)));
    let args = command.try_get_matches_from(line).and_then(|matches| Args::from_arg_matches(&matches))?;
    match args.command {
        Command::Target(args) => Ok(args),
        _ => unreachable!("the line begins with `target`"),
    }
}

/// What is wrong with a knob whatever stands beside it.
fn alone(service: EmbeddedService, knob: &(String, String)) -> Result<(), String> {
    let (name, _) = knob;
    if let Some(why) = of_the_run(name) {
        return Err(format!("`{name}` is no knob of a service that a run starts: {why}"));
    }
    let args = parse(service, std::slice::from_ref(knob)).map_err(|error| refused(service, Some(name), &error))?;
    if let Some((_, owner)) = foreign(&args).first() {
        return Err(format!("`{name}` is a knob of `{owner}`, and means nothing to `{}`", service.name()));
    }
    if args.remote.directory_listen.is_some_and(|address| !address.ip().is_loopback()) {
        return Err("the directory of a run's service listens on this machine alone: `127.0.0.1:3389`".to_owned());
    }
    let Some(path) = args.store.as_deref().or(args.log.as_deref()) else { return Ok(()) };
    if !is_below_here(path) {
        return Err(format!("a scenario's `{name}` is a file below the folder that the run is started in"));
    }
    if let Some(link) = path.ancestors().find(|part| part.is_symlink()) {
        let link = link.display();
        return Err(format!("`{link}` is a symbolic link, and a scenario's `{name}` is written through none"));
    }
    if args.log.is_some() && path.exists() {
        return Err(format!("`{}` is there already, and a log would overwrite it: name a new file", path.display()));
    }
    Ok(())
}

/// Why a scenario does not say what a run, or who types the command, does.
fn of_the_run(knob: &str) -> Option<&'static str> {
    Some(match knob.replace('-', "_").as_str() {
        "tls_cert" | "tls_key" => "it speaks plain HTTP; start `scrutinio target --tls` and name its URL",
        "listen" => "it listens on a free port of this machine",
        "cpus" => "the run divides the cores",
        "compress" => "the scenario's `clock` has it, and divides the service's times too",
        "stations" => "a run sends its requests to one",
        "service" => "`embedded` names it",
        "until_stdin_ends" => "the run ends it",
        "below_here" => "the run sets it",
        _ => return None,
    })
}

/// Whether a path leads nowhere but below the working directory, if no part of it is a symbolic link.
fn is_below_here(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

/// What is wrong with knobs that are sound alone.
fn together(service: EmbeddedService, knobs: &[(String, String)]) -> Vec<Fault> {
    match parse(service, knobs) {
        Ok(args) => {
            config(&args, None).faults().iter().map(|error| fault(knob_about(error), error.to_string())).collect()
        }
        Err(error) => {
            let about = knob_of(&error, ContextKind::InvalidArg);
            let knob = knobs.iter().map(|(knob, _)| knob.as_str()).find(|knob| about == Some(knob.replace('-', "_")));
            vec![fault(knob, refused(service, knob, &error))]
        }
    }
}

/// The knob at which a fault of several is drawn.
fn knob_about(error: &TargetError) -> Option<&'static str> {
    match error {
        TargetError::Shares { .. } => Some("errors"),
        TargetError::Threads(_) => Some("threads"),
        _ => None,
    }
}

/// What the command line says of a knob, in the words of a scenario.
fn refused(service: EmbeddedService, knob: Option<&str>, error: &clap::Error) -> String {
    match (error.kind(), knob, knob_of(error, ContextKind::SuggestedArg)) {
        (ErrorKind::UnknownArgument, Some(knob), meant) => {
            let hint = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
            format!("`embedded: {}` has no knob `{knob}`{hint}", service.name())
        }
        _ => format!("the knobs beside `embedded: {}` are wrong: {}", service.name(), in_a_line(error)),
    }
}

/// The knob that an error is about, as a scenario writes it.
fn knob_of(error: &clap::Error, kind: ContextKind) -> Option<String> {
    let Some(ContextValue::String(option)) = error.get(kind) else { return None };
    // `--drop-connections <DROP>`
    let name = option.split([' ', '=']).next().unwrap_or_default().trim_start_matches('-');
    Some(name.replace('-', "_"))
}

/// What is wrong with a command line that nobody typed: without its usage.
fn in_a_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let about = text.split("\n\nUsage:").next().unwrap_or_default().split("\n\nFor more").next().unwrap_or_default();
    let lines = about.lines().map(|line| line.trim().trim_start_matches("error: ").trim_start_matches("tip: "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_below_the_working_directory_or_is_not() {
        for path in ["target.log", "./logs/target.log"] {
            assert!(is_below_here(Path::new(path)), "{path}");
        }
        for path in ["/tmp/target.log", "../target.log", "logs/../../target.log"] {
            assert!(!is_below_here(Path::new(path)), "{path}");
        }
    }
}
