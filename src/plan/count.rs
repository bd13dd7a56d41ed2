//! How many requests sessions have, and how many sessions a number of requests needs (P2).
//!
//! Counting draws only what decides a length: a pick between alternatives of one length is not drawn.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::thread;

use super::draw::{Use, integer, uniform};
use super::size::REQUESTS_MAX;
use super::{PathContext, Walk};
use crate::scenario::{Flow, StepKind};
use crate::unit::STACK_BYTES;

/// The sessions in which the first guess at a mean length is made.
const SESSIONS_FIRST: u64 = 64;
/// The sessions that are counted at once before the sum is looked at again.
const SESSIONS_MAX: u64 = 1 << 20;

/// The lengths of a flow's parts, in requests.
#[derive(Debug)]
pub struct Lengths {
    /// For each step, the requests of its subtree if that is always the same number.
    fixed: Vec<Option<u64>>,
    /// The requests of every path, if that is always the same number.
    pub path: Option<u64>,
    /// The most requests that a path can have.
    pub most: u64,
    /// The most steps that a path can take.
    pub most_steps: u64,
    /// The most requests that follow each other in a path, of each polling grid one round.
    pub chain: u64,
}

impl Lengths {
    /// Measures a flow; children stand behind their parents, so one pass from the end does it.
    pub fn of(flow: &Flow) -> Self {
        let mut parts = vec![Part::default(); flow.steps.len()];
        for (i, step) in flow.steps.iter().enumerate().rev() {
            let body = |range: &Range<u32>| Part::sum(flow, &parts, range.clone());
            parts[i] = match &step.kind {
                StepKind::Request(_) => Part { fixed: Some(1), most: 1, steps: 1, chain: 1 },
                StepKind::Think(_) | StepKind::At(_) => Part { steps: 1, ..Part::default() },
                StepKind::Pick(alternatives) => Part::one_of(alternatives.iter().map(|a| body(&a.body))),
                StepKind::Repeat { times, body: range, every } => {
                    let round = body(range);
                    let all = round.times(*times);
                    if every.is_some() { Part { chain: round.chain, ..all } } else { all }
                }
                // What a condition decides on is not planned (P3).
                StepKind::If { .. } | StepKind::While { .. } => Part { steps: 1, ..Part::default() },
                StepKind::Transaction { body: range, .. } | StepKind::Parallel { body: range, .. } => {
                    Part::one_of(std::iter::once(body(range)))
                }
            };
        }
        let path = Part::sum(flow, &parts, 0..flow.steps.len() as u32);
        let fixed = parts.iter().map(|part| part.fixed).collect();
        Self { fixed, path: path.fixed, most: path.most, most_steps: path.steps, chain: path.chain }
    }
}

/// The length of a part of a flow.
#[derive(Clone, Copy, Debug)]
struct Part {
    fixed: Option<u64>,
    most: u64,
    steps: u64,
    chain: u64,
}

impl Default for Part {
    fn default() -> Self {
        Self { fixed: Some(0), most: 0, steps: 0, chain: 0 }
    }
}

impl Part {
    fn sum(flow: &Flow, parts: &[Self], range: Range<u32>) -> Self {
        siblings(flow, range).map(|i| parts[i as usize]).fold(Self::default(), |sum, part| Self {
            fixed: sum.fixed.zip(part.fixed).map(|(a, b)| a.saturating_add(b)),
            most: sum.most.saturating_add(part.most),
            steps: sum.steps.saturating_add(part.steps),
            chain: sum.chain.saturating_add(part.chain),
        })
    }

    fn one_of(parts: impl Iterator<Item = Self>) -> Self {
        let longest = parts.reduce(|a, b| Self {
            fixed: a.fixed.filter(|_| a.fixed == b.fixed),
            most: a.most.max(b.most),
            steps: a.steps.max(b.steps),
            chain: a.chain.max(b.chain),
        });
        let longest = longest.unwrap_or_default();
        Self { steps: longest.steps.saturating_add(1), ..longest }
    }

    fn times(self, (low, high): (u32, u32)) -> Self {
        Self {
            fixed: self.fixed.filter(|&n| low == high || n == 0).map(|n| n.saturating_mul(u64::from(low))),
            most: self.most.saturating_mul(u64::from(high)),
            steps: self.steps.saturating_add(1).saturating_mul(u64::from(high)).saturating_add(1),
            chain: self.chain.saturating_mul(u64::from(high)),
        }
    }
}

/// The steps of a list, without those inside them.
pub fn siblings(flow: &Flow, range: Range<u32>) -> impl Iterator<Item = u32> {
    let mut next = range.start;
    std::iter::from_fn(move || {
        let step = (next < range.end).then_some(next)?;
        next = flow.steps[step as usize].end;
        Some(step)
    })
}

/// Counts the requests of one session after the other, without allocating.
struct Counter<'a> {
    path: &'a PathContext,
    session: u64,
    runs: Vec<u32>,
    walk: Walk,
}

impl<'a> Counter<'a> {
    fn new(path: &'a PathContext) -> Self {
        Self { path, session: 0, runs: Vec::new(), walk: Walk::default() }
    }

