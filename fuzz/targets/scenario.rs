//! The scenario parser: no text makes it panic, and what is wrong is told in words, not in megabytes.

use std::path::Path;

use scrutinio::scenario::{LoadError, Overrides, parse};

/// The longest that problems may be told.
const TOLD_MAX: usize = 1 << 20;

/// Parses the input as a scenario beside which no file lies.
pub fn target(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let env = |name: &str| (name == "TOKEN").then(|| "secret".to_owned());
    match parse(text, "fuzz.yaml", Path::new("no-such-folder"), &Overrides::default(), &env) {
        Ok(checked) => assert_eq!(checked.text, text, "the text is kept as it stands"),
        Err(LoadError::Problems(problems)) => {
            let told = problems.to_string();
            assert!(told.contains("error") && told.len() < TOLD_MAX, "{} bytes are told", told.len());
        }
        Err(other) => panic!("only a file's reader can say {other}"),
    }
}
