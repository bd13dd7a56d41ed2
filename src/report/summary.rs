//! `summary.json`: what other programs rely on. Its schema is `docs/summary.schema.json`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::judge::{FindingCode, ObjectiveResult, Uncovered, Verdict};
use crate::record::{AroundRequest, Ending, LeftOut};
use crate::scenario::Measure;

use super::{FailureSummary, Latency, LooksSummary, ReasonSummary, Streams, Told, Writes};

/// A run in numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Changes when a field changes its meaning; new fields may come without.
    pub schema_version: u32,
    /// The verdict; `None` without objectives.
    pub verdict: Option<Verdict>,
    /// The beginning that no objective counts (O15); `None` of a run without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up: Option<WarmUpSummary>,
    /// Why it is not READY, the reason that decided first.
    pub reasons: Vec<ReasonSummary>,
    /// What held the generator up, and answers that nobody asked for (R8); they decide nothing (O5).
    pub findings: Vec<Told<FindingCode>>,
    /// How the run ended.
    pub ending: Ending,
    /// The scenario's name.
    pub scenario: String,
    /// What the traffic went to, in words; empty where `run.json` is lost.
    pub to: String,
    /// The seed.
    pub seed: u64,
    /// The plan's digest; `None` in closed loop.
    pub plan_digest: Option<String>,
    /// The sum over the sessions that ran (P8), equal to the plan's in a sound run; the plan's of a killed run;
    /// `None` in closed loop.
    pub arrivals_hash: Option<String>,
    /// What compression means, in words.
    pub compression: Option<String>,
    /// Whether any certificate of an origin would be accepted, so that it may have been anybody who answered.
    pub insecure: bool,
    /// How the requests ended.
    pub requests: Requests,
    /// Sessions.
    pub sessions: Sessions,
    /// Requests on the wire (R1); `None` of a killed run, like the next two.
    pub exchanges: Option<u64>,
    /// Tries after the first; `None` of a killed run.
    pub retries: Option<Retries>,
    /// Connections.
    pub connections: Option<Connections>,
    /// Bytes on the wire.
    pub bytes: Option<Bytes>,
    /// From the run's start to the end of its last request, in seconds.
    pub elapsed_s: f64,
    /// Right answers a second, by the second in which they ended.
    pub rate_rps: Rate,
    /// Over all populations.
    pub latency_us: LatencySummary,
    /// By name.
    pub populations: BTreeMap<String, PopulationSummary>,
    /// The looks of which all this is pooled (O17); `None` of one run.
    pub looks: Option<LooksSummary>,
    /// Which look this run is, from 1; `None` of one that is asked once.
    pub look: Option<u64>,
    /// In the scenario's order.
    pub objectives: Vec<ObjectiveResult>,
    /// Those that are not judged, as the part of the day that ran has too little of what they are about (P9, P10).
    pub objectives_left_out: Vec<LeftOut>,
    /// Steps without an objective of their own that fail far more than is allowed, the worst first; they decide nothing.
    pub uncovered: Vec<Uncovered>,
    /// What the session ahead of the plan was answered.
    pub before: Vec<AroundRequest>,
    /// What the session behind the last one was answered; empty too if the run did not finish.
    pub after: Vec<AroundRequest>,
    /// What happened to the target by the scenario's plan, and how long objectives were disturbed by it.
    pub events: Vec<EventSummary>,
    /// By reason, with an example.
    pub failures: Vec<FailureSummary>,
    /// Requests that write and were answered rightly, whose effect nobody looked at; of a killed run, none.
    pub writes_not_audited: Vec<Writes>,
    /// Streams that were lost before their script was done, by reason, with an example; empty of a killed run.
    pub lost_streams: Vec<FailureSummary>,
    /// The load generator itself.
    pub generator: Generator,
    /// What the embedded target says; `None` of any other target.
    pub target: Option<TargetSummary>,
    /// What could not be read of a run's folder.
    pub damage: Vec<String>,
}

/// The beginning of a run that no objective counts (O15).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WarmUpSummary {
    /// How many seconds of the run.
    pub seconds: u64,
    /// The verdict if objectives counted it too; `None` without objectives.
    pub verdict_with: Option<Verdict>,
}

