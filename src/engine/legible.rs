//! The first bytes of an answer as an example of it keeps them: its head, and its body without what wraps it. A secret
//! that two chunks share, or that is compressed, could not be found and hidden.

use std::borrow::Cow;

use crate::wire::h1::Chunked;

use super::coding::decoded;

/// The most that is decoded: more than is kept.
const DECODED_MAX: u64 = 4 << 10;

/// Takes what wraps the body off an answer's first bytes, right or wrong HTTP. A compressed body is decoded if `decodes`,
/// as where the step inspects it; else its length takes its place.
pub fn legible(beginning: &[u8], decodes: bool) -> Cow<'_, [u8]> {
    let Some((begin, end)) = final_head(beginning) else { return Cow::Borrowed(beginning) };
    let (head, rest) = (&beginning[begin..end], &beginning[end..]);
    let chunked = value(head, "transfer-encoding").is_some_and(|it| it.to_ascii_lowercase().contains("chunked"));
    let (body, whole) = if chunked { unchunked(rest) } else { (Cow::Borrowed(rest), false) };
    let encoding = value(head, "content-encoding").map(|all| {
        let named = all.split(',').map(str::trim);
        named.filter(|it| !it.is_empty() && !it.eq_ignore_ascii_case("identity")).collect::<Vec<_>>().join(", ")
    });
    let encoding = encoding.filter(|it| !it.is_empty());
    let body = match encoding {
        Some(encoding) if !body.is_empty() => {
            // What is cut off ends in an error, behind all that could be read.
            let decoded = decodes.then(|| decoded(&body, &encoding.to_ascii_lowercase(), DECODED_MAX)).flatten();
            let decoded = decoded.map_or(Vec::new(), |(decoded, _)| decoded);
            if decoded.is_empty() { instead(&body, whole, head, &encoding).into() } else { decoded.into() }
        }
        _ if !chunked => return Cow::Borrowed(beginning),
        _ => body,
    };
    Cow::Owned([&beginning[..end], &body].concat())
}

/// Where the final head begins and ends; behind interim ones and blank lines.
fn final_head(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut begin = 0;
    loop {
        begin += bytes[begin..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let head = &bytes[begin..];
        let blank = |at: usize| match &head[at..] {
            [b'\n', b'\n', ..] => Some(begin + at + 2),
            [b'\n', b'\r', b'\n', ..] => Some(begin + at + 3),
            _ => None,
        };
        let end = (0..head.len()).find_map(blank)?;
        let interim = head.starts_with(b"HTTP/1.1 1") && !head.starts_with(b"HTTP/1.1 101");
        if !interim {
            return Some((begin, end));
        }
        begin = end;
    }
}

/// The value of a header, of several lines as one list (RFC 9110 section 5.3); the head need not be right.
fn value(head: &[u8], name: &str) -> Option<String> {
    let head = String::from_utf8_lossy(head);
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    let named = fields.filter(|(each, _)| each.trim().eq_ignore_ascii_case(name));
    named.map(|(_, value)| value.trim().to_owned()).reduce(|all, one| all + ", " + &one)
}

/// The data of chunks, and whether it is all. Where they are wrong the rest of the line that shows it follows.
fn unchunked(bytes: &[u8]) -> (Cow<'_, [u8]>, bool) {
    let (mut chunked, mut data) = (Chunked::new(u64::MAX), Vec::new());
    for (at, byte) in bytes.iter().enumerate() {
        if chunked.feed(std::slice::from_ref(byte), |piece| data.extend_from_slice(piece)).is_err() {
            data.extend(bytes[at..].iter().take_while(|byte| **byte != b'\n'));
            break;
        }
    }
    (data.into(), chunked.is_whole())
}

/// What stands in the place of a body that stays compressed.
fn instead(body: &[u8], whole: bool, head: &[u8], encoding: &str) -> Vec<u8> {
    let length = value(head, "content-length").and_then(|length| length.parse::<u64>().ok());
    match length {
        Some(length) => format!("({length} bytes of {encoding})"),
        None if whole => format!("({} bytes of {encoding})", body.len()),
        None => format!("({} bytes of {encoding} and more)", body.len()),
    }
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn shown(beginning: &[u8], decodes: bool) -> String {
        legible(beginning, decodes).escape_ascii().to_string()
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).expect("memory takes all");
        encoder.finish().expect("memory takes all")
    }

    #[test]
    fn chunks_are_put_together_as_far_as_they_are_right() {
        let head = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 O\\o\r\ntransfer-ENCODING: gzip;q=0, Chunked\r\n\r\n";
        let shown = |body: &str| {
            shown(format!("{head}{body}").as_bytes(), false).split("\\r\\n\\r\\n").last().map(str::to_owned)
        };
        for (body, left) in [
            ("3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nX: y\r\n\r\n", "hello"),
            ("3\r\nhel\r\n2\r\nl", "hell"),
            ("3\r\nhel\r\nzwei\r\nlo", "helzwei\\r"),
            ("3\r\nhello\r\n2\r\nlo", "hello\\r"),
        ] {
            assert_eq!(shown(body).as_deref(), Some(left), "{body}");
        }
    }

    #[test]
    fn a_compressed_body_is_decoded_or_its_length_is_kept() {
        let head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n";
        let page = gzip("a page".repeat(99).as_bytes());
        let plain = [head, &b"\r\n"[..], &page].concat();
        assert!(shown(&plain, true).ends_with(&"a page".repeat(99)));
        assert!(shown(&plain, false).ends_with(&format!("({} bytes of gzip and more)", page.len())));
        let twice = [&b"HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\n"[..], &head[17..], b"\r\n", &page].concat();
        assert!(shown(&twice, false).ends_with(&format!("({} bytes of gzip and more)", page.len())));
        let known = [head, &b"Content-Length: 1234\r\n\r\n"[..], &page[..20]].concat();
        assert!(shown(&known, false).ends_with("(1234 bytes of gzip)"));
        let chunked = [head, &b"Transfer-Encoding: chunked\r\n\r\n"[..]].concat();
        let chunked =
            [chunked, format!("{:x}\r\n", page.len()).into_bytes(), page.clone(), b"\r\n0\r\n\r\n".to_vec()].concat();
        assert!(shown(&chunked, true).contains("a pagea page"));
        assert!(shown(&chunked, false).ends_with(&format!("({} bytes of gzip)", page.len())));
        assert!(
            shown(b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nxyz", true).ends_with("(3 bytes of br and more)")
        );
    }

    #[test]
    fn what_is_no_http_or_wraps_nothing_stays_as_it_is() {
        for bytes in ["", "SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\n\r\nbody", "HTTP/1.1 100 Continue\r\n\r\n", "\n\n\r"] {
            assert!(matches!(legible(bytes.as_bytes(), true), Cow::Borrowed(it) if it == bytes.as_bytes()), "{bytes}");
        }
    }
}
