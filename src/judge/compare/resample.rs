//! One run a side: how a figure varies within the runs, by drawing their seconds again.

use crate::judge::bound::{ALPHA, normal_quantile};
use crate::record::{Block, Ends};
use crate::unit::{Instant, Quantile};

use super::draws::Draws;
use super::estimate::{Estimate, student};

/// Times that a run is drawn again.
const DRAWS: u32 = 2_000;
/// The fewest blocks of a run that are drawn from, and of a stratum: a shorter one joins the one before it.
const FEWEST: usize = 4;
const FEWEST_OF_STRATUM: usize = 10;

/// The blocks of one scope of a run, so laid out that a draw's quantile is found by adding up whole rows.
pub(super) struct Sample {
    /// With which blocks a stratum begins, and the number of all.
    edges: Vec<usize>,
    /// Responses that occurred, in µs, in order.
    values: Vec<u64>,
    /// For each of these, how many right answers of each block took at most as long.
    up_to: Vec<Vec<u64>>,
    /// Requests of each block.
    counts: Vec<u64>,
    /// Right answers of each block.
    right: Vec<u64>,
    /// The length of each block, in seconds.
    lengths: Vec<f64>,
    /// How often each block comes in each draw.
    draws: Vec<Vec<u64>>,
}

/// What is drawn of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Drawn {
    /// The logarithm of a quantile of the response.
    Quantile(Quantile),
    /// The logarithm of the right answers a second.
    Rate,
    /// The share of requests that were not right.
    Errors,
}

impl Sample {
    /// Of the `run`th of a side (0 the base, 1 the new one), the population of this number, or all; `strata` are the numbers of the blocks with which one begins. `None` of a run
    /// of fewer than four blocks.
    pub(super) fn new(
        (side, run): (u32, u32),
        blocks: &[Block],
        population: Option<usize>,
        strata: &[usize],
    ) -> Option<Self> {
        if blocks.len() < FEWEST {
            return None;
        }
        let ends = blocks.iter().map(|block| joined(block, population)).collect::<Vec<_>>();
        let mut values: Vec<u64> = ends.iter().flat_map(|ends| &ends.right).map(|(value, _)| *value).collect();
        values.sort_unstable();
        values.dedup();
        let before = std::iter::once(Instant::ZERO).chain(blocks.iter().map(|block| block.end));
        let edges = edges(strata, blocks.len());
        Some(Self {
            draws: (0..DRAWS).map(|draw| weights(&edges, &mut Draws::of([side, run, draw]))).collect(),
            edges,
            up_to: up_to(&values, &ends),
            counts: ends.iter().map(Ends::count).collect(),
            right: ends.iter().map(|ends| ends.count() - ends.not_right).collect(),
            lengths: before.zip(blocks).map(|(from, block)| block.end.since(from).as_secs_f64()).collect(),
            values,
        })
    }

    /// How many stretches of blocks are drawn, less one for each stratum: what the draws know of the run's noise.
    fn degrees(&self) -> f64 {
        let stretches = |edges: &[usize]| (edges[1] - edges[0]) as f64 / stretch(edges[1] - edges[0]) as f64 - 1.0;
        self.edges.windows(2).map(stretches).sum::<f64>().max(1.0)
    }

    /// `None` where there is nothing, or a quantile falls among what was not right.
    fn drawn(&self, what: Drawn, weights: &[u64]) -> Option<f64> {
        match what {
            Drawn::Quantile(quantile) => {
                let rank = quantile.rank(dot(&self.counts, weights)).max(1);
                let at = self.up_to.partition_point(|row| dot(row, weights) < rank);
                self.values.get(at).map(|micros| libm::log((*micros).max(1) as f64))
            }
            Drawn::Rate => {
                let seconds: f64 = self.lengths.iter().zip(weights).map(|(length, n)| length * *n as f64).sum();
                let right = dot(&self.right, weights) as f64;
                (right > 0.0 && seconds > 0.0).then(|| libm::log(right / seconds))
            }
            Drawn::Errors => {
                let all = dot(&self.counts, weights) as f64;
                (all > 0.0).then(|| 1.0 - dot(&self.right, weights) as f64 / all)
            }
        }
    }
}

