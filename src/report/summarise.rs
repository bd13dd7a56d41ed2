//! From a recording and its judgement to a summary: only names and units change here.

use std::collections::BTreeMap;

use crate::judge::{self, Judgement, Recovery};
use crate::record::{
    Class, Counters, Ending, Histogram, LaneUse, PopulationRecord, Ranked, Recording, RunEvent, RunFacts, StepRecord,
    Tally, share,
};
use crate::scenario::{Measure, Metric};
use crate::unit::{Instant, Span};

use super::lost_streams::lost_streams;
use super::not_right::failures;
use super::to::to;
use super::{
    Bytes, Connections, EventSummary, Extra, Generator, Handshakes, LaneSummary, Latency, LatencySummary,
    MeasureSummary, PopulationLatency, PopulationSummary, Rate, RecoverySummary, Requests, Retries, Sessions,
    StepSummary, Streams, Summary, TargetSummary, WarmUpSummary, Writes,
};

impl Summary {
    /// The summary of a recording.
    pub fn new(recording: &Recording, judgement: &Judgement, run: &RunFacts) -> Self {
        let (tally, end) = (recording.tally(), &recording.end);
        let counters = recording.counters.as_ref();
        Self {
            schema_version: Self::SCHEMA_VERSION,
            verdict: judgement.verdict,
            warm_up: judgement
                .with_warm_up
                .as_ref()
                .map(|with| WarmUpSummary { seconds: run.warm_up_s, verdict_with: with.verdict }),
            reasons: judgement.reasons.iter().map(Into::into).collect(),
            findings: judgement.findings.iter().map(Into::into).collect(),
            ending: end.ending,
            scenario: run.name.clone(),
            to: to(run),
            seed: run.seed,
            plan_digest: run.plan_digest.clone(),
            arrivals_hash: end
                .arrivals_hash
                .map(|(_, ran)| format!("{ran:032x}"))
                .or_else(|| run.arrivals_hash.clone()),
            compression: run.compression.clone(),
            insecure: run.insecure,
            requests: match end.ending {
                Ending::Killed => Requests::of_killed(recording.planned(), &tally),
                _ => Requests::with_extra(recording.planned(), &tally, &recording.extra()),
            },
            sessions: Sessions { planned: end.planned_sessions, completed: counters.map(|c| c.sessions_completed) },
            exchanges: counters.map(|c| c.exchanges),
            retries: counters.map(Retries::new),
            connections: counters.map(|c| Connections::new(c, recording.unasked_of(None))),
            bytes: counters.map(|c| Bytes { sent: c.bytes_sent, received: c.bytes_received }),
            elapsed_s: rounded(end.elapsed.as_secs_f64(), 6),
            rate_rps: Rate::new(recording),
            latency_us: LatencySummary::new(recording, &tally),
            populations: populations(recording),
            looks: None,
            look: run.look,
            objectives: judgement.objectives.clone(),
            objectives_left_out: run.objectives_left_out.clone(),
            before: run.before.clone(),
            after: end.after.clone(),
            uncovered: judgement.uncovered.clone(),
            events: run.events.iter().map(|event| EventSummary::new(recording, event)).collect(),
            failures: failures(recording, &tally, run),
            writes_not_audited: Writes::all(recording),
            lost_streams: lost_streams(recording),
            generator: Generator::new(recording, &tally, run.lanes),
            target: end.target_received.map(|received| TargetSummary { received }),
            damage: recording.damage.iter().map(ToString::to_string).collect(),
        }
    }
}

impl EventSummary {
    fn new(recording: &Recording, event: &RunEvent) -> Self {
        let at = Instant::from_nanos(event.at_ns);
        let end = Instant::ZERO + recording.end.elapsed;
        let catalog = &recording.catalog;
        let objectives = catalog.objectives.iter().zip(&recording.bins);
        // Of a rate nothing is counted by due.
        let by_due = objectives.filter(|(objective, _)| !matches!(objective.metric, Metric::Rate { .. }));
        let recovery = by_due.map(|(objective, bins)| {
            let recovery = judge::recovery(objective, &judge::after_warm_up(bins, catalog), catalog.bin, at, end);
            RecoverySummary::new(objective.name(), recovery)
        });
        Self {
            at: event.at.clone(),
            at_s: rounded(at.since(Instant::ZERO).as_secs_f64(), 3),
            what: event.what.clone(),
            recovery: recovery.collect(),
        }
    }
}

impl RecoverySummary {
    fn new(objective: String, recovery: Recovery) -> Self {
        let (disturbed, seconds) = match recovery {
            Recovery::Undisturbed => (false, Some(0.0)),
            Recovery::After(span) => (true, Some(rounded(span.as_secs_f64(), 3))),
            Recovery::NotWithinRun => (true, None),
            Recovery::RunTooShort | Recovery::NoSamples => (false, None),
        };
        Self { objective, disturbed, seconds, no_samples: recovery == Recovery::NoSamples }
    }
}

