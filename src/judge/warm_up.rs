//! The beginning of a run that no objective counts (O15). Its requests are sent, recorded and reported, so that the same
//! recording says how the verdict would be with them.

use crate::record::{Bin, Catalog};
use crate::unit::Span;

/// How many seconds of the beginning are passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WarmUp(usize);

impl WarmUp {
    /// Everything counts.
    pub(super) const NONE: Self = Self(0);

    /// That of a run.
    pub(super) fn of(catalog: &Catalog) -> Self {
        Self((catalog.warm_up.as_nanos() / Span::from_secs(1).as_nanos()) as usize)
    }

    /// The first second that counts.
    pub(super) const fn end(self) -> usize {
        self.0
    }

    /// Those of some seconds, in order, that count.
    pub(super) fn counted(self, seconds: &[usize]) -> &[usize] {
        &seconds[seconds.partition_point(|second| *second < self.0)..]
    }

    /// What there is in a bin of which a second has so many: nothing, if it is passed over.
    pub(super) fn bin(self, number: usize, bins_a_second: usize, seen: Bin) -> Bin {
        if number / bins_a_second < self.0 { Bin::default() } else { seen }
    }
}

/// The bins of a series of a recording as objectives count them: none in those of the warm-up.
pub fn after_warm_up(bins: &[Bin], catalog: &Catalog) -> Vec<Bin> {
    let bins_a_second = (Span::from_secs(1).as_nanos() / catalog.bin.as_nanos().max(1)).max(1) as usize;
    let warm_up = WarmUp::of(catalog);
    bins.iter().enumerate().map(|(number, seen)| warm_up.bin(number, bins_a_second, *seen)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_before_the_end_of_the_warm_up_are_empty_and_all_others_count() {
        let seen = Bin { n: 9, k: 3, k_without_us: 1 };
        for (seconds, bins_a_second, number, counts) in [
            (0, 10, 0, true),
            (1, 10, 0, false),
            (1, 10, 9, false),
            (1, 10, 10, true),
            (2, 10, 19, false),
            (2, 10, 20, true),
            (2, 1, 1, false),
            (2, 1, 2, true),
        ] {
            let bin = WarmUp(seconds).bin(number, bins_a_second, seen);
            let right = if counts { seen } else { Bin::default() };
            assert_eq!(bin, right, "bin {number} of {bins_a_second} a second, {seconds} s");
        }
    }

    #[test]
    fn seconds_count_from_its_end_on() {
        for (end, counted) in [(0, &[0, 1, 4, 7][..]), (1, &[1, 4, 7]), (4, &[4, 7]), (5, &[7]), (8, &[])] {
            assert_eq!(WarmUp(end).counted(&[0, 1, 4, 7]), counted, "{end}");
        }
    }
}
