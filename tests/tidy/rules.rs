//! Rules that code and documents cite, `(P4)` or `(P1, O2)`, stand in `docs/rules.md`.

use super::source::Source;

/// The rules that a document lays down: under `## Plan (P)`, the line `4. …` is `P4`.
pub fn laid_down(document: &str) -> Vec<String> {
    let mut letter = String::new();
    let mut rules = Vec::new();
    for line in document.lines() {
        if let Some((_, rest)) = line.strip_prefix("## ").and_then(|heading| heading.split_once('(')) {
            letter = rest.trim_end_matches(')').to_owned();
        } else if let Some((number, _)) = line.split_once(". ")
            && number.parse::<u8>().is_ok()
        {
            rules.push(format!("{letter}{number}"));
        }
    }
    rules
}

/// Rules that a file cites and nobody laid down.
pub fn findings(file: &Source, rules: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        let inside = line.split('(').skip(1).filter_map(|rest| rest.split_once(')').map(|(inside, _)| inside));
        let cited = inside.flat_map(|inside| inside.split(", ")).filter(|word| is_rule(word));
        let unknown = cited.filter(|word| !rules.iter().any(|rule| rule == word));
        found.extend(unknown.map(|word| format!("{}:{number}: ({word})", file.path)));
    }
    found
}

fn is_rule(word: &str) -> bool {
    let digits = word.trim_start_matches(['T', 'P', 'S', 'R', 'D', 'O', 'M']);
    word.len() - digits.len() == 1 && (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

#[test]
fn a_rule_that_nobody_laid_down_is_found() {
    let rules = laid_down("# Rules\n\n## Plan (P)\n1. One.\n2. Two.\n   Layout: x. y\n\n## Machine (M)\n1. Half.\n");
    assert_eq!(rules, ["P1", "P2", "M1"]);
    let check = |text: &str| findings(&Source::rust("src/a.rs", text), &rules);
    assert_eq!(check("/// Kept (P1, M1), as f(x) and Vec<(u8)> are.\n"), Vec::<String>::new());
    assert_eq!(check("\n/// Kept (P1, P3).\n"), ["src/a.rs:2: (P3)"]);
}
