//! `scrutinio calibrate`: what this machine can do, against a server that answers as fast as a process can.
//!
//! One lane on one core and the null server on others: first a closed loop, whose rate is the ceiling, then an open
//! loop at parts of it. It is the engine of `run`, with a scenario of one request; loopback only, bounded in time.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anyhow::{Context, anyhow, bail};

use crate::engine::{Load, RunClock, limits, monotonic_nanos, of_process};
use crate::judge::short_seconds;
use crate::plan::Plan;
use crate::record::{Catalog, Class, LaneLog, LaneUse, Recording, Sinks, share};
use crate::report::{AtShare, Calibration, KindCeiling, Latency, Pair, write_calibration};
use crate::scenario::{self, Overrides};
use crate::unit::{Instant, Span};
use crate::wire::ResolvedOrigin;
use crate::wire::tls::{TlsClient, TlsOptions};

use super::args::CalibrateArgs;
use super::calibration::{file, save, try_to_write};
use super::check::threads;
use super::collect::Run;
use super::conclude::style;
use super::embedded::Embedded;
use super::one_session::Shared;
use super::output::{to_stderr, to_stdout};
use super::progress::Progress;
use super::stop::StopSignal;
use super::{Exit, Failure, Outcome, wall_clock};

/// Connections of the closed loop, and of the pool of the open one.
const CONNECTIONS: u32 = 64;
/// Parts of the ceiling at which the open loop is measured.
const SHARES: [f64; 4] = [0.25, 0.5, 0.75, 0.9];
/// Cores of the server: more than one, so that the lane is the bottleneck if it can be.
const SERVER_CORES: usize = 2;

/// A kind of connection: whether over TLS, and how a scenario asks for it in a closed and in an open loop.
struct Kind {
    name: &'static str,
    tls: bool,
    http: &'static str,
    closed: &'static str,
    open: &'static str,
    /// Requests at once on a connection of the closed loop.
    streams: u32,
}

const SHARED: &str = "{ shared: 64 }";
/// HTTP/2 carries the same 64 requests at once on fewer connections.
const FEW: &str = "{ shared: 4 }";

const KINDS: &[Kind] = &[
    Kind { name: "plain", tls: false, http: "1.1", closed: "session", open: SHARED, streams: 1 },
    Kind { name: "plain-new", tls: false, http: "1.1", closed: "request", open: "request", streams: 1 },
    Kind { name: "tls", tls: true, http: "1.1", closed: "session", open: SHARED, streams: 1 },
    Kind { name: "tls-new", tls: true, http: "1.1", closed: "request", open: "request", streams: 1 },
    Kind { name: "h2", tls: false, http: "2", closed: FEW, open: FEW, streams: 16 },
    Kind { name: "h2-tls", tls: true, http: "2", closed: FEW, open: FEW, streams: 16 },
];

/// The lane's core and the server's; both empty if there is only one core for both.
struct Cores {
    lane: Option<usize>,
    server: Vec<usize>,
}

/// One measurement.
struct Measured {
    recording: Recording,
    server: Option<LaneUse>,
}

/// Measures, prints and keeps the calibration.
pub fn calibrate(args: &CalibrateArgs) -> Outcome {
    let measured = wall_clock::now()?;
    let stop = StopSignal::listen("nothing that was measured is kept")?;
    limits::raise_descriptors();
    let file = file(args.calibration.as_deref());
    file.as_deref().map_or(Ok(()), try_to_write).map_err(Failure::usage)?;
    let cores = divide(&limits::cores());
    let mut kinds = Vec::new();
    for kind in KINDS {
        let Some(ceiling) = measure_kind(kind, &cores, args, &stop)? else { return Ok(Exit::Stopped) };
        kinds.push(ceiling);
    }
    let calibration = Calibration {
        measured: measured.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        machine: super::host::facts(),
        seconds: u64::from(args.seconds),
        connections: CONNECTIONS,
        own_cores: cores.lane.is_some(),
        kinds,
    };
    // What was measured is shown even if it can no longer be kept.
    let saved = file.as_deref().map_or(Ok(()), |file| save(file, calibration.clone()));
    to_stdout(|out| {
        if args.json {
            serde_json::to_writer_pretty(&mut *out, &calibration)?;
            return writeln!(out);
        }
        write_calibration(&calibration, style(), out)?;
        let kept = file.as_deref().map_or(
            "nowhere: there is no home directory; name a file with --calibration".into(),
            Path::to_string_lossy,
        );
        if saved.is_ok() { writeln!(out, "\nkept in {kept}") } else { Ok(()) }
    })?;
    saved?;
    Ok(Exit::Ready)
}

