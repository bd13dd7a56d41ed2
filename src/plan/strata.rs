//! The strata of the planned curve: stretches of the run in which the planned rate stays within a factor of two.
//!
//! What is bad is held against its stratum's mean when the judge estimates how much it varies, so that a surge, which the
//! plan wanted, is no variance. A Poisson count of few requests moves by a factor of two by itself: so sums of about a
//! hundred are compared, not seconds.

use crate::unit::Span;

/// Requests that the sums have in the mean.
const REQUESTS_A_SUM: u64 = 100;
/// Bins that a stratum has at least: a batch in the coarsest of the usual numbers of batches, and more.
const BINS_MIN: u64 = 60;
/// Each costs a degree of freedom of the ten batches.
const STRATA_MAX: usize = 5;

/// A stretch of the run.
#[derive(Clone, Copy)]
struct Stratum {
    seconds: u64,
    requests: u64,
}

/// The run seconds at which a stratum begins, in order, the first 0; empty of a plan without requests. `nominal` has the
/// requests due per second (D3), `bin` is the width of the bins that are judged.
pub fn strata(nominal: &[u64], bin: Span) -> Vec<u64> {
    let requests: u64 = nominal.iter().sum();
    if requests == 0 {
        return Vec::new();
    }
    let width = (REQUESTS_A_SUM * nominal.len() as u64).div_ceil(requests);
    let second = Span::from_secs(1).as_nanos();
    let seconds_min = (BINS_MIN * bin.as_nanos()).div_ceil(second);
    let mut strata = lengthened(within_a_factor(nominal, width as usize), seconds_min);
    while strata.len() > STRATA_MAX {
        let apart = |at: &usize| strata[*at].apart(strata[at + 1]);
        let nearest = (0..strata.len() - 1).min_by(|a, b| apart(a).total_cmp(&apart(b)));
        let at = nearest.expect("more than five strata have neighbours");
        let right = strata.remove(at + 1);
        strata[at].join(right);
    }
    let start = |next: &mut u64, stratum: &Stratum| {
        let start = *next;
        *next += stratum.seconds;
        Some(start)
    };
    strata.iter().scan(0, start).collect()
}

/// Cuts where a sum of `width` seconds is over twice or under half of its stratum's first. What is left of a sum at the end
/// belongs to the last.
fn within_a_factor(nominal: &[u64], width: usize) -> Vec<Stratum> {
    let mut strata: Vec<Stratum> = Vec::new();
    let mut first = 0;
    for sum in nominal.chunks(width) {
        let next = Stratum { seconds: sum.len() as u64, requests: sum.iter().sum() };
        match strata.last_mut() {
            Some(last) if sum.len() < width || (next.requests <= 2 * first && 2 * next.requests >= first) => {
                last.join(next);
            }
            _ => {
                first = next.requests;
                strata.push(next);
            }
        }
    }
    strata
}

/// Joins each stratum that is shorter than `seconds_min` with the neighbour whose mean rate is nearer.
fn lengthened(strata: Vec<Stratum>, seconds_min: u64) -> Vec<Stratum> {
    // All but the last of these are long enough.
    let mut long: Vec<Stratum> = Vec::new();
    for mut next in strata {
        if let Some(short) = long.pop_if(|last| last.seconds < seconds_min) {
            match long.last_mut() {
                Some(before) if before.apart(short) <= short.apart(next) => before.join(short),
                _ => next.join(short),
            }
        }
        long.push(next);
    }
    if long.len() > 1
        && let Some(short) = long.pop_if(|last| last.seconds < seconds_min)
        && let Some(before) = long.last_mut()
    {
        before.join(short);
    }
    long
}

impl Stratum {
    fn join(&mut self, neighbour: Self) {
        self.seconds += neighbour.seconds;
        self.requests += neighbour.requests;
    }

