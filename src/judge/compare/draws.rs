//! Draws for the bootstrap, made from a key: the same inputs give the same interval, on any machine.

/// SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators", OOPSLA).
pub(super) struct Draws(u64);

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

impl Draws {
    /// The draws of these numbers: of which side, run and repetition.
    pub(super) fn of(key: [u64; 3]) -> Self {
        key.iter().fold(Self(0), |mut draws, part| {
            draws.0 ^= *part;
            Self(draws.next())
        })
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
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
    fn gives_the_known_answers_of_the_generator() {
        let mut draws = Draws(0);
        assert_eq!([draws.next(), draws.next()], [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4]);
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
