//! The plan: when every session starts and what every request of it is due for.
//!
//! A plan is a pure function of a checked scenario: no clock, no I/O, no state. Arrival i of a population
//! is a function of its seed, its count and its curve alone (`tree`, `curve`, `inverse`); a session's
//! path is drawn from keyed blocks of one counter-based generator (`draw`, `walk`). So any stripe of
//! the arrivals is made without the others, in constant memory, and the union over any number of
//! stripes is the same plan.
//!
//! [`Plan::build`] finds sizes (`size`, `count`) and then walks every session once (`survey`) for the
//! arrivals hash, the nominal series and what `check` shows.

mod arrivals;
mod count;
mod curve;
mod digest;
mod draw;
mod error;
mod extra;
mod hash;
mod inverse;
mod normal;
mod path;
mod shape;
mod side;
mod size;
mod starts;
mod strata;
mod stream;
mod survey;
mod tree;
mod walk;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicU64;

use crate::scenario::{Feed, FeedOrder, Scenario, StepKind};
use crate::unit::{Instant, Side, Span};

pub use arrivals::Arrivals;
pub use curve::Piece;
pub use digest::{PlanDigest, digest};
pub use draw::{Use, drawn, feed_row, integer, returns, uniform, words};
pub use error::PlanError;
pub use hash::ArrivalsHash;
pub use path::PathContext;
pub use shape::{Peak, Shape};
pub use side::side_of;
pub use strata::strata;
pub use stream::{StreamSeries, highest};
pub use walk::{Due, Walk};

use starts::Starts;
use survey::Survey;

/// Arrivals and paths that a golden hash covers (P5).
const GOLDEN_ARRIVALS: usize = 100_000;

/// Requests of a population up to which every session is timed: about two seconds on two cores.
const TIMED_MAX: u64 = 32_000_000;

/// When everything is due.
#[derive(Debug)]
pub struct Plan {
    /// The populations, in the scenario's order: by name as bytes.
    pub populations: Vec<PopulationPlan>,
    /// The plan's name (P8).
    pub digest: PlanDigest,
    /// What lanes must come to when they hash what they started (P8).
    pub arrivals_hash: u128,
    /// All planned requests.
    pub requests: u64,
    /// All sessions.
    pub sessions: u64,
    /// The last due instant with zero response times (R7). Where only some sessions are timed: that of the
    /// timed ones plus the longest of them, which no other should pass.
    pub last_due: Instant,
    /// Requests due per bin of run time with zero response times (D3).
    pub nominal: Vec<u64>,
    /// The width of the bins of `nominal`, `starts` and `connections`: a second.
    pub nominal_bin: Span,
    /// `None`: every session was timed. `Some(k)`: in populations too large for that, one in up to k was, and
    /// `nominal`, `connections`, `alive_peak`, `streams` and windowed objectives' requests are estimates from those.
    pub nominal_sampled: Option<u64>,
    /// Session starts per bin of run time.
    pub starts: Vec<u64>,
    /// Requests that are due as soon as the answer before them has come, without a pause: how many come in a second is for
    /// the target to say (S2). An estimate where `nominal` is one.
    pub at_answer: u64,
    /// New connections per bin of run time, by the flows' connection policies (S7); a shared pool's are left out.
    pub connections: Vec<u64>,
    /// The most sessions between their start and their last request at any whole second, with zero response times.
    pub alive_peak: u64,
    /// What is open, and sent, on streams, with zero response times; changes of each second of the run (T5).
    pub streams: StreamSeries,
    /// Planned requests in the scope and window of each objective, in the scenario's order (P10).
    pub objective_requests: Vec<u64>,
    /// The most extra requests in the scope of each objective, in the scenario's order: an upper bound, whatever the
    /// answers are (P3, P10).
    pub objective_extra_most: Vec<u64>,
    /// The most extra requests in all: an upper bound, as above.
    pub extra_most: u64,
}

/// One population's part of the plan.
#[derive(Debug)]
pub struct PopulationPlan {
    /// The population's name.
    pub name: String,
    /// Its sessions: numbers 0 to this, in order of their starts.
    pub sessions: u64,
    /// How many of these are the plan's own: all, but of one side of a duet.
    pub own_sessions: u64,
    /// Its planned requests.
    pub requests: u64,
    /// Planned requests per step of its flow.
    pub requests_by_step: Vec<u64>,
    /// Planned transactions, by step number of its flow.
    pub transactions_by_step: Vec<u64>,
    /// The compiled curve.
    pub shape: Shape,
    /// Its bursts, in order of time.
    pub bursts: Vec<BurstPlan>,
    /// What walks and hashes of its sessions need.
    pub path: PathContext,
    starts: Starts,
    /// Of which side of a duet the plan is.
    side: Option<Side>,
}

