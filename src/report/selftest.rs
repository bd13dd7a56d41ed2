//! What `selftest` held against what is known: every figure with what it must be, what was reported and what is allowed.

use std::io::{self, Write};

use serde::Serialize;

use crate::judge::Verdict;
use crate::record::HostFacts;
use crate::report::words::count;
use crate::unit::{Quantile, Span};

use super::Style;
use super::table::Table;
use super::text::{GREEN, RED, YELLOW, indented};

/// A self-test.
#[derive(Clone, Debug, Serialize)]
pub struct Selftest {
    /// Changes when a field changes its meaning; new fields may come without.
    pub schema_version: u32,
    /// scrutinio's version.
    pub version: String,
    /// The machine.
    pub machine: HostFacts,
    /// Whether it was the quick one.
    pub quick: bool,
    /// The seed of plans and servers.
    pub seed: u64,
    /// What was falsified on purpose; empty, unless the self-test is to be seen failing.
    pub distorted: Vec<String>,
    /// The worst of its rows.
    pub standing: Standing,
    /// How long it took.
    pub seconds: f64,
    /// What was measured, in order.
    pub rows: Vec<SelftestRow>,
    /// What a closed loop said of the server that stands still; `None` if that row was left out.
    pub closed_loop: Option<ClosedLoop>,
}

/// Whether something is as it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It is.
    Holds,
    /// It is more than allowed, while the machine was too busy to say who added it.
    Busy,
    /// It is not, whoever had the machine.
    Fails,
}

/// A server, and what was held of its measurement.
#[derive(Clone, Debug, Serialize)]
pub struct SelftestRow {
    /// Its name.
    pub row: String,
    /// What the server does.
    pub what: String,
    /// Planned requests.
    pub requests: u64,
    /// The worst of what follows.
    pub standing: Standing,
    /// Seconds of the row.
    pub machine_seconds: u64,
    /// Those of which less than a tenth was idle, or in which a thread that only sleeps woke late too often.
    pub machine_busy_seconds: u64,
    /// The verdict, where one is expected.
    pub verdict: Option<VerdictCheck>,
    /// Numbers of requests.
    pub counts: Vec<CountCheck>,
    /// Latencies.
    pub times: Vec<TimeCheck>,
}

/// A verdict that must come.
#[derive(Clone, Debug, Serialize)]
pub struct VerdictCheck {
    /// The one that must.
    pub expected: Verdict,
    /// The one that came.
    pub reported: Option<Verdict>,
    /// Why, in the words of the run: what was seen.
    pub reasons: Vec<String>,
    /// Whether it is right.
    pub standing: Standing,
}

/// A number of requests.
#[derive(Clone, Debug, Serialize)]
pub struct CountCheck {
    /// Of which.
    pub what: String,
    /// By the server's log, the plan or the law.
    pub expected: u64,
    /// By scrutinio.
    pub reported: u64,
    /// The least that is allowed.
    pub least: u64,
    /// The most that is allowed.
    pub most: u64,
    /// Whether it is within both.
    pub standing: Standing,
}

/// A latency in µs.
#[derive(Clone, Debug, Serialize)]
pub struct TimeCheck {
    /// Which: `p50`, `mean`, `lag p99`.
    pub what: String,
    /// By what it is known.
    pub by: By,
    /// What is known; `None` where the rank falls among requests that were not right.
    pub expected_us: Option<u64>,
    /// By scrutinio, likewise.
    pub reported_us: Option<u64>,
    /// The least that is allowed.
    pub least_us: Option<u64>,
    /// The most that is allowed; `None` if the machine alone decides how much more it is.
    pub most_us: Option<u64>,
    /// Whether it is within both.
    pub standing: Standing,
}

/// By what a latency is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// The server's closed form.
    Law,
    /// The server's own stamps.
    Stamps,
    /// The other parts of the same requests.
    Parts,
}

/// Coordinated omission: a server that stands still, as an open and a closed loop saw it at the same time.
#[derive(Clone, Debug, Serialize)]
pub struct ClosedLoop {
    /// Its connections: each asks again when it has its answer.
    pub connections: u64,
    /// The quantiles of the law in µs: p50 p75 p90 p95 p99 p99.9 p99.99.
    pub law_us: Vec<u64>,
    /// Those that the open loop reported; `None` where the rank falls among requests that were not right.
    pub open_us: Vec<Option<u64>>,
    /// Those that the closed loop reported.
    pub closed_us: Vec<Option<u64>>,
    /// Requests of the open loop.
    pub open_requests: u64,
    /// Requests of the closed loop.
    pub closed_requests: u64,
}

impl By {
    const fn words(self) -> &'static str {
        match self {
            Self::Law => "by law",
            Self::Stamps => "by stamps",
            Self::Parts => "by its parts",
        }
    }
}

impl Standing {
    const fn words(self) -> &'static str {
        match self {
            Self::Holds => "yes",
            Self::Busy => "busy",
            Self::Fails => "NO",
        }
    }

    const fn colour(self) -> &'static str {
        match self {
            Self::Holds => GREEN,
            Self::Busy => YELLOW,
            Self::Fails => RED,
        }
    }
}

impl SelftestRow {
    /// The standing of everything in it.
    pub fn standings(&self) -> impl Iterator<Item = Standing> + '_ {
        let verdict = self.verdict.iter().map(|check| check.standing);
        let counts = self.counts.iter().map(|check| check.standing);
        verdict.chain(counts).chain(self.times.iter().map(|check| check.standing))
    }
}

