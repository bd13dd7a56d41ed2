//! The verdict: one order, every reason, and nothing passes for want of data.
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod record_support;

use record_support::{Run, Told, catalog, objective};
use scrutinio::judge::{Behind, Code, Judgement, Standing, Verdict, Why, judge};
use scrutinio::record::{Catalog, CatalogObjective, EndFacts, Ending, Imbalance, LeftOut, Reason, Recording};
use scrutinio::report::ReasonSummary;
use scrutinio::scenario::Measure;
use scrutinio::unit::Span;

/// 30 seconds of 100 citizens a second, due and woken as told, and one answer a second of staff.
fn recording(
    woke: impl Fn(u64) -> u64,
    done_after: impl Fn(u64) -> u64,
    change: impl FnOnce(&mut EndFacts),
) -> Recording {
    let objectives = vec![objective("citizens", "p99 < 300ms"), objective("staff", "errors < 50%")];
    let mut run = Run::new(catalog(objectives), vec![101; 30]);
    for i in 0..3_000 {
        let (due, woke) = (i * 10, woke(i * 10));
        run.request(Told { population: 0, due, woke, done: woke + done_after(due), outcome: Ok(()) });
    }
    for second in 0..30 {
        run.right(1, second * 1_000, second * 1_000 + 1);
    }
    run.finish(change).0
}

fn codes(judgement: &Judgement) -> Vec<Code> {
    judgement.reasons.iter().map(|reason| reason.why.code()).collect()
}

/// What is behind an objective that is not met, by the number of the reason.
fn behind(judgement: &Judgement, reason: usize) -> &Behind {
    let Why::Unmet(unmet) = &judgement.reasons[reason].why else { panic!("{:?}", judgement.reasons) };
    &unmet.behind
}

/// The verdict and reasons of a recording.
fn verdict(recording: &Recording) -> (Option<Verdict>, Vec<Code>) {
    let judgement = judge(recording);
    (judgement.verdict, codes(&judgement))
}

const ON_TIME: fn(u64) -> u64 = |due| due;
const FAST: fn(u64) -> u64 = |_| 5;

#[test]
fn a_sound_run_that_meets_its_objectives_is_ready() {
    assert_eq!(verdict(&recording(ON_TIME, FAST, |_| {})), (Some(Verdict::Ready), vec![]));
}

#[test]
fn an_objective_breached_without_our_help_is_not_ready() {
    let slow = |due: u64| if due % 1_000 < 20 { 400 } else { 5 };
    assert_eq!(verdict(&recording(ON_TIME, slow, |_| {})), (Some(Verdict::NotReady), vec![Code::Breached]));
}

#[test]
fn where_our_lateness_decides_the_run_is_invalid() {
    // 290 ms late in 2 % of the requests, each answered within 50 ms: too few in a second to distort the load.
    let late = |due: u64| if due % 1_000 < 20 { due + 290 } else { due };
    let judgement = judge(&recording(late, |_| 50, |_| {}));
    assert_eq!((judgement.verdict, codes(&judgement)), (Some(Verdict::Invalid), vec![Code::GeneratorDecided]));
    assert_eq!(judgement.objectives[0].result, Standing::GeneratorDecided);
    assert_eq!((judgement.objectives[0].k, judgement.objectives[0].k_without_us), (60, 0));
}

#[test]
fn a_stopped_generator_distorts_the_load_and_its_victims_are_not_the_targets() {
    // Stopped from 10 s to 15 s: everything due then wakes at 15 s and swamps a target that then is slow for 8 s.
    let stopped = |due: u64| if (10_000..15_000).contains(&due) { 15_000 } else { due };
    let swamped = |due: u64| if (10_000..23_000).contains(&due) { 700 } else { 5 };
    let recording = recording(stopped, swamped, |_| {});
    let judgement = judge(&recording);
    assert_eq!(judgement.verdict, Some(Verdict::Invalid));
    assert_eq!(codes(&judgement), [Code::GeneratorLate, Code::GeneratorDecided]);
    let late = Why::Late { late_seconds: 5, seconds: 30, stood_still_seconds: 0, first_second: 10, held_up: None };
    assert_eq!(judgement.reasons[0].why, late);
    let citizens = &judgement.objectives[0];
    assert_eq!((citizens.k, citizens.k_without_us), (1_300, 0), "all due in a short second or the ten after it");
}