impl Requests {
    fn new(planned: Option<u64>, tally: &Tally) -> Self {
        Self {
            planned,
            completed: tally.completed,
            failed: tally.class(Class::Failed),
            unsent: tally.class(Class::Unsent),
            unfinished: Some(tally.class(Class::Unfinished)),
            by_reason: tally.reasons().map(|(reason, n)| (reason.key(), n)).collect(),
            extra: None,
        }
    }

    /// Those of a killed run. Where it was killed after its end, it has those that were open.
    fn of_killed(planned: Option<u64>, tally: &Tally) -> Self {
        let requests = Self::new(planned, tally);
        Self { unfinished: requests.unfinished.filter(|n| *n > 0), ..requests }
    }

    /// Planned requests, and beside them the extra ones (P3), which are a part of the tally.
    fn with_extra(planned: Option<u64>, tally: &Tally, extra: &Tally) -> Self {
        let class = |class| extra.class(class);
        let row = Extra {
            due: extra.total(),
            completed: extra.completed,
            failed: class(Class::Failed),
            unsent: class(Class::Unsent),
            unfinished: class(Class::Unfinished),
        };
        Self { extra: Some(row), ..Self::new(planned, &tally.without(extra)) }
    }
}

impl Retries {
    fn new(counters: &Counters) -> Self {
        let Counters { retries, retries_refused_by_budget: refused_by_budget, exchanges, requests_sent, .. } =
            *counters;
        let amplification = (requests_sent > 0).then(|| rounded(exchanges as f64 / requests_sent as f64, 6));
        Self { retries, refused_by_budget, amplification }
    }
}

impl Connections {
    fn new(counters: &Counters, unasked: u64) -> Self {
        let Counters { connections_opened, connections_reused, reconnected, .. } = *counters;
        let (full, resumed, failed) =
            (counters.handshakes_full, counters.handshakes_resumed, counters.handshakes_failed);
        let handshakes = (full + resumed + failed > 0).then_some(Handshakes { full, resumed, failed });
        let Counters { redirects, goaways, streams_refused, streams_reset, .. } = *counters;
        Self {
            opened: connections_opened,
            reused: connections_reused,
            reconnected,
            redirects,
            unasked,
            goaways,
            streams_refused,
            streams_reset,
            handshakes,
            streams: Streams::new(counters),
        }
    }
}

impl Rate {
    fn new(recording: &Recording) -> Self {
        // A plan's requests come over its whole length: the last of a short run ends before that, and would make it faster.
        let elapsed = recording.end.elapsed.as_secs_f64();
        let planned = recording.end.planned_length.filter(|_| recording.end.ending == Ending::Finished);
        let elapsed = planned.map_or(elapsed, |planned| planned.as_secs_f64().max(elapsed));
        // A killed run's elapsed time may reach past its last whole second on disk.
        let killed = recording.end.ending == Ending::Killed;
        let secs = if killed { recording.seconds.len() as f64 } else { elapsed };
        let done: u64 = recording.seconds.iter().map(|second| u64::from(second.done)).sum();
        let mean = if secs > 0.0 { done as f64 / secs } else { 0.0 };
        // The last second may be a part of one: its count is too low for a rate, never too high.
        let best = recording.seconds.iter().map(|second| second.done).max().unwrap_or(0);
        Self { mean: rounded(mean, 3), peak: rounded(f64::from(best).max(mean), 3) }
    }
}

impl LatencySummary {
    fn new(recording: &Recording, tally: &Tally) -> Self {
        let whole = recording.end.ending != Ending::Killed;
        let ranked =
            |part: fn(&PopulationRecord) -> &Histogram| Latency::new(&Ranked::new(&recording.merged(part), tally));
        Self {
            response: ranked(|p| &p.response),
            service: whole.then(|| ranked(|p| &p.service)),
            wait: whole.then(|| ranked(|p| &p.wait)),
            first_byte: whole.then(|| ranked(|p| &p.first_byte)),
            lag: recording.lag.as_ref().map(Latency::of),
            read_delay: recording.read_delay.as_ref().map(Latency::of),
        }
    }
}

impl PopulationLatency {
    fn new(record: &PopulationRecord, whole: bool) -> Self {
        let ranked = |part| Latency::new(&record.ranked(part));
        Self {
            response: ranked(&record.response),
            service: whole.then(|| ranked(&record.service)),
            wait: whole.then(|| ranked(&record.wait)),
            first_byte: whole.then(|| ranked(&record.first_byte)),
            connect: whole.then(|| Latency::of(&record.connect)),
            handshake: record.handshake.as_ref().map(Latency::of),
            pool_wait: whole.then(|| Latency::of(&record.pool_wait)),
        }
    }
}

