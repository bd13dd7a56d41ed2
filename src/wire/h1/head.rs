//! An answer's head: what it says about the body and the connection (RFC 9112 sections 6 and 9).

use std::mem::MaybeUninit;

/// Header lines that are accepted in one head.
const HEADERS_MAX: usize = 128;

/// How an answer's bytes are not HTTP/1.1, or over a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The status line or a header line is not HTTP.
    #[error("the head is not HTTP/1.1: {0}")]
    Head(httparse::Error),
    /// The head is longer than the limit.
    #[error("the head is over the limit of {0} bytes")]
    HeadTooLong(usize),
    /// A Content-Length that is no number, or two that differ.
    #[error("Content-Length is no number, or stands twice with different values")]
    ContentLength,
    /// Content-Length beside Transfer-Encoding: whoever believes the other one reads another body.
    #[error("both Content-Length and Transfer-Encoding")]
    TwoLengths,
    /// A status outside 100..=999, or 101 without having been asked.
    #[error("status {0} was not asked for or does not exist")]
    Status(u16),
    /// More interim answers than anybody needs.
    #[error("over {0} interim answers")]
    TooManyInterim(u8),
    /// A chunk's size is no hexadecimal number of at most 16 digits.
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
}

impl Head {
    /// Reads a head at the start of `bytes`. `to_head`: the request was a HEAD, so that no body follows.
    pub fn parse(bytes: &[u8], to_head: bool) -> Result<Self, HeadError> {
        // Not initialised: writing 4 KB before each head would cost more than reading the head.
        let mut headers = [const { MaybeUninit::uninit() }; HEADERS_MAX];
        let mut response = httparse::Response::new(&mut []);
        let parser = httparse::ParserConfig::default();
        let len = match parser.parse_response_with_uninit_headers(&mut response, bytes, &mut headers) {
            Ok(httparse::Status::Complete(len)) => len,
            Ok(httparse::Status::Partial) => return Err(HeadError::Partial),
            Err(error) => return Err(Malformed::Head(error).into()),
        };
        let status = response.code.unwrap_or(0);
        if !(100..=999).contains(&status) || status == 101 {
            return Err(Malformed::Status(status).into());
        }
        let fields = Fields::read(response.headers)?;
        let framing = if to_head || status < 200 || status == 204 || status == 304 {
            Framing::Length(0)
        } else {
            fields.framing()?
        };
        // RFC 9112 section 9.3: HTTP/1.1 persists unless it says close, HTTP/1.0 only if it says keep-alive.
        let persists = !fields.close && (response.version == Some(1) || fields.keep_alive);
        Ok(Self { status, len, framing, keep_alive: persists && framing != Framing::Close })
    }
}

/// The header fields that concern the framing.
#[derive(Default)]
struct Fields {
    length: Option<u64>,
    transfer_encoding: bool,
    chunked_last: bool,
    close: bool,
    keep_alive: bool,
}

impl Fields {
    fn read(headers: &[httparse::Header<'_>]) -> Result<Self, Malformed> {
        let mut fields = Self::default();
        for header in headers {
            // The lengths of the three names that matter tell them from nearly all others.
            match header.name.len() {
                14 if header.name.eq_ignore_ascii_case("content-length") => {
                    let length = content_length(header.value)?;
                    if fields.length.is_some_and(|known| known != length) {
                        return Err(Malformed::ContentLength);
                    }
                    fields.length = Some(length);
                }
                17 if header.name.eq_ignore_ascii_case("transfer-encoding") => {
                    fields.transfer_encoding = true;
                    let last = header.value.rsplit(|b| *b == b',').next().unwrap_or_default();
                    fields.chunked_last = last.trim_ascii().eq_ignore_ascii_case(b"chunked");
                }
                10 if header.name.eq_ignore_ascii_case("connection") => {
                    for token in header.value.split(|b| *b == b',').map(<[u8]>::trim_ascii) {
                        fields.close |= token.eq_ignore_ascii_case(b"close");
                        fields.keep_alive |= token.eq_ignore_ascii_case(b"keep-alive");
                    }
                }
                _ => {}
            }
        }
        Ok(fields)
    }

    fn framing(&self) -> Result<Framing, Malformed> {
        match (self.transfer_encoding, self.length) {
            (true, Some(_)) => Err(Malformed::TwoLengths),
            (true, None) if self.chunked_last => Ok(Framing::Chunked),
            (false, Some(length)) => Ok(Framing::Length(length)),
            _ => Ok(Framing::Close),
        }
    }
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
