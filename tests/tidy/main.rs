//! What reviewers would otherwise have to say again: the repository holds its own rules against itself.
//!
//! - `source`: the files, and Rust code without its comments, texts and tests
//! - `rooms`: who may import what, the table that keeps data going one way
//! - `code`: openings of files, panics, names of modules
//! - `size`: files and functions that have grown too long
//! - `words`: what must not stand in a public repository
//! - `links`: links and paths in the documents lead somewhere
//! - `rules`: a rule that is cited is one that was laid down
//!
//! Each rule is a pure function from text to findings, with a test that shows it finding something; the
//! tests here apply them to the repository.

mod code;
mod links;
mod rooms;
mod rules;
mod size;
mod source;
mod words;

use source::{Source, texts};

/// Fails with everything that was found, one finding a line.
fn assert_none(rule: &str, found: Vec<String>) {
    assert!(found.is_empty(), "{rule}:\n  {}", found.join("\n  "));
}

fn rust(folder: &str) -> Vec<Source> {
    source::rust_files(folder)
}

#[test]
fn rooms_import_only_what_the_table_allows() {
    let crates = rooms::dependencies(&source::read("Cargo.toml"));
    let found = rust("src").iter().flat_map(|file| rooms::findings(file, &crates)).collect();
    assert_none("a room imports what it may not; see the table in tests/tidy/rooms.rs", found);
}

#[test]
fn every_folder_of_src_is_a_room_of_the_table_and_of_the_architecture() {
    let architecture = source::read("ARCHITECTURE.md");
    let missing = source::folders("src")
        .into_iter()
        .filter(|name| rooms::room(name).is_none() || !architecture.contains(&format!("src/{name}/")));
    assert_none("folders of src without a row in the table or a place in ARCHITECTURE.md", missing.collect());
}

#[test]
fn every_dependency_is_used_by_a_room() {
    let crates = rooms::dependencies(&source::read("Cargo.toml"));
    let files = rust("src");
    let unused = crates.into_iter().filter(|name| !files.iter().any(|file| rooms::uses_crate(file, name)));
    assert_none("dependencies that nothing uses", unused.collect());
}

#[test]
fn every_file_opens_with_its_purpose() {
    let all = ["src", "tests", "benches", "fuzz"].into_iter().flat_map(rust);
    assert_none("files that do not open with `//!`", all.filter_map(|file| code::opening(&file)).collect());
}

#[test]
fn nothing_outside_tests_panics_for_want_of_thought() {
    let found = rust("src").iter().flat_map(code::panics).collect();
    assert_none("return an error, or `expect` with why it cannot fail", found);
}

#[test]
fn modules_are_named_after_what_is_in_them() {
    assert_none("names that say nothing", rust("src").iter().filter_map(code::empty_name).collect());
}

#[test]
fn files_and_functions_stay_short() {
    let all: Vec<Source> = ["src", "tests", "benches", "fuzz"].into_iter().flat_map(rust).collect();
    let mut found: Vec<String> = all.iter().filter_map(size::long_file).collect();
    found.extend(all.iter().flat_map(size::long_functions));
    assert_none("too long to hold in mind: split it by what it does", found);
}

#[test]
fn no_word_stands_here_that_must_not() {
    let found = texts().iter().flat_map(words::findings).collect();
    assert_none("words that do not belong in a public repository", found);
}

#[test]
fn every_package_comes_from_the_public_registry() {
    assert_none("other sources in Cargo.lock", words::foreign_sources(&source::read("Cargo.lock")));
}

#[test]
fn links_and_paths_in_documents_lead_somewhere() {
    let documents = texts().into_iter().filter(|file| file.path.ends_with(".md"));
    let found = documents.flat_map(|file| links::findings(&file, &source::exists)).collect();
    assert_none("links or paths to nothing", found);
}

#[test]
fn every_rule_that_is_cited_was_laid_down() {
    let rules = rules::laid_down(&source::read("docs/rules.md"));
    let files = texts().into_iter().filter(|file| !file.path.starts_with("tests/tidy/"));
    let cited = files.filter(|file| file.path.ends_with(".rs") || file.path.ends_with(".md"));
    assert_none(
        "rules that docs/rules.md does not have",
        cited.flat_map(|file| rules::findings(&file, &rules)).collect(),
    );
}
