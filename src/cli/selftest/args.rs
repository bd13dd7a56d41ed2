//! The arguments of `selftest`. Those that falsify have no twin in the environment, so that none is set by chance.

use clap::builder::PossibleValuesParser;

use super::super::typed::whole;
use crate::unit::Span;

use super::distort::Distortion;
use super::row::ROWS;

/// `scrutinio selftest`
#[derive(Debug, clap::Args)]
pub struct SelftestArgs {
    /// Take under a minute, with fewer requests and wider tolerances
    #[arg(long, env = "SCRUTINIO_QUICK")]
    pub quick: bool,
    /// Only this row; may be given more than once
    #[arg(long = "row", value_name = "ROW", env = "SCRUTINIO_ROW", value_delimiter = ',', value_parser = PossibleValuesParser::new(ROWS.map(|row| row.name)))]
    pub rows: Vec<String>,
    /// The seed of plans and servers
    #[arg(long, value_name = "N", env = "SCRUTINIO_SEED", default_value = "1", value_parser = whole::<u64>("a whole number", 0..=u64::MAX))]
    pub seed: u64,
    /// Print the result as JSON on standard output, and nothing else there
    #[arg(long, env = "SCRUTINIO_JSON")]
    pub json: bool,
    /// Show no progress
    #[arg(long, env = "SCRUTINIO_QUIET")]
    pub quiet: bool,
    /// Falsify: multiply every response
    #[arg(long, value_name = "FACTOR", hide = true)]
    distort: Option<f64>,
    /// Falsify: add to every lag
    #[arg(long, value_name = "TIME", num_args = 0..=1, default_missing_value = "5ms", hide = true)]
    distort_lag: Option<Span>,
    /// Falsify: lose every tenth right answer
    #[arg(long, hide = true)]
    distort_drop: bool,
    /// Falsify: take every quantile one rank too low
    #[arg(long, hide = true)]
    distort_rank: bool,
}

impl SelftestArgs {
    /// What is falsified of each measurement.
    pub fn distortions(&self) -> Vec<Distortion> {
        let factor = self.distort.map(Distortion::Responses);
        let lag = self.distort_lag.map(Distortion::Lag);
        let dropped = self.distort_drop.then_some(Distortion::Dropped);
        let rank = self.distort_rank.then_some(Distortion::Rank);
        [factor, lag, dropped, rank].into_iter().flatten().collect()
    }
}
