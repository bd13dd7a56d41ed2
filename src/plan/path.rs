//! What a walk needs to know of its population: seed, flow, clock, and where its last session is cut.

use std::sync::Arc;

use super::count::Lengths;
use crate::scenario::{Clock, Flow};

/// The paths of one population's sessions; which path a session takes is drawn as it is walked.
#[derive(Debug)]
pub struct PathContext {
    /// The population's seed (P4).
    pub seed: u64,
    /// What its sessions do.
    pub flow: Arc<Flow>,
    /// How scenario time becomes run time.
    pub clock: Clock,
    /// The last session and its planned requests, where a number of requests cuts it (P2).
    pub last: Option<(u64, u64)>,
    /// Whether sessions leave out steps whose `at` lies outside the window (`users` populations, P9).
    pub(super) leaves_out: bool,
    pub(super) lengths: Lengths,
}

impl PathContext {
    /// The planned requests that a session ends after, even if its path has more.
    pub(super) fn cut(&self, session: u64) -> u64 {
        match self.last {
            Some((last, requests)) if last == session => requests,
            _ => u64::MAX,
        }
    }
}
