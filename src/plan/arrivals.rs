//! The arrivals of all populations in one order (P7).

use super::starts::SessionStarts;
use super::{Arrival, PopulationPlan, Stripe};
use crate::unit::Instant;

/// The arrivals of a stripe in order, merged over the populations.
#[derive(Debug)]
pub struct Arrivals<'a> {
    streams: Vec<Stream<'a>>,
}

#[derive(Debug)]
struct Stream<'a> {
    plan: &'a PopulationPlan,
    starts: SessionStarts<'a>,
    head: Option<(Instant, u64)>,
}

impl Stream<'_> {
    fn advance(&mut self) {
        self.head = self.starts.next().map(|(session, start)| (self.plan.path.clock.instant(start), session));
    }
}

impl<'a> Arrivals<'a> {
    pub(super) fn new(populations: &'a [PopulationPlan], stripe: Stripe) -> Self {
        let stream = |plan: &'a PopulationPlan| {
            let starts = plan.starts.sessions(stripe.index, plan.sessions, stripe.of);
            let mut stream = Stream { plan, starts, head: None };
            stream.advance();
            stream
        };
        Self { streams: populations.iter().map(stream).collect() }
    }
}

impl Iterator for Arrivals<'_> {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        let heads = self.streams.iter().enumerate().filter_map(|(i, stream)| Some((stream.head?.0, i)));
        let (due, population) = heads.min()?;
        let session = self.streams[population].head?.1;
        self.streams[population].advance();
        Some(Arrival { due, population: population as u16, session })
    }
}
