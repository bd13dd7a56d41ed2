//! What a server may answer: one row an answer, with the outcome that it must have.
//!
//! To add a row: name it, write its bytes, say how the request ends and whether the connection is used again. A row
//! needs nothing else; the rest of [`Row`] is for servers that do more than write and wait.
#![allow(dead_code)] // Each test binary that includes this uses a part of it.

mod bodies;
mod chunks;
mod connection;
mod ends;
mod heads;
mod interim;
mod lengths;

/// What a server does, one after the other, once it has read the request.
#[derive(Clone, Debug)]
pub enum Act {
    /// Writes these bytes.
    Send(Vec<u8>),
    /// Waits so many milliseconds.
    Pause(u64),
    /// Writes these bytes again and again, until the other side has had enough.
    Forever(Vec<u8>),
    /// Reads until the other side gives up.
    Silence,
    /// Closes.
    Close,
    /// Resets: what is not read yet may be lost.
    Reset,
}

/// How a request must end: its class and reason (R3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// completed, with this status.
    Right(u16),
    /// failed.status, with this status.
    Status(u16),
    /// failed.expect: well-formed, but not what the step expects.
    Expect,
    /// failed.bad_bytes: not HTTP, or over a limit.
    BadBytes,
    /// failed.reset: the connection ended before the answer did.
    Reset,
    /// failed.timeout: neither an end nor an error within the timeout.
    Timeout,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name: also the population's and the path's.
    pub name: &'static str,
    /// `get` or `head`.
    pub method: &'static str,
    /// What the step expects, as in a scenario; empty: nothing but the status.
    pub expect: &'static str,
    /// What the server does. When it has done it, it waits for the next request.
    pub acts: Vec<Act>,
    /// How the request ends.
    pub ends: Ends,
    /// Whether the next request of the session goes over the same connection.
    pub reused: bool,
    /// The session waits so long before its next request, in milliseconds.
    pub think_ms: u64,
    /// Holds only if the bytes arrive together: what follows an answer too late to be seen with it cannot be told from
    /// an answer to the next request.
    pub together: bool,
}

/// A server that writes these bytes and waits for the next request. The answer is right and the connection used again,
/// unless the row says otherwise.
fn row(name: &'static str, bytes: impl AsRef<[u8]>) -> Row {
    let acts = vec![Act::Send(bytes.as_ref().to_vec())];
    Row { name, method: "get", expect: "", acts, ends: Ends::Right(200), reused: true, think_ms: 0, together: false }
}

impl Row {
    /// The request is a HEAD.
    fn asking_head(self) -> Self {
        Self { method: "head", ..self }
    }

    /// The step expects this of the answer.
    fn expecting(self, expect: &'static str) -> Self {
        Self { expect, ..self }
    }

    /// The answer is right, and this its status.
    fn right(self, status: u16) -> Self {
        Self { ends: Ends::Right(status), ..self }
    }

    /// The status is not the one that the step expects.
    fn wrong_status(self, status: u16) -> Self {
        Self { ends: Ends::Status(status), ..self }
    }

    /// The body is not what the step expects.
    fn unexpected(self) -> Self {
        Self { ends: Ends::Expect, ..self }
    }

    /// The answer is not HTTP, or over a limit.
    fn bad_bytes(self) -> Self {
        Self { ends: Ends::BadBytes, reused: false, ..self }
    }

    /// The connection ends before the answer.
    fn reset(self) -> Self {
        Self { ends: Ends::Reset, reused: false, ..self }
    }

    /// The answer does not end within the timeout.
    fn timeout(self) -> Self {
        Self { ends: Ends::Timeout, reused: false, ..self }
    }

    /// The connection is not used again.
    fn not_reused(self) -> Self {
        Self { reused: false, ..self }
    }

    /// The server does this next.
    fn then(mut self, act: Act) -> Self {
        self.acts.push(act);
        self
    }

    /// The server closes after its bytes.
    fn closed(self) -> Self {
        self.then(Act::Close)
    }

    /// The session thinks for a second before its next request.
    fn thinking(self) -> Self {
        Self { think_ms: 1000, ..self }
    }

    /// The bytes must arrive together.
    fn together(self) -> Self {
        Self { together: true, ..self }
    }

    /// Everything that the server sends, if it sends it only once.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        let piece = |act: &Act| match act {
            Act::Send(bytes) => Some(bytes.clone()),
            Act::Forever(_) => None,
            _ => Some(Vec::new()),
        };
        Some(self.acts.iter().map(piece).collect::<Option<Vec<_>>>()?.concat())
    }

    /// Whether the server closes cleanly at the end.
    pub fn closes(&self) -> bool {
        matches!(self.acts.last(), Some(Act::Close))
    }
}

/// Every row.
pub fn rows() -> Vec<Row> {
    [heads::rows(), lengths::rows(), chunks::rows(), interim::rows(), connection::rows(), bodies::rows(), ends::rows()]
        .concat()
}
