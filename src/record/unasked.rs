//! Bytes that no request asked for (R8): how often they came, where, and the first of them.

use serde::{Deserialize, Serialize};

use super::{Recorder, Recording, escaped};

/// Where bytes came that nobody had asked for (R8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// On a connection that waited for its next request.
    Idle,
    /// Behind a whole answer.
    Behind,
    /// Before the request whose answer they would have been.
    Before,
    /// On a stream of HTTP/2 that had ended, or that no request had opened.
    Stream,
}

impl Place {
    /// Where, in words that follow a number of times.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Idle => "on an idle connection",
            Self::Behind => "behind an answer",
            Self::Before => "before its request",
            Self::Stream => "on a stream that was not open",
        }
    }
}

/// Bytes that nobody asked for, behind one step and at one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unasked {
    /// Index of the population of the connection's last request.
    pub population: u16,
    /// Index of that request's recorded step.
    pub step: u16,
    /// Where they came.
    pub place: Place,
    /// How often.
    pub count: u64,
    /// The first bytes of the first time, at most 512; of HTTP/2, what was wrong in words.
    #[serde(with = "escaped")]
    pub head: Vec<u8>,
}

impl Unasked {
    const fn is_like(&self, other: (u16, u16, Place)) -> bool {
        self.population == other.0 && self.step == other.1 && self.place as u8 == other.2 as u8
    }
}

/// Adds what a lane saw in an interval.
pub(super) fn add(all: &mut Vec<Unasked>, more: &[Unasked]) {
    for unasked in more {
        let key = (unasked.population, unasked.step, unasked.place);
        match all.iter_mut().find(|known| known.is_like(key)) {
            Some(known) => known.count += unasked.count,
            None => all.push(unasked.clone()),
        }
    }
}

impl Recorder {
    /// Bytes came that nobody asked for. `head` gives the first of them, if they are still wanted.
    pub fn unasked(&mut self, population: u16, step: u16, place: Place, head: impl FnOnce() -> Vec<u8>) {
        let all = &mut self.slice.unasked;
        match all.iter_mut().find(|known| known.is_like((population, step, place))) {
            Some(known) => known.count += 1,
            None => all.push(Unasked { population, step, place, count: 1, head: head() }),
        }
    }
}

impl Recording {
    /// How often bytes came that nobody asked for, on connections of a population, or of all.
    pub fn unasked_of(&self, population: Option<u16>) -> u64 {
        let of = self.unasked.iter().filter(|unasked| population.is_none_or(|index| unasked.population == index));
        of.map(|unasked| unasked.count).sum()
    }
}
