//! A request's head, from the lines of HTTP/1.1 to a header block.

use super::hpack::Encoder;

/// Writes the heads of a connection's requests.
///
/// A head that is sent again and again is written once: when it comes a second time all of it goes into the table, and
/// from then on the same few bytes are copied.
#[derive(Debug)]
pub struct Heads {
    encoder: Encoder,
    /// The last head, and its block if that may be written again.
    head: Vec<u8>,
    block: Vec<u8>,
    settled: Option<u64>,
    name: Vec<u8>,
}

impl Heads {
    /// Nothing written yet.
    pub const fn new() -> Self {
        Self { encoder: Encoder::new(), head: Vec::new(), block: Vec::new(), settled: None, name: Vec::new() }
    }

    /// The server keeps a table of at most so many bytes.
    pub fn limit(&mut self, table: usize) {
        self.encoder.limit(table);
        self.settled = None;
    }

    /// The header block of a request as HTTP/1.1 writes it, and where its body begins.
    pub fn block(&mut self, request: &[u8], scheme: &[u8]) -> (&[u8], usize) {
        let again = !self.head.is_empty() && request.starts_with(&self.head);
        if again && self.settled == Some(self.encoder.changes()) {
            return (&self.block, self.head.len());
        }
        if !again {
            let end = request.windows(4).position(|four| four == b"\r\n\r\n").map_or(request.len(), |at| at + 4);
            self.head.clear();
            self.head.extend_from_slice(&request[..end]);
        }
        self.block.clear();
        self.encoder.begin(&mut self.block);
        let (before, begun) = (self.encoder.changes(), self.block.len());
        self.write(scheme, again);
        // Nothing had to be told: the same bytes will mean the same until the table changes.
        self.settled = (before == self.encoder.changes() && begun == 0).then_some(before);
        (&self.block, self.head.len())
    }

    /// Writes the block of `head`. `again`: it came before, so that all of it is worth a place in the table.
    fn write(&mut self, scheme: &[u8], again: bool) {
        let Self { encoder, head, block, name, .. } = self;
        let mut lines = head.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let mut first = lines.next().unwrap_or_default().split(|b| *b == b' ');
        encoder.field(b":method", first.next().unwrap_or_default(), true, block);
        encoder.field(b":scheme", scheme, true, block);
        // Paths are mostly many: one that comes once would only push others out.
        encoder.field(b":path", first.next().unwrap_or_default(), again, block);
        let fields = lines.filter_map(|line| {
            let colon = line.iter().position(|b| *b == b':')?;
            Some((&line[..colon], line[colon + 1..].trim_ascii()))
        });
        if let Some((_, host)) = fields.clone().find(|(field, _)| field.eq_ignore_ascii_case(b"host")) {
            encoder.field(b":authority", host, true, block);
        }
        for (field, value) in fields {
            name.clear();
            name.extend(field.iter().map(u8::to_ascii_lowercase));
            if belongs_to_http1(name, value) {
                continue;
            }
            let keep = again || !matches!(&name[..], b"content-length" | b"if-none-match" | b"x-scrutinio");
            encoder.field(name, value, keep, block);
        }
    }
}

/// Fields that HTTP/2 says otherwise or not at all (RFC 9113 section 8.2.2).
fn belongs_to_http1(name: &[u8], value: &[u8]) -> bool {
    match name {
        b"host" | b"connection" | b"keep-alive" | b"proxy-connection" | b"transfer-encoding" | b"upgrade" => true,
        b"te" => !value.eq_ignore_ascii_case(b"trailers"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::hpack::Decoder;
    use super::*;

    const GET: &[u8] = b"GET /a?b HTTP/1.1\r\nUser-Agent: x\r\nHost: h:1\r\nConnection: close\r\nTE: gzip\r\n\r\n";

    fn fields(decoder: &mut Decoder, block: &[u8]) -> Vec<String> {
        let mut fields = Vec::new();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        decoder.decode(block, 10_000, |n, v| fields.push(format!("{}={}", text(n), text(v)))).unwrap();
        fields
    }

    #[test]
    fn a_request_that_is_repeated_becomes_a_handful_of_bytes() {
        let (mut heads, mut decoder) = (Heads::new(), Decoder::new());
        let mut sizes = Vec::new();
        for _ in 0..5 {
            let (block, end) = heads.block(GET, b"http");
            assert_eq!(end, GET.len());
            let wanted = [":method=GET", ":scheme=http", ":path=/a?b", ":authority=h:1", "user-agent=x"];
            assert_eq!(fields(&mut decoder, block), wanted);
            sizes.push(block.len());
        }
        assert_eq!(sizes[2..], [5; 3], "{sizes:?}");
    }

    #[test]
    fn heads_in_turn_and_smaller_tables_are_read_right() {
        let (mut heads, mut decoder) = (Heads::new(), Decoder::new());
        for i in 0..200 {
            if i == 50 {
                heads.limit(100);
            }
            if i == 100 {
                heads.limit(0);
            }
            let path = format!("/{}", i / 3 % 7);
            let request = format!("POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
            let (block, end) = heads.block(request.as_bytes(), b"https");
            assert_eq!(&request[end..], "body");
            let path = format!(":path={path}");
            let wanted = [":method=POST", ":scheme=https", &path, ":authority=h", "content-length=4"];
            assert_eq!(fields(&mut decoder, block), wanted);
        }
    }
}