/// The size of a burst.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BurstPlan {
    /// When it begins, in seconds since the clock's start.
    pub at: f64,
    /// How long it lasts, in seconds of scenario time.
    pub spread: f64,
    /// Its weight in sessions: the expected number.
    pub sessions: u64,
    /// Sessions that this plan starts while it lasts, those of a curve under it included.
    pub starts: u64,
}

/// Which part of all sessions: those whose number is `index` modulo `of` (P7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stripe {
    /// From 0, below `of`.
    pub index: u64,
    /// At least 1.
    pub of: u64,
}

impl Stripe {
    /// All sessions.
    pub const ALL: Self = Self { index: 0, of: 1 };
}

/// The planned start of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrival {
    /// When it is due.
    pub due: Instant,
    /// Index of its population.
    pub population: u16,
    /// Its number in the population.
    pub session: u64,
}

impl Plan {
    /// Plans a scenario with this many threads; `progress` counts planned requests while it goes on.
    pub fn build(scenario: &Scenario, threads: NonZeroUsize, progress: &AtomicU64) -> Result<Self, PlanError> {
        Self::build_timing(scenario, threads, progress, TIMED_MAX)
    }

    /// As [`Plan::build`], of one side of a duet: its sessions with their numbers and instants, and counts of these only.
    /// The digest is that of the whole.
    pub fn build_side(
        scenario: &Scenario,
        side: Side,
        threads: NonZeroUsize,
        progress: &AtomicU64,
    ) -> Result<Self, PlanError> {
        let mut populations = Self::populations(scenario, threads)?;
        populations.iter_mut().for_each(|plan| plan.side = Some(side));
        Self::surveyed(scenario, populations, threads, progress, TIMED_MAX)
    }

    /// As [`Plan::build`], with all sessions timed in populations of up to `timed_max` requests. In larger ones
    /// one session in as many as it takes is timed; counts of requests and the hash stay exact.
    pub fn build_timing(
        scenario: &Scenario,
        threads: NonZeroUsize,
        progress: &AtomicU64,
        timed_max: u64,
    ) -> Result<Self, PlanError> {
        Self::surveyed(scenario, Self::populations(scenario, threads)?, threads, progress, timed_max)
    }

    fn surveyed(
        scenario: &Scenario,
        mut populations: Vec<PopulationPlan>,
        threads: NonZeroUsize,
        progress: &AtomicU64,
        timed_max: u64,
    ) -> Result<Self, PlanError> {
        let mut total = Survey::default();
        let (mut sampled, mut last_due) = (None, Instant::ZERO);
        for (index, plan) in populations.iter_mut().enumerate() {
            plan.starts.remember_top();
            let every = plan.requests.div_ceil(timed_max.max(1)).max(1);
            let mut found = survey::survey(scenario, index, plan, every, threads, progress);
            let margin = if every > 1 { found.longest } else { Span::ZERO };
            sampled = sampled.max((every > 1).then_some(every));
            last_due = last_due.max(found.last_due + margin);
            plan.requests_by_step = std::mem::take(&mut found.by_step);
            plan.transactions_by_step = std::mem::take(&mut found.by_transaction);
            plan.bursts.iter_mut().zip(found.by_burst.drain(..)).for_each(|(burst, starts)| burst.starts = starts);
            plan.own_sessions = found.starts.iter().sum();
            if plan.side.is_some() {
                plan.requests = found.requests;
            }
            assert_eq!(found.requests, plan.requests, "lengths and walks of {} count the same", plan.name);
            total.merge(&found);
        }
        if total.requests == 0 {
            return Err(PlanError::Nothing { windowed: scenario.clock.windowed });
        }
        Ok(Self {
            digest: digest(scenario),
            arrivals_hash: total.hash,
            requests: total.requests,
            sessions: populations.iter().map(|plan| plan.own_sessions).sum(),
            last_due,
            alive_peak: total.alive_peak(),
            nominal: total.nominal,
            at_answer: total.at_answer,
            nominal_bin: survey::BIN,
            nominal_sampled: sampled,
            starts: total.starts,
            connections: total.connections,
            streams: total.streams,
            objective_requests: total.by_objective,
            objective_extra_most: extra::most(scenario, &populations),
            extra_most: extra::most_of_all(&populations),
            populations,
        })
    }

