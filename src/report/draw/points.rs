//! Points of several shapes, alone, with what they lie between, or in pairs.

use super::labels::DROP;
use super::mark::{Estimate, Shape};
use super::palette::Paint;
use super::path::Path;
use super::plot::Plot;
use super::svg::{Anchor, Svg};

/// Half of a point's size, in px.
const HALF: f64 = 4.5;
/// How wide the line is that joins two values or shows between what one lies, in px.
const JOIN: f64 = 2.0;
/// Half of the height of the stroke at an interval's end, in px.
const CAP: f64 = 4.0;

/// Points at these values; those that are no numbers are left out.
pub fn dots(svg: &mut Svg, plot: &Plot, paint: Paint, shape: Shape, points: &[(f64, f64)]) {
    let sound = points.iter().filter(|(x, y)| x.is_finite() && y.is_finite());
    let places: Vec<(f64, f64)> = sound.map(|(x, y)| (plot.x.at(*x), plot.y.at(*y))).collect();
    shapes(svg, paint, shape, &places);
}

/// Points at these places.
pub fn shapes(svg: &mut Svg, paint: Paint, shape: Shape, places: &[(f64, f64)]) {
    let mut path = Path::default();
    for (x, y) in places {
        match outline(shape) {
            [] => path.dot(*x, *y),
            outline => {
                path.go(x + outline[0].0 * HALF, y + outline[0].1 * HALF);
                outline[1..].iter().for_each(|(right, down)| path.draw(x + right * HALF, y + down * HALF));
                if shape != Shape::Cross {
                    path.close();
                }
            }
        }
        if shape == Shape::Cross {
            path.go(x - HALF, y + HALF);
            path.draw(x + HALF, y - HALF);
        }
    }
    match shape {
        Shape::Disc => svg.round(paint, &path, 2.0 * HALF),
        Shape::Ring => {
            svg.round(paint, &path, 2.0 * HALF);
            svg.round(Paint::Surface, &path, 2.0 * HALF - 4.0);
        }
        Shape::Triangle => svg.fill(paint, &path),
        Shape::Diamond | Shape::Square => {
            svg.fill(Paint::Surface, &path);
            svg.line(paint, &path, 2.0, "");
        }
        Shape::Cross => svg.line(paint, &path, 2.0, ""),
    }
}

/// The corners of a shape around its middle, in halves of its size; none of a round one.
const fn outline(shape: Shape) -> &'static [(f64, f64)] {
    match shape {
        Shape::Disc | Shape::Ring => &[],
        Shape::Triangle => &[(0.0, -1.1), (1.15, 0.9), (-1.15, 0.9)],
        Shape::Diamond => &[(0.0, -1.2), (1.2, 0.0), (0.0, 1.2), (-1.2, 0.0)],
        Shape::Square => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
        Shape::Cross => &[(-1.0, -1.0), (1.0, 1.0)],
    }
}

/// An estimate a row, and between what it lies.
pub fn forest(svg: &mut Svg, plot: &Plot, rows: &[Option<Estimate>]) {
    for (row, estimate) in rows.iter().enumerate() {
        let y = plot.row_middle(row);
        let Some(estimate) = estimate.filter(|estimate| estimate.value.is_finite()) else {
            nothing(svg, plot, y);
            continue;
        };
        let (lower, upper) = estimate.between;
        let mut path = Path::default();
        path.go(lower.map_or(plot.left, |lower| plot.x.at(lower)), y);
        path.draw(upper.map_or(plot.right, |upper| plot.x.at(upper)), y);
        for end in [lower, upper].into_iter().flatten().chain(estimate.other) {
            path.go(plot.x.at(end), y - CAP);
            path.draw(plot.x.at(end), y + CAP);
        }
        svg.line(estimate.paint, &path, JOIN, "");
        shapes(svg, estimate.paint, estimate.shape, &[(plot.x.at(estimate.value), y)]);
    }
}

/// What a row without data has.
fn nothing(svg: &mut Svg, plot: &Plot, y: f64) {
    shapes(svg, Paint::Muted, Shape::Square, &[(plot.left + 10.0, y)]);
    svg.text(Paint::Faint, (plot.left + 20.0, y + DROP), Anchor::Start, "no data");
}

/// Two values a row, joined: the first hollow, the second full.
pub fn dumbbell(svg: &mut Svg, plot: &Plot, paints: [Paint; 2], rows: &[Option<(f64, f64)>]) {
    let mut join = Path::default();
    let mut ends = [Vec::new(), Vec::new()];
    for (row, values) in rows.iter().enumerate() {
        let y = plot.row_middle(row);
        let Some((first, second)) = values.filter(|(a, b)| a.is_finite() && b.is_finite()) else {
            nothing(svg, plot, y);
            continue;
        };
        let [first, second] = [first, second].map(|value| plot.x.at(value));
        join.go(first, y);
        join.draw(second, y);
        ends[0].push((first, y));
        ends[1].push((second, y));
    }
    svg.line(Paint::Muted, &join, JOIN, "");
    shapes(svg, paints[0], Shape::Ring, &ends[0]);
    shapes(svg, paints[1], Shape::Disc, &ends[1]);
}
