//! What all pages are made of: the forms as they stand, added up for the town and its districts.
//!
//! A board is read from the store at each rendering, so that nothing can be shown that is not held. No rendering here.

use super::ElectionError;
use super::form::{KINDS, Kind, Status, Votes};
use super::store::Store;
use super::town::{self, BULLETINS, CANDIDATES, DISTRICTS, SECTIONS};
use std::time::{SystemTime, UNIX_EPOCH};

/// One section and its forms.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its number, from 1.
    pub number: u16,
    /// Who may vote there.
    pub electors: u32,
    /// The three turnout forms and that of the count.
    pub forms: [super::form::Form; KINDS],
}

impl Section {
    /// The count, if it was reported.
    #[must_use]
    pub fn votes(&self) -> Option<&Votes> {
        self.forms[Kind::Votes.index()].votes()
    }

    /// Where the count stands.
    #[must_use]
    pub fn status(&self) -> Status {
        self.forms[Kind::Votes.index()].status
    }

    /// The candidate with most votes, by place on the ballot, the first where they tie.
    #[must_use]
    pub fn leader(&self) -> Option<usize> {
        let votes = self.votes()?;
        (0..CANDIDATES).rev().max_by_key(|&candidate| votes.votes[candidate])
    }
}

/// Voters at one bulletin over the sections that reported it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turnout {
    /// Sections that reported.
    pub sections: u32,
    /// Their electors.
    pub electors: u32,
    /// Their voters.
    pub voters: u32,
}

/// The count over the sections that reported it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Sections that reported.
    pub sections: u32,
    /// Votes for each candidate.
    pub votes: [u32; CANDIDATES],
    /// Ballots left blank.
    pub blank: u32,
    /// Ballots that do not count.
    pub void: u32,
}

impl Count {
    /// Votes for any candidate.
    #[must_use]
    pub fn valid(&self) -> u32 {
        self.votes.iter().sum()
    }
}

/// What a group of sections adds up to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    /// Sections of the group.
    pub sections: u32,
    /// Their electors.
    pub electors: u32,
    /// Turnout at each bulletin.
    pub turnout: [Turnout; BULLETINS.len()],
    /// The count so far.
    pub count: Count,
}

impl Totals {
    fn add(&mut self, section: &Section) {
        self.sections += 1;
        self.electors += section.electors;
        for (sum, form) in self.turnout.iter_mut().zip(&section.forms) {
            if let Some(voters) = form.voters() {
                *sum = Turnout {
                    sections: sum.sections + 1,
                    electors: sum.electors + section.electors,
                    voters: sum.voters + voters,
                };
            }
        }
        if let Some(votes) = section.votes() {
            self.count.sections += 1;
            self.count.blank += votes.blank;
            self.count.void += votes.void;
            for (sum, more) in self.count.votes.iter_mut().zip(votes.votes) {
                *sum += more;
            }
        }
    }
}

/// Everything that is shown.
#[derive(Clone, Debug)]
pub struct Board {
    /// All sections in order.
    pub sections: Vec<Section>,
    /// Sequence number of the last write that is in here: the version of the data.
    pub version: u64,
    /// When it arrived, milliseconds of Unix time; 0 before the first.
    pub updated_ms: u64,
    /// When all this was read, milliseconds of Unix time: the pages of the board are rendered then.
    pub read_ms: u64,
}

impl Board {
    /// Everything as `store` holds it now.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn read(store: &Store) -> Result<Self, ElectionError> {
        let (forms, last) = store.all()?;
        let sections = (1..=SECTIONS)
            .zip(store.electors().iter().zip(forms))
            .map(|(number, (&electors, forms))| Section { number, electors, forms })
            .collect();
        let (version, updated_ms) = last.map_or((0, 0), |last| (last.seq, last.at_ms));
        Ok(Self { sections, version, updated_ms, read_ms: now_ms() })
    }

    /// The town's totals.
    #[must_use]
    pub fn town(&self) -> Totals {
        let mut totals = Totals::default();
        self.sections.iter().for_each(|section| totals.add(section));
        totals
    }

    /// The totals of each district.
    #[must_use]
    pub fn districts(&self) -> [Totals; DISTRICTS] {
        let mut districts = [Totals::default(); DISTRICTS];
        for section in &self.sections {
            districts[town::district(section.number)].add(section);
        }
        districts
    }

    /// When it was read.
    #[must_use]
    pub fn read_at(&self) -> jiff::Timestamp {
        i64::try_from(self.read_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()).unwrap_or_default()
    }

    /// When the last write arrived, in RFC 3339; none before the first.
    #[must_use]
    pub fn updated(&self) -> Option<String> {
        let ms = i64::try_from(self.updated_ms).ok().filter(|&ms| ms > 0)?;
        jiff::Timestamp::from_millisecond(ms).ok().map(|at| format!("{at:.3}"))
    }
}

/// Milliseconds of Unix time.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// `part` of `whole` in percent, to two decimals; 0 of nothing.
#[must_use]
pub fn percent(part: u32, whole: u32) -> f64 {
    if whole == 0 { 0.0 } else { (f64::from(part) * 10_000.0 / f64::from(whole)).round() / 100.0 }
}