#[test]
fn one_short_second_distorts_nothing() {
    let once = |due: u64| if (10_000..11_000).contains(&due) { 11_000 } else { due };
    assert_eq!(verdict(&recording(once, |_| 5, |_| {})).1, [Code::GeneratorDecided]);
}

#[test]
fn an_identity_that_does_not_hold_is_invalid_and_told_beside_everything_else() {
    let slow = |_| 400;
    let recording = recording(ON_TIME, slow, |end| end.planned = Some(vec![3_001, 30]));
    let judgement = judge(&recording);
    assert_eq!(judgement.verdict, Some(Verdict::Invalid));
    assert_eq!(codes(&judgement), [Code::BrokenIdentity, Code::Breached]);
    let broken = Imbalance { population: "citizens".to_owned(), planned: 3_001, accounted: 3_000 };
    assert_eq!(judgement.reasons[0].why, Why::Unaccounted { broken: vec![broken] });
}

#[test]
fn another_plan_than_the_planned_one_is_invalid_unless_the_run_was_stopped() {
    let other = |end: &mut EndFacts| end.arrivals_hash = Some((1, 2));
    assert_eq!(verdict(&recording(ON_TIME, FAST, other)), (Some(Verdict::Invalid), vec![Code::BrokenHash]));
    let stopped = |end: &mut EndFacts| (end.arrivals_hash, end.ending) = (Some((1, 2)), Ending::Interrupted);
    assert_eq!(verdict(&recording(ON_TIME, FAST, stopped)), (Some(Verdict::Invalid), vec![Code::Interrupted]));
    // A run that reached the hard stop with every session begun has no excuse; one that did not begin them all has another name.
    let drained = |sessions: u64| {
        move |end: &mut EndFacts| {
            (end.arrivals_hash, end.gave_up) = (Some((1, 2)), Some(Reason::Drained));
            end.planned_sessions = Some(sessions);
        }
    };
    assert_eq!(verdict(&recording(ON_TIME, FAST, drained(0))), (Some(Verdict::Invalid), vec![Code::BrokenHash]));
    let held_up = verdict(&recording(ON_TIME, FAST, drained(2)));
    assert_eq!(held_up, (Some(Verdict::Invalid), vec![Code::GeneratorLate]));
}

#[test]
fn a_run_whose_own_target_died_is_invalid_whatever_was_breached() {
    let died = |end: &mut EndFacts| {
        (end.ending, end.target_death) = (Ending::TargetDied, Some("signal: 9 (SIGKILL)".to_owned()));
    };
    assert_eq!(verdict(&recording(ON_TIME, FAST, died)), (Some(Verdict::Invalid), vec![Code::TargetDied]));
    let judgement = judge(&recording(ON_TIME, |_| 400, died));
    assert_eq!(judgement.verdict, Some(Verdict::Invalid));
    assert_eq!(codes(&judgement), [Code::TargetDied, Code::Breached]);
    assert_eq!(behind(&judgement, 1), &Behind::DeadTarget);
}

/// P10: what none of the load's plan knows the number of is held to the same evidence once it is known.
#[test]
fn an_objective_with_too_little_evidence_is_undecided_however_good_it_is() {
    for (n, codes_of, standing) in [(367, vec![Code::Undecided], Standing::Undecided), (368, vec![], Standing::Met)] {
        let mut run = Run::new(catalog(vec![objective("citizens", "p99 < 300ms")]), vec![n]);
        (0..n).for_each(|i| run.right(0, i, i + 2));
        let judgement = judge(&run.finish(|_| {}).0);
        assert_eq!((codes(&judgement), judgement.objectives[0].result), (codes_of, standing), "{n}");
        for (index, reason) in judgement.reasons.iter().enumerate() {
            assert_eq!(behind(&judgement, index), &Behind::TooFew { needs: 368 });
            let told = ReasonSummary::from(reason).told;
            assert_eq!(
                (told.seen.as_str(), told.limit.as_str()),
                ("citizens p99 < 300ms: 367 requests", "at least 368")
            );
        }
    }
}

#[test]
fn a_killed_run_with_too_few_requests_is_told_that_it_was_killed_and_no_more() {
    let mut run = Run::new(catalog(vec![objective("citizens", "p99 < 300ms")]), vec![400]);
    (0..300).for_each(|i| run.right(0, i, i + 2));
    let judgement = judge(&run.finish(|end| end.ending = Ending::Killed).0);
    assert_eq!((judgement.verdict, codes(&judgement)), (Some(Verdict::Invalid), vec![Code::Interrupted]));
}

