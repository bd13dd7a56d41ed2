//! Mutations of seeds, the same in every run.

/// A generator of numbers that are the same in every run (xorshift64).
pub struct Numbers(pub u64);

impl Numbers {
    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }
}

/// Changes, inserts, removes, repeats or borrows some bytes.
pub fn mutate(input: &mut Vec<u8>, seeds: &[Vec<u8>], numbers: &mut Numbers) {
    const TELLING: &[u8] = b"\r\n\0 \t:;,-+09aAfF{}[]\"'\xff";
    let at = numbers.below(input.len() + 1);
    let until = at + numbers.below((input.len() - at).min(16) + 1);
    match numbers.below(5) {
        0 if at < input.len() => input[at] = numbers.below(256) as u8,
        1 => input.insert(at, TELLING[numbers.below(TELLING.len())]),
        2 => drop(input.drain(at..until)),
        3 => {
            let piece = input[at..until].to_vec();
            input.splice(at..at, piece);
        }
        _ => {
            let other = &seeds[numbers.below(seeds.len())];
            let from = numbers.below(other.len() + 1);
            let to = from + numbers.below((other.len() - from).min(40) + 1);
            input.splice(at..until, other[from..to].iter().copied());
        }
    }
}
