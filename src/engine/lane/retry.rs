//! Trying a failed request again, as its step's policy says: the wait, the budget, the next try.
//!
//! A request that waits for its next try is in flight: it has a due, a *woke* and its first bytes behind it, and its
//! one end still before it. Every try has a deadline of its own (R5) and sends the same bytes, as what fills a request's
//! slots is keyed by its session, step and repetition.

use std::cmp::Reverse;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::plan::{Use, uniform};
use crate::record::Reason;
use crate::scenario::Retry;
use crate::unit::{Instant, Span};

use super::super::date::unix_seconds;
use super::super::session::{InFlight, State};
use super::{Lane, LaneConfig};

/// What one retry costs of a budget: budgets are in retries for each million requests.
const PRICE: u64 = 1_000_000;

/// Retries that a budget can have saved up at most, so that a quiet hour does not pay for a storm.
const SAVED: u64 = 100;

/// Backoff draws of one request; a policy has fewer tries.
const DRAWS: u32 = 64;

/// Seconds that a Retry-After is taken to ask for at most, a year: far above what any policy heeds.
const LONGEST_ASKED: u64 = 366 * 86_400;

/// What is left of each step's budget on this lane, by population and step.
pub(super) struct Budgets(Vec<Vec<u64>>);

impl Budgets {
    pub(super) fn new(config: &LaneConfig) -> Self {
        Self(config.programs.iter().map(|population| vec![0; population.steps.len()]).collect())
    }
}

impl Lane<'_> {
    /// A request of a step begins: it pays into the step's budget.
    pub(super) fn pay_in(&mut self, slot: u32, step: u32) {
        let population = self.sessions[slot].population as usize;
        let program = self.config.programs[population].steps[step as usize].as_ref();
        let budget = program.and_then(|program| program.request.retry.as_ref()?.budget);
        if let Some(budget) = budget {
            let left = &mut self.budgets.0[population][step as usize];
            *left = (*left + budget).min(SAVED * PRICE);
        }
    }

    /// The policy under which a request that ended so would be tried again, were it not for the budget.
    fn policy(&self, slot: u32, reason: Reason, status: u16) -> Option<&Retry> {
        let request = &self.sessions[slot].request;
        let policy = self.program(slot, request.due.step).request.retry.as_ref()?;
        (request.retries < policy.times && tries_again_after(policy, reason, status)).then_some(policy)
    }

    /// Whether a request that ended so is tried again: then this end is none.
    pub(super) fn will_retry(&self, slot: u32, reason: Reason, status: u16) -> bool {
        let session = &self.sessions[slot];
        let left = self.budgets.0[session.population as usize][session.request.due.step as usize];
        self.policy(slot, reason, status).is_some_and(|policy| policy.budget.is_none() || left >= PRICE)
    }

    /// Has a request that ended so wait for its next try, if its policy and budget allow one.
    pub(super) fn retry(&mut self, slot: u32, reason: Reason, status: u16, read_delay: Span) -> bool {
        let Some(policy) = self.policy(slot, reason, status) else { return false };
        let (has_budget, wait) = (policy.budget.is_some(), self.backoff(slot, policy));
        let (population, step) = (self.sessions[slot].population, self.sessions[slot].request.due.step);
        if !self.will_retry(slot, reason, status) {
            self.recorder.counters_of(population).retries_refused_by_budget += 1;
            return false;
        }
        if has_budget {
            self.budgets.0[population as usize][step as usize] -= PRICE;
        }
        self.recorder.counters_of(population).retries += 1;
        self.request_deadlines.clear(slot);
        self.connect_deadlines.clear(slot);
        let session = &mut self.sessions[slot];
        // Where a redirect had led is asked for anew.
        session.hop = None;
        let InFlight { due, woken, retries, exchanges, bytes_sent, bytes_received, ours, .. } = session.request;
        session.request = InFlight {
            retries: retries + 1,
            exchanges,
            bytes_sent,
            bytes_received,
            ours: ours.saturating_add(read_delay),
            ..InFlight::new(due, woken)
        };
        let at = self.now + wait;
        session.state = State::BackingOff { until: at };
        self.sleeping.push(Reverse((at, slot)));
        true
    }

    /// The wait before the next try: the backoff's, or what the server asked for if that is longer.
    fn backoff(&self, slot: u32, policy: &Retry) -> Span {
        let session = &self.sessions[slot];
        let request = &session.request;
        let seed = self.plan.populations[session.population as usize].path.seed;
        let n = request.due.nth.wrapping_mul(DRAWS).wrapping_add(request.retries);
        let wait =
            policy.backoff.wait(request.retries + 1, uniform(seed, session.number, request.due.step, Use::Backoff, n));
        policy.retry_after.map_or(wait, |most| wait.max(request.retry_after.min(most)))
    }

    /// How long from now an answer's Retry-After asks to wait.
    pub(super) fn asked_to_wait(&self, value: &str) -> Span {
        // The wall clock is read before ours: what passes between the two makes the wait longer, so that it never ends
        // before a date. From here on only ours counts, whatever becomes of the other.
        let unix_now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        asked(value, unix_now).saturating_add(self.config.clock.now().since(self.now))
    }

    /// The wait is over: the request goes out once more, with a timeout of its own.
    pub(super) fn try_again(&mut self, slot: u32, until: Instant) {
        let timeout = self.program(slot, self.sessions[slot].request.due.step).timeout;
        let session = &mut self.sessions[slot];
        session.request.ours = session.request.ours.saturating_add(self.now.since(until));
        session.serial = session.serial.wrapping_add(1);
        self.request_deadlines.set(slot, self.now, timeout);
        self.find_connection(slot);
    }
}

