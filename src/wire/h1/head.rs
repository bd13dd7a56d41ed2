//! An answer's head: what it says about the body and the connection (RFC 9112 sections 6 and 9).

use std::borrow::Cow;
use std::mem::MaybeUninit;

/// Header lines that are accepted in one head, of HTTP/2 too.
pub const HEADERS_MAX: usize = 128;

/// Bytes of blank lines that are passed over before a head: some servers end a body with a line that they do not count.
const BLANK_MAX: usize = 4;

/// How an answer's bytes are not HTTP/1.1, or over a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The status line or a header line is not HTTP.
    #[error("the head is not HTTP/1.1: {0}")]
    Head(httparse::Error),
    /// The head is longer than the limit.
    #[error("the head is over the limit of {0} bytes")]
    HeadTooLong(usize),
    /// A Content-Length that is not a number, or two that differ.
    #[error("Content-Length is not a number, or is given twice with different values")]
    ContentLength,
    /// Content-Length beside Transfer-Encoding: each gives another body.
    #[error("both Content-Length and Transfer-Encoding")]
    TwoLengths,
    /// Transfer-Encoding where its meaning is undefined: in an HTTP/1.0 answer, or chunked twice.
    #[error("Transfer-Encoding in an HTTP/1.0 answer, or `chunked` twice in it")]
    TransferEncoding,
    /// A status outside 100..=999, or 101 without having been asked.
    #[error("status {0} was not asked for or does not exist")]
    Status(u16),
    /// More interim answers than anybody needs.
    #[error("over {0} interim answers")]
    TooManyInterim(u8),
    /// A chunk's size is not a hexadecimal number of at most 16 digits.
    #[error("a chunk's size is not a hexadecimal number")]
    ChunkSize,
    /// A chunk's size line or the trailer section is broken or over the limit.
    #[error("a chunk line or the trailers are broken or over the limit")]
    ChunkLine,
    /// A chunk's data is not followed by the end of its line.
    #[error("a chunk is longer than its size says")]
    ChunkEnd,
    /// The body is longer than the limit.
    #[error("the body is over the limit of {0} bytes")]
    BodyTooLong(u64),
}

/// A head could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadError {
    /// It is not whole yet.
    Partial,
    /// It never will be.
    Malformed(Malformed),
}

impl From<Malformed> for HeadError {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

/// How long a body is (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// This many bytes.
    Length(u64),
    /// In chunks.
    Chunked,
    /// Up to the end of the connection.
    Close,
}

/// What a head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The status.
    pub status: u16,
    /// Length of the head in bytes, blank line included.
    pub len: usize,
    /// How long the body is.
    pub framing: Framing,
    /// Whether the connection may serve another request.
    pub keep_alive: bool,
    /// Whether it sets cookies.
    pub cookies: bool,
}

impl Head {
    /// Reads a head at the start of `bytes`. `to_head`: the request was a HEAD, so that no body follows.
    pub fn parse(bytes: &[u8], to_head: bool) -> Result<Self, HeadError> {
        if bytes.len() > BLANK_MAX && bytes[..=BLANK_MAX].iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
            return Err(Malformed::Head(httparse::Error::NewLine).into());
        }
        // Not initialised: writing 4 KB before each head would cost more than reading the head.
        let mut headers = [const { MaybeUninit::uninit() }; HEADERS_MAX];
        let mut response = httparse::Response::new(&mut []);
        let len = match parser().parse_response_with_uninit_headers(&mut response, bytes, &mut headers) {
            Ok(httparse::Status::Complete(len)) => len,
            Ok(httparse::Status::Partial) => return Err(HeadError::Partial),
            Err(error) => return Err(Malformed::Head(error).into()),
        };
        let status = response.code.unwrap_or(0);
        if !(100..=999).contains(&status) {
            return Err(Malformed::Status(status).into());
        }
        let newer = response.version == Some(1);
        let fields = Fields::read(response.headers);
        let framing = fields.framing(newer);
        // RFC 9112 section 6.3, first of all: these have no body, whatever their fields say.
        let bodyless = to_head || status < 200 || status == 204 || status == 304;
        // But whose lengths clash, or who names one where there can be none, may send a body all the same, and late.
        let doubtful = bodyless && (framing.is_err() || (status == 204 && fields.announces_a_body()));
        let framing = if bodyless { Framing::Length(0) } else { framing? };
        // RFC 9112 section 9.3: HTTP/1.1 persists unless it says close, HTTP/1.0 only if it says keep-alive.
        let persists = !fields.close && (newer || fields.keep_alive);
        let keep_alive = persists && !doubtful && framing != Framing::Close;
        Ok(Self { status, len, framing, keep_alive, cookies: fields.cookies })
    }
}

