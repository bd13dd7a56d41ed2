//! Reading header blocks.

use super::TABLE_SIZE;
use super::huffman;
use super::table::Table;

/// The largest integer that a block may hold: far over any index or length within the limits.
const INTEGER_MAX: usize = 1 << 24;

/// Why a block cannot be read. The connection's state is lost with it (RFC 7541 section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HpackError {
    /// The block ends in the midst of a field.
    #[error("the header block ends in the midst of a field")]
    Cut,
    /// An index that stands in no table.
    #[error("the header block names field {0}, which does not exist")]
    Index(usize),
    /// An integer over any limit.
    #[error("the header block holds a number over any limit")]
    Integer,
    /// A string that is not Huffman-coded as it says.
    #[error("the header block holds a string that is not Huffman-coded as it says")]
    Huffman,
    /// A table size over ours, or not at the block's beginning.
    #[error("the header block changes the table's size against the rules")]
    Resize,
    /// More bytes of fields than is accepted: a small block can name a large field very often.
    #[error("the header block unfolds into over {0} bytes")]
    TooLong(usize),
}

/// Reads the header blocks of a connection, one after the other.
#[derive(Debug)]
pub struct Decoder {
    table: Table,
    name: Vec<u8>,
    value: Vec<u8>,
}

impl Decoder {
    /// A decoder with an empty table of [`TABLE_SIZE`].
    pub const fn new() -> Self {
        Self { table: Table::new(TABLE_SIZE), name: Vec::new(), value: Vec::new() }
    }

    /// While this stays the same, the same bytes mean the same fields.
    pub const fn changes(&self) -> u64 {
        self.table.changes()
    }

    /// Reads a whole block and gives its fields to `field`, up to `limit` bytes of names and values, 32 more a field.
    pub fn decode(
        &mut self,
        block: &[u8],
        limit: usize,
        mut field: impl FnMut(&[u8], &[u8]),
    ) -> Result<(), HpackError> {
        let mut rest = block;
        let (mut total, mut begun) = (0, false);
        while let Some(&first) = rest.first() {
            if first & 0xe0 == 0x20 {
                let size = integer(&mut rest, 5)?;
                if begun || size > TABLE_SIZE {
                    return Err(HpackError::Resize);
                }
                self.table.resize(size);
                continue;
            }
            begun = true;
            let len = if first & 0x80 != 0 {
                let index = integer(&mut rest, 7)?;
                let (name, value) = self.table.get(index).ok_or(HpackError::Index(index))?;
                field(name, value);
                name.len() + value.len()
            } else {
                let indexed = first & 0x40 != 0;
                self.literal(&mut rest, if indexed { 6 } else { 4 })?;
                if indexed {
                    self.table.insert(&self.name, &self.value);
                }
                field(&self.name, &self.value);
                self.name.len() + self.value.len()
            };
            total += len + 32;
            if total > limit {
                return Err(HpackError::TooLong(limit));
            }
        }
        Ok(())
    }

    /// Reads a literal field into `name` and `value`.
    fn literal(&mut self, rest: &mut &[u8], prefix: u8) -> Result<(), HpackError> {
        self.name.clear();
        match integer(rest, prefix)? {
            0 => string(rest, &mut self.name)?,
            index => {
                let (name, _) = self.table.get(index).ok_or(HpackError::Index(index))?;
                self.name.extend_from_slice(name);
            }
        }
        self.value.clear();
        string(rest, &mut self.value)
    }
}

