//! Where words stand in a chart so that none lies on another: the legend, the names at the ends of lines, those of events.

use super::mark::Shape;
use super::palette::Paint;
use super::path::Path;
use super::pattern::Pattern;
use super::plot::Plot;
use super::points;
use super::svg::{Anchor, Svg};
use super::text::{LINE, fitted, width};

/// How long the sample of a line is, in px; that of an area is half of it.
pub const SAMPLE: f64 = 20.0;
/// Between a sample and its name, in px.
const NEAR: f64 = 5.0;
/// Between two entries of a legend, in px.
const FAR: f64 = 16.0;
/// How many rows names of events may take.
const EVENT_ROWS: usize = 4;
/// How many names stand at the ends of lines; the rest is counted.
const ENDS: usize = 9;
/// From a text's middle down to its baseline, in px.
pub const DROP: f64 = 4.5;

/// What a name belongs to.
#[derive(Clone, Copy, Debug)]
pub enum Sample {
    /// Nothing; the name stands for itself.
    None,
    /// A line in this colour and its dashes.
    Line(Paint),
    /// A filled area.
    Area(Paint),
    /// An area with a pattern.
    Hatch(Pattern, Paint),
    /// A point.
    Point(Paint, Shape),
    /// All levels of counts.
    Levels,
}

impl Sample {
    const fn width(self) -> f64 {
        match self {
            Self::None => 0.0,
            Self::Line(_) => SAMPLE + NEAR,
            Self::Area(_) | Self::Hatch(..) | Self::Point(..) => SAMPLE / 2.0 + 2.0 + NEAR,
            Self::Levels => SAMPLE / 2.0 * Paint::LEVELS as f64 + NEAR,
        }
    }

    /// Draws it from `x` on, around the height `y`.
    fn draw(self, svg: &mut Svg, x: f64, y: f64) {
        let mut path = Path::default();
        path.rect((x, y - 5.0), (x + SAMPLE / 2.0 + 2.0, y + 5.0));
        match self {
            Self::None => {}
            Self::Line(paint) => line_sample(svg, paint, x, y),
            Self::Area(paint) => svg.area(paint, &path, "currentColor", ".25", 1.0),
            Self::Hatch(pattern, paint) => {
                svg.hatch(pattern, paint, &path);
                svg.line(paint, &path, 1.0, "");
            }
            Self::Point(paint, shape) => points::shapes(svg, paint, shape, &[(x + SAMPLE / 4.0 + 1.0, y)]),
            Self::Levels => (0..Paint::LEVELS).for_each(|level| {
                let (mut path, left) = (Path::default(), x + f64::from(level) * SAMPLE / 2.0);
                path.rect((left, y - 5.0), (left + SAMPLE / 2.0, y + 5.0));
                svg.fill(Paint::Heat(level), &path);
            }),
        }
    }
}

fn line_sample(svg: &mut Svg, paint: Paint, x: f64, y: f64) {
    let mut path = Path::default();
    path.go(x, y);
    path.draw(x + SAMPLE, y);
    svg.line(paint, &path, 2.0, paint.dash());
}

/// The entries of a legend in rows that are at most this wide, each with its place from the left.
pub fn legend_rows(entries: &[(Sample, String)], most: f64) -> Vec<Vec<(f64, Sample, String)>> {
    let mut rows: Vec<Vec<(f64, Sample, String)>> = Vec::new();
    let mut at = 0.0;
    for (sample, name) in entries.iter().filter(|(_, name)| !name.is_empty()) {
        let name = fitted(name, most - sample.width());
        let long = sample.width() + width(&name);
        match rows.last_mut() {
            Some(row) if at + long <= most => row.push((at, *sample, name)),
            _ => {
                at = 0.0;
                rows.push(vec![(at, *sample, name)]);
            }
        }
        at += long + FAR;
    }
    rows
}

/// Draws a legend's rows from the upper edge of the drawing on.
pub fn legend(svg: &mut Svg, rows: &[Vec<(f64, Sample, String)>]) {
    for (number, row) in rows.iter().enumerate() {
        let y = LINE / 2.0 + number as f64 * LINE;
        for (x, sample, name) in row {
            sample.draw(svg, *x, y);
            svg.text(Paint::Ink, (x + sample.width(), y + DROP), Anchor::Start, name);
        }
    }
}

/// How wide the names at the ends of lines are with their samples, in px; no more than `most`.
pub fn ends_width(names: &[&str], most: f64) -> f64 {
    let longest = names.iter().map(|name| width(name)).fold(0.0, f64::max);
    // A pixel more, so that no rounding cuts the longest.
    if names.is_empty() { 0.0 } else { (longest + SAMPLE + 2.0 * NEAR + 1.0).min(most) }
}

