//! The chunked decoder: pieces give what the whole gives, and a decoder that knows only whole bodies agrees.

use scrutinio::wire::h1::{Chunked, Malformed};

/// The longest body: small, so that inputs reach it.
const BODY_MAX: u64 = 1 << 12;

/// What a decoder made of its input: data, bytes used, and whether the body is whole.
type Decoded = Result<(Vec<u8>, usize, bool), Malformed>;

/// Decodes the input whole, in single bytes and in pieces.
pub fn target(data: &[u8]) {
    let whole = decode(data, data.len().max(1));
    for cut in [1, 2 + data.len() % 13] {
        assert_eq!(decode(data, cut), whole, "in pieces of {cut}");
    }
    let Ok((body, used, true)) = whole else { return };
    assert!(used <= data.len() && body.len() as u64 <= BODY_MAX);
    assert_eq!(
        decode(&data[..used - 1], used).map(|(_, _, whole)| whole),
        Ok(false),
        "no byte before the last ends it"
    );
    assert_eq!(naive(data), Some((body, used)));
}

fn decode(data: &[u8], cut: usize) -> Decoded {
    let (mut chunked, mut body, mut used) = (Chunked::new(BODY_MAX), Vec::new(), 0);
    for piece in data.chunks(cut) {
        let (n, whole) = chunked.feed(piece, |data| body.extend_from_slice(data))?;
        used += n;
        if whole {
            return Ok((body, used, true));
        }
        assert_eq!(n, piece.len(), "what is not whole takes all");
    }
    Ok((body, used, false))
}

/// Decodes a body line by line; stricter in nothing.
fn naive(data: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (mut body, mut at) = (Vec::new(), 0);
    let line = |at: &mut usize| {
        let len = data[*at..].windows(2).position(|pair| pair == b"\r\n")?;
        let line = &data[*at..*at + len];
        *at += len + 2;
        Some(line)
    };
    loop {
        let size = line(&mut at)?;
        let digits = size.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let size = usize::from_str_radix(std::str::from_utf8(&size[..digits]).ok()?, 16).ok()?;
        if size == 0 {
            while !line(&mut at)?.is_empty() {}
            return Some((body, at));
        }
        body.extend_from_slice(data.get(at..at + size)?);
        at += size;
        if !line(&mut at)?.is_empty() {
            return None;
        }
    }
}
