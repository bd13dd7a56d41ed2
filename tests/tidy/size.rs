//! How long files and functions may be. Both are ratchets: nothing is over them today, nothing may go over.

use super::source::{Source, is_word, item_len};

/// Lines of a file, tests included.
const FILE_LINES_MAX: usize = 400;

/// Lines of a function, from `fn` to its closing brace.
const FUNCTION_LINES_MAX: usize = 70;

/// A file that is too long.
pub fn long_file(file: &Source) -> Option<String> {
    let lines = file.text.lines().count();
    (lines > FILE_LINES_MAX).then(|| format!("{}: {lines} lines, of {FILE_LINES_MAX} at most", file.path))
}

/// Functions that are too long, tests left out.
pub fn long_functions(file: &Source) -> Vec<String> {
    let code = &file.code;
    let starts = code.match_indices("fn ").filter(|(at, _)| *at == 0 || !is_word(code.as_bytes()[at - 1]));
    let found = starts.filter_map(|(at, _)| {
        let lines = code[at..at + item_len(&code[at..])].lines().count();
        let number = code[..at].lines().count().max(1);
        let name = code[at + 3..].split(['(', '<']).next().unwrap_or_default();
        (lines > FUNCTION_LINES_MAX)
            .then(|| format!("{}:{number}: `{name}` has {lines} lines, of {FUNCTION_LINES_MAX} at most", file.path))
    });
    found.collect()
}

#[test]
fn one_line_too_many_is_found() {
    let function = |lines: usize| format!("fn a() {{\n{}}}\nfn b(f: fn (u8)) {{}}\n", "    x();\n".repeat(lines - 2));
    let with = |text: &str| Source::rust("src/x.rs", text);
    assert_eq!(long_functions(&with(&function(70))), Vec::<String>::new());
    assert_eq!(long_functions(&with(&function(71))), ["src/x.rs:1: `a` has 71 lines, of 70 at most"]);
    assert_eq!(long_file(&with(&"\n".repeat(400))), None);
    assert!(long_file(&with(&"\n".repeat(401))).is_some());
}
