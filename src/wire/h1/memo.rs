//! What the last heads said. A server says the same again and again, down to the date within a second, and a head
//! that begins with the same bytes says the same: comparing costs a tenth of parsing.

use super::head::{Head, HeadError};

/// Heads that are remembered: the answers to a handful of steps in turn.
const REMEMBERED: usize = 4;

/// The last heads of a lane, with what they said.
#[derive(Debug, Default)]
pub struct HeadMemo {
    entries: [Option<Entry>; REMEMBERED],
    oldest: usize,
}

#[derive(Debug)]
struct Entry {
    bytes: Vec<u8>,
    to_head: bool,
    head: Head,
}

impl HeadMemo {
    /// As [`Head::parse`].
    pub fn parse(&mut self, bytes: &[u8], to_head: bool) -> Result<Head, HeadError> {
        // A whole head ends with a blank line, so what follows it cannot change what it says.
        let known = self.entries.iter().flatten().find(|it| it.to_head == to_head && bytes.starts_with(&it.bytes));
        if let Some(entry) = known {
            return Ok(entry.head);
        }
        let head = Head::parse(bytes, to_head)?;
        self.remember(&bytes[..head.len], to_head, head);
        Ok(head)
    }

    fn remember(&mut self, bytes: &[u8], to_head: bool, head: Head) {
        let place = &mut self.entries[self.oldest];
        let mut kept = place.take().map(|entry| entry.bytes).unwrap_or_default();
        kept.clear();
        kept.extend_from_slice(bytes);
        *place = Some(Entry { bytes: kept, to_head, head });
        self.oldest = (self.oldest + 1) % REMEMBERED;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn head() -> impl Strategy<Value = Vec<u8>> {
        let line = prop_oneof![
            Just("Content-Length: 5".to_owned()),
            Just("Content-Length: 50".to_owned()),
            Just("Transfer-Encoding: chunked".to_owned()),
            Just("Connection: close".to_owned()),
            "X-[A-Z]: [a-z]{0,3}",
            Just("no header".to_owned()),
        ];
        let status = prop_oneof![Just(200u16), Just(204), Just(304), Just(100), Just(99)];
        let cut = prop_oneof![Just(0usize), 0..8usize];
        (status, proptest::collection::vec(line, 0..4), "[a-z\r\n]{0,6}", cut).prop_map(|(status, lines, body, cut)| {
            let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
            let mut bytes = format!("HTTP/1.1 {status} OK\r\n{lines}\r\n{body}").into_bytes();
            bytes.truncate(bytes.len() - cut.min(bytes.len()));
            bytes
        })
    }

    proptest! {
        #[test]
        fn a_memo_says_what_the_parser_says(heads in proptest::collection::vec((head(), any::<bool>()), 1..40)) {
            let mut memo = HeadMemo::default();
            for (bytes, to_head) in heads {
                prop_assert_eq!(memo.parse(&bytes, to_head), Head::parse(&bytes, to_head));
            }
        }
    }
}
