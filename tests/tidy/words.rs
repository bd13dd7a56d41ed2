//! What must not stand in a public repository: how and on which machine it was written, and where its
//! packages were fetched from.

use super::source::{Source, is_word};

/// Where every package comes from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Banned as words of their own, whatever their case. In two parts, so that this file is no finding.
const WORDS: [(&str, &str); 9] = [
    ("clau", "de"),
    ("anthro", "pic"),
    ("chat", "gpt"),
    ("open", "ai"),
    ("co", "pilot"),
    ("gem", "ini"),
    ("ll", "m"),
    ("artifact", "ory"),
    ("jf", "rog"),
];

/// Banned anywhere: paths of one machine.
const PATHS: [(&str, &str); 4] = [("/wo", "rk/"), ("/ro", "ot/"), ("/ho", "me/"), ("/tmp/", "brief")];

/// Banned words in a text, each with its line.
pub fn findings(file: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        let lower = line.to_lowercase();
        let words = WORDS.iter().map(|(a, b)| format!("{a}{b}")).filter(|word| stands_alone(&lower, word));
        let paths = PATHS.iter().map(|(a, b)| format!("{a}{b}")).filter(|path| line.contains(path));
        found.extend(words.chain(paths).map(|word| format!("{}:{number}: `{word}`", file.path)));
    }
    found
}

fn stands_alone(line: &str, word: &str) -> bool {
    let (bytes, len) = (line.as_bytes(), word.len());
    line.match_indices(word).any(|(at, _)| {
        let before = at > 0 && is_word(bytes[at - 1]);
        let after = bytes.get(at + len).is_some_and(|byte| is_word(*byte));
        !before && !after
    })
}

/// Packages of a lock file that come from elsewhere than the public registry.
pub fn foreign_sources(lock: &str) -> Vec<String> {
    let sources = lock.lines().filter_map(|line| line.strip_prefix("source = "));
    sources.map(|source| source.trim_matches('"')).filter(|source| *source != REGISTRY).map(str::to_owned).collect()
}

#[test]
fn banned_words_are_found_as_words_only() {
    let text = |text: String| Source { path: "a.md".to_owned(), text, code: String::new() };
    let (word, path) = (format!("{}{}", WORDS[0].0, WORDS[0].1), format!("{}{}", PATHS[0].0, PATHS[0].1));
    assert_eq!(findings(&text(format!("fine\nby {}.", word.to_uppercase()))), [format!("a.md:2: `{word}`")]);
    assert_eq!(findings(&text(format!("see {path}x"))).len(), 1);
    assert_eq!(findings(&text(format!("{word}tte sang of homework/s"))), Vec::<String>::new());
}

#[test]
fn a_package_from_elsewhere_is_found() {
    let lock = format!("source = \"{REGISTRY}\"\nsource = \"registry+https://mirror.example/index\"\n");
    assert_eq!(foreign_sources(&lock), ["registry+https://mirror.example/index"]);
}
