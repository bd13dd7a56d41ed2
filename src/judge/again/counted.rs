//! What of a recording counts the same as an objective would have.

use crate::record::{Bin, Catalog, CatalogObjective, Histogram, Recording};
use crate::scenario::{Bad, Errors, Metric};
use crate::unit::Instant;

use super::{CountedLimit, Unanswered};

/// Something that was counted by bins of due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// An objective of the run.
    Objective(usize),
    /// The errors of all requests.
    Errors,
    /// Those of a population.
    ErrorsOf(usize),
    /// Right answers by second.
    Rate,
}

impl Counted {
    /// What answers an objective, in a window of its own or cut to one; or why nothing does.
    pub(super) fn answering(asked: &CatalogObjective, recording: &Recording) -> Result<Self, Unanswered> {
        let catalog = &*recording.catalog;
        let about: Vec<Self> = Self::about(asked, catalog);
        let alike: Vec<Self> = about.iter().copied().filter(|counted| counted.counts_as(asked, catalog)).collect();
        if alike.contains(&Self::Rate) {
            return Ok(Self::Rate);
        }
        let same = alike.iter().find(|counted| counted.window(catalog) == asked.window);
        let whole = alike.iter().find(|counted| counted.window(catalog).is_none());
        match (same, whole, asked.window) {
            (Some(same), ..) => Ok(*same),
            (None, Some(whole), Some(window)) if is_of_bins(window, recording) => Ok(*whole),
            (None, Some(_), _) => Err(Unanswered::OtherBins { bin: catalog.bin }),
            (None, None, _) => Err(why_not(&about, &alike, asked, catalog)),
        }
    }

    /// What was counted of its scope and measure.
    fn about(asked: &CatalogObjective, catalog: &Catalog) -> Vec<Self> {
        let same = |o: &CatalogObjective| (&o.scope, o.measure) == (&asked.scope, asked.measure);
        let objectives =
            catalog.objectives.iter().enumerate().filter(|(_, o)| same(o)).map(|(i, _)| Self::Objective(i));
        let population = catalog.populations.iter().position(|population| population.name == asked.scope);
        let errors = match asked.scope.as_str() {
            _ if asked.measure.is_some() => None,
            "overall" => Some(Self::Errors),
            _ => population.map(Self::ErrorsOf),
        };
        // A step has no answers by second.
        let rate = errors.map(|_| Self::Rate);
        objectives.chain(errors).chain(rate).collect()
    }

    /// Whether its K and K′ are those of an objective, whatever share, number or ratio that allows.
    fn counts_as(self, asked: &CatalogObjective, catalog: &Catalog) -> bool {
        match self {
            Self::Objective(index) => {
                let counted = &catalog.objectives[index].metric;
                let is_ratio = counted.counts_exchanges() && asked.metric.counts_exchanges();
                is_ratio || (counted.bad().is_some() && counted.bad() == asked.metric.bad())
            }
            Self::Errors | Self::ErrorsOf(_) => asked.metric.bad() == Some(Bad::Errors(Errors::All)),
            Self::Rate => matches!(asked.metric, Metric::Rate { .. }),
        }
    }

    /// The part of the run that it was counted in; `None`: all of it.
    pub(super) fn window(self, catalog: &Catalog) -> Option<(Instant, Instant)> {
        match self {
            Self::Objective(index) => catalog.objectives[index].window,
            Self::Errors | Self::ErrorsOf(_) | Self::Rate => None,
        }
    }

    /// Its bins from 0.
    pub(super) fn bins(self, recording: &Recording) -> &[Bin] {
        let series = match self {
            Self::Objective(index) => index,
            Self::Errors => recording.catalog.errors_of_all(),
            Self::ErrorsOf(population) => recording.catalog.errors_of(population),
            // It is judged by seconds.
            Self::Rate => return &[],
        };
        &recording.bins[series]
    }

    /// Those of its bins that lie in a window, with nothing in those before.
    pub(super) fn within(self, (from, to): (Instant, Instant), recording: &Recording) -> Vec<Bin> {
        let width = recording.catalog.bin.as_nanos();
        // One that ends behind the run has the last bin, whatever part of it.
        let inside = from.as_nanos() / width..to.as_nanos().div_ceil(width);
        let is_in = |bin: usize| inside.contains(&(bin as u64));
        let bins = self.bins(recording).iter().enumerate();
        bins.map(|(bin, seen)| if is_in(bin) { *seen } else { Bin::default() }).collect()
    }

    /// Its own times, if it has them and they are known.
    pub(super) fn times(self, recording: &Recording) -> Option<&Histogram> {
        match self {
            Self::Objective(index) => recording.times.get(index)?.as_ref(),
            Self::Errors | Self::ErrorsOf(_) | Self::Rate => None,
        }
    }

    /// Whether it counts the requests of a step that has these objectives, of the population of this number.
    pub(super) fn has_requests_of(self, population: usize, objectives: &[u16]) -> bool {
        match self {
            Self::Objective(_) => self.is_one_of(objectives),
            Self::Errors => true,
            Self::ErrorsOf(of) => of == population,
            Self::Rate => false,
        }
    }

    /// Whether it is one of these objectives of the run.
    pub(super) fn is_one_of(self, objectives: &[u16]) -> bool {
        objectives.iter().any(|index| self == Self::Objective(usize::from(*index)))
    }
}

/// Whether a window begins and ends with a bin, or ends with the run.
fn is_of_bins((from, to): (Instant, Instant), recording: &Recording) -> bool {
    let width = recording.catalog.bin.as_nanos();
    let begins_bin = |at: Instant| at.as_nanos().is_multiple_of(width);
    begins_bin(from) && (begins_bin(to) || to.since(Instant::ZERO) >= recording.end.elapsed)
}

fn why_not(about: &[Counted], alike: &[Counted], asked: &CatalogObjective, catalog: &Catalog) -> Unanswered {
    if !alike.is_empty() {
        return Unanswered::OtherPart;
    }
    let limits = || about.iter().filter_map(|counted| limit(*counted, catalog)).collect();
    asked.metric.slow().map_or(Unanswered::NotCounted, |_| Unanswered::OtherLimits { limits: limits() })
}

/// The limit that it was counted at, if it is about a time.
fn limit(counted: Counted, catalog: &Catalog) -> Option<CountedLimit> {
    let Counted::Objective(index) = counted else { return None };
    catalog.objectives[index].metric.slow().map(CountedLimit::from)
}