    /// How far its mean rate is from another's, as the logarithm of their ratio. One request more in each keeps a pause
    /// from being infinitely far from everything.
    fn apart(self, other: Self) -> f64 {
        let rate = |stratum: Self| (stratum.requests + 1) as f64 / stratum.seconds as f64;
        libm::log(rate(self) / rate(other)).abs()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Span = Span::from_secs(1);

    /// Seconds of each rate.
    fn levels(levels: &[(usize, u64)]) -> Vec<u64> {
        levels.iter().flat_map(|(seconds, rate)| vec![*rate; *seconds]).collect()
    }

    #[test]
    fn a_new_one_begins_where_the_rate_leaves_a_factor_of_two() {
        for (plan, starts) in [
            (vec![], vec![]),
            (vec![(600, 0)], vec![]),
            (vec![(600, 200)], vec![0]),
            (vec![(5, 3)], vec![0]),
            (vec![(300, 200), (300, 400)], vec![0]),
            (vec![(300, 200), (300, 401)], vec![0, 300]),
            (vec![(300, 200), (300, 99)], vec![0, 300]),
            (vec![(100, 200), (100, 3_200), (100, 200)], vec![0, 100, 200]),
            // A pause of a minute is a stratum; one of a second is none, but cuts.
            (vec![(100, 200), (60, 0), (100, 200)], vec![0, 100, 160]),
            (vec![(100, 200), (1, 0), (100, 200)], vec![0, 100]),
        ] {
            assert_eq!(strata(&levels(&plan), SECOND), starts, "{plan:?}");
        }
    }

    #[test]
    fn a_short_one_joins_the_neighbour_that_is_nearer() {
        // 59 seconds at 800 a second between 300 and 1,700.
        assert_eq!(strata(&levels(&[(100, 300), (59, 800), (100, 1_700)]), SECOND), [0, 100]);
        assert_eq!(strata(&levels(&[(100, 300), (59, 650), (100, 1_700)]), SECOND), [0, 159]);
        assert_eq!(strata(&levels(&[(100, 300), (60, 800), (100, 1_700)]), SECOND), [0, 100, 160]);
        // In bins of 100 ms six seconds are enough.
        let tenth = Span::from_millis(100);
        assert_eq!(strata(&levels(&[(100, 300), (6, 800), (100, 1_700)]), tenth), [0, 100, 106]);
        assert_eq!(strata(&levels(&[(100, 300), (59, 800)]), SECOND), [0]);
        assert_eq!(strata(&levels(&[(20, 300), (20, 800), (20, 2_000)]), SECOND), [0]);
    }

    #[test]
    fn of_more_than_five_the_nearest_join() {
        let eight = [(75, 100), (75, 250), (75, 600), (75, 5_000), (75, 1_500), (75, 600), (75, 200), (75, 80)];
        // 250 and 600 first, which takes them away from 100; then 200 and 80, then 1,500 and 600.
        assert_eq!(strata(&levels(&eight), SECOND), [0, 75, 225, 300, 450]);
    }

    /// Five a second, as Poisson counts would have it, leave a factor of two all the time; sums of a hundred do not.
    #[test]
    fn the_noise_of_low_rates_makes_no_strata() {
        let nominal: Vec<u64> = (0..3_600).map(|second| [2, 9, 5, 4, 7, 3, 6, 4][second * 5 % 8]).collect();
        assert_eq!(strata(&nominal, SECOND), [0]);
    }

    proptest! {
        #[test]
        fn they_are_few_sorted_and_long_enough(
            plan in prop::collection::vec((1usize..200, 0u64..2_000), 1..40),
            tenths in any::<bool>(),
        ) {
            let nominal = levels(&plan);
            let (bin, least) = if tenths { (Span::from_millis(100), 6) } else { (SECOND, 60) };
            let starts = strata(&nominal, bin);
            prop_assert_eq!(starts.is_empty(), nominal.iter().sum::<u64>() == 0);
            prop_assert!(starts.len() <= STRATA_MAX);
            prop_assert!(starts.first().is_none_or(|first| *first == 0));
            let ends = starts.iter().skip(1).copied().chain([nominal.len() as u64]);
            for (start, end) in starts.iter().zip(ends) {
                prop_assert!(starts.len() == 1 || end >= start + least, "{:?}", starts);
            }
        }
    }
}
