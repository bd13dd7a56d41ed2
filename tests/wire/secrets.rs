//! A secret is in no file that a run leaves, and in nothing that is printed, whatever the server says back.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::rig::scrutinio;
use crate::server::{Reply, Request, Server};

const SECRET: &str = "pä ss/\"w0rd\"&horse";

const SCENARIO: &str = r#"
name: secrets
clock: { from: 2026-01-01T00:00:00, to: 2026-01-01T00:00:01 }
target: TARGET
secrets: { password: { env: PASSWORD }, token: { file: token.txt } }
populations:
  users: { users: 1, arrivals: { process: even, curve: [constant: 1] }, flow: logon, headers: { X-Token: "{{secret.token}}" } }
flows:
  logon:
    steps:
      - post: /echo/form
        form: { password: "{{secret.password}}" }
        expect: { text: never }
      - { post: /echo/json, json: { p: "{{secret.password}}", t: "{{secret.token}}" }, expect: { header: { X-Token: never } } }
      - { get: "/echo/{{secret.password}}", name: path, save: { all: text p } }
      - { get: "/away/{{secret.token}}", follow: 3 }
      - { get: /broken }
      - { get: /echo/basic, auth: { basic: { user: ann, password: "{{secret.password}}" } }, save: { all: text p } }
      - { get: /echo/bearer, auth: { bearer: "{{secret.token}}" }, save: { all: text p } }
      - { get: /echo/own, auth: { bearer: x }, headers: { Authorization: own }, expect: { text: never } }
"#;

/// Whatever was asked, in every way of writing it, with what base64 makes of it.
fn echo(request: &Request) -> Reply {
    let all = format!("{}\n{}\n{}", request.line, request.headers.join("\n"), String::from_utf8_lossy(&request.body));
    let token = request.header("x-token").unwrap().to_owned();
    let path = request.line.split(' ').nth(1).unwrap();
    if path.starts_with("/away") {
        let head = format!("HTTP/1.1 302 Found\r\nLocation: http://example.test/?t={token}\r\n");
        return Reply::Keep(format!("{head}Content-Length: 0\r\n\r\n").into_bytes());
    }
    if path.starts_with("/broken") {
        return Reply::Close(format!("{token} is no HTTP\r\n\r\n").into_bytes());
    }
    let (basic, json) = (STANDARD.encode(format!("ann:{SECRET}")), serde_json::to_string(SECRET).unwrap());
    let body = format!("<p>{SECRET} {json} {basic} {}</p>\n{all}\n{all}", STANDARD.encode(SECRET));
    let head = format!("HTTP/1.1 200 OK\r\nX-Token: {token}\r\nSet-Cookie: t={token}; Path=/\r\n");
    // What nobody asked for is kept too.
    let unasked = if path == "/echo/bearer" { format!("HTTP/1.1 200 {token} {SECRET}") } else { String::new() };
    Reply::Keep(format!("{head}Content-Length: {}\r\n\r\n{body}{unasked}", body.len()).into_bytes())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn without_secrets(what: &str, bytes: &[u8]) {
    // Samples of answers are stored as base64 where they are no text.
    let text = String::from_utf8_lossy(bytes);
    let json = serde_json::to_string(SECRET).unwrap();
    let url = "p%C3%A4%20ss%2F%22w0rd%22%26horse";
    let basic = STANDARD.encode(format!("ann:{SECRET}"));
    let (alone, token64) = (STANDARD.encode(SECRET), STANDARD.encode("t0ken-of-the-file"));
    let forms = [SECRET, json.trim_matches('"'), url, &basic, &alone, "t0ken-of-the-file", &token64, "w0rd", "t0ken"];
    for form in forms {
        assert!(!text.contains(form), "{what} has `{form}`:\n{text}");
    }
    for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || "+/=".contains(c))).filter(|word| word.len() > 40) {
        if let Ok(decoded) = STANDARD.decode(word) {
            let decoded = String::from_utf8_lossy(&decoded).into_owned();
            assert!(!decoded.contains("w0rd") && !decoded.contains("t0ken"), "{what} has within base64: {decoded}");
        }
    }
}

#[test]
fn no_secret_is_in_any_file_or_print() {
    let server = Server::start(echo);
    let temp = tempfile::tempdir().unwrap();
    let (scenario, out) = (temp.path().join("scenario.yaml"), temp.path().join("out"));
    std::fs::write(&scenario, SCENARIO.replace("TARGET", &server.url())).unwrap();
    std::fs::write(temp.path().join("token.txt"), "t0ken-of-the-file\n").unwrap();
    let done = |args: &[&std::ffi::OsStr]| {
        let output = scrutinio().env("PASSWORD", SECRET).args(args).output().unwrap();
        without_secrets(&format!("stdout of {args:?}"), &output.stdout);
        without_secrets(&format!("stderr of {args:?}"), &output.stderr);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    done(&["run".as_ref(), scenario.as_ref(), "--out".as_ref(), out.as_ref()]);
    // The server saw them: what is looked for was sent and said back.
    let seen = server.requests();
    assert!(seen.len() >= 5 && seen[0].body == b"password=p%C3%A4%20ss%2F%22w0rd%22%26horse", "{seen:?}");
    assert_eq!(seen[1].header("x-token"), Some("t0ken-of-the-file"));
    let authorized: Vec<_> = seen[seen.len() - 3..].iter().map(|it| it.header("authorization").unwrap()).collect();
    let basic = format!("Basic {}", STANDARD.encode(format!("ann:{SECRET}")));
    assert_eq!(authorized, [basic.as_str(), "Bearer t0ken-of-the-file", "own"]);
    let left = files(&out);
    let failures = left.iter().find(|path| path.ends_with("failures.ndjson")).unwrap();
    let samples = std::fs::read_to_string(failures).unwrap();
    assert!(samples.lines().count() >= 3 && samples.contains("***"), "{samples}");
    assert!(samples.contains("\"path\":\"/away/***\""), "{samples}");
    for path in &left {
        without_secrets(&path.display().to_string(), &std::fs::read(path).unwrap());
    }
    let folder = failures.parent().unwrap();
    let summary = std::fs::read_to_string(folder.join("summary.json")).unwrap();
    assert!(summary.contains("the first: HTTP/1.1 200 *** ***"), "{summary}");
    done(&["report".as_ref(), folder.as_ref()]);
    let tried = done(&["try".as_ref(), scenario.as_ref()]);
    assert!(tried.contains("saved all = *** "), "{tried}");
    done(&["check".as_ref(), scenario.as_ref()]);
}
