//! `junit.xml`, from runs without an engine: read back by another reader than the one that wrote it has no part in.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus};
use scrutinio::judge::{Code, Standing, Verdict};
use scrutinio::record::{AroundOutcome, Ending};
use scrutinio::report::{Summary, junit, junit_of_error};

use super::record_support::objective;
use super::schema::{JENKINS, SUREFIRE, problems};
use super::summaries::{CODES, after, left_out, not_ready, ready, run, summary, with_reason};

/// The file read back; it keeps both schemas, and counts what is in it.
#[track_caller]
pub fn read(xml: &str) -> Report {
    assert_eq!(problems(xml, &JENKINS), Vec::<String>::new(), "{xml}");
    assert_eq!(problems(xml, &SUREFIRE), Vec::<String>::new(), "{xml}");
    let report = Report::deserialize_from_str(xml).expect("JUnit");
    for suite in &report.test_suites {
        let of = |word: &str| suite.test_cases.iter().filter(|case| kind(case) == word).count();
        let counted = (suite.tests, suite.failures, suite.errors, suite.skipped);
        assert_eq!(counted, (suite.test_cases.len(), of("failure"), of("error"), of("skipped")), "{xml}");
    }
    report
}

/// What a case is.
pub fn kind(case: &TestCase) -> &'static str {
    match &case.status {
        TestCaseStatus::Success { .. } => "success",
        TestCaseStatus::Skipped { .. } => "skipped",
        TestCaseStatus::NonSuccess { kind: NonSuccessKind::Failure, .. } => "failure",
        TestCaseStatus::NonSuccess { kind: NonSuccessKind::Error, .. } => "error",
    }
}

/// A case's message and its text.
fn told(case: &TestCase) -> (String, String) {
    match &case.status {
        TestCaseStatus::Success { .. } => (String::new(), String::new()),
        TestCaseStatus::NonSuccess { message, description, .. }
        | TestCaseStatus::Skipped { message, description, .. } => {
            let of = |text: &Option<quick_junit::XmlString>| text.as_deref().unwrap_or_default().to_owned();
            (of(message), of(description))
        }
    }
}

/// The cases that are no success, each with its name.
pub fn not_green(report: &Report) -> Vec<(&'static str, &str)> {
    let cases = report.test_suites.iter().flat_map(|suite| &suite.test_cases);
    cases.map(|case| (kind(case), case.name.as_str())).filter(|(kind, _)| *kind != "success").collect()
}

#[track_caller]
fn case<'a>(report: &'a Report, name: &str) -> &'a TestCase {
    let mut cases = report.test_suites.iter().flat_map(|suite| &suite.test_cases);
    cases.find(|case| case.name.as_str() == name).unwrap_or_else(|| panic!("no case `{name}`"))
}

#[test]
fn a_ready_run_is_green_and_has_a_case_for_each_check_and_objective() {
    let summary = ready();
    assert_eq!(summary.verdict, Some(Verdict::Ready));
    let report = read(&junit(&summary, None));
    assert_eq!(not_green(&report), []);
    let names: Vec<Vec<&str>> = report
        .test_suites
        .iter()
        .map(|suite| suite.test_cases.iter().map(|case| case.name.as_str()).collect())
        .collect();
    let validity = [
        "every request is accounted for",
        "what ran is what was planned",
        "the generator was in time",
        "every request was sent",
        "the planned load was delivered",
        "the run came to its end",
        "there was enough to judge",
    ];
    assert_eq!(names, [&validity[..], &["citizens p90 < 300ms", "overall errors < 5%"]]);
    let class = |case: &TestCase| case.classname.as_ref().map(|name| name.as_str().to_owned());
    assert!(
        report
            .test_suites
            .iter()
            .flat_map(|it| &it.test_cases)
            .all(|it| class(it).as_deref() == Some("scrutinio.election-night"))
    );
    let seconds: f64 =
        report.test_suites.iter().flat_map(|it| &it.test_cases).map(|it| it.time.unwrap().as_secs_f64()).sum();
    assert!((seconds - summary.elapsed_s).abs() < 0.001, "the times of the cases add up to the run's: {seconds}");
    let margin = case(&report, "overall errors < 5%").system_out.as_deref().unwrap();
    assert_eq!(margin, "1 of 2,040 bad · at most 0.335% failed, 5% allowed");
}

