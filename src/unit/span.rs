//! A length of time.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::ParseError;

/// A length of time in whole nanoseconds; never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Span(u64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// `n` nanoseconds.
    pub const fn from_nanos(n: u64) -> Self {
        Self(n)
    }

    /// `n` microseconds.
    pub const fn from_micros(n: u64) -> Self {
        Self(n * 1_000)
    }

    /// `n` milliseconds.
    pub const fn from_millis(n: u64) -> Self {
        Self(n * 1_000_000)
    }

    /// `n` seconds.
    pub const fn from_secs(n: u64) -> Self {
        Self(n * 1_000_000_000)
    }

    /// `secs` seconds rounded to the nearest nanosecond; negative and NaN become zero, as a span is
    /// never negative.
    pub fn from_secs_f64(secs: f64) -> Self {
        Self((secs * 1e9 + 0.5) as u64)
    }

    /// Whole nanoseconds.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Whole microseconds, rounded down.
    pub const fn as_micros(self) -> u64 {
        self.0 / 1_000
    }

    /// Seconds.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The same length as the standard library's type.
    pub const fn to_duration(self) -> Duration {
        Duration::from_nanos(self.0)
    }

    /// This span less `other`; zero if `other` is longer.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// This span and `other` together; the longest span there is if they do not fit.
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

/// Parses what people write: `300ms`, `1.5s`, `90s`, `1h 30m`, `14h 10m`. A number without a unit is refused.
impl FromStr for Span {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let error = || ParseError::new("a duration such as `300ms`, `90s` or `1h 30m`", text);
        let parsed: jiff::SignedDuration = text.trim().parse().map_err(|_| error())?;
        u64::try_from(parsed.as_nanos()).map(Self).map_err(|_| error())
    }
}

/// The largest unit that leaves a number of at least one, at most three decimals: `1.5s`, `300ms`, `47µs`.
/// From two minutes on as hours, minutes and seconds: `9m 14s`, `30h 15m`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0;
        let text = match nanos {
            0 => "0s".to_owned(),
            1..1_000 => format!("{nanos}ns"),
            1_000..1_000_000 => decimal(nanos as f64 / 1e3, "µs"),
            1_000_000..1_000_000_000 => decimal(nanos as f64 / 1e6, "ms"),
            1_000_000_000..120_000_000_000 => decimal(nanos as f64 / 1e9, "s"),
            _ => clock(nanos / 1_000_000_000),
        };
        f.pad(&text)
    }
}

fn decimal(value: f64, unit: &str) -> String {
    let decimals = match value {
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{unit}")
}

fn clock(secs: u64) -> String {
    let (hours, minutes, seconds) = (secs / 3600, secs / 60 % 60, secs % 60);
    match (hours, minutes, seconds) {
        (0, m, 0) => format!("{m}m"),
        (0, m, s) => format!("{m}m {s}s"),
        (h, 0, 0) => format!("{h}h"),
        (h, m, 0) => format!("{h}h {m}m"),
        (h, m, s) => format!("{h}h {m}m {s}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, nanos) in [
            ("300ms", 300_000_000),
            ("1.5s", 1_500_000_000),
            ("1h 30m", 5_400_000_000_000),
            ("14h 10m", 51_000_000_000_000),
            ("50us", 50_000),
        ] {
            assert_eq!(text.parse(), Ok(Span::from_nanos(nanos)), "{text}");
        }
    }

    #[test]
    fn refuses_numbers_without_a_unit_and_negative_spans() {
        for text in ["5", "-5s", "1:30", "", "soon"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn shows_the_unit_that_fits() {
        for (nanos, text) in [
            (0, "0s"),
            (999, "999ns"),
            (47_300, "47.3µs"),
            (300_000_000, "300ms"),
            (1_500_000_000, "1.5s"),
            (554_000_000_000, "9m 14s"),
            (108_900_000_000_000, "30h 15m"),
        ] {
            assert_eq!(Span::from_nanos(nanos).to_string(), text);
        }
    }
}
