//! How much was bad for an objective, over time by due (D3).

use crate::record::Bin;
use crate::unit::Span;

use super::{COLUMNS, Grid};

/// One objective's bad requests, by column of when they were due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shares {
    /// Its columns.
    pub grid: Grid,
    /// One each.
    pub columns: Vec<ShareColumn>,
}

/// What was due in one column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShareColumn {
    /// All of it.
    pub all: Bin,
    /// The bin with the greatest share of bad ones.
    pub worst: Bin,
}

impl Shares {
    /// Of a run of this length, from an objective's bins of this width.
    pub fn new(run: Span, width: Span, bins: &[Bin]) -> Self {
        let grid = Grid::new(run, width, COLUMNS);
        let mut columns = vec![ShareColumn::default(); grid.columns()];
        let each = (grid.width().as_nanos() / width.as_nanos().max(1)) as usize;
        for (i, bin) in bins.iter().enumerate() {
            // What was due behind the end has the last column.
            let column = &mut columns[(i / each).min(grid.columns() - 1)];
            column.all.add(*bin);
            if is_worse(bin, &column.worst) {
                column.worst = *bin;
            }
        }
        Self { grid, columns }
    }
}

/// Whether a greater share is bad, compared exactly.
fn is_worse(one: &Bin, other: &Bin) -> bool {
    let product = |k: u64, n: u64| u128::from(k) * u128::from(n);
    one.n > 0 && (other.n == 0 || product(one.k, other.n) > product(other.k, one.n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_has_all_that_was_due_in_it_and_its_worst_bin() {
        let bin = |n, k| Bin { n, k, k_without_us: 0 };
        let mut bins = vec![bin(100, 1); 1_200];
        bins[5] = bin(3, 3);
        bins[6] = Bin::default();
        let shares = Shares::new(Span::from_secs(119), Span::from_millis(100), &bins);
        assert_eq!((shares.grid.columns(), shares.grid.width()), (298, Span::from_millis(400)));
        assert_eq!(shares.columns[1], ShareColumn { all: bin(203, 5), worst: bin(3, 3) });
        let all: u64 = shares.columns.iter().map(|column| column.all.n).sum();
        assert_eq!(all, bins.iter().map(|bin| bin.n).sum::<u64>());
    }
}
