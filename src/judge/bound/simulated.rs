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
