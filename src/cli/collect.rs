//! A run under way: the lanes started, what they hand over received, and at the end the recording.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, SystemTime};

use anyhow::Context;

use crate::engine::limits::{self, Usage};
use crate::engine::{Engine, EngineConfig, LaneEnd, Load, RunClock};
use crate::plan::Plan;
use crate::record::{
    Catalog, CatalogMeasure, EndFacts, Ending, HostSample, Hub, LaneLog, LaneUse, OtherRun, Recording, Sinks, Slice,
};
use crate::scenario::{Measure, Scenario};
use crate::unit::{Instant, Span};

use super::embedded::Embedded;
use super::one_session::Shared;
use super::others::{PROC, other_runs};
use super::progress::Progress;
use super::stop::StopSignal;

/// What the hard stop adds to R7's last due and longest timeout: a timeout runs from woke and fires after a look (R5),
/// so that the last request's would come just after. A generator that is later than this is held up, not late.
const DRAIN_ROOM: Span = Span::from_secs(1);

/// A run under way.
pub struct Run<'a> {
    /// What is run.
    pub scenario: &'a Scenario,
    /// What is recorded of it.
    pub catalog: Arc<Catalog>,
    /// How sessions come to be.
    pub load: Load,
    /// Its plan.
    pub plan: &'a Arc<Plan>,
    /// The lanes, each with the core that it is pinned to.
    pub lanes: &'a [Option<usize>],
    /// When it starts.
    pub clock: RunClock,
    /// What stops it.
    pub stop: &'a StopSignal,
    /// Other runs that were there before it.
    pub others: Vec<OtherRun>,
}

