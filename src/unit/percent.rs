//! A share of a whole.

use std::fmt;
use std::str::FromStr;

use super::ParseError;

/// A share of a whole, from 0 to 1, written as a percentage.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, serde::Serialize)]
pub struct Percent(f64);

impl Percent {
    /// The share `fraction`; `None` outside 0..=1.
    pub fn from_fraction(fraction: f64) -> Option<Self> {
        (0.0..=1.0).contains(&fraction).then_some(Self(fraction))
    }

    /// The share as a fraction of one.
    pub const fn as_fraction(self) -> f64 {
        self.0
    }
}

/// Parses `85%`, `0.1 %`. A number without the sign is refused: `0.1` could mean either.
impl FromStr for Percent {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let error = || ParseError::new("a percentage from 0% to 100%, such as `0.1%`", text);
        let number = text.trim().strip_suffix('%').ok_or_else(error)?;
        let percent: f64 = number.trim().parse().map_err(|_| error())?;
        Self::from_fraction(percent / 100.0).ok_or_else(error)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&percent(self.0))
    }
}

/// A share as it was written, or a sum of such, which may be over 1: exact to a millionth of a percent, so that 0.1 %
/// does not show as 0.10000000000000000555. What was measured is shown to three digits (`report::words`).
pub fn percent(fraction: f64) -> String {
    let text = format!("{:.6}", fraction * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_shows_percentages() {
        assert_eq!("85%".parse(), Ok(Percent(0.85)));
        assert_eq!("0.1 %".parse::<Percent>().map(|p| p.to_string()), Ok("0.1%".to_owned()));
        for text in ["0.1", "101%", "-1%", "%"] {
            assert!(text.parse::<Percent>().is_err(), "{text}");
        }
    }
}
