//! Runs without an engine, of each verdict.

use scrutinio::judge::{Code, gated, judge};
use scrutinio::record::{AroundOutcome, AroundRequest, CatalogObjective, EndFacts, LeftOut, Reason, RunFacts};
use scrutinio::report::{ReasonSummary, Summary};

use super::record_support::{Run, Told, catalog, objective};

/// Every code.
pub const CODES: [Code; 14] = [
    Code::Invariant,
    Code::BrokenIdentity,
    Code::BrokenHash,
    Code::TargetDied,
    Code::Interrupted,
    Code::GeneratorLate,
    Code::UnsentRequests,
    Code::NoData,
    Code::Breached,
    Code::SessionsFellBehind,
    Code::GeneratorDecided,
    Code::InvariantUnknown,
    Code::Undecided,
    Code::ClosedLoop,
];

/// Twenty seconds of 100 citizens a second, of which every 25th waits for most of a second, and 2 staff, one of whose
/// requests fails.
pub fn run(objectives: Vec<CatalogObjective>, left_out: Vec<LeftOut>) -> Run {
    let mut catalog = catalog(objectives);
    catalog.left_out = left_out;
    let mut run = Run::new(catalog, vec![102; 20]);
    for second in 0..20 {
        for i in 0..100 {
            let due = second * 1_000 + i * 10;
            let done = if i % 25 == 0 { due + 800 + i } else { due + 2 + i % 7 };
            run.right(0, due, done);
        }
        let due = second * 1_000;
        run.right(1, due, due + 12);
        let outcome = if second == 5 { Err(Reason::Status) } else { Ok(()) };
        run.request(Told { population: 1, due, woke: due, done: due + 9, outcome });
        run.close(due + 1_000);
    }
    run
}

/// What such a run comes to; `change` may tell other facts than the sound ones.
pub fn summary(run: Run, gate: bool, change: impl FnOnce(&mut EndFacts)) -> Summary {
    let facts = RunFacts {
        name: "election-night".to_owned(),
        seed: 7,
        lanes: 1,
        plan_digest: Some("ab".repeat(32)),
        target: vec!["embedded:election".to_owned()],
        objectives_left_out: run.catalog.left_out.clone(),
        ..RunFacts::default()
    };
    let (recording, _folder) = run.finish(change);
    let judgement = judge(&recording);
    let judgement = if gate { gated(judgement, &recording) } else { judgement };
    Summary::new(&recording, &judgement, &facts)
}

/// With objectives that it meets.
pub fn ready() -> Summary {
    let objectives = vec![objective("citizens", "p90 < 300ms"), objective("overall", "errors < 5%")];
    summary(run(objectives, vec![]), false, |_| {})
}

/// With one that it breaches, one that it meets, and one of which it has nothing.
pub fn not_ready() -> Summary {
    let objectives = ["p99 < 300ms", "p90 < 300ms"].map(|line| objective("citizens", line));
    summary(run(objectives.to_vec(), vec![]), false, |_| {})
}

/// What is left out of a part of the day.
pub fn left_out() -> LeftOut {
    LeftOut { objective: "staff p99 < 1s".to_owned(), needs: Some(368), has: 12 }
}

/// A summary that is not ready with this reason alone, in these words, about this objective or none.
pub fn with_reason(summary: &Summary, code: Code, seen: &str, objective: Option<usize>) -> Summary {
    let like = summary.reasons[0].clone();
    let told = scrutinio::report::Told { code, seen: seen.to_owned(), ..like.told };
    let reason = ReasonSummary { told, objective, ..like };
    Summary { verdict: Some(code.verdict()), reasons: vec![reason], ..summary.clone() }
}

/// What `after` was answered.
pub fn after(outcome: AroundOutcome) -> Vec<AroundRequest> {
    let (step, detail) = ("votes".to_owned(), "2 votes, expected 3".to_owned());
    vec![AroundRequest { step, status: Some(200), outcome, detail, response_us: 900 }]
}