/// Defect 3 of docs/sources.md: a threshold on a metric without data passes.
#[test]
fn an_objective_without_data_is_invalid_and_never_ready() {
    let mut run =
        Run::new(catalog(vec![objective("citizens", "p99 < 300ms"), objective("staff", "errors < 1%")]), vec![400]);
    (0..400).for_each(|i| run.right(0, i, i + 2));
    let judgement = judge(&run.finish(|_| {}).0);
    assert_eq!((judgement.verdict, codes(&judgement)), (Some(Verdict::Invalid), vec![Code::NoData]));
    assert_eq!((judgement.objectives[1].result, judgement.objectives[1].observed), (Standing::NoData, None));
}

#[test]
fn without_objectives_there_is_no_verdict() {
    let mut run = Run::new(catalog(vec![]), vec![1]);
    run.right(0, 10, 12);
    assert_eq!(verdict(&run.finish(|_| {}).0), (None, vec![]));
}

#[test]
fn a_closed_loop_is_never_ready_but_can_be_not_ready() {
    let closed = |end: &mut EndFacts| end.closed_loop = true;
    assert_eq!(verdict(&recording(ON_TIME, FAST, closed)), (Some(Verdict::Invalid), vec![Code::ClosedLoop]));
    let breached = verdict(&recording(ON_TIME, |_| 400, closed));
    assert_eq!(breached, (Some(Verdict::NotReady), vec![Code::Breached, Code::ClosedLoop]));
}

fn unsent(reason: Reason, limit_covers_target: bool, late: u64) -> Judgement {
    let mut catalog = catalog(vec![objective("citizens", "errors < 50%"), objective("citizens", "p90 < 300ms")]);
    catalog.limit_covers_target = limit_covers_target;
    let mut run = Run::new(catalog, vec![100; 10]);
    for i in 0..1_000 {
        let (due, outcome) = (i * 10, if i % 5 == 0 { Err(reason) } else { Ok(()) });
        run.request(Told { population: 0, due, woke: due + late, done: due + late + 1, outcome });
    }
    judge(&run.finish(|_| {}).0)
}

/// R6: the target's stall with clean lag and a wide enough limit; else ours.
#[test]
fn unsent_requests_are_laid_on_whom_it_belongs() {
    let stalled = unsent(Reason::InFlight, true, 0);
    assert_eq!((stalled.verdict, codes(&stalled)), (Some(Verdict::NotReady), vec![Code::Breached]));
    for ours in
        [unsent(Reason::InFlight, false, 0), unsent(Reason::InFlight, true, 100), unsent(Reason::Ports, true, 0)]
    {
        assert_eq!((ours.verdict, ours.reasons[0].why.code()), (Some(Verdict::Invalid), Code::UnsentRequests));
    }
}

/// What was never sent is not known to be met, however few it was.
#[test]
fn a_run_that_shed_is_never_ready() {
    let mut run =
        Run::new(catalog(vec![objective("citizens", "errors < 50%"), objective("citizens", "p50 < 300ms")]), vec![400]);
    for i in 0..400 {
        let outcome = if i < 4 { Err(Reason::InFlight) } else { Ok(()) };
        run.request(Told { population: 0, due: i * 2, woke: i * 2, done: i * 2 + 1, outcome });
    }
    assert_eq!(verdict(&run.finish(|_| {}).0), (Some(Verdict::Invalid), vec![Code::UnsentRequests]));
}

#[test]
fn an_objective_that_shedding_decided_does_not_speak_of_late_wakes_alone() {
    let judgement = unsent(Reason::InFlight, false, 0);
    assert_eq!(codes(&judgement), [Code::UnsentRequests, Code::GeneratorDecided]);
    assert_eq!(behind(&judgement, 1), &Behind::Generator { unsent: 200 });
    let [unsent, decided] = [0, 1].map(|index| ReasonSummary::from(&judgement.reasons[index]).told);
    assert!(decided.cause.contains("did not send"), "{}", decided.cause);
    assert!(unsent.cure.contains("ulimit -Hn"), "descriptors lower it too: {}", unsent.cure);
}

/// A run of 40 seconds whose plan has 100 requests a second for 30 of them, which come as told.
fn slipped(woke: impl Fn(u64) -> u64) -> Vec<Code> {
    let mut run = Run::new(catalog(vec![objective("citizens", "errors < 50%")]), vec![100; 30]);
    for due in (0..3_000).map(|i| woke(i * 10)) {
        run.right(0, due, due + 5);
    }
    codes(&judge(&run.finish(|end| end.elapsed = Span::from_secs(40)).0))
}

