//! Shedding: what is too much is answered 503 with `Retry-After` at once, before any queue.
//!
//! A service that sheds stays fast for those it lets in. What is too much is a rate or a number of requests in flight.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;
use std::str::FromStr;

use crate::unit::{Instant, ParseError, Rate};

/// What is too much.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shed {
    /// More requests than this in a second, over a tenth of a second.
    Rate(Rate),
    /// More than this many that came and were not answered.
    InFlight(u64),
}

impl Shed {
    /// The same for a service whose time runs `factor` times as fast.
    pub fn compressed(self, factor: f64) -> Self {
        match self {
            Self::Rate(rate) => Self::Rate(Rate::per_second(rate.as_per_second() * factor).unwrap_or(rate)),
            Self::InFlight(n) => Self::InFlight(n),
        }
    }
}

/// Parses `500/s`, a rate, and `64`, a number in flight.
impl FromStr for Shed {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let expected = "a rate such as `500/s`, or a number of requests in flight such as `64`, above zero";
        let error = || ParseError { expected, given: text.to_owned() };
        if text.contains('/') {
            let rate: Rate = text.parse().map_err(|_| error())?;
            return if rate.as_per_second() > 0.0 { Ok(Self::Rate(rate)) } else { Err(error()) };
        }
        let n = text.trim().replace('_', "").parse().ok().filter(|n| *n > 0);
        n.map(Self::InFlight).ok_or_else(error)
    }
}

impl fmt::Display for Shed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rate(rate) => rate.fmt(f),
            Self::InFlight(n) => n.fmt(f),
        }
    }
}

/// The doors of one station.
#[derive(Default)]
pub struct Doors {
    inside: Rc<Cell<u64>>,
    /// Requests that a rate lets in now, and since when that is known.
    room: Cell<Option<(f64, Instant)>>,
}

/// A request that was let in, until it is answered.
pub struct Inside(Rc<Cell<u64>>);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Doors {
    /// Lets a request in that arrived at `at`; `None`: it is too much. To be called in the order of arrival.
    pub fn enter(&self, shed: Option<Shed>, at: Instant) -> Option<Inside> {
        let lets_in = match shed {
            None => true,
            Some(Shed::InFlight(most)) => self.inside.get() < most,
            Some(Shed::Rate(rate)) => self.takes_room(rate.as_per_second(), at),
        };
        lets_in.then(|| {
            self.inside.set(self.inside.get() + 1);
            Inside(Rc::clone(&self.inside))
        })
    }

    /// A bucket that the rate fills, and that holds a tenth of a second of it, at least one request.
    fn takes_room(&self, per_second: f64, at: Instant) -> bool {
        let holds = (per_second / 10.0).max(1.0);
        let (room, since) = self.room.get().unwrap_or((holds, at));
        let room = (room + at.since(since).as_secs_f64() * per_second).min(holds);
        let lets_in = room >= 1.0;
        self.room.set(Some((if lets_in { room - 1.0 } else { room }, at)));
        lets_in
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::Span;

    #[test]
    fn what_is_too_much_is_read_and_shown() {
        for text in ["500/s", "64"] {
            assert_eq!(text.parse::<Shed>().unwrap().to_string(), text);
        }
        assert_eq!("1_000".parse(), Ok(Shed::InFlight(1_000)));
        for text in ["", "0", "0/s", "-3", "x", "64/d", "3%"] {
            let error = text.parse::<Shed>().unwrap_err().to_string();
            assert!(error.contains("`500/s`"), "{text}: {error}");
        }
        assert_eq!("5/s".parse::<Shed>().unwrap().compressed(120.0).to_string(), "600/s");
    }

    #[test]
    fn a_number_in_flight_lets_in_whoever_finds_a_place() {
        let (doors, two) = (Doors::default(), Some(Shed::InFlight(2)));
        let (first, second) = (doors.enter(two, Instant::ZERO), doors.enter(two, Instant::ZERO));
        assert!(first.is_some() && second.is_some() && doors.enter(two, Instant::ZERO).is_none());
        drop(first);
        let third = doors.enter(two, Instant::ZERO);
        assert!(third.is_some() && doors.enter(two, Instant::ZERO).is_none());
    }

    #[test]
    fn a_rate_lets_in_its_bucket_and_then_itself() {
        let (doors, rate) = (Doors::default(), "100/s".parse().ok());
        // Ten at once are the bucket; then a request each 10 ms, of 1,000 offered in a second.
        let let_in = |at: Instant| usize::from(doors.enter(rate, at).is_some());
        assert_eq!((0..50).map(|_| let_in(Instant::ZERO)).sum::<usize>(), 10);
        let later = (1..=1_000).map(|ms| let_in(Instant::ZERO + Span::from_millis(ms)));
        assert!((99..=100).contains(&later.sum::<usize>()));
    }
}
