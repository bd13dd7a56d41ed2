//! What a machine can do with scrutinio: measured by `calibrate`, kept in a file, compared with a plan's peak.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::record::HostFacts;
use crate::report::words::count;

use super::Style;
use super::table::Table;
use super::text::indented;

/// The share of a ceiling up to which a plan is not warned of: above it lag and read delay grow.
pub const SAFE_SHARE: f64 = 0.5;

/// Calibrations that a file keeps, the newest: of several machines that share a home, and of versions.
const KEPT: usize = 16;

/// Processor share of a lane above which it, and not the server, set the rate.
const BOUND_BY_LANE_PCT: f64 = 95.0;

/// A calibration file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CalibrationFile {
    /// Changes when a field changes its meaning; new fields may come without.
    pub schema_version: u32,
    /// One a machine and version, the newest last.
    pub calibrations: Vec<Calibration>,
}

/// What one machine did with one version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// When it was measured, in UTC as RFC 3339.
    pub measured: String,
    /// scrutinio's version.
    pub version: String,
    /// The machine.
    pub machine: HostFacts,
    /// How long each measurement took.
    pub seconds: u64,
    /// Connections of a closed loop, and of the pool of an open one.
    pub connections: u32,
    /// Whether generator and server had cores of their own.
    pub own_cores: bool,
    /// By kind of connection.
    pub kinds: Vec<KindCeiling>,
}

/// The ceiling of one kind of connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KindCeiling {
    /// `plain`, `tls`, `h2`, `h2-tls`: what is spoken on connections kept open; `plain-new`, `tls-new`: HTTP/1.1, a
    /// new connection for each request.
    pub kind: String,
    /// The closed loop: requests a second of one lane on one core.
    pub ceiling_rps: f64,
    /// Processor time of the lane for each request, in µs.
    pub cpu_us_per_request: f64,
    /// Share of the time that the lane ran; `None` if the kernel does not say, like the next two.
    pub lane_cpu_pct: Option<f64>,
    /// Share of the time that the lane waited for its core.
    pub lane_run_queue_pct: Option<f64>,
    /// Share of the time that the server ran, over all its threads: two threads can make 200.
    pub server_cpu_pct: Option<f64>,
    /// Whether the generator could have done more: the server, or something else on the machine, set the rate.
    pub lower_bound: bool,
    /// The open loop at parts of the ceiling.
    pub at: Vec<AtShare>,
}

/// The open loop at a part of the ceiling, Poisson.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AtShare {
    /// The part of the ceiling, in percent.
    pub share_pct: f64,
    /// Planned requests a second.
    pub planned_rps: f64,
    /// Right answers a second.
    pub achieved_rps: f64,
    /// Requests due but not sent.
    pub unsent: u64,
    /// Seconds in which fewer requests woke than were ready (O5).
    pub short_seconds: u64,
    /// Share of the time that the lane ran; `None` if the kernel does not say.
    pub lane_cpu_pct: Option<f64>,
    /// woke − ready in µs: median and 99th percentile; `None` if nothing was measured.
    pub lag_us: Pair,
    /// How long answers may have been readable before they were read, in µs.
    pub read_delay_us: Pair,
}

/// Two quantiles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// Median.
    pub p50: Option<u64>,
    /// 99th percentile.
    pub p99: Option<u64>,
}

/// What is spoken with a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spoken {
    /// HTTP/1.1.
    Plain,
    /// HTTP/1.1 over TLS.
    Tls,
    /// HTTP/2 on plain connections.
    #[serde(rename = "h2")]
    Two,
    /// HTTP/2 over TLS.
    #[serde(rename = "h2-tls")]
    TwoTls,
}

/// What a lane can do, for a plan.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ceiling {
    /// Of what.
    pub spoken: Spoken,
    /// Requests a second of a lane on connections kept alive.
    pub requests_rps: f64,
    /// Requests a second of a lane, each on a new connection.
    pub new_connections_rps: f64,
    /// Whether a lane could do more than was measured.
    pub lower_bound: bool,
}

impl CalibrationFile {
    /// Adds a calibration, in place of an earlier one of this machine and version.
    pub fn take(&mut self, calibration: Calibration) {
        self.schema_version = 1;
        self.calibrations.retain(|known| !known.is_of(&calibration.machine, &calibration.version));
        self.calibrations.push(calibration);
        let too_many = self.calibrations.len().saturating_sub(KEPT);
        self.calibrations.drain(..too_many);
    }

