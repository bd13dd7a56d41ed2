//! A curve as one list of straight pieces (P5): what every process draws its instants from.
//!
//! ```text
//! 16 ┤            ╭╮          surge: up to an absolute level, then back in halves
//!  8 ┤        ╱‾‾‾╯╰──╮__╱╲   factors: lines, steps, daily tables and series, multiplied
//!  1 ┤__╱‾‾╲╱                 before the first and after the last point the value holds
//! ```
//!
//! The product of two sloping lines and a decay are not straight lines; both are cut finely enough that
//! the error stays under 0.1 %.

use crate::scenario::{Curve, Factor, Interpolation, Surge};

/// The finest curve that is compiled, in pieces: a week of one-second values and then some. It bounds
/// memory at 32 MB a curve while it is compiled.
pub const PIECES_MAX: usize = 1 << 20;

/// Knots of a decay in each half-life (P5).
const KNOTS_A_HALF_LIFE: u32 = 16;
/// After this many half-lives a decay has fallen below the precision of an f64 and is over.
const HALF_LIVES_MAX: u32 = 53;
/// How far the chord of a product may be off, times four (P5).
const PRODUCT_ERROR: f64 = 0.004;
/// The most parts that a piece is cut into where two lines multiply; reached only where the product is
/// next to nothing at both of its ends.
const PARTS_MAX: f64 = 1024.0;

/// A straight piece of a curve: from level `start` at `from` to level `end` at `to`, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Piece {
    /// Where it begins, in seconds since the clock's start.
    pub from: f64,
    /// Where it ends; after `from`.
    pub to: f64,
    /// The level at `from`.
    pub start: f64,
    /// The level at `to`, before what follows.
    pub end: f64,
}

impl Piece {
    /// The level at `time`; exactly `start` and `end` at the ends.
    pub fn at(&self, time: f64) -> f64 {
        if time <= self.from {
            self.start
        } else if time >= self.to {
            self.end
        } else {
            self.start + (self.end - self.start) * ((time - self.from) / (self.to - self.from))
        }
    }

    /// The area under the piece.
    pub fn area(&self) -> f64 {
        (self.to - self.from) * (self.start + self.end) / 2.0
    }

    fn between(&self, from: f64, to: f64) -> Self {
        Self { from, to, start: self.at(from), end: self.at(to) }
    }
}

/// Why a curve cannot be compiled.
#[derive(Clone, Copy, Debug)]
pub enum CurveError {
    /// A surge's level lies below the curve that it should lift.
    SurgeBelow {
        /// The surge.
        surge: Surge,
        /// The level under its top.
        under: f64,
    },
    /// It would have more than [`PIECES_MAX`] pieces.
    TooFine,
}

/// The level of a compiled curve at `time`: the later piece's where one jumps.
pub fn level_at(pieces: &[Piece], time: f64) -> f64 {
    let after = pieces.partition_point(|piece| piece.from <= time);
    pieces.get(after.saturating_sub(1)).map_or(0.0, |piece| piece.at(time))
}

/// The straight pieces of `curve` over `[0, length]`, without gaps.
pub fn compile(curve: &Curve, length: f64) -> Result<Vec<Piece>, CurveError> {
    let mut pieces = vec![Piece { from: 0.0, to: length, start: 1.0, end: 1.0 }];
    for factor in &curve.factors {
        pieces = combine(&pieces, &factor_pieces(factor, length), multiply)?;
    }
    for surge in &curve.surges {
        let under = level_at(&pieces, surge.at + surge.rise);
        if surge.to < under {
            return Err(CurveError::SurgeBelow { surge: *surge, under });
        }
        pieces = combine(&pieces, &factor_pieces(&added(surge, surge.to - under), length), add)?;
    }
    Ok(pieces)
}

