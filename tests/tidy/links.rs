//! Links between documents, and paths that they name in code spans, lead to something that is there.

use super::source::Source;

/// Folders whose files documents name by their path from the root.
const ROOTS: [&str; 8] = ["src/", "docs/", "tests/", "benches/", "scenarios/", "results/README", ".ci/", "fuzz/"];

/// Links and paths of a document that lead nowhere.
pub fn findings(file: &Source, exists: &dyn Fn(&str) -> bool) -> Vec<String> {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut found = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        let links = link_targets(line).map(|link| resolved(folder, link));
        let paths = code_spans(line).filter(|span| is_path(span)).map(|span| Some(span.to_owned()));
        for path in links.chain(paths) {
            match path {
                Some(path) if path.is_empty() || exists(&path) => {}
                Some(path) => found.push(format!("{}:{number}: {path}", file.path)),
                None => found.push(format!("{}:{number}: a link that leaves the repository", file.path)),
            }
        }
    }
    found
}

/// The targets of `[text](target)` that are files: no addresses, no places in the same document.
fn link_targets(line: &str) -> impl Iterator<Item = &str> {
    let targets = line.match_indices("](").filter_map(|(at, _)| line[at + 2..].split_once(')').map(|(to, _)| to));
    targets.filter(|to| !to.contains("://") && !to.starts_with('#') && !to.starts_with("mailto:"))
}

/// What stands between single backticks.
fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Whether a code span is one path of ours, and not a pattern, a command or a name in a sentence.
fn is_path(span: &str) -> bool {
    ROOTS.iter().any(|root| span.starts_with(root)) && !span.contains([' ', '*', '<', '{', '…', ':'])
}

/// A link's path from the root, without the place in the document; `None` if it leads out.
fn resolved(folder: &str, link: &str) -> Option<String> {
    let path = link.split(['#', '?']).next().unwrap_or_default();
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[test]
fn dead_links_and_paths_are_found_and_live_ones_are_not() {
    let document = |text: &str| Source { path: "docs/a.md".to_owned(), text: text.to_owned(), code: String::new() };
    let exists = |path: &str| matches!(path, "docs/b.md" | "README.md" | "src/cli/mod.rs" | "docs");
    let check = |text: &str| findings(&document(text), &exists);
    assert_eq!(
        check("[b](b.md#top), [r](../README.md), [x](https://x.example/y.md), [t](#t), [d](.)"),
        Vec::<String>::new()
    );
    assert_eq!(check("see `src/cli/mod.rs`, `results/*`, `scenarios/<name>.yaml`"), Vec::<String>::new());
    assert_eq!(check("\n[c](c.md)"), ["docs/a.md:2: docs/c.md"]);
    assert_eq!(check("see `src/cli/gone.rs`"), ["docs/a.md:1: src/cli/gone.rs"]);
    assert_eq!(check("[out](../../x.md)"), ["docs/a.md:1: a link that leaves the repository"]);
}