    /// The calibration of this machine and version.
    pub fn of(&self, machine: &HostFacts, version: &str) -> Option<&Calibration> {
        self.calibrations.iter().rev().find(|known| known.is_of(machine, version))
    }
}

impl Calibration {
    /// A machine is its processor and the number of cores that scrutinio may use; a kernel's update is no new one.
    fn is_of(&self, machine: &HostFacts, version: &str) -> bool {
        let HostFacts { cpu_model, cores, .. } = &self.machine;
        (cpu_model, cores, self.version.as_str()) == (&machine.cpu_model, &machine.cores, version)
    }

    /// What a lane can do in the slowest of these; what was not measured counts as plain HTTP/1.1, and without that
    /// it is `None`.
    pub fn ceiling(&self, spoken: &[Spoken]) -> Option<Ceiling> {
        let of = |spoken: &Spoken| self.ceiling_of(*spoken).or_else(|| self.ceiling_of(Spoken::Plain));
        spoken.iter().filter_map(of).min_by(|a, b| a.requests_rps.total_cmp(&b.requests_rps))
    }

    /// A new connection of HTTP/2 costs beyond its request what one of HTTP/1.1 costs.
    fn ceiling_of(&self, spoken: Spoken) -> Option<Ceiling> {
        let of = |kind: &str| self.kinds.iter().find(|known| known.kind == kind && known.ceiling_rps > 0.0);
        let (kept, one, new) = match spoken {
            Spoken::Plain => (of("plain")?, of("plain")?, of("plain-new")?),
            Spoken::Tls => (of("tls")?, of("tls")?, of("tls-new")?),
            Spoken::Two => (of("h2")?, of("plain")?, of("plain-new")?),
            Spoken::TwoTls => (of("h2-tls")?, of("tls")?, of("tls-new")?),
        };
        let requests_rps = kept.sustained_rps();
        let connecting = (1.0 / new.ceiling_rps - 1.0 / one.ceiling_rps).max(0.0);
        Some(Ceiling {
            spoken,
            requests_rps,
            new_connections_rps: 1.0 / (1.0 / requests_rps + connecting),
            lower_bound: kept.lower_bound || new.lower_bound,
        })
    }
}

impl Spoken {
    /// As people say it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Plain => "HTTP/1.1",
            Self::Tls => "HTTP/1.1 and TLS",
            Self::Two => "HTTP/2",
            Self::TwoTls => "HTTP/2 and TLS",
        }
    }
}

impl KindCeiling {
    /// What a plan can reach: the ceiling, or the most that an open loop achieved if one of them had to unsent. Where
    /// requests are very cheap, starting a session for each is what costs, and a closed loop starts none.
    fn sustained_rps(&self) -> f64 {
        let unsent = self.at.iter().any(|at| at.unsent > 0);
        let most = self.at.iter().map(|at| at.achieved_rps).fold(0.0, f64::max);
        if unsent && most > 0.0 { most.min(self.ceiling_rps) } else { self.ceiling_rps }
    }

    /// Whether what was measured is less than the lane could do.
    pub fn is_lower_bound(lane_cpu_pct: Option<f64>, own_cores: bool) -> bool {
        !own_cores || lane_cpu_pct.is_none_or(|pct| pct < BOUND_BY_LANE_PCT)
    }
}

impl Ceiling {
    /// The lanes that so many requests a second, some of them on new connections, keep busy all the time.
    pub fn lanes_at_ceiling(&self, requests: f64, new_connections: f64) -> f64 {
        let connecting = (1.0 / self.new_connections_rps - 1.0 / self.requests_rps).max(0.0);
        requests / self.requests_rps + new_connections * connecting
    }

    /// The lanes that do it at [`SAFE_SHARE`] of their ceiling.
    pub fn lanes_needed(&self, requests: f64, new_connections: f64) -> u64 {
        (self.lanes_at_ceiling(requests, new_connections) / SAFE_SHARE).ceil().max(1.0) as u64
    }
}

