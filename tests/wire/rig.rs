//! What every test here stands on: the real binary, run on a folder of its own, and what it left there.
//!
//! Nothing of the crate is called to run a load: the tests see what a user sees (exit code, files, signals).
//! Shared by the test binaries `wire`, `truth`, `night` and `cli_report`; each uses a part of it.
#![allow(dead_code, clippy::unwrap_used)] // helpers of tests count as tests

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
pub use scrutinio::truth::Line;
use scrutinio::truth::read_log;
use serde_json::Value;
use tempfile::TempDir;

/// The longest that any run of these tests may take; far above what any needs.
const PATIENCE: Duration = Duration::from_secs(300);

/// The binary under test, free of the environment's options.
pub fn scrutinio() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scrutinio"));
    command.env_clear().stdin(Stdio::null());
    command
}

/// A child of the test; it never outlives it.
struct Kept(Child);

impl Kept {
    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    fn wait(&mut self) -> i32 {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(begun.elapsed() < PATIENCE, "a child does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A run under way.
pub struct Running {
    child: Kept,
    temp: TempDir,
}

/// A run that has ended, with what it left.
pub struct Done {
    /// The exit code.
    pub code: i32,
    /// `summary.json`.
    pub summary: Value,
    /// `run.json`.
    pub facts: Value,
    /// The run's folder.
    pub folder: PathBuf,
    /// What it said on standard error.
    pub said: String,
    _temp: TempDir,
}

/// `scrutinio quick URL …`, to its end.
pub fn quick(url: &str, args: &[&str]) -> Done {
    start_quick(url, args).wait()
}

/// `scrutinio quick URL …`
pub fn start_quick(url: &str, args: &[&str]) -> Running {
    let mut command = scrutinio();
    command.arg("quick").arg(url).args(args);
    start(command, tempfile::tempdir().unwrap())
}

/// `scrutinio run` of a scenario's text, to its end.
pub fn run(yaml: &str, args: &[&str]) -> Done {
    start_run(yaml, args).wait()
}

/// `scrutinio run` of a scenario's text.
pub fn start_run(yaml: &str, args: &[&str]) -> Running {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("scenario.yaml");
    std::fs::write(&file, yaml).unwrap();
    let mut command = scrutinio();
    command.arg("run").arg(&file).args(args);
    start(command, temp)
}

/// Starts a command of `scrutinio` that makes one run's folder.
pub fn start(mut command: Command, temp: TempDir) -> Running {
    let said = std::fs::File::create(temp.path().join("stderr")).unwrap();
    command.arg("--out").arg(temp.path().join("out")).stdout(Stdio::null()).stderr(said);
    Running { child: Kept(command.spawn().unwrap()), temp }
}

impl Running {
    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        self.child.signal(signal);
    }

    /// Waits until its folder is there: from then on it is about to send.
    pub fn wait_for_folder(&self) -> PathBuf {
        let begun = Instant::now();
        loop {
            if let Some(folder) = folder_in(self.temp.path()).filter(|folder| folder.join("timeline.csv").exists()) {
                return folder;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "the run does not start: {}", self.said());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until its first `n` seconds are on disk: then its clock is past them, however slow the machine is.
    pub fn wait_for_seconds(&self, n: usize) -> PathBuf {
        let folder = self.wait_for_folder();
        let begun = Instant::now();
        loop {
            let text = std::fs::read_to_string(folder.join("timeline.csv")).unwrap();
            // A row that is still being written has no end.
            let rows = text.split_inclusive('\n').skip(1).filter(|row| row.ends_with('\n'));
            let seconds = rows.filter_map(|row| row.split(',').next()?.parse::<usize>().ok());
            if seconds.max().is_some_and(|second| second + 1 >= n) {
                return folder;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "the run does not go on: {}", self.said());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until something stands in a file of its folder.
    pub fn wait_for_content(&self, file: &Path) {
        let begun = Instant::now();
        while std::fs::metadata(file).unwrap().len() == 0 {
            assert!(begun.elapsed() < Duration::from_secs(60), "{} stays empty: {}", file.display(), self.said());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until this stands on its standard error.
    pub fn wait_to_say(&self, words: &str) {
        let begun = Instant::now();
        while !self.said().contains(words) {
            assert!(begun.elapsed() < Duration::from_secs(60), "it never says `{words}`: {}", self.said());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends it with SIGKILL; what it was run in, with the folder that it left.
    pub fn kill(self) -> TempDir {
        let Self { child, temp } = self;
        drop(child);
        temp
    }

    /// Waits for its end; only the exit code.
    pub fn exit_code(mut self) -> i32 {
        self.child.wait()
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.temp.path().join("stderr")).unwrap()
    }

    /// Waits for its end.
    pub fn wait(mut self) -> Done {
        let code = self.child.wait();
        let said = self.said();
        let Some(folder) = folder_in(self.temp.path()) else { panic!("exit {code} and no folder: {said}") };
        let read = |name: &str| {
            let text = std::fs::read_to_string(folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}; {said}"));
            serde_json::from_str(&text).unwrap()
        };
        let done = Done {
            code,
            summary: read("summary.json"),
            facts: read("run.json"),
            folder: folder.clone(),
            said,
            _temp: self.temp,
        };
        done.check_identity();
        done
    }
}

fn folder_in(temp: &Path) -> Option<PathBuf> {
    let mut folders = std::fs::read_dir(temp.join("out")).ok()?;
    Some(folders.next()?.unwrap().path())
}

impl Done {
    /// R3, for every run of every test: all that was planned ended once, and the reasons add up to the classes.
    fn check_identity(&self) {
        let requests = &self.summary["requests"];
        let count = |class: &str| requests[class].as_u64().unwrap();
        let ended = ["completed", "failed", "unsent", "unfinished"].map(count).iter().sum::<u64>();
        assert_eq!(requests["planned"].as_u64(), Some(ended), "{requests}");
        let by_reason: u64 = requests["by_reason"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
        assert_eq!(by_reason, ended - count("completed"), "{requests}");
        let populations = self.summary["populations"].as_object().unwrap().values();
        for transaction in populations.flat_map(|population| population["measures"].as_object().unwrap().values()) {
            let samples = &transaction["transaction"]["samples"];
            let Some(planned) = samples["planned"].as_u64() else { continue };
            let parts = ["completed", "failed", "unsent", "unfinished"].map(|class| samples[class].as_u64().unwrap());
            assert_eq!(parts.iter().sum::<u64>(), planned, "{samples}");
        }
    }

    /// How many requests ended so, for example `failed.reset`.
    pub fn reason(&self, reason: &str) -> u64 {
        self.summary["requests"]["by_reason"][reason].as_u64().unwrap_or(0)
    }

    /// Right answers.
    pub fn completed(&self) -> u64 {
        self.summary["requests"]["completed"].as_u64().unwrap()
    }

    /// A number of the summary by its JSON pointer.
    pub fn number(&self, pointer: &str) -> f64 {
        let value = self.summary.pointer(pointer).unwrap_or_else(|| panic!("no {pointer}"));
        value.as_f64().unwrap_or_else(|| panic!("{pointer} is {value}"))
    }

    /// A count of the summary by its JSON pointer.
    pub fn count(&self, pointer: &str) -> u64 {
        self.number(pointer) as u64
    }

    /// The run's start on CLOCK_MONOTONIC, in nanoseconds.
    pub fn start_ns(&self) -> u64 {
        self.facts["start_monotonic_ns"].as_u64().unwrap()
    }

    /// `failures.ndjson`.
    pub fn failures(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.join("failures.ndjson")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What the first failure says of itself.
    pub fn detail(&self) -> String {
        self.failures().first().map_or(String::new(), |failure| failure["detail"].as_str().unwrap().to_owned())
    }
}

/// Does the work for each item at once: the runs of one test need not wait for each other.
pub fn side_by_side<T: Send, R: Send>(items: impl IntoIterator<Item = T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = items.into_iter().map(|item| scope.spawn(move || work(item))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// `scrutinio target`, listening.
pub struct Target {
    child: Kept,
    temp: TempDir,
    /// Its stations.
    pub addresses: Vec<SocketAddr>,
    /// When it said that it listens.
    pub since: Instant,
}

impl Target {
    /// Starts the service `knobs` with these knobs, on free ports.
    pub fn start(knobs: &[&str]) -> Self {
        Self::of("knobs", knobs)
    }

    /// Starts a service with these knobs, on free ports.
    pub fn of(service: &str, knobs: &[&str]) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let mut command = scrutinio();
        // It ends with its standard input, so that it never outlives the tests.
        command.args(["target", "--service", service, "--listen", "127.0.0.1:0", "--until-stdin-ends"]).args(knobs);
        command.arg("--log").arg(temp.path().join("log")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = Kept(command.spawn().unwrap());
        let mut line = String::new();
        BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap();
        let addresses = told["listening"].as_array().unwrap().iter().map(|a| a.as_str().unwrap().parse().unwrap());
        Self { addresses: addresses.collect(), child, temp, since: Instant::now() }
    }

    /// The URL of its first station.
    pub fn url(&self) -> String {
        format!("http://{}/", self.addresses[0])
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        self.child.signal(signal);
    }

    /// Ends it; what it logged, in order of arrival.
    pub fn stop(mut self) -> Vec<Line> {
        drop(self.child.0.stdin.take());
        self.child.wait();
        read_log(&self.temp.path().join("log")).unwrap()
    }
}

/// A scenario of `users` sessions, evenly over `seconds` (at most 59), each doing `steps` (YAML in flow style) on
/// `target`. `policy` is the flow's `connection` and what else the flow says; `more` further lines of the scenario.
pub fn scenario(target: &str, users: u32, seconds: u32, policy: &str, steps: &str, more: &str) -> String {
    format!(
        "name: test
clock: {{ from: 2026-01-01T00:00:00, to: 2026-01-01T00:00:{seconds:02} }}
target: {target}
populations:
  users: {{ users: {users}, arrivals: {{ process: even, curve: [constant: 1] }}, flow: flow }}
flows:
  flow: {{ connection: {policy}, steps: {steps} }}
{more}
"
    )
}
