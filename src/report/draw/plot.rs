//! Where in a drawing the plot lies, and where a value stands in it.

use super::scale::Scale;
use super::text::width;
use super::ticks::Tick;

/// The place of the plot, and the scales of its axes.
#[derive(Clone, Copy, Debug)]
pub struct Plot {
    /// The whole drawing's width in px.
    pub width: f64,
    /// The plot's left edge in px; the right one is where `x` ends.
    pub left: f64,
    /// Its right edge.
    pub right: f64,
    /// Its upper edge.
    pub top: f64,
    /// Its lower edge.
    pub bottom: f64,
    /// The horizontal axis.
    pub x: Scale,
    /// The vertical axis.
    pub y: Scale,
    /// Whether names of rows stand over what they name, as there is no room beside it.
    pub names_over: bool,
}

impl Plot {
    /// Where a stretch of the x axis begins and ends in px: at least one apart, and within the plot.
    pub fn columns(&self, from: f64, to: f64) -> (f64, f64) {
        let (left, right) = (self.x.at(from), self.x.at(to));
        if right - left >= 1.0 {
            return (left, right);
        }
        let left = (f64::midpoint(left, right) - 0.5).clamp(self.left, self.right - 1.0);
        (left, left + 1.0)
    }

    /// Where what belongs to a row is drawn, in px.
    pub fn row_middle(&self, row: usize) -> f64 {
        self.y.at(row as f64 + if self.names_over { 0.7 } else { 0.5 })
    }

    /// Where the label of a tick of the x axis begins in px: centred under it, and within the drawing.
    pub fn label_start(&self, tick: &Tick) -> f64 {
        let long = width(&tick.label);
        (self.x.at(tick.at) - long / 2.0).min(self.width - long).max(0.0)
    }

    /// The plot further down.
    pub fn moved_down(self, by: f64) -> Self {
        let y = Scale { range: (self.y.range.0 + by, self.y.range.1 + by), ..self.y };
        Self { top: self.top + by, bottom: self.bottom + by, y, ..self }
    }
}
