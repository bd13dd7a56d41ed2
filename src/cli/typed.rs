//! The values of options, read so that what is wrong is told in words: what would be right, not what a parser saw.

use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::plan::Stripe;
use crate::unit::Span;

/// The most lanes, and the most threads of a target: more than any machine has cores for.
pub const MOST_THREADS: u64 = 1024;

/// A whole number in a range, which is called `what`: `a whole number`.
pub fn whole<T: FromStr>(
    what: &'static str,
    range: RangeInclusive<u64>,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static {
    move |text| {
        let number = text.parse::<u64>().ok().filter(|number| range.contains(number));
        let right = || match *range.end() {
            u64::MAX if *range.start() == 0 => format!("expected {what}"),
            u64::MAX => format!("expected {what} from {}", range.start()),
            most => format!("expected {what} from {} to {most}", range.start()),
        };
        number.and_then(|_| text.parse().ok()).ok_or_else(right)
    }
}

/// A core of this machine.
pub fn core(text: &str) -> Result<usize, String> {
    expect(text, "the number of a core, such as `0`")
}

/// An address of this machine.
pub fn address(text: &str) -> Result<IpAddr, String> {
    expect(text, "an IP address such as `10.0.0.7`")
}

/// Where a service listens.
pub fn listening(text: &str) -> Result<SocketAddr, String> {
    expect(text, "an address and a port, such as `127.0.0.1:8080`")
}

/// A host that load may go to.
pub fn host(text: &str) -> Result<String, String> {
    let plain = !text.is_empty() && !text.contains(['/', '@', ' ']);
    plain.then(|| text.to_owned()).ok_or_else(|| right("a host as it stands in the URL, such as `a.example`"))
}

/// `build=1234`: what a run is called by.
pub fn label(text: &str) -> Result<(String, String), String> {
    let named = text.split_once('=').filter(|(key, _)| !key.trim().is_empty() && !text.contains(char::is_control));
    let (key, value) = named.ok_or_else(|| right("a name and a value, such as `build=1234`"))?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

/// How long a request may take, as in a scenario.
pub fn timeout(text: &str) -> Result<Span, String> {
    let span: Span = text.parse().map_err(|error: crate::unit::ParseError| right(error.expected))?;
    let possible = Span::from_millis(1)..=Span::from_secs(3600);
    possible.contains(&span).then_some(span).ok_or_else(|| right("a timeout from 1ms to 1h"))
}

/// `0/4`: the first of four stripes.
pub fn stripe(text: &str) -> Result<Stripe, String> {
    let parts = text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
    match parts {
        Some((index, of)) if index < of => Ok(Stripe { index, of }),
        _ => Err(right("a stripe and their number, such as `0/4` to `3/4`")),
    }
}

fn expect<T: FromStr>(text: &str, what: &str) -> Result<T, String> {
    text.parse().map_err(|_| right(what))
}

fn right(what: impl Display) -> String {
    format!("expected {what}")
}
