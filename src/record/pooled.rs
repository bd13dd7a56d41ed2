//! Several looks at one plan, with other seeds, as one recording (O17): what people read of all of them together.
//!
//! Counts and times are sums. What has an instant is of two kinds: the seconds stand one look behind the other, as the time
//! that was spent; the bins of objectives stand upon one another, by the instants of the plan.

use std::sync::Arc;

use crate::unit::Span;

use super::wrong::WrongKinds;
use super::{
    Bin, Catalog, EndFacts, Ending, FailureRecord, Histogram, HostSample, LaneUse, LanesRecord, MeasureRecord,
    PopulationRecord, Recording, StepRecord, Tally, total_histogram, unasked,
};

impl Recording {
    /// The same with its objectives in bins of a second. Plans of about ten minutes may have either width (D3).
    #[must_use]
    pub fn in_bins_of_a_second(mut self) -> Self {
        let second = Span::from_secs(1);
        let joined = (second.as_nanos() / self.catalog.bin.as_nanos().max(1)).max(1) as usize;
        let join = |bins: &Vec<Bin>| bins.chunks(joined).map(Bin::sum).collect::<Vec<_>>();
        self.bins = self.bins.iter().map(join).collect();
        self.catalog = Arc::new(Catalog { bin: second, ..Catalog::clone(&self.catalog) });
        self
    }

    /// These looks as one that ended so; the catalog is that of the first. `None` of no look.
    pub fn pooled(looks: &[Self], ending: Ending) -> Option<Self> {
        let (first, others) = looks.split_first()?;
        let mut sum = first.clone();
        for look in others {
            sum.add_look(look);
        }
        let last = &looks[looks.len() - 1].end;
        sum.end = EndFacts {
            ending,
            after: last.after.clone(),
            target_death: last.target_death.clone(),
            gave_up: last.gave_up,
            // Each look is another plan's.
            arrivals_hash: None,
            ..sum.end
        };
        Some(sum)
    }

    fn add_look(&mut self, look: &Self) {
        self.populations.iter_mut().zip(&look.populations).for_each(|(sum, more)| sum.add(more));
        self.measures.iter_mut().zip(&look.measures).for_each(|(sum, more)| sum.add(more));
        self.times.iter_mut().zip(&look.times).for_each(|(sum, more)| add_both(sum, more.as_ref()));
        add_both(&mut self.lag, look.lag.as_ref());
        add_both(&mut self.read_delay, look.read_delay.as_ref());
        self.seconds.extend(look.seconds.iter().cloned());
        self.nominal.extend(&look.nominal);
        for (sum, more) in self.bins.iter_mut().zip(&look.bins) {
            sum.resize(sum.len().max(more.len()), Bin::default());
            sum.iter_mut().zip(more).for_each(|(sum, more)| sum.add(*more));
        }
        self.counters = match (self.counters.take(), &look.counters) {
            (Some(mut sum), Some(more)) => {
                sum.add(more);
                Some(sum)
            }
            _ => None,
        };
        for failure in &look.failures {
            if !self.failures.iter().any(|known: &FailureRecord| known.is_of_kind(failure)) {
                self.failures.push(failure.clone());
            }
        }
        self.wrong = WrongKinds::added([&self.wrong, &look.wrong]);
        unasked::add(&mut self.unasked, &look.unasked);
        self.identity = self.identity.clone().and(look.identity.clone());
        self.damage.extend(look.damage.iter().cloned());
        self.memory = look.memory;
        self.end.add_look(&look.end);
    }
}

