//! What CI is told of a run: `junit.xml`.
//!
//! - `summaries`: runs without an engine, of each verdict
//! - `junit`: no run that is not READY is green, and the file keeps the schemas of Jenkins and Surefire
//! - `schema`: those schemas' rules
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod junit;
#[path = "../record_support/mod.rs"]
mod record_support;
mod schema;
mod summaries;
