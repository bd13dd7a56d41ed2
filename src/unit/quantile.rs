//! A quantile such as p99.9.

use std::fmt;
use std::str::FromStr;

use super::ParseError;

/// A quantile, kept as parts per million so that `p99.9` leaves exactly one request in a thousand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Quantile(u32);

impl Quantile {
    /// The quantiles of a summary, ascending: p50 p75 p90 p95 p99 p99.9 p99.99.
    pub const SUMMARY: [Self; 7] =
        [Self(500_000), Self(750_000), Self(900_000), Self(950_000), Self(990_000), Self(999_000), Self(999_900)];

    /// The quantile that leaves `1_000_000 - ppm` of a million above it; `None` unless 0 < ppm < 1,000,000.
    pub const fn from_ppm(ppm: u32) -> Option<Self> {
        if ppm > 0 && ppm < 1_000_000 { Some(Self(ppm)) } else { None }
    }

    /// The quantile as a fraction of one.
    pub fn as_fraction(self) -> f64 {
        f64::from(self.0) / 1e6
    }

    /// The share of requests that may lie above it: 0.001 for p99.9.
    pub fn allowed_above(self) -> f64 {
        f64::from(1_000_000 - self.0) / 1e6
    }

    /// The 1-based rank of this quantile among `n` ordered values: the least rank with at least this
    /// share of the values at or below it (nearest rank, in integers; 0 if `n` is 0).
    pub fn rank(self, n: u64) -> u64 {
        (u128::from(n) * u128::from(self.0)).div_ceil(1_000_000) as u64
    }

    /// The name as a JSON key: `p99_9`.
    pub fn key(self) -> String {
        self.to_string().replace('.', "_")
    }
}

/// Parses `p99`, `p99.9`, up to four decimals.
impl FromStr for Quantile {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let error = || ParseError::new("a quantile such as `p99` or `p99.9`", text);
        let digits = text.trim().strip_prefix('p').ok_or_else(error)?;
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || whole.len() > 2 || decimals.len() > 4 || !all_digits(whole) || !all_digits(decimals) {
            return Err(error());
        }
        format!("{whole}{decimals:0<4}").parse().ok().and_then(Self::from_ppm).ok_or_else(error)
    }
}

impl fmt::Display for Quantile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("p{}.{:04}", self.0 / 10_000, self.0 % 10_000);
        f.pad(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_shows_quantiles() {
        for text in ["p50", "p99", "p99.9", "p99.99", "p99.9999", "p5"] {
            assert_eq!(text.parse::<Quantile>().expect(text).to_string(), text);
        }
        for text in ["p", "99", "p100", "p0", "p99.99999", "p9 9", "pp"] {
            assert!(text.parse::<Quantile>().is_err(), "{text}");
        }
    }

    #[test]
    fn ranks_are_exact_where_floats_are_not() {
        let p999 = "p99.9".parse::<Quantile>().expect("a quantile");
        assert_eq!(p999.rank(1_000), 999);
        assert_eq!(p999.rank(7_000_000), 6_993_000);
        assert_eq!(p999.rank(1), 1);
        assert_eq!(p999.rank(0), 0);
    }
}