/// How requests ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Requests {
    /// Planned; `None` where it is not known, and of steps.
    pub planned: Option<u64>,
    /// Right answers.
    pub completed: u64,
    /// Caused by the target.
    pub failed: u64,
    /// Due but not sent.
    pub unsent: u64,
    /// Open or not begun at the end; `None` of a killed run, which does not tell.
    pub unfinished: Option<u64>,
    /// By `class.reason`.
    pub by_reason: BTreeMap<String, u64>,
    /// Extra requests (P3), which come on top; of the run and of populations. `None` of a killed run, which counts them
    /// with the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra: Option<Extra>,
}

/// Requests under a condition on the target's answers; they come on top of the plan (P3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Extra {
    /// That became due.
    pub due: u64,
    /// Right answers.
    pub completed: u64,
    /// Caused by the target.
    pub failed: u64,
    /// Due but not sent.
    pub unsent: u64,
    /// Open or not begun at the end.
    pub unfinished: u64,
}

/// Sessions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sessions {
    /// Planned; `None` where it is not known.
    pub planned: Option<u64>,
    /// That did all their steps; `None` of a killed run.
    pub completed: Option<u64>,
}

/// Requests tried again, as their policies say.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Retries {
    /// Tries after the first.
    pub retries: u64,
    /// That a policy asked for and its budget refused.
    pub refused_by_budget: u64,
    /// Exchanges over the requests that were sent at all; `None` if none was.
    pub amplification: Option<f64>,
}

/// Connections.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connections {
    /// Opened.
    pub opened: u64,
    /// Exchanges on a connection that had served one before.
    pub reused: u64,
    /// Exchanges sent again after a reused connection closed (R2).
    pub reconnected: u64,
    /// Exchanges that redirects asked for.
    pub redirects: u64,
    /// Times that bytes came which nobody asked for (R8); each closed its connection.
    pub unasked: u64,
    /// Times that the server told a connection to go away (GOAWAY of HTTP/2).
    pub goaways: u64,
    /// Exchanges that the server refused unread, each of which is sent again, at most three times a request.
    pub streams_refused: u64,
    /// Exchanges whose stream the server reset otherwise (RST_STREAM of HTTP/2).
    pub streams_reset: u64,
    /// TLS handshakes; `None` if none began.
    pub handshakes: Option<Handshakes>,
    /// WebSockets and event streams; `None` if none was opened.
    pub streams: Option<Streams>,
}

/// TLS handshakes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Handshakes {
    /// With certificates.
    pub full: u64,
    /// By a ticket of an earlier connection.
    pub resumed: u64,
    /// Begun, and come to nothing.
    pub failed: u64,
}

/// Bytes on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bytes {
    /// Written.
    pub sent: u64,
    /// Read.
    pub received: u64,
}

/// Right answers a second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// Over the plan's length, or the run's if it took longer; in a closed loop, or stopped or killed, over the run's.
    pub mean: f64,
    /// In its best whole second; the mean if no second was better (a run shorter than one).
    pub peak: f64,
}

/// Latencies over all populations, in µs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LatencySummary {
    /// done − due: the headline.
    pub response: Latency,
    /// done − sent; `None` of a killed run, like wait and first byte.
    pub service: Option<Latency>,
    /// sent − woke.
    pub wait: Option<Latency>,
    /// first − sent.
    pub first_byte: Option<Latency>,
    /// woke − ready of requests that the pacer woke; `None` in closed loop, and where it is lost.
    pub lag: Option<Latency>,
    /// How long answers may have been readable before they were read; `None` where it is lost.
    pub read_delay: Option<Latency>,
}

/// A population in numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PopulationSummary {
    /// How its requests ended.
    pub requests: Requests,
    /// Answers by status.
    pub by_status: BTreeMap<u16, u64>,
    /// Requests on the wire; `None` of a killed run, like the next two.
    pub exchanges: Option<u64>,
    /// Tries after the first.
    pub retries: Option<Retries>,
    /// Connections.
    pub connections: Option<Connections>,
    /// Bytes on the wire, of its requests.
    pub bytes: Option<Bytes>,
    /// Latencies.
    pub latency_us: PopulationLatency,
    /// By recorded name.
    pub steps: BTreeMap<String, StepSummary>,
    /// What was timed beside requests: by the name of the transaction or step, then by measure. Empty of a killed run.
    pub measures: BTreeMap<String, BTreeMap<Measure, MeasureSummary>>,
}

