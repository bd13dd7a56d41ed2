//! What a run that ended before its plan does not tell (D3).

use std::io::{self, Write};

use crate::judge::words::count;
use crate::record::Reason;

use super::Summary;
use super::text::{Style, indented};

/// The requests that the end of the run kept from theirs, on a line of their own.
pub(super) fn not_known(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if summary.ending == "killed" {
        let text = "what was open when it ended is not known: nothing here counts it, nor what had not begun";
        return indented(text, 0, style, out);
    }
    let of = |reason: Reason| summary.requests.by_reason.get(&reason.key()).copied().unwrap_or(0);
    let (overdue, open, not_begun) = (of(Reason::Overdue), of(Reason::Stopped), of(Reason::NotBegun));
    if overdue + open + not_begun == 0 {
        return Ok(());
    }
    let overdue = match overdue {
        0 => String::new(),
        n => format!("{} had been open too long, and count as not right; ", count(n)),
    };
    let text = format!(
        "when it was stopped, {overdue}{} were open and {} had not begun: nothing here counts them",
        count(open),
        count(not_begun)
    );
    indented(&text, 0, style, out)
}
