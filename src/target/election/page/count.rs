//! The two pages of the count: by candidate for mayor with every section, and by list with every district.

use super::layout;
use crate::target::election::board::{Board, percent};
use crate::target::election::town::{BALLOT, CANDIDATES};
use std::fmt::{self, Write};

/// Renders the page of the candidates for mayor.
pub fn mayors(out: &mut String, board: &Board) -> fmt::Result {
    layout::begin(out, "Mayor", "/results/mayors", board)?;
    out.write_str("<section class=\"card\">\n<h2>Town</h2>\n")?;
    layout::candidates(out, &board.town().count, false)?;
    out.write_str("</section>\n<section class=\"card\">\n<h2>Section by section</h2>\n<table>\n<thead><tr>")?;
    heads(out, "Section", |candidate| BALLOT[candidate].name)?;
    for section in &board.sections {
        let number = section.number;
        write!(out, "<tr><th scope=\"row\"><a href=\"/results/sections/{number}\">{number}</a></th>")?;
        for candidate in 0..CANDIDATES {
            let votes = section.votes().map(|votes| votes.votes[candidate]);
            write!(out, "<td class=\"n\">{}</td>", layout::number(votes))?;
        }
        let status = section.status().word();
        writeln!(out, "<td class=\"{status}\">{status}</td></tr>")?;
    }
    out.write_str("</tbody>\n</table>\n</section>\n")?;
    layout::end(out)
}

/// Renders the page of the lists. Each candidate has one list (assumed), whose votes are the candidate's.
pub fn lists(out: &mut String, board: &Board) -> fmt::Result {
    layout::begin(out, "Lists", "/results/lists", board)?;
    out.write_str("<section class=\"card\">\n<h2>Town</h2>\n")?;
    layout::candidates(out, &board.town().count, true)?;
    out.write_str("</section>\n<section class=\"card\">\n<h2>Shares by district</h2>\n<table>\n<thead><tr>")?;
    heads(out, "District", |candidate| BALLOT[candidate].list)?;
    for (i, totals) in board.districts().iter().enumerate() {
        let (district, count) = (i + 1, &totals.count);
        write!(out, "<tr><th scope=\"row\">District {district}</th>")?;
        for votes in count.votes {
            write!(out, "<td class=\"n\">{:.2}</td>", percent(votes, count.valid()))?;
        }
        writeln!(out, "<td>{} of {} sections</td></tr>", count.sections, totals.sections)?;
    }
    out.write_str("</tbody>\n</table>\n</section>\n")?;
    for (i, totals) in board.districts().iter().enumerate() {
        writeln!(out, "<section class=\"card\">\n<h2>District {}</h2>", i + 1)?;
        layout::candidates(out, &totals.count, true)?;
        out.write_str("</section>\n")?;
    }
    layout::end(out)
}

fn heads(out: &mut String, first: &str, name: impl Fn(usize) -> &'static str) -> fmt::Result {
    write!(out, "<th scope=\"col\">{first}</th>")?;
    for candidate in 0..CANDIDATES {
        write!(out, "<th scope=\"col\" class=\"n\">{}</th>", layout::escape(name(candidate)))?;
    }
    out.write_str("<th scope=\"col\">Counted</th></tr></thead>\n<tbody>\n")
}
