//! The repository's files, and Rust code with everything blanked out that is not code of the program:
//! comments, texts, and items under `#[cfg(test)]`. Lines stay where they are.

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the repository.
pub struct Source {
    /// Its path from the repository's root, with `/`.
    pub path: String,
    /// All of it.
    pub text: String,
    /// Rust: the text without comments, texts and tests. Other files: empty.
    pub code: String,
}

impl Source {
    /// A Rust file that a test makes up.
    pub fn rust(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), code: without_tests(&blanked(text)) }
    }

    /// Each line of the code with its number, from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.code.lines())
    }
}

/// A path from the repository's root.
fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A file's text.
pub fn read(path: &str) -> String {
    fs::read_to_string(at(path)).unwrap_or_else(|error| panic!("cannot read {path}: {error}"))
}

/// Whether there is such a file or folder.
pub fn exists(path: &str) -> bool {
    at(path).exists()
}

/// The names of the folders in a folder.
pub fn folders(path: &str) -> Vec<String> {
    entries(path).into_iter().filter(|(_, folder)| *folder).map(|(name, _)| name).collect()
}

/// Every Rust file below a folder, without files that only tests compile.
pub fn rust_files(folder: &str) -> Vec<Source> {
    let mut paths = Vec::new();
    below(folder, &mut paths);
    let paths: Vec<String> = paths.into_iter().filter(|path| path.ends_with(".rs")).collect();
    let files: Vec<Source> = paths.iter().map(|path| Source::rust(path, &read(path))).collect();
    let tests: Vec<String> = files.iter().flat_map(test_modules).collect();
    files.into_iter().filter(|file| !tests.contains(&file.path)).collect()
}

/// Every text of the repository, whatever its kind.
pub fn texts() -> Vec<Source> {
    let mut paths = Vec::new();
    below("", &mut paths);
    let text = |path: String| {
        let text = fs::read_to_string(at(&path)).ok()?;
        Some(Source { path, text, code: String::new() })
    };
    paths.into_iter().filter_map(text).collect()
}

/// What builds and runs leave behind, and git's own.
fn is_left_out(path: &str) -> bool {
    matches!(path, "target" | ".git" | "fuzz/target" | "fuzz/corpus" | "fuzz/artifacts" | "fuzz/coverage")
        || (path.starts_with("results/") && path != "results/README.md")
}

fn below(folder: &str, paths: &mut Vec<String>) {
    for (name, is_folder) in entries(folder) {
        let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        if is_left_out(&path) {
            continue;
        }
        if is_folder { below(&path, paths) } else { paths.push(path) }
    }
}

/// Names in a folder in order, each with whether it is a folder itself.
fn entries(folder: &str) -> Vec<(String, bool)> {
    let found = fs::read_dir(at(folder)).unwrap_or_else(|error| panic!("cannot list {folder}: {error}"));
    let mut names: Vec<(String, bool)> = found
        .map(|entry| entry.expect("an entry of a folder that was just listed"))
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path().is_dir()))
        .collect();
    names.sort();
    names
}

/// The files of the modules that a file declares under `#[cfg(test)]`.
fn test_modules(file: &Source) -> Vec<String> {
    let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
    let stem = name.trim_end_matches(".rs");
    let folder = if matches!(stem, "mod" | "lib" | "main") { folder.to_owned() } else { format!("{folder}/{stem}") };
    let code = blanked(&file.text);
    let declared = code.match_indices("#[cfg(test)]").filter_map(|(at, mark)| {
        let rest = code[at + mark.len()..].trim_start().strip_prefix("mod ")?;
        rest.split_once(';').map(|(name, _)| name).filter(|name| !name.contains('{'))
    });
    declared.map(|name| format!("{folder}/{name}.rs")).collect()
}

/// Rust with comments and the insides of texts as blanks.
pub fn blanked(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = token_end(text, at);
        if end > at + 1 {
            out[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        }
        at = end.max(at + 1);
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Just past the comment or text that begins at `at`; `at` itself if none does.
fn token_end(text: &str, at: usize) -> usize {
    let rest = &text.as_bytes()[at..];
    let fresh = at == 0 || !is_word(text.as_bytes()[at - 1]);
    match rest {
        [b'/', b'/', ..] => at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => at + comment_len(rest),
        [b'"', ..] => at + quoted_len(rest, b'"'),
        [b'r', b'"' | b'#', ..] if fresh => at + raw_len(rest),
        [b'b', b'r', ..] if fresh => at + 1,
        [b'\'', b'\\', ..] => at + quoted_len(rest, b'\''),
        // A character, not a lifetime: the quote closes after one letter of any width.
        [b'\'', ..] => {
            let letter = text[at + 1..].chars().next().map_or(1, char::len_utf8);
            if rest.get(1 + letter) == Some(&b'\'') { at + 2 + letter } else { at }
        }
        _ => at,
    }
}

/// Whether a byte can stand inside a name.
pub fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn comment_len(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at + 1 < rest.len() {
        match &rest[at..at + 2] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" if depth == 1 => return at + 2,
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    rest.len()
}

fn quoted_len(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// The length of `r"…"` or `r#"…"#`; 0 of a raw identifier such as `r#do`.
fn raw_len(rest: &[u8]) -> usize {
    let hashes = rest[1..].iter().take_while(|byte| **byte == b'#').count();
    if rest.get(1 + hashes) != Some(&b'"') {
        return 0;
    }
    let close = [b"\"", "#".repeat(hashes).as_bytes()].concat();
    let body = 2 + hashes;
    let end = rest[body..].windows(close.len()).position(|window| window == close);
    end.map_or(rest.len(), |end| body + end + close.len())
}

/// Blanked code with the items under `#[cfg(test)]` blanked too.
fn without_tests(code: &str) -> String {
    let mut out = code.as_bytes().to_vec();
    for (at, _) in code.match_indices("#[cfg(test)]") {
        let end = at + item_len(&code[at..]);
        out[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Up to the end of the item that begins here: its closing brace, or a semicolon outside braces.
pub fn item_len(code: &str) -> usize {
    let mut depth = 0;
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return at + 1,
            b'}' => depth -= 1,
            b';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

#[test]
fn only_code_of_the_program_is_left() {
    let text = concat!(
        "//! opens\nfn a<'x>(b: &'x str) -> char { '\\'' } // unwrap()\n",
        "/* outer /* inner */ still */ let c = \"text // \\\" unwrap()\"; let d = r#\"raw \" one\"#;\n",
        "let e = ('{', 'µ', r#do, b'\"');\n#[cfg(test)]\nmod tests { fn f() { g.unwrap() } }\nfn h() {}\n",
    );
    let code = Source::rust("src/x.rs", text).code;
    let squeezed: Vec<String> =
        code.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        squeezed,
        [
            "",
            "fn a<'x>(b: &'x str) -> char { }",
            "let c = ; let d = ;",
            "let e = ( , , r#do, b );",
            "",
            "",
            "fn h() {}"
        ]
    );
}

#[test]
fn a_module_under_cfg_test_is_a_test_file() {
    let file = Source::rust("src/room/mod.rs", "mod a;\n#[cfg(test)]\nmod crash;\n#[cfg(test)]\nmod tests { }\n");
    assert_eq!(test_modules(&file), ["src/room/crash.rs"]);
}
