//! Objectives by bins of due: `objectives.csv` (D3).
//!
//! Written like the timeline: a bin's row when the first interval closes after it, requests that end
//! later as further rows of the same bin. Rows of one bin and objective add up.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{BinDelta, CatalogObjective};
use crate::unit::Span;

/// The first line of `objectives.csv`.
pub(super) const HEADER: &str = "bin_ms,objective,n,k,k_without_us\n";

/// What an objective saw of the requests due in one bin, or in many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
}

/// The bins of every objective, and which of them are written.
#[derive(Debug)]
pub(super) struct Bins {
    width: Span,
    names: Vec<String>,
    pub(super) by_objective: Vec<Vec<Bin>>,
    written: usize,
    late: BTreeMap<(u32, u16), Bin>,
}

impl Bins {
    pub(super) fn new(width: Span, objectives: &[CatalogObjective]) -> Self {
        let names = objectives.iter().map(|o| quoted(&o.name())).collect();
        Self { width, names, by_objective: vec![Vec::new(); objectives.len()], written: 0, late: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, delta: &BinDelta) {
        let seen = Bin { n: delta.n.into(), k: delta.k.into(), k_without_us: delta.k_without_us.into() };
        let (bin, bins) = (delta.bin as usize, &mut self.by_objective[delta.objective as usize]);
        if bins.len() <= bin {
            bins.resize(bin + 1, Bin::default());
        }
        bins[bin].add(seen);
        if bin < self.written {
            self.late.entry((delta.bin, delta.objective)).or_default().add(seen);
        }
    }

    /// Writes the bins before `end`, in order of time.
    pub(super) fn write(&mut self, end: usize, out: &mut String) {
        for ((bin, objective), seen) in std::mem::take(&mut self.late) {
            self.row(bin as usize, objective as usize, seen, out);
        }
        for bin in self.written..end {
            for (objective, bins) in self.by_objective.iter().enumerate() {
                if let Some(seen) = bins.get(bin).filter(|seen| seen.n > 0) {
                    self.row(bin, objective, *seen, out);
                }
            }
        }
        self.written = self.written.max(end);
    }

    fn row(&self, bin: usize, objective: usize, seen: Bin, out: &mut String) {
        let bin_ms = bin as u64 * self.width.as_millis();
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{bin_ms},{},{},{},{}", self.names[objective], seen.n, seen.k, seen.k_without_us);
    }

    /// One more than the last bin that saw a request.
    pub(super) fn end(&self) -> usize {
        self.by_objective.iter().map(Vec::len).max().unwrap_or(0)
    }
}

impl CatalogObjective {
    /// Scope and line, as in `objectives.csv`: `citizens p99 < 300ms`.
    pub fn name(&self) -> String {
        format!("{} {}", self.scope, self.text)
    }
}

/// A CSV field in quotes (RFC 4180).
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
