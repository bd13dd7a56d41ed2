//! What is wanted of an answer, and what it was in the end.

/// What is wanted of an answer, and its limits.
#[derive(Clone, Copy, Debug)]
pub struct Want {
    /// The request was a HEAD: no body follows.
    pub to_head: bool,
    /// The request opens a stream, which is done if this is the status: the answer ends with its head, and what
    /// follows is the stream's.
    pub opens: Option<u16>,
    /// Keep the final head's bytes.
    pub head: bool,
    /// Keep them where the head sets cookies.
    pub cookies: bool,
    /// Keep the body's bytes as on the wire, up to this many; a longer one is cut and said to be.
    pub body: Option<usize>,
    /// The longest head accepted, in bytes.
    pub head_max: usize,
    /// The longest body accepted, in bytes.
    pub body_max: u64,
}

/// What a whole answer was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The status.
    pub status: u16,
    /// Bytes of the body as on the wire, without chunk framing.
    pub body_len: u64,
    /// Whether the connection may serve another request.
    pub keep_alive: bool,
    /// Whether its head, which is kept then, sets cookies that are wanted.
    pub cookies: bool,
}
