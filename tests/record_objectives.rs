//! Objectives that are no share of slow or wrong requests, and those about other times than the response (O1, O2).
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod record_support;

use record_support::{At, Run, Told, at, catalog, objective};
use scrutinio::judge::{Behind, Code, Judgement, Standing, Verdict, Why, judge};
use scrutinio::record::{CatalogObjective, EndFacts, Ending, Reason, Recording, load};
use scrutinio::report::{ReasonSummary, Style, Summary, write_text};
use scrutinio::unit::Span;

fn codes(judgement: &Judgement) -> Vec<Code> {
    judgement.reasons.iter().map(|reason| reason.why.code()).collect()
}

fn page(recording: &Recording) -> String {
    let mut out = Vec::new();
    let summary = Summary::new(recording, &judge(recording), &scrutinio::record::RunFacts::default());
    write_text(&summary, None, Style { colour: false, width: 200 }, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// An objective of a part of the run, from and to these seconds.
fn during(from: u64, to: u64, of: CatalogObjective) -> CatalogObjective {
    let text = format!("{} during 10:00..10:01", of.text);
    CatalogObjective { window: Some((at(from * 1_000), at(to * 1_000))), text, ..of }
}

/// Sixty engineers log on, one each second, and take so long; `woke` is how late each is woken.
fn logons(line: &str, takes: impl Fn(u64) -> u64, woke: impl Fn(u64) -> u64) -> Recording {
    let mut run = Run::new(catalog(vec![objective("staff", line)]), vec![1; 60]);
    for i in 0..60 {
        let due = i * 1_000;
        let woke = due + woke(i);
        run.request(Told { population: 1, due, woke, done: woke + takes(i), outcome: Ok(()) });
    }
    run.finish(|_| {}).0
}

/// V5b: a census of a few is decided, where no share of them could be (72 for p95).
#[test]
fn a_number_of_slow_ones_is_decided_by_counting() {
    let slow = |n: u64| move |i: u64| if i < n { 2_500 } else { 100 };
    for (n, standing, verdict, reasons) in [
        (0, Standing::Met, Verdict::Ready, vec![]),
        (2, Standing::Met, Verdict::Ready, vec![]),
        (3, Standing::Breached, Verdict::NotReady, vec![Code::Breached]),
    ] {
        let recording = logons("at most 2 slower than 2s", slow(n), |_| 0);
        let judgement = judge(&recording);
        assert_eq!((judgement.objectives[0].result, judgement.verdict), (standing, Some(verdict)), "{n}");
        assert_eq!(codes(&judgement), reasons, "{n}");
        assert!(page(&recording).contains(&format!("{n} of 60 bad, at most 2 allowed\n")), "{}", page(&recording));
    }
    let told = ReasonSummary::from(&judge(&logons("at most 2 slower than 2s", slow(3), |_| 0)).reasons[0]).told;
    assert_eq!(
        (told.seen.as_str(), told.limit.as_str()),
        ("staff at most 2 slower than 2s: 3 of 60 requests bad", "at most 2")
    );
    assert_eq!(told.cause, "the target answered too slowly; 3 of the 3 slow ones are staff.report (p50 100ms)");
}

#[test]
fn where_our_lateness_makes_one_too_many_the_generator_decided() {
    // Each takes 1.9 s; one in ten is woken 150 ms late: six of 60 are over 2 s, none of them without us.
    let late = |i: u64| if i.is_multiple_of(10) { 150 } else { 0 };
    let judgement = judge(&logons("at most 2 slower than 2s", |_| 1_900, late));
    assert_eq!((judgement.verdict, codes(&judgement)), (Some(Verdict::Invalid), vec![Code::GeneratorDecided]));
    let Why::Unmet(unmet) = &judgement.reasons[0].why else { panic!("{:?}", judgement.reasons) };
    assert_eq!((unmet.objective.n, unmet.objective.k, unmet.objective.k_without_us), (60, 6, 0));
    assert_eq!(unmet.behind, Behind::Generator { unsent: 0 });
    let told = ReasonSummary::from(&judgement.reasons[0]).told;
    assert_eq!(told.seen, "staff at most 2 slower than 2s: 6 of 60 requests bad, and 0 without our delay");
    let more = judge(&logons("at most 6 slower than 2s", |_| 1_900, late));
    assert_eq!(more.verdict, Some(Verdict::Ready));
}

/// Ten requests of which these end wrongly, by reason and status.
fn failing(lines: &[&str], wrong: &[(Reason, u16)]) -> Judgement {
    let mut run = Run::new(catalog(lines.iter().map(|line| objective("staff", line)).collect()), vec![10]);
    for i in 0..10 {
        let (reason, status) = wrong.get(i as usize).copied().map_or((None, 200), |(r, s)| (Some(r), s));
        let told =
            Told { population: 1, due: i * 10, woke: i * 10, done: i * 10 + 1, outcome: reason.map_or(Ok(()), Err) };
        run.request_at(At { status, ..At::default() }, told);
    }
    judge(&run.finish(|_| {}).0)
}

#[test]
fn errors_are_counted_by_kind_and_all_together() {
    let lines = [
        "at most 0 errors",
        "at most 3 errors",
        "at most 0 errors timeout",
        "at most 0 errors reset",
        "at most 1 errors 503",
        "at most 0 errors 503",
        "at most 1 errors 5xx",
        "at most 2 errors status",
    ];
    let judgement = failing(&lines, &[(Reason::Status, 503), (Reason::Status, 500), (Reason::Reset, 0)]);
    let told: Vec<_> = judgement.objectives.iter().map(|o| (o.k, o.result == Standing::Met)).collect();
    assert_eq!(
        told,
        [(3, false), (3, true), (0, true), (1, false), (1, true), (1, false), (2, false), (2, true)],
        "{lines:?}"
    );
    assert_eq!(judgement.verdict, Some(Verdict::NotReady));
    assert_eq!(failing(&["at most 0 errors"], &[]).verdict, Some(Verdict::Ready));
}

/// Citizens with so many right answers a second, and one of staff; an interval closes each second.
fn rates(objectives: Vec<CatalogObjective>, seconds: u64, per_s: impl Fn(u64) -> u64, woke: fn(u64) -> u64) -> Run {
    let mut run = Run::new(catalog(objectives), (0..seconds).map(|second| per_s(second) + 1).collect());
    for second in 0..seconds {
        for i in 0..per_s(second) {
            let due = second * 1_000 + i * 1_000 / per_s(second);
            run.request(Told { population: 0, due, woke: woke(due), done: woke(due) + 1, outcome: Ok(()) });
        }
        run.right(1, second * 1_000, second * 1_000 + 2);
        run.close((second + 1) * 1_000 + 3);
    }
    run
}

fn planned(seconds: u64) -> impl FnOnce(&mut EndFacts) {
    move |end| end.planned_length = Some(Span::from_secs(seconds))
}

/// 99 to 101 a second.
const STEADY: fn(u64) -> u64 = |second| 99 + second * 7 % 3;

#[test]
fn a_rate_is_met_by_its_lower_bound_and_breached_by_its_upper_one() {
    for (line, standing, verdict, reason) in [
        ("rate >= 95/s", Standing::Met, Verdict::Ready, vec![]),
        ("rate >= 6k/m", Standing::Undecided, Verdict::Invalid, vec![Code::Undecided]),
        ("rate >= 105/s", Standing::Breached, Verdict::NotReady, vec![Code::Breached]),
    ] {
        let run = rates(vec![objective("citizens", line)], 30, STEADY, |due| due);
        let recording = run.finish(planned(30)).0;
        let judgement = judge(&recording);
        assert_eq!((judgement.objectives[0].result, judgement.verdict), (standing, Some(verdict)), "{line}");
        assert_eq!(codes(&judgement), reason, "{line}");
        let told = &judgement.objectives[0];
        assert_eq!((told.n, told.observed), (3_000, Some(100.0)));
        assert!(told.lower.is_some_and(|it| (95.0..100.0).contains(&it)), "{told:?}");
        assert!(told.upper.is_some_and(|it| (100.0..105.0).contains(&it)), "{told:?}");
        let asked = if line.contains("95") {
            "95.0/s"
        } else if line.contains("105") {
            "105/s"
        } else {
            "100/s"
        };
        let line = format!(" right answers, at least {asked} asked\n");
        assert!(page(&recording).contains(&line), "no `{line}` in {}", page(&recording));
    }
}

#[test]
fn a_rate_is_of_the_whole_seconds_of_its_scope_and_window() {
    // A quarter of the rate from 10 s to 20 s; then as before; and much that comes after the plan's end.
    let per_s = |second| match second {
        10..20 => 25,
        30.. => 900,
        _ => 100,
    };
    let objectives = vec![
        objective("overall", "rate >= 1/s"),
        objective("citizens", "rate >= 1/s"),
        objective("staff", "rate >= 0.1/s"),
        during(10, 20, objective("citizens", "rate >= 1/s")),
        during(25, 90, objective("citizens", "rate >= 1/s")),
        during(40, 50, objective("citizens", "rate >= 1/s")),
    ];
    let judgement = judge(&rates(objectives, 32, per_s, |due| due).finish(planned(30)).0);
    let told: Vec<_> = judgement.objectives.iter().map(|o| (o.n, o.observed)).collect();
    let of = |n: u64, seconds: u64| (n, Some(n as f64 / seconds as f64));
    assert_eq!(told, [of(2_280, 30), of(2_250, 30), of(30, 30), of(250, 10), of(500, 5), (0, None)]);
    assert_eq!(judgement.objectives[5].result, Standing::NoData);
}

/// An interval is written when the hub comes to it; what the lanes answered in its time is known all the same.
#[test]
fn a_hub_that_is_late_moves_no_answer() {
    let mut run = Run::new(catalog(vec![objective("citizens", "rate >= 95/s")]), vec![100; 10]);
    for i in 0..1_300 {
        run.right(0, i * 10, i * 10 + 1);
        match i {
            // From 3 s to 9.9 s nobody takes what is handed over.
            299..999 if i % 100 == 99 => run.hand_over((i + 1) * 10),
            i if i % 100 == 99 => run.close((i + 1) * 10),
            _ => {}
        }
    }
    let (recording, _folder) = run.finish(planned(10));
    assert_eq!(recording.populations[0].right_by_second, [100; 13]);
    let told = judge(&recording).objectives.remove(0);
    assert_eq!((told.n, told.observed, told.result), (1_000, Some(100.0), Standing::Met));
}

#[test]
fn what_was_not_right_is_none_of_the_rate() {
    let mut run = Run::new(catalog(vec![objective("citizens", "rate >= 40/s")]), vec![100; 10]);
    for i in 0..1_000 {
        let outcome = if i % 2 == 0 { Err(Reason::Status) } else { Ok(()) };
        run.request(Told { population: 0, due: i * 10, woke: i * 10, done: i * 10 + 1, outcome });
        if i % 100 == 99 {
            run.close((i + 1) * 10);
        }
    }
    let told = judge(&run.finish(planned(10)).0).objectives.remove(0);
    assert_eq!((told.n, told.observed, told.result), (500, Some(50.0), Standing::Met));
}

#[test]
fn a_rate_that_is_missed_in_seconds_laid_on_us_is_not_the_targets() {
    let few = |second| if second < 20 { 50 } else { 100 };
    // Stopped from 10 s to 15 s.
    let stopped = |due: u64| if (10_000..15_000).contains(&due) { 15_000 } else { due };
    let run = rates(vec![objective("citizens", "rate >= 100/s")], 30, few, stopped);
    let judgement = judge(&run.finish(planned(30)).0);
    assert_eq!(codes(&judgement), [Code::GeneratorLate, Code::GeneratorDecided]);
    let run = rates(vec![objective("citizens", "rate >= 100/s")], 30, few, |due| due);
    assert_eq!(codes(&judge(&run.finish(planned(30)).0)), [Code::Breached]);
}

/// O7.
#[test]
fn a_rate_of_a_closed_loop_is_never_ready() {
    let run = rates(vec![objective("citizens", "rate >= 50/s")], 10, STEADY, |due| due);
    let judgement = judge(&run.finish(|end| end.closed_loop = true).0);
    assert_eq!(judgement.objectives[0].result, Standing::Met);
    assert_eq!((judgement.verdict, codes(&judgement)), (Some(Verdict::Invalid), vec![Code::ClosedLoop]));
}

#[test]
fn a_run_that_ended_early_has_the_rate_of_the_seconds_that_passed() {
    let run = rates(vec![objective("citizens", "rate >= 50/s")], 10, STEADY, |due| due);
    let interrupted = |end: &mut EndFacts| {
        (end.ending, end.planned_length) = (Ending::Interrupted, Some(Span::from_secs(60)));
        end.elapsed = Span::from_millis(10_400);
    };
    let told = judge(&run.finish(interrupted).0).objectives.remove(0);
    assert_eq!((told.n, told.result), (999, Standing::Met));
    // And a killed run's folder holds the same.
    let run = rates(
        vec![
            objective("citizens", "rate >= 50/s"),
            objective("staff", "at most 0 slower than 1ms"),
            during(0, 5, objective("citizens", "rate >= 50/s")),
        ],
        10,
        STEADY,
        |due| due,
    );
    let (killed, _) = load(run.folder.path()).expect("a killed run");
    let told: Vec<_> = judge(&killed).objectives.iter().map(|o| (o.n, o.k, o.result)).collect();
    assert_eq!(told, [(999, 0, Standing::Met), (10, 10, Standing::Breached), (499, 0, Standing::Met)]);
    let (finished, _folder) = run.finish(|_| {});
    let by_second = |recording: &Recording| recording.populations[0].right_by_second.clone();
    assert_eq!(by_second(&killed), by_second(&finished));
}

/// A thousand requests of citizens, each 100 ms from due to done; every tenth waits 60 ms of that before it goes out.
fn waiting(lines: &[&str]) -> Recording {
    let mut run = Run::new(catalog(lines.iter().map(|line| objective("citizens", line)).collect()), vec![100; 10]);
    for i in 0..1_000 {
        let waited = if i % 10 == 0 { 60 } else { 0 };
        let told = Told { population: 0, due: i * 10, woke: i * 10, done: i * 10 + 100, outcome: Ok(()) };
        run.request_at(At { waited, ..At::default() }, told);
    }
    run.finish(|_| {}).0
}

#[test]
fn each_time_has_its_own_quantile_and_its_own_bad_ones() {
    let lines = [
        "p95 < 90ms",
        "service p95 < 90ms",
        "service p50 < 101ms",
        "wait p95 < 50ms",
        "wait p50 < 50ms",
        "first_byte p95 < 90ms",
    ];
    let recording = waiting(&lines);
    let judgement = judge(&recording);
    let told: Vec<_> = judgement.objectives.iter().map(|o| (o.n, o.k, o.was_us.unwrap() / 1_000)).collect();
    assert_eq!(
        told,
        [(1_000, 1_000, 100), (1_000, 900, 100), (1_000, 0, 100), (1_000, 100, 60), (1_000, 100, 0), (1_000, 900, 100)]
    );
    let page = page(&recording);
    let line = page.lines().find(|line| line.contains("citizens wait p95 < 50ms")).unwrap();
    assert!(line.contains("was 60ms · 100 of 1,000 bad · at least "), "{line}");
    assert!(line.ends_with("% slower or failed, 5% allowed"), "{line}");
}

#[test]
fn a_breach_says_which_time_was_too_long() {
    let cause = |line: &str| ReasonSummary::from(&judge(&waiting(&[line])).reasons[0]).told.cause;
    assert_eq!(cause("wait p95 < 50ms"), "requests went out too long after they were taken up");
    assert_eq!(cause("first_byte p95 < 50ms"), "the target began to answer too late");
    assert_eq!(cause("service p95 < 50ms"), "the target answered too slowly");
}

/// O7: what counts every failure covers a step, and what counts some of them, or how long requests waited, does not.
#[test]
fn only_what_counts_every_failure_covers_a_step() {
    let uncovered = |line: &str| {
        let mut run = Run::new(catalog(vec![objective("staff", line)]), vec![100]);
        for i in 0..100 {
            let outcome = if i < 40 { Err(Reason::Status) } else { Ok(()) };
            run.request(Told { population: 1, due: i * 10, woke: i * 10, done: i * 10 + 1, outcome });
        }
        judge(&run.finish(|_| {}).0).uncovered.len()
    };
    for line in
        ["errors < 50%", "at most 50 errors", "at most 50 slower than 1s", "service p50 < 1s", "first_byte p50 < 1s"]
    {
        assert_eq!(uncovered(line), 0, "{line}");
    }
    for line in ["errors timeout < 50%", "errors 5xx < 50%", "wait p50 < 1s", "rate >= 1/s", "at most 0 errors reset"] {
        assert_eq!(uncovered(line), 1, "{line}");
    }
}