    fn requests(&mut self, session: u64) -> u64 {
        let flow = &self.path.flow;
        if self.path.leaves_out {
            self.walk.restart(self.path, session);
            return std::iter::from_fn(|| self.walk.skip(self.path)).count() as u64;
        }
        if let Some(fixed) = self.path.lengths.path {
            return fixed;
        }
        self.session = session;
        self.runs.clear();
        self.runs.resize(flow.steps.len(), 0);
        self.list(0..flow.steps.len() as u32)
    }

    fn list(&mut self, range: Range<u32>) -> u64 {
        siblings(&self.path.flow, range).map(|step| self.step(step)).sum()
    }

    fn step(&mut self, step: u32) -> u64 {
        let PathContext { flow, lengths, seed, .. } = self.path;
        if let Some(fixed) = lengths.fixed[step as usize] {
            return fixed;
        }
        let n = self.runs[step as usize];
        self.runs[step as usize] += 1;
        match &flow.steps[step as usize].kind {
            StepKind::Pick(alternatives) => {
                let u = uniform(*seed, self.session, step, Use::Pick, n);
                let taken = alternatives.iter().find(|alternative| u < alternative.cumulative);
                taken.map_or(0, |alternative| self.list(alternative.body.clone()))
            }
            StepKind::Repeat { times: (low, high), body, .. } => {
                let times = match low == high {
                    true => *low,
                    false => integer(uniform(*seed, self.session, step, Use::Repeat, n), *low, *high),
                };
                let fixed: Option<u64> = siblings(flow, body.clone()).map(|i| lengths.fixed[i as usize]).sum();
                match fixed {
                    Some(each) => each * u64::from(times),
                    None => (0..times).map(|_| self.list(body.clone())).sum(),
                }
            }
            StepKind::Transaction { body, .. } | StepKind::Parallel { body, .. } => self.list(body.clone()),
            StepKind::Request(_)
            | StepKind::Think(_)
            | StepKind::At(_)
            | StepKind::If { .. }
            | StepKind::While { .. } => 0,
        }
    }
}

/// The requests of these sessions, uncut.
pub fn requests(path: &PathContext, sessions: Range<u64>, threads: NonZeroUsize) -> u64 {
    match path.lengths.path {
        Some(each) if !path.leaves_out => each.saturating_mul(sessions.end - sessions.start),
        _ => block_sums(path, sessions, threads).iter().map(|(_, sum)| sum).sum(),
    }
}

/// The sessions that `part` requests take, and how many of them are the last session's.
///
/// `None` where it would take more sessions than a plan allows.
pub fn sessions_for(path: &PathContext, part: u64, threads: NonZeroUsize) -> Option<(u64, u64)> {
    if part == 0 {
        return Some((0, 0));
    }
    if let Some(each) = path.lengths.path {
        let sessions = part.div_ceil(each);
        return Some((sessions, part - (sessions - 1) * each));
    }
    let (mut session, mut left) = (0, part);
    while session < REQUESTS_MAX {
        let planned = part - left;
        let needed = if session == 0 { SESSIONS_FIRST } else { (left as f64 / planned as f64 * session as f64) as u64 };
        let sessions = session..session + needed.clamp(1, SESSIONS_MAX);
        session = sessions.end;
        for (block, sum) in block_sums(path, sessions, threads) {
            if sum >= left {
                return Some(cut(path, block, left));
            }
            left -= sum;
        }
    }
    None
}

/// The session of this block with which `left` requests are full.
fn cut(path: &PathContext, block: Range<u64>, mut left: u64) -> (u64, u64) {
    let mut counter = Counter::new(path);
    for session in block.clone() {
        let requests = counter.requests(session);
        if requests >= left {
            return (session + 1, left);
        }
        left -= requests;
    }
    (block.end, left)
}

/// Sums of lengths over consecutive blocks of sessions, counted by all threads.
fn block_sums(path: &PathContext, sessions: Range<u64>, threads: NonZeroUsize) -> Vec<(Range<u64>, u64)> {
    let blocks = blocks(sessions, 4 * threads.get() as u64, 64);
    let share = blocks.len().div_ceil(threads.get()).max(1);
    let sum = |block: &Range<u64>| {
        let mut counter = Counter::new(path);
        (block.clone(), block.clone().map(|session| counter.requests(session)).sum())
    };
    thread::scope(|scope| {
        let count = |part: &'_ [Range<u64>]| part.iter().map(sum).collect::<Vec<_>>();
        if blocks.len() <= share {
            return count(&blocks);
        }
        let thread = || thread::Builder::new().stack_size(STACK_BYTES);
        let start = |part| thread().spawn_scoped(scope, move || count(part)).map_err(|_| part);
        let workers: Vec<_> = blocks.chunks(share).map(start).collect();
        let counted = workers.into_iter().flat_map(|worker| match worker {
            Ok(worker) => worker.join().expect("counting does not panic"),
            // The system gives no more threads: this one counts.
            Err(part) => count(part),
        });
        counted.collect()
    })
}

/// `range` cut into at most `count` blocks of at least `least` each.
pub fn blocks(range: Range<u64>, count: u64, least: u64) -> Vec<Range<u64>> {
    let size = (range.end - range.start).div_ceil(count).max(least);
    let starts = (0..).map(|k| range.start + k * size).take_while(|&start| start < range.end);
    starts.map(|start| start..(start + size).min(range.end)).collect()
}
