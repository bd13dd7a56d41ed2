//! Who may import what. Data goes one way, from the scenario to the report; this table is what keeps it so.

use super::source::{Source, is_word};

/// A row of the table: a room, the rooms and crates that it may import, and what it must not touch.
pub struct Room {
    name: &'static str,
    rooms: &'static [&'static str],
    crates: &'static [&'static str],
    never: &'static [Outside],
}

/// Something of the world outside that only some rooms may touch.
#[derive(Clone, Copy)]
struct Outside {
    what: &'static str,
    signs: &'static [&'static str],
}

const CLOCK: Outside = Outside {
    what: "a clock",
    signs: &["Instant::now", "SystemTime::now", "Timestamp::now", "ZonedDateTime::now", "clock_gettime"],
};
const FILES: Outside = Outside { what: "files", signs: &["std::fs", "fs::", "File::"] };
const NET: Outside =
    Outside { what: "the network", signs: &["TcpStream", "TcpListener", "UdpSocket", "ToSocketAddrs", "rustix::net"] };
const THREADS: Outside = Outside { what: "threads of its own", signs: &["thread::spawn", "thread::Builder"] };
/// Only `cli` prints or exits.
const STDOUT: Outside = Outside {
    what: "the terminal, or the process's end",
    signs: &["println!", "eprintln!", "print!(", "eprint!(", "io::stdout", "io::stderr", "process::exit"],
};

/// The table. `std` is everywhere; a test shows that nothing else is imported.
///
/// An own epoll loop drives the lanes, so `engine` and `wire` know rustix and no runtime; `tokio` is in `target`, and
/// in `cli` for signals.
const TABLE: [Room; 11] = [
    Room {
        name: "unit",
        rooms: &[],
        crates: &["jiff", "serde", "thiserror"],
        never: &[CLOCK, FILES, NET, THREADS, STDOUT],
    },
    Room {
        name: "scenario",
        rooms: &["unit"],
        // html5gum knows what the names of characters in HTML stand for, which secrets are hidden by.
        crates: &[
            "annotate_snippets",
            "base64",
            "csv",
            "granit_parser",
            "html5gum",
            "jiff",
            "libm",
            "regex",
            "rustls_pki_types",
            "serde",
            "serde_json",
            "serde_json_path",
            "sha2",
            "thiserror",
            "url",
        ],
        never: &[CLOCK, NET, THREADS, STDOUT],
    },
    Room {
        name: "plan",
        rooms: &["scenario", "unit"],
        crates: &["libm", "serde", "serde_json", "sha2", "thiserror", "twox_hash"],
        never: &[CLOCK, FILES, NET, STDOUT],
    },
    Room {
        name: "record",
        rooms: &["scenario", "unit"],
        crates: &["base64", "csv", "hdrhistogram", "serde", "serde_json", "thiserror"],
        never: &[CLOCK, NET, THREADS, STDOUT],
    },
    Room {
        name: "wire",
        rooms: &["unit"],
        // TLS is spoken over our own sockets: rustls keeps the keys, the lanes the bytes. bytes: a body of HTTP/2 is
        // shared, and what was written comes off its front without moving the rest.
        crates: &[
            "base64",
            "bytes",
            "httparse",
            "nix",
            "rustix",
            "rustls",
            "rustls_native_certs",
            "sha1",
            "thiserror",
            "webpki_roots",
        ],
        never: &[CLOCK, FILES, THREADS, STDOUT],
    },
    Room {
        name: "engine",
        rooms: &["plan", "record", "scenario", "unit", "wire"],
        // html5gum reads the pages that values are saved from; url says where a redirect leads; bytes is what waits to be
        // written.
        crates: &["base64", "bytes", "flate2", "html5gum", "itoa", "rustix", "serde_json", "url"],
        never: &[NET, STDOUT],
    },
    Room {
        name: "judge",
        rooms: &["record", "scenario", "unit"],
        crates: &["libm", "serde"],
        never: &[CLOCK, FILES, NET, THREADS, STDOUT],
    },
    Room {
        name: "report",
        rooms: &["judge", "plan", "record", "scenario", "unit"],
        // quick_junit escapes and counts as CI expects of junit.xml.
        crates: &["quick_junit", "serde", "serde_json", "thiserror"],
        never: &[CLOCK, NET, THREADS, STDOUT],
    },
    Room {
        name: "target",
        rooms: &["unit"],
        // TLS as a server: tokio-rustls for the services, rustls in the null server's own loop, rcgen for a CA at hand.
        // Remote work: rasn for LDAP, tokio-tungstenite for streams, rand for tokens that nobody guesses, url for forms.
        crates: &[
            "bytes",
            "flate2",
            "futures_util",
            "http_body_util",
            "hyper",
            "hyper_util",
            "jiff",
            "rand",
            "rasn",
            "rasn_ldap",
            "rcgen",
            "redb",
            "rustix",
            "rustls",
            "serde",
            "serde_json",
            "sha2",
            "thiserror",
            "tokio",
            "tokio_rustls",
            "tokio_tungstenite",
            "url",
        ],
        never: &[STDOUT],
    },
    // What measurements are held against: neither `engine` nor `record`, so that none of it comes from them.
    // It times its own sleeps, and nothing else, by a clock.
    Room { name: "truth", rooms: &["plan", "unit"], crates: &["serde", "serde_json"], never: &[NET, STDOUT] },
    Room {
        name: "cli",
        rooms: &["engine", "judge", "plan", "record", "report", "scenario", "target", "truth", "unit", "wire"],
        crates: &[
            "anyhow",
            "clap",
            "clap_complete",
            "console",
            "indicatif",
            "jiff",
            "rand",
            "rustix",
            "serde",
            "serde_json",
            "tokio",
            "url",
        ],
        never: &[],
    },
];

