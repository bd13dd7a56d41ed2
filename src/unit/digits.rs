//! How a large whole number is written: its thousands apart.

/// The digits of a number with `separator` before each three from the right: `7,000,000`.
pub fn thousands(number: u64, separator: char) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0, 999, 1_000, 7_000_000].map(|n| thousands(n, ',')), ["0", "999", "1,000", "7,000,000"]);
    }
}