/// O5: what is due follows what was answered, so that neither due nor ready tells that nothing came.
#[test]
fn planned_load_that_did_not_come_is_told_and_a_shift_of_it_is_not() {
    assert_eq!(slipped(|planned| planned), []);
    assert_eq!(slipped(|planned| planned + 1_500), [], "all of it later by a wait of a session");
    assert_eq!(slipped(|planned| planned * 5 / 4), [], "sessions that wait a fifth of their time");
    assert_eq!(slipped(|planned| planned + if planned < 12_000 { 0 } else { 9_000 }), [Code::SessionsFellBehind]);
    assert_eq!(slipped(|planned| planned * 2), [Code::SessionsFellBehind], "half of it at all times");
    assert_eq!(slipped(|planned| planned / 20), [], "sooner than planned is not too late");
}

#[test]
fn a_breach_that_the_target_alone_is_to_blame_for_stays_one_though_the_sessions_fell_behind() {
    let mut run = Run::new(catalog(vec![objective("citizens", "errors < 50%")]), vec![100; 30]);
    (0..3_000).for_each(|i| {
        let at = i * 20;
        run.request(Told { population: 0, due: at, woke: at, done: at + 5, outcome: Err(Reason::Reset) });
    });
    assert_eq!(
        verdict(&run.finish(|_| {}).0),
        (Some(Verdict::NotReady), vec![Code::Breached, Code::SessionsFellBehind])
    );
}

/// Three a second are within 5√n of none; that they came five seconds late is told by what is still to be woken.
#[test]
fn a_few_requests_that_woke_seconds_late_distort_the_load() {
    let woke_by = |late: u64| {
        let mut run = Run::new(catalog(vec![objective("citizens", "errors < 50%")]), vec![3; 30]);
        for due in (0..90).map(|i| i * 333) {
            let woke = if (10_000..15_000).contains(&due) { (10_000 + late).max(due) } else { due };
            run.request(Told { population: 0, due, woke, done: woke + 5, outcome: Ok(()) });
        }
        codes(&judge(&run.finish(|_| {}).0))
    };
    assert_eq!(woke_by(900), []);
    assert_eq!(woke_by(5_000), [Code::GeneratorLate]);
}

/// A hundred requests of each population, of which so many failed, under these objectives.
fn failing(objectives: &[(&str, &str)], failed: [u64; 2], left_out: Vec<LeftOut>) -> Judgement {
    let objectives = objectives.iter().map(|(scope, line)| objective(scope, line)).collect();
    let mut run = Run::new(Catalog { left_out, ..catalog(objectives) }, vec![200]);
    for i in 0..200 {
        let population = i % 2;
        let outcome = if i / 2 < failed[population as usize] { Err(Reason::Status) } else { Ok(()) };
        run.request(Told { population: population as u16, due: i * 5, woke: i * 5, done: i * 5 + 1, outcome });
    }
    judge(&run.finish(|_| {}).0)
}

/// What is told beside the verdict.
fn told(objectives: &[(&str, &str)], failed: [u64; 2]) -> Vec<(String, u64, f64)> {
    let judgement = failing(objectives, failed, vec![]);
    judgement.uncovered.into_iter().map(|step| (step.step, step.failed, step.allowed)).collect()
}

#[test]
fn a_step_that_fails_far_more_than_is_allowed_and_has_no_objective_is_told() {
    let staff = |n, allowed| vec![("staff.report".to_owned(), n, allowed)];
    let overall = ("overall", "errors < 2%");
    assert_eq!(told(&[overall], [0, 5]), staff(5, 0.02));
    assert_eq!(told(&[overall], [0, 4]), [], "twice the share is not over it");
    assert_eq!(told(&[overall, ("citizens", "errors < 2.5%")], [5, 0]), [], "what is allowed to its population counts");
    assert_eq!(told(&[("overall", "p50 < 1s")], [0, 6]), staff(6, 0.5), "never is it over one in twenty");
    assert_eq!(told(&[("overall", "p50 < 1s")], [0, 5]), []);
    assert_eq!(told(&[overall, ("overall", "p99 < 1s"), ("overall", "amplification < 2")], [0, 3]), staff(3, 0.01));
    assert_eq!(told(&[("staff.report", "p90 < 1s"), overall], [0, 60]), [], "one of its own");
    // Nobody names the population, and nothing is said of all.
    assert_eq!(told(&[("citizens", "errors < 8%")], [0, 100]), staff(100, 0.01));
    assert_eq!(told(&[("citizens", "errors < 50%")], [0, 2]), [], "fewer than three");
    let both = told(&[("overall", "errors < 1%")], [5, 40]);
    assert_eq!(both.iter().map(|(step, ..)| step.as_str()).collect::<Vec<_>>(), ["staff.report", "citizens.home"]);
    assert_eq!(told(&[], [0, 100]), [], "who asks for nothing is told nothing");
}

