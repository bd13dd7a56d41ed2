//! How often a service that stands exactly at its limit is called READY or NOT READY, by simulation.

use std::f64::consts::TAU;

use super::*;
use crate::plan::{Use, strata, uniform};
use crate::unit::Span;

/// What is allowed: `p99`.
const ALLOWED: f64 = 0.01;
/// Bins of a second, of a run of ten minutes.
const TEN_MINUTES: usize = 600;
/// Repetitions in every test run; of a true 5 % more than [`CHANCE`] of them come once in three hundred times.
const REPETITIONS: u64 = 40;
const CHANCE: u64 = 6;
/// Repetitions of the long test: so many that a share of 5 % is known to a third of a percent.
const MANY: u64 = 4_000;

/// A sequence of draws, of one repetition.
struct Draws {
    key: u64,
    repetition: u64,
    n: u32,
}

impl Draws {
    fn uniform(&mut self) -> f64 {
        self.n += 1;
        uniform(self.key, self.repetition, 0, Use::Pick, self.n)
    }

    fn normal(&mut self) -> f64 {
        let (radius, angle) = (self.uniform(), self.uniform());
        libm::sqrt(-2.0 * libm::log(radius)) * libm::cos(TAU * angle)
    }

    fn poisson(&mut self, mean: f64) -> u64 {
        if mean > 30.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0) as u64;
        }
        let (mut probability, mut count) = (libm::exp(-mean), 0);
        let mut rest = self.uniform() - probability;
        while rest > 0.0 && probability > 0.0 {
            count += 1;
            probability *= mean / count as f64;
            rest -= probability;
        }
        count
    }
}

/// A service and the plan it is under.
#[derive(Clone, Copy)]
struct Case {
    /// Bins, each of a second.
    seconds: usize,
    /// Requests per second, each for an equal part of the run.
    levels: &'static [f64],
    /// The mean share of bad ones.
    share: f64,
    /// How the logarithm of that share follows itself from second to second (AR(1)).
    phi: f64,
    /// The standard deviation of that logarithm.
    sd: f64,
}

impl Case {
    /// The seconds of one run, and where the strata of its plan begin.
    fn run(&self, key: u64, repetition: u64) -> (Vec<(u64, u64)>, Vec<usize>) {
        let mut draws = Draws { key, repetition, n: 0 };
        let mut state = draws.normal();
        let mut bins = Vec::with_capacity(self.seconds);
        for second in 0..self.seconds {
            let level = self.levels[second * self.levels.len() / self.seconds];
            let n = draws.poisson(level);
            let share = self.share * libm::exp(self.sd * state - self.sd * self.sd / 2.0);
            bins.push((n, draws.poisson(n as f64 * share).min(n)));
            state = self.phi * state + (1.0 - self.phi * self.phi).sqrt() * draws.normal();
        }
        let nominal: Vec<u64> = bins.iter().map(|bin| bin.0).collect();
        let strata = strata(&nominal, Span::from_secs(1));
        (bins, strata.into_iter().map(|second| second as usize).collect())
    }

    /// How many of these runs are READY, and how many NOT READY.
    fn verdicts(&self, repetitions: u64) -> (u64, u64) {
        let (mut ready, mut not_ready) = (0, 0);
        for repetition in 0..repetitions {
            let (bins, strata) = self.run(2_016, repetition);
            let bounds = share_bounds(&bins, &strata, ALPHA);
            ready += u64::from(bounds.upper <= ALLOWED);
            not_ready += u64::from(bounds.lower > ALLOWED);
        }
        (ready, not_ready)
    }
}

const FLAT: Case = Case { seconds: TEN_MINUTES, levels: &[200.0], share: ALLOWED, phi: 0.0, sd: 0.5 };
/// Eight levels that double and halve: five strata.
const UNEVEN: Case = Case { levels: &[50.0, 100.0, 200.0, 400.0, 200.0, 100.0, 50.0, 100.0], phi: 0.9, ..FLAT };
/// Fewer bins than batches, and a single one.
const FEW: Case = Case { seconds: 5, levels: &[2_000.0], ..FLAT };
const ONE: Case = Case { seconds: 1, ..FEW };
/// As many requests as a likely proof is planned with, independent of one another.
const PLANNED: Case = Case { levels: &[5_706.0 / TEN_MINUTES as f64], sd: 0.0, ..FLAT };

