//! A whole chart: its layout, and its text as SVG.

use std::fmt::Write as _;

use super::areas::{self, RAIL};
use super::axis::Axis;
use super::labels::{self, Sample};
use super::lines;
use super::mark::{Mark, Shape, Side};
use super::palette::Paint;
use super::path::{Path, short};
use super::pattern::Pattern;
use super::plot::Plot;
use super::points;
use super::scale::Scale;
use super::svg::{Anchor, Svg};
use super::text::{LINE, escaped, fitted, width};
use super::ticks::{Tick, chosen};

/// The width of a chart for screens from [`BREAK`] px on and for paper, in px.
pub const WIDE: u16 = 800;
/// Its width for narrower screens.
pub const NARROW: u16 = 344;
/// The width of a screen in px from which on the wide drawing is shown.
pub const BREAK: u16 = 720;
/// From this width on, lines have their names at their ends; below it, in the legend.
const ENDS_FROM: u16 = 520;
/// How high a row of an axis of rows is, in px; with its name over it, a line more.
const ROW: f64 = 26.0;
/// The part of a chart's width that labels of the y axis may take.
const LABELS: f64 = 0.36;
/// The length of a tick's stroke, in px.
const TICK: f64 = 5.0;
/// Between a label of the y axis and the plot, in px.
const GAP: f64 = 7.0;
/// The least distance of labels, in px.
const APART: f64 = 10.0;
/// Between two strips over the plot, in px.
const BETWEEN: f64 = 3.0;

/// What a chart shows, and what it is called.
#[derive(Clone, Debug)]
pub struct Chart {
    /// Its name in the page: unique there; letters, digits and `-`.
    pub id: String,
    /// What it shows, for who does not see it.
    pub title: String,
    /// What can be seen in it, for who does not see it.
    pub desc: String,
    /// The height of the plot in px, without axes and legend; an axis of rows has as much as it needs.
    pub height: u16,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What is drawn, in order.
    pub marks: Vec<Mark>,
}