impl Run<'_> {
    /// Starts the lanes, receives what they hand over until they end, and ends in the recording.
    pub fn go(
        &self,
        shared: &Shared,
        (sinks, lane_log): (Sinks, LaneLog),
        progress: &mut Progress,
        mut embedded: Option<&mut Embedded>,
    ) -> anyhow::Result<Recording> {
        let nominal = if self.is_closed() { Vec::new() } else { self.plan.nominal.clone() };
        let mut hub = Hub::new(Arc::clone(&self.catalog), nominal, SystemTime::now(), sinks)?;
        let interval = Hub::interval_for(self.plan.last_due);
        let usage = Usage::read();
        let mut engine = Engine::start(EngineConfig {
            scenario: Arc::new(self.scenario.clone()),
            plan: Arc::clone(self.plan),
            hard_stop: self.hard_stop(self.catalog.tightest_limit.unwrap_or_default()),
            catalog: Arc::clone(&self.catalog),
            origins: shared.origins.clone(),
            load: self.load,
            lanes: self.lanes.to_vec(),
            run_id: shared.run_id.clone(),
            before: shared.before.clone(),
            interval,
            clock: self.clock,
            observer: None,
            only: None,
        })
        .context("cannot start the lanes")?;
        // Only now: the lanes would inherit it.
        limits::go_last_this_thread();
        self.stop.stops(engine.stopper());
        let stood = vec![Span::ZERO; self.lanes.len()];
        let mut host = Host { before: usage, start: usage, lanes: lane_log, stood };
        if let Err(error) = self.collect(&mut engine, &mut hub, &mut host, progress, embedded.as_deref_mut()) {
            // Nobody takes up what the others would go on to measure.
            engine.stopper().stop();
            return Err(error);
        }
        let lanes = engine.join()?;
        while let Ok(slice) = engine.slices.try_recv() {
            hub.add(slice.lane, &slice)?;
            host.take(&slice);
        }
        let elapsed = self.clock.now() - Instant::ZERO;
        host.look(Instant::ZERO + elapsed, &engine)?;
        let end = self.end_facts(lanes, elapsed, host, embedded, &hub);
        Ok(hub.finish(end)?)
    }

    fn is_closed(&self) -> bool {
        self.load != Load::Planned
    }

    /// R7: the last nominal due of the plan and the longest that it may be late: by one request, its timeout or all its
    /// tries with their waits, with room for it to fire; or by a session that waits for each of its answers as long as
    /// objectives allow. In closed loop the end and the former.
    fn hard_stop(&self, tightest_limit: Span) -> Instant {
        let longest = self.scenario.longest_request();
        match self.load {
            Load::Planned => self.plan.last_due + longest.max(self.plan.slip(tightest_limit)) + DRAIN_ROOM,
            Load::Closed { until: Some(until), .. } => until + longest + DRAIN_ROOM,
            Load::Closed { until: None, .. } => Instant::MAX,
        }
    }

    /// Receives what the lanes hand over until they end, or one of them fails, and closes an interval after each.
    fn collect(
        &self,
        engine: &mut Engine,
        hub: &mut Hub,
        host: &mut Host,
        progress: &mut Progress,
        mut embedded: Option<&mut Embedded>,
    ) -> anyhow::Result<()> {
        let (lanes, interval) = (self.lanes.len(), Hub::interval_for(self.plan.last_due));
        let mut handed_over = 0;
        let mut next_close = Instant::ZERO + interval;
        loop {
            match engine.slices.recv_timeout(Duration::from_millis(100)) {
                Ok(mut slice) => {
                    hub.add(slice.lane, &slice)?;
                    host.take(&slice);
                    handed_over += 1;
                    let lane = slice.lane;
                    slice.clear();
                    // A lane that has ended needs no spare.
                    let _ = engine.spares[lane].send(slice);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            let now = self.clock.now();
            // Half an interval of grace for a lane that hands over late; what comes after counts in the next.
            let late = now >= next_close + Span::from_nanos(interval.as_nanos() / 2);
            if now >= next_close && (handed_over >= lanes || late) {
                handed_over = 0;
                hub.close_interval(now, host.look(now, engine)?)?;
                while next_close <= now {
                    next_close = next_close + interval;
                }
            }
            if embedded.as_mut().is_some_and(|embedded| embedded.death().is_some()) {
                // Nobody is there to answer the rest.
                engine.stopper().stop();
            }
            progress.show(now, &hub.snapshot());
            if engine.has_ended()? {
                return Ok(());
            }
        }
    }

    /// How many transactions are planned; what else is measured no plan can tell.
    fn planned_samples(&self, measures: &[CatalogMeasure]) -> Vec<Option<u64>> {
        let planned = |measure: &CatalogMeasure| match measure.kind {
            Measure::Transaction => {
                let transactions = self.plan.populations[usize::from(measure.population)].transactions();
                transactions.get(measure.name.as_str()).copied()
            }
            _ => None,
        };
        measures.iter().map(planned).collect()
    }

    fn end_facts(
        &self,
        lanes: LaneEnd,
        elapsed: Span,
        mut host: Host,
        mut embedded: Option<&mut Embedded>,
        hub: &Hub,
    ) -> EndFacts {
        let populations = self.plan.populations.iter();
        let begun = hub.begun();
        let target_death = embedded.as_mut().and_then(|embedded| embedded.death());
        EndFacts {
            ending: match (self.stop.was_stopped(), target_death) {
                (true, _) => Ending::Interrupted,
                (false, Some(_)) => Ending::TargetDied,
                (false, None) => Ending::Finished,
            },
            target_death: target_death.map(|status| status.to_string()),
            planned: Some(if self.is_closed() { begun.0 } else { populations.clone().map(|p| p.requests).collect() }),
            planned_samples: if self.is_closed() { Vec::new() } else { self.planned_samples(hub.measures()) },
            planned_sessions: Some(if self.is_closed() { begun.1 } else { populations.map(|p| p.own_sessions).sum() }),
            gave_up: lanes.gave_up,
            arrivals_hash: (!self.is_closed()).then_some((self.plan.arrivals_hash, lanes.arrivals_hash)),
            elapsed,
            closed_loop: self.is_closed(),
            host: host.over_all(),
            max_rss_bytes: Usage::read().max_rss_bytes,
            target_received: embedded
                .filter(|_| self.scenario.target.origins.len() == 1)
                .and_then(|embedded| embedded.received().ok()),
            after: Vec::new(),
            lanes: host.lanes.finish(),
            planned_length: (!self.is_closed()).then(|| self.planned_length()),
            other_runs: self.other_runs(),
        }
    }

    /// How long the part of the scenario's day is that runs.
    fn planned_length(&self) -> Span {
        let clock = &self.scenario.clock;
        let (from, to) = clock.window;
        Span::from_secs_f64((to - from) / clock.compress)
    }

    /// Those that were there before it, and those that are there at its end.
    fn other_runs(&self) -> Vec<OtherRun> {
        let mut all = self.others.clone();
        all.extend(other_runs(Path::new(PROC)).into_iter().filter(|now| !self.others.contains(now)));
        all
    }
}

/// The machine and the lanes' cores, looked at from time to time.
struct Host {
    before: Usage,
    start: Usage,
    lanes: LaneLog,
    /// How long each lane has stood still up to now.
    stood: Vec<Span>,
}

impl Host {
    /// Takes in what a lane says of itself.
    fn take(&mut self, slice: &Slice) {
        self.stood[slice.lane] = self.stood[slice.lane].saturating_add(slice.stood);
    }

    /// Looks at the interval that ends at `now`, and writes down what the lanes used in it.
    fn look(&mut self, now: Instant, engine: &Engine) -> std::io::Result<HostSample> {
        let sample = self.sample();
        let used = engine.lanes_used().into_iter().zip(&self.stood);
        let used: Vec<_> = used.map(|(used, stood)| Some(LaneUse { stood: *stood, ..used? })).collect();
        self.lanes.close_interval(now, &used, sample.steal_pct)?;
        Ok(sample)
    }

    fn sample(&mut self) -> HostSample {
        let now = Usage::read();
        let steal_pct = now.steal_pct_since(&self.before);
        self.before = now;
        HostSample { rss_bytes: now.rss_bytes, cpu: now.cpu.saturating_sub(self.start.cpu), steal_pct }
    }

    /// Over the whole run.
    fn over_all(&mut self) -> HostSample {
        self.before = self.start;
        self.sample()
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::num::NonZeroUsize;
    use std::path::Path;
    use std::sync::atomic::AtomicU64;

    use super::super::folder::Folder;
    use super::*;
    use crate::engine::monotonic_nanos;
    use crate::record::RunFacts;
    use crate::scenario::{self, Overrides};
    use crate::wire::ResolvedOrigin;

    /// A minute on two lanes, of which the second cannot begin: no machine has its core.
    #[test]
    fn a_lane_that_fails_stops_the_run_and_what_was_measured_stays() {
        let server = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = server.local_addr().expect("it is bound");
        let text = format!(
            "name: minute\nclock: {{ from: 2000-01-01T00:00:00, to: 2000-01-01T00:01:00 }}\ntarget: http://{address}\n\
             populations: {{ all: {{ arrivals: {{ process: even, curve: [constant: 4] }}, flow: read }} }}\n\
             flows: {{ read: {{ steps: [{{ get: / }}] }} }}\n"
        );
        let checked = scenario::parse(&text, "minute", Path::new(""), &Overrides::default(), &|_| None);
        let scenario = checked.unwrap_or_else(|problems| panic!("{problems}")).scenario;
        let plan = Plan::build(&scenario, NonZeroUsize::MIN, &AtomicU64::new(0)).expect("a plan");
        let temp = tempfile::tempdir().expect("a temporary folder");
        let facts = RunFacts { name: "minute".to_owned(), run_id: "0123456789".to_owned(), ..RunFacts::default() };
        let folder = Folder::make(temp.path(), &facts).expect("a folder");
        let files = (folder.sinks().expect("its files"), folder.lane_log().expect("its file"));
        let (lanes, stop) = ([None, Some(1_000)], StopSignal::listen("nothing is kept").expect("signals"));
        let clock = RunClock::starting_at(monotonic_nanos());
        let catalog = Arc::new(Catalog::without_objectives(&scenario));
        let (plan, others, load) = (&Arc::new(plan), Vec::new(), Load::Planned);
        let run = Run { scenario: &scenario, catalog, load, plan, lanes: &lanes, clock, stop: &stop, others };
        let origin = ResolvedOrigin {
            authority: address.to_string(),
            addresses: vec![address.into()],
            sources: Vec::new(),
            tls: None,
        };
        let ended = run.go(&Shared::new(vec![origin]), files, &mut Progress::silent(&scenario), None);
        let error = ended.expect_err("a lane failed").to_string();
        assert!(error.starts_with("lane-1 failed: "), "{error}");
        let timeline = std::fs::read_to_string(folder.path().join("timeline.csv")).expect("it was begun");
        assert!(timeline.starts_with("second,") && timeline.lines().count() < 60, "it did not go on:\n{timeline}");
    }
}
