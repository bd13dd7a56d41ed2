//! `before` and `after`: a session of its own each, ahead of the plan and behind it.

use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};

use crate::engine::Stopper;
use crate::record::{AroundOutcome, AroundRequest, Reason};
use crate::report::plain;
use crate::scenario::{Around, Mask, Scenario};
use crate::unit::Span;

use super::Failure;
use super::one_session::{OneSession, Shared, watch};
use super::seen::Seen;
use super::stop::StopSignal;

/// How often a wait looks whether a signal came.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Characters of a detail that are kept.
const DETAIL_SHOWN: usize = 500;

/// What such a session did.
pub struct Done {
    /// Requests that it had planned.
    pub planned: u64,
    /// All that was seen of it, in order.
    pub seen: Vec<Seen>,
    /// Its requests, without what must not be shown.
    pub requests: Vec<AroundRequest>,
    /// What hides that: in `before` also what it has saved itself.
    pub mask: Mask,
}

/// Runs `before`, if there is one. Its values are in `shared` from then on, unless something was wrong with it: then
/// nothing else may be sent, and [`refusal`] says why. A signal ends the process.
pub fn before(scenario: &Scenario, shared: &mut Shared) -> anyhow::Result<Option<Done>> {
    let Some(before) = &scenario.before else { return Ok(None) };
    let (planned, seen) = session(scenario, before, shared, |_| ())?;
    let saved = saved(&before.flow.saved, &seen);
    let known: Vec<String> = saved.iter().flatten().cloned().collect();
    let mask = Mask::new(scenario, &known);
    let mut requests = requests(planned, &seen, &mask);
    match saved.into_iter().collect::<Option<Vec<String>>>() {
        Some(values) => shared.before = values,
        None if requests.iter().all(|request| request.outcome == AroundOutcome::Right) => {
            // A branch that saves something was not taken.
            let names = before.flow.saved.join(", ");
            requests.push(not_made(format!("it ended without having saved all of {names}")));
        }
        None => {}
    }
    Ok(Some(Done { planned, seen, requests, mask }))
}

/// Why nothing else is sent, if a request of `before` was not right (O8).
pub fn refusal(before: &Done) -> Option<Failure> {
    let wrong = before.requests.iter().find(|request| request.outcome != AroundOutcome::Right)?;
    let words = wrong.words();
    Some(Failure::target(anyhow!("`before` failed, so nothing else was sent\n\n{words}")))
}

/// Waits as long as the scenario says, for a run that has ended by itself, and runs `after`; `None` if a signal came:
/// of a session that it cut off nothing is known.
pub fn settle_and_after(scenario: &Scenario, shared: &Shared, stop: &StopSignal) -> Option<Vec<AroundRequest>> {
    wait(scenario.settle(), stop);
    if stop.was_stopped() {
        return None;
    }
    let requests = match after(scenario, shared, stop) {
        // What the run measured is judged and written, whatever becomes of `after`.
        Err(error) => vec![not_made(format!("it could not be made: {error:#}"))],
        Ok(done) => done.map(|done| done.requests).unwrap_or_default(),
    };
    (!stop.was_stopped()).then_some(requests)
}

/// Runs `after`, if there is one.
pub fn after(scenario: &Scenario, shared: &Shared, stop: &StopSignal) -> anyhow::Result<Option<Done>> {
    let Some(after) = &scenario.after else { return Ok(None) };
    let (planned, seen) = session(scenario, after, shared, |stopper| stop.stops(stopper))?;
    let mask = Mask::new(scenario, &shared.before);
    Ok(Some(Done { planned, requests: requests(planned, &seen, &mask), seen, mask }))
}

fn wait(length: Span, stop: &StopSignal) {
    let begun = Instant::now();
    while !stop.was_stopped() {
        let left = length.to_duration().saturating_sub(begun.elapsed());
        if left.is_zero() {
            return;
        }
        std::thread::sleep(left.min(LOOK_EVERY));
    }
}

/// Runs one of the two: how many requests it had planned, and all that was seen.
fn session(
    scenario: &Scenario,
    around: &Around,
    shared: &Shared,
    stoppable: impl FnOnce(Stopper),
) -> anyhow::Result<(u64, Vec<Seen>)> {
    let one = OneSession::first(scenario.of_around(around))?;
    let planned = one.planned();
    let (engine, told) = one.start(shared)?;
    stoppable(engine.stopper());
    let mut seen = Vec::new();
    watch(engine, &told, |it| {
        seen.push(it);
        Ok(())
    })
    .with_context(|| format!("in `{}`", around.flow.name))?;
    Ok((planned, seen))
}

/// The value of each name, once all has been saved.
fn saved(names: &[String], seen: &[Seen]) -> Vec<Option<String>> {
    let all = || seen.iter().flat_map(Seen::saved);
    let last = |name: &String| all().rfind(|(saved, _)| saved == name).map(|(_, value)| value.clone());
    names.iter().map(last).collect()
}

/// Each request as it ended: not its earlier tries, nor the redirects that led on.
fn requests(planned: u64, seen: &[Seen], mask: &Mask) -> Vec<AroundRequest> {
    let hidden = |(reason, detail): &(Reason, String)| (*reason, shown(detail, mask));
    let mut requests: Vec<AroundRequest> = Vec::new();
    for seen in seen {
        match seen {
            Seen::Exchange(it) if it.tried_again || it.onward.is_some() => {}
            Seen::Exchange(it) => {
                let wrong = it.wrong.as_ref().map(hidden);
                requests.push(AroundRequest::new(it.step.clone(), it.status, wrong, it.done.since(it.due)));
            }
            Seen::Message(_) => {}
            Seen::StreamEnd(it) => {
                if let (Some((reason, detail)), Some(opened)) = (&it.lost, requests.last_mut()) {
                    (opened.outcome, opened.detail) =
                        (AroundOutcome::Unknown, shown(&format!("{reason}: {detail}"), mask));
                }
            }
        }
    }
    let rest = planned.saturating_sub(requests.len() as u64);
    if rest > 0 && requests.iter().all(|request| request.outcome == AroundOutcome::Right) {
        requests.push(not_made("it ended before all of its requests were sent".to_owned()));
    }
    requests
}

/// A detail without what must not be shown and what would steer a terminal; a long value in it is cut.
fn shown(detail: &str, mask: &Mask) -> String {
    let hidden = mask.hide(detail);
    let text: String = hidden.chars().take(DETAIL_SHOWN).collect();
    plain(&text) + if text.len() < hidden.len() { " …" } else { "" }
}

/// In place of a request that was not made.
fn not_made(why: String) -> AroundRequest {
    AroundRequest::new("the session".to_owned(), None, Some((Reason::NotAttempted, why)), Span::ZERO)
}
