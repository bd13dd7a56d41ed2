//! Philox4x32-10, a counter-based random generator (Salmon, Moraes, Dror, Shaw 2011, "Parallel random
//! numbers: as easy as 1, 2, 3", SC11).
//!
//! A block is a pure function of a key and a counter, so that any draw of any session can be made
//! alone, in any order, on any machine. Nothing of the plan or of the judge is random in any other way.

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// The block of `key` (low 32 bits first) at `counter`, as two words: x0 | x1 << 32 and x2 | x3 << 32.
#[inline]
pub fn philox(key: u64, counter: [u32; 4]) -> [u64; 2] {
    let [mut x0, mut x1, mut x2, mut x3] = counter;
    let (mut k0, mut k1) = (key as u32, (key >> 32) as u32);
    for _ in 0..10 {
        let left = u64::from(MULTIPLIERS[0]) * u64::from(x0);
        let right = u64::from(MULTIPLIERS[1]) * u64::from(x2);
        (x0, x1, x2, x3) = ((right >> 32) as u32 ^ x1 ^ k0, right as u32, (left >> 32) as u32 ^ x3 ^ k1, left as u32);
        k0 = k0.wrapping_add(WEYL[0]);
        k1 = k1.wrapping_add(WEYL[1]);
    }
    [u64::from(x0) | u64::from(x1) << 32, u64::from(x2) | u64::from(x3) << 32]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(x: [u32; 4]) -> [u64; 2] {
        [u64::from(x[0]) | u64::from(x[1]) << 32, u64::from(x[2]) | u64::from(x[3]) << 32]
    }

    #[test]
    fn gives_the_known_answers_of_its_authors() {
        let zeros = philox(0, [0; 4]);
        assert_eq!(zeros, words([0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]));
        let ones = philox(u64::MAX, [u32::MAX; 4]);
        assert_eq!(ones, words([0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]));
        let pi = philox(0x299f_31d0_a409_3822, [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344]);
        assert_eq!(pi, words([0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]));
    }
}
