//! How a server breaks the rules of HTTP/2, of one stream or of the whole connection.

use super::hpack::HpackError;

/// What a server did that HTTP/2 forbids, or that is over a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // Each says itself what it is.
pub enum Violation {
    #[error("the server answered HTTP/2 in HTTP/1.1: it does not speak HTTP/2 here")]
    NotHttp2,
    #[error("the connection does not begin with SETTINGS")]
    NoSettings,
    #[error("a frame's length is wrong for its kind, or over 16384 bytes")]
    FrameSize,
    #[error("a frame's padding is longer than its payload")]
    Padding,
    #[error("a {0} frame on a stream that it cannot belong to")]
    WrongStream(&'static str),
    #[error("bytes on stream {0} after its end")]
    AfterEnd(u32),
    #[error("a pushed stream, which we refuse in our settings")]
    Push,
    #[error("a setting has a value that it cannot have")]
    Setting,
    #[error("more bytes than the flow-control window allows")]
    WindowOverrun,
    #[error("a window update of 0, or over the largest window")]
    WindowUpdate,
    #[error("a header block that is not followed by its own end")]
    Continuation,
    #[error("a header block over {0} bytes, or in too many frames")]
    BlockTooLong(usize),
    #[error("{0}")]
    Compression(HpackError),
    #[error("more pings and settings than the server reads answers to")]
    Flood,
    #[error("no `:status`, or not one of three digits")]
    Status,
    #[error("status {0} was not asked for or does not exist")]
    WrongStatus(u16),
    #[error("a pseudo-header that answers do not have, twice, or after other headers")]
    Pseudo,
    #[error("a header name that is empty, in capitals or not a token")]
    HeaderName,
    #[error("a header value with a control character or a space around it")]
    HeaderValue,
    #[error("a header that HTTP/2 does not have, such as `connection`")]
    ConnectionHeader,
    #[error("more than {0} header fields")]
    TooManyFields(usize),
    #[error("the head is over the limit of {0} bytes")]
    HeadTooLong(usize),
    #[error("Content-Length is not a number, or is given twice with different values")]
    ContentLength,
    #[error("the body has another length than Content-Length says")]
    LengthMismatch,
    #[error("a body in an answer that cannot have one")]
    BodyForbidden,
    #[error("the body is over the limit of {0} bytes")]
    BodyTooLong(u64),
    #[error("DATA before the head")]
    DataBeforeHead,
    #[error("an interim answer that ends the stream, or over {0} of them")]
    Interim(u8),
    #[error("trailers that do not end the stream")]
    Trailers,
}

impl Violation {
    /// The error code that tells the server (RFC 9113 section 7).
    pub const fn code(self) -> u32 {
        match self {
            Self::WindowOverrun | Self::WindowUpdate => 0x3,
            Self::AfterEnd(_) => 0x5,
            Self::FrameSize | Self::NotHttp2 => 0x6,
            Self::Compression(_) => 0x9,
            Self::Flood | Self::BlockTooLong(_) | Self::HeadTooLong(_) => 0xb,
            Self::BodyTooLong(_) => CANCEL,
            _ => 0x1,
        }
    }
}

impl Violation {
    /// Whether it is an answer, or a part of one, that nobody asked for.
    pub const fn is_unasked(self) -> bool {
        match self {
            Self::AfterEnd(_) => true,
            Self::WrongStream(frame) => matches!(frame.as_bytes(), b"HEADERS" | b"DATA"),
            _ => false,
        }
    }
}

impl From<HpackError> for Violation {
    fn from(error: HpackError) -> Self {
        Self::Compression(error)
    }
}

/// The stream is not wanted any more.
pub const CANCEL: u32 = 0x8;
/// The stream was refused before anything was done about it.
pub const REFUSED_STREAM: u32 = 0x7;

/// The name of an error code.
pub fn name(code: u32) -> &'static str {
    const NAMES: [&str; 14] = [
        "NO_ERROR",
        "PROTOCOL_ERROR",
        "INTERNAL_ERROR",
        "FLOW_CONTROL_ERROR",
        "SETTINGS_TIMEOUT",
        "STREAM_CLOSED",
        "FRAME_SIZE_ERROR",
        "REFUSED_STREAM",
        "CANCEL",
        "COMPRESSION_ERROR",
        "CONNECT_ERROR",
        "ENHANCE_YOUR_CALM",
        "INADEQUATE_SECURITY",
        "HTTP_1_1_REQUIRED",
    ];
    NAMES.get(code as usize).copied().unwrap_or("an unknown error")
}
