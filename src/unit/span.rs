//! A length of time.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::ParseError;

/// A length of time in whole nanoseconds; never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
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

    /// Whole milliseconds, rounded down.
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000_000
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

/// The units of a length of time, greatest first, in nanoseconds.
const UNITS: [(&str, u64); 7] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("ns", 1),
];

/// Parses what people write: `300ms`, `1.5s`, `90s`, `1h 30m`, `14h 10m`. A number without a unit is refused, and so is a
/// comma, which is a decimal point to some and groups digits for others.
impl FromStr for Span {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let error = |expected| ParseError::new(expected, text);
        if text.contains(',') {
            return Err(error("a duration without a comma, such as `1s`, `1000ms` or `1.5s`"));
        }
        let nanos = nanos(text.trim()).ok_or_else(|| error("a duration such as `300ms`, `90s` or `1h 30m`"))?;
        u64::try_from(nanos).map(Self).map_err(|_| error("a duration of at most 500 years"))
    }
}

/// The sum of numbers with units, each unit less than the one before and filled less than once; only the last may have
/// decimals. `u128::MAX` at most.
fn nanos(text: &str) -> Option<u128> {
    let (mut sum, mut above, mut rest) = (0u128, None, text);
    loop {
        let (number, tail) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && c != '.')?);
        let tail = tail.trim_start();
        let (unit, tail) = tail.split_at(tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len()));
        let (_, unit) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let (unit, part) = (u128::from(*unit), times(number, u128::from(*unit))?);
        rest = tail.trim_start();
        let fills = above.is_some_and(|above| part >= above || unit >= above);
        if fills || (number.contains('.') && !rest.is_empty()) {
            return None;
        }
        (sum, above) = (sum.saturating_add(part), Some(unit));
        if rest.is_empty() {
            return Some(sum);
        }
    }
}

/// A decimal number of units, to the nanosecond: decimals below it are cut off.
fn times(number: &str, unit: u128) -> Option<u128> {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || decimals.is_empty() || decimals.contains('.') {
        return None;
    }
    // Only digits are left, so that what does not parse is too many of them.
    let whole = whole.parse::<u128>().unwrap_or(u128::MAX).saturating_mul(unit);
    let decimals: u128 = format!("{decimals:0<18.18}").parse().ok()?;
    Some(whole.saturating_add(decimals * unit / 1_000_000_000_000_000_000))
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
            ("50µs", 50_000),
            ("1h30m", 5_400_000_000_000),
            ("1m 0.25s", 60_250_000_000),
        ] {
            assert_eq!(text.parse(), Ok(Span::from_nanos(nanos)), "{text}");
        }
    }

    #[test]
    fn refuses_numbers_without_a_unit_and_negative_spans() {
        for text in ["5", "-5s", "+5s", "1:30", "", "soon", ".5s", "5.s", "1.2.3s", "1.5h 30m"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn reads_only_what_the_docs_name() {
        for text in ["PT9S", "00:00:02", "2 minutes", "2sec", "1h 99m", "30m 1h", "1s 1s", "1h, 5m", "1s ago"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_comma_and_too_long_a_time_are_told_as_such() {
        let told = |text: &str| text.parse::<Span>().expect_err(text).to_string();
        for text in ["1,000ms", "0,3s"] {
            assert_eq!(
                told(text),
                format!("expected a duration without a comma, such as `1s`, `1000ms` or `1.5s`, found `{text}`")
            );
        }
        for long in ["999999999999h", "9999999999999999999999999999999999999999999999s"] {
            assert_eq!(told(long), format!("expected a duration of at most 500 years, found `{long}`"));
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