fn divide(cores: &[usize]) -> Cores {
    match cores {
        [] | [_] => Cores { lane: None, server: Vec::new() },
        [others @ .., last] => Cores { lane: Some(*last), server: others.iter().copied().take(SERVER_CORES).collect() },
    }
}

/// The ceiling of a kind and what it is like below it; `None` if a signal came.
fn measure_kind(
    kind: &Kind,
    cores: &Cores,
    args: &CalibrateArgs,
    stop: &StopSignal,
) -> Result<Option<KindCeiling>, Failure> {
    let server = start(kind, cores)?;
    let bench = Bench { kind, cores, server: &server, seconds: args.seconds, stop };
    bench.say(args, "closed loop");
    let closed = bench.measure(None)?;
    if stop.was_stopped() {
        return Ok(None);
    }
    let mut ceiling = ceiling(kind, cores, &closed)?;
    for share in SHARES {
        let planned = ceiling.ceiling_rps * share;
        bench.say(args, &format!("{:.0}% of {:.0}/s", share * 100.0, ceiling.ceiling_rps));
        let open = bench.measure(Some(planned))?;
        if stop.was_stopped() {
            return Ok(None);
        }
        ceiling.at.push(at_share(share, planned, &open));
    }
    Ok(Some(ceiling))
}

fn start(kind: &Kind, cores: &Cores) -> Result<Embedded, Failure> {
    let mut line: Vec<String> =
        ["target", "--listen", "127.0.0.1:0", "--until-stdin-ends", "--service", "null"].map(str::to_owned).into();
    line.extend(kind.tls.then(|| "--tls".to_owned()));
    if !cores.server.is_empty() {
        let list: Vec<String> = cores.server.iter().map(ToString::to_string).collect();
        line.extend(["--cpus".to_owned(), list.join(","), "--threads".to_owned(), list.len().to_string()]);
    }
    Embedded::start_as(&line)
}

/// What every measurement of a kind shares.
struct Bench<'a> {
    kind: &'a Kind,
    cores: &'a Cores,
    server: &'a Embedded,
    seconds: u32,
    stop: &'a StopSignal,
}

impl Bench<'_> {
    fn say(&self, args: &CalibrateArgs, what: &str) {
        if !args.quiet {
            to_stderr(format_args!("measuring {}: {what}, {} s\n", self.kind.name, self.seconds));
        }
    }

    /// Runs the closed loop, or the open one at a rate.
    fn measure(&self, rate: Option<f64>) -> anyhow::Result<Measured> {
        let text = self.scenario(rate);
        let checked = scenario::parse(&text, "calibrate", Path::new(""), &Overrides::default(), &|_| None)
            .map_err(|e| anyhow!("{e}"))?;
        let scenario = checked.scenario;
        let plan = Arc::new(Plan::build(&scenario, threads(), &AtomicU64::new(0))?);
        let length = Span::from_secs(u64::from(self.seconds));
        let load = match rate {
            Some(_) => Load::Planned,
            None => Load::Closed { until: Some(Instant::ZERO + length), budget: None, streams: self.kind.streams },
        };
        let clock = RunClock::starting_at(monotonic_nanos() + super::perform::HEAD_START.as_nanos());
        let lanes = [self.cores.lane];
        let catalog = Arc::new(Catalog::without_objectives(&scenario));
        let (lanes, others) = (&lanes[..], Vec::new());
        let run = Run { scenario: &scenario, catalog, load, plan: &plan, lanes, clock, stop: self.stop, others };
        let address = self.server.address;
        let (authority, addresses) = (address.to_string(), vec![address.into()]);
        let origins = vec![ResolvedOrigin { authority, addresses, sources: Vec::new(), tls: self.tls()? }];
        let before = of_process(self.server.process());
        let nowhere = (Sinks::nowhere(), LaneLog::new(Box::new(std::io::sink()))?);
        let recording = run.go(&Shared::new(origins), nowhere, &mut Progress::silent(&scenario), None)?;
        let server = of_process(self.server.process()).zip(before).map(|(now, before)| now.since(&before));
        let failed = recording.tally().class(Class::Failed);
        if failed > 0 && !self.stop.was_stopped() {
            bail!("{failed} requests to the null server failed: {}", examples(&recording));
        }
        Ok(Measured { recording, server })
    }

    /// What speaks TLS with the server: it trusts the CA that the server made for itself.
    fn tls(&self) -> anyhow::Result<Option<TlsClient>> {
        let Some(ca) = &self.server.ca else { return Ok(None) };
        let ca = std::fs::read(ca).with_context(|| format!("cannot read {}", ca.display()))?;
        let (server_name, ca) = ("127.0.0.1", Some(&*ca));
        // A new connection is a full handshake, as of visitors who come for the first time.
        let options = TlsOptions { server_name, ca, client: None, insecure: false, only_tls13: false, resume: false };
        Ok(Some(TlsClient::new(&options)?))
    }

    fn scenario(&self, rate: Option<f64>) -> String {
        let Kind { tls, http, closed, open, streams, .. } = self.kind;
        let scheme = if *tls { "https" } else { "http" };
        let streams = if *streams > 1 { format!(", streams: {streams}") } else { String::new() };
        let (load, connection) = match rate {
            None => (format!("users: {CONNECTIONS}, arrivals: {{ burst: {{ at: \"00:00\", weight: 100% }} }}"), closed),
            Some(rate) => (format!("arrivals: {{ process: poisson, curve: [{{ constant: {rate:.3} }}] }}"), open),
        };
        let (minutes, seconds) = (self.seconds / 60, self.seconds % 60);
        format!(
            "name: calibrate\n\
             clock: {{ from: 2000-01-01T00:00:00, to: 2000-01-01T00:{minutes:02}:{seconds:02}, zone: UTC }}\n\
             target: {{ url: \"{scheme}://{}\", http: {http}{streams} }}\n\
             populations: {{ load: {{ {load}, flow: load }} }}\n\
             flows: {{ load: {{ connection: {connection}, steps: [{{ get: / }}] }} }}\n",
            self.server.address
        )
    }
}