/// Whether a policy names this end.
fn tries_again_after(policy: &Retry, reason: Reason, status: u16) -> bool {
    match reason {
        Reason::Status => policy.statuses.contains(&status),
        reason => reason.failure().is_some_and(|failure| policy.reasons.contains(&failure)),
    }
}

/// The wait that a Retry-After asks for (RFC 9110 section 10.2.3), in seconds or by a date; none up to a date that is
/// past, or by what is neither. How much of it is heeded is for the policy to say.
fn asked(value: &str, unix_now: Duration) -> Span {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Span::from_secs(value.parse().unwrap_or(u64::MAX).min(LONGEST_ASKED));
    }
    let at = unix_seconds(value).and_then(|at| u64::try_from(at).ok()).map(Duration::from_secs);
    let left = at.unwrap_or_default().saturating_sub(unix_now).min(Duration::from_secs(LONGEST_ASKED));
    Span::from_nanos(left.as_nanos() as u64)
}

/// The status in the first line of an answer, of HTTP/2 too as it is shown; 0 without any.
pub(super) fn status_of(head: &[u8]) -> u16 {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let code = std::str::from_utf8(line).ok().and_then(|line| line.split(' ').nth(1));
    code.and_then(|code| code.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_after_asks_for_seconds_or_a_date() {
        // Half a second before 08:49:37 of the RFC's own example.
        let now = Duration::from_millis(784_111_776_500);
        for (value, millis) in [
            ("0", 0),
            (" 120 ", 120_000),
            ("99999999999999999999999", LONGEST_ASKED * 1_000),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 500),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 500),
            ("Sun Nov  6 08:49:37 1994", 500),
            ("Sun, 06 Nov 1994 09:49:37 GMT", 3_600_500),
            ("Sun, 06 Nov 1994 08:49:36 GMT", 0),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Mon, 01 Jan 1601 00:00:00 GMT", 0),
            ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_ASKED * 1_000),
            ("+5", 0),
            ("-5", 0),
            ("1.5", 0),
            ("soon", 0),
            ("", 0),
        ] {
            assert_eq!(asked(value, now), Span::from_millis(millis), "{value}");
        }
    }
}
