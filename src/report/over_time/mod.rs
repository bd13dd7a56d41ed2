//! A run over time, in the columns of plots: what the report draws, and nothing of how.
//!
//! A plot has at most a few hundred columns, each of whole seconds or intervals. Nothing is averaged away: beside the value
//! of a column stand the least and the greatest of the intervals in it, so that a stall of one interval among ten thousand is
//! still there. What is not known, what was asked for and not answered, and what failed are three things, and none of them
//! is 0.

mod ended;
mod generator;
mod grid;
mod heat;
mod kinds;
mod load;
mod quantiles;
mod recovery;
mod shares;
#[cfg(test)]
mod written;

pub use ended::{Ended, ScopeEnded};
pub use generator::{Delays, Generator, GeneratorColumn, LaneShares};
pub use grid::Grid;
pub use heat::Heat;
pub use kinds::Kinds;
pub use load::{Load, LoadColumn, PerSecond};
pub use quantiles::{DRAWN, Drawn, QuantileColumn, Quantiles, Slowness};
pub use recovery::Around;
pub use shares::{ShareColumn, Shares};

/// The most columns of a plot.
const COLUMNS: usize = 300;