/// How many right answers of each block took at most as long as each of the values, both in order.
fn up_to(values: &[u64], ends: &[Ends]) -> Vec<Vec<u64>> {
    let mut rows = vec![vec![0; ends.len()]; values.len()];
    for (block, ends) in ends.iter().enumerate() {
        let (mut sum, mut right) = (0, ends.right.iter().peekable());
        for (row, value) in rows.iter_mut().zip(values) {
            while let Some((_, count)) = right.next_if(|(micros, _)| micros <= value) {
                sum += count;
            }
            row[block] = sum;
        }
    }
    rows
}

/// How the difference that was `seen` between the means of two sides' runs varies within the runs: the percentiles of 2,000
/// draws, each run's blocks drawn for themselves, or, of samples with the
/// same draws, those of both together (Efron and Tibshirani 1993, *An Introduction to the Bootstrap*, chapter 13),
/// widened as few blocks need it (Hesterberg 2015, The American Statistician 69, section 4). A draw in which a quantile falls
/// among failures on both sides says nothing, and counts at both ends.
pub(super) fn resampled(base: &[Sample], new: &[Sample], what: Drawn, seen: f64) -> Estimate {
    let mean = |samples: &[Sample], draw: usize| {
        let each = samples.iter().map(|sample| sample.drawn(what, &sample.draws[draw]).unwrap_or(f64::INFINITY));
        each.sum::<f64>() / samples.len() as f64
    };
    let of_draws: Vec<f64> = (0..DRAWS as usize).map(|draw| mean(new, draw) - mean(base, draw)).collect();
    let sorted = |nothing: f64| {
        let mut all: Vec<f64> = of_draws.iter().map(|it| if it.is_nan() { nothing } else { *it }).collect();
        all.sort_by(f64::total_cmp);
        all
    };
    let beyond = (ALPHA * f64::from(DRAWS)) as usize;
    let low = sorted(f64::NEG_INFINITY)[beyond - 1];
    let high = sorted(f64::INFINITY)[DRAWS as usize - beyond];
    let degrees = base.iter().chain(new).map(Sample::degrees).fold(f64::INFINITY, f64::min);
    let widened = ((degrees + 1.0) / degrees).sqrt() * student(degrees, ALPHA) / normal_quantile(ALPHA);
    let half = |away: f64| if away > 0.0 { away * widened } else { 0.0 };
    Estimate { seen, below: half(seen - low), above: half(high - seen), degrees }
}

/// How often each block comes in a draw: in each stratum stretches of neighbours, the first following the last, until
/// there are as many as it has (the circular block bootstrap: Politis and Romano 1992), as neighbours are alike.
fn weights(edges: &[usize], draws: &mut Draws) -> Vec<u64> {
    let mut weights = vec![0; edges.last().copied().unwrap_or(0)];
    for edges in edges.windows(2) {
        let (from, count) = (edges[0], edges[1] - edges[0]);
        let mut left = count;
        while left > 0 {
            let (first, length) = (draws.below(count), stretch(count).min(left));
            (first..first + length).for_each(|block| weights[from + block % count] += 1);
            left -= length;
        }
    }
    weights
}

/// How long a stretch of so many blocks is: their cube root, which suits series whose correlation dies away (Künsch 1989,
/// Annals of Statistics 17).
fn stretch(blocks: usize) -> usize {
    libm::ceil(libm::cbrt(blocks as f64)) as usize
}

fn dot(row: &[u64], weights: &[u64]) -> u64 {
    row.iter().zip(weights).map(|(a, b)| a * b).sum()
}

