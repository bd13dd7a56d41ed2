//! `scrutinio selftest`: measures servers of its own whose truth is known, and holds what it reports against that truth.
//!
//! `row` has the servers and their loads, `measure` and `paused` measure them, `check` holds, and `distort` falsifies what
//! was measured so that all of this can be seen failing.

mod args;
mod check;
mod distort;
mod measure;
mod paused;
mod row;
mod scratch;

pub use args::SelftestArgs;

use std::time::Instant;

use anyhow::anyhow;

use crate::engine::limits;
use crate::report::{ClosedLoop, Latency, Selftest, SelftestRow, Standing, write_selftest};
use crate::truth::{Calm, Watch};
use crate::unit::{NotStarted, Quantile, STACK_BYTES};

use super::conclude::style;
use super::output::{to_stderr, to_stdout};
use super::stop::StopSignal;
use super::{Exit, Failure, Outcome};

use measure::{Bench, CLOSED, Measured};
use row::{How, ROWS, Row};
use scratch::Scratch;

/// Measures, holds and prints.
pub fn selftest(args: &SelftestArgs) -> Outcome {
    let begun = Instant::now();
    let stop = StopSignal::listen("nothing that was measured is shown")?;
    limits::raise_descriptors();
    let (scratch, distortions) = (Scratch::make()?, args.distortions());
    let bench =
        Bench { quick: args.quick, seed: args.seed, folder: scratch.path(), stop: &stop, distortions: &distortions };
    let is_chosen = |row: &Row| args.rows.is_empty() || args.rows.iter().any(|name| name == row.name);
    let chosen: Vec<Row> = ROWS.into_iter().filter(is_chosen).collect();
    let mut measured = Vec::new();
    for wave in chosen.chunk_by(|a, b| a.wave == b.wave) {
        if !args.quiet {
            say(wave, args.quick);
        }
        let ended = side_by_side(&bench, wave);
        if stop.was_stopped() {
            return Ok(Exit::Stopped);
        }
        measured.extend(ended?);
    }
    let rows = || chosen.iter().zip(&measured);
    let checked: Vec<SelftestRow> = rows().map(|(row, (it, calm))| check::check(row, it, *calm)).collect();
    let test = Selftest {
        schema_version: 1,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        machine: super::host::facts(),
        quick: args.quick,
        seed: args.seed,
        distorted: distortions.iter().map(ToString::to_string).collect(),
        standing: checked.iter().map(|row| row.standing).max().unwrap_or(Standing::Fails),
        seconds: (begun.elapsed().as_secs_f64() * 10.0).round() / 10.0,
        rows: checked,
        closed_loop: rows().find_map(|(row, (it, _))| closed_loop(row, it)),
    };
    print(&test, args.json)?;
    Ok(match test.standing {
        Standing::Holds => Exit::Ready,
        Standing::Busy => Exit::Invalid,
        Standing::Fails => Exit::NotReady,
    })
}

fn say(rows: &[Row], quick: bool) {
    let longest = rows.iter().map(|row| row.length(quick)).max().unwrap_or_default();
    let names: Vec<&str> = rows.iter().map(|row| row.name).collect();
    let how = if names.len() > 1 { " side by side" } else { "" };
    to_stderr(format_args!("measuring {}{how}, {longest}\n", names.join(", ")));
}

/// Measures the rows at once, with one watch over the machine for all of them.
fn side_by_side(bench: &Bench<'_>, rows: &[Row]) -> Result<Vec<(Measured, Calm)>, Failure> {
    let watch = Watch::start()?;
    let measured: Result<Vec<Measured>, Failure> = std::thread::scope(|scope| {
        let start = |row: &Row| {
            let row = *row;
            let thread = std::thread::Builder::new().name(row.name.to_owned()).stack_size(STACK_BYTES);
            let measure = move || match row.how {
                How::Here | How::BesideClosedLoop => bench.measure(&row),
                How::Paused => bench.measure_paused(&row),
            };
            thread.spawn_scoped(scope, measure).map_err(NotStarted::of(format!("a thread for {}", row.name)))
        };
        // All are started before any is waited for.
        let threads: Vec<_> = rows.iter().map(start).collect();
        let ended = threads.into_iter().map(|thread| thread?.join().map_err(|_| anyhow!("a row panicked"))?);
        ended.collect()
    });
    let calm = watch.end();
    Ok(measured?.into_iter().map(|measured| (measured, calm)).collect())
}

/// What the closed loop beside a row said.
fn closed_loop(row: &Row, measured: &Measured) -> Option<ClosedLoop> {
    let (closed, law, n) = (measured.closed?, row.law?, measured.planned);
    let open = measured.summary.latency_us.response;
    let quantiles = |latency: &Latency| latency.quantiles().map(|(_, us)| us).to_vec();
    Some(ClosedLoop {
        connections: CLOSED,
        law_us: Quantile::SUMMARY.map(|quantile| law.quantile(quantile, n).as_micros()).to_vec(),
        open_us: quantiles(&open),
        closed_us: quantiles(&closed),
        open_requests: open.count,
        closed_requests: closed.count,
    })
}

fn print(test: &Selftest, json: bool) -> std::io::Result<()> {
    to_stdout(|out| {
        if json {
            serde_json::to_writer_pretty(&mut *out, test)?;
            return writeln!(out);
        }
        write_selftest(test, style(), out)
    })
}
