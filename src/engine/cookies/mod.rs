//! The cookies of a session (RFC 6265): taken from answers, sent back where they belong, gone when their time is over.
//!
//! A session without cookies has no jar. Cookies live in real time, whatever the compression of the day: their
//! lifetime is the server's word, and the server's clock is not compressed.

mod set_cookie;

use std::time::{SystemTime, UNIX_EPOCH};

use set_cookie::SetCookie;

use crate::unit::Instant;

/// Cookies that a session keeps; the oldest goes first.
const COOKIES_MAX: usize = 64;

/// What a session asks, and from where: what decides which cookies go along.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The host without its port.
    pub host: &'a str,
    /// The path, without its query.
    pub path: &'a str,
    /// Whether it is reached by TLS.
    pub secure: bool,
}

/// A cookie.
#[derive(Clone, Debug)]
struct Cookie {
    /// `name=value`, as it is sent.
    pair: Box<str>,
    /// Where the name ends.
    name_len: u16,
    /// In lower case.
    domain: Box<str>,
    /// Only for `domain` itself, and not for the hosts below it.
    host_only: bool,
    path: Box<str>,
    secure: bool,
    /// `None`: with the session.
    ends: Option<Instant>,
    /// Which of the jar's cookies it is, in the order in which they came.
    number: u32,
}

/// The cookies of a session, those with the longest paths first, and the older first among equals: the order in
/// which they are sent (RFC 6265 section 5.4).
#[derive(Debug, Default)]
pub struct Jar {
    cookies: Vec<Cookie>,
    /// Cookies that came so far.
    came: u32,
}

impl Jar {
    /// Takes a Set-Cookie line of an answer from `place`.
    pub fn take(&mut self, line: &str, place: Place<'_>, now: Instant) {
        let Some(set) = SetCookie::parse(line) else { return };
        let host = place.host.to_ascii_lowercase();
        let asked = set.domain.map(str::to_ascii_lowercase);
        let (domain, host_only) = match asked {
            // A domain of one label is a whole registry's: no cookie of one of its hosts is for all of them.
            Some(domain) if domain != host && domain.contains('.') && domain_matches(&host, &domain) => (domain, false),
            Some(domain) if domain != host => return,
            Some(_) => (host.clone(), host_only_by_nature(&host)),
            None => (host, true),
        };
        if (set.secure && !place.secure) || !set.keeps_its_promise() {
            return;
        }
        let path = set.path.unwrap_or_else(|| default_path(place.path));
        let kin = |it: &Cookie| domain_matches(&it.domain, &domain) || domain_matches(&domain, &it.domain);
        let guarded = |it: &Cookie| it.secure && it.name() == set.name && kin(it) && path_matches(path, &it.path);
        // As browsers have it (RFC 6265bis): who can write on a plain connection must not pass for the secure site.
        if !place.secure && self.cookies.iter().any(|it| guarded(it) && it.lives(now)) {
            return;
        }
        let same = |it: &Cookie| it.name() == set.name && *it.domain == *domain && *it.path == *path;
        let known = self.cookies.iter().position(same);
        let ends = set.ends(now, unix_now(&set));
        if ends.is_some_and(|ends| ends <= now) {
            known.map(|at| self.cookies.remove(at));
            return;
        }
        self.came = self.came.wrapping_add(1);
        let mut cookie = Cookie {
            number: self.came,
            pair: format!("{}={}", set.name, set.value).into(),
            name_len: set.name.len() as u16,
            domain: domain.into(),
            host_only,
            path: path.into(),
            secure: set.secure,
            ends,
        };
        match known {
            // It keeps the place of the one before it (RFC 6265 section 5.3, 11.3).
            Some(at) => {
                cookie.number = self.cookies[at].number;
                self.cookies[at] = cookie;
            }
            None => self.add(cookie, now),
        }
    }

    fn add(&mut self, cookie: Cookie, now: Instant) {
        if self.cookies.len() >= COOKIES_MAX {
            self.cookies.retain(|it| it.lives(now));
        }
        let oldest = (0..self.cookies.len()).min_by_key(|at| self.cookies[*at].number);
        if let Some(oldest) = oldest.filter(|_| self.cookies.len() >= COOKIES_MAX) {
            self.cookies.remove(oldest);
        }
        if self.cookies.is_empty() {
            // Most sessions have one, and a million may sleep: a vector's first growth would make room for four.
            self.cookies.reserve_exact(1);
        }
        let at = self.cookies.partition_point(|it| it.path.len() >= cookie.path.len());
        self.cookies.insert(at, cookie);
    }

    /// Writes the Cookie line for a request to `place`, if any cookie belongs there.
    pub fn write_line(&self, place: Place<'_>, now: Instant, out: &mut Vec<u8>) {
        let mut separator: &[u8] = b"Cookie: ";
        for cookie in self.cookies.iter().filter(|it| it.belongs(place, now)) {
            out.extend_from_slice(separator);
            out.extend_from_slice(cookie.pair.as_bytes());
            separator = b"; ";
        }
        if separator == b"; " {
            out.extend_from_slice(b"\r\n");
        }
    }

    /// The value of the cookie of this name, wherever it belongs; that with the longest path, if there are several.
    pub fn value(&self, name: &str, now: Instant) -> Option<&str> {
        let found = self.cookies.iter().find(|it| it.name() == name && it.lives(now))?;
        Some(&found.pair[usize::from(found.name_len) + 1..])
    }
}

impl Cookie {
    fn name(&self) -> &str {
        &self.pair[..usize::from(self.name_len)]
    }

    fn lives(&self, now: Instant) -> bool {
        self.ends.is_none_or(|ends| now < ends)
    }

    fn belongs(&self, place: Place<'_>, now: Instant) -> bool {
        let here = if self.host_only {
            place.host.eq_ignore_ascii_case(&self.domain)
        } else {
            domain_matches(place.host, &self.domain)
        };
        here && (!self.secure || place.secure) && path_matches(place.path, &self.path) && self.lives(now)
    }
}

/// The wall clock, where the cookie needs it.
fn unix_now(set: &SetCookie<'_>) -> i64 {
    if set.expires.is_none() {
        return 0;
    }
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

/// Whether no host can be below this one: it is an address, or has one label.
fn host_only_by_nature(host: &str) -> bool {
    !host.contains('.') || host.contains(':') || host.bytes().all(|byte| byte == b'.' || byte.is_ascii_digit())
}

/// Whether a host is a domain or below it (RFC 6265 section 5.1.3).
fn domain_matches(host: &str, domain: &str) -> bool {
    let Some(before) = host.len().checked_sub(domain.len()) else { return false };
    let (below, end) = (host.as_bytes()[..before].last(), &host.as_bytes()[before..]);
    let same = end.eq_ignore_ascii_case(domain.as_bytes());
    same && (before == 0 || (below == Some(&b'.') && !host_only_by_nature(host)))
}

/// The path of a cookie that names none (RFC 6265 section 5.1.4).
fn default_path(path: &str) -> &str {
    match path.rfind('/') {
        Some(last) if last > 0 && path.starts_with('/') => &path[..last],
        _ => "/",
    }
}

/// Whether a request's path is a cookie's or below it (RFC 6265 section 5.1.4).
fn path_matches(path: &str, of: &str) -> bool {
    match path.strip_prefix(of) {
        Some(rest) => rest.is_empty() || of.ends_with('/') || rest.starts_with('/'),
        None => false,
    }
}

#[cfg(test)]
mod tests;
