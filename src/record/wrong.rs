//! Which kinds of requests were not right, and how many of each: counted on every lane, in bounded memory and time.
//!
//! A kind is a step, a reason, a status and what was wrong in words, without the values in these words: answers that
//! differ in a number or a name are of one kind. A target that fails every request costs a hash and a short search each.

use std::cmp::Reverse;
use std::hash::{DefaultHasher, Hasher};

use serde::{Deserialize, Serialize};

use super::Reason;

/// Kinds that a lane tells apart. What comes beyond is counted by step and reason all the same.
const KINDS: usize = 64;

/// A request that was not right, as it is counted.
#[derive(Clone, Copy, Debug)]
pub struct Wrong<'a> {
    /// Index of its population.
    pub population: u16,
    /// Index of its recorded step.
    pub step: u16,
    /// Its session.
    pub session: u64,
    /// Why it was not right.
    pub reason: Reason,
    /// The status of its answer; 0 without one.
    pub status: u16,
    /// What exactly was wrong, in words; empty where nobody made them.
    pub detail: &'a str,
}

/// Requests that were not right in the same way.
#[derive(Clone, Debug, Eq, Serialize, Deserialize)]
pub struct WrongKind {
    /// Index of their population.
    pub population: u16,
    /// Index of their recorded step.
    pub step: u16,
    /// Why they were not right.
    pub reason: Reason,
    /// The status of their answers; 0 without one.
    pub status: u16,
    /// How many.
    pub count: u64,
    /// The session of the first.
    pub session: u64,
    /// What exactly was wrong with the first, in words.
    pub detail: String,
    /// Of the words as they were before what must not be shown was hidden in them; of use while lanes count.
    #[serde(skip)]
    shape: u64,
}

/// Whether what is known of both is the same.
impl PartialEq for WrongKind {
    fn eq(&self, other: &Self) -> bool {
        let Self { population, step, reason, status, count, session, detail, shape: _ } = self;
        (*population, *step, *reason, *status, *count, *session, detail)
            == (other.population, other.step, other.reason, other.status, other.count, other.session, &other.detail)
    }
}

impl WrongKind {
    /// Takes over the words of requests of the same kind, and the session that shows them, if it has none.
    fn learn(&mut self, session: u64, shape: u64, detail: impl FnOnce() -> String) {
        if self.detail.is_empty() {
            (self.session, self.shape, self.detail) = (session, shape, detail());
        }
    }
}

/// The kinds of a lane, or of all lanes.
#[derive(Clone, Debug, Default)]
pub struct WrongKinds(Vec<WrongKind>);

impl WrongKinds {
    /// Counts a request; `told` makes what is kept of its detail, if it is the first of its kind.
    pub(super) fn count(&mut self, wrong: &Wrong<'_>, told: impl FnOnce() -> String) {
        let Wrong { population, step, session, reason, status, detail } = *wrong;
        let shape = shape(detail);
        if let Some(kind) = self.like((population, step, reason, status), detail, shape) {
            kind.count += 1;
            if !detail.is_empty() {
                kind.learn(session, shape, told);
            }
        } else if self.0.len() < KINDS {
            let detail = told();
            self.0.push(WrongKind { population, step, reason, status, count: 1, session, detail, shape });
        }
    }

    /// Adds what another lane counted.
    pub(super) fn add(&mut self, other: &Self) {
        for kind in &other.0 {
            let WrongKind { population, step, reason, status, ref detail, shape, .. } = *kind;
            match self.like((population, step, reason, status), detail, shape) {
                Some(known) => {
                    known.count += kind.count;
                    if !detail.is_empty() {
                        known.learn(kind.session, shape, || detail.clone());
                    }
                }
                None => self.0.push(kind.clone()),
            }
        }
    }

