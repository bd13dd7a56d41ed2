//! The jar against the cases of RFC 6265 section 5.

use proptest::prelude::*;

use super::*;
use crate::unit::Span;

fn at(text: &str) -> Place<'_> {
    let (secure, rest) = text.strip_prefix("https://").map_or((false, text), |rest| (true, rest));
    let slash = rest.find('/').expect("a place has a path");
    Place { host: &rest[..slash], path: &rest[slash..], secure }
}

fn second(seconds: u64) -> Instant {
    Instant::ZERO + Span::from_secs(seconds)
}

fn sent(jar: &Jar, place: &str, now: Instant) -> String {
    let mut out = Vec::new();
    jar.write_line(at(place), now, &mut out);
    let line = String::from_utf8(out).expect("cookies are text");
    line.trim_start_matches("Cookie: ").trim_end().to_owned()
}

/// What is sent to `to` after `lines` came from `from`.
fn after(from: &str, lines: &[&str], to: &str) -> String {
    let mut jar = Jar::default();
    lines.iter().for_each(|line| jar.take(line, at(from), Instant::ZERO));
    sent(&jar, to, Instant::ZERO)
}

#[test]
fn cookies_go_where_they_belong() {
    for (from, line, to, wanted) in [
        ("a.org/x/y", "s=1", "a.org/x/z?q", "s=1"),
        ("a.org/x/y", "s=1", "a.org/", ""),
        ("a.org/x/y", "s=1", "a.org/xy", ""),
        ("a.org/x", "s=1", "a.org/y/z", "s=1"),
        ("a.org/x/y", "s=1; path=/", "a.org/", "s=1"),
        ("a.org/", "s=1; path=/x", "a.org/x", "s=1"),
        ("a.org/", "s=1; path=/x/", "a.org/x/y", "s=1"),
        ("a.org/", "s=1; path=/x/", "a.org/x", ""),
        // Host-only, and for a domain.
        ("a.org/", "s=1", "b.a.org/", ""),
        ("a.org/", "s=1", "A.ORG/", "s=1"),
        ("a.org/", "s=1; domain=a.org", "b.a.org/", "s=1"),
        ("a.org/", "s=1; domain=.A.org", "b.a.org/", "s=1"),
        ("b.a.org/", "s=1; domain=a.org", "a.org/", "s=1"),
        ("b.a.org/", "s=1; domain=a.org", "xa.org/", ""),
        ("a.org/", "s=1; domain=b.a.org", "b.a.org/", ""),
        ("a.org/", "s=1; domain=b.org", "b.org/", ""),
        // A whole registry is nobody's domain; a host of one label is its own.
        ("a.org/", "s=1; domain=org", "a.org/", ""),
        ("localhost/", "s=1; domain=localhost", "localhost/", "s=1"),
        ("localhost/", "s=1; domain=localhost", "x.localhost/", ""),
        // Addresses have no hosts below them.
        ("127.0.0.1/", "s=1; domain=127.0.0.1", "127.0.0.1/", "s=1"),
        ("127.0.0.1/", "s=1; domain=0.0.1", "127.0.0.1/", ""),
        // Secure, set and sent only by TLS.
        ("https://a.org/", "s=1; secure", "https://a.org/", "s=1"),
        ("https://a.org/", "s=1; secure", "a.org/", ""),
        ("a.org/", "s=1; secure", "https://a.org/", ""),
        ("https://a.org/", "s=1", "a.org/", "s=1"),
        ("a.org/", "s=1; HttpOnly", "a.org/", "s=1"),
    ] {
        assert_eq!(after(from, &[line], to), wanted, "`{line}` from {from} to {to}");
    }
}

#[test]
fn the_longest_path_goes_first_and_a_cookie_set_again_keeps_its_place() {
    let lines = ["a=1; path=/", "b=2; path=/x", "c=3; path=/", "d=4; path=/x/y", "a=5; path=/", "a=6; path=/x"];
    assert_eq!(after("a.org/", &lines, "a.org/x/y"), "d=4; b=2; a=6; a=5; c=3");
}