/// O7: what is said of a scope is said of its only step.
#[test]
fn a_step_that_is_all_of_a_scope_is_covered_by_what_is_said_of_that() {
    assert_eq!(told(&[("staff", "errors < 50%")], [0, 40]), []);
    assert_eq!(told(&[("staff", "amplification < 2")], [0, 40]).len(), 1, "not about what failed");
    let steps_told = |populations: std::ops::Range<usize>| {
        let mut catalog = catalog(vec![objective("overall", "errors < 50%")]);
        catalog.populations = catalog.populations[populations].to_vec();
        let mut run = Run::new(catalog, vec![100]);
        for i in 0..100 {
            let outcome = if i < 40 { Err(Reason::Status) } else { Ok(()) };
            run.request(Told { population: 0, due: i * 10, woke: i * 10, done: i * 10 + 1, outcome });
        }
        judge(&run.finish(|_| {}).0).uncovered.len()
    };
    assert_eq!((steps_told(1..2), steps_told(0..1), steps_told(0..2)), (0, 1, 1), "one step, two, two populations");
}

/// What we did not send tells nothing of the target, neither for nor against it.
#[test]
fn the_share_that_failed_is_of_what_was_sent() {
    let mut run = Run::new(catalog(vec![objective("overall", "errors < 2.5%")]), vec![100]);
    for i in 0..100 {
        let outcome = match i {
            0..50 => Err(Reason::InFlight),
            50..53 => Err(Reason::Status),
            _ => Ok(()),
        };
        run.request(Told { population: 0, due: i * 10, woke: i * 10, done: i * 10 + 1, outcome });
    }
    let told = judge(&run.finish(|_| {}).0).uncovered;
    assert_eq!(told.iter().map(|step| (step.requests, step.failed)).collect::<Vec<_>>(), [(50, 3)]);
}

/// P9, O7: a rehearsal that can prove nothing is no failure, and a window that has nothing of what is asked is.
#[test]
fn what_is_left_out_decides_only_where_nothing_is_left() {
    let too_few = || LeftOut { objective: "overall p99 < 1s".to_owned(), needs: Some(368), has: 100 };
    let empty = || LeftOut { objective: "staff p99 < 1s".to_owned(), needs: None, has: 0 };
    let verdict = |objectives: &[(&str, &str)], left_out| {
        let judgement = failing(objectives, [0, 0], left_out);
        (judgement.verdict, codes(&judgement))
    };
    assert_eq!(verdict(&[], vec![too_few()]), (None, vec![]));
    assert_eq!(verdict(&[], vec![empty(), too_few()]), (None, vec![]));
    assert_eq!(verdict(&[], vec![empty()]), (Some(Verdict::Invalid), vec![Code::NoData]));
    assert_eq!(verdict(&[("overall", "errors < 5%")], vec![too_few()]), (Some(Verdict::Ready), vec![]));
}

/// P10: the cause names what decided how many there were.
#[test]
fn an_objective_with_too_few_samples_says_what_decided_their_number() {
    for (measure, cause) in [
        (None, "the answers decide how many requests there are"),
        (Some(Measure::FrameGap), "what the target sends on its streams decides how many samples there are"),
        (Some(Measure::Reconnect), "the streams that are lost, and opened again, decide how many samples there are"),
    ] {
        let about = CatalogObjective { measure, ..objective("citizens", "p99 < 300ms") };
        let mut run = Run::new(catalog(vec![about]), vec![30]);
        (0..30).for_each(|i| run.right(0, i * 10, i * 10 + 1));
        let judgement = judge(&run.finish(|_| {}).0);
        assert_eq!(codes(&judgement), [Code::Undecided]);
        let told = ReasonSummary::from(&judgement.reasons[0]).told;
        assert!(told.cause.starts_with(cause), "{}", told.cause);
    }
}
