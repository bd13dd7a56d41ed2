//! What happened: every request counted once, every answer in a histogram, handed over without a stop.
//!
//! A lane owns one [`Recorder`] and only increments. Once an interval it hands over a [`Slice`], which
//! the hub adds up, streams to the sinks it was given, and turns into a recording at the end. Two kinds
//! of blame never share a counter: the target's and ours (R3). Nothing here reads a clock: instants
//! are handed in.

mod catalog;
mod histogram;
mod outcome;
mod recorder;
mod slice;

pub use catalog::{Catalog, CatalogObjective, CatalogPopulation};
pub use histogram::{Histogram, LaneHistogram, TOP, lane_histogram, record_span, total_histogram};
pub use outcome::{Class, Outcome, Reason};
pub use recorder::{Ended, Recorder, Woken};
pub use slice::{
    BinDelta, Counters, FailureSample, LaneTotals, PopulationSlice, PopulationTotals, SecondDelta, Slice, StepTotals,
};
