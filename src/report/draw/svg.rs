//! The text of a drawing as it grows: elements, their colours, and the patterns that they need.

use std::fmt::Write as _;

use super::palette::Paint;
use super::path::{Path, short};
use super::pattern::Pattern;
use super::text::escaped;

/// Where a text stands from its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// It is centred there.
    Middle,
    /// It ends there.
    End,
}

/// The inside of an `<svg>`.
#[derive(Debug)]
pub struct Svg {
    /// The drawing's name in its page; the ids of patterns begin with it.
    id: String,
    patterns: Vec<(Pattern, Paint)>,
    body: String,
}

impl Svg {
    /// An empty drawing.
    pub fn new(id: &str) -> Self {
        Self { id: id.to_owned(), patterns: Vec::new(), body: String::new() }
    }

    /// A stroke along a path.
    pub fn line(&mut self, paint: Paint, path: &Path, wide: f64, dash: &str) {
        if path.is_empty() {
            return;
        }
        let dash = if dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dash}\"") };
        let (colour, wide, d) = (paint.attributes(), short(wide), path.d());
        self.push(format_args!("<path {colour} stroke=\"currentColor\" stroke-width=\"{wide}\"{dash} d=\"{d}\"/>"));
    }

    /// A stroke with round ends: of a dot, a disc as wide as the stroke.
    pub fn round(&mut self, paint: Paint, path: &Path, wide: f64) {
        if path.is_empty() {
            return;
        }
        let (colour, wide, d) = (paint.attributes(), short(wide), path.d());
        self.push(format_args!(
            "<path {colour} stroke=\"currentColor\" stroke-width=\"{wide}\" stroke-linecap=\"round\" d=\"{d}\"/>"
        ));
    }

    /// A filled path with an edge of this width; `fill` is `currentColor` or a pattern's.
    pub fn area(&mut self, paint: Paint, path: &Path, fill: &str, opacity: &str, edge: f64) {
        if path.is_empty() {
            return;
        }
        let mut rest = String::new();
        if opacity != "1" {
            let _ = write!(rest, " fill-opacity=\"{opacity}\"");
        }
        if edge > 0.0 {
            let _ = write!(rest, " stroke=\"currentColor\" stroke-width=\"{}\"", short(edge));
        }
        let (colour, d) = (paint.attributes(), path.d());
        self.push(format_args!("<path {colour} fill=\"{fill}\"{rest} d=\"{d}\"/>"));
    }

    /// A path filled with its colour.
    pub fn fill(&mut self, paint: Paint, path: &Path) {
        self.area(paint, path, "currentColor", "1", 0.0);
    }

    /// A path filled with a pattern.
    pub fn hatch(&mut self, pattern: Pattern, paint: Paint, path: &Path) {
        if path.is_empty() {
            return;
        }
        let found = self.patterns.iter().position(|known| *known == (pattern, paint));
        let number = found.unwrap_or_else(|| {
            self.patterns.push((pattern, paint));
            self.patterns.len() - 1
        });
        let fill = format!("url(#{}-{number})", escaped(&self.id));
        self.area(paint, path, &fill, "1", 0.0);
    }

    /// A text; `y` is its baseline.
    pub fn text(&mut self, paint: Paint, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let (colour, x, y, text) = (paint.attributes(), short(x), short(y), escaped(text));
        self.push(format_args!("<text {colour} fill=\"currentColor\" x=\"{x}\" y=\"{y}\"{anchor}>{text}</text>"));
    }

    fn push(&mut self, element: std::fmt::Arguments) {
        let _ = writeln!(self.body, "{element}");
    }

    /// The patterns that the drawing uses, and the drawing.
    pub fn finished(self) -> String {
        let Self { id, patterns, body } = self;
        if patterns.is_empty() {
            return body;
        }
        let numbered = patterns.iter().enumerate();
        let patterns: String = numbered
            .map(|(number, (pattern, paint))| pattern.element(&format!("{}-{number}", escaped(&id)), *paint))
            .collect();
        format!("<defs>{patterns}</defs>\n{body}")
    }
}