#[test]
fn a_breached_objective_is_a_failure_with_all_in_its_text() {
    let summary = not_ready();
    let report = read(&junit(&summary, None));
    assert_eq!(not_green(&report), [("failure", "citizens p99 < 300ms")]);
    let (message, text) = told(case(&report, "citizens p99 < 300ms"));
    let reason = &summary.reasons[0].told;
    assert_eq!(message, reason.seen);
    for part in [
        &reason.seen,
        &reason.limit,
        &reason.cause,
        &reason.cure,
        "was ",
        "1% allowed",
        "family: service",
        "retry: never",
    ] {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
}

/// Green is what no CI may show of a run that is not READY, whatever kept it from that; an error is no failure of the
/// target.
#[test]
fn whatever_is_not_ready_is_not_green() {
    let mut met = not_ready();
    met.objectives.retain(|objective| objective.result == Standing::Met);
    for code in CODES {
        for objective in [None, Some(0)] {
            let summary = with_reason(&met, code, "something that was seen", objective);
            let report = read(&junit(&summary, None));
            let expected = if code.verdict() == Verdict::NotReady { "failure" } else { "error" };
            // A reason that is about an objective that is met all the same stands among the checks.
            assert!(matches!(not_green(&report)[..], [(kind, _)] if kind == expected), "{code:?}: {report:?}");
        }
    }
}

#[test]
fn what_proves_nothing_of_an_objective_is_an_error() {
    let objectives = vec![
        objective("citizens", "p90 < 300ms"),
        objective("citizens.nothing", "p95 < 1s"),
        objective("staff", "p99 < 1s"),
    ];
    let summary = summary(run(objectives, vec![]), false, |_| {});
    assert_eq!(summary.verdict, Some(Verdict::Invalid));
    let found = junit(&summary, None);
    let report = read(&found);
    assert_eq!(not_green(&report), [("error", "citizens.nothing p95 < 1s"), ("error", "staff p99 < 1s")]);
    let (message, text) = told(case(&report, "citizens.nothing p95 < 1s"));
    assert_eq!(message, "citizens.nothing p95 < 1s: no requests");
    assert!(text.contains("\ndo: "), "{text}");
}

#[test]
fn what_is_left_out_is_skipped_and_fails_a_gate() {
    let met = || vec![objective("citizens", "p90 < 300ms")];
    for (objectives, lost, gate, verdict, expected) in [
        (met(), vec![left_out()], false, Some(Verdict::Ready), vec![("skipped", "staff p99 < 1s")]),
        (
            met(),
            vec![left_out()],
            true,
            Some(Verdict::Invalid),
            vec![("error", "there was enough to judge"), ("skipped", "staff p99 < 1s")],
        ),
        (vec![], vec![left_out()], false, None, vec![("skipped", "staff p99 < 1s")]),
        (vec![], vec![], false, None, vec![]),
        (vec![], vec![], true, Some(Verdict::Invalid), vec![("error", "there was enough to judge")]),
        (met(), vec![], true, Some(Verdict::Ready), vec![]),
    ] {
        let summary = summary(run(objectives, lost), gate, |_| {});
        assert_eq!(summary.verdict, verdict);
        let report = read(&junit(&summary, None));
        assert_eq!(not_green(&report), expected);
        assert_eq!(
            report.test_suites.len(),
            if summary.objectives.len() + summary.objectives_left_out.len() > 0 { 2 } else { 1 }
        );
    }
}

/// P9 says that already.
#[test]
fn a_gate_says_once_that_its_window_has_nothing_of_any_objective() {
    let nothing = scrutinio::record::LeftOut { needs: None, has: 0, ..left_out() };
    let summary = summary(run(vec![], vec![nothing]), true, |_| {});
    let codes: Vec<Code> = summary.reasons.iter().map(|reason| reason.told.code).collect();
    assert_eq!((summary.verdict, codes), (Some(Verdict::Invalid), vec![Code::NoData]));
}

/// A stopped gate is INVALID by that, and a breached objective does not make up for one that is left out (O4).
#[test]
fn the_reasons_of_a_gate_keep_their_order() {
    let breached = || vec![objective("citizens", "p99 < 300ms")];
    let of = |summary: Summary| summary.reasons.iter().map(|reason| reason.told.code).collect::<Vec<_>>();
    let finished = summary(run(breached(), vec![left_out()]), true, |_| {});
    assert_eq!((finished.verdict, of(finished)), (Some(Verdict::Invalid), vec![Code::NoData, Code::Breached]));
    let stopped = summary(run(breached(), vec![left_out()]), true, |end| end.ending = Ending::Interrupted);
    assert_eq!((stopped.verdict, of(stopped)), (Some(Verdict::Invalid), vec![Code::Interrupted, Code::Breached]));
    let invariant = summary(run(breached(), vec![left_out()]), true, |end| end.after = after(AroundOutcome::Broken));
    let codes = vec![Code::Invariant, Code::NoData, Code::Breached];
    assert_eq!((invariant.verdict, of(invariant)), (Some(Verdict::NotReady), codes));
}

#[test]
fn a_stopped_run_says_which_checks_it_did_not_come_to() {
    let objectives = vec![objective("citizens", "p90 < 300ms")];
    let summary = summary(run(objectives, vec![]), false, |end| end.ending = Ending::Interrupted);
    let report = read(&junit(&summary, None));
    let expected = [
        ("skipped", "what ran is what was planned"),
        ("skipped", "the planned load was delivered"),
        ("error", "the run came to its end"),
    ];
    assert_eq!(not_green(&report), expected);
}

#[test]
fn in_a_closed_loop_nothing_is_checked_that_a_plan_says() {
    let closed = Summary { plan_digest: None, ..ready() };
    let report = read(&junit(&closed, None));
    let names: Vec<&str> = report.test_suites[0].test_cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "every request is accounted for",
            "every request was sent",
            "the run came to its end",
            "there was enough to judge"
        ]
    );
}