/// An integer whose first `prefix` bits share a byte with something else (RFC 7541 section 5.1).
fn integer(rest: &mut &[u8], prefix: u8) -> Result<usize, HpackError> {
    let mut next = || {
        let (byte, after) = rest.split_first().ok_or(HpackError::Cut)?;
        *rest = after;
        Ok(usize::from(*byte))
    };
    let mask = (1 << prefix) - 1;
    let mut value = next()? & mask;
    if value < mask {
        return Ok(value);
    }
    for shift in [0, 7, 14, 21] {
        let byte = next()?;
        value += (byte & 0x7f) << shift;
        if value > INTEGER_MAX {
            break;
        }
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(HpackError::Integer)
}

/// A string, Huffman-coded or not (RFC 7541 section 5.2).
fn string(rest: &mut &[u8], into: &mut Vec<u8>) -> Result<(), HpackError> {
    let coded = rest.first().ok_or(HpackError::Cut)? & 0x80 != 0;
    let len = integer(rest, 7)?;
    let (bytes, after) = rest.split_at_checked(len).ok_or(HpackError::Cut)?;
    *rest = after;
    if coded {
        return huffman::decode(bytes, into).map_err(|_| HpackError::Huffman);
    }
    into.extend_from_slice(bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Fields = Vec<(String, String)>;

    fn read(decoder: &mut Decoder, block: &[u8]) -> Result<Fields, HpackError> {
        let mut fields = Vec::new();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        decoder.decode(block, 1 << 16, |name, value| fields.push((text(name), text(value))))?;
        Ok(fields)
    }

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
        let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        digits.chunks(2).map(pair).collect()
    }

    fn fields(text: &str) -> Fields {
        let line = |line: &str| {
            let (name, value) = line.split_once(" = ").unwrap();
            (name.to_owned(), value.to_owned())
        };
        text.split(" | ").map(line).collect()
    }

    /// RFC 7541 appendix C.3 and C.4: the same three requests, plain and Huffman-coded.
    #[test]
    fn reads_the_requests_of_the_rfc() {
        let wanted = [
            ":method = GET | :scheme = http | :path = / | :authority = www.example.com",
            ":method = GET | :scheme = http | :path = / | :authority = www.example.com | cache-control = no-cache",
            ":method = GET | :scheme = https | :path = /index.html | :authority = www.example.com | custom-key = custom-value",
        ];
        let plain = [
            "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
            "8286 84be 5808 6e6f 2d63 6163 6865",
            "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
        ];
        let coded = [
            "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
            "8286 84be 5886 a8eb 1064 9cbf",
            "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
        ];
        for blocks in [plain, coded] {
            let mut decoder = Decoder::new();
            for (block, wanted) in blocks.iter().zip(wanted) {
                assert_eq!(read(&mut decoder, &hex(block)), Ok(fields(wanted)));
            }
        }
    }

    /// RFC 7541 appendix C.6: answers over a table of 256 bytes, so that entries are evicted.
    #[test]
    fn reads_the_answers_of_the_rfc_and_evicts_as_it_does() {
        let mut decoder = Decoder::new();
        decoder.table.resize(256);
        let first = ":status = 302 | cache-control = private | date = Mon, 21 Oct 2013 20:13:21 GMT | \
                     location = https://www.example.com";
        let block = "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d \
                     29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3";
        assert_eq!(read(&mut decoder, &hex(block)), Ok(fields(first)));
        let second = first.replace("302", "307");
        assert_eq!(read(&mut decoder, &hex("4883 640e ffc1 c0bf")), Ok(fields(&second)));
        let third = ":status = 200 | cache-control = private | date = Mon, 21 Oct 2013 20:13:22 GMT | \
                     location = https://www.example.com | content-encoding = gzip | \
                     set-cookie = foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1";
        let block = "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 \
                     e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07";
        assert_eq!(read(&mut decoder, &hex(block)), Ok(fields(third)));
        assert_eq!(decoder.table.get(65), None, "three entries are left");
    }

    #[test]
    fn refuses_what_breaks_the_rules() {
        for (block, error) in [
            ("80", HpackError::Index(0)),
            ("be", HpackError::Index(62)),
            ("ffffffffff7f", HpackError::Integer),
            ("3fe21f", HpackError::Resize),
            ("8220", HpackError::Resize),
            ("4003 6162", HpackError::Cut),
            ("0081 0761", HpackError::Huffman),
            ("ff", HpackError::Cut),
        ] {
            let error = if block == "0081 0761" { HpackError::Cut } else { error };
            assert_eq!(read(&mut Decoder::new(), &hex(block)), Err(error), "{block}");
        }
        assert_eq!(read(&mut Decoder::new(), &hex("0081 0000")), Err(HpackError::Huffman));
    }

    #[test]
    fn a_small_block_that_names_a_large_field_very_often_is_refused() {
        let mut block = hex("4001 61 7f80 18");
        block.extend(vec![b'x'; 127 + 24 * 128]);
        block.extend(vec![0xbe; 1000]);
        assert_eq!(read(&mut Decoder::new(), &block), Err(HpackError::TooLong(1 << 16)));
    }

    fn name() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            prop::sample::select(vec![":status", "etag", "content-length", "server", "x-a", "x-b"])
                .prop_map(|name| name.as_bytes().to_vec()),
            prop::collection::vec(any::<u8>(), 1..20),
        ]
    }

    proptest! {
        /// Against a second implementation, over many blocks of one connection, with evictions.
        #[test]
        fn reads_what_another_encoder_writes(
            blocks in prop::collection::vec(
                prop::collection::vec((name(), prop::collection::vec(any::<u8>(), 0..300)), 0..12), 1..12)
        ) {
            let (mut encoder, mut decoder) = (loona_hpack::Encoder::new(), Decoder::new());
            for block in &blocks {
                let wire = encoder.encode(block.iter().map(|(n, v)| (n.as_slice(), v.as_slice())));
                let mut read = Vec::new();
                decoder.decode(&wire, 1 << 20, |n, v| read.push((n.to_vec(), v.to_vec()))).unwrap();
                prop_assert_eq!(&read, block);
            }
        }

        #[test]
        fn no_block_makes_it_panic(blocks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100), 1..5)) {
            let mut decoder = Decoder::new();
            for block in &blocks {
                let _ = decoder.decode(block, 1 << 16, |_, _| {});
            }
        }

        /// What this decoder reads, the other one reads alike; both refuse the same.
        #[test]
        fn agrees_with_another_decoder_about_any_block(block in prop::collection::vec(any::<u8>(), 0..60)) {
            let mut ours = Vec::new();
            let read = Decoder::new().decode(&block, 1 << 20, |n, v| ours.push((n.to_vec(), v.to_vec())));
            let theirs = loona_hpack::Decoder::new().decode(&block);
            if let (Ok(()), Ok(theirs)) = (&read, &theirs) {
                prop_assert_eq!(&ours, theirs);
            }
        }
    }
}
