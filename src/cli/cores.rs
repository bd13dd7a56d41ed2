//! Who has which core: the lanes, and the embedded target beside them (M1).

use std::num::NonZeroUsize;

use crate::engine::limits;
use crate::scenario::{Connection, Scenario};

/// The cores of a run (M1).
pub struct Cores {
    /// The lanes, each with the core that it is pinned to.
    pub lanes: Vec<Option<usize>>,
    /// The embedded target's cores; empty: any.
    pub target: Vec<usize>,
    /// Whether target and lanes share cores.
    pub shared: bool,
}

/// Which cores the embedded target and the lanes have (M1); `lanes`: as asked for.
pub fn divide_cores(scenario: &Scenario, lanes: Option<NonZeroUsize>) -> Cores {
    let cores = limits::cores();
    let smallest_pool = scenario.flows.iter().filter_map(|flow| match flow.connection {
        Connection::Shared { size } => Some(size as usize),
        _ => None,
    });
    // A lane without a connection of a shared pool could not serve its part of the plan.
    let most_lanes = smallest_pool.min().unwrap_or(usize::MAX);
    if scenario.target.embedded.is_none() {
        let lanes = lanes.map_or(cores.len(), usize::from).min(most_lanes);
        return Cores { lanes: vec![None; lanes], target: Vec::new(), shared: false };
    }
    let (target, left) = cores.split_at(cores.len().div_ceil(2));
    let wanted = lanes.map_or(left.len().max(1), usize::from).min(most_lanes);
    if left.is_empty() || wanted > left.len() {
        return Cores { lanes: vec![None; wanted], target: Vec::new(), shared: true };
    }
    Cores { lanes: left[..wanted].iter().map(|core| Some(*core)).collect(), target: target.to_vec(), shared: false }
}