/// The row of a room.
pub fn room(name: &str) -> Option<&'static Room> {
    TABLE.iter().find(|room| room.name == name)
}

/// The names of a manifest's `[dependencies]`, as code writes them.
pub fn dependencies(manifest: &str) -> Vec<String> {
    let lines = manifest.lines().skip_while(|line| line.trim() != "[dependencies]").skip(1);
    let entries = lines.take_while(|line| !line.starts_with('['));
    entries.filter_map(|line| line.split_once('=')).map(|(name, _)| name.trim().replace('-', "_")).collect()
}

/// Whether a file names a crate.
pub fn uses_crate(file: &Source, name: &str) -> bool {
    let local = file.code.contains(&format!("mod {name};"));
    !local && file.lines().any(|(_, line)| starts_path(line, name))
}

/// What a file of a room imports although it may not.
pub fn findings(file: &Source, crates: &[String]) -> Vec<String> {
    let mut parts = file.path.split('/').skip(1);
    let (Some(name), Some(_)) = (parts.next(), parts.next()) else { return Vec::new() };
    let Some(room) = room(name) else { return vec![format!("{}: `{name}` is no room of the table", file.path)] };
    let foreign: Vec<&String> = crates.iter().filter(|name| !room.crates.contains(&name.as_str())).collect();
    let mut found = Vec::new();
    for (number, line) in file.lines() {
        let mut tell = |what: String| found.push(format!("{}:{number}: `{}` {what}", file.path, room.name));
        for other in after(line, "crate::").filter(|other| *other != room.name && !room.rooms.contains(other)) {
            tell(format!("imports the room `{other}`"));
        }
        for other in foreign.iter().filter(|other| starts_path(line, other) && uses_crate(file, other)) {
            tell(format!("imports the crate `{other}`"));
        }
        if supers(line) >= depth(&file.path) {
            tell("leaves the room by `super`; write `crate::` and the room".to_owned());
        }
        for outside in room.never.iter().filter(|outside| outside.signs.iter().any(|sign| has(line, sign))) {
            tell(format!("touches {}", outside.what));
        }
    }
    found
}

