//! Due instants become sessions: lanes that send, wait, read, and record.
//!
//! Each lane is a thread with its own epoll set, timer, connections, sessions and recorder. The engine
//! sees a plan, origins with addresses, and a channel for what happened; it judges nothing, prints
//! nothing, and knows no target of ours.

mod clock;
mod coding;
mod cookies;
mod date;
mod deadline;
mod inspect;
mod lane;
mod lanes;
mod legible;
pub mod limits;
mod markup;
mod observed;
mod parts;
mod program;
mod redirect;
mod row;
mod session;
mod speech;
mod stream;
mod unwritable;
mod values;
mod watch;
mod weight;

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use crate::plan::{Arrival, Plan, Stripe};
use crate::record::{Catalog, LaneUse, Reason, Recorder, Slice};
use crate::scenario::{HttpVersion, Limits, Mask, Scenario};
use crate::unit::{Instant, Span};
use crate::wire::{Poller, ResolvedOrigin, new_waker};

pub use clock::{RunClock, monotonic_nanos};
pub use coding::{coding, decoded};
use lane::{Lane, LaneConfig};
use lanes::Lanes;
pub use observed::{Exchange, Observed, Observer, OnStream};
use program::OfRun;
use watch::Watch;
pub use watch::of_process;
pub use weight::request_bytes;

/// How sessions come to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// As the plan says.
    Planned,
    /// Each session of the plan repeats its first request at once, until the time or the lane's budget is up.
    Closed {
        /// When to begin no more.
        until: Option<Instant>,
        /// Requests of this lane.
        budget: Option<u64>,
        /// Sessions that share a connection, one a stream.
        streams: u32,
    },
}

/// What a lane knows at its end beside what it recorded.
#[derive(Clone, Copy, Debug, Default)]
pub struct LaneEnd {
    /// The sum over the sessions that it started or left unsent (P8).
    pub arrivals_hash: u128,
    /// Why it ended before all that it was planned to do, if it did.
    pub gave_up: Option<Reason>,
}

/// What a run needs.
pub struct EngineConfig {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// Its plan.
    pub plan: Arc<Plan>,
    /// What is recorded.
    pub catalog: Arc<Catalog>,
    /// The scenario's origins, in its order, with their addresses.
    pub origins: Vec<ResolvedOrigin>,
    /// How sessions come to be; a budget is divided over the lanes.
    pub load: Load,
    /// Lanes, and the core that each is pinned to.
    pub lanes: Vec<Option<usize>>,
    /// The run's id.
    pub run_id: String,
    /// What `before` has saved, in the order of its names.
    pub before: Vec<String>,
    /// Interval of the record.
    pub interval: Span,
    /// R7: when the lanes give up.
    pub hard_stop: Instant,
    /// When the run starts.
    pub clock: RunClock,
    /// Told of every exchange, if there is one lane and `only` one session.
    pub observer: Option<Observer>,
    /// The only session to run, by population and number: `try`.
    pub only: Option<(usize, u64)>,
}

/// A run under way.
pub struct Engine {
    lanes: Lanes,
    stop: Arc<AtomicBool>,
    wakers: Vec<Arc<OwnedFd>>,
    watches: Vec<Arc<Watch>>,
    /// What the lanes hand over.
    pub slices: Receiver<Slice>,
    /// Takes emptied slices back.
    pub spares: Vec<Sender<Slice>>,
}

/// Ends the run from another thread.
#[derive(Clone)]
pub struct Stopper {
    stop: Arc<AtomicBool>,
    wakers: Vec<Arc<OwnedFd>>,
}

impl Stopper {
    /// Tells every lane to leave what is open unfinished and to end.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        for waker in &self.wakers {
            // The counter is full only if the lane was woken 2⁶⁴ times without looking.
            let _ = rustix::io::write(waker, &1u64.to_ne_bytes());
        }
    }
}

impl Engine {
    /// Starts the lanes.
    pub fn start(config: EngineConfig) -> io::Result<Self> {
        let lanes = config.lanes.len() as u32;
        let names = |p: usize| &config.catalog.populations[p].step_by_number;
        let measures = |p: usize| config.catalog.measures_by_step(&config.scenario, p);
        let of_run = OfRun { origins: &config.origins, run_id: &config.run_id, before: &config.before };
        let compiled = (0..config.scenario.populations.len())
            .map(|p| program::compile(&config.scenario, p, names(p), of_run, measures(p)));
        let programs = Arc::new(compiled.collect::<Vec<_>>());
        let http = Arc::new(config.scenario.target.origins.iter().map(|origin| origin.http).collect::<Vec<_>>());
        let origins = config.origins.into_iter().zip(&*http).map(|(origin, http)| origin.offering(offer(http.version)));
        let (origins, run_id) = (Arc::new(origins.collect::<Vec<_>>()), Arc::<str>::from(config.run_id));
        let routes = Arc::new(redirect::Routes::new(&config.scenario.target.origins, &origins));
        let mask = Arc::new(Mask::new(&config.scenario, &config.before));
        let stop = Arc::new(AtomicBool::new(false));
        let ((out, slices), mut observer) = (channel(), config.observer);
        let mut engine = Self {
            lanes: Lanes::default(),
            stop: Arc::clone(&stop),
            wakers: Vec::new(),
            watches: Vec::new(),
            slices,
            spares: Vec::new(),
        };
        for (index, core) in (0..lanes).zip(&config.lanes) {
            let (spare_in, spare_out) = channel();
            engine.spares.push(spare_in);
            let lane_config = LaneConfig {
                index,
                lanes,
                clock: config.clock,
                programs: Arc::clone(&programs),
                origins: Arc::clone(&origins),
                routes: Arc::clone(&routes),
                mask: Arc::clone(&mask),
                http: Arc::clone(&http),
                load: divide(config.load, config.plan.sessions, index, lanes),
                limits: divide_limits(config.scenario.limits, index, lanes),
                run_id: Arc::clone(&run_id),
                interval: config.interval,
                hard_stop: config.hard_stop,
                stop: Arc::clone(&stop),
            };
            let recorder = Recorder::new(Arc::clone(&config.catalog), index as usize, out.clone(), spare_out);
            let waker = Arc::new(new_waker()?);
            engine.wakers.push(Arc::clone(&waker));
            let watch = Arc::new(Watch::default());
            engine.watches.push(Arc::clone(&watch));
            let (plan, only, load) = (Arc::clone(&config.plan), config.only, config.load);
            let (observer, core) = (observer.take(), *core);
            let started = engine.lanes.start(index, move || {
                if let Some(core) = core {
                    limits::pin_this_thread(&[core])?;
                }
                let poller = Poller::new(&waker)?;
                let arrivals = arrivals(&plan, only, load, index, lanes);
                let clock = lane_config.clock;
                let lane = Lane::new(lane_config, &plan, arrivals, poller, recorder, observer);
                clock.wait_for_start();
                watch.begin();
                let end = lane.run();
                watch.end();
                end
            });
            // Those that have started must not run a part of the plan.
            started.inspect_err(|_| engine.stopper().stop())?;
        }
        Ok(engine)
    }

