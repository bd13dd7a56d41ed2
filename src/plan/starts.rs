//! When the sessions of one population start: its process laid over its curve (P4, P6).

use std::sync::Arc;

use super::draw::{Use, uniform};
use super::inverse::Inverse;
use super::tree::{Points, Tree};

/// The starts of one population, in seconds of scenario time; session i has the i-th.
#[derive(Debug)]
pub enum Starts {
    /// Sorted uniforms through F⁻¹.
    Poisson(Tree, Inverse),
    /// F⁻¹((i + ½) / N).
    Even(u64, Inverse),
    /// F⁻¹((i + U) / N), U drawn under this population seed.
    Jittered(u64, u64, Inverse),
    /// The instants themselves, from this one on.
    Trace(Arc<Vec<f64>>, usize),
}

impl Starts {
    /// Sessions `first`, `first + step`, … below `end`.
    pub fn sessions(&self, first: u64, end: u64, step: u64) -> SessionStarts<'_> {
        let source = match self {
            Self::Poisson(tree, inverse) => Source::Tree(tree.points(first, end, step), inverse),
            _ => Source::Formula,
        };
        SessionStarts { starts: self, source, next: first, end, step }
    }

    /// Prepares for being asked often; see [`Tree::remember_top`].
    pub fn remember_top(&mut self) {
        if let Self::Poisson(tree, _) = self {
            tree.remember_top();
        }
    }

    /// The start of session `i`.
    pub fn at(&self, i: u64) -> f64 {
        match self {
            Self::Even(n, inverse) => inverse.at((i as f64 + 0.5) / *n as f64),
            Self::Jittered(n, seed, inverse) => {
                inverse.at((i as f64 + uniform(*seed, i, 0, Use::Jitter, 0)) / *n as f64)
            }
            Self::Trace(instants, first) => instants[first + i as usize],
            Self::Poisson(tree, inverse) => inverse.at(fraction(tree.at(i).unwrap_or(u64::MAX))),
        }
    }
}

/// A tree's point as a number in [0, 1): the upper 53 bits (P4).
fn fraction(word: u64) -> f64 {
    (word >> 11) as f64 / (1u64 << 53) as f64
}

/// Sessions and their starts in seconds of scenario time, in order of session.
#[derive(Debug)]
pub struct SessionStarts<'a> {
    starts: &'a Starts,
    source: Source<'a>,
    next: u64,
    end: u64,
    step: u64,
}

#[derive(Debug)]
enum Source<'a> {
    Tree(Points<'a>, &'a Inverse),
    Formula,
}

impl Iterator for SessionStarts<'_> {
    type Item = (u64, f64);

    fn next(&mut self) -> Option<(u64, f64)> {
        match &mut self.source {
            Source::Tree(points, inverse) => points.next().map(|(i, word)| (i, inverse.at(fraction(word)))),
            Source::Formula => {
                let session = (self.next < self.end).then_some(self.next)?;
                self.next = session.saturating_add(self.step);
                Some((session, self.starts.at(session)))
            }
        }
    }
}
