//! A session's path, step by step: the one place where picks, repeats, thinks, instants and polling
//! grids turn into due instants (S2, S3, P4).
//!
//! The planning pass walks with zero response times (done = due) and the lanes with real ones. Which
//! requests a path has, and in which order, does not depend on time, so both walk the same requests.

use std::ops::Range;

use super::PathContext;
use super::draw::{Use, integer, seconds, uniform};
use crate::scenario::{Alternative, At, StepKind};
use crate::unit::Instant;

/// The next request of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The request's step: its index in the flow.
    pub step: u32,
    /// When it is due; before the previous done where a polling grid ran ahead of a slow answer (S3).
    pub due: Instant,
    /// How many times this step ran in this session before.
    pub nth: u32,
    /// Whether a condition on the target's answers led to it, so that it is none of the plan's (P3).
    pub extra: bool,
}

/// Where a session stands in its flow. Reused for session after session without allocating: about 60
/// bytes, 4 a step of the flow and 40 a level of nesting.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    session: u64,
    /// Planned requests still to come, where the session is the cut one (P2); else more than any path has.
    left: u64,
    next: u32,
    frames: Vec<Frame>,
    /// How many of the bodies that the walk is inside of stand under a condition.
    conditions: u16,
    /// How often each step ran before: the `n` of its draws.
    runs: Vec<u32>,
}

/// A body that the walk is inside of.
#[derive(Clone, Debug)]
struct Frame {
    /// The pick, repeat, transaction or group whose body it is.
    step: u32,
    /// Just past the body.
    end: u32,
    /// Iterations done, and all of them; any other body than a repeat's has one.
    done: u32,
    times: u32,
    /// When the first iteration began: the origin of a polling grid.
    origin: Instant,
}

impl Walk {
    /// Goes to the start of session `session`. [`Walk::next`] is then first called with its arrival's due.
    pub fn restart(&mut self, path: &PathContext, session: u64) {
        self.session = session;
        self.left = path.cut(session);
        self.next = 0;
        self.frames.clear();
        self.conditions = 0;
        self.runs.clear();
        self.runs.resize(path.flow.steps.len(), 0);
    }

    /// The next planned request, given when the previous one was done; `None` after the last. Steps under a condition
    /// are left out (P3).
    pub fn next(&mut self, path: &PathContext, previous_done: Instant) -> Option<Due> {
        self.advance::<true>(path, previous_done, None)
    }

    /// The next request of a session that has saved this, planned or extra.
    pub fn next_of(&mut self, path: &PathContext, previous_done: Instant, saved: &[Option<String>]) -> Option<Due> {
        self.advance::<true>(path, previous_done, Some(saved))
    }

    /// The step of the next request, without its instant and without drawing thinks.
    pub fn skip(&mut self, path: &PathContext) -> Option<u32> {
        self.advance::<false>(path, Instant::ZERO, None).map(|due| due.step)
    }

    /// The transactions that the request which was found last is in, the outermost first: the step of each, and how
    /// often it ran up to now, by which one is told from the next.
    pub fn transactions<'a>(&'a self, path: &'a PathContext) -> impl Iterator<Item = (u32, u32)> + 'a {
        let kind = |step: u32| &path.flow.steps[step as usize].kind;
        let inside = self.frames.iter().filter(move |frame| matches!(kind(frame.step), StepKind::Transaction { .. }));
        inside.map(|frame| (frame.step, self.runs[frame.step as usize]))
    }

