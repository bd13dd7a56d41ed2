//! What a plan promises, over whole scenarios: exact totals, the same plan in any number of stripes,
//! independence of populations and draws, and the curve of the election night.
//!
//! The parts' own tests, with their reference vectors, stand beside them in `src/plan`.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod counts;
mod curves;
mod models;
mod paths;
mod stripes;
mod survey;
mod windows;