#[test]
fn what_comes_without_tls_takes_the_place_of_no_secure_cookie() {
    let held = |lines: &[(&str, &str)], to: &str| {
        let mut jar = Jar::default();
        lines.iter().for_each(|(from, line)| jar.take(line, at(from), Instant::ZERO));
        sent(&jar, to, Instant::ZERO)
    };
    let secure = ("https://a.org/", "s=1; secure; path=/x; max-age=9");
    for (from, line, wanted) in [
        ("a.org/x/y", "s=2; path=/x", "s=1"),
        ("a.org/x/y", "s=2; path=/x/y", "s=1"),
        ("a.org/x/y", "s=; path=/x; max-age=0", "s=1"),
        ("a.org/x/y", "s=2; path=/x; domain=a.org", "s=1"),
        // What lies above it, another name and another host are nothing to it.
        ("a.org/x/y", "s=2; path=/", "s=1; s=2"),
        ("a.org/x/y", "t=2; path=/x", "s=1; t=2"),
        ("b.org/x/y", "s=2; path=/x", "s=1"),
        ("https://a.org/x/y", "s=2; path=/x", "s=2"),
    ] {
        assert_eq!(held(&[secure, (from, line)], "https://a.org/x/y"), wanted, "`{line}` from {from}");
    }
    let below = ("https://b.a.org/", "s=1; secure");
    assert_eq!(held(&[below, ("a.org/", "s=2; domain=a.org")], "https://b.a.org/"), "s=1");
    assert_eq!(held(&[below, ("c.a.org/", "s=2")], "https://c.a.org/"), "s=2");
}

#[test]
fn cookies_end_and_are_deleted() {
    let mut jar = Jar::default();
    for line in ["a=1; max-age=10", "b=2", "c=3; expires=Fri, 31 Dec 9999 23:59:59 GMT", "d=4; max-age=0"] {
        jar.take(line, at("a.org/"), second(100));
    }
    assert_eq!(sent(&jar, "a.org/", second(109)), "a=1; b=2; c=3");
    assert_eq!(jar.value("a", second(109)), Some("1"));
    assert_eq!(sent(&jar, "a.org/", second(110)), "b=2; c=3");
    assert_eq!(jar.value("a", second(110)), None);
    jar.take("b=; expires=Thu, 01 Jan 1970 00:00:00 GMT", at("a.org/"), second(111));
    jar.take("c=; max-age=-1", at("b.org/"), second(111));
    assert_eq!(sent(&jar, "a.org/", second(111)), "c=3");
}

#[test]
fn a_jar_is_bounded() {
    let mut jar = Jar::default();
    for n in 0..1_000 {
        jar.take(&format!("c{n}=1; max-age=5"), at("a.org/"), Instant::ZERO);
    }
    assert_eq!(jar.cookies.len(), COOKIES_MAX);
    assert_eq!((jar.value("c0", Instant::ZERO), jar.value("c999", Instant::ZERO)), (None, Some("1")));
    jar.take("new=1", at("a.org/"), second(6));
    assert_eq!(sent(&jar, "a.org/", second(6)), "new=1");
}

proptest! {
    #[test]
    fn whatever_a_server_says_a_cookie_line_stays_one_line(line in "[ -~é\\r\\n\\t\u{0}]{0,60}") {
        let mut jar = Jar::default();
        jar.take(&line, at("a.org/"), Instant::ZERO);
        let mut out = Vec::new();
        jar.write_line(at("a.org/"), Instant::ZERO, &mut out);
        prop_assert!(out.is_empty() || out.ends_with(b"\r\n"));
        let text = &out[..out.len().saturating_sub(2)];
        prop_assert!(!text.contains(&b'\r') && !text.contains(&b'\n') && !text.contains(&0));
    }
}

#[test]
fn a_name_that_promises_more_than_its_cookie_keeps_is_refused() {
    for (line, kept) in [
        ("__Secure-s=1", false),
        ("__secure-s=1", false),
        ("__Secure-s=1; secure; path=/x", true),
        ("__Host-s=1; secure; path=/", true),
        ("__HOST-s=1; secure", false),
        ("__Host-s=1; secure; path=/x", false),
        ("__Host-s=1; secure; path=/; domain=a.org", false),
        ("__Hos=1", true),
    ] {
        let mut jar = Jar::default();
        jar.take(line, at("https://a.org/x/y"), Instant::ZERO);
        assert_eq!(!sent(&jar, "https://a.org/x/y", Instant::ZERO).is_empty(), kept, "{line}");
    }
}
