//! A whole target: from a [`Config`] to threads that serve until told to stop.

use std::future::Future;
use std::net::SocketAddr;
use std::num::{NonZeroU16, NonZeroUsize};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::mpsc;
use std::thread::{Scope, ScopedJoinHandle};

use rustix::process::{Resource, Rlimit};
use tokio::runtime::Builder;
use tokio::sync::watch;

use super::TargetError;
use super::clock::Clock;
use super::election::Election;
use super::knobs::Knobs;
use super::listen::listen;
use super::null;
use super::remote::{RemoteOptions, RemoteWork};
use super::request_log::RequestLog;
use super::sample::Sample;
use super::server::Service;
use super::stats::Stats;
use super::thread::{Thread, pin_thread};
use super::tls::ServerTls;
use super::writes::Writes;
use crate::unit::{NotStarted, STACK_BYTES};

/// What a target is asked to be.
#[derive(Clone, Debug)]
pub struct Config {
    /// What it serves.
    pub service: ServiceKind,
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What is wrong with it.
    pub knobs: Knobs,
    /// Independent copies of the service with its queue, each on a port of its own: consecutive ones from
    /// that of `listen`, or free ones if it is 0. They share one thread.
    pub stations: NonZeroU16,
    /// Where a line for each request is written.
    pub log: Option<PathBuf>,
    /// Where its files may be.
    pub writes: Writes,
    /// Threads that serve.
    pub threads: NonZeroUsize,
    /// The processors to pin the threads to, thread i to the i-th of them, again from the first if there
    /// are more threads.
    pub cpus: Option<Vec<usize>>,
    /// How it speaks TLS; `None`: plain.
    pub tls: Option<ServerTls>,
}

/// The services that can be put under test.
#[derive(Clone, Debug, PartialEq)]
pub enum ServiceKind {
    /// An election's results, sections and staff; see [`super::election`].
    Election {
        /// The store's file; `None`: a new store, gone with the process.
        store: Option<PathBuf>,
    },
    /// Logons and desktops of people who work from home; see [`super::remote`].
    RemoteWork(Box<RemoteOptions>),
    /// The same 200 to every request, as fast as a process can; see the module `null`.
    Null,
    /// Nothing but the knobs: `/bytes/N` is a body of N bytes, `/status/N` that status, all else `ok`.
    Knobs,
}

impl Default for Config {
    /// One station of the knob service on one thread at 127.0.0.1:8080, no knob turned, no log.
    fn default() -> Self {
        Self {
            service: ServiceKind::Knobs,
            listen: ([127, 0, 0, 1], 8080).into(),
            knobs: Knobs::default(),
            stations: NonZeroU16::MIN,
            log: None,
            writes: Writes::Anywhere,
            threads: NonZeroUsize::MIN,
            cpus: None,
            tls: None,
        }
    }
}

impl Config {
    /// What cannot be, of what is asked for; the machine may refuse more.
    #[must_use]
    pub fn faults(&self) -> Vec<TargetError> {
        let Self { knobs, threads, .. } = self;
        let too_much = knobs.errors.as_fraction() + knobs.drops.as_fraction() > 1.0;
        let shares = too_much.then_some(TargetError::Shares { errors: knobs.errors, drops: knobs.drops });
        let of_one_thread = knobs.service.is_some() || knobs.shed.is_some() || self.stations > NonZeroU16::MIN;
        let several = (*threads > NonZeroUsize::MIN && of_one_thread).then_some(TargetError::Threads(*threads));
        shares.into_iter().chain(several).collect()
    }
}

/// Runs a target until `shutdown` resolves. `announce` is told the stations' addresses once they listen, and after them
/// that of the remote-work service's directory if it has its own.
pub fn run(
    config: &Config,
    announce: impl FnOnce(&[SocketAddr]),
    shutdown: impl Future<Output = ()>,
) -> Result<(), TargetError> {
    pin_this_process(config);
    match &config.service {
        ServiceKind::Election { store } => {
            let election = Election::open(store.as_deref(), config.writes)?;
            run_service(config, || Rc::new(election.clone()), announce, shutdown)
        }
        ServiceKind::RemoteWork(options) => {
            let remote = RemoteWork::start(options)?;
            let announce = |addresses: &[SocketAddr]| {
                announce(&addresses.iter().copied().chain(remote.directory()).collect::<Vec<_>>());
            };
            run_service(config, || Rc::new(remote.clone()), announce, shutdown)
        }
        ServiceKind::Knobs => run_service(config, || Rc::new(Sample::default()), announce, shutdown),
        ServiceKind::Null => run_null(config, announce, shutdown),
    }
}