/// What follows each `prefix` in a line: one name, or every first name of a list in braces.
fn after<'a>(line: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    line.match_indices(prefix).flat_map(move |(at, _)| {
        let rest = &line[at + prefix.len()..];
        let list = rest.strip_prefix('{').map_or(rest, |list| list.split('}').next().unwrap_or(list));
        let names = if rest.starts_with('{') { list.split(',').collect() } else { vec![list] };
        names.into_iter().map(|name| first_word(name.trim())).filter(|name| !name.is_empty())
    })
}

fn first_word(text: &str) -> &str {
    &text[..text.bytes().position(|byte| !is_word(byte)).unwrap_or(text.len())]
}

/// Whether a path in the line starts with a crate's name.
fn starts_path(line: &str, name: &str) -> bool {
    let path = format!("{name}::");
    let alone =
        |at: usize| at == 0 || !(is_word(line.as_bytes()[at - 1]) || matches!(line.as_bytes()[at - 1], b':' | b'.'));
    line.match_indices(&path).any(|(at, _)| alone(at)) || line.trim() == format!("use {name};")
}

/// Whether a sign stands in the line as a word of its own.
fn has(line: &str, sign: &str) -> bool {
    line.match_indices(sign).any(|(at, _)| at == 0 || !is_word(line.as_bytes()[at - 1]))
}

/// The longest chain of `super::` in a line.
fn supers(line: &str) -> usize {
    (1..).take_while(|n| line.contains(&"super::".repeat(*n))).count()
}

/// How many modules deep a file's own module lies under `src`: 1 of a room's `mod.rs`.
fn depth(path: &str) -> usize {
    let parts = path.split('/').count() - 1;
    if path.ends_with("/mod.rs") { parts - 1 } else { parts }
}

#[test]
fn a_wrong_import_is_found_and_a_right_one_is_not() {
    let crates =
        dependencies("[package]\n[dependencies]\nserde = \"1\"\nhyper-util = \"1\"\n\n[dev-dependencies]\nx = \"1\"\n");
    assert_eq!(crates, ["serde", "hyper_util"]);
    let check = |path: &str, text: &str| findings(&Source::rust(path, text), &crates).join(" | ");
    for (path, text, wrong) in [
        ("src/judge/verdict.rs", "use crate::engine::Load;", "imports the room `engine`"),
        ("src/judge/verdict.rs", "use crate::{record::Bin, cli};", "imports the room `cli`"),
        ("src/plan/tree.rs", "fn f() -> hyper_util::X {}", "imports the crate `hyper_util`"),
        ("src/engine/lane/send.rs", "use super::super::super::cli;", "leaves the room"),
        ("src/judge/mod.rs", "use super::cli;", "leaves the room"),
        ("src/plan/walk.rs", "let now = Instant::now();", "touches a clock"),
        ("src/report/text.rs", "println!();", "touches the terminal"),
        ("src/lost/mod.rs", "", "no room"),
    ] {
        let found = check(path, text);
        assert!(found.contains(wrong), "{path} `{text}`: {found}");
    }
    for (path, text) in [
        ("src/judge/verdict.rs", "use crate::record::Bin; use serde::Serialize; use super::words;"),
        ("src/engine/lane/send.rs", "use super::super::program::Program;"),
        ("src/plan/tree.rs", "// crate::cli\n#[cfg(test)]\nmod tests { use crate::cli; }"),
        ("src/report/text.rs", "let hyper_util = a.hyper_util; other::hyper_util::x();"),
        ("src/main.rs", "scrutinio::cli::main()"),
    ] {
        assert_eq!(check(path, text), "", "{path} `{text}`");
    }
}

#[test]
fn a_dependency_that_no_file_names_is_unused() {
    let file = Source::rust("src/unit/mod.rs", "mod bytes;\npub use bytes::Bytes;\nuse serde::Serialize;");
    assert!(uses_crate(&file, "serde") && !uses_crate(&file, "bytes") && !uses_crate(&file, "url"));
}
