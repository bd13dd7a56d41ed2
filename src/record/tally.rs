//! How many requests ended in which way: the counts that must add up (R3).

use serde::{Deserialize, Serialize};

use super::by_reason::{self, ByReason};
use super::{Class, Outcome, Reason};

/// How the requests of one scope ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Right answers, those over the histogram's range included.
    pub completed: u64,
    /// Right answers over the histogram's range (D1).
    pub over_range: u64,
    /// The others by reason, at [`Reason`]'s number.
    #[serde(with = "by_reason")]
    pub by_reason: ByReason,
}

impl Tally {
    /// Requests that were not right, as quantiles and objectives count them: without those that a stop of the run kept
    /// from their end (D3).
    pub fn not_right(&self) -> u64 {
        self.reasons().filter(|(reason, _)| reason.counts()).map(|(_, n)| n).sum()
    }

    /// All requests.
    pub fn total(&self) -> u64 {
        self.completed + self.by_reason.iter().sum::<u64>()
    }

    /// Requests of a class.
    pub fn class(&self, class: Class) -> u64 {
        match class {
            Class::Completed => self.completed,
            _ => self.reasons().filter(|(reason, _)| reason.class() == class).map(|(_, n)| n).sum(),
        }
    }

    /// Requests of a reason.
    pub fn reason(&self, reason: Reason) -> u64 {
        self.by_reason[reason as usize]
    }

    /// The reasons that occurred, with their counts.
    pub fn reasons(&self) -> impl Iterator<Item = (Reason, u64)> + '_ {
        Reason::ALL.into_iter().zip(self.by_reason).filter(|(_, n)| *n > 0)
    }

    /// Adds another's counts to these.
    pub fn add(&mut self, other: &Self) {
        self.completed += other.completed;
        self.over_range += other.over_range;
        self.add_reasons(&other.by_reason);
    }

    /// These counts without another's, which are a part of them.
    pub fn without(&self, part: &Self) -> Self {
        let mut rest = *self;
        rest.completed -= part.completed;
        rest.over_range -= part.over_range;
        rest.by_reason.iter_mut().zip(part.by_reason).for_each(|(all, n)| *all -= n);
        rest
    }

    /// Whether each of these counts is a part of another's.
    pub(super) fn is_part_of(&self, all: &Self) -> bool {
        let reasons = self.by_reason.iter().zip(all.by_reason).all(|(part, all)| *part <= all);
        reasons && self.completed <= all.completed && self.over_range <= all.over_range
    }

    /// Counts one more request.
    pub(super) fn count(&mut self, outcome: Outcome) {
        match outcome {
            Ok(()) => self.completed += 1,
            Err(reason) => self.by_reason[reason as usize] += 1,
        }
    }

    pub(super) fn add_reasons(&mut self, by_reason: &ByReason) {
        for (sum, n) in self.by_reason.iter_mut().zip(by_reason) {
            *sum += n;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_is_in_exactly_one_class() {
        let mut tally = Tally { completed: 100, ..Tally::default() };
        for (i, count) in tally.by_reason.iter_mut().enumerate() {
            *count = 1 << i;
        }
        let classes = [Class::Completed, Class::Failed, Class::Unsent, Class::Unfinished];
        assert_eq!(classes.map(|class| tally.class(class)).iter().sum::<u64>(), tally.total());
        assert_eq!(tally.class(Class::Unsent), 0b1111 << 8);
    }
}