    /// What ends the run from another thread.
    pub fn stopper(&self) -> Stopper {
        Stopper { stop: Arc::clone(&self.stop), wakers: self.wakers.clone() }
    }

    /// What each lane has used of its core since it began, up to now or its end; `None` if the kernel does not say.
    pub fn lanes_used(&self) -> Vec<Option<LaneUse>> {
        self.watches.iter().map(|watch| watch.used()).collect()
    }

    /// Whether every lane has ended; an error as soon as one has failed, though others may run on.
    pub fn has_ended(&mut self) -> io::Result<bool> {
        self.lanes.have_ended()
    }

    /// Waits for the lanes; their ends in one, or the first error of one. Slices that they
    /// handed over can still be received.
    pub fn join(&mut self) -> io::Result<LaneEnd> {
        self.lanes.join()
    }
}

/// What is offered by ALPN for a version of HTTP.
const fn offer(version: HttpVersion) -> &'static [&'static [u8]] {
    match version {
        HttpVersion::Auto => &[b"h2", b"http/1.1"],
        HttpVersion::One => &[b"http/1.1"],
        HttpVersion::Two => &[b"h2"],
    }
}

fn arrivals(
    plan: &Plan,
    only: Option<(usize, u64)>,
    load: Load,
    index: u32,
    lanes: u32,
) -> Box<dyn Iterator<Item = Arrival> + '_> {
    if let Some((population, session)) = only {
        let arrival = plan.arrival(population, session);
        return Box::new(std::iter::once(Arrival { due: Instant::ZERO, ..arrival }));
    }
    match load {
        // Those that share a connection belong to one lane.
        Load::Closed { streams, .. } if streams > 1 => {
            let all = plan.arrivals(Stripe { index: 0, of: 1 });
            Box::new(all.filter(move |arrival| lane_of(arrival.session, streams, lanes) == u64::from(index)))
        }
        _ => Box::new(plan.arrivals(Stripe { index: u64::from(index), of: u64::from(lanes) })),
    }
}

/// The lane of a session in closed loop: `streams` sessions share a connection.
fn lane_of(session: u64, streams: u32, lanes: u32) -> u64 {
    session / u64::from(streams) % u64::from(lanes)
}

/// A lane's part of a total: all parts add up to it.
fn part(total: u64, index: u32, lanes: u32) -> u64 {
    total / u64::from(lanes) + u64::from(u64::from(index) < total % u64::from(lanes))
}

/// A lane's part of the load. A budget is divided over the sessions of the plan, each of which is a connection or a
/// stream of one, and not over the lanes: with fewer connections than lanes, a lane has none that could use its part.
fn divide(load: Load, sessions: u64, index: u32, lanes: u32) -> Load {
    let of_lane = |budget, streams| {
        let own = (0..sessions).filter(|session| lane_of(*session, streams, lanes) == u64::from(index));
        own.map(|session| budget / sessions + u64::from(session < budget % sessions)).sum()
    };
    match load {
        Load::Closed { until, budget, streams } => {
            Load::Closed { until, budget: budget.map(|budget| of_lane(budget, streams)), streams }
        }
        Load::Planned => Load::Planned,
    }
}

/// R6 bounds the process; each lane has its part of the bound, at least one.
fn divide_limits(limits: Limits, index: u32, lanes: u32) -> Limits {
    Limits { max_in_flight: part(limits.max_in_flight, index, lanes).max(1), ..limits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_spent_whole_by_any_connections_on_any_lanes() {
        for (budget, connections, lanes) in [(4, 1, 2), (10, 3, 2), (7, 50, 4), (1_000_003, 64, 3)] {
            let load = Load::Closed { until: None, budget: Some(budget), streams: 1 };
            let of_lane = |index| match divide(load, connections, index, lanes) {
                Load::Closed { budget: Some(part), .. } => part,
                other => panic!("{other:?}"),
            };
            assert_eq!((0..lanes).map(of_lane).sum::<u64>(), budget, "{budget} over {connections} on {lanes}");
            assert!((0..lanes).all(|index| u64::from(index) < connections || of_lane(index) == 0));
        }
    }
}
