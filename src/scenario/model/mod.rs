//! The checked scenario: what the file says, proved sound.
//!
//! A [`Scenario`] cannot hold a bad value: names are resolved to indices, times to seconds since the
//! clock's start, daily tables and series to points, files to their bytes. Every other room reads
//! these types; only this room makes them. Scenario times are `f64` seconds since [`Clock::from`]
//! (P4), run times are [`Instant`]s; [`Clock::instant`] is the one way from the first to the second.

mod around;
mod arrivals;
mod asked;
mod body;
mod condition;
mod failure;
mod flow;
mod line;
mod measure;
mod metric;
mod objective;
mod retry;
mod stream;
mod target;
mod template;

use std::sync::Arc;

use jiff::ZonedDateTime;
use serde::Serialize;

use crate::unit::{Bytes, Instant, Span};

pub use around::Around;
pub use arrivals::{Arrivals, Burst, Curve, Factor, Interpolation, Process, Surge};
pub use asked::AskedLine;
pub use body::{Body, BodyContent, Chunk};
pub use condition::{Condition, ValueTest};
pub use failure::Failure;
pub use flow::{
    Alternative, At, Auth, Connection, Distribution, Draw, Expect, Flow, JsonPath, Markup, OnFailure, Pattern, Request,
    Save, SaveFrom, Step, StepKind,
};
pub use line::{Line, MetricError};
pub use measure::Measure;
pub use metric::{Bad, Errors, Metric, Slow, Time};
pub use objective::{Objective, PlanTells, Scope, Window};
pub use retry::{Backoff, Jitter, Retry};
pub use stream::{Action, Answers, Hold, Match, Message, Sender, Stream, StreamKind};
pub use target::{EmbeddedService, Http, HttpVersion, Origin, Pem, Scheme, Target, TargetEvent, Tls, socket_path};
pub use template::{Piece, Template};

/// A scenario: a day of traffic, checked.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The scenario's name; part of the run folder's name, so only letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// The seed from which everything random is drawn.
    pub seed: u64,
    /// The calendar window and its compression.
    pub clock: Clock,
    /// Planned requests over all populations, after `--scale` (P1); `None`: rates are absolute (P2).
    pub requests: Option<u64>,
    /// Where the traffic goes.
    pub target: Target,
    /// The populations, ordered by name as bytes.
    pub populations: Vec<Population>,
    /// The flows that populations refer to by index: one for each population, compiled for its name and feed.
    pub flows: Vec<Flow>,
    /// The lines of the SLO, in the file's order.
    pub objectives: Vec<Objective>,
    /// The session ahead of the first planned request.
    pub before: Option<Around>,
    /// The session behind the last one, in which every expectation must hold.
    pub after: Option<Around>,
    /// The bounds of a run.
    pub limits: Limits,
    /// Whether requests carry `X-Scrutinio: run/population/session/step` (S9).
    pub trace_header: bool,
}

impl Scenario {
    /// A scope as people write it: `overall`, `citizens`, `sections.report`.
    pub fn scope_name(&self, scope: &Scope) -> String {
        match scope {
            Scope::Overall => "overall".to_owned(),
            Scope::Population(p) => self.populations[*p].name.clone(),
            Scope::Step(p, step) => format!("{}.{step}", self.populations[*p].name),
        }
    }
}

/// The calendar window that a scenario describes, and how much faster than life it is replayed.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Scenario time 0, in the scenario's own zone.
    pub from: ZonedDateTime,
    /// Length of the whole day described, in seconds of scenario time.
    pub length: f64,
    /// The part that runs, in seconds since `from`: the whole, unless `--window` chose less (P9).
    pub window: (f64, f64),
    /// Whether `--window` chose a part.
    pub windowed: bool,
    /// Scenario seconds per second of run; positive (T5).
    pub compress: f64,
    /// Seconds at the beginning of what runs that no objective counts (O15).
    pub warm_up: f64,
}

impl Clock {
    /// A clock again, from what is kept of it: its beginning as RFC 3339, its zone's name, and the rest; `None` if these are
    /// no clock's.
    pub fn kept(from: &str, zone: &str, length: f64, window: (f64, f64), compress: f64) -> Option<Self> {
        let zone = jiff::tz::TimeZone::get(zone).ok()?;
        let from = from.parse::<jiff::Timestamp>().ok()?.to_zoned_datetime(zone);
        let sound = 0.0 <= window.0 && window.0 < window.1 && window.1 <= length && length < 1e9 && compress > 0.0;
        let windowed = window != (0.0, length);
        sound.then_some(Self { from, length, window, windowed, compress, warm_up: 0.0 })
    }

    /// The run instant of scenario time `secs`: ⌊x·10⁹/compress + ½⌋ with x counted from the window's
    /// start (P4); the run's start for anything earlier.
    pub fn instant(&self, secs: f64) -> Instant {
        Instant::from_nanos(((secs - self.window.0) * 1e9 / self.compress + 0.5) as u64)
    }

