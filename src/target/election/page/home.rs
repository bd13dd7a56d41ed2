//! The home page: the count so far, the turnout, the map of the sections and a table of the districts.

use super::layout;
use crate::target::election::board::{Board, Section, percent};
use crate::target::election::town::BALLOT;
use std::fmt::{self, Write};

/// Sections in a row of the map: as many as a district has.
const COLUMNS: usize = 29;
/// Size of a section's tile in the map, in its own units.
const TILE: usize = 24;
/// Fill of a section that was not counted yet.
const BLANK: &str = "#b4bdc7";

/// Renders the page.
pub fn render(out: &mut String, board: &Board) -> fmt::Result {
    layout::begin(out, "Results", "/", board)?;
    let (rendered, version) = (board.read_at(), board.version);
    let words = rendered.strftime("%H:%M:%S UTC on %-d %B %Y");
    write!(out, "<p>Rendered at <time class=\"rendered\" datetime=\"{rendered}\">{words}</time>")?;
    if let Some(updated) = board.updated() {
        write!(out, " with update {version} of <time datetime=\"{updated}\">{updated}</time>")?;
    }
    out.write_str(". This page reloads itself each minute.</p>\n")?;
    let town = board.town();
    out.write_str("<div class=\"columns\">\n<section class=\"card\">\n<h2>Mayor</h2>\n")?;
    layout::candidates(out, &town.count, false)?;
    out.write_str("</section>\n<section class=\"card\">\n<h2>Turnout</h2>\n")?;
    layout::bulletins(out, &town)?;
    out.write_str("</section>\n</div>\n<section class=\"card\">\n<h2>Sections</h2>\n")?;
    map(out, board)?;
    out.write_str("</section>\n<section class=\"card\">\n<h2>Districts</h2>\n")?;
    districts(out, board)?;
    out.write_str("</section>\n")?;
    layout::end(out)
}

fn map(out: &mut String, board: &Board) -> fmt::Result {
    let rows = board.sections.len().div_ceil(COLUMNS);
    let (width, height) = (COLUMNS * TILE, rows * TILE);
    writeln!(
        out,
        "<svg class=\"map\" viewBox=\"0 0 {width} {height}\" role=\"group\" aria-label=\"Sections by leading candidate\">"
    )?;
    for (i, section) in board.sections.iter().enumerate() {
        tile(out, section, i % COLUMNS * TILE, i / COLUMNS * TILE)?;
    }
    out.write_str("</svg>\n")
}

fn tile(out: &mut String, section: &Section, x: usize, y: usize) -> fmt::Result {
    let number = section.number;
    let (fill, words) = match (section.votes(), section.leader()) {
        (Some(votes), Some(leader)) => {
            let lead = &BALLOT[leader];
            (lead.colour, format!("{} {}, {} ballots", layout::escape(lead.name), votes.votes[leader], votes.ballots()))
        }
        _ => (BLANK, "not counted yet".to_owned()),
    };
    let (middle, base) = (x + TILE / 2, y + TILE / 2 + 3);
    writeln!(
        out,
        "<a href=\"/results/sections/{number}\"><rect x=\"{x}\" y=\"{y}\" width=\"{TILE}\" height=\"{TILE}\" \
         fill=\"{fill}\"><title>Section {number}: {words}</title></rect>\
         <text x=\"{middle}\" y=\"{base}\">{number}</text></a>"
    )
}

fn districts(out: &mut String, board: &Board) -> fmt::Result {
    out.write_str("<table>\n<thead><tr><th scope=\"col\">District</th><th scope=\"col\" class=\"n\">Counted</th>")?;
    for candidate in &BALLOT {
        write!(out, "<th scope=\"col\" class=\"n\">{}</th>", layout::escape(candidate.name))?;
    }
    out.write_str("<th scope=\"col\" class=\"n\">Turnout 23:00, %</th></tr></thead>\n<tbody>\n")?;
    for (i, totals) in board.districts().iter().enumerate() {
        let (district, count) = (i + 1, &totals.count);
        write!(
            out,
            "<tr><th scope=\"row\">District {district}</th><td class=\"n\">{} of {}</td>",
            count.sections, totals.sections
        )?;
        for votes in count.votes {
            write!(out, "<td class=\"n\">{votes}</td>")?;
        }
        let close = &totals.turnout[2];
        writeln!(out, "<td class=\"n\">{:.2}</td></tr>", percent(close.voters, close.electors))?;
    }
    out.write_str("</tbody>\n</table>\n")
}