fn at_the_limit() -> [(&'static str, Case); 6] {
    [
        ("independent", FLAT),
        ("correlation .5", Case { phi: 0.5, ..FLAT }),
        ("correlation .9", Case { phi: 0.9, ..FLAT }),
        ("eight levels", UNEVEN),
        ("five bins", FEW),
        ("one bin", ONE),
    ]
}

#[test]
fn a_service_exactly_at_its_limit_is_rarely_called_either() {
    for (name, case) in at_the_limit() {
        let (ready, not_ready) = case.verdicts(REPETITIONS);
        assert!(ready <= CHANCE && not_ready <= CHANCE, "{name}: {ready} READY, {not_ready} NOT READY");
    }
}

#[test]
fn a_planned_number_of_requests_decides() {
    assert_eq!(requests_for_likely_proof(ALLOWED), 5_706);
    let half = Case { share: ALLOWED / 2.0, ..PLANNED }.verdicts(REPETITIONS);
    let twice = Case { share: ALLOWED * 2.0, ..PLANNED }.verdicts(REPETITIONS);
    assert!(half.0 >= 34 && half.1 == 0 && twice.1 >= 34 && twice.0 == 0, "{half:?} {twice:?}");
}

#[test]
fn the_uneven_plan_has_five_strata() {
    let (_, strata) = UNEVEN.run(2_016, 0);
    assert_eq!(strata.len(), 5, "{strata:?}");
}

/// The figures of docs/decisions/0008-bounds.md:
/// `cargo test --release --lib judge::bound::simulated -- --ignored --nocapture`.
#[test]
#[ignore = "four thousand repetitions; prints a table"]
fn of_thousands_of_runs_at_the_limit_at_most_one_in_twenty_is_called_either() {
    let told = |name: &str, case: Case| {
        let (ready, not_ready) = case.verdicts(MANY);
        let shares = [ready, not_ready].map(|count| count as f64 / MANY as f64);
        println!("{name}: READY {:.3}, NOT READY {:.3}", shares[0], shares[1]);
        shares
    };
    for (name, case) in at_the_limit() {
        let shares = told(name, case);
        assert!(shares.iter().all(|share| *share <= 0.05), "{name}: {shares:?}");
    }
    let half = told("half of what is allowed", Case { share: ALLOWED / 2.0, ..PLANNED });
    let twice = told("twice as much", Case { share: ALLOWED * 2.0, ..PLANNED });
    assert!(half[0] >= 0.9 && twice[1] >= 0.9, "{half:?} {twice:?}");
}

/// How looks at one plan end, at most three of them (O17).
struct Ends {
    ready: u64,
    not_ready: u64,
    /// READY and NOT READY behind the first look.
    at_once: u64,
}

impl Case {
    /// As `run --until-decided` decides it. Of each second of a look our lateness leaves one out with the probability
    /// `left_out`, for three seconds in a row.
    fn until_decided(&self, repetitions: u64, left_out: f64) -> Ends {
        let mut ends = Ends { ready: 0, not_ready: 0, at_once: 0 };
        for repetition in 0..repetitions {
            let (mut looks, mut out, mut strata) = (Vec::new(), Vec::new(), Vec::new());
            for look in 0..LOOKS {
                let (bins, starts) = self.run(2_017, repetition * LOOKS + look);
                let mut draws = Draws { key: 5, repetition: repetition * LOOKS + look, n: 0 };
                let begins: Vec<bool> = bins.iter().map(|_| draws.uniform() < left_out / 3.0).collect();
                out.push(
                    (0..bins.len()).map(|second| begins[second.saturating_sub(2)..=second].contains(&true)).collect(),
                );
                looks.push(bins);
                if look == 0 {
                    strata = starts;
                }
                let series: Vec<&[(u64, u64)]> = looks.iter().map(Vec::as_slice).collect();
                let bounds = Bins::pooled(&series, &out, &strata).share(ALPHA_OF_A_LOOK);
                let (ready, not_ready) = (bounds.upper <= ALLOWED, bounds.lower > ALLOWED);
                if ready || not_ready {
                    ends.ready += u64::from(ready);
                    ends.not_ready += u64::from(not_ready);
                    ends.at_once += u64::from(look == 0);
                    break;
                }
            }
        }
        ends
    }
}

/// Bad by half of what is allowed, with too few requests for a likely proof at once.
const HALF: Case = Case { levels: &[4.0], share: ALLOWED / 2.0, sd: 0.0, ..FLAT };

#[test]
fn looks_until_it_is_decided_call_a_service_at_its_limit_either_as_rarely_as_one_run_does() {
    for (name, case) in at_the_limit() {
        for left_out in [0.0, 0.3] {
            let Ends { ready, not_ready, .. } = case.until_decided(REPETITIONS, left_out);
            assert!(ready <= CHANCE && not_ready <= CHANCE, "{name}, {left_out}: {ready} READY, {not_ready} NOT READY");
        }
    }
}

#[test]
fn looks_until_it_is_decided_decide_more_than_one_run() {
    let (one, looks) = (HALF.verdicts(REPETITIONS), HALF.until_decided(REPETITIONS, 0.0));
    assert!(looks.ready >= one.0 + 10 && looks.not_ready == 0, "{one:?} {}", looks.ready);
    assert!(looks.at_once < looks.ready, "some need a second look");
}

/// The figures of docs/decisions/0010-until-decided.md:
/// `cargo test --release --lib judge::bound::simulated::of_thousands_of_looks -- --ignored --nocapture`.
#[test]
#[ignore = "four thousand repetitions of up to three looks; prints a table"]
fn of_thousands_of_looks_at_the_limit_at_most_one_in_twenty_is_called_either() {
    let told = |name: &str, case: Case, left_out: f64| {
        let ends = case.until_decided(MANY, left_out);
        let [ready, not_ready, at_once] = [ends.ready, ends.not_ready, ends.at_once].map(|n| n as f64 / MANY as f64);
        let one = case.verdicts(MANY);
        let [one_ready, one_not] = [one.0, one.1].map(|n| n as f64 / MANY as f64);
        println!(
            "{name}, {left_out} left out: READY {ready:.3}, NOT READY {not_ready:.3}, at the first look {at_once:.3}; \
             one run {one_ready:.3}, {one_not:.3}"
        );
        (ready, not_ready)
    };
    for left_out in [0.0, 0.3] {
        for (name, case) in at_the_limit() {
            let (ready, not_ready) = told(name, case, left_out);
            assert!(ready <= 0.05 && not_ready <= 0.05, "{name}: {ready} {not_ready}");
        }
        let half = told("half of what is allowed, planned for", Case { share: ALLOWED / 2.0, ..PLANNED }, left_out);
        let fewer = told("half of what is allowed, 2,400 requests", HALF, left_out);
        let twice = told("twice as much", Case { share: ALLOWED * 2.0, ..PLANNED }, left_out);
        // A single run of which nothing is left out proves the fewer in 0.52.
        let least = if left_out > 0.0 { 0.65 } else { 0.9 };
        assert!(half.0 >= 0.95 && fewer.0 >= least && twice.1 >= 0.95, "{half:?} {fewer:?} {twice:?}");
    }
}
