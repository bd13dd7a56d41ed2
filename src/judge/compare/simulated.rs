//! How often a change is found, by simulation: where there is none, and where the new build is slower.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::sync::Arc;

use super::draws::Draws;
use super::*;
use crate::record::{
    Catalog, CatalogPopulation, Counters, DuetFacts, EndFacts, Ends, PopulationRecord, Tally, total_histogram,
};
use crate::unit::{Instant, Side, Span};

/// What a build does: each second its median follows the second before (AR(1) of the logarithm).
#[derive(Clone, Copy)]
struct Build {
    /// The median, in µs.
    median: f64,
    /// The standard deviation between runs, as a share.
    between: f64,
    /// That of the seconds of a run.
    within: f64,
    /// How a second follows the one before.
    phi: f64,
    /// Of how many requests one fails.
    fails: u64,
    /// How long a run takes.
    seconds: u64,
    /// Requests of each second.
    a_second: u64,
}

const STEADY: Build =
    Build { median: 20_000.0, between: 0.0, within: 0.05, phi: 0.5, fails: 500, seconds: 20, a_second: 40 };

fn uniform(draws: &mut Draws) -> f64 {
    ((draws.next() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
}

fn normal(draws: &mut Draws) -> f64 {
    let (radius, angle) = (uniform(draws), uniform(draws));
    libm::sqrt(-2.0 * libm::log(radius)) * libm::cos(TAU * angle)
}

impl Build {
    /// A run whose responses are lognormal within a second, with an sd of the logarithm of .4.
    fn run(self, key: [u32; 3]) -> StoredRun {
        self.run_in(key, None)
    }

    /// One whose seconds are as noisy as this key of a machine says, if it is given.
    fn run_in(self, key: [u32; 3], machine: Option<[u32; 3]>) -> StoredRun {
        let (mut draws, mut noise) = (Draws::of(key), machine.map(Draws::of));
        let median = libm::log(self.median) + self.between * normal(&mut draws);
        let (mut histogram, mut tally, mut blocks) = (total_histogram(), Tally::default(), Vec::new());
        let mut state = normal(noise.as_mut().unwrap_or(&mut draws));
        for second in 1..=self.seconds {
            let (mut right, mut failed) = (BTreeMap::<u64, u64>::new(), 0);
            for _ in 0..self.a_second {
                if draws.below(self.fails as usize) == 0 {
                    failed += 1;
                    continue;
                }
                let micros = libm::exp(median + self.within * state + 0.4 * normal(&mut draws)) as u64;
                histogram.record(micros).expect("in range");
                *right.entry(histogram.highest_equivalent(micros)).or_default() += 1;
            }
            state =
                self.phi * state + (1.0 - self.phi * self.phi).sqrt() * normal(noise.as_mut().unwrap_or(&mut draws));
            tally.completed += self.a_second - failed;
            tally.by_reason[crate::record::Reason::Timeout as usize] += failed;
            let ends = Ends { right: right.into_iter().collect(), not_right: failed };
            blocks.push(Block { end: Instant::ZERO + Span::from_secs(second), populations: vec![ends] });
        }
        stored(histogram, tally, blocks, Span::from_secs(self.seconds))
    }

    fn runs(self, side: u32, repetition: u32, count: u32) -> Vec<StoredRun> {
        (0..count).map(|run| self.run([side + 7, repetition, run])).collect()
    }
}

/// A run of one population that did nothing else.
fn stored(response: crate::record::Histogram, tally: Tally, blocks: Vec<Block>, length: Span) -> StoredRun {
    let names = CatalogPopulation {
        name: "readers".to_owned(),
        steps: Vec::new(),
        methods: Vec::new(),
        step_by_number: Vec::new(),
        objectives_by_step: Vec::new(),
    };
    let catalog = Catalog {
        populations: vec![names],
        objectives: Vec::new(),
        left_out: Vec::new(),
        measures: Vec::new(),
        bin: Span::from_secs(1),
        strata: vec![0],
        warm_up: Span::ZERO,
        limit_covers_target: false,
        tightest_limit: None,
    };
    let none = total_histogram;
    let population = PopulationRecord {
        tally,
        extra: Tally::default(),
        right_by_second: Vec::new(),
        response,
        service: none(),
        wait: none(),
        first_byte: none(),
        connect: none(),
        handshake: None,
        pool_wait: none(),
        steps: Vec::new(),
        counters: Counters::default(),
    };
    let recording = Recording {
        catalog: Arc::new(catalog),
        populations: vec![population],
        measures: Vec::new(),
        lag: None,
        read_delay: None,
        seconds: Vec::new(),
        nominal: Vec::new(),
        bins: Vec::new(),
        counters: None,
        times: Vec::new(),
        failures: Vec::new(),
        wrong: Vec::new(),
        unasked: Vec::new(),
        end: EndFacts { elapsed: length, ..EndFacts::default() },
        identity: Ok(()),
        damage: Vec::new(),
        memory: None,
    };
    StoredRun { folder: String::new(), recording, facts: RunFacts::default(), blocks, verdict: None }
}

fn p99(margin: f64) -> Vec<Limit> {
    vec![Limit { scope: "overall".to_owned(), metric: "p99".parse().expect("a metric"), margin }]
}

fn p50(margin: f64) -> [Limit; 1] {
    [Limit { scope: "overall".to_owned(), metric: "p50".parse().expect("a metric"), margin }]
}

/// In how many of so many comparisons a change is found of any figure, and how many gates at `margin` say REGRESSED.
fn found(base: Build, new: Build, runs: u32, margin: f64, repetitions: u32) -> (u64, u64) {
    let limits = p99(margin);
    let of = |repetition| {
        let (base, new) = (base.runs(0, repetition, runs), new.runs(1, repetition, runs));
        let comparison = compare(&base, &new, &limits).expect("every run has a p99");
        let changed = comparison.rows.iter().any(|row| matches!(row.found, Found::Worse | Found::Better));
        (u64::from(changed), u64::from(comparison.outcome == Some(Outcome::Regressed)))
    };
    (0..repetitions).map(of).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
}

/// The two runs of a duet, on a machine whose noise both have; or, without it, as two runs that are compared as any others.
fn duet(base: Build, new: Build, repetition: u32, is_duet: bool) -> [Vec<StoredRun>; 2] {
    let machine = Some([9, repetition, 0]);
    [(0, base, Side::Base), (1, new, Side::New)].map(|(number, build, side)| {
        let mut run = build.run_in([number + 7, repetition, 0], machine);
        run.facts.duet = is_duet.then(|| DuetFacts { id: repetition.to_string(), side });
        vec![run]
    })
}

/// Of so many duets, in how many a change is found, how many gates say REGRESSED and how many NO WORSE.
fn found_by_duets(base: Build, new: Build, limits: &[Limit], repetitions: u32) -> (u64, u64, u64) {
    let of = |repetition| {
        let [base, new] = duet(base, new, repetition, true);
        let comparison = compare(&base, &new, limits).expect("every run has a p99");
        assert_eq!(comparison.noise, Noise::WithinDuet);
        let changed = comparison.rows.iter().any(|row| matches!(row.found, Found::Worse | Found::Better));
        [changed, comparison.outcome == Some(Outcome::Regressed), comparison.outcome == Some(Outcome::NoWorse)]
    };
    let all = (0..repetitions).map(of).fold([0; 3], |sum, one| [0, 1, 2].map(|at| sum[at] + u64::from(one[at])));
    (all[0], all[1], all[2])
}

const NOISY: Build = Build { between: 0.02, ..STEADY };
const SLOWER: Build = Build { median: STEADY.median * 1.1, ..NOISY };

/// A minute with so many requests that a run's own noise is less than that between runs.
fn long(build: Build) -> Build {
    Build { seconds: 60, a_second: 200, ..build }
}

/// Of a true 5 % more than this come once in three hundred times: of forty, and of twenty.
const CHANCE_OF_40: u64 = 6;
const CHANCE_OF_20: u64 = 4;

#[test]
fn the_same_build_twice_rarely_shows_a_change() {
    for (build, runs) in [(STEADY, 1), (NOISY, 5)] {
        let (changed, regressed) = found(build, build, runs, 0.0, 40);
        assert!(changed <= CHANCE_OF_40 && regressed <= 3, "{runs} a side: {changed} changed, {regressed} REGRESSED");
    }
}

#[test]
fn a_build_that_is_a_tenth_slower_is_found_with_five_runs_a_side() {
    let (changed, regressed) = found(long(NOISY), long(SLOWER), 5, 0.0, 40);
    assert!(changed >= 36 && regressed >= 36, "{changed} changed, {regressed} REGRESSED");
}

/// A machine whose seconds differ by a third, each like the one before: both builds have them.
const ROUGH: Build = Build { within: 0.3, phi: 0.8, ..STEADY };
const A_FIFTH_SLOWER: Build = Build { median: 1.2 * STEADY.median, ..ROUGH };

#[test]
fn noise_that_both_builds_have_cancels_in_a_duet() {
    let [slower, build] = [1.1, 1.0].map(|times| Build { median: times * STEADY.median, ..long(ROUGH) });
    let mut narrower = 0;
    for repetition in 0..4 {
        let width = |is_duet| {
            let [base, new] = duet(build, slower, repetition, is_duet);
            let comparison = compare(&base, &new, &[]).expect("no limits");
            let row = comparison.rows.iter().find(|row| row.metric.to_string() == "p50").expect("a median");
            let (lower, upper) = row.lower.zip(row.upper).expect("an interval");
            assert!(!is_duet || lower < 1.13 && upper > 1.07, "{row:?}");
            (upper / lower).ln()
        };
        narrower += u64::from(width(true) < width(false) / 2.0);
    }
    assert_eq!(narrower, 4);
}

#[test]
fn the_same_build_in_a_duet_is_rarely_regressed_and_a_slower_one_is() {
    let (changed, regressed, _) = found_by_duets(ROUGH, ROUGH, &p99(0.0), 20);
    // Of a true 2.5 % more than three of twenty come once in seven hundred times.
    assert!(changed <= CHANCE_OF_20 && regressed <= 3, "{changed} changed, {regressed} REGRESSED");
    let (_, regressed, no_worse) = found_by_duets(long(ROUGH), long(A_FIFTH_SLOWER), &p50(0.05), 3);
    assert_eq!((regressed, no_worse), (3, 0));
    let (_, regressed, no_worse) = found_by_duets(long(A_FIFTH_SLOWER), long(ROUGH), &p50(0.05), 3);
    assert_eq!((regressed, no_worse), (0, 3));
}

#[test]
fn a_rate_is_worse_where_it_falls() {
    let halved = Build { a_second: STEADY.a_second / 2, ..STEADY };
    let limits = [Limit { metric: Metric::Rate, ..p99(0.1)[0].clone() }];
    assert_eq!(found_by_duets(STEADY, halved, &limits, 3).1, 3);
    assert_eq!(found_by_duets(halved, STEADY, &limits, 3).2, 3);
}

#[test]
fn runs_of_different_duets_and_one_side_twice_are_no_duet() {
    let ([base, new], [other, _]) = (duet(STEADY, STEADY, 1, true), duet(STEADY, STEADY, 2, true));
    for (a, b) in [(&other, &new), (&base, &base), (&duet(STEADY, STEADY, 1, false)[0], &new)] {
        assert_eq!(compare(a, b, &[]).expect("no limits").noise, Noise::WithinRuns);
    }
    assert_eq!(compare(&new, &base, &[]).expect("no limits").noise, Noise::WithinDuet);
}

#[test]
fn a_run_compared_with_itself_shows_no_change_and_no_gate_says_worse() {
    for repetition in 0..2 {
        for runs in [1, 2, 4] {
            let side = || NOISY.runs(0, repetition, runs);
            // Two runs a side have an interval of four errors and more: what a half is within is left to chance.
            let comparison = compare(&side(), &side(), &p99(2.0)).expect("every run has a p99");
            assert_eq!(comparison.rows.len(), 2 * 5, "{:?}", comparison.rows);
            for row in &comparison.rows {
                assert_eq!(row.found, Found::NoChange, "{row:?}");
                assert!(row.base == row.new && row.lower <= row.change && row.change <= row.upper, "{row:?}");
            }
            assert_eq!(comparison.outcome, Some(Outcome::NoWorse));
        }
    }
}

#[test]
fn fewer_than_four_a_side_never_say_regressed_and_ask_for_the_rest() {
    let twice = Build { median: STEADY.median * 2.0, ..NOISY };
    for (runs, outcome, more) in
        [(1, Outcome::Inconclusive, 3), (3, Outcome::Inconclusive, 1), (4, Outcome::Regressed, 0)]
    {
        let comparison = compare(&NOISY.runs(0, 1, runs), &twice.runs(1, 1, runs), &p99(0.1)).expect("a p99");
        let gate = &comparison.gates[0];
        assert_eq!((gate.outcome, gate.more_runs.unwrap_or(0)), (outcome, more), "{runs}");
        assert_eq!(
            comparison.rows.iter().any(|row| row.found == Found::Worse),
            runs != 1 || comparison.noise == Noise::WithinRuns
        );
    }
}

#[test]
fn a_build_whose_requests_all_fail_is_regressed_and_not_merely_unknown() {
    let failing = Build { fails: 1, ..NOISY };
    let limits = [p99(0.1), vec![Limit { metric: Metric::Errors, ..p99(0.001)[0].clone() }]].concat();
    let comparison = compare(&NOISY.runs(0, 1, 4), &failing.runs(1, 1, 4), &limits).expect("figures");
    assert_eq!(comparison.gates.iter().map(|gate| gate.outcome).collect::<Vec<_>>(), [Outcome::Regressed; 2]);
    let one = compare(&NOISY.runs(0, 1, 1), &failing.runs(1, 1, 1), &limits).expect("figures");
    assert!(one.gates.iter().all(|gate| gate.outcome == Outcome::Inconclusive), "{:?}", one.gates);
}

#[test]
fn the_same_inputs_give_the_same_comparison() {
    let of = || compare(&NOISY.runs(0, 3, 1), &SLOWER.runs(1, 3, 1), &[]).expect("no limits");
    assert_eq!(of(), of());
}

#[test]
fn a_limit_about_what_no_run_has_is_refused() {
    let limits = vec![Limit { scope: "writers".to_owned(), ..p99(0.1)[0].clone() }];
    assert_eq!(compare(&NOISY.runs(0, 1, 1), &NOISY.runs(1, 1, 1), &limits), Err(&limits[0]));
}

/// The long form of both tests above:
/// `cargo test --release --lib judge::compare::simulated -- --ignored --nocapture`.
#[test]
#[ignore = "hundreds of comparisons; prints a table"]
fn of_hundreds_of_comparisons_few_are_wrong() {
    let [steady, noisy, slower] = [STEADY, NOISY, SLOWER].map(long);
    let lasting = Build { phi: 0.9, ..steady };
    for (name, build, runs) in [("one", steady, 1), ("one, lasting", lasting, 1), ("five", noisy, 5)] {
        let (changed, regressed) = found(build, build, runs, 0.0, 200);
        println!("the same build twice, {name} a side: {changed} of 200 changed, {regressed} REGRESSED at 0 %");
        assert!(changed <= 10 || build.phi > 0.5, "{name}: {changed}");
    }
    let (changed, regressed, _) = found_by_duets(long(ROUGH), long(ROUGH), &p99(0.0), 200);
    println!("the same build twice, a duet: {changed} of 200 changed, {regressed} REGRESSED at 0 %");
    assert!(changed <= 10 && regressed <= 10);
    let (changed, regressed, _) = found_by_duets(long(ROUGH), long(A_FIFTH_SLOWER), &p50(0.05), 100);
    println!("a fifth slower, a duet: {changed} of 100 changed, {regressed} REGRESSED at p50=5 %");
    assert!(changed >= 90 && regressed >= 90);
    let (changed, regressed) = found(noisy, slower, 5, 0.0, 100);
    println!("a tenth slower, five a side: {changed} of 100 changed, {regressed} REGRESSED at 0 %");
    assert!(changed >= 90 && regressed >= 90);
}
