//! Who works from home: the directory's people, made by rule so that a scenario can name them.
//!
//! 623 employees, `e001` to `e623`; the password of `e042` is `pass-e042`. Engineers (`e001` to `e050`) have graphics
//! desktops, all others office ones. Beside them one account that is locked, so that its answer can be tested.

/// Employees, the locked account apart.
pub const EMPLOYEES: u16 = 623;
/// Of these, those who draw on graphics desktops: the first ones.
pub const ENGINEERS: u16 = 50;
/// Of these, those who look after the desktops: the last ones.
pub const DESK_STAFF: u16 = 3;
/// The account that is locked.
pub const LOCKED: &str = "locked";
/// The group whose members have office desktops.
pub const OFFICE_DESKTOPS: &str = "office-desktops";
/// The group whose members have graphics desktops.
pub const CAD_DESKTOPS: &str = "cad-desktops";
/// The group whose members may use the desk console.
pub const DESK: &str = "desk-staff";
/// Every group.
pub const GROUPS: [&str; 3] = [OFFICE_DESKTOPS, CAD_DESKTOPS, DESK];

/// Offices of those who are neither engineers nor desk staff, in turn.
const OFFICES: [&str; 5] = ["payroll", "finance", "legal", "registry", "social"];

/// A person of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The name to log on with.
    pub uid: String,
    /// The office.
    pub office: &'static str,
    /// The groups.
    pub groups: Vec<&'static str>,
    /// Whether the account is locked.
    pub locked: bool,
}

/// The password of an account.
#[must_use]
pub fn password(uid: &str) -> String {
    format!("pass-{uid}")
}

/// Everybody, by number; the locked account comes last.
#[must_use]
pub fn people() -> Vec<Person> {
    let locked = Person { uid: LOCKED.to_owned(), office: OFFICES[0], groups: vec![OFFICE_DESKTOPS], locked: true };
    (1..=EMPLOYEES).map(employee).chain([locked]).collect()
}

fn employee(number: u16) -> Person {
    let (office, groups) = if number <= ENGINEERS {
        ("engineering", vec![CAD_DESKTOPS])
    } else if number > EMPLOYEES - DESK_STAFF {
        ("desk", vec![OFFICE_DESKTOPS, DESK])
    } else {
        (OFFICES[usize::from(number) % OFFICES.len()], vec![OFFICE_DESKTOPS])
    };
    Person { uid: format!("e{number:03}"), office, groups, locked: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_one_kind_of_desktop() {
        let people = people();
        assert_eq!(people.len(), 624);
        let members = |group| people.iter().filter(|p| p.groups.contains(&group)).count();
        assert_eq!(GROUPS.map(members), [574, 50, 3]);
        assert_eq!((people[0].uid.as_str(), people[622].uid.as_str()), ("e001", "e623"));
        assert!(people.iter().filter(|p| p.locked).eq([&people[623]]));
    }
}
