//! A sound scenario file, and what is told of it once something in it was changed.
#![allow(dead_code, clippy::unwrap_used)] // each test file uses its part; helpers of tests count as tests

use std::fmt::Write as _;
use std::path::Path;

use scrutinio::scenario::{Overrides, parse};

/// A file in which nothing is wrong.
pub const SOUND: &str = r#"name: errors
clock: { from: 2016-06-05T07:00, to: 2016-06-06T13:15, zone: Europe/Rome, compress: 200 }
requests: 10_000
target: http://127.0.0.1:8080
populations:
  citizens:
    share: 100%
    arrivals:
      curve:
        - line: [["07:00", 1], ["22:55", 8], ["+1d 13:15", 3]]
        - surge: { at: "23:00", to: 16, rise: 5m, half_life: 45m }
    flow: read
  sections:
    users: 3
    arrivals: { burst: { at: "07:00", weight: 100%, spread: 30m } }
    flow: report
    feed: sections.csv
flows:
  read:
    steps:
      - get: /
      - think: { lognormal: { median: 8s, p95: 35s } }
      - pick:
          - { weight: 2, steps: [{ get: /results }] }
          - { weight: 1, steps: [{ get: /lists }] }
  report:
    on_failure: end
    steps:
      - { get: "/sections/{{feed.id}}", name: form, save: { version: json $.version } }
      - post: /votes
        json: { version: "{{version | number}}", votes: "{{feed.votes | number}}" }
slo:
  overall: ["errors < 0.1%"]
  citizens: ["p99 < 300ms"]
  sections.form: ["p95 < 1s during 12:00..12:30"]
"#;

/// Its feed.
const SECTIONS: &str = "id,votes\n1,100\n2,200\n3,300\n";

/// One case: what it is about, the text that is replaced, and by what.
pub type Case<'c> = (&'c str, &'c str, &'c str);

/// What is told of a text, the folder of its files named DIR.
pub fn told(text: &str, overrides: &Overrides, base: &Path) -> String {
    let env = |name: &str| match name {
        "TOKEN" => Some("secret".to_owned()),
        "PIN" => Some("12345".to_owned()),
        _ => None,
    };
    match parse(text, "night.yaml", base, overrides, &env) {
        Ok(checked) if checked.notes.is_empty() => "nothing is wrong".to_owned(),
        Ok(checked) => checked.notes.iter().map(|note| format!("note: {note}")).collect::<Vec<_>>().join("\n"),
        // Snapshots must not hold the folder's random name.
        Err(error) => error.to_string().replace(&base.display().to_string(), "DIR"),
    }
}

/// All cases with what is told about each, as one text.
pub fn report(cases: &[Case]) -> String {
    let dir = folder();
    cases.iter().fold(String::new(), |mut all, (about, from, to)| {
        assert!(SOUND.contains(from), "{about}: the sound file has no `{from}`");
        let told = told(&SOUND.replacen(from, to, 1), &Overrides::default(), dir.path());
        write!(all, "=== {about}\n{told}\n\n").unwrap();
        all
    })
}

/// A folder with the files that the cases name.
pub fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("sections.csv"), SECTIONS).unwrap();
    std::fs::write(dir.path().join("ragged.csv"), "id,votes\n1,100\n2\n3,300\n4,1,2\n").unwrap();
    std::fs::write(dir.path().join("two.csv"), "id,votes\n1,100\n2,many\n").unwrap();
    std::fs::write(dir.path().join("rates.csv"), "time,rate\n07:00,5\n08:00,fast\nnoon,5\n").unwrap();
    std::fs::write(dir.path().join("twice.csv"), "id,votes,id\n1,100,1\n").unwrap();
    std::fs::write(dir.path().join("quotes.csv"), "id,votes\n1,2\"a\n2,\"4\"b\n3,5\n").unwrap();
    std::fs::write(dir.path().join("beyond.csv"), "time,rate\n0,5\n108901,5\n").unwrap();
    dir
}

/// Snapshots without the expression that made them.
pub fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings
}
