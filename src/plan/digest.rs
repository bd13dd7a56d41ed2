//! The name of a plan: SHA-256 over everything that decides what is sent and when (P8).
//!
//! Two scenarios with the same digest plan the same bytes at the same instants. What only decides
//! where it goes, how long an answer may take, how it is judged or how it is called is left out:
//! target, limits, objectives, trace header, the scenario's name; and lanes, which no scenario knows.

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::scenario::{Around, Flow, Population, Scenario};

/// Raised whenever the same scenario begins to make another plan.
const FORMAT: u32 = 2;

/// The digest of a plan; shown as 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PlanDigest(pub [u8; 32]);

impl fmt::Display for PlanDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for PlanDigest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[derive(Serialize)]
struct Canonical<'a> {
    format: u32,
    seed: u64,
    from_ns: String,
    length: f64,
    window: (f64, f64),
    windowed: bool,
    compress: f64,
    requests: Option<u64>,
    populations: &'a [Population],
    flows: &'a [Flow],
    // Of a scenario without them they leave no trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'a Around>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a Around>,
}

/// The digest of what `scenario` plans, after all overrides.
pub fn digest(scenario: &Scenario) -> PlanDigest {
    let clock = &scenario.clock;
    let canonical = Canonical {
        format: FORMAT,
        seed: scenario.seed,
        from_ns: clock.from.timestamp().as_nanosecond().to_string(),
        length: clock.length,
        window: clock.window,
        windowed: clock.windowed,
        compress: clock.compress,
        requests: scenario.requests,
        populations: &scenario.populations,
        flows: &scenario.flows,
        before: scenario.before.as_ref(),
        after: scenario.after.as_ref(),
    };
    let mut hasher = Hasher(Sha256::new());
    serde_json::to_writer(&mut hasher, &canonical)
        .expect("the model has only string keys, and a hasher takes all bytes");
    PlanDigest(hasher.0.finalize().into())
}

/// Hands on to the hash what would be written, so that a long trace is never held as text.
struct Hasher(Sha256);

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
