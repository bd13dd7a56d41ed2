//! What was not right, by reason and by kind, each kind with the command that shows it.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::record::{FailureRecord, Reason, Recording, RunFacts, Tally};
use crate::unit::quoted;

/// Requests of one reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailureSummary {
    /// `class.reason`.
    pub reason: String,
    /// How many.
    pub count: u64,
    /// One of them.
    pub sample: Option<FailureRecord>,
    /// By population, step and what was wrong in words, those of most requests first; they add up to `count`, but for a
    /// killed run, of which only examples are known.
    pub kinds: Vec<FailureKind>,
}

/// Requests of one reason that were wrong in the same way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailureKind {
    /// How many; `None` of an example of a killed run, which counts no kinds.
    pub count: Option<u64>,
    /// Their population.
    pub population: String,
    /// Their step's recorded name; `None` of sessions that never began, and of a killed run.
    pub step: Option<String>,
    /// The status of their answers.
    pub status: Option<u16>,
    /// What exactly was wrong with the first, in words; `None` where nothing was seen of them.
    pub detail: Option<String>,
    /// The command that shows the session of the first, if a file says what was run.
    #[serde(rename = "try")]
    pub command: Option<String>,
}

/// What to do about an answer that asks for a login, if this status does. `in_file`: of a scenario, not of `quick`.
pub fn login_hint(status: u16, in_file: bool) -> Option<String> {
    let (login, expect) = match in_file {
        true => ("`auth: { bearer: … }`", format!("`expect: {{ status: {status} }}`")),
        false => ("-H 'Authorization: …'", format!("--expect {status}")),
    };
    matches!(status, 401 | 403).then(|| format!("hint: {login} logs in; {expect} if {status} is right"))
}

/// Every reason that occurred.
pub(super) fn failures(recording: &Recording, tally: &Tally, run: &RunFacts) -> Vec<FailureSummary> {
    let summary = |(reason, count): (Reason, u64)| FailureSummary {
        reason: reason.key(),
        count,
        sample: example(recording, reason.class().name(), reason),
        kinds: kinds(recording, reason, run),
    };
    // Those that a stop of the run kept from their end did nothing wrong.
    tally.reasons().filter(|(reason, _)| reason.counts()).map(summary).collect()
}

/// An example belongs to what is counted.
pub(super) fn example(recording: &Recording, class: &str, reason: Reason) -> Option<FailureRecord> {
    let like = |sample: &&FailureRecord| sample.class == class && sample.reason == reason.name();
    recording.failures.iter().find(like).cloned()
}

fn kinds(recording: &Recording, reason: Reason, run: &RunFacts) -> Vec<FailureKind> {
    let mut kinds = Vec::new();
    for (index, (names, record)) in recording.catalog.populations.iter().zip(&recording.populations).enumerate() {
        let mut left = record.tally.reason(reason);
        for (number, (step, of_step)) in names.steps.iter().zip(&record.steps).enumerate() {
            let mut left_of_step = of_step.tally.reason(reason).min(left);
            left -= left_of_step;
            let at = (index, number, reason);
            let seen = recording.wrong.iter().filter(|it| (it.population.into(), it.step.into(), it.reason) == at);
            for kind in seen {
                let count = kind.count.min(left_of_step);
                left_of_step -= count;
                kinds.push(FailureKind {
                    status: (kind.status != 0).then_some(kind.status),
                    detail: Some(kind.detail.clone()),
                    command: command(run, &names.name, kind.session),
                    ..rest(count, &names.name, Some(step))
                });
            }
            kinds.push(rest(left_of_step, &names.name, Some(step)));
        }
        kinds.push(rest(left, &names.name, None));
    }
    kinds.retain(|kind| kind.count != Some(0));
    kinds.sort_by_key(|kind| Reverse(kind.count));
    if recording.wrong.is_empty() {
        let examples =
            recording.failures.iter().filter(|it| it.class == reason.class().name() && it.reason == reason.name());
        kinds.extend(examples.map(|example| of_example(example, run)));
    }
    kinds
}

/// Requests of which no detail was seen, or more kinds than are told apart.
fn rest(count: u64, population: &str, step: Option<&String>) -> FailureKind {
    let (population, step) = (population.to_owned(), step.cloned());
    FailureKind { count: Some(count), population, step, status: None, detail: None, command: None }
}

/// Of a killed run, whose kinds were not counted.
fn of_example(example: &FailureRecord, run: &RunFacts) -> FailureKind {
    FailureKind {
        count: None,
        population: example.population.clone(),
        step: Some(example.step.clone()),
        status: example.status,
        detail: Some(example.detail.clone()),
        command: command(run, &example.population, example.session),
    }
}

/// `scrutinio try shop.yaml -p buyers -s 17`, with what the run's command line changed.
fn command(run: &RunFacts, population: &str, session: u64) -> Option<String> {
    let (file, population) = (quoted(run.file.as_deref()?), quoted(population));
    let changes: String = run.overrides.iter().map(|typed| format!(" {}", as_arguments(typed))).collect();
    Some(format!("scrutinio try {file} -p {population} -s {session}{changes}"))
}

/// `--set a=b`, its value quoted if a shell would take it apart.
fn as_arguments(typed: &str) -> String {
    typed.split_once(' ').map_or(typed.to_owned(), |(option, value)| format!("{option} {}", quoted(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_asks_for_a_login_is_met_with_how_to_log_in() {
        let quick = "hint: -H 'Authorization: …' logs in; --expect 401 if 401 is right";
        assert_eq!(login_hint(401, false).as_deref(), Some(quick));
        let file = "hint: `auth: { bearer: … }` logs in; `expect: { status: 403 }` if 403 is right";
        assert_eq!(login_hint(403, true).as_deref(), Some(file));
        assert_eq!(login_hint(404, true), None);
    }

    #[test]
    fn the_command_can_be_pasted_into_a_shell() {
        let overrides = ["--scale 2", "--set limits.timeout=1s", "--window 22:55..23:30", "--set a=it's $x"];
        let run = RunFacts {
            file: Some("my shop.yaml".to_owned()),
            overrides: overrides.map(str::to_owned).to_vec(),
            ..RunFacts::default()
        };
        assert_eq!(
            command(&run, "v", 17).as_deref(),
            Some(
                r"scrutinio try 'my shop.yaml' -p v -s 17 --scale 2 --set limits.timeout=1s --window 22:55..23:30 --set 'a=it'\''s $x'"
            )
        );
        let run = RunFacts { file: Some("shop.yaml".to_owned()), ..RunFacts::default() };
        assert_eq!(command(&run, "di notte", 0).as_deref(), Some("scrutinio try shop.yaml -p 'di notte' -s 0"));
        assert_eq!(command(&RunFacts::default(), "v", 17), None);
    }
}
