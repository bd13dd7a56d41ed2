//! `schema`, `completions` and the twins of options in the environment.
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod cli_support;

use std::collections::BTreeSet;

use cli_support::{Ended, Place};

#[test]
fn the_schema_is_the_copy_in_the_docs() {
    let copy = include_str!("../docs/scenario.schema.json");
    assert_eq!(Place::new().run(&["schema"]).with(0), copy);
}

#[test]
fn every_shell_completes_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let script = Place::new().run(&["completions", shell]).with(0);
        for command in ["check", "completions", "quick", "report", "run", "schema", "target", "try"] {
            assert!(script.contains(command), "{shell} does not know {command}");
        }
    }
    assert_eq!(Place::new().run(&["completions", "cmd"]).code, Some(2));
}

/// The services' knobs are many, and a knob that no document names is turned by nobody.
#[test]
fn every_option_of_target_is_documented_and_no_other() {
    let help = Place::new().run(&["target", "--help"]).with(0);
    let first_words = help.lines().filter_map(|line| line.split_whitespace().next());
    let options: BTreeSet<&str> = first_words.filter(|word| word.starts_with("--")).collect();
    let tables = concat!(include_str!("../docs/services.md"), include_str!("../docs/remote-work.md"));
    let rows = tables.lines().filter_map(|line| line.strip_prefix("| `--"));
    let named = rows.flat_map(|row| row.split(" | ").next().unwrap_or_default().split("`, `--"));
    let documented: BTreeSet<String> =
        named.map(|option| format!("--{}", option.split([' ', '`']).next().unwrap_or_default())).collect();
    assert_eq!(documented, options.into_iter().map(str::to_owned).collect());
}

#[test]
fn every_option_has_a_twin_in_the_environment() {
    for command in ["run", "quick", "check", "try", "report", "target"] {
        let help = Place::new().run(&[command, "--help"]).with(0);
        let mut options: Vec<String> = Vec::new();
        for line in help.lines() {
            let text = line.trim_start();
            if text.starts_with('-') && !text.starts_with("- ") {
                options.push(String::new());
            }
            options.iter_mut().last().into_iter().for_each(|option| option.push_str(line));
        }
        let options = options.iter().map(|option| option.split_whitespace().collect::<Vec<_>>().join(" "));
        let without: Vec<String> = options.filter(|option| !option.contains("[env: SCRUTINIO_")).collect();
        assert!(matches!(without.as_slice(), [help] if help.starts_with("-h, --help")), "{command}: {without:?}");
    }
    let place = Place::new();
    place.file("tiny.yaml", TINY);
    let output = place.command(&["check", "tiny.yaml"]).env("SCRUTINIO_ARRIVALS", "2").output().unwrap();
    assert_eq!(Ended::from(output).with(0).lines().count(), 2);
}

const TINY: &str = "name: tiny
clock: { from: 2016-06-05T07:00, to: 2016-06-05T07:01 }
target: http://127.0.0.1:1
populations: { all: { arrivals: { curve: [{ constant: 5 }] }, flow: get } }
flows: { get: { steps: [{ get: / }] } }
";

/// As CI sets them; clap alone takes `true` and `false`.
#[test]
fn a_switch_takes_1_and_0_from_the_environment() {
    let place = Place::new();
    place.file("tiny.yaml", TINY);
    for (value, begins) in [("1", "{"), ("yes", "{"), ("true", "{"), ("0", "tiny"), ("false", "tiny")] {
        let output = place.command(&["check", "tiny.yaml"]).env("SCRUTINIO_JSON", value).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.starts_with(begins), "SCRUTINIO_JSON={value}: {said}{}", String::from_utf8_lossy(&output.stderr));
    }
    let output = place.command(&["check", "tiny.yaml"]).env("SCRUTINIO_JSON", "perhaps").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "what is neither is refused");
}

#[test]
fn the_help_of_a_command_that_runs_or_judges_names_its_exit_codes() {
    for (command, codes) in [
        ("run", &[0, 1, 2, 3, 4, 5, 130][..]),
        ("quick", &[0, 1, 2, 3, 4, 5, 130]),
        ("try", &[0, 1, 2, 4, 5, 130]),
        ("check", &[0, 2, 3, 5]),
        ("report", &[0, 1, 2, 3, 5]),
    ] {
        let help = Place::new().run(&[command, "--help"]).with(0);
        let lines = help.lines().skip_while(|line| !line.starts_with("Exit codes")).skip(1);
        let named: Vec<u8> = lines.map(|line| line.split_whitespace().next().unwrap().parse().unwrap()).collect();
        assert_eq!(named, codes, "{command}");
    }
}

/// `-h` fits on a page, and says where the rest is.
#[test]
fn short_help_is_short_and_leads_to_the_rest() {
    for command in ["run", "quick", "try", "check", "target"] {
        let short = Place::new().run(&[command, "-h"]).with(0);
        assert!(short.lines().count() < 40, "{command}: {} lines", short.lines().count());
        assert!(short.contains("`--help` has all options") && !short.contains("SCRUTINIO_"), "{short}");
    }
    let help = Place::new().run(&["quick", "--help"]).with(0);
    assert!(help.lines().count() < 100, "{} lines", help.lines().count());
}

/// A full disk takes the words, and not the exit code.
#[test]
fn where_standard_error_cannot_be_written_exit_codes_stay() {
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for args in [&["check", "none.yaml"][..], &["run", "none.yaml"], &["report", "none"], &["try", "none.yaml"]] {
        let ended = Place::new().command(args).stderr(full()).output().unwrap();
        assert_eq!(ended.status.code(), Some(2), "{args:?}");
    }
}