fn examples(recording: &Recording) -> String {
    let details = recording.failures.iter().map(|failure| failure.detail.as_str());
    details.take(3).collect::<Vec<_>>().join("; ")
}

fn ceiling(kind: &Kind, cores: &Cores, closed: &Measured) -> anyhow::Result<KindCeiling> {
    let (end, completed) = (&closed.recording.end, closed.recording.tally().completed);
    let seconds = end.elapsed.as_secs_f64();
    if completed == 0 || seconds <= 0.0 {
        bail!("the null server answered nothing in {}", end.elapsed);
    }
    let lane = end.lanes.lanes.first();
    let pct = |part: Span| share(part, end.lanes.wall) * 100.0;
    let lane_cpu_pct = lane.map(|lane| rounded(pct(lane.cpu)));
    let cpu = lane.map_or(end.host.cpu, |lane| lane.cpu);
    Ok(KindCeiling {
        kind: kind.name.to_owned(),
        ceiling_rps: rounded(completed as f64 / seconds),
        cpu_us_per_request: rounded(cpu.as_secs_f64() * 1e6 / completed as f64),
        lane_cpu_pct,
        lane_run_queue_pct: lane.map(|lane| rounded(pct(lane.run_queue))),
        server_cpu_pct: closed.server.map(|server| rounded(share(server.cpu, end.elapsed) * 100.0)),
        lower_bound: KindCeiling::is_lower_bound(lane_cpu_pct, cores.lane.is_some()),
        at: Vec::new(),
    })
}

fn at_share(part: f64, planned: f64, open: &Measured) -> AtShare {
    let (recording, end) = (&open.recording, &open.recording.end);
    let pair = |histogram: Option<&_>| {
        histogram.map(Latency::of).map_or(Pair::default(), |latency| Pair { p50: latency.p50, p99: latency.p99 })
    };
    AtShare {
        share_pct: rounded(part * 100.0),
        planned_rps: rounded(planned),
        achieved_rps: rounded(recording.tally().completed as f64 / end.elapsed.as_secs_f64().max(1e-9)),
        unsent: recording.tally().class(Class::Unsent),
        short_seconds: short_seconds(recording).len() as u64,
        lane_cpu_pct: end.lanes.lanes.first().map(|lane| rounded(share(lane.cpu, end.lanes.wall) * 100.0)),
        lag_us: pair(recording.lag.as_ref()),
        read_delay_us: pair(recording.read_delay.as_ref()),
    }
}

/// To a thousandth: more was not measured.
fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lane_has_a_core_of_its_own_if_there_are_two() {
        let divided = |cores: &[usize]| {
            let cores = divide(cores);
            (cores.lane, cores.server)
        };
        assert_eq!(divided(&[3]), (None, vec![]));
        assert_eq!(divided(&[0, 1]), (Some(1), vec![0]));
        assert_eq!(divided(&[0, 1, 2, 3, 4]), (Some(4), vec![0, 1]));
    }
}
