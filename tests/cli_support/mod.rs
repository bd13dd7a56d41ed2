//! Drives the real binary: scenario files in a folder of their own, options from no environment.
#![allow(dead_code, clippy::unwrap_used)] // each test file uses its part; helpers of tests count as tests

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A day with all that a plan has: curves, a surge, bursts, thinks, polls, objectives.
pub const DAY: &str = r#"
name: day
clock: { from: 2016-06-05T07:00, to: 2016-06-06T13:00, zone: Europe/Rome, compress: 600 }
requests: 50_000
seed: 7
target: { embedded: knobs }
populations:
  readers:
    share: 90%
    arrivals:
      curve:
        - line: [["07:00", 1], ["12:00", 4], ["22:55", 8], ["+1d 05:00", 3], ["+1d 10:00", 8]]
        - surge: { at: "23:00", to: 16, rise: 5m, half_life: 45m }
        - burst: { at: "20:00", weight: 5%, spread: 10m }
    flow: read
  pollers: { share: 10%, arrivals: { curve: [{ constant: 1 }] }, flow: poll }
  offices: { users: 20, arrivals: { burst: { at: "08:00", weight: 100%, spread: 30m } }, flow: read }
flows:
  read: { steps: [{ get: / }, { think: { lognormal: { median: 8s, p95: 35s } } }, { get: "/page/{{session}}" }] }
  poll: { steps: [{ repeat: { times: 5, every: 60s, steps: [{ get: /results, name: poll }] } }] }
slo:
  overall: ["errors < 0.1%"]
  readers: ["p99 < 300ms", "p99 < 1s during 22:55..23:30"]
  pollers.poll: ["p95 < 500ms"]
"#;

/// A command without the variables that ask the program for something: options, and what GitHub asks its steps for.
pub fn unasked(mut command: Command) -> Command {
    let asks = |name: &OsString| ["SCRUTINIO_", "GITHUB_"].iter().any(|it| name.to_string_lossy().starts_with(it));
    for name in std::env::vars_os().map(|(name, _)| name).filter(asks) {
        command.env_remove(name);
    }
    command
}

/// A folder with scenario files.
pub struct Place {
    pub dir: TempDir,
}

/// How a command ended.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Place {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// Writes a scenario.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The program, in this folder.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = unasked(Command::new(env!("CARGO_BIN_EXE_scrutinio")));
        // Not the calibration of whoever runs the tests.
        command.env("SCRUTINIO_CALIBRATION", self.dir.path().join("none.json"));
        command.current_dir(self.dir.path()).args(args);
        command
    }

    pub fn run(&self, args: &[&str]) -> Ended {
        Ended::from(self.command(args).output().unwrap())
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Ended {
    /// Standard output of a command that must have ended with this code.
    #[track_caller]
    pub fn with(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self.stdout
    }
}
