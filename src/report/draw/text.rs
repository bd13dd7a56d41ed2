//! Words in a drawing: escaped, and no wider than their place.

/// The size of all text, in px.
pub const SIZE: f64 = 13.0;
/// The height of a line of text, in px.
pub const LINE: f64 = 17.0;

/// How wide the characters from the space to `~` are, in hundredths of the text's size. From DejaVu Sans, one of the widest
/// fonts that pages are shown in: in others there is room left over.
const WIDTHS: [u8; 95] = [
    32, 41, 46, 84, 64, 96, 78, 28, 40, 40, 50, 84, 32, 37, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84,
    84, 84, 54, 100, 69, 69, 70, 78, 64, 58, 78, 76, 30, 30, 66, 56, 87, 75, 79, 61, 79, 70, 64, 62, 74, 69, 99, 69,
    62, 69, 40, 34, 40, 84, 50, 50, 62, 64, 55, 64, 62, 36, 64, 64, 28, 28, 58, 28, 98, 64, 62, 64, 64, 42, 53, 40, 64,
    60, 82, 60, 60, 53, 64, 34, 64, 84,
];

/// What `\u{202e}` takes, in hundredths of the text's size.
const UNSEEN: u16 = 510;

/// The greatest width of a text in px.
pub fn width(text: &str) -> f64 {
    text.chars().map(char_width).sum()
}

fn char_width(c: char) -> f64 {
    let hundredths = match c {
        ' '..='~' => u16::from(WIDTHS[c as usize - ' ' as usize]),
        c if is_unseen(c) => UNSEEN,
        '\u{a0}'..='\u{24f}' => 85,
        '\u{2500}'.. => 110,
        _ => 100,
    };
    f64::from(hundredths) / 100.0 * SIZE
}

/// A text that is at most so many px wide: what is longer is cut, with … at its end.
pub fn fitted(text: &str, most: f64) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut left = most - char_width('…');
    let mut cut: String = text
        .chars()
        .take_while(|c| {
            left -= char_width(*c);
            left >= 0.0
        })
        .collect();
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    cut
}

/// A text as it may stand between tags and in an attribute. Characters that control terminals, turn the reading direction or
/// may not stand in XML are shown by their number: `\u{202e}`.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' | '\t' => safe.push(' '),
            c if is_unseen(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    safe
}

fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_is_markup_or_unseen() {
        for (text, safe) in [
            ("</script><svg onload=\"x\">", "&lt;/script&gt;&lt;svg onload=&quot;x&quot;&gt;"),
            ("a\u{0}b\u{1b}[31m", "a\\u{0}b\\u{1b}[31m"),
            ("\u{202e}gpj", "\\u{202e}gpj"),
            ("]]> & \u{ffff}\n", "]]&gt; &amp; \\u{ffff} "),
            ("Città 東京 🚀", "Città 東京 🚀"),
        ] {
            assert_eq!(escaped(text), safe);
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_fitted_fits(text in ".{0,80}", most in 20.0..400.0f64) {
            let cut = fitted(&text, most);
            proptest::prop_assert!(width(&cut) <= most, "{cut:?}");
            proptest::prop_assert!(cut == text || cut.ends_with('…'));
        }
    }
}