/// What a surge adds: a rise to `height`, then a decay as a knot every sixteenth of its half-life.
fn added(surge: &Surge, height: f64) -> Factor {
    let top = surge.at + surge.rise;
    let knot = |k: u32| {
        let halves = f64::from(k) / f64::from(KNOTS_A_HALF_LIFE);
        (top + surge.half_life * halves, height * libm::exp2(-halves))
    };
    let last = KNOTS_A_HALF_LIFE * HALF_LIVES_MAX;
    let mut points = vec![(surge.at, 0.0)];
    points.extend((0..last).map(knot));
    points.push((knot(last).0, 0.0));
    Factor { interpolation: Interpolation::Linear, points }
}

fn factor_pieces(factor: &Factor, length: f64) -> Vec<Piece> {
    let mut times = vec![0.0];
    times.extend(factor.points.iter().map(|point| point.0).filter(|time| (0.0..length).contains(time)));
    times.push(length);
    times.dedup();
    let piece = |pair: &[f64]| Piece {
        from: pair[0],
        to: pair[1],
        start: value(factor, pair[0], factor.points.partition_point(|point| point.0 <= pair[0])),
        end: value(factor, pair[1], factor.points.partition_point(|point| point.0 < pair[1])),
    };
    times.windows(2).map(piece).collect()
}

/// A factor's value at `time`, of which `passed` points lie before.
fn value(factor: &Factor, time: f64, passed: usize) -> f64 {
    let points = &factor.points;
    let before = points[passed.saturating_sub(1)];
    match (factor.interpolation, points.get(passed)) {
        (Interpolation::Linear, Some(&(to, end))) if passed > 0 => {
            Piece { from: before.0, to, start: before.1, end }.at(time)
        }
        _ => before.1,
    }
}

/// Lays two lists of pieces over each other and joins the parts that lie side by side.
fn combine(a: &[Piece], b: &[Piece], join: fn(Piece, Piece, &mut Vec<Piece>)) -> Result<Vec<Piece>, CurveError> {
    let mut joined = Vec::with_capacity((a.len() + b.len()).min(PIECES_MAX));
    let (mut i, mut j, mut from) = (0, 0, 0.0);
    while let (Some(left), Some(right)) = (a.get(i), b.get(j)) {
        let to = left.to.min(right.to);
        join(left.between(from, to), right.between(from, to), &mut joined);
        if joined.len() > PIECES_MAX {
            return Err(CurveError::TooFine);
        }
        i += usize::from(left.to <= to);
        j += usize::from(right.to <= to);
        from = to;
    }
    Ok(joined)
}

fn add(a: Piece, b: Piece, joined: &mut Vec<Piece>) {
    joined.push(Piece { start: a.start + b.start, end: a.end + b.end, ..a });
}

