//! What a recording answers of objectives that it was not judged by: exactly what it would have counted for them.

mod record_support;

use record_support::{Run, Told, at, catalog, objective};
use scrutinio::judge::{Again, Code, Judgement, Unanswered, Verdict, Why, judge, judge_again};
use scrutinio::record::{CatalogObjective, EndFacts, LeftOut, Reason, Recording};
use scrutinio::scenario::{AskedLine, Clock};

/// A minute that runs as fast as it is.
fn clock() -> Clock {
    Clock::kept("2016-06-05T07:00:00+02:00", "Europe/Rome", 60.0, (0.0, 60.0), 1.0).expect("a clock")
}

fn windowed(scope: &str, line: &str) -> CatalogObjective {
    CatalogObjective { window: Some((at(5_000), at(12_300))), ..objective(scope, line) }
}

/// The line of an objective, as a file would ask for it.
fn line(objective: &CatalogObjective) -> AskedLine {
    let CatalogObjective { scope, text, measure, metric, window, can_grow: _ } = objective.clone();
    let seconds = |at: scrutinio::unit::Instant| at.as_nanos() as f64 / 1e9;
    AskedLine { scope, text, measure, metric, window: window.map(|(from, to)| (seconds(from), seconds(to))) }
}

/// Twenty seconds in which every seventh answer takes longer than the others, the generator is now and then late, and some
/// requests fail.
fn recording(objectives: Vec<CatalogObjective>, change: impl FnOnce(&mut EndFacts)) -> Recording {
    let mut run = Run::new(catalog(objectives), vec![105; 20]);
    for i in 0..2_001 {
        let (due, late) = (i * 10, if i % 11 == 0 { 80 } else { 0 });
        let done = due + late + if i % 7 == 0 { 290 } else { 5 };
        let outcome = if i % 97 == 0 { Err(Reason::Status) } else { Ok(()) };
        run.request(Told { population: 0, due, woke: due + late, done, outcome });
        if i % 100 == 99 {
            run.close((i + 1) * 10);
        }
    }
    (0..100).for_each(|i| run.right(1, i * 200, i * 200 + 4));
    run.right(1, 20_320, 20_330);
    run.finish(change).0
}

fn again(recording: Recording, lines: &[AskedLine]) -> Again {
    judge_again(recording, Some(&clock()), lines, "scrutinio run day.yaml")
}

/// n, K and K′ of each objective.
fn counts(judgement: &Judgement) -> Vec<(u64, u64, u64)> {
    judgement.objectives.iter().map(|o| (o.n, o.k, o.k_without_us)).collect()
}

#[test]
fn by_its_own_objectives_a_run_is_judged_as_it_was() {
    let objectives = vec![
        objective("citizens", "p99 < 300ms"),
        objective("citizens.home", "p50 <= 300ms"),
        objective("staff", "errors < 10%"),
        objective("overall", "amplification < 1.2"),
        windowed("citizens", "p90 < 300ms"),
        windowed("overall", "errors <= 5%"),
    ];
    let lines: Vec<AskedLine> = objectives.iter().map(line).collect();
    let recording = recording(objectives, |_| {});
    let before = judge(&recording);
    let Again { recording: about, judgement } = again(recording.clone(), &lines);
    assert_eq!(format!("{judgement:?}"), format!("{before:?}"));
    assert_eq!((&about.catalog, &about.bins, &about.times), (&recording.catalog, &recording.bins, &recording.times));
}

#[test]
fn what_is_answered_is_what_the_run_would_have_counted() {
    let counted = vec![
        objective("citizens", "p99 < 300ms"),
        objective("citizens", "amplification < 1.5"),
        objective("citizens", "p75 <= 299999us"),
    ];
    let asked = vec![
        objective("citizens", "p50 < 300ms"),
        windowed("citizens", "p90 < 300ms"),
        windowed("citizens", "amplification <= 1"),
        objective("citizens", "errors < 2%"),
        objective("overall", "errors <= 2%"),
        objective("staff", "errors < 5%"),
        windowed("overall", "errors < 3%"),
        objective("citizens", "at most 50 slower than 299999us"),
        objective("overall", "at most 21 errors"),
        objective("overall", "rate >= 90/s"),
        windowed("citizens", "rate >= 90/s"),
        // Ends behind the run, and within a bin.
        CatalogObjective { window: Some((at(20_000), at(20_350))), ..objective("overall", "errors < 4%") },
    ];
    let lines: Vec<AskedLine> = asked.iter().map(line).collect();
    let Again { judgement, .. } = again(recording(counted, |_| {}), &lines);
    let from_the_start = judge(&recording(asked, |_| {}));
    assert_eq!(counts(&judgement), counts(&from_the_start));
    let n: Vec<u64> = judgement.objectives.iter().map(|o| o.n).collect();
    assert_eq!(n, [2_001, 730, 730, 2_001, 2_102, 101, 767, 2_001, 2_102, 1_979, 693, 2]);
    assert!(judgement.objectives[1].k > judgement.objectives[1].k_without_us, "some were late by us alone");
    assert_eq!(judgement.verdict, from_the_start.verdict);
    // What the responses in a part of the run were is not known, and so not told to have failed.
    let of_part = &judgement.objectives[1];
    assert_eq!((of_part.was_us, of_part.was_failed), (None, false));
}