/// Names right of the plot, each as near to the height where its line ends as the others leave it.
pub fn ends(svg: &mut Svg, plot: &Plot, ends: &[(Paint, &str, f64)]) {
    let mut sorted: Vec<_> =
        ends.iter().take(ENDS).map(|(paint, name, at)| (*paint, (*name).to_owned(), *at)).collect();
    sorted.sort_by(|a, b| a.2.total_cmp(&b.2));
    if let more @ 1.. = ends.len().saturating_sub(ENDS) {
        sorted.push((Paint::Muted, format!("and {more} more"), plot.bottom));
    }
    let heights = spread(&sorted.iter().map(|end| end.2).collect::<Vec<_>>(), LINE - 1.0, plot.bottom - 3.0);
    for ((paint, name, _), y) in sorted.iter().zip(heights) {
        line_sample(svg, *paint, plot.right + NEAR, y);
        let x = plot.right + 2.0 * NEAR + SAMPLE;
        svg.text(Paint::Ink, (x, y + DROP), Anchor::Start, &fitted(name, plot.width - x));
    }
}

/// Ascending places, moved so that each is at least `apart` from the next and none is beyond `last`, where there is room.
fn spread(places: &[f64], apart: f64, last: f64) -> Vec<f64> {
    let mut places = places.to_vec();
    for i in 1..places.len() {
        places[i] = places[i].max(places[i - 1] + apart);
    }
    let mut most = last;
    for place in places.iter_mut().rev() {
        *place = place.min(most);
        most = *place - apart;
    }
    places
}

/// A name of an event above the plot.
#[derive(Clone, Debug)]
pub struct Flag {
    /// Its colour.
    pub paint: Paint,
    /// Where its line is; `None` if that is outside the plot.
    pub line: Option<f64>,
    /// Where its name begins.
    pub start: f64,
    /// The name, cut where it is longer than the plot.
    pub name: String,
    /// The row of the name, from the plot upwards; `None` where there is no room.
    pub row: Option<usize>,
}

/// The places of names of events at these values of the x axis.
pub fn flags(plot: &Plot, events: &[(Paint, f64, &str)]) -> Vec<Flag> {
    let mut sorted = events.to_vec();
    sorted.sort_by(|a, b| b.1.total_cmp(&a.1));
    // From the right, as names run to the right of their lines; those without lines take what is left.
    sorted.sort_by_key(|(_, at, _)| !plot.x.holds(*at));
    let mut flags: Vec<Flag> = Vec::new();
    for (paint, at, name) in sorted {
        let line = plot.x.holds(at).then(|| plot.x.at(at));
        let name = match line {
            Some(_) => name.to_owned(),
            None if at < plot.x.domain.0 => format!("← {name}"),
            None => format!("{name} →"),
        };
        let name = fitted(&name, plot.right - plot.left);
        let beside = line.map_or(plot.x.at(at), |x| x + 4.0);
        let start = beside.min(plot.right - width(&name)).max(plot.left);
        let mut flag = Flag { paint, line, start, name, row: None };
        flag.row = (0..EVENT_ROWS).find(|row| flags.iter().all(|other| !meet(&flag, *row, other)));
        flags.push(flag);
    }
    flags
}

/// Whether a name in this row would lie on another's name or line, or its line on the other's name.
fn meet(flag: &Flag, row: usize, other: &Flag) -> bool {
    let over = |flag: &Flag, x: f64| flag.start - 3.0 < x && x < flag.start + width(&flag.name) + 3.0;
    let Some(others) = other.row else { return false };
    let beside =
        flag.start - 8.0 > other.start + width(&other.name) || other.start - 8.0 > flag.start + width(&flag.name);
    (row == others && !beside)
        || (others < row && flag.line.is_some_and(|x| over(other, x)))
        || (row < others && other.line.is_some_and(|x| over(flag, x)))
}

/// Draws lines of events over the plot, and their names above it, `over` px from its upper edge on.
pub fn draw_flags(svg: &mut Svg, plot: &Plot, flags: &[Flag], over: f64) {
    for flag in flags {
        let base = flag.row.map(|row| plot.top - over - row as f64 * LINE);
        if let Some(x) = flag.line {
            let mut path = Path::default();
            // The name waves from its line, unless it had to move over the line.
            path.go(x, base.map_or(plot.top, |base| if flag.start > x { base - LINE + 2.0 } else { base - 2.0 }));
            path.draw(x, plot.bottom);
            svg.line(flag.paint, &path, 1.2, if flag.paint == Paint::Limit { flag.paint.dash() } else { "" });
        }
        if let Some(base) = base {
            svg.text(flag.paint, (flag.start, base - 5.0), Anchor::Start, &flag.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn names_at_ends_keep_apart_and_within(mut places in proptest::collection::vec(0.0..200.0f64, 0..9)) {
            places.sort_by(f64::total_cmp);
            let spread = spread(&places, 16.0, 200.0);
            for pair in spread.windows(2) {
                proptest::prop_assert!(pair[1] - pair[0] >= 16.0 - 1e-9);
            }
            proptest::prop_assert!(spread.iter().all(|place| *place <= 200.0));
        }
    }
}