#[test]
fn after_has_a_case_of_its_own() {
    for (outcome, expected) in [
        (AroundOutcome::Right, vec![]),
        (AroundOutcome::Broken, vec![("failure", "what `after` expects holds")]),
        (AroundOutcome::Unknown, vec![("error", "what `after` expects holds")]),
    ] {
        let objectives = vec![objective("citizens", "p90 < 300ms")];
        let summary = summary(run(objectives, vec![]), false, |end| end.after = after(outcome));
        let report = read(&junit(&summary, None));
        assert_eq!(not_green(&report), expected);
        case(&report, "what `after` expects holds");
    }
}

#[test]
fn what_is_amiss_beside_the_verdict_is_an_error() {
    let report = read(&junit(&ready(), Some("not one answer was right")));
    assert_eq!(not_green(&report), [("error", "the command did what it was asked to")]);
    let report = read(&junit_of_error("error: no such host\n\nhint: <another> & \"one\""));
    assert_eq!(not_green(&report), [("error", "the run came to its end")]);
    let (message, text) = told(&report.test_suites[0].test_cases[0]);
    assert_eq!((&*message, &*text), ("no such host", "error: no such host\n\nhint: <another> & \"one\""));
}

/// As a scenario or an answer may have them.
#[test]
fn names_and_texts_come_back_as_they_were() {
    let hostile = "a<b>&\"'c' ]]> -- é 日 skipped=\"0\"";
    let mut summary =
        with_reason(&not_ready(), Code::GeneratorLate, &format!("{hostile}\u{1b}[31m\u{0}\u{fffe}"), None);
    (summary.scenario, summary.to) = (hostile.to_owned(), hostile.to_owned());
    summary.objectives[0].text = hostile.to_owned();
    let report = read(&junit(&summary, None));
    assert_eq!(report.name.as_ref().map(|name| name.as_str()), Some(hostile));
    assert_eq!(kind(case(&report, &format!("citizens {hostile}"))), "failure");
    // What XML cannot hold is gone.
    assert_eq!(told(case(&report, "the generator was in time")).0, hostile);
}