/// Writes a calibration as people read it.
pub fn write_calibration(calibration: &Calibration, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Calibration { machine, version, measured, .. } = calibration;
    let cores = if machine.cores == 1 { "1 core".to_owned() } else { format!("{} cores", machine.cores) };
    writeln!(out, "{} · {} · {cores}", style.bold("calibration"), machine.cpu_model)?;
    writeln!(out, "scrutinio {version}, {measured}; one lane on one core, {} connections", calibration.connections)?;
    if !calibration.own_cores {
        indented("generator and server share the only core: every figure is a lower bound", 0, style, out)?;
    }
    for kind in &calibration.kinds {
        write_kind(kind, style, out)?;
    }
    Ok(())
}

fn write_kind(kind: &KindCeiling, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let pct = |share: Option<f64>| share.map_or("–".to_owned(), |share| format!("{share:.0}%"));
    writeln!(out, "\n{}", style.bold(kind_words(&kind.kind)))?;
    let (at_least, rate) = (if kind.lower_bound { "at least " } else { "" }, count(kind.ceiling_rps as u64));
    let (lane, server) = (pct(kind.lane_cpu_pct), pct(kind.server_cpu_pct));
    let text = format!(
        "ceiling {at_least}{rate}/s a core · {:.1}µs of CPU a request · the lane ran {lane} of the time, the server {server}",
        kind.cpu_us_per_request
    );
    indented(&text, 2, style, out)?;
    if kind.lower_bound {
        let waited = kind.lane_run_queue_pct.filter(|pct| *pct > 1.0);
        let why = match waited {
            Some(share) => format!("something else had the lane's core for {share:.0}% of the time"),
            None => "the server was the bottleneck, not the lane".to_owned(),
        };
        indented(&format!("a lower bound: {why}"), 2, style, out)?;
    }
    if kind.at.is_empty() {
        return Ok(());
    }
    let heads = ["at", "planned/s", "achieved/s", "lag p50", "p99", "read delay p50", "p99", "lane", "unsent", "late"];
    let mut table = Table::new(&heads);
    let us = |us: Option<u64>| us.map_or("–".to_owned(), |us| format!("{us}µs"));
    for at in &kind.at {
        let (lag, read) = (at.lag_us, at.read_delay_us);
        table.row(vec![
            format!("{:.0}%", at.share_pct),
            count(at.planned_rps as u64),
            count(at.achieved_rps as u64),
            us(lag.p50),
            us(lag.p99),
            us(read.p50),
            us(read.p99),
            pct(at.lane_cpu_pct),
            count(at.unsent),
            format!("{}s", at.short_seconds),
        ]);
    }
    table.lines(style.width.saturating_sub(2)).iter().try_for_each(|line| writeln!(out, "  {line}"))
}

