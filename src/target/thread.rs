//! One serving thread: its runtime, its timer, its stations.

use std::io;
use std::net::TcpListener;
use std::rc::Rc;
use std::sync::mpsc;
use std::time::Duration;

use rustix::thread::CpuSet;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::TargetError;
use super::alarm::Alarm;
use super::faults::Faults;
use super::request_log::RequestLog;
use super::run::Config;
use super::server::{Service, Station, serve};
use super::stats::Counter;

/// What a serving thread is given.
pub struct Thread<'a, F> {
    /// Its number, from 0.
    pub index: usize,
    /// What the target is asked to be.
    pub config: &'a Config,
    /// Where it counts.
    pub counter: Counter,
    /// Where it writes its requests down.
    pub log: Option<RequestLog>,
    /// Builds the service.
    pub make: &'a F,
}

impl<S: Service, F: Fn() -> Rc<S>> Thread<'_, F> {
    /// Serves `sockets` until `stopped` has no sender any more. Reports once when it serves or cannot.
    pub fn work(
        self,
        sockets: Vec<TcpListener>,
        stopped: watch::Receiver<()>,
        report: mpsc::Sender<Result<(), TargetError>>,
    ) {
        // Nobody receives a report only when another thread has failed: then this one stops as well.
        let runtime = match self.prepare() {
            Ok(runtime) => runtime,
            Err(error) => return drop(report.send(Err(error))),
        };
        runtime.block_on(async {
            let mut stations = match self.open(sockets, &stopped) {
                Ok(stations) => stations,
                Err(source) => return drop(report.send(Err(TargetError::Start(source)))),
            };
            let _ = report.send(Ok(()));
            drop(report);
            while stations.join_next().await.is_some() {}
        });
    }

    fn prepare(&self) -> Result<tokio::runtime::LocalRuntime, TargetError> {
        pin_thread(self.config, self.index)?;
        Builder::new_current_thread().enable_all().build_local(LocalOptions::default()).map_err(TargetError::Start)
    }

    fn open(&self, sockets: Vec<TcpListener>, stopped: &watch::Receiver<()>) -> io::Result<JoinSet<()>> {
        let alarm = Alarm::new(self.counter.clock())?;
        let service = (self.make)();
        self.log.iter().for_each(|log| service.log_to(log));
        let mut stations = JoinSet::new();
        for (number, socket) in (0_u16..).zip(sockets) {
            let knobs = &self.config.knobs;
            let faults = (!knobs.are_untouched()).then(|| Faults::new(knobs.clone(), number, Rc::clone(&alarm)));
            let (counter, log) = (self.counter.clone(), self.log.clone());
            let tls = self.config.tls.clone();
            let station = Rc::new(Station { service: Rc::clone(&service), counter, log, faults, tls, number });
            let listener = tokio::net::TcpListener::from_std(socket)?;
            stations.spawn_local(serve(listener, station, ended(stopped.clone())));
        }
        if let Some(log) = self.log.clone().filter(|_| self.index == 0) {
            tokio::task::spawn_local(flush_each_second(log));
        }
        Ok(stations)
    }
}

async fn ended(mut stopped: watch::Receiver<()>) {
    // Nothing is ever sent: an error is the end.
    while stopped.changed().await.is_ok() {}
}

async fn flush_each_second(log: RequestLog) {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        log.flush();
    }
}

/// Pins the calling thread, the target's `index`-th, as the configuration says.
pub fn pin_thread(config: &Config, index: usize) -> Result<(), TargetError> {
    match &config.cpus {
        Some(cpus) if !cpus.is_empty() => pin(cpus[index % cpus.len()]),
        _ => Ok(()),
    }
}

fn pin(cpu: usize) -> Result<(), TargetError> {
    let error = |source: io::Error| TargetError::Cpu { cpu, source };
    if cpu >= CpuSet::MAX_CPU {
        return Err(error(io::ErrorKind::InvalidInput.into()));
    }
    let mut set = CpuSet::new();
    set.set(cpu);
    rustix::thread::sched_setaffinity(None, &set).map_err(|errno| error(errno.into()))
}
