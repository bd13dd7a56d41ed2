//! `run.json`: what a run is, written before its first request and read back by whoever reports the run.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::scenario::{Clock, Limits};
use crate::unit::Side;

use super::hlog::MAX_COUNT;
use super::{AroundRequest, LeftOut, RunObjective};

/// No run takes longer than a hundred days, in seconds.
pub(super) const LONGEST_S: u64 = 8_640_000;

/// What a run is: enough to run it again, and to lay its record over a target's log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunFacts {
    /// Changes when a field changes its meaning; new fields may come without.
    pub schema_version: u32,
    /// The scenario's name.
    pub name: String,
    /// Random per run: `{{run.id}}` (S4).
    pub run_id: String,
    /// The process that runs it.
    pub pid: u32,
    /// scrutinio's version.
    pub version: String,
    /// The run's start in UTC, as RFC 3339.
    pub started: String,
    /// The run's start on this machine's monotonic clock, in nanoseconds.
    pub start_monotonic_ns: u64,
    /// The scenario's file, as it was named on the command line; `None` where there was none.
    pub file: Option<String>,
    /// The seed of everything drawn.
    pub seed: u64,
    /// The plan's digest (P8); `None` in closed loop.
    pub plan_digest: Option<String>,
    /// The width of an objective's bins (D3), in milliseconds.
    pub bin_ms: u64,
    /// The seconds of the run with which a stratum of the planned curve begins (O3); empty without a plan.
    pub strata_s: Vec<u64>,
    /// The seconds at the run's beginning that no objective counts (O15).
    #[serde(default)]
    pub warm_up_s: u64,
    /// The plan's arrivals hash (P8), 32 hexadecimal digits; `None` in closed loop.
    pub arrivals_hash: Option<String>,
    /// Lanes that run it.
    pub lanes: usize,
    /// What was planned for each population, in the scenario's order.
    pub populations: Vec<PlannedPopulation>,
    /// The objectives that are judged, in the scenario's order.
    pub objectives: Vec<RunObjective>,
    /// The scenario's clock; `None` of `quick`.
    pub clock: Option<RunClock>,
    /// What the run is called by, as `--label KEY=VALUE` says.
    pub labels: BTreeMap<String, String>,
    /// What compression means, in words (T5); `None` without compression.
    pub compression: Option<String>,
    /// What was changed without editing the file, as on the command line: `--scale 2`.
    pub overrides: Vec<String>,
    /// What the traffic went to: `embedded:election`, and each origin as in a URL, behind its name unless it is the default.
    pub target: Vec<String>,
    /// What `quick` was asked for; `None` of a scenario, whose text says it.
    pub quick: Option<QuickFacts>,
    /// Whether it is a gate: `--gate`, which makes it INVALID if an objective is not judged (O7).
    pub gate: bool,
    /// Of a folder of looks (O17): how long they may take in all, in nanoseconds; `None` of a run.
    pub until_decided_ns: Option<u64>,
    /// Which look a run is, from 1; `None` of one that is asked once.
    pub look: Option<u64>,
    /// Whether any certificate of an origin would be accepted: `insecure`.
    pub insecure: bool,
    /// What happens to the target in the run.
    pub events: Vec<RunEvent>,
    /// Objectives of the scenario that are not judged.
    pub objectives_left_out: Vec<LeftOut>,
    /// What the session ahead of the plan was answered.
    pub before: Vec<AroundRequest>,
    /// Of a side of a duet, which (O18); `None` of every other run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duet: Option<DuetFacts>,
    /// The bounds that applied.
    pub limits: RunLimits,
    /// The machine.
    pub host: HostFacts,
    /// The scenario's text as read; empty where there was no file.
    pub scenario: String,
}

/// The calendar of a run: how its seconds stand in the scenario's day.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunClock {
    /// The beginning of the scenario's day, as RFC 3339 with the offset of its zone.
    pub from: String,
    /// Its zone, by its IANA name.
    pub zone: String,
    /// How long the day is, in seconds.
    pub length_s: f64,
    /// The part that runs, in seconds since `from`.
    pub window_s: (f64, f64),
    /// Scenario seconds a second.
    pub compress: f64,
}

/// What a run is of a duet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuetFacts {
    /// Random per duet: what its two runs have in common.
    pub id: String,
    /// Which of them this is.
    pub side: Side,
}

