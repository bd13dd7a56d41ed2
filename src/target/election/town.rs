//! The town and its vote: sections, electors, candidates and who may write.
//!
//! Facts of Cagliari, 5 June 2016, are in docs/sources.md; what no source gives is marked *assumed*. Everything is a
//! pure function of a section's number, so that the service and the scenario's feeds agree without sharing a file.

use sha2::{Digest, Sha256};

/// Polling districts of the town ("sezioni").
pub const SECTIONS: u16 = 174;
/// Electors of the whole town: the figure of 2019, the nearest that is exact ("about 134,000" in 2016).
pub const ELECTORS: u32 = 133_970;
/// Clerks of the electoral office who hold a token (assumed).
pub const STAFF: u16 = 12;
/// Districts into which the sections are grouped, in order of their numbers (assumed).
pub const DISTRICTS: usize = 6;
/// How many ran for mayor.
pub const CANDIDATES: usize = 7;
/// Hours of the three turnout bulletins.
pub const BULLETINS: [u8; 3] = [12, 19, 23];

/// One who runs for mayor, with the list behind (one list each: assumed).
pub struct Candidate {
    /// The name on the ballot; only the first three are named by our sources.
    pub name: &'static str,
    /// The list's name (assumed).
    pub list: &'static str,
    /// A CSS colour for bars and map (assumed).
    pub colour: &'static str,
}

/// The candidates in the order of the ballot.
pub const BALLOT: [Candidate; CANDIDATES] = [
    Candidate { name: "Zedda", list: "List 1, for Zedda", colour: "#c0392b" },
    Candidate { name: "Massidda", list: "List 2, for Massidda", colour: "#2c5fa8" },
    Candidate { name: "Martinez", list: "List 3, for Martinez", colour: "#d4a017" },
    Candidate { name: "Candidate 4", list: "List 4", colour: "#2e8b57" },
    Candidate { name: "Candidate 5", list: "List 5", colour: "#7d5ba6" },
    Candidate { name: "Candidate 6", list: "List 6", colour: "#c96f1e" },
    Candidate { name: "Candidate 7", list: "List 7", colour: "#5f6b76" },
];

/// Who holds a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The president of a section, by its number.
    Section(u16),
    /// A clerk of the electoral office, by number.
    Staff(u16),
}

impl Actor {
    /// The holder of `token`, if it is one that this town gave out.
    #[must_use]
    pub fn of_token(token: &str) -> Option<Self> {
        let (role, rest) = token.split_once('-')?;
        let number: u16 = rest.split_once('-')?.0.parse().ok()?;
        let (actor, right) = match role {
            "section" if (1..=SECTIONS).contains(&number) => (Self::Section(number), section_token(number)),
            "staff" if (1..=STAFF).contains(&number) => (Self::Staff(number), staff_token(number)),
            _ => return None,
        };
        (right == token).then_some(actor)
    }
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Section(number) => write!(f, "section-{number:03}"),
            Self::Staff(number) => write!(f, "staff-{number:02}"),
        }
    }
}

/// The test token of section `number`: `section-017-` and the first six hex digits of SHA-256 of `section-017`.
#[must_use]
pub fn section_token(number: u16) -> String {
    token(&Actor::Section(number).to_string())
}

/// The test token of clerk `number`: `staff-03-` and the first six hex digits of SHA-256 of `staff-03`.
#[must_use]
pub fn staff_token(number: u16) -> String {
    token(&Actor::Staff(number).to_string())
}

fn token(name: &str) -> String {
    format!("{name}-{}", hex(&Sha256::digest(name)[..3]))
}

/// `bytes` as lower-case hex digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// District of section `number`, from 0.
#[must_use]
pub fn district(number: u16) -> usize {
    usize::from(number - 1) * DISTRICTS / usize::from(SECTIONS)
}

/// Electors of each section, that of section 1 first: about 770, between 560 and 980, [`ELECTORS`] in all (assumed).
#[must_use]
pub fn electors() -> Vec<u32> {
    apportion(ELECTORS, &noise("electors", 600, 940))
}

/// A fixed number from `low` up to and without `high` for each section; another one for each `purpose`.
pub(super) fn noise(purpose: &str, low: u32, high: u32) -> Vec<u64> {
    let draw = |number| {
        let digest = Sha256::digest(format!("{purpose} {number}"));
        let word = u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]);
        u64::from(low + word % (high - low))
    };
    (1..=SECTIONS).map(draw).collect()
}

/// `total` divided in proportion to `weights` by largest remainders, earlier ones first where remainders tie.
pub(super) fn apportion(total: u32, weights: &[u64]) -> Vec<u32> {
    let sum: u64 = weights.iter().sum();
    let exact = |weight: &u64| u64::from(total) * weight;
    let mut parts: Vec<u32> =
        weights.iter().map(|weight| u32::try_from(exact(weight) / sum).expect("a part is at most the total")).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(exact(&weights[i]) % sum));
    let left = total - parts.iter().sum::<u32>();
    for &i in order.iter().take(left as usize) {
        parts[i] += 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn electors_of_the_sections_add_up_to_those_of_the_town() {
        let electors = electors();
        assert_eq!(electors.len(), usize::from(SECTIONS));
        assert_eq!(electors.iter().sum::<u32>(), ELECTORS);
        assert!(electors.iter().all(|&each| (560..=980).contains(&each)), "{electors:?}");
    }

    #[test]
    fn every_token_names_its_holder_and_no_other_text_does() {
        for number in 1..=SECTIONS {
            assert_eq!(Actor::of_token(&section_token(number)), Some(Actor::Section(number)));
        }
        for number in 1..=STAFF {
            assert_eq!(Actor::of_token(&staff_token(number)), Some(Actor::Staff(number)));
        }
        let strange = [section_token(SECTIONS + 1), section_token(0), staff_token(STAFF + 1), "section-017-".into()];
        for token in strange.iter().map(String::as_str).chain(["", "-", "section-17", "staff--", "section-017-zzzzzz"])
        {
            assert_eq!(Actor::of_token(token), None, "{token}");
        }
    }

    #[test]
    fn districts_are_six_of_twenty_nine_sections() {
        for wanted in 0..DISTRICTS {
            assert_eq!((1..=SECTIONS).filter(|&number| district(number) == wanted).count(), 29);
        }
    }

    #[test]
    fn what_is_apportioned_adds_up_and_ties_go_to_the_first() {
        assert_eq!(apportion(10, &[1, 1, 1]), [4, 3, 3]);
        assert_eq!(apportion(0, &[5, 7]), [0, 0]);
        assert_eq!(apportion(7, &[0, 2, 5]), [0, 2, 5]);
    }
}
