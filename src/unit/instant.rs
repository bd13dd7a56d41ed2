//! A point on the run's own clock (T1).

use std::fmt;
use std::ops::{Add, Sub};

use super::Span;

/// Nanoseconds since the run's start on the monotonic clock (T1).
///
/// Subtraction saturates at zero: the instants of a request are ordered by definition, and where two
/// readings of a clock cross by a nanosecond the honest difference is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Instant(u64);

impl Instant {
    /// The run's start.
    pub const ZERO: Self = Self(0);
    /// Later than every instant of a run.
    pub const MAX: Self = Self(u64::MAX);

    /// The instant `nanos` nanoseconds after the run's start.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the run's start.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The number of whole `width`s that have passed: the bin or second this instant falls in.
    pub const fn bin(self, width: Span) -> u32 {
        (self.0 / width.as_nanos()) as u32
    }

    /// How long after `earlier` this is; zero if it is not after.
    pub const fn since(self, earlier: Self) -> Span {
        Span::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Span> for Instant {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.as_nanos()))
    }
}

impl Sub for Instant {
    type Output = Span;
    fn sub(self, earlier: Self) -> Span {
        self.since(earlier)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Span::from_nanos(self.0).fmt(f)
    }
}
