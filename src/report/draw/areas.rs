//! Areas over columns: strips of states, regions, bars of parts, and grids of counts.

use super::mark::{Column, Region, State};
use super::palette::Paint;
use super::path::Path;
use super::pattern::Pattern;
use super::plot::Plot;
use super::svg::Svg;

/// How high a strip of states is, in px.
pub const RAIL: f64 = 8.0;

/// A strip of states whose upper edge is at `top`.
pub fn rail(svg: &mut Svg, plot: &Plot, top: f64, columns: &[Column<State>]) {
    let path_of = |state: State, (from, to): (f64, f64)| {
        let mut path = Path::default();
        for (left, right) in joined(plot, columns, |column| column.value == Some(state)) {
            path.rect((left, top + from), (right, top + to));
        }
        path
    };
    svg.fill(Paint::Good, &path_of(State::Good, (RAIL / 2.0 - 1.0, RAIL / 2.0 + 1.0)));
    svg.hatch(Pattern::Rising, Paint::Open, &path_of(State::Open, (0.0, RAIL)));
    svg.fill(Paint::Bad, &path_of(State::Bad, (0.0, RAIL)));
}

/// From where to where columns that are alike reach without a break, in px.
fn joined<T>(plot: &Plot, columns: &[Column<T>], alike: impl Fn(&Column<T>) -> bool) -> Vec<(f64, f64)> {
    let mut stretches: Vec<(f64, f64)> = Vec::new();
    let mut end = f64::NAN;
    for column in columns.iter().filter(|column| alike(column)) {
        let (left, right) = plot.columns(column.from, column.to);
        match stretches.last_mut() {
            Some(last) if column.from <= end => last.1 = right.max(last.1),
            _ => stretches.push((left, right)),
        }
        end = column.to;
    }
    stretches
}

/// The pattern and the colour of a region.
pub const fn look(region: Region) -> (Option<Pattern>, Paint) {
    match region {
        Region::NoData => (Some(Pattern::Dotted), Paint::Muted),
        Region::NoAnswer => (Some(Pattern::Crossed), Paint::Bad),
        Region::WarmUp => (Some(Pattern::Falling), Paint::Muted),
        Region::Short => (Some(Pattern::Rising), Paint::Open),
        Region::Window => (None, Paint::Shade),
    }
}

/// Stretches of the x axis over the whole height of the plot, with an edge on both sides. What is outside is not drawn.
pub fn region(svg: &mut Svg, plot: &Plot, region: Region, stretches: &[(f64, f64)]) {
    let (mut area, mut edges) = (Path::default(), Path::default());
    let (first, last) = plot.x.domain;
    for (from, to) in stretches.iter().filter(|(from, to)| *to >= first && *from <= last) {
        let (left, right) = plot.columns(*from, *to);
        area.rect((left, plot.top), (right, plot.bottom));
        for x in [left, right] {
            edges.go(x, plot.top);
            edges.draw(x, plot.bottom);
        }
    }
    match look(region) {
        (Some(pattern), paint) => {
            svg.hatch(pattern, paint, &area);
            svg.line(paint, &edges, 1.0, "");
        }
        (None, paint) => svg.fill(paint, &area),
    }
}

/// Bars of several parts from the bottom of the plot. A part that is there is at least a pixel high.
pub fn stack(svg: &mut Svg, plot: &Plot, paints: &[Paint], columns: &[Column<Vec<f64>>]) {
    let mut paths: Vec<Path> = paints.iter().map(|_| Path::default()).collect();
    for column in columns {
        let Some(values) = &column.value else { continue };
        let (left, right) = plot.columns(column.from, column.to);
        let (mut sum, mut base) = (plot.y.domain.0, plot.bottom);
        for (value, path) in values.iter().zip(&mut paths).filter(|(value, _)| **value > 0.0) {
            sum += value;
            let top = plot.y.at(sum).min(base - 1.0).max(plot.top);
            path.rect((left, top), (right, base));
            base = top;
        }
    }
    for (number, (paint, path)) in (0..).zip(paints.iter().zip(&paths)) {
        svg.hatch(Pattern::Filled(number), *paint, path);
    }
}

/// The level of a count among 1 to [`Paint::LEVELS`], by its logarithm; `None` of nothing.
fn level(count: u64, greatest: u64) -> Option<u8> {
    let share = (count as f64).ln() / (greatest as f64 + 1.0).ln();
    (count > 0).then(|| (share * f64::from(Paint::LEVELS)) as u8).map(|level| level.min(Paint::LEVELS - 1))
}

/// The greatest count of a grid.
pub fn greatest(columns: &[Column<Vec<u64>>]) -> u64 {
    columns.iter().filter_map(|column| column.value.as_deref()).flatten().copied().max().unwrap_or(0)
}

/// A grid of counts: one path for each level, with cells beside each other as one.
pub fn heat(svg: &mut Svg, plot: &Plot, edges: &[f64], columns: &[Column<Vec<u64>>]) {
    let greatest = greatest(columns);
    let mut paths: Vec<Path> = (0..Paint::LEVELS).map(|_| Path::default()).collect();
    for (row, edge) in edges.windows(2).enumerate() {
        let (bottom, top) = (plot.y.at(edge[0]), plot.y.at(edge[1]));
        let of = |column: &Column<Vec<u64>>| level(*column.value.as_ref()?.get(row)?, greatest);
        for (number, path) in (0..).zip(&mut paths) {
            for (left, right) in joined(plot, columns, |column| of(column) == Some(number)) {
                path.rect((left, top.min(bottom - 1.0)), (right, bottom));
            }
        }
    }
    for (number, path) in (0..).zip(&paths) {
        svg.fill(Paint::Heat(number), path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_value_has_a_level_and_the_greatest_the_last() {
        assert_eq!([0, 1, 9, 1_000_000].map(|count| level(count, 1_000_000)), [None, Some(0), Some(1), Some(6)]);
        assert_eq!([level(1, 1), level(u64::MAX, u64::MAX)], [Some(0), Some(6)]);
    }
}