fn kind_words(kind: &str) -> &str {
    match kind {
        "plain" => "HTTP/1.1, kept alive",
        "plain-new" => "HTTP/1.1, a new connection for each request",
        "tls" => "HTTP/1.1 over TLS, kept alive",
        "tls-new" => "HTTP/1.1 over TLS, a new connection with a full handshake for each request",
        "h2" => "HTTP/2, 4 connections of 16 requests at once",
        "h2-tls" => "HTTP/2 over TLS, 4 connections of 16 requests at once",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(cores: usize) -> HostFacts {
        HostFacts { cpu_model: "some processor".to_owned(), cores, ..HostFacts::default() }
    }

    fn kind(kind: &str, ceiling_rps: f64) -> KindCeiling {
        KindCeiling {
            kind: kind.to_owned(),
            ceiling_rps,
            cpu_us_per_request: 1e6 / ceiling_rps,
            lane_cpu_pct: Some(99.0),
            lane_run_queue_pct: Some(0.1),
            server_cpu_pct: Some(60.0),
            lower_bound: false,
            at: Vec::new(),
        }
    }

    fn calibration(cores: usize, version: &str) -> Calibration {
        Calibration {
            measured: "2016-06-05T21:00:00Z".to_owned(),
            version: version.to_owned(),
            machine: machine(cores),
            seconds: 3,
            connections: 64,
            own_cores: true,
            kinds: vec![kind("plain", 100_000.0), kind("plain-new", 20_000.0)],
        }
    }

    #[test]
    fn a_file_keeps_one_a_machine_and_version_and_a_bounded_number() {
        let mut file = CalibrationFile::default();
        file.take(calibration(2, "1.0.0"));
        file.take(calibration(4, "1.0.0"));
        file.take(Calibration { seconds: 9, ..calibration(2, "1.0.0") });
        assert_eq!(file.calibrations.len(), 2);
        assert_eq!(file.of(&machine(2), "1.0.0").map(|c| c.seconds), Some(9));
        assert_eq!(file.of(&machine(2), "1.0.1"), None, "another version may be faster or slower");
        assert_eq!(file.of(&machine(8), "1.0.0"), None);
        for minor in 0..40 {
            file.take(calibration(2, &format!("2.{minor}.0")));
        }
        assert_eq!((file.calibrations.len(), file.of(&machine(2), "2.39.0").is_some()), (KEPT, true));
    }

    #[test]
    fn what_a_plan_takes_counts_new_connections_at_their_own_price() {
        let ceiling = calibration(2, "1").ceiling(&[Spoken::Plain]).unwrap();
        // Half the ceiling of one lane is 50,000 requests a second, or 10,000 of which each opens a connection.
        assert_eq!(ceiling.lanes_needed(50_000.0, 0.0), 1);
        assert_eq!(ceiling.lanes_needed(50_001.0, 0.0), 2);
        assert_eq!(ceiling.lanes_needed(10_000.0, 10_000.0), 1);
        assert_eq!(ceiling.lanes_needed(10_001.0, 10_001.0), 2);
        assert_eq!(ceiling.lanes_needed(0.0, 0.0), 1);
        assert!((ceiling.lanes_at_ceiling(30_000.0, 5_000.0) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn each_target_is_held_against_its_own_kind_and_of_several_the_slowest_counts() {
        let mut all = calibration(2, "1");
        all.kinds.extend([kind("tls", 50_000.0), kind("tls-new", 1_000.0), kind("h2-tls", 80_000.0)]);
        let ceiling = |spoken: &[Spoken]| all.ceiling(spoken).map(|c| (c.spoken, c.requests_rps)).unwrap();
        assert_eq!(ceiling(&[Spoken::Tls]), (Spoken::Tls, 50_000.0));
        assert_eq!(ceiling(&[Spoken::TwoTls, Spoken::Plain]), (Spoken::TwoTls, 80_000.0));
        assert_eq!(ceiling(&[Spoken::Two]), (Spoken::Plain, 100_000.0), "not measured");
        // A connection is 1/1,000 s − 1/50,000 s of a lane, whatever is spoken on it.
        let two = all.ceiling(&[Spoken::TwoTls]).unwrap();
        assert!((two.lanes_at_ceiling(80_000.0, 1_000.0) - 1.98).abs() < 1e-9);
    }

    #[test]
    fn where_an_open_loop_sheds_the_most_achieved_is_the_ceiling_of_plans() {
        let at = |achieved_rps, unsent| AtShare {
            share_pct: 50.0,
            planned_rps: 90_000.0,
            achieved_rps,
            unsent,
            short_seconds: 0,
            lane_cpu_pct: None,
            lag_us: Pair::default(),
            read_delay_us: Pair::default(),
        };
        let mut kind = kind("h2", 100_000.0);
        kind.at = vec![at(25_000.0, 0), at(50_000.0, 0)];
        assert_eq!(kind.sustained_rps(), 100_000.0);
        kind.at.extend([at(60_000.0, 1), at(55_000.0, 9)]);
        assert_eq!(kind.sustained_rps(), 60_000.0);
    }

    #[test]
    fn who_set_the_rate_decides_whether_it_is_a_bound() {
        assert!(!KindCeiling::is_lower_bound(Some(98.0), true));
        assert!(KindCeiling::is_lower_bound(Some(80.0), true), "the lane had time left");
        assert!(KindCeiling::is_lower_bound(Some(98.0), false), "the server took its part of the core");
        assert!(KindCeiling::is_lower_bound(None, true), "nobody knows");
    }

    #[test]
    fn a_new_connection_never_costs_less_than_none() {
        let mut odd = calibration(2, "1");
        odd.kinds = vec![kind("plain", 10_000.0), kind("plain-new", 12_000.0)];
        assert_eq!(odd.ceiling(&[Spoken::Plain]).unwrap().lanes_at_ceiling(10_000.0, 10_000.0), 1.0);
        odd.kinds.pop();
        assert_eq!(odd.ceiling(&[Spoken::Plain]), None);
    }
}
