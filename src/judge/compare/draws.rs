//! Draws for the bootstrap, made from a key: the same inputs give the same interval, on any machine.

use crate::unit::philox;

/// Words of Philox, two from each block: under one key no two counters have the same.
pub(super) struct Draws {
    /// The number of the next block, and the three numbers of what is drawn.
    counter: [u32; 4],
    /// The second word of the last block, until it is taken.
    kept: Option<u64>,
}

impl Draws {
    /// The draws of these numbers: of which side, run and repetition.
    pub(super) const fn of([side, run, repetition]: [u32; 3]) -> Self {
        Self { counter: [0, side, run, repetition], kept: None }
    }

    pub(super) fn next(&mut self) -> u64 {
        if let Some(word) = self.kept.take() {
            return word;
        }
        let [first, second] = philox(0, self.counter);
        self.counter[0] += 1;
        self.kept = Some(second);
        first
    }

    /// A whole number below `count`, which is far below 2³²: so the product's upper half is uniform to one in 2³².
    pub(super) fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.next()) * count as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_the_words_of_the_blocks_of_the_generator_in_order() {
        let mut draws = Draws::of([1, 2, 3]);
        let words = [0, 1, 2].map(|block| philox(0, [block, 1, 2, 3])).concat();
        assert_eq!((0..6).map(|_| draws.next()).collect::<Vec<_>>(), words);
    }

    #[test]
    fn each_key_has_its_own_draws_and_all_numbers_come() {
        let first = |key| Draws::of(key).next();
        assert_eq!(first([0, 1, 2]), first([0, 1, 2]));
        assert_ne!(first([0, 1, 2]), first([1, 0, 2]));
        let mut draws = Draws::of([0, 0, 7]);
        let mut seen = [0; 5];
        (0..1_000).for_each(|_| seen[draws.below(5)] += 1);
        assert!(seen.iter().all(|n| (150..250).contains(n)), "{seen:?}");
    }
}