fn populations(recording: &Recording) -> BTreeMap<String, PopulationSummary> {
    let whole = recording.end.ending != Ending::Killed;
    let planned = |i: usize| recording.end.planned.as_ref().and_then(|planned| planned.get(i).copied());
    let pairs = recording.catalog.populations.iter().zip(&recording.populations).enumerate();
    pairs
        .map(|(i, (names, record))| {
            let unasked = recording.unasked_of(Some(i as u16));
            let mut summary = population(record, planned(i), whole.then_some(unasked));
            summary.steps = names.steps.iter().cloned().zip(record.steps.iter().map(step)).collect();
            summary.measures = measures(recording, i);
            (names.name.clone(), summary)
        })
        .collect()
}

/// `unasked`: `None` of a killed run.
fn population(record: &PopulationRecord, planned: Option<u64>, unasked: Option<u64>) -> PopulationSummary {
    let whole = unasked.is_some();
    let mut by_status: BTreeMap<u16, u64> = BTreeMap::new();
    for (status, n) in record.steps.iter().flat_map(|step| &step.by_status) {
        *by_status.entry(*status).or_default() += n;
    }
    let bytes = Bytes {
        sent: record.steps.iter().map(|step| step.bytes_sent).sum(),
        received: record.steps.iter().map(|step| step.bytes_received).sum(),
    };
    PopulationSummary {
        requests: match whole {
            true => Requests::with_extra(planned, &record.tally, &record.extra),
            false => Requests::of_killed(planned, &record.tally),
        },
        by_status,
        exchanges: whole.then_some(record.counters.exchanges),
        retries: whole.then(|| Retries::new(&record.counters)),
        connections: unasked.map(|unasked| Connections::new(&record.counters, unasked)),
        bytes: whole.then_some(bytes),
        latency_us: PopulationLatency::new(record, whole),
        steps: BTreeMap::new(),
        measures: BTreeMap::new(),
    }
}

fn measures(recording: &Recording, population: usize) -> BTreeMap<String, BTreeMap<Measure, MeasureSummary>> {
    let mut all: BTreeMap<String, BTreeMap<Measure, MeasureSummary>> = BTreeMap::new();
    let measures = recording.catalog.measures.iter().zip(&recording.measures).enumerate();
    for (i, (measure, record)) in measures.filter(|(_, (measure, _))| usize::from(measure.population) == population) {
        let planned = recording.end.planned_samples.get(i).copied().flatten();
        let samples = Requests::new(planned, &record.tally);
        let summary = MeasureSummary { samples, value: Latency::new(&record.ranked()) };
        all.entry(measure.name.clone()).or_default().insert(measure.kind, summary);
    }
    all
}

fn step(record: &StepRecord) -> StepSummary {
    StepSummary {
        requests: Requests::new(None, &record.tally),
        by_status: record.by_status.clone(),
        bytes: Bytes { sent: record.bytes_sent, received: record.bytes_received },
        response: Latency::new(&Ranked::new(&record.response, &record.tally)),
    }
}

impl Generator {
    fn new(recording: &Recording, tally: &Tally, lanes: usize) -> Self {
        let (end, cpu) = (&recording.end, recording.end.host.cpu.as_secs_f64());
        let requests = tally.completed + tally.class(Class::Failed);
        Self {
            lanes,
            cpu_s: rounded(cpu, 6),
            cpu_us_per_request: (requests > 0).then(|| rounded(cpu * 1e6 / requests as f64, 3)),
            max_rss_bytes: end.max_rss_bytes,
            rss_slope_bytes_per_hour: recording.memory.map(|trend| trend.slope_bytes_per_hour.round()),
            steal_pct: rounded(end.host.steal_pct, 3),
            stood_still_s: rounded(recording.seconds.iter().map(|second| second.stood.as_secs_f64()).sum(), 3),
            by_lane: end.lanes.lanes.iter().map(|lane| LaneSummary::new(lane, end.lanes.wall)).collect(),
        }
    }
}

impl LaneSummary {
    fn new(lane: &LaneUse, wall: Span) -> Self {
        Self {
            cpu_s: rounded(lane.cpu.as_secs_f64(), 6),
            cpu_pct: rounded(share(lane.cpu, wall) * 100.0, 3),
            run_queue_s: rounded(lane.run_queue.as_secs_f64(), 6),
            voluntary_switches: lane.voluntary,
            involuntary_switches: lane.involuntary,
            stood_still_s: rounded(lane.stood.as_secs_f64(), 3),
        }
    }
}

fn rounded(value: f64, decimals: i32) -> f64 {
    let factor = 10f64.powi(decimals);
    (value * factor).round() / factor
}
