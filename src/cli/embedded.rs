//! The target that a run starts itself: its own process on its own cores, which ends with the run (M1).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{self, Child, ChildStdout, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};

use crate::scenario::EmbeddedService;
use crate::unit::NotStarted;

use super::knobs::command_line;
use super::output::to_stderr;
use super::{Exit, Failure, memory};

/// The longest wait for the target's own count at the end.
const STATS_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest wait for a target whose files are wanted.
const LONGEST_END: Duration = Duration::from_secs(60);

/// A running target.
pub struct Embedded {
    child: Child,
    /// Kept open: a target whose standard output is closed could be surprised by its next line.
    _stdout: BufReader<ChildStdout>,
    /// Where it listens.
    pub address: SocketAddr,
    /// All its stations: the one at `address` and those beside it.
    pub stations: Vec<SocketAddr>,
    /// The file of its own CA, if it speaks TLS.
    pub ca: Option<PathBuf>,
}

impl Embedded {
    /// Starts a service with its knobs on these cores; its times are divided by `compress` (T5).
    pub fn start(
        service: EmbeddedService,
        knobs: &[(String, String)],
        cores: &[usize],
        compress: f64,
    ) -> Result<Self, Failure> {
        let mut line = command_line(service, knobs);
        line.extend(["--compress".to_owned(), compress.to_string()]);
        if !cores.is_empty() {
            let cores: Vec<String> = cores.iter().map(ToString::to_string).collect();
            line.extend(["--cpus".to_owned(), cores.join(",")]);
            // A queue is the state of one thread, and who names threads has chosen.
            let one_thread = ["exponential", "fixed", "shed", "threads"];
            if !knobs.iter().any(|(knob, _)| one_thread.contains(&knob.as_str())) {
                line.extend(["--threads".to_owned(), cores.len().to_string()]);
            }
        }
        Self::start_as(&line)
    }

    /// Starts this program with the arguments of a target that ends at the end of its standard input.
    pub fn start_as(line: &[String]) -> Result<Self, Failure> {
        let program = std::env::current_exe().context("cannot find this program to start the target with")?;
        let mut command = process::Command::new(program);
        command.args(line);
        // Its options are those of the scenario, not of the environment of this run.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SCRUTINIO_")) {
            command.env_remove(name);
        }
        // What a terminal or a service manager tells the whole group is for the run to hear: it decides when its target
        // ends, by the pipe, and asks it for its count before.
        let command = command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(NotStarted::of("the embedded target"))?;
        let mut stdout = BufReader::new(child.stdout.take().context("the target has no standard output")?);
        let mut line = String::new();
        stdout.read_line(&mut line).context("the embedded target did not say where it listens")?;
        let Some(Listening { address, stations, ca }) = listening(&line) else {
            // What was wrong stands on the standard error that it shares with this process.
            let _ = child.kill();
            let status = child.wait()?;
            // The allocator gives up by a signal, and knows of no limit.
            let limits = if status.code().is_none() { memory::limits_set() } else { String::new() };
            let error = anyhow!("the embedded target did not start ({status}){limits}");
            // A program that cannot be loaded ends with 127.
            let lacked = status.code().is_none_or(|code| code == Exit::Internal as i32 || code == 127);
            return Err(if lacked { error.into() } else { Failure::target(error) });
        };
        Ok(Self { child, _stdout: stdout, address, stations, ca })
    }

    /// How it has ended, if it has.
    pub fn death(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Has it drop every session at `at_ns` of CLOCK_MONOTONIC.
    pub fn drop_sessions(&self, at_ns: u64) -> anyhow::Result<()> {
        let answer = self.ask(&format!("POST /__scrutinio/drop-sessions?at_ns={at_ns}"))?;
        if answer.starts_with("HTTP/1.1 202 ") { Ok(()) } else { bail!("the target refuses an event: {answer}") }
    }

    /// Has it end, and waits until all that it writes is written.
    ///
    /// # Errors
    /// It ended before, could not write its files, or does not end.
    pub fn end(mut self) -> anyhow::Result<()> {
        if let Some(status) = self.death() {
            bail!("the target ended before it was to ({status})");
        }
        drop(self.child.stdin.take());
        let begun = Instant::now();
        while begun.elapsed() < LONGEST_END {
            if let Some(status) = self.death() {
                return if status.success() { Ok(()) } else { Err(anyhow!("the target ended wrongly ({status})")) };
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        bail!("the target did not end within {LONGEST_END:?}")
    }

    /// The answer to a request for one of the target's own pages.
    fn ask(&self, request: &str) -> anyhow::Result<String> {
        let mut stream = TcpStream::connect_timeout(&self.address, STATS_TIMEOUT)?;
        stream.set_read_timeout(Some(STATS_TIMEOUT))?;
        let head = format!("{request} HTTP/1.1\r\nHost: target\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// The number of requests that it counts as received (D5).
    pub fn received(&self) -> anyhow::Result<u64> {
        let answer = self.ask("GET /__scrutinio/stats")?;
        let (_, body) =
            answer.split_once("\r\n\r\n").ok_or_else(|| anyhow!("the target's count is not an HTTP answer"))?;
        let stats: serde_json::Value = serde_json::from_str(body).context("the target's count is not JSON")?;
        stats["received"].as_u64().context("the target's count has no `received`")
    }
}

/// What the target says at its start: where it listens, and where the certificate of its CA is.
struct Listening {
    address: SocketAddr,
    stations: Vec<SocketAddr>,
    ca: Option<PathBuf>,
}

fn listening(line: &str) -> Option<Listening> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    let stations = line["listening"].as_array()?.iter().map(|address| address.as_str()?.parse().ok());
    let stations: Vec<SocketAddr> = stations.collect::<Option<_>>()?;
    Some(Listening { address: *stations.first()?, stations, ca: line["ca"].as_str().map(PathBuf::from) })
}

/// Its standard input ends, and so does it; if it does not, it is killed. One that has ended by itself is told.
impl Drop for Embedded {
    fn drop(&mut self) {
        if self.child.stdin.is_none() {
            // `end` has waited for it.
            return;
        }
        if let Some(status) = self.death() {
            to_stderr(format_args!(
                "warning: the embedded target ended before the run did ({status}): nothing was answered from then on; \
                 `dmesg` tells whether the system killed it for want of memory\n"
            ));
            return;
        }
        drop(self.child.stdin.take());
        for _ in 0..100 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
