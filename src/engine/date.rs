//! Dates in answers, in all the ways in which servers write them: read as those of cookies are (RFC 6265 section 5.1.1),
//! which takes the three forms of RFC 9110 section 5.6.7 and what is near them.

/// Seconds since 1970 of a date; `None` if it is none.
pub fn unix_seconds(text: &str) -> Option<i64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    let delimiter = |c: char| matches!(c, '\t' | ' '..='/' | ';'..='@' | '['..='`' | '{'..='~');
    for token in text.split(delimiter).filter(|token| !token.is_empty()) {
        if let (None, Some(found)) = (time, clock(token)) {
            time = Some(found);
        } else if let (None, Some(found)) = (day, number(token, 1..=2)) {
            day = Some(found);
        } else if let (None, Some(found)) = (month, month_of(token)) {
            month = Some(found);
        } else if let (None, Some(found)) = (year, number(token, 2..=4)) {
            year = Some(match found {
                70..=99 => found + 1900,
                0..=69 => found + 2000,
                _ => found,
            });
        }
    }
    let (day, month, year, (hour, minute, second)) = (day?, month?, year?, time?);
    let in_range = year >= 1601 && hour <= 23 && minute <= 59 && second <= 59;
    if !in_range || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    Some(days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// `hh:mm:ss`, with anything but a digit after it.
fn clock(token: &str) -> Option<(i64, i64, i64)> {
    let mut fields = token.splitn(3, ':');
    let mut field = |last: bool| {
        let text = fields.next()?;
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        if digits < text.len() && !last {
            return None;
        }
        number(&text[..digits], 1..=2)
    };
    Some((field(false)?, field(false)?, field(true)?))
}

/// A number of this many digits at the beginning of a token, with anything but a digit after it.
fn number(token: &str, digits: std::ops::RangeInclusive<usize>) -> Option<i64> {
    let end = token.find(|c: char| !c.is_ascii_digit()).unwrap_or(token.len());
    if digits.contains(&end) { token[..end].parse().ok() } else { None }
}

/// 1 to 12, by the first three letters.
fn month_of(token: &str) -> Option<i64> {
    const NAMES: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let start = token.get(..3)?;
    (1..).zip(NAMES).find(|(_, name)| start.eq_ignore_ascii_case(name)).map(|(month, _)| month)
}

fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970 of a date of the Gregorian calendar: whole years up to its own, then whole months.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let before = year - 1;
    let to_year = before * 365 + before / 4 - before / 100 + before / 400;
    // 719,162 days lie between the first of January of the years 1 and 1970.
    to_year - 719_162 + (1..month).map(|month| days_in(year, month)).sum::<i64>() + day - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dates_as_servers_write_them() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(784_111_777)),
            ("Sun Nov  6 08:49:37 1994", Some(784_111_777)),
            ("6 november 94 8:49:37utc", Some(784_111_777)),
            ("29 Feb 2000 00:00:00", Some(951_782_400)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(253_402_300_799)),
            ("01 Jan 1601 00:00:00", Some(-11_644_473_600)),
            ("29 Feb 1900 00:00:00", None),
            ("31 Apr 2020 00:00:00", None),
            ("01 Jan 1600 00:00:00", None),
            ("01 Jan 2020 24:00:00", None),
            ("01 Jan 2020", None),
            ("Jan 2020 00:00:00", None),
            ("soon", None),
            ("", None),
            ("é 01 Jän 2020 00:00:00", None),
        ] {
            assert_eq!(unix_seconds(text), seconds, "{text}");
        }
    }
}
