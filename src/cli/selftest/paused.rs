//! The row whose generator is stopped in the middle: a process of its own, as SIGSTOP stops a whole process.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::record::RunFacts;
use crate::report::Summary;
use crate::unit::{NotStarted, Span};

use super::super::Failure;
use super::super::embedded::Embedded;
use super::measure::{Bench, Measured, Planned};
use super::row::Row;

/// For how long it is stopped: two whole seconds lie in it, and O5 lets one pass.
const PAUSE: Duration = Duration::from_millis(2_200);

/// It is stopped once its server has received so many requests.
const UNDER_WAY: u64 = 100;

/// The longest wait for it to be under way, and for its end after that.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A run in a process of its own, which does not outlive this value.
struct Generator(Child);

impl Bench<'_> {
    /// Has `scrutinio run` measure a row, and stops it for a while.
    pub fn measure_paused(&self, row: &Row) -> Result<Measured, Failure> {
        let log = self.folder.join(format!("{}.log", row.name));
        let server = Embedded::start_as(&row.command_line(row.seed(self.seed), &log.to_string_lossy()))?;
        let text = row.scenario(&server.stations, row.length(self.quick), row.seed(self.seed));
        let planned = Planned::of(&text)?;
        let file = self.folder.join(format!("{}.yaml", row.name));
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        let printed = self.folder.join(format!("{}.json", row.name));
        let mut generator = Generator::start(&file, &printed, self.folder)?;
        self.wait(|| Ok((server.received()? >= UNDER_WAY).then_some(())), &mut generator)?;
        let paused = generator.pause()?;
        let status = self.wait_for_end(&mut generator)?;
        server.end()?;
        let (summary, facts) = results(&printed).with_context(|| format!("the paused run ended with {status}"))?;
        Ok(Measured {
            planned: planned.plan.requests,
            requests: planned.requests(&log, &facts.run_id, facts.start_monotonic_ns)?,
            summary,
            read_delay: None,
            closed: None,
            paused: Some(paused),
        })
    }

    fn wait_for_end(&self, generator: &mut Generator) -> anyhow::Result<ExitStatus> {
        let begun = Instant::now();
        loop {
            if let Some(status) = generator.0.try_wait()? {
                return Ok(status);
            }
            self.go_on(begun)?;
        }
    }

    /// Waits until something is there, for as long as the generator lives.
    fn wait<T>(&self, ready: impl Fn() -> anyhow::Result<Option<T>>, generator: &mut Generator) -> anyhow::Result<T> {
        let begun = Instant::now();
        loop {
            if let Some(there) = ready()? {
                return Ok(there);
            }
            if let Some(status) = generator.0.try_wait()? {
                bail!("the run that was to be paused ended before ({status})");
            }
            self.go_on(begun)?;
        }
    }

    fn go_on(&self, begun: Instant) -> anyhow::Result<()> {
        if self.stop.was_stopped() {
            bail!("stopped by a signal");
        }
        if begun.elapsed() > PATIENCE {
            bail!("the run that was to be paused does not go on");
        }
        std::thread::sleep(LOOK_EVERY);
        Ok(())
    }
}

impl Generator {
    fn start(scenario: &Path, printed: &Path, folder: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe().context("cannot find this program")?);
        command.arg("run").arg(scenario).args(["--quiet", "--json", "--lanes", "1"]).arg("--out").arg(folder);
        // The options of the environment are not its own, nor is a summary of CI the place for what it says.
        command.env_clear();
        // A group of its own: a shell need not hear that it was stopped.
        let printed = File::create(printed).with_context(|| format!("cannot write {}", printed.display()))?;
        let command = command.process_group(0).stdin(Stdio::null()).stdout(printed);
        Ok(Self(command.spawn().map_err(NotStarted::of("the run that is paused"))?))
    }

    /// Stops it and lets it go on; for how long it was stopped at least.
    fn pause(&self) -> anyhow::Result<Span> {
        kill_process(Pid::from_child(&self.0), Signal::STOP)?;
        let begun = Instant::now();
        std::thread::sleep(PAUSE);
        let paused = begun.elapsed();
        kill_process(Pid::from_child(&self.0), Signal::CONT)?;
        Ok(Span::from_secs_f64(paused.as_secs_f64()))
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        // SIGKILL ends a stopped process as well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What it printed, and what it noted of itself in the folder that it names there.
fn results(printed: &Path) -> anyhow::Result<(Summary, RunFacts)> {
    let text = std::fs::read_to_string(printed)?;
    let value: serde_json::Value = serde_json::from_str(&text).context("it printed no summary")?;
    let folder = value["folder"].as_str().context("its summary names no folder")?;
    let facts = std::fs::read_to_string(Path::new(folder).join("run.json"))?;
    Ok((serde_json::from_value(value.clone())?, serde_json::from_str(&facts)?))
}
