//! What fills the slots of a request.

use crate::plan::PathContext;

use super::program::PopulationPrograms;

/// What fills the slots of one request.
#[derive(Clone, Copy)]
pub struct Values<'a> {
    /// Where the population's seed is.
    pub path: &'a PathContext,
    /// The population's programs: its feed.
    pub programs: &'a PopulationPrograms,
    /// The session's number.
    pub session: u64,
    /// How many times the step ran before in this session.
    pub nth: u32,
    /// The number of the newest input, where a stream sends.
    pub input: u64,
    /// Which message of the step's stream it is, from 1; 0: the request.
    pub message: u32,
    /// What earlier steps saved.
    pub saved: &'a [Option<String>],
    /// The run's id.
    pub run_id: &'a str,
}
