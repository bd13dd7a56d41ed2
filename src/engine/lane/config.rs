//! What a lane is given.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::scenario::{Http, Limits, Mask};
use crate::unit::{Instant, Span};
use crate::wire::ResolvedOrigin;

use super::super::Load;
use super::super::clock::RunClock;
use super::super::program::PopulationPrograms;
use super::super::redirect::Routes;

/// What every lane is given.
pub struct LaneConfig {
    /// The lane's index, and how many there are.
    pub index: u32,
    /// Lanes of this process.
    pub lanes: u32,
    /// The run's clock.
    pub clock: RunClock,
    /// The requests, by population.
    pub programs: Arc<Vec<PopulationPrograms>>,
    /// The origins, with their addresses.
    pub origins: Arc<Vec<ResolvedOrigin>>,
    /// Where redirects may lead.
    pub routes: Arc<Routes>,
    /// Hides secrets and variables of the environment in what is kept of requests and answers (S4).
    pub mask: Arc<Mask>,
    /// The HTTP that each origin is spoken to in.
    pub http: Arc<Vec<Http>>,
    /// How sessions come to be.
    pub load: Load,
    /// The scenario's limits, with `max_in_flight` divided over the lanes.
    pub limits: Limits,
    /// The run's id.
    pub run_id: Arc<str>,
    /// Interval of the record.
    pub interval: Span,
    /// R7: when the lane gives up.
    pub hard_stop: Instant,
    /// Stop now.
    pub stop: Arc<AtomicBool>,
}
