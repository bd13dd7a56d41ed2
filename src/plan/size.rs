//! How many sessions and requests each population has (P1, P2, P9).
//!
//! `users` populations are planned first, over the whole day, and taken off the scenario's requests;
//! the shares of the others divide the rest; a part of requests becomes as many sessions as fill it.

use std::cmp::Reverse;
use std::num::NonZeroUsize;
use std::sync::Arc;

use super::count::{self, Lengths};
use super::curve::{self, CurveError, Piece};
use super::draw::{STEP_MAX, population_seed};
use super::inverse::Inverse;
use super::shape::Shape;
use super::starts::Starts;
use super::tree::Tree;
use super::{BurstPlan, PathContext, PlanError, PopulationPlan};
use crate::scenario::{Flow, Population, Process, Scenario, Size};

/// The most requests, and the most sessions, of a population: a day of planning at full speed.
pub const REQUESTS_MAX: u64 = 1_000_000_000_000;
/// The most steps of one session; a draw's number is a u32.
pub const PATH_MAX: u64 = 1_000_000_000;

/// Shares are counted in parts of this.
const SHARE_UNIT: u128 = 1_000_000_000_000;
/// The most burst edges that are laid over a curve's knots, as their product: a second's work.
const BURST_KNOTS_MAX: usize = 1 << 28;

/// The most populations: each arrival is the least of theirs.
pub const POPULATIONS_MAX: usize = 1000;

/// The populations of a scenario with their sizes; nothing is walked yet but lengths.
pub fn populations(scenario: &Scenario, threads: NonZeroUsize) -> Result<Vec<PopulationPlan>, PlanError> {
    if scenario.populations.len() > POPULATIONS_MAX {
        return Err(PlanError::Populations { given: scenario.populations.len() });
    }
    let flows: Vec<Arc<Flow>> = scenario.flows.iter().cloned().map(Arc::new).collect();
    let drafts: Vec<Draft> =
        scenario.populations.iter().map(|p| Draft::new(scenario, p, &flows)).collect::<Result<_, _>>()?;
    let users: u64 = drafts.iter().map(|draft| draft.users_requests(threads)).fold(0, u64::saturating_add);
    let parts = parts(scenario, users)?;
    drafts.into_iter().zip(parts).map(|(draft, part)| draft.finish(part, threads)).collect()
}

/// The requests of each population with a share: rounded down, what is left to the largest remainders,
/// ties by name (P1).
fn parts(scenario: &Scenario, users: u64) -> Result<Vec<u64>, PlanError> {
    let shares: Vec<(usize, f64)> = scenario
        .populations
        .iter()
        .enumerate()
        .filter_map(|(i, p)| if let Size::Share(share) = p.size { Some((i, share)) } else { None })
        .collect();
    let mut parts = vec![0; scenario.populations.len()];
    let Some(requests) = scenario.requests else {
        return match shares.first() {
            Some((i, _)) => Err(PlanError::ShareOfNothing { population: scenario.populations[*i].name.clone() }),
            None => Ok(parts),
        };
    };
    let rest = requests.checked_sub(users).ok_or(PlanError::UsersExceed { users, requests })?;
    let sum: f64 = shares.iter().map(|(_, share)| share).sum();
    if shares.is_empty() {
        let sized = scenario.populations.iter().all(|p| matches!(p.size, Size::Users(_)));
        return if sized && rest > 0 { Err(PlanError::Unclaimed { users, requests }) } else { Ok(parts) };
    }
    if (sum - 1.0).abs() > 1e-9 {
        return Err(PlanError::Shares { sum });
    }
    let mut left = rest;
    let mut remainders = Vec::new();
    for &(i, share) in &shares {
        // Whole millionths of a millionth: 29 % of 150 is 43½ and a tie, not 43.49999999999999.
        let exact = u128::from(rest) * u128::from((share * SHARE_UNIT as f64).round() as u64);
        parts[i] = ((exact / SHARE_UNIT) as u64).min(left);
        left -= parts[i];
        remainders.push((i, exact % SHARE_UNIT));
    }
    remainders.sort_by_key(|&(i, remainder)| (Reverse(remainder), i));
    for (i, _) in remainders.iter().cycle().take(left as usize) {
        parts[*i] += 1;
    }
    Ok(parts)
}

