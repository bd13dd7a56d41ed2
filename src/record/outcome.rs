//! How a request ends: exactly one class, split by reason (R3).

use serde::{Deserialize, Serialize};

use crate::scenario::Failure;

/// The class a request ends in (R3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A right answer.
    Completed,
    /// Caused by the target.
    Failed,
    /// Due but not sent, because we ran out of something.
    Unsent,
    /// Open or not begun when the drain ended or the run was stopped.
    Unfinished,
}

impl Class {
    /// The class of an outcome.
    pub fn of(outcome: Outcome) -> Self {
        outcome.map_or_else(Reason::class, |()| Self::Completed)
    }

    /// Every class.
    pub const ALL: [Self; 4] = [Self::Completed, Self::Failed, Self::Unsent, Self::Unfinished];

    /// The class's name in files and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Unsent => "unsent",
            Self::Unfinished => "unfinished",
        }
    }
}

/// A right answer, or why there was none.
pub type Outcome = Result<(), Reason>;

/// Why a request did not get a right answer (R3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Reason {
    /// An answer with a status that is not right (R4).
    Status,
    /// An answer that an `expect` line refused.
    Expect,
    /// The connection was reset or closed before the answer was whole.
    Reset,
    /// The connection was refused, or the network said that the target cannot be reached.
    Refused,
    /// No connection within the connect timeout.
    ConnectTimeout,
    /// No whole answer within the timeout (R5).
    Timeout,
    /// Bytes that are not HTTP, or over a limit.
    BadBytes,
    /// Never sent, because an earlier step of its session failed (S5).
    NotAttempted,
    /// Unsent: `max_in_flight` requests were open (R6).
    InFlight,
    /// Unsent: no file descriptor was left.
    Descriptors,
    /// Unsent: no local port was left.
    Ports,
    /// Unsent: no memory was left.
    Memory,
    /// Unfinished: open or not begun when the drain ended (R7).
    Drained,
    /// Unfinished: open when the run was stopped, for less than any objective allows, or its timeout (D3).
    Stopped,
    /// Unfinished: open when the run was stopped, for as long as an objective about it does not allow, or its timeout (D3).
    Overdue,
    /// Unfinished: not begun when the run was stopped.
    NotBegun,
}

impl Reason {
    /// Every reason, in order of its number.
    pub const ALL: [Self; 16] = [
        Self::Status,
        Self::Expect,
        Self::Reset,
        Self::Refused,
        Self::ConnectTimeout,
        Self::Timeout,
        Self::BadBytes,
        Self::NotAttempted,
        Self::InFlight,
        Self::Descriptors,
        Self::Ports,
        Self::Memory,
        Self::Drained,
        Self::Stopped,
        Self::Overdue,
        Self::NotBegun,
    ];

    /// The class that this reason belongs to.
    pub const fn class(self) -> Class {
        match self {
            Self::Drained | Self::Stopped | Self::Overdue | Self::NotBegun => Class::Unfinished,
            Self::InFlight | Self::Descriptors | Self::Ports | Self::Memory => Class::Unsent,
            _ => Class::Failed,
        }
    }

    /// The failure that it is, by a scenario's words; `None` of what is not the target's doing.
    pub const fn failure(self) -> Option<Failure> {
        Some(match self {
            Self::Status => Failure::Status,
            Self::Expect => Failure::Expect,
            Self::Reset => Failure::Reset,
            Self::Refused => Failure::Refused,
            Self::ConnectTimeout => Failure::ConnectTimeout,
            Self::Timeout => Failure::Timeout,
            Self::BadBytes => Failure::BadBytes,
            Self::NotAttempted => Failure::NotAttempted,
            _ => return None,
        })
    }

    /// The reason's name in files and messages: `in_flight`; serde's name for it is the same.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Status => Failure::Status.name(),
            Self::Expect => Failure::Expect.name(),
            Self::Reset => Failure::Reset.name(),
            Self::Refused => Failure::Refused.name(),
            Self::ConnectTimeout => Failure::ConnectTimeout.name(),
            Self::Timeout => Failure::Timeout.name(),
            Self::BadBytes => Failure::BadBytes.name(),
            Self::NotAttempted => Failure::NotAttempted.name(),
            Self::InFlight => "in_flight",
            Self::Descriptors => "descriptors",
            Self::Ports => "ports",
            Self::Memory => "memory",
            Self::Drained => "drained",
            Self::Stopped => "stopped",
            Self::Overdue => "overdue",
            Self::NotBegun => "not_begun",
        }
    }

    /// Whether quantiles and objectives count a request that ended so. How one would have ended that the stop of the run
    /// kept from it nobody knows (D3).
    pub const fn counts(self) -> bool {
        !matches!(self, Self::Stopped | Self::NotBegun)
    }

    /// The reason of what had not begun, where that of what was open is this one.
    pub const fn of_unbegun(self) -> Self {
        match self {
            Self::Stopped => Self::NotBegun,
            reason => reason,
        }
    }

    /// The key in `by_reason`: `failed.timeout`.
    pub fn key(self) -> String {
        format!("{}.{}", self.class().name(), self.name())
    }

    /// The reason of such a key.
    pub(super) fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.key() == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_lists_every_reason_by_its_number() {
        for (i, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, i, "{}", reason.name());
            assert_eq!(reason.failure().is_some(), reason.class() == Class::Failed, "{}", reason.name());
        }
    }
}
