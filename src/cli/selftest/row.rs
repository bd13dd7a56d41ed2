//! The rows of a self-test: servers whose truth is known, and the load that each is measured under.

use std::net::SocketAddr;

use crate::judge::Verdict;
use crate::truth::{Backlog, Law, MD1, MM1, MM2, Spacing, Stall};
use crate::unit::Span;

/// A server and its load.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// What the server does.
    pub what: &'static str,
    /// Rows of one wave, which follow each other, are measured side by side: they are that light.
    pub wave: usize,
    /// How it is measured.
    pub how: How,
    /// The server's knobs.
    pub knobs: &'static [&'static str],
    /// Independent servers, each on a port of its own; each session goes to one that is drawn for it.
    pub stations: u16,
    /// Requests a second.
    pub rate: u32,
    /// How they are spaced.
    pub process: &'static str,
    /// How they share connections.
    pub connection: &'static str,
    /// How long the load is, if it is quick and if it is not.
    pub seconds: (u32, u32),
    /// The law of the responses that are right.
    pub law: Option<Law>,
    /// The share of requests that is not answered rightly.
    pub not_right: f64,
    /// The objective, and the verdict that it must have.
    pub verdict: Option<(&'static str, Verdict)>,
}

/// How a row is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By the lanes of this process.
    Here,
    /// The same, with a closed loop beside it.
    BesideClosedLoop,
    /// By a process of its own, which is stopped in the middle.
    Paused,
}

const PLAIN: Row = Row {
    name: "",
    what: "",
    wave: 0,
    how: How::Here,
    knobs: &[],
    stations: 1,
    rate: 100,
    process: "even",
    connection: "{ shared: 256 }",
    seconds: (6, 30),
    law: None,
    not_right: 0.0,
    verdict: None,
};

/// Of which 16 are loaded by one Poisson process of 400 a second, and each station by 25.
const QUEUE: Row = Row { wave: 1, stations: 16, rate: 400, process: "poisson", seconds: (12, 150), ..PLAIN };

const STALL: Stall = Stall {
    delay: Span::from_millis(20),
    stall: Span::from_millis(500),
    period: Span::from_secs(5),
    rho: 0.0,
    spacing: Spacing::Poisson,
};

/// The rows, in the order in which they are measured and shown.
pub const ROWS: [Row; 10] = [
    Row {
        name: "constant",
        what: "every answer takes 100ms",
        knobs: &["--delay", "100ms"],
        law: Some(Law::Constant(Span::from_millis(100))),
        verdict: Some(("errors < 1%", Verdict::Ready)),
        ..PLAIN
    },
    Row {
        name: "stall",
        what: "stands still for 500ms in every 5s, and answers all that it held at once",
        how: How::BesideClosedLoop,
        knobs: &["--delay", "20ms", "--stall", "500ms/5s"],
        rate: 300,
        process: "poisson",
        seconds: (10, 60),
        law: Some(Law::Stall(STALL)),
        ..PLAIN
    },
    Row {
        name: "serial-stall",
        what: "stands still for 500ms in every 5s, and answers what it held one by one, loaded to a half",
        knobs: &["--fixed", "2ms", "--stall", "500ms/5s"],
        rate: 250,
        seconds: (10, 60),
        law: Some(Law::Stall(Stall {
            delay: Span::from_millis(2),
            rho: 0.5,
            spacing: Spacing::Even(Span::from_millis(4)),
            ..STALL
        })),
        ..PLAIN
    },
    Row {
        name: "errors",
        what: "answers 5% with 503",
        knobs: &["--delay", "10ms", "--errors", "5%"],
        rate: 200,
        law: Some(Law::Constant(Span::from_millis(10))),
        not_right: 0.05,
        ..PLAIN
    },
    Row {
        name: "drops",
        what: "closes the connections of 5% without an answer",
        knobs: &["--delay", "10ms", "--drops", "5%"],
        connection: "request",
        law: Some(Law::Constant(Span::from_millis(10))),
        not_right: 0.05,
        ..PLAIN
    },
    Row {
        name: "overload",
        what: "is asked for half as much again as it can do",
        knobs: &["--fixed", "10ms"],
        rate: 150,
        // All that is open at the end has a connection.
        connection: "{ shared: 1024 }",
        seconds: (6, 6),
        law: Some(Law::Backlog(Backlog {
            service: Span::from_millis(10),
            spacing: Span::from_nanos(1_000_000_000 / 150),
        })),
        verdict: Some(("p95 < 500ms", Verdict::NotReady)),
        ..PLAIN
    },
    Row {
        name: "paused",
        what: "the generator is stopped for 2.2s",
        how: How::Paused,
        knobs: &["--delay", "20ms"],
        rate: 200,
        seconds: (6, 6),
        verdict: Some(("errors < 1%", Verdict::Invalid)),
        ..PLAIN
    },
    Row {
        name: "mm1",
        what: "M/M/1: one server, exponential with a mean of 20ms, loaded to a half",
        knobs: &["--exponential", "20ms"],
        law: Some(Law::Queue(MM1)),
        ..QUEUE
    },
    Row {
        name: "mm2",
        what: "M/M/2: two servers, exponential with a mean of 40ms, loaded to a half",
        knobs: &["--exponential", "40ms", "--servers", "2"],
        law: Some(Law::Queue(MM2)),
        ..QUEUE
    },
    Row {
        name: "md1",
        what: "M/D/1: one server, always 24ms, loaded to 0.6",
        knobs: &["--fixed", "24ms"],
        law: Some(Law::Queue(MD1)),
        ..QUEUE
    },
];

