//! `scrutinio duet`: one plan on two builds at the same time, and what it says of them.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use crate::engine::{Load, RunClock, monotonic_nanos};
use crate::judge::compare::unknown_limit;
use crate::record::{DuetFacts, Ending, Recording, RunFacts};
use crate::unit::{NotStarted, STACK_BYTES, Side};

use super::args::OverrideOptions;
use super::compare::{Printed, told, unknown};
use super::conclude::keep_run;
use super::duet_args::DuetArgs;
use super::folder::Folder;
use super::memory::{self, Need};
use super::output::to_stderr;
use super::perform::{HEAD_START, Job};
use super::prepared::{Begun, Machine, Prepared};
use super::progress::Progress;
use super::run::{as_typed, load};
use super::stop::StopSignal;
use super::{Exit, Failure, Outcome};

/// Plays the plan on both builds, writes both folders, and compares them; the exit code is that of `compare` (O14, O18).
pub fn duet(args: &DuetArgs) -> Outcome {
    refuse_what_it_has_not(args)?;
    let machine = Machine::ready()?;
    let id = format!("{:016x}", rand::random::<u64>());
    let (base, new) = (job(args, Side::Base, &id)?, job(args, Side::New, &id)?);
    let mut progress = Progress::new(&base.scenario, base.load, &args.run);
    // What it would say is what the base's says.
    let mut silent = Progress::silent(&new.scenario);
    let room = machine.room / 2;
    let base = Prepared::new(base, &args.run, room, &mut progress)?;
    let new = Prepared::new(new, &args.run, room, &mut silent)?;
    if let Some(limit) = unknown_limit(base.catalog(), &args.max_regression) {
        return Err(Failure::usage(unknown(limit)));
    }
    memory::hold(&[of_both(base.needs().into_iter().chain(new.needs()))])?;
    let (base, new) = (base.reached(&args.run)?, new.reached(&args.run)?);
    let clock = RunClock::starting_at(monotonic_nanos() + 2 * HEAD_START.as_nanos());
    let place = |facts: &RunFacts| Folder::make(&args.run.out, facts);
    let (base, new) = (base.begin(clock, place)?, new.begin(clock, place)?);
    let folders = [&base, &new].map(|run| run.folder.path().to_path_buf());
    let endings = together([base, new], &machine.stop, [&mut progress, &mut silent])?;
    if endings.contains(&Ending::Interrupted) {
        to_stderr(format_args!("stopped: what was measured is in {}\n", named(&folders)));
        return Ok(Exit::Stopped);
    }
    let [base, new] = folders.map(|folder| vec![folder]);
    let printed = Printed { json: args.run.json, markdown: args.markdown };
    told("duet", (&base, &new), &args.max_regression, printed, false)
}

fn named(folders: &[PathBuf; 2]) -> String {
    folders.each_ref().map(|folder| folder.display().to_string()).join(" and ")
}

/// What its options cannot mean.
fn refuse_what_it_has_not(args: &DuetArgs) -> Result<(), Failure> {
    if args.overrides.target.is_some() {
        return Err(Failure::usage(anyhow!("--target: a duet has two, which --base and --new name")));
    }
    if args.run.junit.is_some() {
        let hint = "each of its two folders has its own junit.xml";
        return Err(Failure::usage(anyhow!("--junit: a duet is two runs\n\nhint: {hint}")));
    }
    for (option, url) in [("--base", &args.base), ("--new", &args.new)] {
        if url.trim().starts_with("embedded:") {
            let hint = "`scrutinio target --service knobs` starts one, and says where";
            let refused = anyhow!("{option} {url}: a duet loads services that run already\n\nhint: {hint}");
            return Err(Failure::usage(refused));
        }
    }
    Ok(())
}

/// The run of one side: the scenario with this target in place of its own.
fn job(args: &DuetArgs, side: Side, id: &str) -> Result<Job, Failure> {
    let url = if side == Side::Base { &args.base } else { &args.new };
    refuse_several(&args.scenario, &args.overrides)?;
    let overrides = OverrideOptions { target: Some(url.clone()), ..args.overrides.clone() };
    let checked = load(&args.scenario, &overrides)?;
    Ok(Job {
        scenario: checked.scenario,
        file: args.scenario.to_str().map(str::to_owned),
        text: checked.text,
        overrides: as_typed(&overrides),
        written: Some(checked.written),
        notes: checked.notes,
        gate: false,
        // Half of the sessions prove less than all.
        is_part: true,
        load: Load::Planned,
        quick: None,
        labels: args.run.labels()?,
        duet: Some(DuetFacts { id: id.to_owned(), side }),
        until_decided: None,
        look: None,
        objectives: None,
    })
}

/// A scenario with several targets: only one of them could be another build's, and both builds would share the others.
fn refuse_several(file: &Path, overrides: &OverrideOptions) -> Result<(), Failure> {
    // One that does not stand alone may do so with the target that is named; what else is wrong is told then.
    let Ok(checked) = load(file, overrides) else { return Ok(()) };
    let origins = &checked.scenario.target.origins;
    if origins.len() < 2 {
        return Ok(());
    }
    let names: Vec<&str> = origins.iter().map(|origin| &*origin.name).collect();
    Err(Failure::usage(anyhow!(
        "a duet needs a scenario with one target, which --base and --new replace, and {} has several: {}\n\n\
         hint: run each build with --set targets.{}=URL, several times in turn, and `scrutinio compare` the runs",
        file.display(),
        names.join(", "),
        names[0],
    )))
}

/// What both take in one process.
fn of_both(needs: impl Iterator<Item = Need>) -> Need {
    needs.fold(Need { who: "the duet", bytes: 0, threads: 0 }, |sum, need| Need {
        bytes: sum.bytes.saturating_add(need.bytes),
        threads: sum.threads + need.threads,
        ..sum
    })
}

/// Runs both sides to their ends and keeps what they measured, whatever becomes of the other.
fn together(runs: [Begun; 2], stop: &StopSignal, progress: [&mut Progress; 2]) -> Result<[Ending; 2], Failure> {
    let ([base, new], [of_base, of_new]) = (runs, progress);
    let (base, new) = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("new side".to_owned()).stack_size(STACK_BYTES);
        let new = thread.spawn_scoped(scope, || kept(new, stop, of_new)).map_err(NotStarted::of("a thread"))?;
        let base = kept(base, stop, of_base);
        Ok::<_, Failure>((base, new.join().map_err(|_| anyhow!("the new side panicked"))?))
    })?;
    Ok([base?, new?])
}

fn kept(mut run: Begun, stop: &StopSignal, progress: &mut Progress) -> Result<Ending, Failure> {
    let recording: Recording = run.go(stop, progress)?;
    keep_run(&recording, &run.facts, &run.folder).context("a side of the duet could not be kept")?;
    Ok(recording.end.ending)
}
