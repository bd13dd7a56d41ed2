//! A run that ended before its plan (D3): what had ended counts as always, what was open only if it had been so too long.
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod record_support;

use record_support::{Run, Told, catalog, objective};
use scrutinio::judge::{Behind, Code, Judgement, Verdict, Why, judge};
use scrutinio::record::{Catalog, CatalogMeasure, Class, EndFacts, Ending, Reason, Recording};
use scrutinio::scenario::Measure;

/// The instant at which the runs here are stopped, in milliseconds.
const END: u64 = 20_000;

fn interrupted(end: &mut EndFacts) {
    (end.ending, end.gave_up) = (Ending::Interrupted, Some(Reason::Stopped));
}

/// Two hundred right answers of citizens within 5 ms, and then these requests, given by due and woke.
fn stopped(objectives: &[(&str, &str)], open: &[(u64, u64)], not_begun: u64) -> Recording {
    let objectives = objectives.iter().map(|(scope, line)| objective(scope, line)).collect();
    let mut run = Run::new(catalog(objectives), vec![50; 20]);
    (0..200).for_each(|i| run.right(0, i * 50, i * 50 + 5));
    for &(due, woke) in open {
        run.request(Told { population: 0, due, woke, done: END, outcome: Err(Reason::Stopped) });
    }
    for i in 0..not_begun {
        let due = END + i * 10;
        run.request(Told { population: 0, due, woke: due, done: END, outcome: Err(Reason::NotBegun) });
    }
    run.finish(interrupted).0
}

/// n, K and K′ of each objective.
fn counts(recording: &Recording) -> Vec<(u64, u64, u64)> {
    judge(recording).objectives.iter().map(|o| (o.n, o.k, o.k_without_us)).collect()
}

fn codes(judgement: &Judgement) -> Vec<Code> {
    judgement.reasons.iter().map(|reason| reason.why.code()).collect()
}

#[test]
fn what_was_open_counts_where_it_had_reached_the_limit_and_else_nowhere() {
    let lines = [("citizens", "p99 < 300ms"), ("citizens", "p99 <= 300ms"), ("citizens", "errors < 5%")];
    let of = |open: &[(u64, u64)]| counts(&stopped(&lines, open, 0));
    let on_time = |ago: u64| (END - ago, END - ago);
    assert_eq!(of(&[on_time(299)]), [(200, 0, 0); 3]);
    assert_eq!(of(&[on_time(300)]), [(201, 1, 1), (200, 0, 0), (200, 0, 0)]);
    // The hundred milliseconds that it woke late are ours.
    assert_eq!(of(&[(END - 350, END - 250)]), [(201, 1, 0), (201, 1, 0), (200, 0, 0)]);
    // Its timeout is ten seconds.
    assert_eq!(of(&[on_time(9_999)]), [(201, 1, 1), (201, 1, 1), (200, 0, 0)]);
    assert_eq!(of(&[on_time(10_000)]), [(201, 1, 1); 3]);
    assert_eq!(of(&[(END - 10_050, END - 9_950)]), [(201, 1, 1), (201, 1, 1), (201, 1, 0)]);
}

#[test]
fn what_was_open_too_long_ranks_last_and_what_had_not_begun_nowhere() {
    let open = [(END - 100, END - 100), (END - 400, END - 400), (END - 500, END - 500)];
    let recording = stopped(&[("citizens", "p99 < 300ms")], &open, 700);
    let tally = &recording.populations[0].tally;
    let of = |reason| tally.reason(reason);
    assert_eq!((of(Reason::Overdue), of(Reason::Stopped), of(Reason::NotBegun)), (2, 1, 700));
    assert_eq!((tally.class(Class::Unfinished), tally.not_right(), tally.total()), (703, 2, 903));
    assert!(recording.identity.is_ok(), "all that was planned is accounted for");
    let ranked = recording.populations[0].ranked(&recording.populations[0].response);
    let quantile = |text: &str| ranked.quantile(text.parse().unwrap());
    assert_eq!((ranked.count(), quantile("p99"), quantile("p99.9")), (202, Some(5_003), None));
    // No objective is about it: then it is its timeout that decides.
    let recording = stopped(&[("staff", "p99 < 300ms")], &[(END - 400, END - 400), (END - 10_000, END - 10_000)], 0);
    assert_eq!(recording.populations[0].tally.not_right(), 1);
}

/// Who presses Ctrl-C has one reason: that it was pressed.
#[test]
fn a_stop_decides_and_what_it_left_too_few_of_is_no_second_reason() {
    let open = [(END - 100, END - 100); 50];
    let lines = [("citizens", "p99.99 < 300ms"), ("staff", "errors < 5%"), ("citizens", "errors < 5%")];
    let judgement = judge(&stopped(&lines, &open, 5_000));
    assert_eq!((judgement.verdict, codes(&judgement)), (Some(Verdict::Invalid), vec![Code::Interrupted]));
    let open = [(END - 400, END - 400); 50];
    let judgement = judge(&stopped(&[("citizens", "p99 < 300ms")], &open, 5_000));
    assert_eq!(judgement.verdict, Some(Verdict::Invalid));
    assert_eq!(codes(&judgement), [Code::Interrupted, Code::Breached], "a breach that is proven is told");
    let Why::Unmet(unmet) = &judgement.reasons[1].why else { panic!("{:?}", judgement.reasons) };
    let Behind::TargetBy(bad) = &unmet.behind else { panic!("{unmet:?}") };
    let wrong_in: Vec<_> = bad.wrong_in.iter().map(|part| (part.name.as_str(), part.bad)).collect();
    assert_eq!((bad.slow, bad.wrong, wrong_in), (0, 50, vec![("citizens.home", 50)]));
}

#[test]
fn a_transaction_that_was_under_way_is_judged_by_how_long_it_had_been() {
    let mut about = objective("citizens.visit", "p90 < 2s");
    about.measure = Some(Measure::Transaction);
    let visit =
        CatalogMeasure { population: 0, name: "visit".to_owned(), kind: Measure::Transaction, objectives: vec![0] };
    let mut run = Run::new(Catalog { measures: vec![visit], ..catalog(vec![about]) }, vec![1]);
    run.right(0, 10, 12);
    run.measured(0, 10, Ok(500));
    run.stop(END);
    for (due, reason) in [(END - 1_999, Reason::Stopped), (END - 2_000, Reason::NotBegun), (END + 5, Reason::NotBegun)]
    {
        run.measured(0, due, Err(reason));
    }
    // One that had failed before is not saved by the stop.
    run.measured(0, END - 10, Err(Reason::Status));
    let recording = run.finish(interrupted).0;
    assert_eq!(counts(&recording), [(3, 2, 2)]);
    let tally = &recording.measures[0].tally;
    assert_eq!((tally.total(), tally.not_right(), tally.reason(Reason::Overdue)), (5, 2, 1));
}
