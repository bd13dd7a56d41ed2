//! The shape of session starts, as `check` draws and names it.

use super::curve::{Piece, level_at};

/// The most peaks that are named.
const PEAKS_MAX: usize = 8;
/// Peaks closer to a higher one than this part of the time shown are not named.
const PEAK_DISTANCE: f64 = 1.0 / 24.0;

/// A population's compiled curve over the part of the day that runs; empty where all arrivals are bursts or
/// a trace.
#[derive(Debug)]
pub struct Shape {
    pieces: Vec<Piece>,
    /// The mean level (analytic: the area over the time).
    pub mean: f64,
    /// The highest local maxima, in order of time; none is close to a higher one.
    pub peaks: Vec<Peak>,
    /// Session starts per second of scenario time and level.
    starts_per_level: f64,
}

/// A local maximum of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// When, in seconds since the clock's start.
    pub at: f64,
    /// How high; level 1 is an ordinary day's maximum (P6).
    pub level: f64,
}

impl Shape {
    pub(super) fn new(mut pieces: Vec<Piece>, (from, to): (f64, f64), starts_per_level: f64) -> Self {
        pieces.retain(|piece| piece.to > from && piece.from < to);
        for piece in &mut pieces {
            let (cut_from, cut_to) = (piece.from.max(from), piece.to.min(to));
            *piece = Piece { from: cut_from, to: cut_to, start: piece.at(cut_from), end: piece.at(cut_to) };
        }
        let mean = pieces.iter().map(Piece::area).sum::<f64>() / (to - from);
        let peaks = named(maxima(&pieces), (to - from) * PEAK_DISTANCE);
        Self { pieces, mean, peaks, starts_per_level }
    }

    /// The curve's straight pieces, without gaps; empty if there is no curve.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The curve's level at a scenario time in seconds.
    pub fn level_at(&self, time: f64) -> f64 {
        level_at(&self.pieces, time)
    }

    /// Planned session starts per second of scenario time from the curve, bursts left out.
    pub fn rate_at(&self, time: f64) -> f64 {
        self.level_at(time) * self.starts_per_level
    }

    /// The highest level; `None` without a curve. Divided by level 1, this is simply `level`.
    pub fn highest(&self) -> Option<Peak> {
        self.peaks.iter().copied().max_by(|a, b| a.level.total_cmp(&b.level))
    }

    /// The highest level over the mean.
    pub fn peak_over_mean(&self) -> Option<f64> {
        self.highest().map(|peak| peak.level / self.mean)
    }
}

/// Where a curve rises no further: the start of each plateau that is left downwards or at the end.
fn maxima(pieces: &[Piece]) -> Vec<Peak> {
    let mut found = Vec::new();
    let mut top: Option<Peak> = None;
    let mut last = f64::NEG_INFINITY;
    for (at, level) in pieces.iter().flat_map(|piece| [(piece.from, piece.start), (piece.to, piece.end)]) {
        if level > last {
            top = Some(Peak { at, level });
        } else if level < last {
            found.extend(top.take());
        }
        last = level;
    }
    found.extend(top);
    found
}

fn named(mut peaks: Vec<Peak>, distance: f64) -> Vec<Peak> {
    peaks.sort_by(|a, b| b.level.total_cmp(&a.level));
    let mut kept: Vec<Peak> = Vec::new();
    for peak in peaks {
        if kept.len() < PEAKS_MAX && kept.iter().all(|higher| (higher.at - peak.at).abs() >= distance) {
            kept.push(peak);
        }
    }
    kept.sort_by(|a, b| a.at.total_cmp(&b.at));
    kept
}
