//! Counts of bytes.

use std::fmt;
use std::str::FromStr;

use super::ParseError;

/// A number of bytes, written in binary units (`64KiB`, `10MiB`) or plain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Bytes(pub u64);

const UNITS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

impl FromStr for Bytes {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let powers_of_ten = ["kB", "KB", "MB", "GB"].iter().any(|unit| text.trim().ends_with(unit));
        let expected = match powers_of_ten {
            true => "a size in KiB, MiB or GiB, such as `10MiB`; units of 1000 are not known",
            false => "a size such as `512B`, `64KiB` or `10MiB`",
        };
        let error = || ParseError::new(expected, text);
        let text = text.trim();
        let (number, factor) =
            UNITS.iter().find_map(|(unit, factor)| text.strip_suffix(unit).map(|n| (n, *factor))).unwrap_or((text, 1));
        let number: u64 = number.trim().replace('_', "").parse().map_err(|_| error())?;
        number.checked_mul(factor).map(Self).ok_or_else(error)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, factor) = UNITS.into_iter().find(|(_, factor)| self.0 >= *factor).unwrap_or(("B", 1));
        let text =
            if factor == 1 { format!("{} B", self.0) } else { format!("{:.1} {unit}", self.0 as f64 / factor as f64) };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_shows_sizes() {
        assert_eq!("64KiB".parse(), Ok(Bytes(65_536)));
        assert_eq!("512".parse(), Ok(Bytes(512)));
        assert_eq!(Bytes(1_572_864).to_string(), "1.5 MiB");
        for text in ["10MB?", "-1", "99999999999GiB"] {
            assert!(text.parse::<Bytes>().is_err(), "{text}");
        }
    }
}
