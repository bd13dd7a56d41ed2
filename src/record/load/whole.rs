//! A run that came to its end, or was stopped: everything, equal to what it ended with.

use std::sync::Arc;

use super::super::damage::Damages;
use super::super::facts::RunFacts;
use super::super::stored::{SecondSums, Stored, Sums};
use super::super::totals::{self, Totals};
use super::super::{
    Bin, Catalog, CatalogObjective, EndFacts, Histogram, MeasureRecord, PopulationRecord, Recording, bins, failures,
    hub, timeline,
};
use super::{Files, LoadError, catalog};

impl Files<'_> {
    /// The recording of a folder that has `recording.json`.
    pub(super) fn whole(
        &mut self,
        stored: Stored,
        objectives: Vec<CatalogObjective>,
        facts: &RunFacts,
    ) -> Result<Recording, LoadError> {
        let catalog = Catalog {
            limit_covers_target: stored.limit_covers_target,
            tightest_limit: stored.tightest_limit_ns,
            ..catalog(stored.catalog_populations(), stored.catalog_measures(), objectives, facts)
        };
        // Its sums are in other files.
        if !self.folder.join(hub::INTERVALS).exists() {
            self.damages.tell(hub::INTERVALS, None, "is missing");
        }
        let (bins, bin_lines) = self.bins(&catalog)?;
        let (mut timeline, timeline_lines) = self.timeline()?;
        let (lag, read_delay) = self.generator()?;
        let lag = lag.filter(|_| !stored.end.closed_loop);
        check_bins(&mut self.damages, &stored.sums, &bins, &catalog, bin_lines);
        if SecondSums::of(&timeline.seconds) != stored.sums.seconds {
            self.damages.tell(timeline::FILE, Some(timeline_lines), OTHER);
        }
        let len = |times: &Option<Histogram>| times.as_ref().map(Histogram::len);
        if (len(&lag), len(&read_delay)) != (stored.sums.lags, stored.sums.read_delays) {
            self.damages.tell(hub::GENERATOR, None, "does not come to what recording.json has of it");
        }
        timeline.nominal.extend(&stored.nominal_after);
        let mut totals = Totals::read(&self.lines(totals::FILE)?, &mut self.damages);
        let times =
            (0..).zip(&catalog.objectives).map(|(i, o)| catalog.ranks_times(o).then(|| totals.take_objective(i)));
        let times = times.collect();
        let measures = stored.measures.iter().enumerate();
        let measures = measures.map(|(m, it)| MeasureRecord { tally: it.tally, values: totals.take_measure(m) });
        let measures = measures.collect();
        let populations = stored.populations.into_iter().enumerate().map(|(p, stored)| {
            let mut record: PopulationRecord = totals.take_population(p, stored.steps());
            stored.complete(&mut record);
            record
        });
        Ok(Recording {
            populations: populations.collect(),
            measures,
            lag,
            read_delay,
            seconds: timeline.seconds,
            nominal: timeline.nominal,
            bins,
            counters: stored.counters,
            times,
            failures: failures::read_first(&self.lines(failures::FILE)?, &mut self.damages),
            wrong: stored.wrong,
            unasked: stored.unasked,
            end: EndFacts { lanes: self.lanes()?, ..stored.end },
            identity: if stored.imbalances.is_empty() { Ok(()) } else { Err(stored.imbalances) },
            damage: Vec::new(),
            memory: stored.memory,
            catalog: Arc::new(catalog),
        })
    }
}

const OTHER: &str = "what is read up to here does not come to what recording.json has of it";

/// Tells of objectives whose rows were cut off or changed.
fn check_bins(damages: &mut Damages, sums: &Sums, bins: &[Vec<Bin>], catalog: &Catalog, lines: u64) {
    for ((bins, sum), name) in bins.iter().zip(&sums.bins).zip(catalog.series()) {
        let read = Bin::sum(bins);
        if read.n < sum.n {
            let what = format!("up to here it has {} of the {} requests or samples of `{name}`", read.n, sum.n);
            damages.tell(bins::FILE, Some(lines), what);
        } else if read != *sum {
            damages.tell(
                bins::FILE,
                Some(lines),
                format!("what is read of `{name}` up to here is not what was counted"),
            );
        }
    }
}