/// A user agent reads a folded line as one (RFC 9112 section 5.2).
fn parser() -> httparse::ParserConfig {
    let mut parser = httparse::ParserConfig::default();
    parser.allow_obsolete_multiline_headers_in_responses(true);
    parser
}

/// The value of a field in a head's bytes; the first, if it stands more than once. A folded one is one line.
pub fn field<'a>(head: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    // A head of HTTP/2 is kept as text too, under a first line that this parser does not know.
    if let Some(rest) = head.strip_prefix(b"HTTP/2 ") {
        let head = [b"HTTP/1.1 ", rest].concat();
        return field(&head, name).map(|value| Cow::Owned(value.into_owned()));
    }
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut headers);
    parser().parse_response(&mut response, head).ok()?;
    let found = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
    Some(unfolded(found.value))
}

/// Hands over every value of a field in a head's bytes, in order.
pub fn each_field(head: &[u8], name: &str, mut take: impl FnMut(&str)) {
    if let Some(rest) = head.strip_prefix(b"HTTP/2 ") {
        return each_field(&[b"HTTP/1.1 ", rest].concat(), name, take);
    }
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut headers);
    // What was a head when it was read is one still.
    let _ = parser().parse_response(&mut response, head);
    let named = response.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
    named.for_each(|header| take(&unfolded(header.value)));
}

fn unfolded(value: &[u8]) -> Cow<'_, str> {
    match String::from_utf8_lossy(value) {
        Cow::Borrowed(line) if !line.contains('\n') => Cow::Borrowed(line.trim()),
        folded => Cow::Owned(folded.lines().map(str::trim).collect::<Vec<_>>().join(" ")),
    }
}

/// The header fields that concern the framing.
#[derive(Default)]
struct Fields {
    length: Option<u64>,
    length_wrong: bool,
    transfer_encoding: bool,
    chunked: u32,
    chunked_last: bool,
    close: bool,
    keep_alive: bool,
    cookies: bool,
}

impl Fields {
    fn read(headers: &[httparse::Header<'_>]) -> Self {
        let mut fields = Self::default();
        for header in headers {
            // The lengths of the names that matter tell them from nearly all others.
            match header.name.len() {
                14 if header.name.eq_ignore_ascii_case("content-length") => fields.length(header.value),
                17 if header.name.eq_ignore_ascii_case("transfer-encoding") => fields.coding(header.value),
                10 if header.name.eq_ignore_ascii_case("connection") => {
                    for token in elements(header.value) {
                        fields.close |= token.eq_ignore_ascii_case(b"close");
                        fields.keep_alive |= token.eq_ignore_ascii_case(b"keep-alive");
                    }
                }
                10 => fields.cookies |= header.name.eq_ignore_ascii_case("set-cookie"),
                _ => {}
            }
        }
        fields
    }

    fn length(&mut self, value: &[u8]) {
        match content_length(value) {
            Ok(length) if self.length.is_none_or(|known| known == length) => self.length = Some(length),
            _ => self.length_wrong = true,
        }
    }

    fn coding(&mut self, value: &[u8]) {
        self.transfer_encoding = true;
        for coding in elements(value) {
            self.chunked_last = coding.eq_ignore_ascii_case(b"chunked");
            self.chunked += u32::from(self.chunked_last);
        }
    }

    /// How long the body is. `newer`: the answer is HTTP/1.1, for HTTP/1.0 has no transfer codings (RFC 9112 section 6.1).
    fn framing(&self, newer: bool) -> Result<Framing, Malformed> {
        match (self.transfer_encoding, self.length) {
            _ if self.length_wrong => Err(Malformed::ContentLength),
            (true, Some(_)) => Err(Malformed::TwoLengths),
            (true, None) if !newer || self.chunked > 1 => Err(Malformed::TransferEncoding),
            (true, None) if self.chunked_last => Ok(Framing::Chunked),
            (false, Some(length)) => Ok(Framing::Length(length)),
            _ => Ok(Framing::Close),
        }
    }

    fn announces_a_body(&self) -> bool {
        self.transfer_encoding || self.length.is_some_and(|length| length > 0)
    }
}

/// The elements of a list; empty ones are none (RFC 9110 section 5.6.1).
fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|element| !element.is_empty())
}

/// A Content-Length: digits, or a list of the same digits (RFC 9110 section 8.6).
fn content_length(value: &[u8]) -> Result<u64, Malformed> {
    let mut lengths = value.split(|b| *b == b',').map(|part| {
        let digits = part.trim_ascii();
        let all_digits = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        let text = std::str::from_utf8(digits).ok().filter(|_| all_digits);
        text.and_then(|text| text.parse().ok()).ok_or(Malformed::ContentLength)
    });
    let first = lengths.next().unwrap_or(Err(Malformed::ContentLength))?;
    for other in lengths {
        if other? != first {
            return Err(Malformed::ContentLength);
        }
    }
    Ok(first)
}
