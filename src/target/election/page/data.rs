//! The data sets: the totals that newsrooms poll, and everything by section as JSON and CSV.
//!
//! The structs here are the published shapes, in the order in which their fields are written.

use crate::target::election::board::{Board, Count, Section, Totals, percent};
use crate::target::election::town::{self, BALLOT, BULLETINS, CANDIDATES};
use serde::Serialize;
use std::fmt::{self, Write};

const NAME: &str = "Cagliari, municipal election of 5 June 2016";
/// Names of the bulletins, for [`BULLETINS`].
const HOURS: [&str; BULLETINS.len()] = ["12:00", "19:00", "23:00"];

#[derive(Serialize)]
struct Results {
    election: &'static str,
    version: u64,
    updated: Option<String>,
    sections: Progress,
    electors: u32,
    turnout: [BulletinRow; BULLETINS.len()],
    valid: u32,
    blank: u32,
    void: u32,
    candidates: [CandidateRow; CANDIDATES],
    districts: Vec<DistrictRow>,
}

#[derive(Serialize)]
struct Progress {
    total: u32,
    counted: u32,
}

#[derive(Serialize)]
struct BulletinRow {
    bulletin: &'static str,
    sections: u32,
    electors: u32,
    voters: u32,
    percent: f64,
}

#[derive(Serialize)]
struct CandidateRow {
    name: &'static str,
    list: &'static str,
    votes: u32,
    percent: f64,
}

#[derive(Serialize)]
struct DistrictRow {
    district: usize,
    sections: u32,
    counted: u32,
    electors: u32,
    turnout: [BulletinRow; BULLETINS.len()],
    valid: u32,
    votes: [u32; CANDIDATES],
}

#[derive(Serialize)]
struct OpenData {
    election: &'static str,
    licence: &'static str,
    version: u64,
    updated: Option<String>,
    turnout: [BulletinRow; BULLETINS.len()],
    candidates: [CandidateRow; CANDIDATES],
    sections: Vec<SectionRow>,
}

#[derive(Serialize)]
struct SectionRow {
    section: u16,
    district: usize,
    electors: u32,
    turnout: [SectionTurnout; BULLETINS.len()],
    status: &'static str,
    votes: Option<[u32; CANDIDATES]>,
    blank: Option<u32>,
    void: Option<u32>,
}

#[derive(Serialize)]
struct SectionTurnout {
    bulletin: &'static str,
    voters: Option<u32>,
    status: &'static str,
}

/// The totals of the town and its districts, 2 to 4 KB.
#[must_use]
pub fn results(board: &Board) -> String {
    let town = board.town();
    let districts = board.districts();
    json(&Results {
        election: NAME,
        version: board.version,
        updated: board.updated(),
        sections: Progress { total: town.sections, counted: town.count.sections },
        electors: town.electors,
        turnout: turnout(&town),
        valid: town.count.valid(),
        blank: town.count.blank,
        void: town.count.void,
        candidates: candidates(&town.count),
        districts: districts.iter().enumerate().map(|(i, totals)| district(i + 1, totals)).collect(),
    })
}

/// Everything by section.
#[must_use]
pub fn open_data(board: &Board) -> String {
    let town = board.town();
    json(&OpenData {
        election: NAME,
        licence: "CC0-1.0",
        version: board.version,
        updated: board.updated(),
        turnout: turnout(&town),
        candidates: candidates(&town.count),
        sections: board.sections.iter().map(section).collect(),
    })
}

fn json(data: &impl Serialize) -> String {
    serde_json::to_string(data).expect("plain data with text keys")
}

fn candidates(count: &Count) -> [CandidateRow; CANDIDATES] {
    std::array::from_fn(|i| {
        let (on_ballot, votes) = (&BALLOT[i], count.votes[i]);
        CandidateRow { name: on_ballot.name, list: on_ballot.list, votes, percent: percent(votes, count.valid()) }
    })
}

fn turnout(totals: &Totals) -> [BulletinRow; BULLETINS.len()] {
    std::array::from_fn(|i| {
        let each = &totals.turnout[i];
        BulletinRow {
            bulletin: HOURS[i],
            sections: each.sections,
            electors: each.electors,
            voters: each.voters,
            percent: percent(each.voters, each.electors),
        }
    })
}

fn district(number: usize, totals: &Totals) -> DistrictRow {
    DistrictRow {
        district: number,
        sections: totals.sections,
        counted: totals.count.sections,
        electors: totals.electors,
        turnout: turnout(totals),
        valid: totals.count.valid(),
        votes: totals.count.votes,
    }
}

fn section(section: &Section) -> SectionRow {
    let votes = section.votes();
    SectionRow {
        section: section.number,
        district: town::district(section.number) + 1,
        electors: section.electors,
        turnout: std::array::from_fn(|i| {
            let form = &section.forms[i];
            SectionTurnout { bulletin: HOURS[i], voters: form.voters(), status: form.status.word() }
        }),
        status: section.status().word(),
        votes: votes.map(|votes| votes.votes),
        blank: votes.map(|votes| votes.blank),
        void: votes.map(|votes| votes.void),
    }
}

/// Everything by section as a table; a field is empty where nothing was reported.
pub fn csv(out: &mut String, board: &Board) -> fmt::Result {
    out.write_str("section,district,electors")?;
    for hour in BULLETINS {
        write!(out, ",voters_{hour},voters_{hour}_status")?;
    }
    for candidate in 1..=CANDIDATES {
        write!(out, ",votes_{candidate}")?;
    }
    out.write_str(",blank,void,votes_status\n")?;
    for section in &board.sections {
        write!(out, "{},{},{}", section.number, town::district(section.number) + 1, section.electors)?;
        for form in section.forms.iter().take(BULLETINS.len()) {
            cell(out, form.voters())?;
            write!(out, ",{}", form.status.word())?;
        }
        let votes = section.votes();
        for candidate in 0..CANDIDATES {
            cell(out, votes.map(|votes| votes.votes[candidate]))?;
        }
        cell(out, votes.map(|votes| votes.blank))?;
        cell(out, votes.map(|votes| votes.void))?;
        writeln!(out, ",{}", section.status().word())?;
    }
    Ok(())
}

fn cell(out: &mut String, value: Option<u32>) -> fmt::Result {
    match value {
        Some(value) => write!(out, ",{value}"),
        None => out.write_char(','),
    }
}
