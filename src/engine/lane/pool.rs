//! Connections that the sessions of a population share on a lane (S7).

use std::collections::VecDeque;
use std::sync::Arc;

use crate::wire::tls::{TicketPool, Visitor};

use super::super::part;
use super::LaneConfig;

/// A shared pool's part of this lane (S7).
#[derive(Default)]
pub(super) struct Pool {
    /// Connections that it may have.
    pub(super) size: u32,
    pub(super) open: u32,
    pub(super) idle: VecDeque<u32>,
    pub(super) waiting: VecDeque<(u32, u32)>,
    /// What the pool is to an origin that speaks TLS: all its connections share their tickets.
    pub(super) visitor: Option<Visitor>,
    /// What the population's visitors of the origin left behind.
    pub(super) tickets: Arc<TicketPool>,
}

/// One pool a population and origin that share connections: each lane has its part of the size (S7).
pub(super) fn pools(config: &LaneConfig) -> Vec<Pool> {
    let mut pools = Vec::new();
    for programs in config.programs.iter() {
        let size = match programs.connection {
            crate::scenario::Connection::Shared { size } => part(u64::from(size), config.index, config.lanes) as u32,
            _ => 0,
        };
        pools.extend(config.origins.iter().map(|_| Pool { size, ..Pool::default() }));
    }
    pools
}
