//! The scenario file: from text to a checked model, all problems told at once, each with its place.

mod model;

pub use model::*;
