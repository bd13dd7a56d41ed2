//! `looks.json`: how looks at one plan ended (O17), written last of all. A folder of looks without it is that of a command
//! that was killed.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::Ending;

/// How looks at one plan ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LooksEnd {
    /// Changes when a field changes its meaning.
    pub schema_version: u32,
    /// How many were taken, the last one whatever became of it.
    pub looks: u64,
    /// How the last one ended; interrupted too if a signal came behind it.
    pub ending: Ending,
    /// Why there was no further one.
    pub because: NoMoreLooks,
}

/// Why there is no further look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoMoreLooks {
    /// All objectives are met, or one is breached.
    Decided,
    /// Something is wrong that no further look makes good.
    NoHelp,
    /// There were as many as there may be.
    Most,
    /// There was no time for another.
    NoTime,
    /// A signal came.
    Interrupted,
    /// Nobody knows: the command was killed.
    Killed,
}

impl LooksEnd {
    /// Its name in a folder of looks.
    pub const FILE: &str = "looks.json";
    /// The version that is written.
    pub const SCHEMA_VERSION: u32 = 1;

    /// Writes `looks.json`.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(io::BufWriter::new(&mut *out), self)?;
        out.write_all(b"\n")?;
        out.flush()
    }
}
