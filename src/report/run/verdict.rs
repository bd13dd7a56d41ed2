//! The verdict of a run, with every reason.

use std::io::{self, Write};

use crate::judge::{Code, Verdict};

use super::super::text::{GREEN, RED, YELLOW, indented};
use super::super::{Style, Summary};

pub(in crate::report) fn verdict(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let (code, word) = match summary.verdict {
        None => ("1", "none (no objectives)"),
        Some(verdict @ Verdict::Ready) => (GREEN, verdict.name()),
        Some(verdict @ Verdict::NotReady) => (RED, verdict.name()),
        Some(verdict @ Verdict::Invalid) => (YELLOW, verdict.name()),
    };
    writeln!(out, "\n{} {}", style.bold("verdict"), style.paint(code, word))?;
    for reason in &summary.reasons {
        indented(&format!("{}: {}", code_words(reason.code), reason.seen), 2, style, out)?;
        for (name, text) in [("limit", &reason.limit), ("cause", &reason.cause), ("do", &reason.cure)] {
            indented(&format!("{name}: {text}"), 4, style, out)?;
        }
    }
    Ok(())
}

const fn code_words(code: Code) -> &'static str {
    match code {
        Code::BrokenIdentity => "requests not accounted for",
        Code::BrokenHash => "another plan ran",
        Code::GeneratorLate => "the generator was late",
        Code::UnsentRequests => "not all requests were sent",
        Code::Interrupted => "interrupted",
        Code::NoData => "no data",
        Code::Breached => "breached",
        Code::SessionsFellBehind => "sessions fell behind",
        Code::GeneratorDecided => "decided by the generator",
        Code::Undecided => "undecided",
    }
}
