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

/// Three significant digits in the largest unit that leaves a number of at least one: `1.5s`, `300ms`, `47.3µs`.
/// From two minutes on whole hours, minutes and seconds: `9m 14s`, `30h 15m`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rounded before the unit is chosen: 999.6 µs are 1 ms.
        let nanos = three_digits(self.0);
        let text = match nanos {
            0 => "0s".to_owned(),
            1..1_000 => format!("{nanos}ns"),
            1_000..1_000_000 => format!("{}µs", nanos as f64 / 1e3),
            1_000_000..1_000_000_000 => format!("{}ms", nanos as f64 / 1e6),
            1_000_000_000..120_000_000_000 => format!("{}s", nanos as f64 / 1e9),
            _ => clock(rounded(self.0, 1_000_000_000) / 1_000_000_000),
        };
        f.pad(&text)
    }
}

fn three_digits(n: u64) -> u64 {
    rounded(n, 10u64.pow(n.checked_ilog10().unwrap_or(0).saturating_sub(2)))
}

/// The multiple of `step` that is nearest.
fn rounded(n: u64, step: u64) -> u64 {
    (n / step + u64::from(n % step >= step.div_ceil(2))).saturating_mul(step)
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
            (999_499, "999µs"),
            (999_500, "1ms"),
            (9_994_999, "9.99ms"),
            (9_995_000, "10ms"),
            (99_950_000, "100ms"),
            (999_600_000, "1s"),
            (119_400_000_000, "119s"),
            (119_500_000_000, "2m"),
            (3_599_600_000_000, "1h"),
            (300_000_000, "300ms"),
            (1_500_000_000, "1.5s"),
            (554_000_000_000, "9m 14s"),
            (108_900_000_000_000, "30h 15m"),
        ] {
            assert_eq!(Span::from_nanos(nanos).to_string(), text);
        }
    }
}
