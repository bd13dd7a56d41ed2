//! Why a request failed, by the words that scenarios say it with.

use serde::Serialize;

/// A way in which the target fails a request (R3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Failure {
    /// An answer with a status that is not right.
    Status,
    /// An answer that an `expect` line refused.
    Expect,
    /// The connection was lost before the answer was whole.
    Reset,
    /// The connection was refused.
    Refused,
    /// No connection within the connect timeout.
    ConnectTimeout,
    /// No whole answer within the timeout.
    Timeout,
    /// Bytes that are not HTTP.
    BadBytes,
    /// Never sent, because an earlier step of its session failed.
    NotAttempted,
}

impl Failure {
    /// Every failure.
    pub const ALL: [Self; 8] = [
        Self::Status,
        Self::Expect,
        Self::Reset,
        Self::Refused,
        Self::ConnectTimeout,
        Self::Timeout,
        Self::BadBytes,
        Self::NotAttempted,
    ];

    /// The failure's name in scenarios, files and messages: `connect_timeout`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Expect => "expect",
            Self::Reset => "reset",
            Self::Refused => "refused",
            Self::ConnectTimeout => "connect_timeout",
            Self::Timeout => "timeout",
            Self::BadBytes => "bad_bytes",
            Self::NotAttempted => "not_attempted",
        }
    }

    /// The failure of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|failure| failure.name() == name)
    }
}
