//! What a server may not do on a WebSocket, and the names of the codes by which connections are closed.

/// How a server broke the protocol, or a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A reserved bit is set: no extension was agreed on that would give it a meaning.
    #[error("a frame has a reserved bit set, and no extension was agreed on")]
    Reserved,
    /// An opcode that does not exist.
    #[error("a frame has the unknown opcode {0}")]
    Opcode(u8),
    /// A server's frames are never masked (section 5.1).
    #[error("a frame of the server is masked")]
    Masked,
    /// A length that takes more bytes than it needs, or has its highest bit set (section 5.2).
    #[error("a frame's length is not written as it must be")]
    Length,
    /// A ping, pong or close in pieces, or over 125 bytes (section 5.5).
    #[error("a ping, pong or close is in pieces or over 125 bytes")]
    Control,
    /// A piece that continues nothing, or a new message before the last one's end (section 5.4).
    #[error("the pieces of a message are out of order")]
    Fragment,
    /// A message over the limit.
    #[error("a message is over the limit of {0} bytes")]
    TooLong(u64),
    /// A text that is not UTF-8 (section 8.1).
    #[error("a text message is not UTF-8")]
    Text,
    /// A close whose body is one byte, or whose code nobody may send (section 7.4).
    #[error("a close with a code that nobody may send")]
    CloseCode,
    /// More pings than their answers can be written.
    #[error("over {0} bytes of answers to pings wait to be written")]
    Pings(usize),
}

impl Violation {
    /// The code of the close that tells the server (section 7.4.1).
    pub(super) const fn code(self) -> u16 {
        match self {
            Self::TooLong(_) => 1009,
            Self::Text => 1007,
            Self::Pings(_) => 1008,
            _ => 1002,
        }
    }
}

/// A code's name in the registry of RFC 6455 section 11.7.
pub const fn close_name(code: u16) -> &'static str {
    match code {
        1000 => "normal closure",
        1001 => "going away",
        1002 => "protocol error",
        1003 => "unsupported data",
        1007 => "invalid payload",
        1008 => "policy violation",
        1009 => "message too big",
        1010 => "mandatory extension",
        1011 => "internal error",
        1012 => "service restart",
        1013 => "try again later",
        1014 => "bad gateway",
        3000..=3999 => "registered",
        _ => "private",
    }
}
