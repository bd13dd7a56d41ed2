//! The fields of one header block, as they are decoded: checked, and read as far as they concern the framing.

use super::Violation;
use crate::wire::h1::HEADERS_MAX;

/// What the fields of a block say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// `:status`; 0 in trailers.
    pub status: u16,
    /// Content-Length.
    pub length: Option<u64>,
    /// Whether cookies are set.
    pub cookies: bool,
}

/// Whether an answer of this status is kept with its head, as where it leads is told to the user.
pub const fn redirects(status: u16) -> bool {
    matches!(status, 301..=303 | 307 | 308)
}

/// Takes the fields of a block one by one.
pub struct Fields<'a> {
    facts: Facts,
    regular: bool,
    count: usize,
    bytes: usize,
    max: usize,
    keep: bool,
    text: &'a mut Vec<u8>,
    wrong: Option<Violation>,
}

impl<'a> Fields<'a> {
    /// Nothing taken yet. `keep`: the fields are written to `text` as HTTP/1.1 has them; a redirect's always are, and
    /// where they are not, the lines that set cookies. `max`: the longest head that may be; no more is written.
    pub const fn new(keep: bool, max: usize, text: &'a mut Vec<u8>) -> Self {
        let facts = Facts { status: 0, length: None, cookies: false };
        // The empty line behind them counts too.
        Self { facts, regular: false, count: 0, bytes: 2, max, keep, text, wrong: None }
    }

    /// Takes a field. What is wrong with it is told at the end, for the block must be read whole in any case.
    pub fn take(&mut self, name: &[u8], value: &[u8]) {
        self.bytes += name.len() + value.len() + 4;
        if self.wrong.is_none() && self.bytes <= self.max {
            self.wrong = self.read(name, value).err();
        }
    }

    /// What the fields said, or what is wrong with them.
    pub fn finish(self) -> Result<Facts, Violation> {
        if self.bytes > self.max {
            return Err(Violation::HeadTooLong(self.max));
        }
        self.wrong.map_or(Ok(self.facts), Err)
    }

    fn read(&mut self, name: &[u8], value: &[u8]) -> Result<(), Violation> {
        if name.first() == Some(&b':') {
            return self.pseudo(name, value);
        }
        self.regular = true;
        self.count += 1;
        if self.count > HEADERS_MAX {
            return Err(Violation::TooManyFields(HEADERS_MAX));
        }
        if name.is_empty() || !name.iter().all(|b| is_name_byte(*b)) {
            return Err(Violation::HeaderName);
        }
        let edges = [value.first(), value.last()];
        // As HTTP/1.1 is read here, which RFC 9113 section 8.2.1 allows.
        if value.iter().any(|b| matches!(b, 0..=8 | 10..=31 | 127))
            || edges.contains(&Some(&b' '))
            || edges.contains(&Some(&b'\t'))
        {
            return Err(Violation::HeaderValue);
        }
        match name {
            b"content-length" => self.length(value)?,
            b"set-cookie" => self.cookie(value),
            b"connection" | b"keep-alive" | b"proxy-connection" | b"transfer-encoding" | b"upgrade" => {
                return Err(Violation::ConnectionHeader);
            }
            _ => {}
        }
        if self.keep {
            self.write(name, value);
        }
        Ok(())
    }

    fn pseudo(&mut self, name: &[u8], value: &[u8]) -> Result<(), Violation> {
        if name != b":status" || self.regular || self.facts.status != 0 {
            return Err(Violation::Pseudo);
        }
        self.facts.status = match value {
            [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
                [a, b, c].iter().fold(0, |sum, digit| sum * 10 + u16::from(**digit - b'0'))
            }
            _ => return Err(Violation::Status),
        };
        self.keep |= redirects(self.facts.status);
        if self.keep {
            self.write_status();
        }
        Ok(())
    }

    fn write_status(&mut self) {
        self.text.extend_from_slice(format!("HTTP/2 {}\r\n", self.facts.status).as_bytes());
    }