/// The product of two lines, cut into equal parts where both slope (P5).
fn multiply(a: Piece, b: Piece, joined: &mut Vec<Piece>) {
    let bend = ((a.end - a.start) * (b.end - b.start)).abs();
    let max = (a.start * b.start).max(a.end * b.end);
    let parts = if bend == 0.0 { 1.0 } else { (bend / (PRODUCT_ERROR * max)).sqrt().ceil().clamp(1.0, PARTS_MAX) };
    let cut = |k: f64| if k == parts { a.to } else { a.from + (a.to - a.from) * (k / parts) };
    for k in 0..parts as u32 {
        let (from, to) = (cut(f64::from(k)), cut(f64::from(k + 1)));
        joined.push(Piece { from, to, start: a.at(from) * b.at(from), end: a.at(to) * b.at(to) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Interpolation::{Linear, Step};

    fn factor(interpolation: Interpolation, points: &[(f64, f64)]) -> Factor {
        Factor { interpolation, points: points.to_vec() }
    }

    fn area(pieces: &[Piece]) -> f64 {
        pieces.iter().map(Piece::area).sum()
    }

    #[test]
    fn a_line_holds_its_ends_and_a_step_its_last_value() {
        let line = factor_pieces(&factor(Linear, &[(10.0, 2.0), (20.0, 4.0)]), 30.0);
        assert_eq!([0.0, 10.0, 15.0, 20.0, 30.0].map(|t| level_at(&line, t)), [2.0, 2.0, 3.0, 4.0, 4.0]);
        let step = factor_pieces(&factor(Step, &[(-5.0, 1.0), (10.0, 2.0), (20.0, 4.0)]), 30.0);
        assert_eq!([0.0, 9.9, 10.0, 19.9, 20.0, 30.0].map(|t| level_at(&step, t)), [1.0, 1.0, 2.0, 2.0, 4.0, 4.0]);
        assert_eq!(area(&step), 10.0 + 20.0 + 40.0);
    }

    #[test]
    fn a_product_of_two_slopes_is_within_a_thousandth_of_its_larger_end() {
        let curve = Curve {
            factors: vec![factor(Linear, &[(0.0, 1.0), (100.0, 3.0)]), factor(Linear, &[(0.0, 5.0), (100.0, 1.0)])],
            surges: vec![],
        };
        let pieces = compile(&curve, 100.0).unwrap();
        // |2 · −4| / (0.004 · 5) = 400, whose root is 20.
        assert_eq!(pieces.len(), 20);
        for t in (0..1000).map(|k| f64::from(k) / 10.0) {
            let exact = (1.0 + 0.02 * t) * (5.0 - 0.04 * t);
            assert!((level_at(&pieces, t) - exact).abs() <= 0.001 * 5.0 + 1e-12, "{t}");
        }
    }

    #[test]
    fn a_product_that_vanishes_at_both_ends_is_cut_finely_and_boundedly() {
        let curve = Curve {
            factors: vec![factor(Linear, &[(0.0, 0.0), (1.0, 1.0)]), factor(Linear, &[(0.0, 1.0), (1.0, 0.0)])],
            surges: vec![],
        };
        let pieces = compile(&curve, 1.0).unwrap();
        assert_eq!(pieces.len(), 1024);
        assert!((area(&pieces) - 1.0 / 6.0).abs() < 1e-6);
    }

    #[test]
    fn a_decay_has_the_area_of_its_exponential() {
        let curve = Curve {
            factors: vec![factor(Step, &[(0.0, 0.0)])],
            surges: vec![Surge { at: 0.0, to: 100.0, rise: 0.0, half_life: 300.0 }],
        };
        let pieces = compile(&curve, 1800.0).unwrap();
        assert!((area(&pieces) / 42_604.587_9 - 1.0).abs() < 0.001, "{}", area(&pieces));
        let inverse = super::super::inverse::Inverse::new(&pieces, &[], 0.0, 1800.0);
        assert!((inverse.at(10_000.0 / inverse.area()) - 113.710_962).abs() < 0.05);
    }

    #[test]
    fn surges_lift_to_absolute_levels_each_on_what_lies_under_it() {
        let surge = |at, to, rise| Surge { at, to, rise, half_life: 10.0 };
        let flat = factor(Step, &[(0.0, 2.0)]);
        let curve = Curve { factors: vec![flat.clone()], surges: vec![surge(10.0, 10.0, 5.0), surge(25.0, 12.0, 0.0)] };
        let pieces = compile(&curve, 1000.0).unwrap();
        for (t, level) in [(10.0, 2.0), (12.5, 6.0), (15.0, 10.0), (25.0, 12.0), (35.0, 2.0 + 2.0 + 3.0), (999.0, 2.0)]
        {
            assert!((level_at(&pieces, t) - level).abs() < 1e-9, "{t}: {}", level_at(&pieces, t));
        }
        let low = Curve { factors: vec![flat], surges: vec![surge(10.0, 1.5, 5.0)] };
        assert!(matches!(compile(&low, 100.0), Err(CurveError::SurgeBelow { under: 2.0, .. })));
    }
}