    /// The run span of `secs` seconds of scenario time, rounded like [`Clock::instant`].
    pub fn span(&self, secs: f64) -> Span {
        Span::from_nanos((secs * 1e9 / self.compress + 0.5) as u64)
    }

    /// How long the warm-up is in the run: whole seconds, and so whole bins of objectives (O15).
    pub fn warm_up(&self) -> Span {
        Span::from_secs(self.span(self.warm_up).as_nanos().div_ceil(Span::from_secs(1).as_nanos()))
    }

    /// The scenario time of a run instant, in seconds since `from`.
    pub fn scenario_secs(&self, at: Instant) -> f64 {
        self.window.0 + at.as_nanos() as f64 * self.compress / 1e9
    }

    /// Scenario time as people read it: `Sun 22:47`.
    pub fn label(&self, secs: f64) -> String {
        match self.from.checked_add(jiff::SignedDuration::from_secs(secs as i64)) {
            Ok(at) => at.strftime("%a %H:%M").to_string(),
            Err(_) => Span::from_secs_f64(secs).to_string(),
        }
    }
}

/// A kind of user: how many, when they come, what they do.
#[derive(Clone, Debug, Serialize)]
pub struct Population {
    /// The population's name: an identifier, unique in the scenario.
    pub name: String,
    /// How its size is given.
    pub size: Size,
    /// When its sessions start.
    pub arrivals: Arrivals,
    /// Index of its flow in [`Scenario::flows`].
    pub flow: usize,
    /// The rows its sessions draw on.
    pub feed: Option<Feed>,
    /// Headers of every request of this population: the scenario's, then its own over them (S9).
    pub headers: Vec<(String, Template)>,
    /// The share of its sessions that begin with a TLS ticket of an earlier one. Not part of the plan's digest, as it
    /// changes neither a request nor an instant.
    #[serde(skip)]
    pub returning: f64,
}

impl Population {
    /// Whether `--scale` leaves it as it is: its rows or its instants are given (P9).
    pub fn is_fixed(&self) -> bool {
        let given_rows =
            |feed: &Feed| feed.order == FeedOrder::Once && !matches!(feed.rows, FeedRows::Generated { .. });
        matches!(self.arrivals.process, Process::Trace(_)) || self.feed.as_ref().is_some_and(given_rows)
    }
}

/// How many sessions or requests a population has (P1, P2).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum Size {
    /// Exactly this many sessions; user i is session i is feed row i.
    Users(u64),
    /// This share of the requests that the `users` populations leave.
    Share(f64),
    /// The area under its curve of session starts a second, rounded; times `--scale`.
    Rate {
        /// The factor of `--scale`.
        scale: f64,
    },
    /// Exactly this many requests, whatever the other populations have (the open loop of `quick -n`).
    Requests(u64),
}

/// Rows of values that sessions use; the row is a pure function of the session number (S6).
#[derive(Clone, Debug, Serialize)]
pub struct Feed {
    /// Column names, in the order of the values.
    pub columns: Vec<String>,
    /// How a session finds its row.
    pub order: FeedOrder,
    /// The rows.
    #[serde(skip)]
    pub rows: FeedRows,
    /// SHA-256 of the file's bytes, or of the words that generate the rows; part of the plan digest (P8).
    pub digest: [u8; 32],
}

/// Where a feed's rows are.
#[derive(Clone, Debug)]
pub enum FeedRows {
    /// Read from a file when the scenario was checked.
    Stored(Arc<Vec<Vec<String>>>),
    /// `feed: { generate: n, … }`: row i has each column's template, with `{{row}}` = i.
    Generated {
        /// Number of rows.
        count: u64,
        /// One template a column; its only slot is the row number.
        columns: Arc<Vec<Template>>,
    },
}

/// How a session finds its row (S6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum FeedOrder {
    /// Session i takes row i mod rows.
    InOrder,
    /// Each session draws a row.
    Random,
    /// Session i takes row i; there are at least as many rows as sessions.
    Once,
}

/// The bounds of a run: everything that waits, grows or is kept has one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Limits {
    /// From woke to the end of the answer (R5); a step may have its own.
    pub timeout: Span,
    /// From the start of connecting to the established connection, inside the timeout (R5).
    pub connect_timeout: Span,
    /// Requests woken and not done over the whole process (R6).
    pub max_in_flight: u64,
    /// The longest answer head that is accepted.
    pub max_head: Bytes,
    /// The longest answer body that is accepted; a longer one is bad bytes.
    pub max_body: Bytes,
    /// The longest decoded body that a step may inspect (S9).
    pub max_inspected: Bytes,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Span::from_secs(10),
            connect_timeout: Span::from_secs(5),
            max_in_flight: 100_000,
            max_head: Bytes(64 << 10),
            max_body: Bytes(1 << 30),
            max_inspected: Bytes(1 << 20),
        }
    }
}

impl Feed {
    /// The number of rows, at least one in a checked feed.
    pub fn row_count(&self) -> u64 {
        match &self.rows {
            FeedRows::Stored(rows) => rows.len() as u64,
            FeedRows::Generated { count, .. } => *count,
        }
    }
}
