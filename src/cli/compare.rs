//! `scrutinio compare`: stored runs of two builds, side by side.

use std::path::{Path, PathBuf};

use anyhow::anyhow;

use crate::judge::compare::{
    Comparison, Difference, Limit, Outcome as Gate, StoredRun, compare as compared, other_plans,
};
use crate::judge::judge_run;
use crate::record::blocks;
use crate::report::{comparison_markdown, labelled_in, write_comparison};

use super::compare_args::CompareArgs;
use super::conclude::style;
use super::judge::sound;
use super::output::to_stdout;
use super::{Exit, Failure, Outcome, ci};

/// Compares the runs that are named; the exit code is the gate's, if there is one (O14).
pub fn compare(args: &CompareArgs) -> Outcome {
    let (base, new) = folders(args)?;
    let printed = Printed { json: args.json, markdown: args.markdown };
    told("compare", (&base, &new), &args.max_regression, printed, args.force)
}

/// How a comparison is printed: as JSON, as Markdown, or as text.
#[derive(Clone, Copy)]
pub struct Printed {
    /// As JSON.
    pub json: bool,
    /// As Markdown.
    pub markdown: bool,
}

/// Reads the runs in these folders, compares them, prints what comes of it and tells CI; `command` is whose it is.
pub fn told(
    command: &str,
    (base, new): (&[PathBuf], &[PathBuf]),
    limits: &[Limit],
    printed: Printed,
    force: bool,
) -> Outcome {
    let read = |runs: &[PathBuf]| runs.iter().map(|run| stored(run)).collect::<Result<Vec<_>, _>>();
    let (base, new) = (read(base)?, read(new)?);
    let differ = other_plans(&base, &new);
    if !differ.is_empty() && !force {
        return Err(Failure::usage(refusal(&differ)));
    }
    let comparison = compared(&base, &new, limits).map_err(|limit| Failure::usage(unknown(limit)))?;
    let markdown = comparison_markdown(command, &comparison);
    to_stdout(|out| match printed {
        Printed { json: true, .. } => {
            serde_json::to_writer_pretty(&mut *out, &comparison)?;
            out.write_all(b"\n")
        }
        Printed { markdown: true, .. } => out.write_all(markdown.as_bytes()),
        Printed { .. } => write_comparison(&comparison, style(), out),
    })?;
    ci::summarise(&markdown);
    Ok(exit(&comparison, force))
}

fn exit(comparison: &Comparison, force: bool) -> Exit {
    match comparison.outcome {
        _ if !comparison.invalid.is_empty() && !force => Exit::Invalid,
        None | Some(Gate::NoWorse) => Exit::Ready,
        Some(Gate::Regressed) => Exit::NotReady,
        Some(Gate::Inconclusive) => Exit::Invalid,
    }
}

/// The folders of the base, and those of the new side.
fn folders(args: &CompareArgs) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Failure> {
    if let [base, new] = &*args.runs {
        return Ok((vec![base.clone()], vec![new.clone()]));
    }
    let side = |given: &Vec<PathBuf>, label: Option<&(String, String)>| match label {
        Some(label) => labelled(&args.folder, label),
        None => Ok(given.clone()),
    };
    let (base, new) = (side(&args.base, args.base_label.as_ref())?, side(&args.new, args.new_label.as_ref())?);
    if base.is_empty() || new.is_empty() {
        let typed = "name both sides: `compare BASE NEW`, `compare --base A1 A2 --new B1 B2`, or by --base-label and --new-label";
        return Err(Failure::usage(anyhow!(typed)));
    }
    Ok((base, new))
}

/// The runs of a folder that are called so.
fn labelled(folder: &Path, (key, value): &(String, String)) -> Result<Vec<PathBuf>, Failure> {
    let found = labelled_in(folder, key, value).map_err(Failure::usage)?;
    if found.is_empty() {
        let folder = folder.display();
        return Err(Failure::usage(anyhow!("no run in {folder} has the label {key}={value}")));
    }
    Ok(found)
}

fn stored(run: &Path) -> Result<StoredRun, Failure> {
    let (recording, facts) = sound(run, "compared")?;
    let names: Vec<&str> = recording.catalog.populations.iter().map(|population| &*population.name).collect();
    let folder = run.display().to_string();
    let blocks = blocks(run, &names)
        .map_err(|error| Failure::usage(anyhow!("{folder} cannot be compared\n  intervals.hlog: {error}")))?;
    let verdict = judge_run(&recording, &facts).verdict;
    Ok(StoredRun { folder, recording, facts, blocks, verdict })
}

fn refusal(differ: &[Difference]) -> anyhow::Error {
    let lines = differ.iter().map(|it| format!("\n  {}: {} is {}, and was {}", it.run, it.what, it.has, it.base));
    let hint = "\n\nhint: --force compares them all the same; what it finds may come from the plans";
    anyhow!("these runs ran different plans:{}{hint}", lines.collect::<String>())
}

/// A limit about what the runs do not have.
pub fn unknown(limit: &Limit) -> anyhow::Error {
    anyhow!("--max-regression {}.{}: not every run has such a figure", limit.scope, limit.metric)
}
