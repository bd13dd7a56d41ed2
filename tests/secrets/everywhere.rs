//! The whole program against a server that writes secrets back in every way and place: no file of the run's folder has
//! one, and nothing that is printed.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::escapes::Draws;
use crate::rig::scrutinio;
use crate::server::{Reply, Request, Server};

/// Where a secret begins and ends in an answer. These words stay legible in all that is stored.
const BEGIN: &str = "qqBEGIN";
const END: &str = "qqEND";

/// Steps of the session, each with a secret of its own; so many of each kind of answer.
const KINDS: usize = 12;
const STEPS: usize = 2 * KINDS;

/// The kind of a step's answer: each half of the session begins with another.
const fn kind(step: usize) -> usize {
    (step * 5 + step / KINDS * 7) % KINDS
}

/// What the step of a kind wants, so that its answer is wrong, or is saved.
fn wants(kind: usize) -> &'static str {
    match kind {
        2 | 4 => "expect: { text: never }",
        9 => "save: { value: header X-Value }",
        10 => "expect: { json: { $.v: never } }",
        11 => "follow: 1, expect: { header: { X-Value: never } }",
        _ => "timeout: 9s",
    }
}

fn scenario(target: &str) -> String {
    let numbers = || 0..STEPS;
    let secrets: Vec<String> = numbers().map(|n| format!("s{n}: {{ env: S{n} }}")).collect();
    let step = |n: usize| {
        // Of each second only a few examples are kept.
        let pause = if n % KINDS == KINDS - 1 { "      - think: 1s\n" } else { "" };
        format!("      - {{ post: /{n}, text: \"{{{{secret.s{n}}}}}\", {} }}\n{pause}", wants(kind(n)))
    };
    format!(
        "name: secrets\nclock: {{ from: 2026-01-01T00:00:00, to: 2026-01-01T00:00:01 }}\ntarget: {target}\n\
         secrets: {{ {} }}\n\
         populations: {{ all: {{ users: 1, arrivals: {{ burst: {{ at: \"00:00:00\", weight: 100% }} }}, flow: all }} }}\n\
         flows:\n  all:\n    steps:\n{}",
        secrets.join(", "),
        numbers().map(step).collect::<String>()
    )
}

/// An answer to a request that sent a secret; what it is about is said by the number of its step.
fn answer(seed: u64, request: &Request) -> Reply {
    let number: usize = request.line.split(['/', ' ']).nth(2).unwrap().parse().unwrap();
    let mut draws = Draws(seed + number as u64);
    let Ok(secret) = std::str::from_utf8(&request.body) else { panic!("{request:?}") };
    if secret.is_empty() {
        // The way that a redirect has led.
        return Reply::Keep(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec());
    }
    let written = [BEGIN.as_bytes(), &draws.escaped(secret), END.as_bytes()].concat();
    let text = [b"<p>".as_slice(), &written, b"</p>"].concat();
    let with = |status: &str, headers: &[u8], body: &[u8]| {
        let length = format!("Content-Length: {}\r\n\r\n", body.len());
        [b"HTTP/1.1 ", status.as_bytes(), b"\r\n", headers, length.as_bytes(), body].concat()
    };
    let gzip = || {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&text).unwrap();
        encoder.finish().unwrap()
    };
    match kind(number) {
        0 => Reply::Keep([b"HTTP/1.1 500 ", written.as_slice(), b"\r\nContent-Length: 0\r\n\r\n"].concat()),
        1 => {
            let headers = [
                b"Location: /?v=".as_slice(),
                &written,
                b"\r\nSet-Cookie: v=",
                &written,
                b"; Path=/never\r\nX-Value: ",
                &written,
                b"\r\n",
            ];
            Reply::Keep(with("302 Found", &headers.concat(), b""))
        }
        2 => Reply::Keep(with("200 OK", b"", &text)),
        3 => Reply::Keep(chunked("500 No", &text, &mut draws, b"0\r\n\r\n")),
        4 => Reply::Keep(with("200 OK", b"Content-Encoding: gzip\r\n", &gzip())),
        5 => Reply::Keep(with("500 No", b"Content-Encoding: gzip\r\n", &gzip())),
        6 => Reply::Close(chunked("200 OK", &text, &mut draws, b"none\r\n")),
        // Cut off in the last quarter: of a secret that is cut off after two characters, these are shown.
        7 => {
            let whole = with("500 No", b"", &text);
            Reply::Close(whole[..whole.len() - draws.below(text.len() / 4)].to_vec())
        }
        // Over the end of what an example keeps.
        8 => {
            let padding = "-".repeat(400 + draws.below(110));
            Reply::Keep(with("500 No", b"", &[padding.as_bytes(), &text].concat()))
        }
        9 => Reply::Keep(with("200 OK", &[b"X-Value: ", written.as_slice(), b"\r\n"].concat(), b"")),
        10 => {
            let json = serde_json::json!({ "v": String::from_utf8_lossy(&written) }).to_string();
            Reply::Keep(with("200 OK", b"", json.replace('/', "\\/").as_bytes()))
        }
        _ => {
            let at = draws.below(text.len());
            let whole = with("500 No", b"", &text);
            let (first, second) = whole.split_at(whole.len() - text.len() + at);
            Reply::Pieces(vec![first.to_vec(), second.to_vec()], Duration::from_millis(2))
        }
    }
}