/// A population before its size is known.
struct Draft<'a> {
    population: &'a Population,
    path: PathContext,
    pieces: Vec<Piece>,
    supply: Supply,
}

/// What starts are taken from: for the whole day, and for the part of it that runs.
enum Supply {
    Curve { day: Inverse, part: Inverse },
    Trace { instants: Arc<Vec<f64>>, first: usize, end: usize },
}

impl<'a> Draft<'a> {
    fn new(scenario: &Scenario, population: &'a Population, flows: &[Arc<Flow>]) -> Result<Self, PlanError> {
        let flow = Arc::clone(&flows[population.flow]);
        let lengths = Lengths::of(&flow);
        let name = || population.name.clone();
        if lengths.most == 0 {
            return Err(PlanError::NoRequest { population: name(), flow: flow.name.clone() });
        }
        if lengths.most_steps > PATH_MAX || flow.steps.len() > STEP_MAX as usize {
            return Err(PlanError::LongPath { flow: flow.name.clone(), steps: lengths.most_steps });
        }
        let clock = &scenario.clock;
        let pieces = pieces(scenario, population)?;
        let supply = match &population.arrivals.process {
            Process::Trace(instants) => Supply::Trace {
                first: instants.partition_point(|&at| at < clock.window.0),
                end: instants.partition_point(|&at| at <= clock.window.1),
                instants: Arc::clone(instants),
            },
            _ => {
                let over = |(from, to)| Inverse::new(&pieces, &population.arrivals.bursts, from, to);
                Supply::Curve { day: over((0.0, clock.length)), part: over(clock.window) }
            }
        };
        if supply.in_day() <= 0.0 {
            return Err(PlanError::NoArea { population: name() });
        }
        let seed = population_seed(scenario.seed, &population.name);
        let path = PathContext { seed, flow, clock: clock.clone(), last: None, leaves_out: false, lengths };
        Ok(Self { population, path, pieces, supply })
    }

    /// What a `users` population plans over the whole day (P1); 0 for any other.
    fn users_requests(&self, threads: NonZeroUsize) -> u64 {
        match self.population.size {
            Size::Users(users) => count::requests(&self.path, 0..users.min(REQUESTS_MAX), threads),
            _ => 0,
        }
    }

    fn finish(mut self, part: u64, threads: NonZeroUsize) -> Result<PopulationPlan, PlanError> {
        let too_many = || PlanError::TooMany { population: self.population.name.clone() };
        let in_window = |requests: u64| (requests as f64 * self.supply.window_share()).round() as u64;
        let mut requests = None;
        let points = match self.population.size {
            Size::Users(users) => users,
            Size::Rate { scale } => (self.supply.in_part() * scale).round() as u64,
            Size::Share(_) => *requests.insert(in_window(part)),
            Size::Requests(all) => *requests.insert(in_window(all)),
        };
        if points > REQUESTS_MAX {
            return Err(too_many());
        }
        let points = match requests {
            None => points,
            Some(requests) => {
                let (sessions, last) = count::sessions_for(&self.path, requests, threads).ok_or_else(too_many)?;
                self.path.last = sessions.checked_sub(1).map(|session| (session, last));
                sessions
            }
        };
        self.plan(points, requests, threads)
    }

    fn plan(mut self, points: u64, requests: Option<u64>, threads: NonZeroUsize) -> Result<PopulationPlan, PlanError> {
        let clock = self.path.clock.clone();
        let users = matches!(self.population.size, Size::Users(_));
        self.path.leaves_out = users && clock.windowed;
        let (day, area) = (self.supply.in_day(), self.supply.area(users));
        let per_area = if area > 0.0 { points as f64 / area } else { 0.0 };
        let mut starts = self.supply.starts(
            &self.population.name,
            &self.population.arrivals.process,
            self.path.seed,
            points,
            users,
        )?;
        let mut sessions = points;
        if self.path.leaves_out {
            starts.remember_top();
            sessions = leading(&starts, points, |at| at <= clock.window.1);
        }
        let requests = requests.unwrap_or_else(|| count::requests(&self.path, 0..sessions, threads));
        if requests > REQUESTS_MAX {
            return Err(PlanError::TooMany { population: self.population.name.clone() });
        }
        let expected = |weight: f64| (weight * day * per_area).round() as u64;
        let bursts = self.population.arrivals.bursts.iter();
        Ok(PopulationPlan {
            name: self.population.name.clone(),
            sessions,
            own_sessions: sessions,
            requests,
            requests_by_step: vec![0; self.path.flow.steps.len()],
            transactions_by_step: vec![0; self.path.flow.steps.len()],
            bursts: bursts
                .map(|b| BurstPlan { at: b.at, spread: b.spread, sessions: expected(b.weight), starts: 0 })
                .collect(),
            shape: Shape::new(self.pieces, clock.window, per_area),
            path: self.path,
            starts,
            side: None,
        })
    }
}