impl Row {
    /// The seed of its plan and its server: its own, so that what scatters in one row says nothing of another.
    pub fn seed(&self, base: u64) -> u64 {
        let position = ROWS.iter().position(|row| row.name == self.name).unwrap_or(ROWS.len());
        base.wrapping_mul(ROWS.len() as u64).wrapping_add(position as u64)
    }

    /// How long its load is.
    pub fn length(&self, quick: bool) -> Span {
        Span::from_secs(u64::from(if quick { self.seconds.0 } else { self.seconds.1 }))
    }

    /// From one request to the next, on average.
    pub fn spacing(&self) -> Span {
        Span::from_nanos(1_000_000_000 / u64::from(self.rate))
    }

    /// What starts its server, which logs to a file.
    pub fn command_line(&self, seed: u64, log: &str) -> Vec<String> {
        let (stations, seed) = (self.stations.to_string(), seed.to_string());
        let fixed = ["target", "--service", "knobs", "--listen", "127.0.0.1:0", "--until-stdin-ends", "--log", log];
        let numbers = ["--stations", &stations, "--knob-seed", &seed];
        fixed.iter().chain(&numbers).chain(self.knobs).map(|word| (*word).to_owned()).collect()
    }

    /// The scenario of its load on the server's stations.
    pub fn scenario(&self, stations: &[SocketAddr], length: Span, seed: u64) -> String {
        let (targets, steps) = match stations {
            [one] => (format!("target: \"http://{one}\""), "[{ get: / }]".to_owned()),
            several => {
                let origins = several.iter().enumerate().map(|(i, at)| format!("s{i}: \"http://{at}\""));
                let picks = (0..several.len()).map(|i| format!("{{ weight: 1, steps: [{{ get: \"s{i}:/\" }}] }}"));
                let joined = |all: Vec<String>| all.join(", ");
                (
                    format!("targets: {{ {} }}", joined(origins.collect())),
                    format!("[{{ pick: [{}] }}]", joined(picks.collect())),
                )
            }
        };
        let Self { rate, process, connection, .. } = self;
        let seconds = length.as_nanos() / 1_000_000_000;
        let slo = self.verdict.map_or(String::new(), |(line, _)| format!("slo: {{ overall: [\"{line}\"] }}\n"));
        let arrivals = format!("{{ process: {process}, curve: [{{ constant: 1 }}] }}");
        format!(
            "name: selftest\n{}{targets}\nrequests: {}\nseed: {seed}\ntrace_header: true\nlimits: {{ timeout: 60s }}\n\
             populations: {{ all: {{ share: 100%, arrivals: {arrivals}, flow: ask }} }}\n\
             flows: {{ ask: {{ connection: {connection}, steps: {steps} }} }}\n{slo}",
            clock(seconds),
            u64::from(*rate) * seconds,
        )
    }
}

/// The scenario of a closed loop of so many connections.
pub fn closed_loop(station: SocketAddr, connections: u64, length: Span) -> String {
    format!(
        "name: closed\n{}target: \"http://{station}\"\n\
         populations: {{ all: {{ users: {connections}, arrivals: {{ burst: {{ at: \"00:00\", weight: 100% }} }}, flow: ask }} }}\n\
         flows: {{ ask: {{ connection: session, steps: [{{ get: / }}] }} }}\n",
        clock(length.as_nanos() / 1_000_000_000)
    )
}

fn clock(seconds: u64) -> String {
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    format!("clock: {{ from: 2000-01-01T00:00:00, to: 2000-01-01T00:{minutes:02}:{seconds:02}, zone: UTC }}\n")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scenario::{self, Overrides};

    #[test]
    fn the_load_of_each_row_is_what_its_law_is_of() {
        for row in ROWS {
            let (rate, spacing) = (f64::from(row.rate), row.spacing().as_secs_f64());
            match row.law {
                Some(Law::Queue(law)) => {
                    let (servers, rho) = match law.queue {
                        crate::truth::Queue::MMc { servers, rho } => (f64::from(servers), rho),
                        crate::truth::Queue::MD1 { rho } => (1.0, rho),
                    };
                    let load = rate / f64::from(row.stations) * law.service.as_secs_f64() / servers;
                    assert!((load - rho).abs() < 1e-9, "{}: {load}", row.name);
                }
                Some(Law::Stall(law)) => {
                    assert!(law.rho == 0.0 || (rate * law.delay.as_secs_f64() - law.rho).abs() < 1e-9, "{}", row.name);
                    let periods = [row.seconds.0, row.seconds.1].map(|s| f64::from(s) / law.period.as_secs_f64());
                    assert!(periods.iter().all(|n| n.fract() == 0.0), "{}: whole periods", row.name);
                    if let Spacing::Even(apart) = law.spacing {
                        assert_eq!(apart, row.spacing(), "{}", row.name);
                    }
                }
                Some(Law::Backlog(law)) => {
                    assert_eq!(law.spacing, row.spacing(), "{}", row.name);
                    assert!(law.service.as_secs_f64() > spacing, "{}", row.name);
                }
                Some(Law::Constant(_)) | None => {}
            }
        }
    }

    #[test]
    fn each_scenario_is_sound() {
        let stations: Vec<SocketAddr> = (1..=16).map(|port| ([127, 0, 0, 1], port).into()).collect();
        let sound = |text: &str| {
            let checked = scenario::parse(text, "selftest", Path::new(""), &Overrides::default(), &|_| None);
            checked.unwrap_or_else(|problems| panic!("{problems}\n{text}"));
        };
        for row in ROWS {
            sound(&row.scenario(&stations[..row.stations.into()], row.length(false), 7));
        }
        sound(&closed_loop(stations[0], 2, Span::from_secs(60)));
    }
}