/// A body in chunks, whose borders are anywhere.
fn chunked(status: &str, body: &[u8], draws: &mut Draws, end: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status}\r\nTransfer-Encoding: chunked\r\n\r\n").into_bytes();
    let mut rest = body;
    while !rest.is_empty() {
        let (piece, others) = rest.split_at(1 + draws.below(rest.len().min(12)));
        bytes.extend([format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat());
        rest = others;
    }
    [bytes, end.to_vec()].concat()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Each secret, and each half of one, is hidden: wherever one begins or ends stands `***`, or the text is cut off. How
/// many were.
fn hidden(what: &str, bytes: &[u8]) -> usize {
    let text = String::from_utf8_lossy(bytes);
    let shown = format!("***{END}");
    for (at, _) in text.match_indices(BEGIN) {
        let rest = &text[at + BEGIN.len()..];
        let same = rest.bytes().zip(shown.bytes()).take_while(|(a, b)| a == b).count();
        let cut = rest[same..].chars().next().is_none_or(|c| "\"\n`".contains(c));
        assert!(same == shown.len() || cut, "{what} has `{}`", rest.chars().take(300).collect::<String>());
    }
    for (at, _) in text.match_indices(END) {
        let from = at.saturating_sub(200);
        assert!(text[..at].ends_with("***"), "{what} has `{}`", String::from_utf8_lossy(&text.as_bytes()[from..at]));
    }
    text.matches(&shown).count()
}

fn no_secret_is_left(seed: u64) {
    let mut draws = Draws(seed);
    let secrets: Vec<String> = (0..STEPS).map(|_| draws.secret(false)).collect();
    let server = Server::start(move |request| answer(seed, request));
    let temp = tempfile::tempdir().unwrap();
    let (file, out) = (temp.path().join("scenario.yaml"), temp.path().join("out"));
    std::fs::write(&file, scenario(&server.url())).unwrap();
    let done = |args: &[&OsStr]| {
        let mut command = scrutinio();
        secrets.iter().enumerate().for_each(|(n, secret)| _ = command.env(format!("S{n}"), secret));
        let output = command.args(args).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() != Some(2), "{said}");
        hidden(&format!("stderr of {args:?}, seed {seed}"), &output.stderr);
        let count = hidden(&format!("stdout of {args:?}, seed {seed}"), &output.stdout);
        (count, String::from_utf8_lossy(&output.stdout).into_owned())
    };
    done(&["run".as_ref(), file.as_ref(), "--out".as_ref(), out.as_ref()]);
    assert_eq!(server.requests().iter().filter(|it| !it.body.is_empty()).count(), STEPS);
    let left = files(&out);
    let counts =
        left.iter().map(|path| (path, hidden(&format!("{path:?}, seed {seed}"), &std::fs::read(path).unwrap())));
    let failures = counts.filter(|(path, _)| path.ends_with("failures.ndjson")).map(|(_, count)| count).sum::<usize>();
    assert!(failures >= 6, "only {failures} secrets were hidden in examples, seed {seed}");
    let folder = left[0].parent().unwrap();
    done(&["report".as_ref(), folder.as_ref()]);
    done(&["report".as_ref(), folder.as_ref(), "--json".as_ref()]);
    let (tried, page) = done(&["try".as_ref(), file.as_ref()]);
    assert!(tried >= STEPS / 2, "{tried} in {page}");
    assert_eq!(page.matches("  saved value = qqBEGIN***qqEND\n").count(), 2, "{page}");
    assert!(page.contains(" as gzip"), "{page}");
    done(&["check".as_ref(), file.as_ref()]);
}

#[test]
fn no_secret_is_left_in_any_file_or_print_in_whatever_way_it_is_written() {
    std::thread::scope(|scope| {
        (0..2).for_each(|seed| _ = scope.spawn(move || no_secret_is_left(0x5eed_0000 + seed * 1000)));
    });
}
