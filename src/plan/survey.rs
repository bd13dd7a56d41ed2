//! The planning pass: every session of every population once, over all threads (P2, P8).
//!
//! Counts and the arrivals hash are exact for every plan. What needs the instants of later requests
//! (thinks are the expensive part) is exact too, up to a number of requests; beyond, one session in k is
//! timed and counts k times.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use super::count::blocks;
use super::stream::{StreamSeries, highest, millionths};
use super::{ArrivalsHash, Due, PopulationPlan, Walk};
use crate::scenario::{Action, Connection, Measure, Objective, Scenario, Step, StepKind};
use crate::unit::{Instant, STACK_BYTES, Span};

/// Seconds of run time that series have at most (12 days); what is later counts in the last.
const SECONDS_MAX: u64 = 1 << 20;
/// The width of the series' bins.
pub const BIN: Span = Span::from_secs(1);

/// What a planning pass finds.
#[derive(Debug, Default)]
pub struct Survey {
    /// The sum over all sessions.
    pub hash: u128,
    /// All requests.
    pub requests: u64,
    /// Requests per step of the population surveyed.
    pub by_step: Vec<u64>,
    /// Transactions per step of the population surveyed, those without a request left out.
    pub by_transaction: Vec<u64>,
    /// Session starts in each burst of the population surveyed.
    pub by_burst: Vec<u64>,
    /// Requests planned in the scope and window of each objective.
    pub by_objective: Vec<u64>,
    /// Session starts per second.
    pub starts: Vec<u64>,
    /// Requests due per second.
    pub nominal: Vec<u64>,
    /// New connections per second.
    pub connections: Vec<u64>,
    /// Change of the number of sessions alive at each second.
    pub alive: Vec<i64>,
    /// What is open, and sent, on streams.
    pub streams: StreamSeries,
    /// Requests that are due when the answer before them has come, without a pause.
    pub at_answer: u64,
    /// The last due instant of a timed session.
    pub last_due: Instant,
    /// The longest time from a timed session's start to its last request.
    pub longest: Span,
}

/// What is counted of a request that is due inside an objective's window.
struct Windowed {
    objective: usize,
    from: Instant,
    to: Instant,
    /// How many requests or samples in the objective's scope each step is.
    steps: Vec<u64>,
}