fn run_null(
    config: &Config,
    announce: impl FnOnce(&[SocketAddr]),
    shutdown: impl Future<Output = ()>,
) -> Result<(), TargetError> {
    if !config.knobs.are_untouched() || config.log.is_some() || config.stations > NonZeroU16::MIN {
        return Err(TargetError::Null);
    }
    raise_descriptor_limit();
    let sockets: Vec<_> = listen(config.listen, 1, config.threads.get())?.into_iter().flatten().collect();
    let addresses: Vec<_> = sockets.iter().take(1).filter_map(|socket| socket.local_addr().ok()).collect();
    let waiting = Builder::new_current_thread().enable_all().build().map_err(TargetError::Start)?;
    let stop = null::new_stop().map_err(TargetError::Start)?;
    std::thread::scope(|scope| {
        let (report, reports) = mpsc::channel();
        let (stop, panicked) = (&stop, || TargetError::Start(std::io::Error::other("a serving thread panicked")));
        let serve = |(index, socket)| {
            let report = report.clone();
            serving_thread(scope, index, move || {
                // Received as long as no other thread has failed.
                let _ = report.send(pin_thread(config, index));
                drop(report);
                null::serve(socket, stop, config.tls.as_ref()).map_err(TargetError::Start)
            })
        };
        let serving: Result<Vec<_>, _> = sockets.into_iter().enumerate().map(serve).collect();
        drop(report);
        let pinned = reports.iter().collect::<Result<(), _>>();
        if serving.is_ok() && pinned.is_ok() {
            announce(&addresses);
            waiting.block_on(shutdown);
        }
        // The counter is full only after 2⁶⁴ stops.
        let _ = rustix::io::write(stop, &1u64.to_ne_bytes());
        let mut ended = serving?.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(panicked())));
        pinned.and(ended.by_ref().collect())
    })
}

/// As [`run`], for the service that `make` builds: it is called once for each thread, in that thread.
pub fn run_service<S: Service>(
    config: &Config,
    make: impl Fn() -> Rc<S> + Sync,
    announce: impl FnOnce(&[SocketAddr]),
    shutdown: impl Future<Output = ()>,
) -> Result<(), TargetError> {
    if let Some(fault) = config.faults().into_iter().next() {
        return Err(fault);
    }
    raise_descriptor_limit();
    let rows = listen(config.listen, config.stations.get(), config.threads.get())?;
    let addresses: Vec<_> = rows[0].iter().filter_map(|socket| socket.local_addr().ok()).collect();
    let log = open_log(config)?;
    let stats = Stats::new(Clock::start(), config.threads.get());
    let waiting = Builder::new_current_thread().enable_all().build().map_err(TargetError::Start)?;

    std::thread::scope(|scope| {
        // Dropped when this closure ends, however it ends: then the threads stop and the scope joins them.
        let (_stop, stopped) = watch::channel(());
        let (report, reports) = mpsc::channel();
        for (index, sockets) in rows.into_iter().enumerate() {
            let thread = Thread { index, config, counter: stats.counter(index), log: log.clone(), make: &make };
            let (stopped, report) = (stopped.clone(), report.clone());
            serving_thread(scope, index, move || thread.work(sockets, stopped, report))?;
        }
        drop(report);
        let serving: Vec<()> = reports.iter().collect::<Result<_, _>>()?;
        // Fewer only if one panicked, and then the scope panics in its turn.
        if serving.len() == config.threads.get() {
            announce(&addresses);
            waiting.block_on(shutdown);
        }
        Ok::<(), TargetError>(())
    })?;
    match (log, &config.log) {
        (Some(log), Some(path)) => log.finish().map_err(|source| TargetError::Log { path: path.clone(), source }),
        _ => Ok(()),
    }
}

fn serving_thread<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    index: usize,
    serve: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>, TargetError> {
    let thread = std::thread::Builder::new().name(format!("serving-{index}")).stack_size(STACK_BYTES);
    Ok(thread.spawn_scoped(scope, serve).map_err(NotStarted::of(format!("a thread for serving-{index}")))?)
}

/// Threads that a service starts for itself belong on the target's processors too: they inherit this.
fn pin_this_process(config: &Config) {
    let Some(cpus) = &config.cpus else { return };
    let mut set = rustix::thread::CpuSet::new();
    // A processor that does not exist is told by the thread that is to be pinned to it.
    cpus.iter().filter(|cpu| **cpu < rustix::thread::CpuSet::MAX_CPU).for_each(|cpu| set.set(*cpu));
    let _ = rustix::thread::sched_setaffinity(None, &set);
}

/// Reads standard input from now on; what it gives resolves at the end of file: when the process that holds the other
/// end of the pipe is gone, whatever became of it (M1). Only for a process that was given such a pipe.
pub fn parent_gone() -> Result<impl Future<Output = ()>, TargetError> {
    let (gone, told) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().name("parent".to_owned()).stack_size(STACK_BYTES);
    let started = thread.spawn(move || {
        // An error of standard input is its end as well.
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        let _ = gone.send(());
    });
    started.map_err(NotStarted::of("a thread that waits for the run's end"))?;
    Ok(async move { drop(told.await) })
}

fn open_log(config: &Config) -> Result<Option<RequestLog>, TargetError> {
    let open = |path: &PathBuf| {
        let file = config.writes.log(path).map_err(|source| TargetError::Log { path: path.clone(), source })?;
        Ok(RequestLog::to(file))
    };
    config.log.as_ref().map(open).transpose()
}

/// Every connection needs a descriptor. If the limit stays, connections beyond it wait to be accepted.
fn raise_descriptor_limit() {
    let limit = rustix::process::getrlimit(Resource::Nofile);
    let _ = rustix::process::setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}
