//! Deadlines that all lie the same time ahead: one list for each length, in order of their setting.
//!
//! Nearly every deadline is cleared before it passes, so setting and clearing must cost nothing: they
//! link and unlink a node in a list that is ordered by itself, because what is set later falls due
//! later. No entry outlives its request; memory is one node a session.

use crate::unit::{Instant, Span};

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Node {
    at: Instant,
    previous: u32,
    next: u32,
    list: u32,
}

const UNSET: Node = Node { at: Instant::ZERO, previous: NONE, next: NONE, list: NONE };

#[derive(Clone, Copy, Debug)]
struct List {
    after: Span,
    first: u32,
    last: u32,
}

/// At most one deadline for each slot.
#[derive(Debug, Default)]
pub struct Deadlines {
    lists: Vec<List>,
    nodes: Vec<Node>,
}

impl Deadlines {
    /// Sets the deadline of `slot` to `after` from `now`, instead of any it had. `now` must not go back
    /// from one call to the next.
    pub fn set(&mut self, slot: u32, now: Instant, after: Span) {
        self.clear(slot);
        if self.nodes.len() <= slot as usize {
            self.nodes.resize(slot as usize + 1, UNSET);
        }
        let list = self.list(after);
        let last = self.lists[list as usize].last;
        self.nodes[slot as usize] = Node { at: now + after, previous: last, next: NONE, list };
        match last {
            NONE => self.lists[list as usize].first = slot,
            last => self.nodes[last as usize].next = slot,
        }
        self.lists[list as usize].last = slot;
    }

    /// Clears the deadline of `slot`, if it has one.
    pub fn clear(&mut self, slot: u32) {
        let Some(node) = self.nodes.get(slot as usize).copied().filter(|node| node.list != NONE) else { return };
        match node.previous {
            NONE => self.lists[node.list as usize].first = node.next,
            previous => self.nodes[previous as usize].next = node.next,
        }
        match node.next {
            NONE => self.lists[node.list as usize].last = node.previous,
            next => self.nodes[next as usize].previous = node.previous,
        }
        self.nodes[slot as usize] = UNSET;
    }

    /// The earliest deadline.
    pub fn next(&self) -> Option<Instant> {
        self.firsts().map(|slot| self.nodes[slot as usize].at).min()
    }

    /// Takes a slot whose deadline is not after `now`.
    pub fn expired(&mut self, now: Instant) -> Option<u32> {
        let slot = self.firsts().find(|slot| self.nodes[*slot as usize].at <= now)?;
        self.clear(slot);
        Some(slot)
    }

    fn firsts(&self) -> impl Iterator<Item = u32> {
        self.lists.iter().map(|list| list.first).filter(|slot| *slot != NONE)
    }

    /// The list of a length. A scenario has few lengths: its timeout and those of single steps.
    fn list(&mut self, after: Span) -> u32 {
        let known = self.lists.iter().position(|list| list.after == after);
        known.unwrap_or_else(|| {
            self.lists.push(List { after, first: NONE, last: NONE });
            self.lists.len() - 1
        }) as u32
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn falls_due_in_order_and_never_after_clearing() {
        let mut deadlines = Deadlines::default();
        let at = Instant::from_nanos;
        deadlines.set(0, at(0), Span::from_nanos(10));
        deadlines.set(1, at(1), Span::from_nanos(10));
        deadlines.set(2, at(2), Span::from_nanos(5));
        deadlines.clear(0);
        assert_eq!(deadlines.next(), Some(at(7)));
        assert_eq!(deadlines.expired(at(6)), None);
        assert_eq!(deadlines.expired(at(20)), Some(1));
        assert_eq!(deadlines.expired(at(20)), Some(2));
        assert_eq!(deadlines.expired(at(20)), None);
    }

    proptest! {
        #[test]
        fn agrees_with_a_plain_table(steps in prop::collection::vec((0u32..8, 0usize..3, any::<bool>()), 0..200)) {
            let lengths = [3, 7, 20];
            let (mut deadlines, mut table) = (Deadlines::default(), std::collections::BTreeMap::new());
            for (now, (slot, length, set)) in (0u64..).zip(steps) {
                let now = Instant::from_nanos(now);
                if set {
                    let after = Span::from_nanos(lengths[length]);
                    deadlines.set(slot, now, after);
                    table.insert(slot, now + after);
                } else {
                    deadlines.clear(slot);
                    table.remove(&slot);
                }
                while let Some(slot) = deadlines.expired(now) {
                    prop_assert!(table.remove(&slot).is_some_and(|at| at <= now));
                }
                prop_assert_eq!(deadlines.next(), table.values().min().copied());
            }
        }
    }
}