fn joined(block: &Block, population: Option<usize>) -> Ends {
    let parts = block.populations.iter().enumerate().filter(|(index, _)| population.is_none_or(|it| it == *index));
    parts.fold(Ends::default(), |mut sum, (_, ends)| {
        sum.join(ends.clone());
        sum
    })
}

/// With which of so many blocks a stratum begins, and their number.
fn edges(strata: &[usize], count: usize) -> Vec<usize> {
    let mut edges = vec![0];
    for start in strata.iter().copied().filter(|start| *start <= count) {
        let long_enough = |from: usize, to: usize| to - from >= FEWEST_OF_STRATUM;
        if edges.last().is_some_and(|from| start > *from && long_enough(*from, start)) && long_enough(start, count) {
            edges.push(start);
        }
    }
    edges.push(count);
    edges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::Span;

    fn blocks(seconds: u64, ends: impl Fn(u64) -> Ends) -> Vec<Block> {
        let end = |second| Instant::ZERO + Span::from_secs(second + 1);
        (0..seconds).map(|second| Block { end: end(second), populations: vec![ends(second)] }).collect()
    }

    fn sample(blocks: &[Block]) -> Vec<Sample> {
        vec![Sample::new((0, 0), blocks, None, &[0]).expect("it is long enough")]
    }

    fn median() -> Drawn {
        Drawn::Quantile("p50".parse().expect("a quantile"))
    }

    #[test]
    fn strata_that_are_too_short_join() {
        assert_eq!(edges(&[0, 20, 25, 40], 60), [0, 20, 40, 60]);
        assert_eq!(edges(&[0, 5, 55, 70], 60), [0, 60]);
        assert_eq!(edges(&[], 4), [0, 4]);
    }

    #[test]
    fn a_draw_has_as_many_blocks_of_each_stratum_as_the_run() {
        let run = blocks(60, |_| Ends { right: vec![(1, 1)], not_right: 0 });
        let sample = Sample::new((0, 0), &run, Some(0), &[0, 20]).expect("it is long enough");
        for weights in &sample.draws {
            assert_eq!((weights[..20].iter().sum::<u64>(), weights[20..].iter().sum::<u64>()), (20, 40));
        }
        assert!(Sample::new((0, 0), &run[..3], None, &[0]).is_none());
    }

    #[test]
    fn a_draw_of_each_block_once_is_the_run() {
        let run = blocks(10, |second| Ends { right: vec![(second + 1, 2)], not_right: 1 });
        let sample = &sample(&run)[0];
        let of = |what: &str| sample.drawn(Drawn::Quantile(what.parse().expect("a quantile")), &[1; 10]);
        // Thirty requests: the 15th takes 8 µs, the 20th 10 µs; behind these are those that failed.
        assert_eq!((of("p50"), of("p66"), of("p67")), (Some(libm::log(8.0)), Some(libm::log(10.0)), None));
        assert_eq!(sample.drawn(Drawn::Rate, &[1; 10]), Some(libm::log(2.0)));
    }

    #[test]
    fn what_never_varies_is_known_and_what_fails_on_both_sides_is_not() {
        let steady = |micros: u64| blocks(20, |_| Ends { right: vec![(micros, 10)], not_right: 0 });
        let seen = libm::log(2.0);
        let estimate = resampled(&sample(&steady(1_000)), &sample(&steady(2_000)), median(), seen);
        let (lower, upper) = estimate.bounds(0.001);
        assert!((lower - seen).abs() < 1e-9 && (upper - seen).abs() < 1e-9, "{estimate:?}");
        let failing = blocks(20, |second| Ends { right: vec![(1_000, 10)], not_right: 9 + second % 3 });
        let estimate = resampled(&sample(&failing), &sample(&failing), median(), 0.0);
        assert_eq!((estimate.below, estimate.above), (f64::INFINITY, f64::INFINITY));
    }
}
