//! Transactions: a named group of steps, timed from its first due to its last done.
//!
//! The walk knows which transactions a request is in. Whenever a session has its next request, those that the walk left
//! have ended and those that it entered have begun, also where nothing of them will be sent any more: none can vanish.

use crate::record::Reason;
use crate::scenario::Measure;
use crate::unit::{Instant, Span};

use super::super::session::OpenTransaction;
use super::Lane;

impl Lane<'_> {
    /// A session's next request is due then; `None`: there is none. `previous_done` is that of the request before.
    pub(super) fn turn_transactions(&mut self, slot: u32, due: Option<Instant>) {
        let session = &mut self.sessions[slot];
        let programs = &self.config.programs[session.population as usize];
        if programs.measures.is_empty() {
            return;
        }
        let path = &self.plan.populations[session.population as usize].path;
        let now = || session.walk.transactions(path).take_while(|_| due.is_some());
        let stay = session.transactions.iter().zip(now()).take_while(|(open, now)| open.key == *now).count();
        for ended in session.transactions.drain(stay..).rev() {
            let value = ended.failed.map_or(Ok(session.previous_done.since(ended.due)), Err);
            self.recorder.measured(ended.measure, ended.due, value, ended.ours);
        }
        let Some(due) = due else { return };
        for key in session.walk.transactions(path).skip(stay) {
            let Some(measure) = programs.measure(key.0, Measure::Transaction) else { continue };
            session.transactions.push(OpenTransaction { key, measure, due, ours: Span::ZERO, failed: None });
        }
    }

    /// A request of a session has ended: in each transaction that it is inside of, and of our lateness, in the time that
    /// the session is without a lost stream.
    pub(super) fn count_in_transactions(&mut self, slot: u32, outcome: Result<(), Reason>, ours: Span) {
        let home = self.home(slot);
        if let Some(lost) = &mut self.sessions[home].lost {
            lost.ours = lost.ours.saturating_add(ours);
        }
        for open in &mut self.sessions[home].transactions {
            open.ours = open.ours.saturating_add(ours);
            open.failed = open.failed.or(outcome.err());
        }
    }
}
