//! Writing header blocks.

use super::TABLE_SIZE;
use super::table::Table;

/// Writes the header blocks of a connection, one after the other.
#[derive(Debug)]
pub struct Encoder {
    table: Table,
    /// The smallest limit since the last block, if the limit has changed: it must be told (RFC 7541 section 4.2).
    smallest: Option<usize>,
}

impl Encoder {
    /// An encoder with an empty table.
    pub const fn new() -> Self {
        Self { table: Table::new(TABLE_SIZE), smallest: None }
    }

    /// While this stays the same, a block may be written again as it is.
    pub const fn changes(&self) -> u64 {
        self.table.changes()
    }

    /// The other side keeps a table of at most so many bytes. Ours is never larger than [`TABLE_SIZE`].
    pub fn limit(&mut self, limit: usize) {
        let limit = limit.min(TABLE_SIZE);
        if limit != self.table.limit() {
            self.smallest = Some(self.smallest.map_or(limit, |smallest| smallest.min(limit)));
            self.table.resize(limit);
        }
    }

    /// Begins a block.
    pub fn begin(&mut self, out: &mut Vec<u8>) {
        if let Some(smallest) = self.smallest.take() {
            integer(smallest, 5, 0x20, out);
            if smallest != self.table.limit() {
                integer(self.table.limit(), 5, 0x20, out);
            }
        }
    }

    /// Writes a field. `keep`: it is worth a place in the table, as it will be sent again.
    pub fn field(&mut self, name: &[u8], value: &[u8], keep: bool, out: &mut Vec<u8>) {
        let found = self.table.find(name, value);
        if let Some((index, true)) = found {
            return integer(index, 7, 0x80, out);
        }
        let index = found.map_or(0, |(index, _)| index);
        if keep {
            integer(index, 6, 0x40, out)
        } else {
            integer(index, 4, 0, out)
        }
        if index == 0 {
            string(name, out);
        }
        string(value, out);
        if keep {
            self.table.insert(name, value);
        }
    }
}

/// An integer in the last `prefix` bits of a byte that begins with `pattern`, and in what follows.
fn integer(value: usize, prefix: u8, pattern: u8, out: &mut Vec<u8>) {
    let mask = (1usize << prefix) - 1;
    if value < mask {
        return out.push(pattern | value as u8);
    }
    out.push(pattern | mask as u8);
    let mut rest = value - mask;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn string(bytes: &[u8], out: &mut Vec<u8>) {
    integer(bytes.len(), 7, 0, out);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 7541 appendix C.3.
    #[test]
    fn writes_the_requests_of_the_rfc() {
        let mut encoder = Encoder::new();
        let mut block = |fields: &[(&str, &str)]| {
            let mut out = Vec::new();
            encoder.begin(&mut out);
            fields.iter().for_each(|(name, value)| encoder.field(name.as_bytes(), value.as_bytes(), true, &mut out));
            out
        };
        let (method, scheme, path) = ((":method", "GET"), (":scheme", "http"), (":path", "/"));
        let authority = (":authority", "www.example.com");
        assert_eq!(block(&[method, scheme, path, authority]), b"\x82\x86\x84\x41\x0fwww.example.com");
        let second = block(&[method, scheme, path, authority, ("cache-control", "no-cache")]);
        assert_eq!(second, b"\x82\x86\x84\xbe\x58\x08no-cache");
        let (scheme, path) = ((":scheme", "https"), (":path", "/index.html"));
        let third = block(&[method, scheme, path, authority, ("custom-key", "custom-value")]);
        assert_eq!(third, b"\x82\x87\x85\xbf\x40\x0acustom-key\x0ccustom-value");
    }

    proptest! {
        /// Against a second implementation, over many blocks of one connection, with limits that change in between.
        #[test]
        fn another_decoder_reads_what_it_writes(
            blocks in prop::collection::vec((
                prop::option::of(0usize..5000),
                prop::collection::vec(("[a-z]{1,3}", "[ -~]{0,200}", any::<bool>()), 1..12),
            ), 1..12)
        ) {
            let (mut encoder, mut decoder) = (Encoder::new(), loona_hpack::Decoder::new());
            for (limit, fields) in &blocks {
                if let Some(limit) = limit {
                    encoder.limit(*limit);
                }
                let mut wire = Vec::new();
                encoder.begin(&mut wire);
                for (name, value, keep) in fields {
                    encoder.field(name.as_bytes(), value.as_bytes(), *keep, &mut wire);
                }
                let read = decoder.decode(&wire).unwrap();
                let sent: Vec<_> =
                    fields.iter().map(|(n, v, _)| (n.clone().into_bytes(), v.clone().into_bytes())).collect();
                prop_assert_eq!(read, sent);
            }
        }
    }
}
