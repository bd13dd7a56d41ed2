//! Whether runs may be compared at all: whether they ran the same plan; and what else differs.

use serde::Serialize;

use crate::judge::Verdict;
use crate::record::{QuickFacts, RunFacts};
use crate::unit::thousands;

use super::StoredRun;

/// Something in which a run differs from the first of the base.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The folder of the run that differs.
    pub run: String,
    /// In what: `seed`, `lanes`.
    pub what: &'static str,
    /// What the first run of the base has.
    pub base: String,
    /// What this run has.
    pub has: String,
}

/// What makes another plan of each run that ran one, against the first of the base: seed, scale, window, compression or text.
/// Empty: all ran the same plan.
pub(super) fn of_plan(runs: &[&StoredRun]) -> Vec<Difference> {
    differences(runs, |first, run| {
        if plan(&first.facts) == plan(&run.facts) {
            return Vec::new();
        }
        let parts = PLAN.iter().map(|(what, of)| (*what, of(&first.facts), of(&run.facts)));
        let mut found: Vec<_> = parts.filter(|(_, base, has)| base != has).collect();
        if first.facts.scenario != run.facts.scenario {
            let (base, has) = unlike(&first.facts.scenario, &run.facts.scenario);
            found.push(("scenario", base, has));
        }
        if found.is_empty() {
            let digest = |facts: &RunFacts| facts.plan_digest.clone().unwrap_or_else(|| "none".to_owned());
            found.push(("plan digest", digest(&first.facts), digest(&run.facts)));
        }
        found
    })
}

/// What does not change the plan and may change the result: machine, lanes, version, verdict, and the warm-up (O15).
pub(super) fn of_setting(runs: &[&StoredRun]) -> Vec<Difference> {
    differences(runs, |first, run| {
        let of_facts = SETTING.iter().map(|(what, of)| (*what, of(&first.facts), of(&run.facts)));
        let verdicts = ("verdict", verdict(first), verdict(run));
        of_facts.chain([verdicts]).filter(|(_, base, has)| base != has).collect()
    })
}

type Part = (&'static str, fn(&RunFacts) -> String);

const PLAN: [Part; 7] = [
    ("seed", |facts| facts.seed.to_string()),
    ("scale and other options", |facts| or_none(&facts.overrides.join(" "))),
    ("window", |facts| facts.clock.as_ref().map_or(none(), |c| format!("{}+{:?}s", c.from, c.window_s))),
    ("compression", |facts| facts.clock.as_ref().map_or(none(), |clock| clock.compress.to_string())),
    ("requests", |facts| thousands(facts.populations.iter().map(|population| population.requests).sum(), ',')),
    ("sessions", |facts| if is_half(facts) { "half of them, in a duet" } else { "all" }.to_owned()),
    ("quick", |facts| facts.quick.as_ref().map_or(none(), |quick| format!("{:?}", asked(quick)))),
];

const SETTING: [Part; 7] = [
    ("warm-up", |facts| if facts.warm_up_s > 0 { format!("{}s", facts.warm_up_s) } else { none() }),
    ("version", |facts| facts.version.clone()),
    ("lanes", |facts| facts.lanes.to_string()),
    ("processor", |facts| facts.host.cpu_model.clone()),
    ("cores", |facts| facts.host.cores.to_string()),
    ("kernel", |facts| facts.host.kernel.clone()),
    ("memory", |facts| format!("{} MiB", facts.host.memory_bytes >> 20)),
];

fn none() -> String {
    "none".to_owned()
}

fn or_none(text: &str) -> String {
    if text.is_empty() { none() } else { text.to_owned() }
}

/// What decides what is sent and when: the digest. That of `quick` has the time of day in it, so what it was asked for
/// stands in its place, but not of whom; and the arrivals. A side of a duet has half of what its digest is of.
fn plan(facts: &RunFacts) -> (Option<&str>, bool, Option<(QuickFacts, u64)>) {
    match &facts.quick {
        Some(quick) => (facts.arrivals_hash.as_deref(), is_half(facts), Some((asked(quick), facts.seed))),
        None => (facts.plan_digest.as_deref(), is_half(facts), None),
    }
}

const fn is_half(facts: &RunFacts) -> bool {
    facts.duet.is_some()
}

fn asked(quick: &QuickFacts) -> QuickFacts {
    QuickFacts { url: String::new(), ..quick.clone() }
}

fn verdict(run: &StoredRun) -> String {
    run.verdict.map_or(none(), |verdict| Verdict::name(verdict).to_owned())
}

/// The first line in which two texts differ.
fn unlike(base: &str, has: &str) -> (String, String) {
    let number = base.lines().zip(has.lines()).take_while(|(a, b)| a == b).count();
    let line =
        |text: &str| text.lines().nth(number).map_or_else(|| "the end".to_owned(), |line| line.trim().to_owned());
    (format!("line {}: {}", number + 1, line(base)), line(has))
}

fn differences(
    runs: &[&StoredRun],
    between: impl Fn(&StoredRun, &StoredRun) -> Vec<(&'static str, String, String)>,
) -> Vec<Difference> {
    let Some((first, others)) = runs.split_first() else { return Vec::new() };
    let of = |run: &&StoredRun| {
        let name = run.folder.clone();
        between(first, run).into_iter().map(move |(what, base, has)| Difference { run: name.clone(), what, base, has })
    };
    others.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_named() {
        let of = |base, has| unlike(base, has);
        assert_eq!(of("a\nb\nc", "a\n  x\nc"), ("line 2: b".to_owned(), "x".to_owned()));
        assert_eq!(of("a", "a\nb"), ("line 2: the end".to_owned(), "b".to_owned()));
    }
}
