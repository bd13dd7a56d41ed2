//! The truth: what scrutinio measures, held against closed forms and against the server's own stamps.
//!
//! The laws, the server's stamps and the watch over the machine are those of `scrutinio selftest` (`src/truth/`).
//!
//! The targets are knob servers whose response times have an exact law (docs/sources.md, Closed forms): a constant, a
//! queue, a standstill. The log of each has an arrival and an answer of every request on the clock of the run,
//! so that a wrong figure can be told from a slow machine. `docs/truth.md` has the table of what is held against
//! what, and how each test was seen to fail.
//!
//! The five long cases run side by side from the first test that asks for one, some 27 s together; with
//! `SCRUTINIO_LONG=1` they are five times as long and the tolerances √5 narrower. Tests run in the order of their
//! names: `defects` before the cases, `generator` beside them, and what needs them after.
//!
//! Lower bounds and the server's own stamps are held on any machine; upper bounds on one that had time left while the
//! case ran (`Watch`), and there must have been one such case (`upper`).
#![allow(clippy::unwrap_used)] // The lint's exception for tests does not reach their helpers.

#[path = "../wire/rig.rs"]
mod rig;

mod case;

mod defects;
mod generator;
mod planned_arrivals;
mod queue;
mod stall;
mod steady;
mod upper;
