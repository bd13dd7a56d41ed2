//! A section's four forms and what may be written on them.
//!
//! Data with its texts only; who may write what, and when, is in `rules`.

use super::town::{BULLETINS, CANDIDATES, SECTIONS};
use serde::{Deserialize, Serialize};

/// Which form of a section: the turnout of a bulletin, by index into [`BULLETINS`], or the votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Who had voted by a bulletin's hour.
    Turnout(usize),
    /// The count.
    Votes,
}

/// How many forms a section has.
pub const KINDS: usize = BULLETINS.len() + 1;

impl Kind {
    /// Place of the form among its section's, from 0.
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::Turnout(bulletin) => bulletin,
            Self::Votes => BULLETINS.len(),
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Turnout(bulletin) => write!(f, "turnout/{}", BULLETINS[*bulletin]),
            Self::Votes => f.write_str("votes"),
        }
    }
}

/// Which form of which section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormId {
    /// The section's number, from 1 to [`SECTIONS`].
    pub section: u16,
    /// Which of its forms.
    pub kind: Kind,
}

impl FormId {
    /// The form at `17/turnout/12` or `17/votes`, the rest of a path below `/api/sections/`.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let (section, kind) = path.split_once('/')?;
        let section = parse_section(section)?;
        let kind = match kind.strip_prefix("turnout/") {
            Some(hour) => Kind::Turnout(BULLETINS.iter().position(|each| each.to_string() == hour)?),
            None if kind == "votes" => Kind::Votes,
            None => return None,
        };
        Some(Self { section, kind })
    }
}

impl std::fmt::Display for FormId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.section, self.kind)
    }
}

/// A section's number as it stands in a path: digits without sign or leading zero, 1 to [`SECTIONS`].
#[must_use]
pub fn parse_section(text: &str) -> Option<u16> {
    if !text.starts_with(|first: char| ('1'..='9').contains(&first)) {
        return None;
    }
    text.parse().ok().filter(|number| *number <= SECTIONS)
}

/// Where a form stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing was reported yet.
    #[default]
    Missing,
    /// Reported by the section, shown, not yet confirmed.
    Reported,
    /// Confirmed as it stands.
    Confirmed,
    /// Changed after the report, shown, to be confirmed.
    Corrected,
}

impl Status {
    /// The word used in pages and data.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Reported => "reported",
            Self::Confirmed => "confirmed",
            Self::Corrected => "corrected",
        }
    }
}

/// A section's count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Votes {
    /// Votes for each candidate in the order of the ballot.
    pub votes: [u32; CANDIDATES],
    /// Ballots left blank.
    pub blank: u32,
    /// Ballots that do not count.
    pub void: u32,
}

impl Votes {
    /// All ballots, wide enough for any input.
    #[must_use]
    pub fn ballots(&self) -> u64 {
        self.votes.iter().chain([&self.blank, &self.void]).map(|&each| u64::from(each)).sum()
    }
}

/// What stands on a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Values {
    /// On a turnout form: who had voted so far.
    Turnout {
        /// Number of voters since the polls opened.
        voters: u32,
    },
    /// On the form of the count.
    Votes(Votes),
}

/// One form as it stands. Its version is 0 while nothing is reported, and one more with each accepted write.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// How many writes it has taken.
    pub version: u32,
    /// Where it stands.
    pub status: Status,
    /// What stands on it, none while it is missing.
    #[serde(flatten)]
    pub values: Option<Values>,
}

impl Form {
    /// Voters on a turnout form, none if it is missing.
    #[must_use]
    pub fn voters(&self) -> Option<u32> {
        match self.values {
            Some(Values::Turnout { voters }) => Some(voters),
            _ => None,
        }
    }

    /// The count, none if it is missing.
    #[must_use]
    pub fn votes(&self) -> Option<&Votes> {
        match &self.values {
            Some(Values::Votes(votes)) => Some(votes),
            _ => None,
        }
    }

    /// The entity tag of the form's API resource.
    #[must_use]
    pub fn etag(&self) -> String {
        format!("\"v{}\"", self.version)
    }
}

/// What is asked of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The first values.
    Report(Values),
    /// Other values instead of those that stand.
    Correct(Values),
    /// The values that stand are right.
    Confirm,
}

impl Action {
    /// The word kept in the journal.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Report(_) => "report",
            Self::Correct(_) => "correct",
            Self::Confirm => "confirm",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_forms_that_exist_have_an_address() {
        for (text, kind) in [("17/turnout/12", Kind::Turnout(0)), ("174/votes", Kind::Votes)] {
            let id = FormId::parse(text).unwrap();
            assert_eq!((id.kind, id.to_string().as_str()), (kind, text));
        }
        for text in
            ["0/votes", "175/votes", "017/votes", "+1/votes", "17/turnout/13", "17/turnout/", "17/", "17", "x/votes"]
        {
            assert_eq!(FormId::parse(text), None, "{text}");
        }
    }
}