    fn advance<const TIMED: bool>(
        &mut self,
        path: &PathContext,
        previous_done: Instant,
        saved: Option<&[Option<String>]>,
    ) -> Option<Due> {
        if self.left == 0 {
            return None;
        }
        let steps = &path.flow.steps;
        let mut ready = previous_done;
        loop {
            let end = self.frames.last().map_or(steps.len() as u32, |frame| frame.end);
            if self.next == end {
                ready = self.turn::<TIMED>(path, ready, previous_done, saved)?;
                continue;
            }
            let step = self.next;
            let n = self.runs[step as usize];
            self.runs[step as usize] += 1;
            self.next = steps[step as usize].end;
            match &steps[step as usize].kind {
                StepKind::Request(_) => {
                    let extra = self.conditions > 0;
                    self.left -= u64::from(!extra);
                    return Some(Due { step, due: ready, nth: n, extra });
                }
                StepKind::Think(think) if TIMED => {
                    let u = uniform(path.seed, self.session, step, Use::Think, n);
                    ready = ready + path.clock.span(seconds(think, u));
                }
                StepKind::Think(_) => {}
                StepKind::At(at) => {
                    if TIMED || path.leaves_out {
                        ready = self.wait_until(path, at, step, n, end).max(ready);
                    }
                }
                StepKind::Pick(alternatives) => self.pick(path, alternatives, step, n),
                StepKind::If { condition, body, otherwise } => {
                    if let Some(saved) = saved {
                        let body = if condition.holds(saved) { body } else { otherwise };
                        self.enter(step, body, 1, ready);
                    }
                }
                StepKind::While { condition, at_most, body } => {
                    if saved.is_some_and(|saved| condition.holds(saved)) {
                        self.enter(step, body, *at_most, ready);
                    }
                }
                StepKind::Transaction { body, .. } | StepKind::Parallel { body, .. } => {
                    self.next = body.start;
                    self.frames.push(Frame { step, end: body.end, done: 0, times: 1, origin: ready });
                }
                StepKind::Repeat { times, body, .. } => {
                    let times = self.times(path, *times, step, n);
                    if times > 0 && !body.is_empty() {
                        self.next = body.start;
                        self.frames.push(Frame { step, end: body.end, done: 0, times, origin: ready });
                    }
                }
            }
        }
    }

    /// At the end of a body: the next iteration, on its grid if it has one, or the step after; `None`
    /// at the end of the flow.
    fn turn<const TIMED: bool>(
        &mut self,
        path: &PathContext,
        ready: Instant,
        previous_done: Instant,
        saved: Option<&[Option<String>]>,
    ) -> Option<Instant> {
        let frame = self.frames.last_mut()?;
        let step = &path.flow.steps[frame.step as usize];
        frame.done += 1;
        let StepKind::Repeat { every, body, .. } = &step.kind else {
            if let (StepKind::While { condition, body, .. }, Some(saved)) = (&step.kind, saved)
                && frame.done < frame.times
                && condition.holds(saved)
            {
                self.next = body.start;
                return Some(ready);
            }
            self.conditions -= u16::from(matches!(step.kind, StepKind::If { .. } | StepKind::While { .. }));
            self.next = step.end;
            self.frames.pop();
            return Some(ready);
        };
        if frame.done == frame.times {
            self.next = step.end;
            self.frames.pop();
            // Only polls count from the grid; what follows them counts from the previous done (S2).
            return Some(ready.max(previous_done));
        }
        self.next = body.start;
        let grid = |every: f64| frame.origin + path.clock.span(f64::from(frame.done) * every);
        Some(every.filter(|_| TIMED).map_or(ready, grid))
    }

    /// Goes into a body that stands under a condition.
    fn enter(&mut self, step: u32, body: &Range<u32>, times: u32, ready: Instant) {
        if !body.is_empty() {
            self.next = body.start;
            self.conditions += 1;
            self.frames.push(Frame { step, end: body.end, done: 0, times, origin: ready });
        }
    }

    fn pick(&mut self, path: &PathContext, alternatives: &[Alternative], step: u32, n: u32) {
        let u = uniform(path.seed, self.session, step, Use::Pick, n);
        let Some(taken) = alternatives.iter().find(|alternative| u < alternative.cumulative) else { return };
        if !taken.body.is_empty() {
            self.next = taken.body.start;
            self.frames.push(Frame { step, end: taken.body.end, done: 0, times: 1, origin: Instant::ZERO });
        }
    }

    fn times(&self, path: &PathContext, (low, high): (u32, u32), step: u32, n: u32) -> u32 {
        if low == high {
            return low;
        }
        integer(uniform(path.seed, self.session, step, Use::Repeat, n), low, high)
    }

    /// The instant of an `at`. In a window, a session of a `users` population leaves out an `at` whose
    /// instant lies outside, with all that follows it up to the next `at` of the same list or the list's
    /// end (P9); then this is the run's start, for which nobody waits.
    fn wait_until(&mut self, path: &PathContext, at: &At, step: u32, n: u32, end: u32) -> Instant {
        let plus = at.plus.map_or(0.0, |plus| seconds(&plus, uniform(path.seed, self.session, step, Use::At, n)));
        let time = at.time + plus;
        let (from, to) = path.clock.window;
        if !path.leaves_out || (from..=to).contains(&time) {
            return path.clock.instant(time);
        }
        let steps = &path.flow.steps;
        while self.next < end && !matches!(steps[self.next as usize].kind, StepKind::At(_)) {
            self.next = steps[self.next as usize].end;
        }
        Instant::ZERO
    }
}