    /// The populations with their sizes only: what needs every session walked is still zero. Enough for single
    /// arrivals and sessions, and quick: a number of requests only counts lengths.
    pub fn populations(scenario: &Scenario, threads: NonZeroUsize) -> Result<Vec<PopulationPlan>, PlanError> {
        let plans = size::populations(scenario, threads)?;
        for (plan, population) in plans.iter().zip(&scenario.populations) {
            let once = population.feed.as_ref().filter(|feed| feed.order == FeedOrder::Once);
            if let Some(rows) = once.map(Feed::row_count).filter(|rows| *rows < plan.sessions) {
                let (population, sessions) = (plan.name.clone(), plan.sessions);
                return Err(PlanError::ShortFeed { population, sessions, rows });
            }
        }
        Ok(plans)
    }

    /// A plan for single arrivals and sessions, without the planning pass: its sizes and digest stand, what needs
    /// every session walked is zero or empty, and `last_due` is the run's start.
    pub fn unsurveyed(scenario: &Scenario, threads: NonZeroUsize) -> Result<Self, PlanError> {
        let populations = Self::populations(scenario, threads)?;
        Ok(Self {
            digest: digest(scenario),
            arrivals_hash: 0,
            requests: populations.iter().map(|plan| plan.requests).sum(),
            sessions: populations.iter().map(|plan| plan.sessions).sum(),
            last_due: Instant::ZERO,
            nominal: Vec::new(),
            at_answer: 0,
            nominal_bin: survey::BIN,
            nominal_sampled: None,
            starts: Vec::new(),
            connections: Vec::new(),
            alive_peak: 0,
            streams: StreamSeries::default(),
            objective_requests: Vec::new(),
            objective_extra_most: Vec::new(),
            extra_most: 0,
            populations,
        })
    }

    /// How much later than planned a session may end if each of its answers takes `limit`: what follows an answer is due
    /// after it (S2), but for a polling grid, which is late by one answer at most (S3).
    pub fn slip(&self, limit: Span) -> Span {
        let longest = self.populations.iter().map(|population| population.path.lengths.chain).max().unwrap_or(0);
        Span::from_nanos(limit.as_nanos().saturating_mul(longest))
    }

    /// The arrivals of one stripe, by (due, population, session) (P7).
    ///
    /// # Panics
    /// If the stripe is one of none.
    pub fn arrivals(&self, stripe: Stripe) -> Arrivals<'_> {
        assert!(stripe.of > 0, "a stripe is one of at least one");
        Arrivals::new(&self.populations, stripe)
    }

    /// Arrival `session` of a population.
    ///
    /// # Panics
    /// If the population has no such session.
    pub fn arrival(&self, population: usize, session: u64) -> Arrival {
        Arrival { due: self.populations[population].arrival(session), population: population as u16, session }
    }
}

impl PopulationPlan {
    /// How many transactions are planned, by name.
    pub fn transactions(&self) -> BTreeMap<&str, u64> {
        let mut by_name = BTreeMap::new();
        for (step, planned) in self.path.flow.steps.iter().zip(&self.transactions_by_step) {
            if let StepKind::Transaction { name, .. } = &step.kind {
                *by_name.entry(name.as_str()).or_default() += planned;
            }
        }
        by_name
    }

    /// Whether a session is the plan's own: of a duet one side has some, and the other has the others (O18).
    fn has(&self, session: u64) -> bool {
        self.side.is_none_or(|side| side == side_of(self.path.seed, session))
    }

    /// How many `users` come before the window that runs, and so start with it (P9).
    pub fn before_window(&self) -> u64 {
        let (from, _) = self.path.clock.window;
        if self.path.leaves_out { size::leading(&self.starts, self.sessions, |at| at < from) } else { 0 }
    }

    /// When a session starts, found without the sessions before it.
    ///
    /// # Panics
    /// If there is no such session.
    pub fn arrival(&self, session: u64) -> Instant {
        assert!(session < self.sessions, "population {} has {} sessions", self.name, self.sessions);
        self.path.clock.instant(self.starts.at(session))
    }
}

/// The golden hash of a scenario: over its first 100,000 arrivals, their paths and the nominal due of every
/// request (P5). Kept in a test, it proves that no change and no platform moves a bit of the plan.
pub fn golden(scenario: &Scenario) -> Result<u128, PlanError> {
    let populations = Plan::populations(scenario, NonZeroUsize::MIN)?;
    let mut hash = ArrivalsHash::default();
    let mut walk = Walk::default();
    for arrival in Arrivals::new(&populations, Stripe::ALL).take(GOLDEN_ARRIVALS) {
        let path = &populations[usize::from(arrival.population)].path;
        hash.begin(path.seed, arrival.session, arrival.due);
        walk.restart(path, arrival.session);
        let mut done = arrival.due;
        while let Some(request) = walk.next(path, done) {
            hash.step(request.step);
            hash.instant(request.due);
            done = done.max(request.due) + path.streams_length(arrival.session, &request);
        }
        hash.finish();
    }
    Ok(hash.sum())
}