/// One measure in numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeasureSummary {
    /// How its samples ended; `planned` is `None` where no plan tells their number.
    pub samples: Requests,
    /// Its values in µs, what was not right ranked as slower than everything.
    pub value: Latency,
}

/// A population's latencies, in µs; all but the response are `None` of a killed run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PopulationLatency {
    /// done − due: the headline.
    pub response: Latency,
    /// done − sent.
    pub service: Option<Latency>,
    /// sent − woke.
    pub wait: Option<Latency>,
    /// first − sent.
    pub first_byte: Option<Latency>,
    /// The part of wait spent on connecting, of right answers that opened a connection.
    pub connect: Option<Latency>,
    /// The part of wait spent on TLS handshakes, of right answers behind one; `None` without any.
    pub handshake: Option<Latency>,
    /// The part of wait spent waiting for a shared pool, of right answers that waited.
    pub pool_wait: Option<Latency>,
}

/// A step in numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepSummary {
    /// How its requests ended.
    pub requests: Requests,
    /// Answers by status.
    pub by_status: BTreeMap<u16, u64>,
    /// Bytes on the wire.
    pub bytes: Bytes,
    /// done − due, in µs.
    pub response: Latency,
}

/// Something that happened to the target, and what followed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventSummary {
    /// When, by the scenario's clock.
    pub at: String,
    /// When, in seconds since the run's start.
    pub at_s: f64,
    /// What it was.
    pub what: String,
    /// For each objective, in the scenario's order.
    pub recovery: Vec<RecoverySummary>,
}

/// How long an objective was disturbed by an event (O10).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecoverySummary {
    /// The objective, with its scope.
    pub objective: String,
    /// Whether in a second after the event more was bad than the objective allows.
    pub disturbed: bool,
    /// From the event to the end of the last second in which more was bad than the objective allows, in seconds of the
    /// run; 0 if there was none; `None` if the run ended before that was sure.
    pub seconds: Option<f64>,
    /// Whether nothing that it is about was due after the event, so that there is nothing to tell.
    pub no_samples: bool,
}

/// The load generator itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Generator {
    /// Lanes that ran; 0 of a killed run whose `run.json` is lost.
    pub lanes: usize,
    /// CPU time, user and system.
    pub cpu_s: f64,
    /// CPU time for each answered or failed request; `None` without any.
    pub cpu_us_per_request: Option<f64>,
    /// The greatest resident memory.
    pub max_rss_bytes: u64,
    /// How much resident memory rose in an hour, after the first tenth of the run, by a line through its samples;
    /// negative where it fell; `None` of a run of a few seconds, and of a killed one.
    pub rss_slope_bytes_per_hour: Option<f64>,
    /// Share of the machine's time that its host took away.
    pub steal_pct: f64,
    /// How long a lane stood still, though its timer had rung: second by second the longest of all lanes, added up (O5).
    pub stood_still_s: f64,
    /// How much of its core each lane had; empty if the kernel does not say.
    pub by_lane: Vec<LaneSummary>,
}

/// How much of its core a lane had.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LaneSummary {
    /// CPU time, user and system.
    pub cpu_s: f64,
    /// The same, as a share of the run in percent.
    pub cpu_pct: f64,
    /// Time in which it could have run and waited for a core.
    pub run_queue_s: f64,
    /// How often it gave its core up by itself.
    pub voluntary_switches: u64,
    /// How often its core was taken from it.
    pub involuntary_switches: u64,
    /// How long it stood still, though its timer had rung (O5).
    pub stood_still_s: f64,
}

/// What the embedded target says (D5).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetSummary {
    /// Requests that it received.
    pub received: u64,
}

impl Summary {
    /// The version of `summary.json` that is written.
    pub const SCHEMA_VERSION: u32 = 2;

    /// Writes `summary.json`.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(io::BufWriter::new(&mut *out), self)?;
        out.write_all(b"\n")?;
        out.flush()
    }
}