/// The legend's entries, the names at the ends of lines, and the flags.
struct Words<'a> {
    legend: Vec<(Sample, String)>,
    ends: Vec<(Paint, &'a str, f64)>,
    events: Vec<(Paint, f64, &'a str)>,
}

impl Chart {
    /// The chart twice: for wide screens and paper, and for narrow screens. One of both is shown; where no style sheet is
    /// allowed, the wide one.
    pub fn for_screens(&self) -> String {
        let narrow = Self { id: format!("{}-n", self.id), ..self.clone() };
        format!("{}{}", self.svg(WIDE, ""), narrow.svg(NARROW, " narrow"))
    }

    /// The chart as SVG of this width in px, at least 200.
    pub fn at_width(&self, wide: u16) -> String {
        self.svg(wide.max(200), "")
    }

    fn svg(&self, wide: u16, class: &str) -> String {
        let words = self.words(wide);
        let (plot, x_ticks, y_ticks, civil) = self.layout(wide, &words);
        let legend = labels::legend_rows(&words.legend, plot.width);
        let flags = labels::flags(&plot, &words.events);
        let rails = self.rails() * (RAIL + BETWEEN);
        let flag_rows = flags.iter().filter_map(|flag| flag.row).max().map_or(0, |row| row + 1);
        let over = legend.len() as f64 * LINE + flag_rows as f64 * LINE + rails + 10.0;
        let plot = plot.moved_down(over);
        let mut svg = Svg::new(&self.id);
        labels::legend(&mut svg, &legend);
        self.grid(&mut svg, &plot, &x_ticks, &y_ticks);
        self.draw_marks(&mut svg, &plot);
        labels::draw_flags(&mut svg, &plot, &flags, rails);
        labels::ends(&mut svg, &plot, &words.ends.iter().map(|(p, n, y)| (*p, *n, plot.y.at(*y))).collect::<Vec<_>>());
        let bottom = self.axes(&mut svg, &plot, &x_ticks, &y_ticks, &civil);
        self.wrapped(wide, bottom, class, svg)
    }

    /// The root element around a drawing.
    fn wrapped(&self, wide: u16, high: f64, class: &str, svg: Svg) -> String {
        let [id, title, desc] = [&self.id, &self.title, &self.desc].map(|text| escaped(text));
        let hidden = if class.is_empty() { "" } else { " display=\"none\"" };
        let mut text = String::new();
        let _ = write!(
            text,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"draw{class}\"{hidden} role=\"img\" \
             aria-labelledby=\"{id}-t {id}-d\" viewBox=\"0 0 {wide} {}\" fill=\"none\" stroke-linejoin=\"round\" \
             font-family=\"system-ui,sans-serif\" font-size=\"13\">\n<title id=\"{id}-t\">{title}</title>\n\
             <desc id=\"{id}-d\">{desc}</desc>\n{}</svg>\n",
            short(high.ceil()),
            svg.finished()
        );
        text
    }

    /// How many strips there are over the plot.
    fn rails(&self) -> f64 {
        self.marks.iter().filter(|mark| matches!(mark, Mark::Rail { .. })).count() as f64
    }

    /// Who names what, and where.
    fn words(&self, wide: u16) -> Words<'_> {
        let mut words =
            Words { legend: vec![(Sample::None, self.y.name.clone())], ends: Vec::new(), events: Vec::new() };
        for mark in &self.marks {
            match mark {
                Mark::Line(series) | Mark::Step(series) => {
                    let last = series.columns.iter().rev().find_map(|column| column.value);
                    words.line(series.paint, &series.name, last, wide);
                }
                Mark::Limit { of: Side::Y, at, name } if self.y.holds(*at) => {
                    words.line(Paint::Limit, name, Some(*at), wide);
                }
                Mark::Limit { of: Side::X, at, name } => words.events.push((Paint::Limit, *at, name)),
                Mark::Events(events) => {
                    words.events.extend(events.iter().map(|(at, name)| (Paint::Event, *at, name.as_str())));
                }
                Mark::Band(series) => words.legend.push((Sample::Area(series.paint), series.name.clone())),
                Mark::Rail { name, .. } => {
                    words.legend.push((Sample::Hatch(Pattern::Filled(0), Paint::Bad), name.clone()))
                }
                Mark::Region { region, name, .. } => {
                    let (pattern, paint) = areas::look(*region);
                    let sample = pattern.map_or(Sample::Area(Paint::Muted), |pattern| Sample::Hatch(pattern, paint));
                    words.legend.push((sample, name.clone()));
                }
                Mark::Stack { parts, .. } => words.legend.extend(
                    (0..)
                        .zip(parts)
                        .map(|(number, (paint, name))| (Sample::Hatch(Pattern::Filled(number), *paint), name.clone())),
                ),
                Mark::Dots { paint, shape, name, .. } => {
                    words.legend.push((Sample::Point(*paint, *shape), name.clone()));
                }
                Mark::Dumbbell { ends: [first, second], .. } => {
                    words.legend.push((Sample::Point(first.0, Shape::Ring), first.1.clone()));
                    words.legend.push((Sample::Point(second.0, Shape::Disc), second.1.clone()));
                }
                Mark::Heat { name, columns, .. } => {
                    let greatest = crate::report::curve::number(areas::greatest(columns) as f64);
                    words.legend.push((Sample::Levels, format!("1 to {greatest} {name}")));
                }
                Mark::Limit { .. } | Mark::Forest(_) => {}
            }
        }
        words
    }

    /// The places of everything but what is over the plot, which begins at 0; and the ticks.
    fn layout(&self, wide: u16, words: &Words) -> (Plot, Vec<Tick>, Vec<Tick>, Vec<Tick>) {
        let wide = f64::from(wide);
        let rows = self.y.row_names();
        let longest = rows.iter().map(|name| width(name)).fold(0.0, f64::max);
        let names_over = longest + GAP > wide * LABELS;
        let row = if names_over { ROW + LINE } else { ROW };
        let high = if self.y.is_rows() { row * self.y.domain.1 } else { f64::from(self.height) };
        let range = if self.y.is_rows() { (0.0, high) } else { (high, 0.0) };
        let y = Scale { spread: self.y.spread, domain: self.y.domain, range };
        let y_ticks = chosen(self.y.ticks(), |tick| (y.at(tick.at) - LINE / 2.0, y.at(tick.at) + LINE / 2.0), 6.0);
        let longest = y_ticks.iter().map(|tick| width(&tick.label)).fold(longest, f64::max);
        let left = if names_over { GAP } else { longest + GAP };
        let names: Vec<&str> = words.ends.iter().map(|(_, name, _)| *name).collect();
        let right = wide - labels::ends_width(&names, wide * 0.28).max(GAP);
        let x = Scale { spread: self.x.spread, domain: self.x.domain, range: (left, right) };
        let plot = Plot { width: wide, left, right, top: 0.0, bottom: high, x, y, names_over };
        let extent = |tick: &Tick| {
            let start = plot.label_start(tick);
            (start, start + width(&tick.label))
        };
        let (x_ticks, civil) = (chosen(self.x.ticks(), extent, APART), chosen(self.x.civil_ticks(), extent, APART));
        (plot, x_ticks, y_ticks, civil)
    }

    /// Lines that lead the eye: across the plot, and upright where values are read off the x axis.
    fn grid(&self, svg: &mut Svg, plot: &Plot, x_ticks: &[Tick], y_ticks: &[Tick]) {
        let mut path = Path::default();
        for tick in y_ticks {
            path.go(plot.left, plot.y.at(tick.at));
            path.draw(plot.right, plot.y.at(tick.at));
        }
        if !self.x.is_time() {
            for tick in x_ticks {
                path.go(plot.x.at(tick.at), plot.top);
                path.draw(plot.x.at(tick.at), plot.bottom);
            }
        }
        svg.line(Paint::Grid, &path, 1.0, "");
    }

    fn draw_marks(&self, svg: &mut Svg, plot: &Plot) {
        let over_heat = self.marks.iter().any(|mark| matches!(mark, Mark::Heat { .. }));
        let mut rail = plot.top - self.rails() * (RAIL + BETWEEN);
        for mark in &self.marks {
            match mark {
                Mark::Line(series) => lines::line(svg, plot, series, over_heat),
                Mark::Step(series) => lines::step(svg, plot, series, over_heat),
                Mark::Band(series) => lines::band(svg, plot, series),
                Mark::Rail { columns, .. } => {
                    areas::rail(svg, plot, rail, columns);
                    rail += RAIL + BETWEEN;
                }
                Mark::Region { region, stretches, .. } => areas::region(svg, plot, *region, stretches),
                Mark::Stack { parts, columns } => {
                    let paints: Vec<Paint> = parts.iter().map(|(paint, _)| *paint).collect();
                    areas::stack(svg, plot, &paints, columns);
                }
                Mark::Dots { paint, shape, points, .. } => points::dots(svg, plot, *paint, *shape, points),
                Mark::Forest(rows) => points::forest(svg, plot, rows),
                Mark::Dumbbell { ends, rows } => points::dumbbell(svg, plot, [ends[0].0, ends[1].0], rows),
                Mark::Heat { edges, columns, .. } => areas::heat(svg, plot, edges, columns),
                Mark::Limit { of: Side::Y, at, .. } if self.y.holds(*at) => {
                    let mut path = Path::default();
                    path.go(plot.left, plot.y.at(*at));
                    path.draw(plot.right, plot.y.at(*at));
                    svg.line(Paint::Limit, &path, 1.5, Paint::Limit.dash());
                }
                Mark::Limit { .. } | Mark::Events(_) => {}
            }
        }
    }

    /// Draws the axes with their labels. The answer is where the drawing ends.
    fn axes(&self, svg: &mut Svg, plot: &Plot, x_ticks: &[Tick], y_ticks: &[Tick], civil: &[Tick]) -> f64 {
        for tick in y_ticks {
            let place = (plot.left - GAP, plot.y.at(tick.at) + labels::DROP);
            svg.text(Paint::Faint, place, Anchor::End, &tick.label);
        }
        for (row, name) in self.y.row_names().iter().enumerate() {
            let middle = plot.row_middle(row) + labels::DROP;
            if plot.names_over {
                svg.text(Paint::Ink, (plot.left, middle - LINE), Anchor::Start, &fitted(name, plot.right - plot.left));
            } else {
                svg.text(Paint::Ink, (plot.left - GAP, middle), Anchor::End, name);
            }
        }
        let mut path = Path::default();
        path.go(plot.left, plot.bottom);
        path.draw(plot.right, plot.bottom);
        // Where there are two rows, the strokes belong to the upper one.
        for tick in if civil.is_empty() { x_ticks } else { civil } {
            path.go(plot.x.at(tick.at), plot.bottom);
            path.draw(plot.x.at(tick.at), plot.bottom + TICK);
        }
        svg.line(Paint::Muted, &path, 1.0, "");
        let mut base = plot.bottom + TICK + LINE - 3.0;
        for (row, paint) in
            [(civil, Paint::Ink), (x_ticks, Paint::Faint)].into_iter().filter(|(row, _)| !row.is_empty())
        {
            for tick in row {
                svg.text(paint, (plot.label_start(tick), base), Anchor::Start, &tick.label);
            }
            base += LINE;
        }
        if !self.x.name.is_empty() {
            let middle = f64::midpoint(plot.left, plot.right);
            svg.text(Paint::Faint, (middle, base), Anchor::Middle, &fitted(&self.x.name, plot.right - plot.left));
            base += LINE;
        }
        base - LINE + 6.0
    }
}

impl<'a> Words<'a> {
    /// A name at the end of a line, or in the legend where charts are narrow.
    fn line(&mut self, paint: Paint, name: &'a str, last: Option<f64>, wide: u16) {
        match last {
            Some(last) if wide >= ENDS_FROM && !name.is_empty() => self.ends.push((paint, name, last)),
            _ => self.legend.push((Sample::Line(paint), name.to_owned())),
        }
    }
}
