//! Everything that a server may answer: a corpus of answers, well-formed, odd and malformed, each with the outcome that
//! it must have, over real sockets and by the real binary.
//!
//! - `corpus`: the answers, one row each; the place to add one
//! - `drive`: a server that plays the rows, and one run of the binary against all of them at once
//!
//! Each answer is followed by two requests of the same session, whose answers carry a mark of their own: what the odd
//! answer left behind must never be taken for them.
#![allow(clippy::unwrap_used)] // The lint's exception for tests does not reach their helpers.

mod corpus;
mod drive;
#[path = "../wire/rig.rs"]
mod rig;

use std::collections::HashSet;

use corpus::{Row, rows};
use drive::{Manner, play};

#[test]
fn every_answer_has_its_outcome() {
    play(rows(), "session", Manner::AsWritten);
}

#[test]
fn every_answer_has_its_outcome_in_single_bytes() {
    // Long ones are left out for the time that they would take, floods for they have no bytes of their own.
    let short = |row: &Row| !row.together && row.bytes().is_some_and(|bytes| bytes.len() <= 600);
    play(rows().into_iter().filter(short).collect(), "session", Manner::ByteByByte);
}

#[test]
fn every_answer_has_its_outcome_on_a_pooled_connection() {
    play(rows(), "{ shared: 1 }", Manner::AsWritten);
}

#[test]
fn the_corpus_is_large_and_each_row_has_a_name_of_its_own() {
    let rows = rows();
    let names: HashSet<_> = rows.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), rows.len());
    assert!(rows.len() >= 200, "{} rows", rows.len());
}