/// Writes a self-test as people read it.
pub fn write_selftest(test: &Selftest, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let cores = if test.machine.cores == 1 { "1 core".to_owned() } else { format!("{} cores", test.machine.cores) };
    writeln!(out, "{} · scrutinio {} · {} · {cores}", style.bold("selftest"), test.version, test.machine.cpu_model)?;
    for what in &test.distorted {
        indented(&format!("falsified on purpose: {what}"), 0, style, out)?;
    }
    for row in &test.rows {
        write_row(row, style, out)?;
    }
    if let Some(closed_loop) = &test.closed_loop {
        write_closed_loop(closed_loop, style, out)?;
    }
    write_end(test, style, out)
}

fn write_row(row: &SelftestRow, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{} · {} · {} requests", style.bold(&row.row), row.what, count(row.requests))?;
    if row.machine_busy_seconds > 0 {
        let (busy, all) = (row.machine_busy_seconds, row.machine_seconds);
        indented(&format!("the machine was busy in {busy} of {all} seconds"), 2, style, out)?;
    }
    let mut table = Table::new(&["what", "expected", "reported", "error", "allowed", "ok"]);
    if let Some(check) = &row.verdict {
        let name = |verdict: Option<Verdict>| verdict.map_or("none", Verdict::name).to_owned();
        let (expected, reported) = (name(Some(check.expected)), name(check.reported));
        let none = String::new();
        table.row(vec![
            "verdict".to_owned(),
            expected,
            reported,
            none.clone(),
            none,
            check.standing.words().to_owned(),
        ]);
    }
    for check in &row.counts {
        table.row(count_cells(check));
    }
    for check in &row.times {
        table.row(time_cells(check));
    }
    table.lines(style.width.saturating_sub(2)).iter().try_for_each(|line| writeln!(out, "  {line}"))?;
    let wrong = row.verdict.iter().filter(|check| check.standing > Standing::Holds).flat_map(|check| &check.reasons);
    wrong.into_iter().try_for_each(|reason| indented(&format!("verdict: {reason}"), 2, style, out))
}

fn count_cells(check: &CountCheck) -> Vec<String> {
    let off = |n: u64| signed(n, check.expected, count);
    let allowed = if (check.least, check.most) == (check.expected, check.expected) {
        "none".to_owned()
    } else {
        format!("{} … {}", off(check.least), off(check.most))
    };
    let (expected, reported) = (count(check.expected), count(check.reported));
    vec![check.what.clone(), expected, reported, off(check.reported), allowed, check.standing.words().to_owned()]
}

fn time_cells(check: &TimeCheck) -> Vec<String> {
    let time = |us: Option<u64>| us.map_or("failed".to_owned(), |us| Span::from_micros(us).to_string());
    let off = |us: Option<u64>| match (us, check.expected_us) {
        (Some(us), Some(expected)) => signed(us, expected, |us| Span::from_micros(us).to_string()),
        _ => String::new(),
    };
    let most = if check.most_us.is_none() { "any".to_owned() } else { off(check.most_us) };
    let allowed =
        if check.expected_us.is_none() { "none".to_owned() } else { format!("{} … {most}", off(check.least_us)) };
    vec![
        format!("{} {}", check.what, check.by.words()),
        time(check.expected_us),
        time(check.reported_us),
        off(check.reported_us),
        allowed,
        check.standing.words().to_owned(),
    ]
}

/// By how much a value is off, with its sign.
fn signed(value: u64, expected: u64, words: impl Fn(u64) -> String) -> String {
    match value.checked_sub(expected) {
        Some(0) => "0".to_owned(),
        Some(more) => format!("+{}", words(more)),
        None => format!("−{}", words(expected - value)),
    }
}

fn write_closed_loop(it: &ClosedLoop, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{} · the server of `stall` at the same time", style.bold("coordinated omission"))?;
    let names = Quantile::SUMMARY.iter().map(ToString::to_string);
    let heads: Vec<String> = ["response".to_owned()].into_iter().chain(names).chain(["requests".to_owned()]).collect();
    let mut table = Table::new(&heads.iter().map(String::as_str).collect::<Vec<_>>());
    let time = |us: Option<u64>| us.map_or("failed".to_owned(), |us| Span::from_micros(us).to_string());
    let mut row = |name: String, times: Vec<Option<u64>>, requests: String| {
        table.row([vec![name], times.into_iter().map(time).collect(), vec![requests]].concat());
    };
    row("by law".to_owned(), it.law_us.iter().copied().map(Some).collect(), String::new());
    row("open loop".to_owned(), it.open_us.clone(), count(it.open_requests));
    row("closed loop".to_owned(), it.closed_us.clone(), count(it.closed_requests));
    table.lines(style.width.saturating_sub(2)).iter().try_for_each(|line| writeln!(out, "  {line}"))?;
    let why = format!(
        "each of the closed loop's {} connections waits for its answer before it asks again: it asks least while the server \
         stands still, and calls rare what every user meets who comes then",
        it.connections
    );
    indented(&why, 2, style, out)
}

fn write_end(test: &Selftest, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let with = |standing| test.rows.iter().flat_map(SelftestRow::standings).filter(|s| *s == standing).count() as u64;
    let (holds, busy, fails) = (with(Standing::Holds), with(Standing::Busy), with(Standing::Fails));
    let all = count(holds + busy + fails);
    let (word, text) = match test.standing {
        Standing::Holds => ("TRUE", format!("all {all} figures hold")),
        Standing::Busy => (
            "BUSY",
            format!(
                "{} of {all} figures are higher than allowed while the machine was busy, which says nothing of scrutinio; \
                 end other work and run it again",
                count(busy)
            ),
        ),
        Standing::Fails => ("FALSE", format!("{} of {all} figures do not hold", count(fails))),
    };
    let seconds = Span::from_secs_f64(test.seconds);
    writeln!(out, "\n{}", style.paint(test.standing.colour(), word))?;
    indented(&format!("{text}; {seconds}"), 2, style, out)
}
