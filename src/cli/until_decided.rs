//! `run --until-decided`: further looks at a plan, with other seeds, until all of them together decide (O17).
//!
//! The folder of a run is then one of looks: `looks/1` … are whole runs, and what is pooled of them stands beside.

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, anyhow};

use crate::engine::monotonic_nanos;
use crate::judge::{self, Judgement, another_may_decide};
use crate::record::{Ending, NoMoreLooks, Objectives, Recording, RunFacts};
use crate::report::{Looks, ReasonSummary, Summary, look_in};
use crate::scenario::Scenario;
use crate::unit::{STACK_BYTES, Span};

use super::args::RunOptions;
use super::conclude::{conclude_looks, keep_look};
use super::folder::Folder;
use super::output::to_stderr;
use super::perform::{Ended, Job, once};
use super::prepared::Machine;
use super::{Exit, Failure, Outcome};

/// Takes looks until they decide, there is no time for another, or there were as many as there may be; the exit code is
/// that of their verdict.
pub fn until_decided(mut job: Job, within: Span, options: &RunOptions) -> Outcome {
    let machine = Machine::ready()?;
    let (first_seed, typed) = (job.scenario.seed, job.overrides.clone());
    let began = monotonic_nanos();
    let since = |then: u64| Span::from_nanos(monotonic_nanos().saturating_sub(then));
    let mut taken: Option<(Looks, Folder)> = None;
    let mut longest = Span::ZERO;
    loop {
        let (this_began, number) = (monotonic_nanos(), taken.as_ref().map_or(1, |(looks, _)| looks.end.looks + 1));
        (job.look, job.scenario.seed) = (Some(number), first_seed.wrapping_add(number - 1));
        job.overrides = with_seed(&typed, (number > 1).then_some(job.scenario.seed));
        let look = look(&job, options, &machine, within, &mut taken);
        let (looks, folder) = match (taken.as_mut(), &look) {
            (Some((looks, folder)), _) => (looks, folder),
            (None, _) => return look.map(|_| Exit::Internal),
        };
        let Ended { recording, facts, folder: own, objectives } =
            look.map_err(|error| broke_off(error, number, folder.path()))?;
        keep_look(&recording, &facts, &own)?;
        job.objectives = Some(objectives);
        looks.add(recording, facts.seed);
        longest = longest.max(since(this_began));
        let (pooled, judgement) = looks.judged().ok_or_else(|| anyhow!("a look is pooled"))?;
        let time_is_up = since(began).saturating_add(longest) > within;
        let because = no_more(&judgement, &pooled, number, time_is_up, machine.stop.was_stopped());
        if let Some(because) = because {
            looks.end.because = because;
            if because == NoMoreLooks::Interrupted {
                looks.end.ending = Ending::Interrupted;
            }
            return conclude_looks(looks, folder, options);
        }
        if !options.quiet {
            to_stderr(format_args!("{}\n", told(&judgement, number, first_seed.wrapping_add(number))));
        }
    }
}

/// One look, in a thread of its own: the one that gathers goes last on its core, and so would the lanes of the next look,
/// which it would start.
fn look(
    job: &Job,
    options: &RunOptions,
    machine: &Machine,
    within: Span,
    taken: &mut Option<(Looks, Folder)>,
) -> Result<Ended, Failure> {
    let place = |facts: &RunFacts| -> anyhow::Result<Folder> {
        if taken.is_none() {
            let all = RunFacts { until_decided_ns: Some(within.as_nanos()), look: None, ..facts.clone() };
            *taken = Some((Looks::begun(all.clone()), Folder::make(&options.out, &all)?));
        }
        let number = facts.look.unwrap_or(1);
        let path = taken.as_ref().map(|(_, folder)| look_in(folder.path(), number)).unwrap_or_default();
        Folder::make_at(&path, facts)
    };
    let thread = std::thread::Builder::new().name("look".to_owned()).stack_size(STACK_BYTES);
    std::thread::scope(|scope| {
        let look = thread.spawn_scoped(scope, || once(job.clone(), options, machine, place));
        look.context("cannot start the thread of a look")?.join().map_err(|_| anyhow!("a look panicked"))?
    })
}

/// Refuses what there is nothing to decide about, or no time for a single look.
pub fn refuse(within: Span, scenario: &Scenario, objectives: &Objectives) -> Result<(), Failure> {
    let (from, to) = scenario.clock.window;
    let length = scenario.clock.span(to - from);
    let why = match objectives.left_out.len() {
        _ if !objectives.judged.is_empty() && length <= within => return Ok(()),
        _ if !objectives.judged.is_empty() => format!(
            "one look takes {length}, and there is no time for it within {within}\n\nhint: looks are whole runs; give time \
             for up to {} of them, or run a shorter window",
            judge::LOOKS
        ),
        0 => "the scenario has no objective, so that there is nothing to decide\n\nhint: say in `slo` what must hold"
            .to_owned(),
        n => format!(
            "none of the {n} objectives can be proven by the part of the day that runs, so that there is nothing to \
             decide\n\nhint: `scrutinio check` says how many requests each of them needs"
        ),
    };
    Err(Failure::usage(anyhow!("--until-decided: {why}")))
}

/// What was changed on the command line, with another seed.
fn with_seed(typed: &[String], seed: Option<u64>) -> Vec<String> {
    let Some(seed) = seed else { return typed.to_vec() };
    let others = typed.iter().filter(|given| !given.starts_with("--seed ")).cloned();
    others.chain([format!("--seed {seed}")]).collect()
}

/// Why there is no further look; `None`: there is one.
fn no_more(
    judgement: &Judgement,
    pooled: &Recording,
    looks: u64,
    time_is_up: bool,
    stopped: bool,
) -> Option<NoMoreLooks> {
    let is_decided = judgement.verdict.is_some_and(|verdict| verdict != judge::Verdict::Invalid);
    match () {
        () if stopped || pooled.end.ending == Ending::Interrupted => Some(NoMoreLooks::Interrupted),
        () if is_decided => Some(NoMoreLooks::Decided),
        () if !another_may_decide(judgement, pooled) => Some(NoMoreLooks::NoHelp),
        () if looks >= judge::LOOKS => Some(NoMoreLooks::Most),
        () if time_is_up => Some(NoMoreLooks::NoTime),
        () => None,
    }
}

/// `look 1 of at most 3 leaves it open: overall p99 < 300ms: …; look 2 has seed 8`.
fn told(judgement: &Judgement, number: u64, next_seed: u64) -> String {
    let seen = judgement.reasons.first().map_or(String::new(), |reason| ReasonSummary::from(reason).told.seen);
    format!(
        "look {number} of at most {} leaves it open: {seen}; look {} has seed {next_seed}",
        judge::LOOKS,
        number + 1
    )
}

/// A look that could not be made, behind those that were: what they measured stays, and no exit code says that nothing was
/// sent.
fn broke_off(failure: Failure, number: u64, folder: &Path) -> Failure {
    let shown = format!("look {number} broke off; `scrutinio report {}` shows the looks before it", folder.display());
    if number == 1 { failure } else { Failure { exit: Exit::Internal, error: failure.error.context(shown) } }
}

/// Writes the summary of all looks, and how they ended.
pub fn write_looks(looks: &Looks, summary: &Summary, folder: &Folder, junit: &str) -> io::Result<()> {
    folder.write_whole("summary.json", |file| summary.write(file))?;
    folder.write_whole("junit.xml", |file| file.write_all(junit.as_bytes()))?;
    folder.write_whole(crate::record::LooksEnd::FILE, |file| looks.end.write(file))
}
