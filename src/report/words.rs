//! Numbers as people read them: shares, and counts with separators.

use crate::scenario::Measure;
use crate::unit::{Rate, thousands};

/// A measured share of one in percent, to three significant digits: `0.123%`. What was written is shown as it is, by
/// [`Percent`](crate::unit::Percent): rounded, a sum of 99.999 % would be told not to be 100 %.
pub fn share(share: f64) -> String {
    let percent = share * 100.0;
    let decimals = if percent > 0.0 { (2.0 - percent.log10().floor()).clamp(0.0, 6.0) as usize } else { 0 };
    let text = format!("{percent:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}%")
}

/// A count with separators: `7,000,000`.
pub fn count(n: u64) -> String {
    thousands(n, ',')
}

/// A measured rate: `12.3k/s`.
pub fn per_second(rate: f64) -> String {
    Rate::per_second(rate).unwrap_or_default().to_string()
}

/// What the numbers of an objective count: `requests`, `transactions` or `samples`.
pub const fn counted(measure: Option<Measure>) -> &'static str {
    match measure {
        None => "requests",
        Some(Measure::Transaction) => "transactions",
        Some(Measure::Connect) => "connections",
        Some(_) => "samples",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_keep_three_digits() {
        let cases = [(0.0, "0%"), (1.0, "100%"), (0.01, "1%"), (0.012_34, "1.23%"), (0.000_012_34, "0.00123%")];
        for (fraction, text) in cases {
            assert_eq!(share(fraction), text);
        }
    }
}
