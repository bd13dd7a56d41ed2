//! The embedded directory's entries and their passwords.

use super::super::people::{GROUPS, Person, password, people};
use super::{BASE, dn_of};
use crate::unit::Span;
use rustix::time::{ClockId, clock_gettime};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// An entry: its name and its attributes with their values.
#[derive(Debug)]
pub struct Entry {
    /// The distinguished name.
    pub dn: String,
    /// Attributes and values.
    pub attributes: Vec<(&'static str, Vec<String>)>,
}

/// Rounds that a stored password was hashed for.
const ROUNDS: u32 = 64;

/// What a bind needs.
struct Account {
    hash: [u8; 32],
    locked: bool,
}

/// Everything in the directory.
pub struct Entries {
    entries: Vec<Entry>,
    accounts: HashMap<String, Account>,
}

/// How a password check ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Name and password are right.
    Right,
    /// There is no such name, or its password is another.
    Wrong,
    /// Both are right, and the account is locked.
    Locked,
}

impl Entries {
    /// The town hall's.
    pub fn new() -> Self {
        let people = people();
        let accounts = people.iter().map(|person| {
            let hash = derive(&person.uid, password(&person.uid).as_bytes());
            (dn_of(&person.uid), Account { hash, locked: person.locked })
        });
        let accounts = accounts.collect();
        let mut entries = vec![
            entry(BASE.to_owned(), "domain", vec![("dc", vec!["townhall".to_owned()])]),
            entry(format!("ou=people,{BASE}"), "organizationalUnit", vec![("ou", vec!["people".to_owned()])]),
            entry(format!("ou=groups,{BASE}"), "organizationalUnit", vec![("ou", vec!["groups".to_owned()])]),
        ];
        entries.extend(GROUPS.map(|group| group_entry(group, &people)));
        entries.extend(people.iter().map(person_entry));
        Self { entries, accounts }
    }

    /// Every entry.
    pub fn all(&self) -> &[Entry] {
        &self.entries
    }

    /// Checks a password at the cost of `cost` of processor time, right or wrong.
    pub fn check(&self, dn: &str, password: &[u8], cost: Span) -> Check {
        let started = processor_time();
        let dn = normal(dn);
        let uid = dn.strip_prefix("uid=").and_then(|rest| rest.split(',').next()).unwrap_or_default();
        let mut hash = derive(uid, password);
        let check = match self.accounts.get(&dn) {
            Some(account) if account.hash == hash => {
                if account.locked {
                    Check::Locked
                } else {
                    Check::Right
                }
            }
            _ => Check::Wrong,
        };
        // A key derivation of more rounds would cost the same; this one ends when it has cost what was asked for.
        while processor_time().saturating_sub(started) < cost.as_nanos() {
            for _ in 0..ROUNDS {
                hash = Sha256::digest(hash).into();
            }
            std::hint::black_box(hash);
        }
        check
    }
}

/// A name as it is compared: without case and without spaces around its commas.
pub fn normal(dn: &str) -> String {
    dn.split(',').map(|part| part.trim().to_ascii_lowercase()).collect::<Vec<_>>().join(",")
}

fn derive(uid: &str, password: &[u8]) -> [u8; 32] {
    let mut salted = uid.as_bytes().to_vec();
    salted.push(0);
    salted.extend(password);
    (0..ROUNDS).fold(Sha256::digest(salted).into(), |hash: [u8; 32], _| Sha256::digest(hash).into())
}

/// Processor time of this thread in nanoseconds.
fn processor_time() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    // Counted from the thread's start: both parts are never negative.
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn entry(dn: String, class: &str, more: Vec<(&'static str, Vec<String>)>) -> Entry {
    let mut attributes = vec![("objectClass", vec!["top".to_owned(), class.to_owned()])];
    attributes.extend(more);
    Entry { dn, attributes }
}

fn group_entry(group: &str, people: &[Person]) -> Entry {
    let members = people.iter().filter(|person| person.groups.contains(&group)).map(|person| dn_of(&person.uid));
    let members = vec![("cn", vec![group.to_owned()]), ("member", members.collect())];
    entry(group_dn(group), "groupOfNames", members)
}

fn group_dn(group: &str) -> String {
    format!("cn={group},ou=groups,{BASE}")
}

fn person_entry(person: &Person) -> Entry {
    let Person { uid, office, groups, .. } = person;
    let one = |value: String| vec![value];
    let attributes = vec![
        ("uid", one(uid.clone())),
        ("cn", one(format!("Employee {uid}"))),
        ("sn", one(uid.clone())),
        ("ou", one((*office).to_owned())),
        ("mail", one(format!("{uid}@townhall.example"))),
        ("memberOf", groups.iter().map(|group| group_dn(group)).collect()),
    ];
    entry(dn_of(uid), "inetOrgPerson", attributes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_right_wrong_or_of_a_locked_account() {
        let entries = Entries::new();
        let check = |dn: &str, password: &str| entries.check(dn, password.as_bytes(), Span::ZERO);
        assert_eq!(check("UID=e042, ou=people,dc=townhall,dc=example", "pass-e042"), Check::Right);
        assert_eq!(check(&dn_of("e042"), "pass-e043"), Check::Wrong);
        assert_eq!(check(&dn_of("e999"), "pass-e999"), Check::Wrong);
        assert_eq!(check(&dn_of("locked"), "pass-locked"), Check::Locked);
        assert_eq!(check(&dn_of("locked"), "guess"), Check::Wrong);
    }

    #[test]
    fn a_check_costs_what_it_should_right_or_wrong() {
        let entries = Entries::new();
        for password in ["pass-e001", "wrong"] {
            let before = processor_time();
            entries.check(&dn_of("e001"), password.as_bytes(), Span::from_millis(5));
            assert!(processor_time() - before >= 5_000_000);
        }
    }
}
