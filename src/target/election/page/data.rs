//! The data sets: the totals that newsrooms poll, and everything by section as JSON and CSV.

use crate::target::election::board::{Board, Count, Section, Totals, percent};
use crate::target::election::form::Form;
use crate::target::election::town::{self, BALLOT, BULLETINS};
use serde_json::{Value, json};
use std::fmt::{self, Write};

const NAME: &str = "Cagliari, municipal election of 5 June 2016";

/// The totals of the town and its districts, 2 to 4 KB.
#[must_use]
pub fn results(board: &Board) -> String {
    let town = board.town();
    let districts: Vec<Value> =
        board.districts().iter().enumerate().map(|(i, totals)| district(i + 1, totals)).collect();
    json!({
        "election": NAME,
        "version": board.version,
        "updated": board.updated(),
        "sections": { "total": town.sections, "counted": town.count.sections },
        "electors": town.electors,
        "turnout": turnout(&town),
        "valid": town.count.valid(),
        "blank": town.count.blank,
        "void": town.count.void,
        "candidates": candidates(&town.count),
        "districts": districts,
    })
    .to_string()
}

/// Everything by section.
#[must_use]
pub fn open_data(board: &Board) -> String {
    let town = board.town();
    let sections: Vec<Value> = board.sections.iter().map(section).collect();
    json!({
        "election": NAME,
        "licence": "CC0-1.0",
        "version": board.version,
        "updated": board.updated(),
        "candidates": candidates(&town.count),
        "turnout": turnout(&town),
        "sections": sections,
    })
    .to_string()
}

/// Everything by section as a table; a field is empty where nothing was reported.
pub fn csv(out: &mut String, board: &Board) -> fmt::Result {
    out.write_str("section,district,electors")?;
    for hour in BULLETINS {
        write!(out, ",voters_{hour},voters_{hour}_status")?;
    }
    for candidate in 1..=BALLOT.len() {
        write!(out, ",votes_{candidate}")?;
    }
    out.write_str(",blank,void,votes_status\n")?;
    for section in &board.sections {
        write!(out, "{},{},{}", section.number, town::district(section.number) + 1, section.electors)?;
        for form in section.forms.iter().take(BULLETINS.len()) {
            write!(out, ",{},{}", cell(form.voters()), form.status.word())?;
        }
        let votes = section.votes();
        for candidate in 0..BALLOT.len() {
            write!(out, ",{}", cell(votes.map(|votes| votes.votes[candidate])))?;
        }
        let (blank, void) = (cell(votes.map(|votes| votes.blank)), cell(votes.map(|votes| votes.void)));
        writeln!(out, ",{blank},{void},{}", section.status().word())?;
    }
    Ok(())
}

fn cell(value: Option<u32>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn candidates(count: &Count) -> Vec<Value> {
    let share = |votes| percent(votes, count.valid());
    let row = |(candidate, votes): (&town::Candidate, u32)| json!({ "name": candidate.name, "list": candidate.list, "votes": votes, "percent": share(votes) });
    BALLOT.iter().zip(count.votes).map(row).collect()
}

fn turnout(totals: &Totals) -> Vec<Value> {
    let row = |(hour, turnout): (u8, &crate::target::election::board::Turnout)| {
        json!({
            "bulletin": format!("{hour}:00"),
            "sections": turnout.sections,
            "electors": turnout.electors,
            "voters": turnout.voters,
            "percent": percent(turnout.voters, turnout.electors),
        })
    };
    BULLETINS.into_iter().zip(&totals.turnout).map(row).collect()
}

fn district(number: usize, totals: &Totals) -> Value {
    json!({
        "district": number,
        "sections": totals.sections,
        "counted": totals.count.sections,
        "electors": totals.electors,
        "turnout": turnout(totals),
        "valid": totals.count.valid(),
        "votes": totals.count.votes,
    })
}

fn section(section: &Section) -> Value {
    let forms: Vec<Value> = BULLETINS
        .iter()
        .zip(&section.forms)
        .map(|(hour, form)| {
            json!({ "bulletin": format!("{hour}:00"), "voters": form.voters(), "status": form.status.word() })
        })
        .collect();
    let count: &Form = &section.forms[BULLETINS.len()];
    let votes = count.votes();
    json!({
        "section": section.number,
        "district": town::district(section.number) + 1,
        "electors": section.electors,
        "turnout": forms,
        "status": count.status.word(),
        "votes": votes.map(|votes| votes.votes),
        "blank": votes.map(|votes| votes.blank),
        "void": votes.map(|votes| votes.void),
    })
}
