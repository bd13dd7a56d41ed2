//! `junit.xml`: a run as the tests that CI systems show (docs/ci.md).
//!
//! Whatever is not READY has a case that is no success, so that no CI shows it green. An objective that is breached is a
//! failure; what proves nothing is an error and never skipped, as what is skipped is green. Some readers look at nothing
//! but the text of an element, so that everything stands there.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use crate::judge::{Code, ObjectiveResult, Standing, Verdict};
use crate::record::{Ending, LeftOut};

use super::run::objectives::{observed, standing_words};
use super::run::verdict::{code_words, family_words, retry_words};
use super::{ReasonSummary, Summary, Told};

const ACCOUNTED: &str = "every request is accounted for";
const AS_PLANNED: &str = "what ran is what was planned";
const IN_TIME: &str = "the generator was in time";
const SENT: &str = "every request was sent";
const DELIVERED: &str = "the planned load was delivered";
const ENDED: &str = "the run came to its end";
const JUDGED: &str = "there was enough to judge";
const AFTER: &str = "what `after` expects holds";

/// The checks of a run's validity, whose names stay from run to run.
const CHECKS: [&str; 8] = [ACCOUNTED, AS_PLANNED, IN_TIME, SENT, DELIVERED, ENDED, JUDGED, AFTER];

/// The check that a reason fails, unless it is told by the case of an objective.
const fn check(code: Code) -> &'static str {
    match code {
        Code::BrokenIdentity => ACCOUNTED,
        Code::BrokenHash => AS_PLANNED,
        Code::GeneratorLate => IN_TIME,
        Code::UnsentRequests => SENT,
        Code::SessionsFellBehind => DELIVERED,
        Code::TargetDied | Code::Interrupted => ENDED,
        Code::NoData | Code::Breached | Code::GeneratorDecided | Code::Undecided | Code::ClosedLoop => JUDGED,
        Code::Invariant | Code::InvariantUnknown => AFTER,
    }
}

/// What kind of case an objective is that stands so; `None`: a success.
const fn kind(standing: Standing) -> Option<NonSuccessKind> {
    match standing {
        Standing::Met => None,
        Standing::Breached => Some(NonSuccessKind::Failure),
        Standing::GeneratorDecided | Standing::Undecided | Standing::NoData => Some(NonSuccessKind::Error),
    }
}

/// The text of `junit.xml`. `amiss`: why the command does not end well, where neither verdict nor reasons say it.
pub fn junit(summary: &Summary, amiss: Option<&str>) -> String {
    // What stands before the last dot is taken for a package.
    let class = format!("scrutinio.{}", summary.scenario.replace('.', "_"));
    let mut report = Report::new(summary.scenario.as_str());
    report.set_time(elapsed(summary));
    report.add_test_suite(validity(summary, amiss, &class));
    if !summary.objectives.is_empty() || !summary.objectives_left_out.is_empty() {
        report.add_test_suite(objectives(summary, &class));
    }
    written(&report)
}

/// The text of `junit.xml` where there is no result: one case, an error.
pub fn junit_of_error(error: &str) -> String {
    let mut suite = TestSuite::new("validity");
    suite.set_time(Duration::ZERO);
    // As problems of a scenario are drawn.
    let message = error.strip_prefix("error: ").unwrap_or(error);
    let status = bad(NonSuccessKind::Error, "no result", message, error);
    suite.add_test_case(case("scrutinio", ENDED, status, Duration::ZERO));
    let mut report = Report::new("scrutinio");
    report.set_time(Duration::ZERO);
    report.add_test_suite(suite);
    written(&report)
}

/// Jenkins's schema (junit-10.xsd) has no `skipped` at the root, and its xUnit plugin refuses what the schema does not have; no
/// name holds these bytes, as its quotes are escaped. The two characters are none of XML, and are let through.
fn written(report: &Report) -> String {
    let text = report.to_string().expect("text can be written to memory");
    text.replacen(&format!(" skipped=\"{}\"", report.skipped), "", 1).replace(['\u{fffe}', '\u{ffff}'], "")
}

fn elapsed(summary: &Summary) -> Duration {
    Duration::try_from_secs_f64(summary.elapsed_s).unwrap_or_default()
}

