//! Objectives by bins of due: `objectives.csv` (D3), and beside them the errors of all requests and of each population,
//! which a run can be asked about later.
//!
//! Written like the timeline: a bin's row when the first interval closes after it, requests that end
//! later as further rows of the same bin. Rows of one bin and objective add up.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};

use super::damage::Damages;
use super::facts::LONGEST_S;
use super::{BinDelta, Catalog, CatalogObjective, rows};
use crate::unit::Span;

/// Its name in a run's folder.
pub(super) const FILE: &str = "objectives.csv";

/// Bins that a file may name, so that a damaged number costs no memory. Only runs of minutes have bins under a second (D3).
const MAX_BINS: u64 = LONGEST_S;

/// A row of `objectives.csv`.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Row<'a> {
    bin_ms: u64,
    objective: Cow<'a, str>,
    n: u64,
    k: u64,
    k_without_us: u64,
}

/// What an objective saw of the requests due in one bin, or in many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bin {
    /// Requests.
    pub n: u64,
    /// Bad ones (K).
    pub k: u64,
    /// Still bad after our lag and read delay are subtracted (K′).
    pub k_without_us: u64,
}

impl Bin {
    /// Adds another's counts to these.
    pub fn add(&mut self, other: Self) {
        self.n += other.n;
        self.k += other.k;
        self.k_without_us += other.k_without_us;
    }

    /// The sum of some.
    pub fn sum(bins: &[Self]) -> Self {
        let mut sum = Self::default();
        bins.iter().for_each(|bin| sum.add(*bin));
        sum
    }
}

/// The bins of every series, and which of them are written.
#[derive(Debug)]
pub(super) struct Bins {
    width: Span,
    names: Vec<String>,
    /// The series of the errors of all requests: the sum of those that follow.
    overall: usize,
    pub(super) by_series: Vec<Vec<Bin>>,
    written: usize,
    late: BTreeMap<(u32, usize), Bin>,
}

impl Bins {
    pub(super) fn new(catalog: &Catalog) -> Self {
        let (names, overall) = (catalog.series(), catalog.errors_of_all());
        let by_series = vec![Vec::new(); names.len()];
        Self { width: catalog.bin, names, overall, by_series, written: 0, late: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, delta: &BinDelta) {
        let seen = Bin { n: delta.n.into(), k: delta.k.into(), k_without_us: delta.k_without_us.into() };
        let series = delta.objective as usize;
        self.add_to(series, delta.bin, seen);
        if series > self.overall {
            self.add_to(self.overall, delta.bin, seen);
        }
    }

    fn add_to(&mut self, series: usize, bin: u32, seen: Bin) {
        add(&mut self.by_series[series], bin as usize, seen);
        if (bin as usize) < self.written {
            self.late.entry((bin, series)).or_default().add(seen);
        }
    }

    /// The rows of the bins before `end` that are not written, in order of time.
    pub(super) fn rows(&mut self, end: usize) -> io::Result<Vec<u8>> {
        let late = std::mem::take(&mut self.late);
        let this = &*self;
        let late = late.into_iter().map(|((bin, series), seen)| this.row(bin as usize, series, seen));
        let of_bin = |bin: usize| {
            let seen =
                self.by_series.iter().enumerate().filter_map(move |(series, bins)| Some((series, *bins.get(bin)?)));
            seen.filter(|(_, seen)| seen.n > 0).map(move |(series, seen)| this.row(bin, series, seen))
        };
        let lines = rows::lines(late.chain((self.written..end).flat_map(of_bin)))?;
        self.written = self.written.max(end);
        Ok(lines)
    }

    fn row(&self, bin: usize, series: usize, Bin { n, k, k_without_us }: Bin) -> Row<'_> {
        let objective = Cow::Borrowed(self.names[series].as_str());
        Row { bin_ms: bin as u64 * self.width.as_millis(), objective, n, k, k_without_us }
    }

    /// One more than the last bin that saw a request.
    pub(super) fn end(&self) -> usize {
        self.by_series.iter().map(Vec::len).max().unwrap_or(0)
    }
}

fn add(bins: &mut Vec<Bin>, bin: usize, seen: Bin) {
    if bins.len() <= bin {
        bins.resize(bin + 1, Bin::default());
    }
    bins[bin].add(seen);
}

/// The bins of every series of the catalog, from the text of a file.
pub(super) fn read(text: &[u8], catalog: &Catalog, damages: &mut Damages) -> Vec<Vec<Bin>> {
    let names = catalog.series();
    let index: BTreeMap<&str, usize> = names.iter().map(String::as_str).zip(0..).collect();
    let mut bins: Vec<Vec<Bin>> = vec![Vec::new(); names.len()];
    rows::read(FILE, text, damages, |row: Row<'static>| {
        let Row { bin_ms, objective, n, k, k_without_us } = row;
        let series = index.get(&*objective);
        let series = *series.ok_or("rows of objectives that run.json does not name are left out")?;
        // Of exchanges there are more than requests.
        let exchanges = catalog.objectives.get(series).is_some_and(|o| o.metric.counts_exchanges());
        let (width, most) = (catalog.bin.as_millis(), super::hlog::MAX_COUNT);
        let sound = bin_ms % width == 0 && bin_ms / width < MAX_BINS && n <= most && k <= most;
        if !sound || k_without_us > k || (k > n && !exchanges) {
            return Err("damaged rows are left out");
        }
        add(&mut bins[series], (bin_ms / width) as usize, Bin { n, k, k_without_us });
        Ok(())
    });
    bins
}

impl CatalogObjective {
    /// Scope and line, as in `objectives.csv`: `citizens p99 < 300ms`.
    pub fn name(&self) -> String {
        format!("{} {}", self.scope, self.text)
    }
}
