//! The arrivals of all populations in one order (P7).

use super::starts::SessionStarts;
use super::{Arrival, PopulationPlan, Stripe};
use crate::unit::Instant;

/// The arrivals of a stripe in order, merged over the populations.
#[derive(Debug)]
pub struct Arrivals<'a> {
    cursors: Vec<Cursor<'a>>,
}

#[derive(Debug)]
struct Cursor<'a> {
    plan: &'a PopulationPlan,
    starts: SessionStarts<'a>,
    head: Option<(Instant, u64)>,
}

impl Cursor<'_> {
    fn advance(&mut self) {
        self.head = self
            .starts
            .find(|(session, _)| self.plan.has(*session))
            .map(|(session, start)| (self.plan.path.clock.instant(start), session));
    }
}

impl<'a> Arrivals<'a> {
    pub(super) fn new(populations: &'a [PopulationPlan], stripe: Stripe) -> Self {
        let cursor = |plan: &'a PopulationPlan| {
            let starts = plan.starts.sessions(stripe.index, plan.sessions, stripe.of);
            let mut cursor = Cursor { plan, starts, head: None };
            cursor.advance();
            cursor
        };
        Self { cursors: populations.iter().map(cursor).collect() }
    }
}

impl Iterator for Arrivals<'_> {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        let heads = self.cursors.iter().enumerate().filter_map(|(i, cursor)| Some((cursor.head?.0, i)));
        let (due, population) = heads.min()?;
        let session = self.cursors[population].head?.1;
        self.cursors[population].advance();
        Some(Arrival { due, population: population as u16, session })
    }
}
