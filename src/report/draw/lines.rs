//! Lines, stairs and bands over columns.

use super::mark::{Column, Series};
use super::palette::Paint;
use super::path::Path;
use super::plot::Plot;
use super::svg::Svg;

/// How wide lines are, in px.
const LINE: f64 = 1.8;
/// How wide the edge of a band is, in px: one column that sticks out is no narrower.
const EDGE: f64 = 1.0;
/// How far the colour of the page reaches beyond a line that crosses a picture, in px.
const HALO: f64 = 4.0;

/// Columns one after the other, all with values.
fn runs<T>(columns: &[Column<T>]) -> impl Iterator<Item = &[Column<T>]> {
    columns.split(|column| column.value.is_none()).filter(|run| !run.is_empty())
}

/// A value that is a number; anything else is a gap.
fn sound(columns: &[Column<f64>]) -> Vec<Column<f64>> {
    let sound = |column: &Column<f64>| Column { value: column.value.filter(|value| value.is_finite()), ..*column };
    columns.iter().map(sound).collect()
}

/// A line through the middles of columns; a value alone is a short line over its column.
pub fn line(svg: &mut Svg, plot: &Plot, series: &Series<f64>, over_heat: bool) {
    let columns = sound(&series.columns);
    let mut path = Path::default();
    for run in runs(&columns) {
        let places = run.iter().filter_map(|column| Some((plot.x.at(column.middle()), plot.y.at(column.value?))));
        match run {
            [Column { from, to, value: Some(value) }] => {
                go_along(&mut path, ends(plot, *from, *to, true, *value).into_iter());
            }
            _ => go_along(&mut path, places),
        }
    }
    stroked(svg, series.paint, &path, over_heat);
}

/// Stairs: each value over the whole of its column.
pub fn step(svg: &mut Svg, plot: &Plot, series: &Series<f64>, over_heat: bool) {
    let columns = sound(&series.columns);
    let mut path = Path::default();
    for run in runs(&columns) {
        let alone = run.len() == 1;
        let valued = run.iter().filter_map(|column| Some((column, column.value?)));
        go_along(&mut path, valued.flat_map(|(column, value)| ends(plot, column.from, column.to, alone, value)));
    }
    stroked(svg, series.paint, &path, over_heat);
}

/// The two ends of a value over its column. A column alone is at least a pixel wide; beside others it ends where they begin.
fn ends(plot: &Plot, from: f64, to: f64, alone: bool, value: f64) -> [(f64, f64); 2] {
    let (left, right) = if alone { plot.columns(from, to) } else { (plot.x.at(from), plot.x.at(to)) };
    let y = plot.y.at(value);
    [(left, y), (right, y)]
}

/// Areas between a least and a greatest value. Their edge is drawn, so that a column is wide and high enough to be seen
/// however little it holds.
pub fn band(svg: &mut Svg, plot: &Plot, series: &Series<(f64, f64)>) {
    let sound = |column: &Column<(f64, f64)>| Column {
        value: column.value.filter(|(least, most)| least.is_finite() && most.is_finite()),
        ..*column
    };
    let columns: Vec<_> = series.columns.iter().map(sound).collect();
    let mut path = Path::default();
    for run in runs(&columns) {
        let alone = run.len() == 1;
        let side = |value: fn((f64, f64)) -> f64| {
            let valued = run.iter().filter_map(move |column| Some((column, value(column.value?))));
            valued.flat_map(|(column, value)| ends(plot, column.from, column.to, alone, value)).collect::<Vec<_>>()
        };
        let tops = side(|(least, most)| least.max(most));
        let bottoms = side(|(least, most)| least.min(most));
        go_along(&mut path, tops.into_iter().chain(bottoms.into_iter().rev()));
        path.close();
    }
    svg.area(series.paint, &path, "currentColor", ".25", EDGE);
}

fn go_along(path: &mut Path, places: impl Iterator<Item = (f64, f64)>) {
    for (i, (x, y)) in places.enumerate() {
        if i == 0 { path.go(x, y) } else { path.draw(x, y) }
    }
}

fn stroked(svg: &mut Svg, paint: Paint, path: &Path, over_heat: bool) {
    if over_heat {
        svg.line(Paint::Surface, path, HALO, "");
    }
    svg.line(paint, path, LINE, paint.dash());
}
