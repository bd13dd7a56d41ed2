//! `scrutinio completions`: what a shell completes.

use clap::CommandFactory;

use super::args::{Args, CompletionsArgs};
use super::output::to_stdout;
use super::{Exit, Outcome};

/// Prints the shell's script.
pub fn completions(args: &CompletionsArgs) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "scrutinio", &mut script);
    to_stdout(|out| out.write_all(&script))?;
    Ok(Exit::Ready)
}