    /// A cookie is kept whatever else is.
    fn cookie(&mut self, value: &[u8]) {
        if !self.keep && !self.facts.cookies {
            self.write_status();
        }
        if !self.keep {
            self.write(b"set-cookie", value);
        }
        self.facts.cookies = true;
    }

    fn write(&mut self, name: &[u8], value: &[u8]) {
        for part in [name, b": ", value, b"\r\n"] {
            self.text.extend_from_slice(part);
        }
    }

    fn length(&mut self, value: &[u8]) -> Result<(), Violation> {
        let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
        let text = std::str::from_utf8(value).ok().filter(|_| digits);
        let length = text.and_then(|text| text.parse().ok()).ok_or(Violation::ContentLength)?;
        if self.facts.length.is_some_and(|known| known != length) {
            return Err(Violation::ContentLength);
        }
        self.facts.length = Some(length);
        Ok(())
    }
}

/// Whether a byte may stand in a name: those of a token, but no capitals (RFC 9113 section 8.2.1).
const fn is_name_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[(&str, &str)]) -> Result<Facts, Violation> {
        let mut text = Vec::new();
        let mut all = Fields::new(true, 100, &mut text);
        fields.iter().for_each(|(name, value)| all.take(name.as_bytes(), value.as_bytes()));
        all.finish()
    }

    #[test]
    fn reads_the_status_and_the_length() {
        let facts = Facts { status: 200, length: Some(5), cookies: false };
        assert_eq!(read(&[(":status", "200"), ("content-length", "5"), ("content-length", "5")]), Ok(facts));
        assert_eq!(read(&[("x-sum", "1")]), Ok(Facts::default()));
    }

    #[test]
    fn refuses_what_http2_forbids() {
        let ok = (":status", "200");
        for (fields, wrong) in [
            (&[(":status", "20")][..], Violation::Status),
            (&[(":status", "2x0")], Violation::Status),
            (&[ok, ok], Violation::Pseudo),
            (&[("a", "b"), ok], Violation::Pseudo),
            (&[(":path", "/")], Violation::Pseudo),
            (&[ok, ("Server", "x")], Violation::HeaderName),
            (&[ok, ("", "x")], Violation::HeaderName),
            (&[ok, ("a b", "x")], Violation::HeaderName),
            (&[ok, ("a", "x\r\nb: c")], Violation::HeaderValue),
            (&[ok, ("a", " x")], Violation::HeaderValue),
            (&[ok, ("connection", "close")], Violation::ConnectionHeader),
            (&[ok, ("transfer-encoding", "chunked")], Violation::ConnectionHeader),
            (&[ok, ("content-length", "5"), ("content-length", "6")], Violation::ContentLength),
            (&[ok, ("content-length", "+5")], Violation::ContentLength),
            (&[ok, ("a", &"x".repeat(100))], Violation::HeadTooLong(100)),
        ] {
            assert_eq!(read(fields), Err(wrong), "{fields:?}");
        }
    }

    #[test]
    fn a_kept_head_reads_like_one_of_http_1() {
        let mut text = Vec::new();
        let mut fields = Fields::new(true, 100, &mut text);
        fields.take(b":status", b"200");
        fields.take(b"etag", b"\"1\"");
        assert!(fields.finish().is_ok());
        assert_eq!(text, b"HTTP/2 200\r\netag: \"1\"\r\n");
    }

    #[test]
    fn cookies_are_kept_though_nothing_else_is() {
        for (keep, kept) in [
            (false, "HTTP/2 200\r\nset-cookie: a=b\r\nset-cookie: c=d\r\n"),
            (true, "HTTP/2 200\r\netag: 1\r\nset-cookie: a=b\r\nset-cookie: c=d\r\n"),
        ] {
            let mut text = Vec::new();
            let mut fields = Fields::new(keep, 200, &mut text);
            for (name, value) in [(":status", "200"), ("etag", "1"), ("set-cookie", "a=b"), ("set-cookie", "c=d")] {
                fields.take(name.as_bytes(), value.as_bytes());
            }
            assert_eq!(fields.finish().map(|facts| facts.cookies), Ok(true));
            assert_eq!(String::from_utf8(text).as_deref(), Ok(kept));
        }
    }
}
