//! How files open, what may not stand in code outside tests, and names that say nothing.

use super::source::Source;

/// What ends a process or a thought too early. A thread comes from `thread::Builder`, whose error is told: those calls that
/// give none panic where the system has no more.
const PANICS: [&str; 11] = [
    ".unwrap()",
    ".unwrap_err()",
    // A full disk or a closed pipe: what prints is in src/cli/output.rs.
    "print!(",
    "println!(",
    "todo!(",
    "unimplemented!(",
    "dbg!(",
    "panic!(",
    "thread::spawn(",
    "scope.spawn(",
    "spawn_blocking(",
];

/// Names under which anything can be put, so that soon everything is.
const EMPTY_NAMES: [&str; 8] = ["utils", "util", "common", "manager", "helpers", "helper", "misc", "shared"];

/// A file that does not say first what it is for.
pub fn opening(file: &Source) -> Option<String> {
    (!file.text.starts_with("//! ")).then(|| file.path.clone())
}

/// Places outside tests that panic.
pub fn panics(file: &Source) -> Vec<String> {
    let found = file.lines().flat_map(|(number, line)| {
        let here = PANICS.iter().filter(move |panic| line.contains(*panic));
        here.map(move |panic| format!("{}:{number}: `{panic}`", file.path))
    });
    found.collect()
}

/// A file or folder whose name says nothing.
pub fn empty_name(file: &Source) -> Option<String> {
    let parts = file.path.trim_end_matches(".rs").split('/');
    let mut words = parts.flat_map(|part| part.split('_'));
    words.find(|word| EMPTY_NAMES.contains(word)).map(|word| format!("{}: `{word}`", file.path))
}

#[test]
fn planted_wrongs_are_found() {
    let bad = Source::rust(
        "src/room/time_utils.rs",
        "use std::fs;\nfn f() { g().unwrap(); dbg!(1) }\nfn h() { todo!() }\nfn p() { eprintln!() }\n",
    );
    assert!(opening(&bad).is_some());
    assert_eq!(panics(&bad).len(), 4);
    assert!(panics(&bad)[0].starts_with("src/room/time_utils.rs:2:"));
    assert!(empty_name(&bad).is_some_and(|found| found.contains("`utils`")));
}

#[test]
fn what_is_right_is_left_alone() {
    let good = "//! A thing.\n// never unwrap()\nfn f() { g().unwrap_or(1); h().expect(\"why .unwrap() cannot\"); }\n\
                #[cfg(test)]\nmod tests { fn t() { g().unwrap() } }\n";
    let good = Source::rust("src/room/commons.rs", good);
    assert_eq!((opening(&good), panics(&good), empty_name(&good)), (None, vec![], None));
}
