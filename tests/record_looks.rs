//! Looks at one plan (O17): what one of them could not deliver another makes good, and all of them are one recording.
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod record_support;

use record_support::{Run, Told, catalog, objective};
use scrutinio::judge::{Code, Judgement, Standing, Verdict, judge, judge_looks, seconds_left_out};
use scrutinio::record::{EndFacts, Ending, Recording, RunFacts};

const SECONDS: u64 = 30;

/// 30 seconds of 100 citizens a second, due and woken as told.
fn look(lines: &[&str], woke: impl Fn(u64) -> u64, done_after: impl Fn(u64) -> u64) -> Recording {
    let objectives = lines.iter().map(|line| objective("citizens", line)).collect();
    let mut run = Run::new(catalog(objectives), vec![101; SECONDS as usize]);
    for i in 0..SECONDS * 100 {
        let (due, woke) = (i * 10, woke(i * 10));
        run.request(Told { population: 0, due, woke, done: woke + done_after(due), outcome: Ok(()) });
    }
    for second in 0..SECONDS {
        run.right(1, second * 1_000, second * 1_000 + 1);
    }
    run.finish(|_: &mut EndFacts| {}).0
}

fn judged(looks: &[Recording]) -> Judgement {
    let pooled = Recording::pooled(looks, Ending::Finished).unwrap();
    judge_looks(looks, &pooled, &RunFacts::default())
}

fn verdict(looks: &[Recording]) -> (Option<Verdict>, Vec<Code>) {
    let judgement = judged(looks);
    (judgement.verdict, judgement.reasons.iter().map(|reason| reason.why.code()).collect())
}

const LINE: &[&str] = &["p99 < 300ms"];
const ON_TIME: fn(u64) -> u64 = |due| due;
const FAST: fn(u64) -> u64 = |_| 5;

/// Stopped for five seconds from this millisecond on: everything due then wakes at their end.
fn stopped(from: u64) -> impl Fn(u64) -> u64 {
    move |due| if (from..from + 5_000).contains(&due) { from + 5_000 } else { due }
}

#[test]
fn seconds_that_one_look_could_not_deliver_another_makes_good() {
    let (spoiled, sound) = (look(LINE, stopped(10_000), FAST), look(LINE, ON_TIME, FAST));
    assert_eq!(judge(&spoiled).verdict, Some(Verdict::Invalid), "alone it proves nothing");
    assert_eq!(seconds_left_out(&[spoiled.clone(), sound.clone()]), [5, 0]);
    assert_eq!(verdict(&[spoiled.clone(), sound.clone()]), (Some(Verdict::Ready), vec![]));
    // Other seconds of another look do, too.
    let elsewhere = look(LINE, stopped(20_000), FAST);
    assert_eq!(verdict(&[spoiled.clone(), elsewhere]), (Some(Verdict::Ready), vec![]));
    // What was late in each of them was never seen.
    assert_eq!(verdict(&[spoiled.clone(), spoiled.clone()]), (Some(Verdict::Invalid), vec![Code::GeneratorLate]));
    assert_eq!(verdict(&[spoiled]), (Some(Verdict::Invalid), vec![Code::GeneratorLate]));
}

#[test]
fn a_part_of_the_plan_that_one_look_saw_alone_keeps_its_weight() {
    // Bad in the five seconds that the other looks could not deliver: a sixth of the plan, and a quarter of what was seen.
    let bad = |due: u64| if (10_000..15_000).contains(&due) { 400 } else { 5 };
    let looks = [look(LINE, stopped(10_000), bad), look(LINE, stopped(10_000), bad), look(LINE, ON_TIME, bad)];
    let objective = &judged(&looks).objectives[0];
    let sixth = objective.observed.unwrap();
    assert!((sixth - 1.0 / 6.0).abs() < 1e-9, "{sixth}");
    assert_eq!((objective.n, objective.k), (8_000, 500));
}

#[test]
fn a_look_has_a_third_of_the_error() {
    // 368 prove p99 with none bad at the level of a run, and 477 at that of a look.
    let few = |requests: u64| {
        let mut run = Run::new(catalog(vec![objective("citizens", "p99 < 300ms")]), vec![101; SECONDS as usize]);
        for i in 0..requests {
            let due = i * 60;
            run.request(Told { population: 0, due, woke: due, done: due + 5, outcome: Ok(()) });
        }
        run.finish(|_: &mut EndFacts| {}).0
    };
    let result = |looks: &[Recording]| judged(looks).objectives[0].result;
    assert_eq!(judge(&few(400)).objectives[0].result, Standing::Met);
    assert_eq!(result(&[few(476)]), Standing::Undecided);
    assert_eq!(result(&[few(477)]), Standing::Met);
    assert_eq!(result(&[few(400), few(400)]), Standing::Met);
    assert!((judged(&[few(400)]).objectives[0].level - (1.0 - 0.025 / 3.0)).abs() < 1e-12);
}

#[test]
fn a_number_is_one_of_each_look() {
    let line = &["at most 4 slower than 300ms"];
    let slow = |n: u64| move |due: u64| if due < n * 10 { 400 } else { 5 };
    let [few, many] = [4, 5].map(|n| look(line, ON_TIME, slow(n)));
    assert_eq!(verdict(&[few.clone(), few.clone(), few.clone()]), (Some(Verdict::Ready), vec![]));
    assert_eq!(verdict(&[few, many]), (Some(Verdict::NotReady), vec![Code::Breached]));
}

#[test]
fn what_is_pooled_adds_up() {
    let looks = [look(LINE, ON_TIME, FAST), look(LINE, ON_TIME, |_| 7), look(LINE, ON_TIME, |_| 9)];
    let pooled = Recording::pooled(&looks, Ending::Finished).unwrap();
    let sum = |of: &dyn Fn(&Recording) -> u64| looks.iter().map(of).sum::<u64>();
    assert_eq!(pooled.tally().total(), sum(&|look| look.tally().total()));
    assert_eq!(pooled.planned(), Some(sum(&|look| look.planned().unwrap())));
    assert_eq!(pooled.seconds.len() as u64, sum(&|look| look.seconds.len() as u64));
    assert_eq!(pooled.bins[0].iter().map(|bin| bin.n).sum::<u64>(), 9_000);
    assert_eq!(pooled.bins[0].len(), looks[0].bins[0].len(), "by the instants of the plan");
    assert_eq!(pooled.populations[0].response.len(), 9_000);
    assert_eq!(pooled.check_identity(), Ok(()));
    assert_eq!(Recording::pooled(&looks[..1], Ending::Finished).unwrap().tally(), looks[0].tally());
    assert!(Recording::pooled(&[], Ending::Finished).is_none());
    // Bins of 100 ms and of a second are judged together.
    let wide = looks[0].clone().in_bins_of_a_second();
    assert_eq!(wide.bins[0].iter().map(|bin| bin.n).sum::<u64>(), 3_000);
    assert!(wide.bins[0].len() <= 31, "{}", wide.bins[0].len());
}
