//! The two runs of a duet: their blocks, cut at the same instants (O18).

use crate::record::Block;
use crate::unit::Span;

use super::StoredRun;
use super::figures::strata;

/// The blocks of both runs of a duet.
pub(super) struct Pair {
    /// Those of the base and of the new side: as many of one as of the other, and each of the same stretch of time.
    pub blocks: [Vec<Block>; 2],
    /// The numbers of the blocks with which a stratum of the base's plan begins; the new side's moves alike.
    pub strata: Vec<usize>,
}

impl Pair {
    /// Of one run a side that are the two of a duet; `None` of all others.
    pub(super) fn of(base: &[StoredRun], new: &[StoredRun]) -> Option<Self> {
        let ([base], [new]) = (base, new) else { return None };
        let (a, b) = base.facts.duet.as_ref().zip(new.facts.duet.as_ref())?;
        if a.id != b.id || a.side == b.side {
            return None;
        }
        let (of_base, of_new) = aligned(&base.blocks, &new.blocks);
        Some(Self { strata: strata(base, &of_base), blocks: [of_base, of_new] })
    }
}

/// Both runs' blocks, joined until each ends where its twin does. An interval ends when its lanes have handed over, so
/// what is within a quarter of a block's length is the same instant.
fn aligned(base: &[Block], new: &[Block]) -> (Vec<Block>, Vec<Block>) {
    let (mut of_base, mut of_new) = (Vec::new(), Vec::new());
    let (mut base, mut new) = (base.iter().cloned().peekable(), new.iter().cloned().peekable());
    let near = near(base.clone().last(), base.len()).min(near(new.clone().last(), new.len()));
    let (Some(mut a), Some(mut b)) = (base.next(), new.next()) else { return (of_base, of_new) };
    loop {
        let apart = a.end.since(b.end).max(b.end.since(a.end));
        let behind = if apart <= near {
            match (base.peek().is_some(), new.peek().is_some()) {
                (true, true) => None,
                // The rest of the one that goes on belongs to the last of both.
                (more, _) => Some(more),
            }
        } else {
            Some(a.end < b.end)
        };
        let next = match behind {
            Some(true) => base.next().map(|next| a.join(next)),
            Some(false) => new.next().map(|next| b.join(next)),
            None => {
                of_base.extend(base.next().map(|next| std::mem::replace(&mut a, next)));
                of_new.extend(new.next().map(|next| std::mem::replace(&mut b, next)));
                continue;
            }
        };
        if next.is_none() {
            base.for_each(|next| a.join(next));
            new.for_each(|next| b.join(next));
            of_base.push(a);
            of_new.push(b);
            return (of_base, of_new);
        }
    }
}

fn near(last: Option<Block>, blocks: usize) -> Span {
    last.map_or(Span::ZERO, |last| Span::from_nanos(last.end.as_nanos() / (4 * blocks.max(1)) as u64))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::Ends;
    use crate::unit::Instant;

    /// Blocks that end at these milliseconds, each with as many requests as its number.
    fn blocks(ends: &[u64]) -> Vec<Block> {
        let of = |(number, end): (u64, &u64)| Block {
            end: Instant::ZERO + Span::from_millis(*end),
            populations: vec![Ends { right: vec![(7, number)], not_right: 0 }],
        };
        (1..).zip(ends).map(of).collect()
    }

    fn told(blocks: &[Block]) -> Vec<(u64, u64)> {
        blocks.iter().map(|it| (it.end.as_nanos() / 1_000_000, it.populations[0].count())).collect()
    }

    #[test]
    fn blocks_that_end_together_stay_and_others_join_until_they_do() {
        let (base, new) = aligned(&blocks(&[1_000, 2_000, 3_004, 4_000]), &blocks(&[1_003, 3_000, 4_100]));
        assert_eq!(told(&base), [(1_000, 1), (3_004, 5), (4_000, 4)]);
        assert_eq!(told(&new), [(1_003, 1), (3_000, 2), (4_100, 3)]);
        // One that goes on alone ends with the last that both have.
        let (base, new) = aligned(&blocks(&[1_000, 2_000]), &blocks(&[1_000, 2_000, 3_000, 4_000]));
        assert_eq!((told(&base), told(&new)), (vec![(1_000, 1), (2_000, 2)], vec![(1_000, 1), (4_000, 9)]));
        assert_eq!(aligned(&[], &blocks(&[1_000])), (Vec::new(), Vec::new()));
    }

    proptest! {
        #[test]
        fn every_request_stays_and_twins_end_together(
            a in prop::collection::btree_set(1u64..60, 1..40),
            b in prop::collection::btree_set(1u64..60, 1..40),
        ) {
            let seconds = |set: &std::collections::BTreeSet<u64>| blocks(&set.iter().map(|s| s * 1_000).collect::<Vec<_>>());
            let (a, b) = (seconds(&a), seconds(&b));
            let (base, new) = aligned(&a, &b);
            let sum = |blocks: &[Block]| blocks.iter().map(|it| it.populations[0].count()).sum::<u64>();
            prop_assert_eq!((sum(&base), sum(&new), base.len()), (sum(&a), sum(&b), new.len()));
            let near = near(a.last().cloned(), a.len()).min(near(b.last().cloned(), b.len()));
            for (a, b) in base.iter().zip(&new).rev().skip(1) {
                prop_assert!(a.end.since(b.end).max(b.end.since(a.end)) <= near);
            }
        }
    }
}
