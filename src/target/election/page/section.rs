//! The page of one section: its count, its turnout and where its forms stand.

use super::layout;
use crate::target::election::board::{Board, Count, Section, percent};
use crate::target::election::town::{self, BULLETINS};
use std::fmt::{self, Write};

/// Renders the page. It shows nothing of other sections, so that it changes only with its own forms.
pub fn render(out: &mut String, board: &Board, section: &Section) -> fmt::Result {
    let number = section.number;
    let alone = Board { sections: vec![section.clone()], version: 0, updated_ms: 0, read_ms: 0 };
    layout::begin(out, &format!("Section {number}"), "", &alone)?;
    let (district, electors) = (town::district(number) + 1, section.electors);
    writeln!(out, "<p>District {district}, {electors} electors.</p>")?;
    out.write_str("<div class=\"columns\">\n<section class=\"card\">\n<h2>Count</h2>\n")?;
    let status = section.status().word();
    writeln!(out, "<p class=\"{status}\">{status}</p>")?;
    let count =
        section.votes().map(|votes| Count { sections: 1, votes: votes.votes, blank: votes.blank, void: votes.void });
    layout::candidates(out, &count.unwrap_or_default(), false)?;
    out.write_str("</section>\n<section class=\"card\">\n<h2>Turnout</h2>\n<table>\n<thead><tr>")?;
    out.write_str("<th scope=\"col\">Bulletin</th><th scope=\"col\" class=\"n\">Voters</th>")?;
    out.write_str("<th scope=\"col\" class=\"n\">%</th><th scope=\"col\">Form</th></tr></thead>\n<tbody>\n")?;
    for (hour, form) in BULLETINS.iter().zip(&section.forms) {
        let share = form.voters().map_or_else(|| "–".to_owned(), |voters| format!("{:.2}", percent(voters, electors)));
        let (voters, status) = (layout::number(form.voters()), form.status.word());
        writeln!(
            out,
            "<tr><th scope=\"row\">{hour}:00</th><td class=\"n\">{voters}</td><td class=\"n\">{share}</td>\
             <td class=\"{status}\">{status}</td></tr>"
        )?;
    }
    out.write_str("</tbody>\n</table>\n</section>\n</div>\n")?;
    neighbours(out, number, board.sections.len())?;
    layout::end(out)
}

fn neighbours(out: &mut String, number: u16, sections: usize) -> fmt::Result {
    out.write_str("<p>")?;
    if number > 1 {
        let before = number - 1;
        write!(out, "<a href=\"/results/sections/{before}\" rel=\"prev\">Section {before}</a> ")?;
    }
    if usize::from(number) < sections {
        let after = number + 1;
        write!(out, "<a href=\"/results/sections/{after}\" rel=\"next\">Section {after}</a>")?;
    }
    out.write_str("</p>\n")
}
