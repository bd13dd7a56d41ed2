//! `scrutinio run`: a scenario, as planned, to a verdict.

use std::path::Path;

use crate::engine::Load;
use crate::scenario::{self, Checked, Overrides};

use super::args::{OverrideOptions, RunArgs};
use super::knobs::wrong_knobs;
use super::perform::{Job, perform};
use super::{Failure, Outcome};

/// Runs the scenario.
pub fn run(args: &RunArgs) -> Outcome {
    let checked = load(&args.scenario, &args.overrides)?;
    let job = Job {
        scenario: checked.scenario,
        // One that is no text cannot be told in a file of text.
        file: args.scenario.to_str().map(str::to_owned),
        text: checked.text,
        overrides: as_typed(&args.overrides),
        written: Some(checked.written),
        notes: checked.notes,
        gate: args.gate,
        is_part: is_part(&args.overrides),
        load: Load::Planned,
        quick: None,
        labels: args.run.labels()?,
        duet: None,
        until_decided: args.until_decided,
        look: None,
        objectives: None,
    };
    perform(job, &args.run)
}

/// The scenario of a file, as the command line changes it.
pub fn load(file: &Path, options: &OverrideOptions) -> Result<Checked, Failure> {
    let mut checked = scenario::load(file, &overrides(options)).map_err(Failure::usage)?;
    options.tls.apply(&mut checked.scenario).map_err(Failure::usage)?;
    if let Some((service, knobs)) = &checked.scenario.target.embedded {
        let faults = wrong_knobs(*service, knobs);
        if !faults.is_empty() {
            return Err(Failure::usage(checked.written.refuse(faults)));
        }
    }
    Ok(checked)
}

/// Whether what runs is not the file's whole day at its own size (P9).
pub fn is_part(options: &OverrideOptions) -> bool {
    options.window.is_some() || options.scale.is_some()
}

fn overrides(options: &OverrideOptions) -> Overrides {
    Overrides {
        scale: options.scale.clone(),
        compress: options.compress.clone(),
        duration: options.duration.clone(),
        window: options.window.clone(),
        seed: options.seed.clone(),
        target: options.target.clone(),
        set: options.set.clone(),
    }
}

/// The options, as on the command line.
pub fn as_typed(options: &OverrideOptions) -> Vec<String> {
    let single = [
        ("--scale", &options.scale),
        ("--compress", &options.compress),
        ("--duration", &options.duration),
        ("--window", &options.window),
        ("--seed", &options.seed),
        ("--target", &options.target),
    ];
    let given = single.into_iter().filter_map(|(name, value)| value.as_ref().map(|value| format!("{name} {value}")));
    given.chain(options.set.iter().map(|set| format!("--set {set}"))).chain(options.tls.typed()).collect()
}