/// How many of these starts, from the first on, are so: `at` in seconds since the clock's start.
pub(super) fn leading(starts: &Starts, points: u64, so: impl Fn(f64) -> bool) -> u64 {
    let (mut low, mut high) = (0, points);
    while low < high {
        let middle = low + (high - low) / 2;
        if so(starts.at(middle)) { low = middle + 1 } else { high = middle }
    }
    low
}

impl Supply {
    /// The day's area, or its instants.
    fn in_day(&self) -> f64 {
        match self {
            Self::Curve { day, .. } => day.area(),
            Self::Trace { instants, .. } => instants.len() as f64,
        }
    }

    /// The area of the part that runs, or the instants in it.
    fn in_part(&self) -> f64 {
        match self {
            Self::Curve { part, .. } => part.area(),
            Self::Trace { first, end, .. } => (end - first) as f64,
        }
    }

    fn window_share(&self) -> f64 {
        self.in_part() / self.in_day()
    }

    /// The area that the starts are drawn over; `users` come before a window too, and wait for it.
    fn area(&self, users: bool) -> f64 {
        if users { self.in_day() } else { self.in_part() }
    }

    fn starts(
        self,
        population: &str,
        process: &Process,
        seed: u64,
        points: u64,
        users: bool,
    ) -> Result<Starts, PlanError> {
        let inverse = match self {
            Self::Curve { day, part } => {
                if users {
                    day
                } else {
                    part
                }
            }
            Self::Trace { instants, first, end } => {
                let (first, end) = if users { (0, instants.len()) } else { (first, end) };
                if points > (end - first) as u64 {
                    let population = population.to_owned();
                    return Err(PlanError::ShortTrace { population, needed: points, instants: (end - first) as u64 });
                }
                return Ok(Starts::Trace(instants, first));
            }
        };
        Ok(match process {
            Process::Even => Starts::Even(points, inverse),
            Process::Jittered => Starts::Jittered(points, seed, inverse),
            Process::Poisson | Process::Trace(_) => Starts::Poisson(Tree::new(seed, points), inverse),
        })
    }
}

/// The compiled curve over the whole day; empty without one.
fn pieces(scenario: &Scenario, population: &Population) -> Result<Vec<Piece>, PlanError> {
    let clock = &scenario.clock;
    let name = || population.name.clone();
    let arrivals = &population.arrivals;
    let outside = |at: f64, spread: f64| at < 0.0 || at + spread > clock.length * (1.0 + 1e-12);
    let too_fine = || PlanError::TooFine { population: name() };
    if let Some(burst) = arrivals.bursts.iter().find(|burst| outside(burst.at, burst.spread)) {
        return Err(PlanError::BurstOutside { population: name(), at: clock.label(burst.at) });
    }
    let lays_over = |pieces: usize| (pieces + 2 * arrivals.bursts.len()).saturating_mul(arrivals.bursts.len());
    if lays_over(0) > BURST_KNOTS_MAX {
        return Err(too_fine());
    }
    let Some(curve) = &arrivals.curve else { return Ok(Vec::new()) };
    let pieces = curve::compile(curve, clock.length).map_err(|error| match error {
        CurveError::TooFine => too_fine(),
        CurveError::SurgeBelow { surge, under } => {
            PlanError::SurgeBelow { population: name(), at: clock.label(surge.at), to: surge.to, under }
        }
    })?;
    if lays_over(pieces.len()) > BURST_KNOTS_MAX {
        return Err(too_fine());
    }
    let weight: f64 = arrivals.bursts.iter().map(|burst| burst.weight).sum();
    if weight < 1.0 - 1e-9 && pieces.iter().map(Piece::area).sum::<f64>() <= 0.0 {
        return Err(PlanError::NoArea { population: name() });
    }
    Ok(pieces)
}
