//! Which side of a duet a session goes to (O18).

use crate::unit::Side;

use super::draw::heads;

/// The side of a session: sessions 2k and 2k + 1, which start one after the other, go to different sides, and a coin that
/// is drawn for the pair says which goes where. Were it always the even one that goes to the base, the base would have each
/// pair's first, and every other row of a feed.
pub fn side_of(population_seed: u64, session: u64) -> Side {
    if heads(population_seed, session / 2) == session.is_multiple_of(2) { Side::Base } else { Side::New }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_pair_of_neighbours_is_divided(seed: u64, pair in 0u64..1 << 40) {
            prop_assert_ne!(side_of(seed, 2 * pair), side_of(seed, 2 * pair + 1));
        }
    }

    #[test]
    fn even_sessions_are_of_either_side_and_as_chance_has_it() {
        for seed in 0..20 {
            let base = (0..1_000).filter(|pair| side_of(seed, 2 * pair) == Side::Base).count();
            // 500 ± 5 standard deviations.
            assert!((420..=580).contains(&base), "{seed}: {base}");
            let same = (0..1_000).filter(|pair| side_of(seed, 2 * pair) == side_of(seed, 2 * pair + 2)).count();
            assert!((420..=580).contains(&same), "{seed}: {same} like the one before");
        }
    }
}
