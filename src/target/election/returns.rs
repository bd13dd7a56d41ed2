//! What the sections will report: one return for each section, made to add up to the town's published result.
//!
//! This is the source of the scenario's feeds (`scenarios/data/sections.csv`, `staff.csv`); the service itself never
//! looks here: it shows what was posted. Turnout per bulletin and shares per candidate are in docs/sources.md; how they
//! spread over the sections, and the blank and void ballots, are assumed.

use super::town::{self, BALLOT, CANDIDATES, ELECTORS, SECTIONS, STAFF};
use std::fmt::Write;

/// Shares of the valid votes in hundredths of a percent. Sourced: 50.96 and 32.18; 9.2, 2.5, 2.2, 1.7 and 1.2 are
/// published to one decimal, the second is chosen so that all add up to 100 % and round to what was published.
const SHARES: [u64; CANDIDATES] = [5096, 3218, 922, 251, 221, 171, 121];
/// Turnout at the bulletins in hundredths of a percent of the electors (sourced).
const TURNOUT: [u32; 3] = [1813, 4016, 6019];

/// What one section reports over the day and the night.
pub struct Return {
    /// The section's number, from 1.
    pub section: u16,
    /// Who may vote there.
    pub electors: u32,
    /// Who had voted by 12:00, 19:00 and 23:00.
    pub voters: [u32; 3],
    /// Votes for each candidate in the order of the ballot.
    pub votes: [u32; CANDIDATES],
    /// Ballots left blank.
    pub blank: u32,
    /// Ballots that do not count.
    pub void: u32,
}

/// The returns of all sections, in order.
#[must_use]
pub fn returns() -> Vec<Return> {
    let electors = town::electors();
    let voters = voters(&electors);
    let (blank_share, void_share) = (town::noise("blank", 6, 15), town::noise("void", 14, 33));
    let mut returns = Vec::with_capacity(electors.len());
    for (i, section) in (1..=SECTIONS).enumerate() {
        let ballots = voters[2][i];
        let of_ballots = |per_mille: u64| ballots * u32::try_from(per_mille).expect("below 1000") / 1000;
        let (blank, void) = (of_ballots(blank_share[i]), of_ballots(void_share[i]));
        let mut weights = SHARES;
        for (candidate, weight) in weights.iter_mut().enumerate() {
            *weight *= town::noise(BALLOT[candidate].name, 80, 121)[i];
        }
        let votes = town::apportion(ballots - blank - void, &weights).try_into().expect("one part for each candidate");
        let voters = [voters[0][i], voters[1][i], ballots];
        returns.push(Return { section, electors: electors[i], voters, votes, blank, void });
    }
    settle(&mut returns);
    returns
}

/// Voters by bulletin and section: what comes in between two bulletins spreads like the electors, give or take a tenth.
fn voters(electors: &[u32]) -> [Vec<u32>; 3] {
    let mut before = vec![0; electors.len()];
    let mut total_before = 0;
    std::array::from_fn(|bulletin| {
        let total = (ELECTORS * TURNOUT[bulletin] / 1000 + 5) / 10;
        let noise = town::noise(&format!("turnout {bulletin}"), 90, 111);
        let weights: Vec<u64> = electors.iter().zip(noise).map(|(&each, noise)| u64::from(each) * noise).collect();
        for (sum, more) in before.iter_mut().zip(town::apportion(total - total_before, &weights)) {
            *sum += more;
        }
        total_before = total;
        before.clone()
    })
}

/// Moves single votes, one a section in turn, until every candidate has the published share of the town.
fn settle(returns: &mut [Return]) {
    let valid = returns.iter().flat_map(|each| each.votes).sum();
    let wanted = town::apportion(valid, &SHARES);
    let mut surplus: Vec<i64> = (0..CANDIDATES)
        .map(|c| returns.iter().map(|each| i64::from(each.votes[c])).sum::<i64>() - i64::from(wanted[c]))
        .collect();
    let sections = returns.len();
    for turn in 0.. {
        let most = (0..CANDIDATES).max_by_key(|&c| surplus[c]).expect("there are candidates");
        let least = (0..CANDIDATES).min_by_key(|&c| surplus[c]).expect("there are candidates");
        if surplus[most] == 0 {
            return;
        }
        let votes = &mut returns[turn % sections].votes;
        if votes[most] > 0 {
            votes[most] -= 1;
            votes[least] += 1;
            surplus[most] -= 1;
            surplus[least] += 1;
        }
    }
}

/// The feed of the sections' sessions: one row for each, with its token and all that it will report.
#[must_use]
pub fn sections_csv() -> String {
    let mut csv = String::from("section,electors,token,voters_12,voters_19,voters_23");
    for candidate in 1..=CANDIDATES {
        let _ = write!(csv, ",votes_{candidate}");
    }
    csv.push_str(",blank,void\n");
    for each in returns() {
        let _ = write!(csv, "{},{},{}", each.section, each.electors, town::section_token(each.section));
        for value in each.voters.into_iter().chain(each.votes).chain([each.blank, each.void]) {
            let _ = write!(csv, ",{value}");
        }
        csv.push('\n');
    }
    csv
}

/// The feed of the staff's sessions: one row for each section, with the clerk who looks after it.
#[must_use]
pub fn staff_csv() -> String {
    let mut csv = String::from("section,staff,token\n");
    for section in 1..=SECTIONS {
        let staff = (section - 1) % STAFF + 1;
        let _ = writeln!(csv, "{section},{staff},{}", town::staff_token(staff));
    }
    csv
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(part: u32, whole: u32) -> f64 {
        (f64::from(part) / f64::from(whole) * 1e4).round() / 100.0
    }

    #[test]
    fn returns_add_up_to_the_published_turnout_and_result() {
        let returns = returns();
        let turnout = [0, 1, 2].map(|b| percent(returns.iter().map(|each| each.voters[b]).sum(), ELECTORS));
        assert_eq!(turnout, [18.13, 40.16, 60.19]);
        let votes: Vec<u32> = (0..CANDIDATES).map(|c| returns.iter().map(|each| each.votes[c]).sum()).collect();
        let valid = votes.iter().sum();
        assert_eq!([percent(votes[0], valid), percent(votes[1], valid)], [50.96, 32.18]);
        let rest: Vec<f64> = votes[2..].iter().map(|&each| (percent(each, valid) * 10.0).round() / 10.0).collect();
        assert_eq!(rest, [9.2, 2.5, 2.2, 1.7, 1.2]);
    }

    #[test]
    fn every_return_is_possible() {
        for each in returns() {
            let [noon, evening, close] = each.voters;
            assert!(0 < noon && noon < evening && evening < close && close < each.electors, "{}", each.section);
            assert_eq!(each.votes.iter().sum::<u32>() + each.blank + each.void, close, "{}", each.section);
            assert!(each.blank > 0 && each.void > 0 && each.votes[0] > each.votes[6], "{}", each.section);
        }
    }

    #[test]
    fn committed_feeds_are_the_generated_ones() {
        for (name, text) in [("sections.csv", sections_csv()), ("staff.csv", staff_csv())] {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/data").join(name);
            if std::env::var_os("BLESS").is_some() {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, &text).unwrap();
            }
            let committed = std::fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(committed, text, "{} is out of date: run this test with BLESS=1", path.display());
        }
    }
}
