//! The turnout page: the town by bulletin, then the districts, then every section.

use super::layout;
use crate::target::election::board::{Board, percent};
use crate::target::election::town::BULLETINS;
use std::fmt::{self, Write};

/// Renders the page.
pub fn render(out: &mut String, board: &Board) -> fmt::Result {
    layout::begin(out, "Turnout", "/turnout", board)?;
    out.write_str("<section class=\"card\">\n<h2>Town</h2>\n")?;
    layout::bulletins(out, &board.town())?;
    out.write_str("</section>\n<div class=\"columns\">\n")?;
    for (i, totals) in board.districts().iter().enumerate() {
        writeln!(out, "<section class=\"card\">\n<h2>District {}</h2>", i + 1)?;
        layout::bulletins(out, totals)?;
        out.write_str("</section>\n")?;
    }
    out.write_str("</div>\n<section class=\"card\">\n<h2>Section by section</h2>\n<table>\n<thead><tr>")?;
    out.write_str("<th scope=\"col\">Section</th><th scope=\"col\" class=\"n\">Electors</th>")?;
    for hour in BULLETINS {
        write!(out, "<th scope=\"col\" class=\"n\">{hour}:00</th>")?;
    }
    out.write_str("<th scope=\"col\" class=\"n\">%</th></tr></thead>\n<tbody>\n")?;
    for section in &board.sections {
        let (number, electors) = (section.number, section.electors);
        write!(
            out,
            "<tr><th scope=\"row\"><a href=\"/results/sections/{number}\">{number}</a></th><td class=\"n\">{electors}</td>"
        )?;
        let voters = section.forms.iter().take(BULLETINS.len()).map(super::super::form::Form::voters);
        for voters in voters.clone() {
            write!(out, "<td class=\"n\">{}</td>", layout::number(voters))?;
        }
        let last = voters.flatten().last();
        let shown = last.map_or_else(|| "–".to_owned(), |voters| format!("{:.2}", percent(voters, electors)));
        writeln!(out, "<td class=\"n\">{shown}</td></tr>")?;
    }
    out.write_str("</tbody>\n</table>\n</section>\n")?;
    layout::end(out)
}