#[test]
fn a_limit_another_measure_or_another_part_is_no_answer() {
    let counted = vec![objective("citizens", "p99 < 300ms"), windowed("staff", "p90 < 1s")];
    for asked in [
        objective("citizens", "p99 < 299ms"),
        objective("citizens", "p99 <= 300ms"),
        objective("citizens.home", "p99 < 300ms"),
        objective("citizens.home", "errors < 5%"),
        objective("overall", "amplification < 2"),
        objective("staff", "p90 < 1s"),
        CatalogObjective { window: Some((at(5_000), at(12_400))), ..objective("staff", "p90 < 1s") },
        CatalogObjective { window: Some((at(5_050), at(12_300))), ..objective("citizens", "p99 < 300ms") },
        objective("nobody", "errors < 5%"),
    ] {
        let lines = [line(&objective("citizens", "errors < 5%")), line(&asked)];
        let Again { judgement, .. } = again(recording(counted.clone(), |_| {}), &lines);
        let codes: Vec<Code> = judgement.reasons.iter().map(|reason| reason.why.code()).collect();
        assert_eq!((judgement.verdict, codes), (Some(Verdict::Invalid), vec![Code::NoData]), "{}", asked.name());
        assert_eq!(judgement.objectives.len(), 1);
        let Why::Unanswered { scope, run, .. } = &judgement.reasons[0].why else { panic!("{:?}", judgement.reasons) };
        assert_eq!((scope, run.as_str()), (&asked.scope, "scrutinio run day.yaml"));
    }
}

/// Nothing is READY where nothing was answered.
#[test]
fn a_run_that_answers_nothing_is_invalid() {
    let asked = [line(&objective("citizens", "p99 < 1s"))];
    let Again { judgement, .. } = again(recording(vec![], |_| {}), &asked);
    assert_eq!((judgement.verdict, judgement.objectives.len()), (Some(Verdict::Invalid), 0));
    let closed = again(recording(vec![], |end| end.closed_loop = true), &[line(&objective("overall", "errors < 5%"))]);
    assert_eq!(closed.judgement.verdict, Some(Verdict::Invalid), "a closed loop proves nothing");
}

#[test]
fn what_the_run_left_out_is_left_out_again() {
    let counted = vec![objective("citizens.home", "p90 < 1s")];
    let left_out = LeftOut { objective: "staff.report p90 < 1s".to_owned(), needs: Some(36), has: 12 };
    let mut recording = recording(counted, |_| {});
    std::sync::Arc::make_mut(&mut recording.catalog).left_out = vec![left_out.clone()];
    let each = |scope: &str| AskedLine { scope: scope.to_owned(), ..line(&objective("citizens.home", "p90 < 1s")) };
    let Again { recording: about, judgement } = again(recording.clone(), &[each("staff.*")]);
    assert_eq!((&about.catalog.left_out, judgement.objectives.len()), (&vec![left_out.clone()], 0));
    // Of the citizens' two steps the run counted one.
    let Again { recording: about, judgement } = again(recording, &[each("*.*")]);
    assert_eq!((&about.catalog.left_out, judgement.objectives.len()), (&vec![left_out], 1));
    let Why::Unanswered { scope, why, .. } = &judgement.reasons[0].why else { panic!("{:?}", judgement.reasons) };
    assert_eq!((scope.as_str(), why), ("citizens.results", &Unanswered::OtherLimits { limits: vec![] }));
}

#[test]
fn more_objectives_than_a_scenario_may_have_are_told() {
    let lines: Vec<AskedLine> =
        (1..=1_001).map(|i| line(&objective("overall", &format!("errors < {}%", f64::from(i) / 100.0)))).collect();
    let Again { judgement, .. } = again(recording(vec![], |_| {}), &lines);
    assert_eq!((judgement.objectives.len(), judgement.verdict), (1_000, Some(Verdict::Invalid)));
    let Why::Unanswered { why, .. } = &judgement.reasons[0].why else { panic!("{:?}", judgement.reasons) };
    assert_eq!(*why, Unanswered::TooMany { most: 1_000 });
}
