//! The parts of a run's page, in files of their own; `text.rs` has them in order.

pub(super) mod after;
pub(super) mod coverage;
pub(super) mod failures;
pub(super) mod generator;
pub(super) mod heading;
pub(super) mod latencies;
pub(super) mod measures;
pub(super) mod objectives;
pub(super) mod steps;
pub(super) mod stopped;
pub(super) mod unasked;
pub(super) mod verdict;
