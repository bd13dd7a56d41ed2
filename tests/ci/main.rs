//! What CI is told of a run: `junit.xml`, and on GitHub a step's summary, its outputs and annotations.
//!
//! - `summaries`: runs without an engine, of each verdict
//! - `junit`: no run that is not READY is green, and the file keeps the schemas of Jenkins and Surefire
//! - `schema`: those schemas' rules
//! - `markdown`: the step's summary
//! - `commands`: the real binary, with a target and without
//! - `documents`: the commands of `docs/ci.md` do what it says
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

#[path = "../cli_support/mod.rs"]
mod cli_support;
mod commands;
mod documents;
mod junit;
mod markdown;
#[path = "../record_support/mod.rs"]
mod record_support;
#[path = "../wire/rig.rs"]
mod rig;
mod schema;
mod summaries;
