//! The identity of what was sent: a commutative sum over sessions, so that any number of lanes and
//! shards that started the same sessions along the same paths come to the same number (P8).
//!
//! The planning pass makes it, and every lane makes it again over the sessions it really started or
//! left unsent. A session's path does not depend on its answers, so a lane hashes it whole when the session
//! starts (about 10 ns a step) instead of keeping a hash open while the session sleeps.

use twox_hash::xxhash3_128::Hasher;

use super::{PathContext, Walk};
use crate::unit::Instant;

/// Bytes of a path that are gathered before they are hashed; longer paths are hashed in such pieces.
const BUFFER: usize = 64 << 10;

/// Sum modulo 2¹²⁸ of XXH3-128 over each session's population seed, number, due instant (u64 each) and
/// the numbers of its planned request steps (u32 each), all little-endian.
#[derive(Default)]
pub struct ArrivalsHash {
    sum: u128,
    walk: Walk,
    bytes: Vec<u8>,
    /// The hash of what no longer fits into the buffer.
    long: Option<Hasher>,
}

impl ArrivalsHash {
    /// Adds a session that starts at `due`; gives the number of its planned requests. Allocates only until the
    /// buffers fit the longest path.
    pub fn add(&mut self, path: &PathContext, session: u64, due: Instant) -> u64 {
        let mut walk = std::mem::take(&mut self.walk);
        walk.restart(path, session);
        self.begin(path.seed, session, due);
        let mut requests = 0;
        while let Some(step) = walk.skip(path) {
            self.step(step);
            requests += 1;
        }
        self.finish();
        self.walk = walk;
        requests
    }

    /// The sum so far.
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// Adds the sum of another lane or shard.
    pub fn merge(&mut self, other: u128) {
        self.sum = self.sum.wrapping_add(other);
    }

    /// Begins a session whose steps the caller walks itself.
    pub(super) fn begin(&mut self, seed: u64, session: u64, due: Instant) {
        self.bytes.clear();
        for word in [seed, session, due.as_nanos()] {
            self.bytes.extend_from_slice(&word.to_le_bytes());
        }
    }

    /// Adds a request step to the session begun.
    pub(super) fn step(&mut self, step: u32) {
        self.bytes.extend_from_slice(&step.to_le_bytes());
        if self.bytes.len() >= BUFFER {
            self.long.get_or_insert_default().write(&self.bytes);
            self.bytes.clear();
        }
    }

    /// Adds an instant to the session begun; only golden hashes hold more than P8 asks for.
    pub(super) fn instant(&mut self, due: Instant) {
        self.bytes.extend_from_slice(&due.as_nanos().to_le_bytes());
    }

    /// Ends the session begun and adds it to the sum.
    pub(super) fn finish(&mut self) {
        let hash = match self.long.take() {
            None => Hasher::oneshot(&self.bytes),
            Some(mut long) => {
                long.write(&self.bytes);
                long.finish_128()
            }
        };
        self.merge(hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(steps: u32) -> (u128, Vec<u8>) {
        let mut hash = ArrivalsHash::default();
        hash.begin(1, 2, Instant::from_nanos(3));
        let mut bytes: Vec<u8> = [1u64, 2, 3].iter().flat_map(|word| word.to_le_bytes()).collect();
        for step in 0..steps {
            hash.step(step);
            bytes.extend(step.to_le_bytes());
        }
        hash.finish();
        (hash.sum(), bytes)
    }

    #[test]
    fn a_path_of_any_length_is_hashed_as_one_text() {
        for steps in [0, 1, 16, 60, 16_377, 16_378, 16_379, 50_000] {
            let (sum, bytes) = of(steps);
            assert_eq!(sum, Hasher::oneshot(&bytes), "{steps}");
        }
    }

    #[test]
    fn sums_do_not_depend_on_order_and_merge() {
        let (a, b) = (of(3).0, of(4).0);
        let mut hash = ArrivalsHash::default();
        hash.merge(b);
        hash.merge(a);
        assert_eq!(hash.sum(), a.wrapping_add(b));
    }
}