impl EndFacts {
    fn add_look(&mut self, look: &Self) {
        let both = |sum: Option<u64>, more: Option<u64>| Some(sum? + more?);
        self.planned = match (self.planned.take(), &look.planned) {
            (Some(sum), Some(more)) => Some(sum.iter().zip(more).map(|(sum, more)| sum + more).collect()),
            _ => None,
        };
        let samples = self.planned_samples.iter().zip(&look.planned_samples);
        self.planned_samples = samples.map(|(sum, more)| both(*sum, *more)).collect();
        self.planned_sessions = both(self.planned_sessions, look.planned_sessions);
        self.target_received = both(self.target_received, look.target_received);
        let (so_far, more) = (self.elapsed.as_secs_f64(), look.elapsed.as_secs_f64());
        // The mean over the whole time.
        let steal_pct = (self.host.steal_pct * so_far + look.host.steal_pct * more) / (so_far + more).max(1e-9);
        self.host =
            HostSample { rss_bytes: look.host.rss_bytes, cpu: self.host.cpu.saturating_add(look.host.cpu), steal_pct };
        self.elapsed = self.elapsed.saturating_add(look.elapsed);
        self.max_rss_bytes = self.max_rss_bytes.max(look.max_rss_bytes);
        self.planned_length = self.planned_length.zip(look.planned_length).map(|(sum, more)| sum.saturating_add(more));
        for run in &look.other_runs {
            if !self.other_runs.contains(run) {
                self.other_runs.push(run.clone());
            }
        }
        self.lanes.add_look(&look.lanes);
    }
}

impl LanesRecord {
    /// Its intervals are told of each look for itself.
    fn add_look(&mut self, look: &Self) {
        self.lanes.resize(self.lanes.len().max(look.lanes.len()), LaneUse::default());
        for (sum, more) in self.lanes.iter_mut().zip(&look.lanes) {
            *sum = LaneUse {
                cpu: sum.cpu.saturating_add(more.cpu),
                run_queue: sum.run_queue.saturating_add(more.run_queue),
                voluntary: sum.voluntary + more.voluntary,
                involuntary: sum.involuntary + more.involuntary,
                stood: sum.stood.saturating_add(more.stood),
            };
        }
        self.wall = self.wall.saturating_add(look.wall);
        self.intervals.clear();
    }
}

impl PopulationRecord {
    fn add(&mut self, look: &Self) {
        self.tally.add(&look.tally);
        self.extra.add(&look.extra);
        self.right_by_second.extend(&look.right_by_second);
        for (sum, more) in [
            (&mut self.response, &look.response),
            (&mut self.service, &look.service),
            (&mut self.wait, &look.wait),
            (&mut self.first_byte, &look.first_byte),
            (&mut self.connect, &look.connect),
            (&mut self.pool_wait, &look.pool_wait),
        ] {
            add(sum, more);
        }
        match (&mut self.handshake, &look.handshake) {
            (Some(sum), Some(more)) => add(sum, more),
            (none, more) => *none = none.take().or_else(|| more.clone()),
        }
        self.steps.iter_mut().zip(&look.steps).for_each(|(sum, more)| sum.add(more));
        self.counters.add(&look.counters);
    }
}

impl StepRecord {
    fn add(&mut self, look: &Self) {
        self.tally.add(&look.tally);
        add(&mut self.response, &look.response);
        for (status, n) in &look.by_status {
            *self.by_status.entry(*status).or_default() += n;
        }
        self.bytes_sent += look.bytes_sent;
        self.bytes_received += look.bytes_received;
    }
}

impl MeasureRecord {
    fn add(&mut self, look: &Self) {
        let MeasureRecord { tally, values }: &Self = look;
        Tally::add(&mut self.tally, tally);
        add(&mut self.values, values);
    }
}

fn add(sum: &mut Histogram, more: &Histogram) {
    // One that was read back makes no room for greater values.
    let mut both = total_histogram();
    for one in [&*sum, more] {
        both.add(one).expect("every merged histogram has the same bounds");
    }
    *sum = both;
}

/// What is lost of one look is known of none.
fn add_both(sum: &mut Option<Histogram>, more: Option<&Histogram>) {
    match (sum.as_mut(), more) {
        (Some(sum), Some(more)) => add(sum, more),
        _ => *sum = None,
    }
}
