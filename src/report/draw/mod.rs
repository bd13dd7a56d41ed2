//! Charts as SVG for pages without any script: numbers in, text out.
//!
//! A [`Chart`] has two axes and marks in order; it is drawn at the width that it is shown at, so that labels neither touch nor
//! shrink. Nothing here averages or leaves out: who calls decides what a column holds, and a column alone is at least a pixel
//! wide. The same chart gives the same bytes. Colours are classes of one style sheet; where a page may have none, attributes
//! stand in for it.

#![cfg_attr(not(test), expect(dead_code, unused_imports, reason = "the page that shows charts is made next"))]

mod areas;
mod axis;
mod chart;
mod civil;
mod labels;
mod lines;
mod mark;
mod palette;
mod path;
mod pattern;
mod plot;
mod points;
mod scale;
mod svg;
mod text;
mod ticks;

#[cfg(test)]
mod colours;
#[cfg(test)]
mod drawn;
#[cfg(test)]
mod gallery;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod xml;

pub use axis::{Axis, Unit};
pub use chart::Chart;
pub use mark::{Column, Estimate, Mark, Region, Series, Shape, Side, State};
pub use palette::{Paint, style_sheet};
