//! What happened: every request counted once, every answer in a histogram, handed over while the run goes on.
//!
//! A lane owns one [`Recorder`] and only increments. Once an interval it hands over a [`Slice`], which
//! the hub adds up, streams to the sinks it was given, and turns into a recording at the end. Two kinds
//! of blame never share a counter: the target's and ours (R3). Nothing here reads a clock: instants
//! are handed in.

mod around;
mod bins;
mod blocks;
mod by_reason;
mod catalog;
mod counters;
mod damage;
mod ended;
mod errors;
mod escaped;
mod facts;
mod failures;
mod hashes;
mod histogram;
mod hlog;
mod hub;
mod intervals;
mod lanes;
mod load;
mod looks;
mod measure;
mod memory;
mod objectives;
mod outcome;
mod pooled;
mod ranked;
mod recorder;
mod recording;
mod rows;
mod run_objective;
mod slice;
mod snapshot;
mod stored;
mod tally;
mod timeline;
mod totals;
mod unasked;
mod wrong;

pub use around::{AroundOutcome, AroundRequest};
pub use bins::Bin;
pub use blocks::{Block, Ends, blocks};
pub use catalog::{Catalog, CatalogObjective, CatalogPopulation, PlanFacts};
pub use counters::Counters;
pub use damage::Damage;
pub use ended::{Ended, Woken};
pub use facts::{DuetFacts, HostFacts, PlannedPopulation, QuickFacts, RunEvent, RunFacts, RunLimits};
pub use failures::FailureRecord;
pub use histogram::{Histogram, LaneHistogram, TOP, absorb, lane_histogram, record_span, total_histogram};
pub use hub::{Hub, Sinks};
pub use intervals::{Delay, PopulationInterval, each_delay, each_interval, interval_length};
pub use lanes::{LaneInterval, LaneLog, LaneUse, LanesRecord, share};
pub use load::{LoadError, load};
pub use looks::{LooksEnd, NoMoreLooks};
pub use measure::{CatalogMeasure, MeasureRecord, MeasureTotals};
pub use memory::MemoryTrend;
pub use objectives::{LeftOut, Objectives};
pub use outcome::{Class, Outcome, Reason};
pub use ranked::Ranked;
pub use recorder::Recorder;
pub use recording::{EndFacts, Ending, Imbalance, OtherRun, PopulationRecord, Recording, StepRecord};
pub use run_objective::RunObjective;
pub use slice::{
    BinDelta, FailureSample, LaneTotals, PopulationSlice, PopulationTotals, Sampled, SecondDelta, Slice, StepTotals,
};
pub use snapshot::Snapshot;
pub use tally::Tally;
pub use timeline::HostSample;
pub use unasked::{Place, Unasked};
pub use wrong::{Wrong, WrongKind, WrongKinds};