/// What `quick` loads, and how: all that a scenario's text would say. Headers are secrets as often as not, so that only
/// their names are kept, and of a body only its length.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QuickFacts {
    /// The URL, or a socket and the path behind it.
    pub url: String,
    /// The method.
    pub method: String,
    /// The names of the headers that were given.
    pub headers: Vec<String>,
    /// The length of the body, if there is one.
    pub body_bytes: Option<u64>,
    /// The statuses of a right answer; none: any 2xx.
    pub expect: Vec<u16>,
    /// Requests a second; `None` in closed loop.
    pub rate_per_s: Option<f64>,
    /// How they are spaced: `poisson` or `even`; `None` in closed loop.
    pub process: Option<String>,
    /// How many were asked for in all, if that was said.
    pub requests: Option<u64>,
    /// For how long, in nanoseconds, if that was said.
    pub duration_ns: Option<u64>,
    /// Connections.
    pub connections: u32,
    /// Requests at once on each.
    pub streams: u32,
    /// Whether each request has a connection of its own.
    pub disable_keepalive: bool,
    /// Redirects that each request may follow.
    pub follow: u32,
    /// The HTTP asked for: `auto`, `1.1` or `2`.
    pub http: String,
}

/// Something that happens to the target.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunEvent {
    /// When, by the scenario's clock: `Mon 10:40`.
    pub at: String,
    /// When, in nanoseconds since the run's start.
    pub at_ns: u64,
    /// What: `drop sessions`.
    pub what: String,
}

/// What was planned for a population.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlannedPopulation {
    /// Its name.
    pub name: String,
    /// Its sessions.
    pub sessions: u64,
    /// Its requests.
    pub requests: u64,
}

/// The machine that ran it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HostFacts {
    /// The kernel's name and release.
    pub kernel: String,
    /// The processor.
    pub cpu_model: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// Memory that this process may use.
    pub memory_bytes: u64,
}

/// The bounds of a run, as they applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunLimits {
    /// From woke to the end of the answer, in nanoseconds (R5).
    pub timeout_ns: u64,
    /// For opening a connection, in nanoseconds.
    pub connect_timeout_ns: u64,
    /// Requests woken and not done (R6).
    pub max_in_flight: u64,
    /// The longest answer head.
    pub max_head_bytes: u64,
    /// The longest answer body.
    pub max_body_bytes: u64,
    /// The longest decoded body that a step may inspect.
    pub max_inspected_bytes: u64,
}

impl From<&Limits> for RunLimits {
    fn from(limits: &Limits) -> Self {
        Self {
            timeout_ns: limits.timeout.as_nanos(),
            connect_timeout_ns: limits.connect_timeout.as_nanos(),
            max_in_flight: limits.max_in_flight,
            max_head_bytes: limits.max_head.0,
            max_body_bytes: limits.max_body.0,
            max_inspected_bytes: limits.max_inspected.0,
        }
    }
}

impl From<&Clock> for RunClock {
    fn from(clock: &Clock) -> Self {
        Self {
            from: clock.from.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            zone: clock.from.time_zone().iana_name().unwrap_or("UTC").to_owned(),
            length_s: clock.length,
            window_s: clock.window,
            compress: clock.compress,
        }
    }
}

impl RunClock {
    /// The scenario's clock again; `None` if these are no clock's numbers.
    pub fn clock(&self) -> Option<Clock> {
        let Self { from, zone, length_s, window_s, compress } = self;
        Clock::kept(from, zone, *length_s, *window_s, *compress)
    }
}

impl RunFacts {
    /// Its name in a run's folder.
    pub(super) const FILE: &str = "run.json";
    /// The version of `run.json` that is written.
    pub const SCHEMA_VERSION: u32 = 2;

    /// Whether its numbers can be those of a run.
    pub(super) fn is_sound(&self) -> bool {
        let counts = self.populations.iter().flat_map(|population| [population.sessions, population.requests]);
        let strata = self.strata_s.iter().all(|second| *second < LONGEST_S) && self.strata_s.is_sorted();
        strata && self.warm_up_s < LONGEST_S && counts.into_iter().all(|n| n <= MAX_COUNT)
    }

    /// The scenario's clock again; `None` of `quick`, and if its numbers are no clock's.
    pub fn scenario_clock(&self) -> Option<Clock> {
        let clock = self.clock.as_ref()?.clock()?;
        Some(Clock { warm_up: self.warm_up_s as f64 * clock.compress, ..clock })
    }

    /// Whether these stand for facts that nobody has.
    pub(super) fn is_lost(&self) -> bool {
        self.schema_version == 0
    }

    /// Writes `run.json`.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(io::BufWriter::new(&mut *out), self)?;
        out.write_all(b"\n")?;
        out.flush()
    }
}
