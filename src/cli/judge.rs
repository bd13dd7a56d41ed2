//! `scrutinio judge`: a stored run's verdict again, by its own objectives or by others, without traffic.

use std::path::Path;

use anyhow::anyhow;

use crate::judge::{Again, Judgement, gated, judge_again, judge_run};
use crate::record::{Damage, Recording, RunFacts};
use crate::report::{Looks, Summary, load_folder, load_looks, look_in, write_text};
use crate::scenario::{self, PlacedProblem};
use crate::unit::quoted;

use super::args::JudgeArgs;
use super::conclude::style;
use super::output::to_stdout;
use super::report::with_newest;
use super::{Exit, Failure, Outcome};

/// Judges what a run's folder holds; the exit code is the verdict's (O8).
pub fn judge(args: &JudgeArgs) -> Outcome {
    if let Some(looks) = load_looks(&args.run).map_err(Failure::usage)? {
        return judge_again_looks(args, &looks);
    }
    let (recording, facts) = sound(&args.run, "judged")?;
    let (recording, judgement, facts) = match &args.slo {
        Some(file) => asked(file, recording, facts)?,
        None => {
            let judgement = judge_run(&recording, &facts);
            (recording, judgement, facts)
        }
    };
    let summary = Summary::with_bounds_of(&args.run, &recording, &judgement, &facts);
    let folder = args.run.display().to_string();
    to_stdout(
        |out| if args.json { summary.print(&folder, out) } else { write_text(&summary, Some(&folder), style(), out) },
    )?;
    Ok(Exit::of_verdict(judgement.verdict))
}

/// Judges what a folder of looks holds (O17), by the objectives of its looks.
fn judge_again_looks(args: &JudgeArgs, looks: &Looks) -> Outcome {
    let folder = args.run.display().to_string();
    if args.slo.is_some() {
        return Err(Failure::usage(anyhow!(
            "{folder} has looks at a plan, and other objectives are asked of one run\n\nhint: name one of its looks\n    \
             scrutinio judge {} --slo …",
            quoted(look_in(&args.run, 1).display().to_string())
        )));
    }
    let damage: Vec<Damage> = looks.recordings.iter().flat_map(Recording::unfit).collect();
    if !damage.is_empty() {
        return Err(Failure::usage(Unfit { folder, used: "judged", damage }));
    }
    let summary = looks.summary().ok_or_else(|| anyhow!("{folder} has no look"))?;
    to_stdout(
        |out| if args.json { summary.print(&folder, out) } else { write_text(&summary, Some(&folder), style(), out) },
    )?;
    Ok(Exit::of_verdict(summary.verdict))
}

/// A stored run, if nothing keeps it from being so used: `judged`.
pub fn sound(run: &Path, used: &'static str) -> Result<(Recording, RunFacts), Failure> {
    let (recording, facts) = load_folder(run).map_err(with_newest)?;
    let (folder, damage) = (run.display().to_string(), recording.unfit());
    if damage.is_empty() { Ok((recording, facts)) } else { Err(Failure::usage(Unfit { folder, used, damage })) }
}

/// The run, judged by the lines of a file.
fn asked(file: &Path, recording: Recording, facts: RunFacts) -> Result<(Recording, Judgement, RunFacts), Failure> {
    let clock = facts.scenario_clock();
    let lines = scenario::asked(file, clock.as_ref()).map_err(Failure::usage)?;
    let Again { recording, judgement } = judge_again(recording, clock.as_ref(), &lines, &run_again(&facts));
    let judgement = if facts.gate { gated(judgement, &recording) } else { judgement };
    let facts = RunFacts { objectives_left_out: recording.catalog.left_out.clone(), ..facts };
    Ok((recording, judgement, facts))
}

/// The command that runs it again.
fn run_again(facts: &RunFacts) -> String {
    match (&facts.file, &facts.quick) {
        (Some(file), _) => {
            // An option and its value are one text, of which the option has no space.
            let words = facts.overrides.iter().map(|given| match given.split_once(' ') {
                Some((option, value)) => format!(" {option} {}", quoted(value)),
                None => format!(" {given}"),
            });
            format!("scrutinio run {}{}", quoted(file), words.collect::<String>())
        }
        (None, Some(quick)) => format!("scrutinio quick {} --slo …", quoted(&quick.url)),
        (None, None) => "scrutinio run".to_owned(),
    }
}

/// Why a folder cannot be judged, or compared.
#[derive(Debug)]
pub struct Unfit {
    folder: String,
    used: &'static str,
    damage: Vec<Damage>,
}

impl Unfit {
    /// What is wrong, for programs.
    pub fn placed(&self) -> Vec<PlacedProblem> {
        let problem = |damage: &Damage| PlacedProblem {
            message: damage.to_string(),
            file: Some(format!("{}/{}", self.folder, damage.file)),
            line: damage.line.and_then(|line| usize::try_from(line).ok()),
            column: None,
            help: Some(self.hint()),
        };
        self.damage.iter().map(problem).collect()
    }

    fn hint(&self) -> String {
        format!("what can be read is shown by\n    scrutinio report {}", quoted(&self.folder))
    }
}

impl std::error::Error for Unfit {}

impl std::fmt::Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} cannot be {}", self.folder, self.used)?;
        self.damage.iter().try_for_each(|damage| write!(f, "\n  {damage}"))?;
        write!(f, "\n\nhint: {}", self.hint())
    }
}
