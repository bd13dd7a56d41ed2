//! The static Huffman code of header strings (RFC 7541 appendix B), read only.
//!
//! The code is canonical: codes of one length follow each other in order of their symbols, and those of the next length
//! follow them. So the lengths alone, which stand here, make all of it, when the crate is compiled.

/// The longest code.
const LONGEST: usize = 30;
/// The symbol that ends nothing: its code only pads, and must never stand whole.
const END: u16 = 256;

/// Bits of each symbol's code.
#[rustfmt::skip]
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];

/// The code, made for reading.
struct Code {
    /// Symbols by length, then by number.
    symbols: [u16; 257],
    /// By length: the first code, and where its symbol stands.
    first: [(u32, u16); LONGEST + 1],
    /// By length: how many there are.
    count: [u16; LONGEST + 1],
    /// By the next eight bits: a symbol and the length of its code; length 0 if that is longer.
    short: [(u8, u8); 256],
}

static CODE: Code = code();

const fn code() -> Code {
    let mut code =
        Code { symbols: [0; 257], first: [(0, 0); LONGEST + 1], count: [0; LONGEST + 1], short: [(0, 0); 256] };
    let (mut length, mut next, mut at) = (1, 0u32, 0);
    while length <= LONGEST {
        next <<= 1;
        code.first[length] = (next, at);
        let mut symbol = 0;
        while symbol < LENGTHS.len() {
            if LENGTHS[symbol] as usize == length {
                code.symbols[at as usize] = symbol as u16;
                if length <= 8 {
                    let (from, to) = (next << (8 - length), (next + 1) << (8 - length));
                    let mut bits = from;
                    while bits < to {
                        code.short[bits as usize] = (symbol as u8, length as u8);
                        bits += 1;
                    }
                }
                code.count[length] += 1;
                next += 1;
                at += 1;
            }
            symbol += 1;
        }
        length += 1;
    }
    code
}

/// A string is not what the code can write: it holds the end symbol, or is padded wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotHuffman;

/// Reads `coded` and appends its text to `out`.
pub fn decode(coded: &[u8], out: &mut Vec<u8>) -> Result<(), NotHuffman> {
    let mut rest = coded;
    // The next bits, from the top; below them ones, as a string is padded.
    let (mut window, mut have) = (u64::MAX, 0u32);
    loop {
        while have <= 56 {
            let Some((byte, after)) = rest.split_first() else { break };
            let shift = 56 - have;
            window = window & !(0xff << shift) | u64::from(*byte) << shift;
            have += 8;
            rest = after;
        }
        let (symbol, length) = match CODE.short[(window >> 56) as usize] {
            (_, 0) => long(window),
            (symbol, length) => (u16::from(symbol), u32::from(length)),
        };
        if length > have {
            // Less than a code is left: the padding, under eight bits and all ones.
            return if have < 8 && window == u64::MAX { Ok(()) } else { Err(NotHuffman) };
        }
        if symbol == END {
            return Err(NotHuffman);
        }
        out.push(symbol as u8);
        window = window << length | ((1 << length) - 1);
        have -= length;
    }
}

/// The symbol of a code of more than eight bits.
fn long(window: u64) -> (u16, u32) {
    for length in 9..=LONGEST {
        let bits = (window >> (64 - length)) as u32;
        let (first, at) = CODE.first[length];
        // Codes of this length follow each other; a smaller one would have been found among the shorter.
        if bits - first < u32::from(CODE.count[length]) {
            return (CODE.symbols[at as usize + (bits - first) as usize], length as u32);
        }
    }
    (END, LONGEST as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(coded: &[u8]) -> Result<Vec<u8>, NotHuffman> {
        let mut out = Vec::new();
        decode(coded, &mut out).map(|()| out)
    }

    /// RFC 7541 appendix C.4.1 and C.6.1.
    #[test]
    fn reads_the_strings_of_the_rfc() {
        let coded = [0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff];
        assert_eq!(text(&coded), Ok(b"www.example.com".to_vec()));
        assert_eq!(text(&[0x64, 0x02]), Ok(b"302".to_vec()));
        assert_eq!(text(&[]), Ok(Vec::new()));
    }

    #[test]
    fn refuses_long_or_wrong_padding_and_the_end_symbol() {
        // `0` is 00000: padded with ones, with zeros, with a byte too many.
        assert_eq!(text(&[0b0000_0111]), Ok(b"0".to_vec()));
        assert_eq!(text(&[0b0000_0110]), Err(NotHuffman));
        assert_eq!(text(&[0b0000_0111, 0xff]), Err(NotHuffman));
        assert_eq!(text(&[0xff]), Err(NotHuffman));
        assert_eq!(text(&[0xff; 4]), Err(NotHuffman));
    }
}
