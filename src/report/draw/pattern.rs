//! Patterns that fill an area: they tell what is what where colours cannot.

use super::palette::Paint;

/// The pattern of an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Lines that rise to the right on nothing.
    Rising,
    /// Lines that fall to the right on nothing.
    Falling,
    /// Rising and falling lines on nothing.
    Crossed,
    /// Dots on nothing.
    Dotted,
    /// The colour itself, with lines in the colour of the page: which of them, by a number.
    Filled(u8),
}

/// How many fillings there are; the first has no lines.
const FILLINGS: u8 = 6;
/// The side of a pattern's tile, in px.
const TILE: u8 = 6;

impl Pattern {
    /// The lines of the tile, and how wide they are.
    const fn lines(self) -> (&'static str, &'static str) {
        match self {
            Self::Rising => ("M-1 7 7-1M-1 1 1-1M5 7 7 5", "1"),
            Self::Falling => ("M-1-1 7 7M-1 5 1 7M5-1 7 1", "1"),
            Self::Crossed => ("M-1 7 7-1M-1-1 7 7", "1"),
            Self::Dotted => ("M2 3h2", "2"),
            Self::Filled(number) => match number % FILLINGS {
                0 => ("", "1"),
                1 => ("M-1 7 7-1M-1 1 1-1M5 7 7 5", "1.5"),
                2 => ("M-1-1 7 7M-1 5 1 7M5-1 7 1", "1.5"),
                3 => ("M0 3h6", "1.5"),
                4 => ("M2 3h2", "2"),
                _ => ("M-1 7 7-1M-1-1 7 7", "1"),
            },
        }
    }

    /// The `<pattern>`, in this colour.
    pub fn element(self, id: &str, paint: Paint) -> String {
        let (ground, over) = match self {
            Self::Filled(_) => (
                format!("<path {} fill=\"currentColor\" d=\"M0 0h{TILE}v{TILE}h-{TILE}z\"/>", paint.attributes()),
                Paint::Surface,
            ),
            _ => (String::new(), paint),
        };
        let (d, wide) = self.lines();
        let colour = over.attributes();
        format!(
            "<pattern id=\"{id}\" width=\"{TILE}\" height=\"{TILE}\" patternUnits=\"userSpaceOnUse\">{ground}\
             <path {colour} stroke=\"currentColor\" stroke-width=\"{wide}\" d=\"{d}\"/></pattern>"
        )
    }
}