/// The survey of one population, in which one session in `every` is timed and stands for as many.
pub fn survey(
    scenario: &Scenario,
    index: usize,
    plan: &PopulationPlan,
    every: u64,
    threads: NonZeroUsize,
    progress: &AtomicU64,
) -> Survey {
    let is_transaction = |step: &Step| matches!(step.kind, StepKind::Transaction { .. });
    let transactions = plan.path.flow.steps.iter().any(is_transaction);
    let windows = windows(scenario, index, plan);
    let at_once = at_once(&plan.path.flow.steps);
    let beside = beside(&plan.path.flow.steps);
    let objectives = scenario.objectives.len();
    let pass = Pass { plan, every, windows, transactions, at_once, beside, objectives, progress };
    let blocks = blocks(0..plan.sessions, 8 * threads.get() as u64, 256);
    let next = AtomicUsize::new(0);
    let merged = Mutex::new(pass.empty());
    let work = || {
        let mut found = pass.empty();
        while let Some(block) = blocks.get(next.fetch_add(1, Ordering::Relaxed)) {
            pass.block(block.clone(), &mut found);
        }
        merged.lock().expect("no thread panics while it merges").merge(&found);
    };
    thread::scope(|scope| {
        // This thread works too, so that a pass ends with however few the system gives.
        for _ in 1..threads.get().min(blocks.len()) {
            if thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    let mut found = merged.into_inner().expect("no thread panics while it merges");
    for (objective, requests) in scenario.objectives.iter().zip(&mut found.by_objective) {
        if scenario.counted(objective).is_none() {
            let counts = found.by_step.iter().zip(&found.by_transaction).map(|(requests, whole)| requests + whole);
            *requests = in_scope(objective, index, plan).into_iter().zip(counts).map(|(each, n)| each * n).sum();
        }
    }
    found
}

/// How many requests are open at once where each step begins: one, but for the first of a parallel group.
fn at_once(steps: &[Step]) -> Vec<u32> {
    let mut at_once = vec![1; steps.len()];
    for step in steps {
        if let StepKind::Parallel { connections, body } = &step.kind {
            at_once[body.start as usize] = (*connections).min(body.end - body.start);
        }
    }
    at_once
}

/// Whether each step begins with others of its parallel group, whatever their answers are.
fn beside(steps: &[Step]) -> Vec<bool> {
    let mut beside = vec![false; steps.len()];
    for step in steps {
        if let StepKind::Parallel { body, .. } = &step.kind {
            beside[body.start as usize + 1..body.end as usize].fill(true);
        }
    }
    beside
}

fn windows(scenario: &Scenario, index: usize, plan: &PopulationPlan) -> Vec<Windowed> {
    let of = |(i, objective): (usize, &Objective)| {
        let (from, to) = scenario.counted(objective)?;
        Some(Windowed { objective: i, from, to, steps: in_scope(objective, index, plan) })
    };
    scenario.objectives.iter().enumerate().filter_map(of).filter(|w| w.steps.iter().any(|each| *each > 0)).collect()
}

/// How many requests or samples of an objective each step of population `index` is: 0 outside its scope; of a measure the
/// most that a plan tells, and one where it tells nothing.
pub fn in_scope(objective: &Objective, index: usize, plan: &PopulationPlan) -> Vec<u64> {
    let of = |step: &Step| match (&step.kind, objective.measure) {
        (StepKind::Request(request), None) => u64::from(objective.scope.covers(index, &request.name)),
        (_, None) => 0,
        (kind, Some(measure)) => match kind.measures() {
            Some((name, all)) if all.contains(&measure) && objective.scope.covers(index, name) => {
                most_of(kind, measure)
            }
            _ => 0,
        },
    };
    plan.path.flow.steps.iter().map(of).collect()
}

/// The most samples of a measure that one run of a step can have, as far as a plan tells.
fn most_of(kind: &StepKind, measure: Measure) -> u64 {
    let stream = if let StepKind::Request(request) = kind { request.stream.as_ref() } else { None };
    match (measure, stream) {
        (Measure::RoundTrip, Some(stream)) => {
            stream.actions.iter().filter(|action| matches!(action, Action::Receive { .. })).count() as u64
        }
        _ => 1,
    }
}

/// What all threads of a pass share.
struct Pass<'a> {
    plan: &'a PopulationPlan,
    /// One session in this many is timed.
    every: u64,
    windows: Vec<Windowed>,
    /// Whether the flow has transactions.
    transactions: bool,
    /// For each step, how many requests are open at once where it begins.
    at_once: Vec<u32>,
    /// Whether each step follows no answer, as it begins with others of its group.
    beside: Vec<bool>,
    objectives: usize,
    progress: &'a AtomicU64,
}

impl Pass<'_> {
    fn empty(&self) -> Survey {
        Survey {
            by_step: vec![0; self.plan.path.flow.steps.len()],
            by_transaction: vec![0; self.plan.path.flow.steps.len()],
            by_burst: vec![0; self.plan.bursts.len()],
            by_objective: vec![0; self.objectives],
            ..Survey::default()
        }
    }

    fn block(&self, sessions: Range<u64>, found: &mut Survey) {
        let mut hash = ArrivalsHash::default();
        let mut walk = Walk::default();
        let mut inside = Vec::new();
        let mut told = found.requests;
        let own =
            self.plan.starts.sessions(sessions.start, sessions.end, 1).filter(|(session, _)| self.plan.has(*session));
        for (session, start) in own {
            let due = self.plan.path.clock.instant(start);
            for (burst, starts) in self.plan.bursts.iter().zip(&mut found.by_burst) {
                *starts += u64::from(burst.at <= start && start <= burst.at + burst.spread);
            }
            *bin(&mut found.starts, second(due)) += 1;
            walk.restart(&self.plan.path, session);
            inside.clear();
            hash.begin(self.plan.path.seed, session, due);
            if session % self.every == 0 {
                self.timed(&mut walk, (session, due), &mut hash, &mut inside, found);
            } else {
                while let Some(step) = walk.skip(&self.plan.path) {
                    hash.step(step);
                    found.by_step[step as usize] += 1;
                    found.requests += 1;
                    self.enter(&walk, &mut inside, |whole| found.by_transaction[whole as usize] += 1);
                }
            }
            hash.finish();
            if found.requests - told > 1 << 16 {
                self.progress.fetch_add(found.requests - told, Ordering::Relaxed);
                told = found.requests;
            }
        }
        self.progress.fetch_add(found.requests - told, Ordering::Relaxed);
        found.hash = found.hash.wrapping_add(hash.sum());
    }

    /// Walks a session with zero response times.
    fn timed(
        &self,
        walk: &mut Walk,
        (session, start): (u64, Instant),
        hash: &mut ArrivalsHash,
        inside: &mut Vec<(u32, u32)>,
        found: &mut Survey,
    ) {
        let (mut done, mut first, mut open) = (start, None, 0);
        let connection = self.plan.path.flow.connection;
        while let Some(request) = walk.next(&self.plan.path, done) {
            hash.step(request.step);
            found.by_step[request.step as usize] += 1;
            found.requests += 1;
            *bin(&mut found.nominal, second(request.due)) += self.every;
            self.count_in_windows(request.step, request.due, found);
            self.enter(walk, inside, |whole| {
                found.by_transaction[whole as usize] += 1;
                self.count_in_windows(whole, request.due, found);
            });
            let wanted = self.at_once[request.step as usize];
            let new = match connection {
                Connection::Request => 1,
                Connection::Session => wanted.saturating_sub(open),
                Connection::Shared { .. } => 0,
            };
            if new > 0 {
                *bin(&mut found.connections, second(request.due)) += self.every * u64::from(new);
            }
            open = open.max(wanted);
            let follows = first.is_some() && request.due == done && !self.beside[request.step as usize];
            found.at_answer += self.every * u64::from(follows);
            first = first.or(Some(request.due));
            done = self.stream(session, &request, done.max(request.due), found);
        }
        found.last_due = found.last_due.max(done);
        found.longest = found.longest.max(done.since(start));
        if first.is_some() {
            *bin(&mut found.alive, second(start) + 1) += self.every as i64;
            *bin(&mut found.alive, second(done) + 1) -= self.every as i64;
        }
    }

    /// Counts the stream that a request opens, if it opens one; gives its end.
    fn stream(&self, session: u64, request: &Due, from: Instant, found: &mut Survey) -> Instant {
        let Some(stream) = self.plan.path.stream(request.step) else { return from };
        let (mut now, one) = (from, self.every as i64);
        let lasts = |series: &mut Vec<i64>, from, to, n| {
            *bin(series, second(from) + 1) += n;
            *bin(series, second(to) + 1) -= n;
        };
        for (number, action) in stream.actions.iter().enumerate() {
            match action {
                Action::Send(_) => found.streams.messages += self.every,
                Action::Receive { .. } => {}
                Action::Hold(hold) => {
                    let length = self.plan.path.stream_length(session, request, number, &hold.length);
                    if let Some(sender) = &hold.send {
                        lasts(&mut found.streams.sending, now, now + length, one * millionths(sender.every));
                        let messages = length.as_nanos().div_ceil(sender.every.as_nanos().max(1));
                        found.streams.messages += self.every * messages;
                    }
                    now = now + length;
                }
            }
        }
        lasts(&mut found.streams.open, from, now, one);
        now
    }

    fn count_in_windows(&self, step: u32, due: Instant, found: &mut Survey) {
        for window in &self.windows {
            if window.from <= due && due < window.to {
                found.by_objective[window.objective] += self.every * window.steps[step as usize];
            }
        }
    }

    /// Goes on to the transactions that the walk's request is in; returns those that it enters.
    fn enter(&self, walk: &Walk, inside: &mut Vec<(u32, u32)>, mut entered: impl FnMut(u32)) {
        if !self.transactions {
            return;
        }
        let now = || walk.transactions(&self.plan.path);
        let stay = inside.iter().zip(now()).take_while(|(before, now)| **before == *now).count();
        inside.truncate(stay);
        inside.extend(now().skip(stay).inspect(|(step, _)| entered(*step)));
    }
}

fn second(at: Instant) -> u64 {
    at.as_nanos() / BIN.as_nanos()
}

/// The bin of a series, which grows to hold it.
fn bin<T: Copy + Default>(series: &mut Vec<T>, second: u64) -> &mut T {
    let bin = second.min(SECONDS_MAX - 1) as usize;
    if series.len() <= bin {
        series.resize(bin + 1, T::default());
    }
    &mut series[bin]
}

impl Survey {
    /// Adds another thread's, or another population's, findings.
    pub fn merge(&mut self, other: &Self) {
        // Apart, so that a new field cannot be forgotten.
        let Self {
            hash,
            requests,
            at_answer,
            by_step,
            by_transaction,
            by_burst,
            by_objective,
            starts,
            nominal,
            connections,
            alive,
            streams,
            last_due,
            longest,
        } = other;
        self.hash = self.hash.wrapping_add(*hash);
        self.requests += requests;
        self.at_answer += at_answer;
        sum(&mut self.by_step, by_step);
        sum(&mut self.by_transaction, by_transaction);
        sum(&mut self.by_burst, by_burst);
        sum(&mut self.by_objective, by_objective);
        sum(&mut self.starts, starts);
        sum(&mut self.nominal, nominal);
        sum(&mut self.connections, connections);
        sum(&mut self.alive, alive);
        let StreamSeries { open, sending, messages } = streams;
        sum(&mut self.streams.open, open);
        sum(&mut self.streams.sending, sending);
        self.streams.messages += messages;
        self.last_due = self.last_due.max(*last_due);
        self.longest = self.longest.max(*longest);
    }

    /// The most sessions that were between start and last request at a whole second.
    pub fn alive_peak(&self) -> u64 {
        highest(&self.alive).1
    }
}

fn sum<T: Copy + Default + std::ops::AddAssign>(series: &mut Vec<T>, other: &[T]) {
    if series.len() < other.len() {
        series.resize(other.len(), T::default());
    }
    series.iter_mut().zip(other).for_each(|(a, b)| *a += *b);
}
