//! Events per time.

use std::fmt;
use std::str::FromStr;

use super::{ParseError, thousands};

/// A rate in events per second; finite and never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, serde::Serialize)]
pub struct Rate(f64);

impl Rate {
    /// `n` events per second; `None` if that is negative, infinite or not a number.
    pub fn per_second(n: f64) -> Option<Self> {
        (n.is_finite() && n >= 0.0).then_some(Self(n))
    }

    /// Events per second.
    pub const fn as_per_second(self) -> f64 {
        self.0
    }
}

/// Parses `500/s`, `30k/m`, `1.5/h` and a plain number, which is per second.
impl FromStr for Rate {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let error = || ParseError::new("a rate such as `500/s`, `30k/m` or `12/h`", text);
        let (number, seconds) = match text.trim().rsplit_once('/') {
            None => (text.trim(), 1.0),
            Some((number, "s")) => (number, 1.0),
            Some((number, "m" | "min")) => (number, 60.0),
            Some((number, "h")) => (number, 3600.0),
            Some(_) => return Err(error()),
        };
        let number = number.trim().replace('_', "");
        let (digits, factor) = match number.strip_suffix(['k', 'M']) {
            Some(digits) => (digits, if number.ends_with('k') { 1e3 } else { 1e6 }),
            None => (number.as_str(), 1.0),
        };
        let value: f64 = digits.parse().map_err(|_| error())?;
        Self::per_second(value * factor / seconds).ok_or_else(error)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.0 {
            r if r >= 1e8 => format!("{:.0}M/s", r / 1e6),
            r if r >= 1e7 => format!("{:.1}M/s", r / 1e6),
            r if r >= 1e6 => format!("{:.2}M/s", r / 1e6),
            r if r >= 100_000.0 => format!("{:.0}k/s", r / 1e3),
            r if r >= 10_000.0 => format!("{:.1}k/s", r / 1e3),
            r if r >= 100.0 => format!("{}/s", thousands(r.round() as u64, ',')),
            r => format!("{r:.1}/s"),
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_three_digits_and_the_unit_that_fits() {
        for (per_second, text) in [
            (5.0, "5.0/s"),
            (2_561.4, "2,561/s"),
            (12_340.0, "12.3k/s"),
            (112_000.0, "112k/s"),
            (1_120_000.0, "1.12M/s"),
            (250_000_000.0, "250M/s"),
        ] {
            assert_eq!(Rate(per_second).to_string(), text);
        }
    }

    #[test]
    fn reads_rates_per_second_minute_and_hour() {
        for (text, per_second) in [("500/s", 500.0), ("30k/m", 500.0), ("20_000", 20_000.0), ("1.8/h", 0.0005)] {
            assert_eq!(text.parse(), Ok(Rate(per_second)), "{text}");
        }
        for text in ["", "fast", "5/d", "-1/s", "NaN", "inf"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }
}