fn validity(summary: &Summary, amiss: Option<&str>, class: &str) -> TestSuite {
    let mut suite = TestSuite::new("validity");
    suite.set_time(elapsed(summary));
    let verdict = summary.verdict.map_or("none", Verdict::name).to_owned();
    suite.add_properties([
        Property::new("verdict", verdict),
        Property::new("to", summary.to.clone()),
        Property::new("seed", summary.seed.to_string()),
        Property::new("looks", summary.looks.as_ref().map_or(1, |looks| looks.each.len()).to_string()),
        Property::new("plan_digest", summary.plan_digest.clone().unwrap_or_default()),
    ]);
    // A reason has the case of its objective, if that is no success.
    let is_told = |reason: &ReasonSummary| {
        let objective = reason.objective.and_then(|index| summary.objectives.get(index));
        objective.is_some_and(|objective| kind(objective.result).is_some())
    };
    for name in CHECKS {
        let failed = summary.reasons.iter().filter(|it| check(it.told.code) == name && !is_told(it));
        let status = match of_reasons(&failed.collect::<Vec<_>>()) {
            Some(status) => status,
            None if is_absent(name, summary) => continue,
            None if summary.ending != Ending::Finished && matches!(name, AS_PLANNED | DELIVERED) => {
                skipped("not checked, as the run did not come to its end")
            }
            None => TestCaseStatus::success(),
        };
        // Readers add the times of cases up: the run's is that of one.
        suite.add_test_case(case(class, name, status, if name == ENDED { elapsed(summary) } else { Duration::ZERO }));
    }
    if let Some(amiss) = amiss {
        let status = bad(NonSuccessKind::Error, "amiss", amiss, amiss);
        suite.add_test_case(case(class, "the command did what it was asked to", status, Duration::ZERO));
    }
    suite
}

/// Whether a run has nothing that this check is about.
fn is_absent(check: &str, summary: &Summary) -> bool {
    match check {
        // In a closed loop nothing is planned.
        AS_PLANNED | IN_TIME | DELIVERED => summary.plan_digest.is_none(),
        JUDGED => summary.objectives.is_empty() && summary.objectives_left_out.is_empty(),
        AFTER => summary.after.is_empty(),
        _ => false,
    }
}

fn objectives(summary: &Summary, class: &str) -> TestSuite {
    let mut suite = TestSuite::new("objectives");
    suite.set_time(Duration::ZERO);
    for (index, objective) in summary.objectives.iter().enumerate() {
        let name = format!("{} {}", objective.scope, objective.text);
        let reason = summary.reasons.iter().find(|reason| reason.objective == Some(index));
        let mut case = case(class, &name, status(objective, reason), Duration::ZERO);
        if kind(objective.result).is_none() {
            case.set_system_out(observed(objective));
        }
        suite.add_test_case(case);
    }
    for left_out in &summary.objectives_left_out {
        let LeftOut { objective, .. } = left_out;
        suite.add_test_case(case(class, objective, skipped(&left_out.to_string()), Duration::ZERO));
    }
    suite
}

fn status(objective: &ObjectiveResult, reason: Option<&ReasonSummary>) -> TestCaseStatus {
    let Some(kind) = kind(objective.result) else { return TestCaseStatus::success() };
    let (_, word) = standing_words(objective.result);
    let seen = observed(objective);
    match reason {
        Some(reason) => {
            let Told { code, seen: message, .. } = &reason.told;
            bad(kind, code_words(*code), message, &format!("{seen}\n{}", words(reason)))
        }
        // Of a run that ended early, what was too little to tell is no reason of its own.
        None => bad(kind, word, &format!("{word}: {seen}"), &format!("{word}: {seen}")),
    }
}

/// A case that these reasons fail; `None` without any.
fn of_reasons(reasons: &[&ReasonSummary]) -> Option<TestCaseStatus> {
    let first = &reasons.first()?.told;
    let kind = match first.code.verdict() {
        Verdict::NotReady => NonSuccessKind::Failure,
        Verdict::Invalid | Verdict::Ready => NonSuccessKind::Error,
    };
    let text: Vec<String> = reasons.iter().map(|reason| words(reason)).collect();
    Some(bad(kind, code_words(first.code), &first.seen, &text.join("\n\n")))
}

fn words(reason: &ReasonSummary) -> String {
    let Told { code, seen, limit, cause, cure, .. } = &reason.told;
    let (family, retry) = (family_words(reason.family), retry_words(reason.retry));
    let code = code_words(*code);
    format!("{code}: {seen}\nlimit: {limit}\ncause: {cause}\ndo: {cure}\nfamily: {family}\nretry: {retry}")
}

fn bad(kind: NonSuccessKind, what: &str, message: &str, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    // An attribute is one line.
    status.set_type(what).set_message(message.lines().next().unwrap_or_default()).set_description(text);
    status
}

fn skipped(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(why).set_description(why);
    status
}

fn case(class: &str, name: &str, status: TestCaseStatus, time: Duration) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(class).set_time(time);
    case
}