    /// The kind of such a request: that of its words, else one without. Where nobody made words, which cost, the rest
    /// decides.
    fn like(&mut self, of: (u16, u16, Reason, u16), detail: &str, shape: u64) -> Option<&mut WrongKind> {
        let is_of = |kind: &WrongKind| (kind.population, kind.step, kind.reason, kind.status) == of;
        let with = |found: &dyn Fn(&WrongKind) -> bool| self.0.iter().position(|kind| is_of(kind) && found(kind));
        let at =
            with(&|kind| kind.shape == shape).or_else(|| with(&|kind| detail.is_empty() || kind.detail.is_empty()))?;
        Some(&mut self.0[at])
    }

    /// The kinds of several looks in one, those of most requests first.
    pub(super) fn added(looks: [&[WrongKind]; 2]) -> Vec<WrongKind> {
        let mut sum = Self::default();
        looks.into_iter().for_each(|kinds| sum.add(&Self(kinds.to_vec())));
        sum.into_sorted()
    }

    /// The kinds, those of most requests first.
    pub(super) fn into_sorted(mut self) -> Vec<WrongKind> {
        self.0.sort_by_key(|kind| Reverse(kind.count));
        self.0
    }
}

/// A detail without its values: digits, and what stands in backticks.
pub(super) fn shape(detail: &str) -> u64 {
    let (mut hash, mut quoted) = (DefaultHasher::new(), false);
    for byte in detail.bytes() {
        quoted ^= byte == b'`';
        if !quoted && !byte.is_ascii_digit() {
            hash.write_u8(byte);
        }
    }
    hash.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(kinds: &mut WrongKinds, status: u16, detail: &str) {
        let wrong = Wrong { population: 0, step: 1, session: 7, reason: Reason::Status, status, detail };
        kinds.count(&wrong, || detail.to_owned());
    }

    fn told(kinds: WrongKinds) -> Vec<(u64, u16, String)> {
        kinds.into_sorted().into_iter().map(|kind| (kind.count, kind.status, kind.detail)).collect()
    }

    #[test]
    fn a_kind_is_counted_whatever_the_values_in_its_words() {
        let mut kinds = WrongKinds::default();
        for i in 0..600 {
            count(&mut kinds, 302, &format!("302 to `/login?next={i}`: redirects are not followed here"));
        }
        (0..601).for_each(|_| count(&mut kinds, 401, "status 401; 2xx is right"));
        // Words cost, and were not made again.
        count(&mut kinds, 401, "");
        let first = "302 to `/login?next=0`: redirects are not followed here".to_owned();
        assert_eq!(told(kinds), [(602, 401, "status 401; 2xx is right".to_owned()), (600, 302, first)]);
    }

    #[test]
    fn words_that_come_later_are_those_of_what_came_before_without() {
        let mut kinds = WrongKinds::default();
        let details = ["", "status 401; 2xx is right", "status 401; 2xx is right", ""];
        details.iter().for_each(|detail| count(&mut kinds, 401, detail));
        assert_eq!(told(kinds), [(4, 401, "status 401; 2xx is right".to_owned())]);
    }

    #[test]
    fn what_one_lane_has_words_for_is_told_apart_though_another_has_none() {
        let (mut one, mut other) = (WrongKinds::default(), WrongKinds::default());
        count(&mut one, 200, "");
        for detail in ["no price", "no name", "no name"] {
            count(&mut other, 200, detail);
        }
        one.add(&other);
        assert_eq!(told(one), [(2, 200, "no price".to_owned()), (2, 200, "no name".to_owned())]);
    }

    #[test]
    fn lanes_add_up_and_kinds_are_bounded() {
        let (mut one, mut other) = (WrongKinds::default(), WrongKinds::default());
        count(&mut one, 500, "status 500; 2xx is right");
        count(&mut other, 500, "status 500; 2xx is right");
        (0..1_000).for_each(|status| count(&mut other, status, "odd"));
        one.add(&other);
        let kinds = told(one);
        assert_eq!((kinds.len(), kinds[0].0), (KINDS, 2));
    }
}
