//! What a run that ended before its plan does not tell (D3).

use std::io::{self, Write};

use crate::record::{Ending, Reason};
use crate::report::words::count;

use super::super::text::indented;
use super::super::{Style, Summary};

/// The requests that the end of the run kept from theirs, on a line of their own.
pub(in crate::report) fn not_known(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if summary.ending == Ending::Killed {
        let text = "not counted below: what was open then, which is not known, and what had not begun";
        return indented(text, 0, style, out);
    }
    let of = |reason: Reason| summary.requests.by_reason.get(&reason.key()).copied().unwrap_or(0);
    let (overdue, open, not_begun) = (of(Reason::Overdue), of(Reason::Stopped), of(Reason::NotBegun));
    if overdue + open + not_begun == 0 {
        return Ok(());
    }
    let left_out = [(not_begun, "not begun"), (open, "open")].map(|(n, what)| format!("{} {what}", count(n)));
    let counted = match overdue {
        0 => String::new(),
        n => format!("; counted as not right: {} open too long", count(n)),
    };
    indented(&format!("not counted below, as the run was stopped: {}{counted}", left_out.join(", ")), 0, style, out)
}
