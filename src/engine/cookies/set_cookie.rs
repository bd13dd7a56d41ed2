//! One Set-Cookie line, read as browsers do (RFC 6265 section 5.2).

use crate::unit::{Instant, Span};

use super::super::date::unix_seconds;

/// Name and value together, in bytes; longer cookies are ignored, as browsers do.
const PAIR_MAX: usize = 4096;
/// An attribute's value; longer ones are ignored.
const ATTRIBUTE_MAX: usize = 1024;

/// Seconds that a cookie lives at most: 400 days, as browsers have it.
const LONGEST: i64 = 400 * 86_400;

/// What a Set-Cookie line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetCookie<'a> {
    /// The cookie's name; may be empty.
    pub name: &'a str,
    /// Its value, as written.
    pub value: &'a str,
    /// The domain that it asks for, without a leading dot.
    pub domain: Option<&'a str>,
    /// The path that it asks for.
    pub path: Option<&'a str>,
    /// How long it lives; the last of each kind that is understood. Max-Age wins over Expires.
    pub max_age: Option<i64>,
    /// When it ends, in seconds since 1970.
    pub expires: Option<i64>,
    /// Only for https.
    pub secure: bool,
}

impl<'a> SetCookie<'a> {
    /// Reads a line's value; `None`: it sets nothing.
    pub fn parse(line: &'a str) -> Option<Self> {
        let mut parts = line.split(';');
        let pair = parts.next()?;
        let (name, value) = pair.split_once('=')?;
        let (name, value) = (trim(name), trim(value));
        let control = |c: char| c.is_ascii_control() && c != '\t';
        if name.is_empty() || name.len() + value.len() > PAIR_MAX || line.contains(control) {
            return None;
        }
        let mut cookie = Self { name, value, domain: None, path: None, max_age: None, expires: None, secure: false };
        parts.for_each(|part| cookie.attribute(part));
        Some(cookie)
    }

    fn attribute(&mut self, part: &'a str) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (trim(name), trim(value));
        if value.len() > ATTRIBUTE_MAX {
            return;
        }
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
        if is("expires") {
            self.expires = unix_seconds(value).or(self.expires);
        } else if is("max-age") {
            self.max_age = seconds(value).or(self.max_age);
        } else if is("domain") && !value.is_empty() {
            self.domain = Some(value.strip_prefix('.').unwrap_or(value));
        } else if is("path") {
            // What is no path stands for the default.
            self.path = value.starts_with('/').then_some(value);
        } else if is("secure") {
            self.secure = true;
        }
    }

    /// Whether it keeps what its name promises (RFC 6265bis section 4.1.3): a server that finds `__Secure-` in a name may
    /// believe that it came over https, and with `__Host-` from itself alone.
    pub fn keeps_its_promise(&self) -> bool {
        let begins = |prefix: &str| {
            let start = self.name.as_bytes().get(..prefix.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
        };
        match self {
            _ if begins("__Host-") => self.secure && self.domain.is_none() && self.path == Some("/"),
            _ => self.secure || !begins("__Secure-"),
        }
    }

    /// When it ends, for one that was read at `now`, which was `unix_now` seconds since 1970; `None`: with the session.
    pub fn ends(&self, now: Instant, unix_now: i64) -> Option<Instant> {
        let left = self.max_age.or_else(|| self.expires.map(|at| at.saturating_sub(unix_now)))?;
        Some(now + Span::from_secs(left.clamp(0, LONGEST) as u64))
    }
}

/// A Max-Age: digits, perhaps after a minus; what is beyond all numbers is forever.
fn seconds(value: &str) -> Option<i64> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(if value.starts_with('-') { 0 } else { digits.parse().unwrap_or(i64::MAX) })
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain<'a>(name: &'a str, value: &'a str) -> SetCookie<'a> {
        SetCookie { name, value, domain: None, path: None, max_age: None, expires: None, secure: false }
    }

    #[test]
    fn reads_a_line_as_browsers_do() {
        for (line, read) in [
            ("a=b", Some(plain("a", "b"))),
            (" a = b c ; ", Some(plain("a", "b c"))),
            ("a=\"b=c\"", Some(plain("a", "\"b=c\""))),
            ("a=", Some(plain("a", ""))),
            ("a=b; other; x=y", Some(plain("a", "b"))),
            ("a", None),
            ("=b", None),
            ("", None),
            ("a=b\u{7}", None),
            ("a=b; SECURE ;HttpOnly=yes", Some(SetCookie { secure: true, ..plain("a", "b") })),
            ("a=b; domain=.Example.org", Some(SetCookie { domain: Some("Example.org"), ..plain("a", "b") })),
            ("a=b; domain=", Some(plain("a", "b"))),
            ("a=b; path=/x; path=y", Some(plain("a", "b"))),
            ("a=b; path=/x; path=/y", Some(SetCookie { path: Some("/y"), ..plain("a", "b") })),
            ("a=b; Max-Age=10", Some(SetCookie { max_age: Some(10), ..plain("a", "b") })),
            ("a=b; Max-Age=-10", Some(SetCookie { max_age: Some(0), ..plain("a", "b") })),
            ("a=b; Max-Age=1h", Some(plain("a", "b"))),
            ("a=b; Max-Age=99999999999999999999", Some(SetCookie { max_age: Some(i64::MAX), ..plain("a", "b") })),
            ("a=b; Expires=Thu, 01 Jan 1970 00:01:00 GMT", Some(SetCookie { expires: Some(60), ..plain("a", "b") })),
            ("a=b; Expires=soon", Some(plain("a", "b"))),
        ] {
            assert_eq!(SetCookie::parse(line), read, "{line}");
        }
        assert_eq!(SetCookie::parse(&format!("a={}", "x".repeat(PAIR_MAX))), None);
    }

    #[test]
    fn max_age_wins_over_expires() {
        let at = |seconds| Some(Instant::ZERO + Span::from_secs(seconds));
        let both = SetCookie { max_age: Some(5), expires: Some(1_090), ..plain("a", "b") };
        assert_eq!(both.ends(Instant::ZERO, 1_000), at(5));
        assert_eq!(SetCookie { max_age: None, ..both.clone() }.ends(Instant::ZERO, 1_000), at(90));
        assert_eq!(SetCookie { max_age: None, ..both }.ends(Instant::ZERO, 2_000), at(0));
        assert_eq!(plain("a", "b").ends(Instant::ZERO, 1_000), None);
    }
}
