//! What all pages share: head, style, navigation, the pieces of tables, and escaping.

use crate::target::election::board::{Board, Count, Totals, percent};
use crate::target::election::town::{BALLOT, CANDIDATES};
use std::fmt::{self, Write};

const STYLE: &str = include_str!("../../style.css");

/// The overview reloads itself, as readers leave it open for the night.
const RELOAD: &str = "<meta http-equiv=\"refresh\" content=\"60\">\n";

/// Begins a page: everything up to the place where its own content starts.
pub fn begin(out: &mut String, title: &str, here: &str, board: &Board) -> fmt::Result {
    let title = escape(title);
    let reload = if here == "/" { RELOAD } else { "" };
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n{reload}\
         <title>{title} – Cagliari, municipal election of 5 June 2016</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header><p class=\"town\">Comune di Cagliari</p><p>Municipal election of 5 June 2016</p></header>\n\
         <nav aria-label=\"Pages\"><ul>\n"
    )?;
    let pages = [
        ("/", "Overview"),
        ("/results/mayors", "Mayor"),
        ("/results/lists", "Lists"),
        ("/turnout", "Turnout"),
        ("/open-data.csv", "Open data (CSV)"),
        ("/open-data", "Open data (JSON)"),
    ];
    for (path, name) in pages {
        let current = if path == here { " aria-current=\"page\"" } else { "" };
        writeln!(out, "<li><a href=\"{path}\"{current}>{name}</a></li>")?;
    }
    let count = board.town().count.sections;
    let sections = board.sections.len();
    writeln!(
        out,
        "</ul></nav>\n<main>\n<h1>{title}</h1>\n<p class=\"lead\">{count} of {sections} sections counted.</p>"
    )
}

/// Ends a page.
pub fn end(out: &mut String) -> fmt::Result {
    out.write_str(
        "</main>\n<footer><p>Provisional figures as the sections report them; a section is final when its form is \
         confirmed.</p><p>A test service: no figure here is an official result.</p></footer>\n</body>\n</html>\n",
    )
}

/// The table of candidates with bars, shares and votes; `lists` names the lists instead.
pub fn candidates(out: &mut String, count: &Count, lists: bool) -> fmt::Result {
    let head = if lists { "List" } else { "Candidate" };
    let valid = count.valid();
    write!(
        out,
        "<table class=\"candidates\">\n<thead><tr><th scope=\"col\">{head}</th><th scope=\"col\">Share</th>\
         <th scope=\"col\" class=\"n\">Votes</th><th scope=\"col\" class=\"n\">%</th></tr></thead>\n<tbody>\n"
    )?;
    let mut order: Vec<usize> = (0..CANDIDATES).collect();
    order.sort_by_key(|&candidate| std::cmp::Reverse(count.votes[candidate]));
    for candidate in order {
        let on_ballot = &BALLOT[candidate];
        let name = if lists { on_ballot.list } else { on_ballot.name };
        let (votes, share) = (count.votes[candidate], percent(count.votes[candidate], valid));
        writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td class=\"bar\"><span style=\"width:{share}%;background:{}\"></span></td>\
             <td class=\"n\">{votes}</td><td class=\"n\">{share:.2}</td></tr>",
            escape(name),
            on_ballot.colour
        )?;
    }
    writeln!(
        out,
        "</tbody>\n<tfoot><tr><th scope=\"row\">Valid votes</th><td></td><td class=\"n\">{valid}</td><td></td></tr>\
         <tr><th scope=\"row\">Blank ballots</th><td></td><td class=\"n\">{}</td><td></td></tr>\
         <tr><th scope=\"row\">Void ballots</th><td></td><td class=\"n\">{}</td><td></td></tr></tfoot>\n</table>",
        count.blank, count.void
    )
}

/// The table of turnout by bulletin.
pub fn bulletins(out: &mut String, totals: &Totals) -> fmt::Result {
    out.write_str(
        "<table>\n<thead><tr><th scope=\"col\">Bulletin</th><th scope=\"col\" class=\"n\">Sections</th>\
         <th scope=\"col\" class=\"n\">Electors</th><th scope=\"col\" class=\"n\">Voters</th>\
         <th scope=\"col\" class=\"n\">%</th></tr></thead>\n<tbody>\n",
    )?;
    for (hour, turnout) in crate::target::election::town::BULLETINS.iter().zip(&totals.turnout) {
        writeln!(
            out,
            "<tr><th scope=\"row\">{hour}:00</th><td class=\"n\">{} of {}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td><td class=\"n\">{:.2}</td></tr>",
            turnout.sections,
            totals.sections,
            turnout.electors,
            turnout.voters,
            percent(turnout.voters, turnout.electors)
        )?;
    }
    out.write_str("</tbody>\n</table>\n")
}

/// A number, or a dash where nothing was reported.
pub fn number(value: Option<u32>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| value.to_string())
}

/// `text` with the characters that mean something in HTML written as references.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(escape("<a href=\"x\">R&D's</a>"), "&lt;a href=&quot;x&quot;&gt;R&amp;D&#39;s&lt;/a&gt;");
    }
}
