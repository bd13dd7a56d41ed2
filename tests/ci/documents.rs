//! The commands of `docs/ci.md` do what it says.

use std::collections::BTreeSet;
use std::fs;

use super::cli_support::Place;
use super::commands::SHOP;
use super::junit::{not_green, read};

const DOCUMENT: &str = include_str!("../../docs/ci.md");

/// The commands of `scrutinio` in a document's blocks of code, each with the heading that it is under.
fn commands(document: &str) -> Vec<(&str, &str)> {
    let (mut heading, mut in_block, mut commands) = ("", false, Vec::new());
    for line in document.lines() {
        if line.starts_with("```") {
            in_block = !in_block;
        } else if !in_block {
            heading = line.strip_prefix("## ").unwrap_or(heading);
        } else if let Some((_, command)) = line.split_once("scrutinio ") {
            // As far as a quote or a list goes.
            commands.push((heading, command.split(['\'', '"', ']', '#']).next().unwrap_or_default().trim()));
        }
    }
    commands
}

#[test]
fn every_command_of_the_document_is_a_gate_that_runs() {
    let commands = commands(DOCUMENT);
    let systems: BTreeSet<&str> = commands.iter().map(|(heading, _)| *heading).collect();
    assert_eq!(systems, BTreeSet::from(["GitHub Actions", "GitLab CI", "Jenkins"]));
    let wrong = SHOP.replace("embedded: knobs", "embedded: knobs, errors: 60%");
    let lines: BTreeSet<&str> = commands.into_iter().map(|(_, command)| command).collect();
    for (scenario, code, green) in [(SHOP, 0, true), (&wrong, 1, false)] {
        for line in &lines {
            let place = Place::new();
            fs::create_dir(place.dir.path().join("load")).unwrap();
            place.file("load/shop.yaml", scenario);
            place.run(&line.split(' ').collect::<Vec<_>>()).with(code);
            // What the examples keep: the folder of results, and the file where it is named.
            let results = place.dir.path().join("results");
            let run = fs::read_dir(&results).unwrap().map(|it| it.unwrap().path()).find(|it| it.is_dir()).unwrap();
            let file = if line.contains("--junit") { results.join("junit.xml") } else { run.join("junit.xml") };
            assert_eq!(not_green(&read(&fs::read_to_string(file).unwrap())).is_empty(), green, "{line}");
        }
    }
    let options: BTreeSet<&str> =
        lines.iter().flat_map(|line| line.split(' ')).filter(|it| it.starts_with("--")).collect();
    assert_eq!(options, BTreeSet::from(["--gate", "--junit"]), "a gate without --gate lets through what nobody judged");
    assert!(lines.iter().all(|line| line.contains(" --gate")));
}

/// A document that loses a code, or names one more than the program, is no contract.
#[test]
fn the_exit_codes_of_the_document_are_those_of_the_program() {
    let rows = DOCUMENT.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next()?.parse::<u8>().ok());
    let help = Place::new().run(&["run", "--help"]).with(0);
    let lines = help.lines().skip_while(|line| !line.starts_with("Exit codes")).skip(1);
    let told = lines.filter_map(|line| line.split_whitespace().next()?.parse::<u8>().ok());
    assert_eq!(rows.collect::<Vec<_>>(), told.collect::<Vec<_>>());
}

#[test]
fn every_case_of_junit_xml_is_in_the_document_and_no_other() {
    let table = DOCUMENT.split("## junit.xml").nth(1).unwrap().lines().filter(|line| line.contains("| `validity` |"));
    let told: BTreeSet<&str> = table.filter_map(|line| line.strip_prefix("| ")?.split(" |").next()).collect();
    let written = include_str!("../../src/report/junit.rs").lines().filter_map(|line| line.strip_prefix("const "));
    let names: BTreeSet<&str> =
        written.filter_map(|line| line.split_once(": &str = \"")?.1.strip_suffix("\";")).collect();
    assert_eq!(told, names);
}
