//! Forms of several parts (RFC 7578), as the server reads them.

use std::collections::BTreeSet;

use crate::rig::{Done, scenario, scrutinio, start};
use crate::server::{Reply, Request, Server, ok};

/// Bytes that are no text, and have in them all that could be taken for the end of a part.
const PHOTO: &[u8] = b"\xFF\xD8\r\n--\r\n--scrutinio-\r\n\x00--";

/// A run of a scenario beside the file `photo.jpg`.
fn run_with_photo(yaml: &str) -> Done {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("scenario.yaml");
    std::fs::write(&file, yaml).unwrap();
    std::fs::write(temp.path().join("photo.jpg"), PHOTO).unwrap();
    let mut command = scrutinio();
    command.arg("run").arg(&file);
    start(command, temp).wait()
}

/// The lines of a part's head, and its content.
type Part = (Vec<String>, Vec<u8>);

/// The boundary and the parts of a request.
fn parts(request: &Request) -> (String, Vec<Part>) {
    let content_type = request.header("content-type").unwrap();
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
    assert!(boundary.len() <= 70 && boundary.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'), "{boundary}");
    let mut rest = request.body.strip_prefix(format!("--{boundary}\r\n").as_bytes()).unwrap();
    let find = |text: &[u8], what: &[u8]| text.windows(what.len()).position(|window| window == what);
    let mut parts = Vec::new();
    let delimiter = format!("\r\n--{boundary}");
    loop {
        let end = find(rest, delimiter.as_bytes()).unwrap();
        let (part, after) = (&rest[..end], &rest[end + delimiter.len()..]);
        let head = find(part, b"\r\n\r\n").unwrap();
        let lines = std::str::from_utf8(&part[..head]).unwrap().split("\r\n").map(str::to_owned).collect();
        parts.push((lines, part[head + 4..].to_vec()));
        if after == b"--\r\n" {
            return (boundary.to_owned(), parts);
        }
        rest = after.strip_prefix(b"\r\n").unwrap();
    }
}

const FORM: &str = r#"multipart: {
    title: "Photo of {{session}}: \"{{random.hex(4)}}\"", 'a "b" é': 7,
    photo: { file: photo.jpg, type: image/jpeg },
    files: [{ file: photo.jpg, filename: 'a "1".bin' }, { text: "row\n{{session}}", filename: rows.csv, type: text/csv }, last],
    meta: { json: { by: "{{session}}", n: "{{session | number}}" } } }"#;

#[test]
fn every_part_arrives_with_its_name_type_and_bytes() {
    let server = Server::start(|_| Reply::Keep(ok("")));
    let done = run_with_photo(&scenario(&server.url(), 2, 1, "session", &format!("[{{ post: /, {FORM} }}]"), ""));
    assert_eq!(done.completed(), 2, "{} {:?}", done.said, done.failures());
    for (session, request) in server.requests().iter().enumerate() {
        let (_, parts) = parts(request);
        let said = |name: &str| format!("Content-Disposition: form-data; name=\"{name}\"");
        let heads: Vec<Vec<String>> = parts.iter().map(|(head, _)| head.clone()).collect();
        let expected = [
            vec![said("title")],
            vec![said("a %22b%22 é")],
            vec![said("photo") + "; filename=\"photo.jpg\"", "Content-Type: image/jpeg".into()],
            vec![said("files") + "; filename=\"a %221%22.bin\"", "Content-Type: application/octet-stream".into()],
            vec![said("files") + "; filename=\"rows.csv\"", "Content-Type: text/csv".into()],
            vec![said("files")],
            vec![said("meta"), "Content-Type: application/json".into()],
        ];
        assert_eq!(heads, expected);
        let text = |part: usize| String::from_utf8(parts[part].1.clone()).unwrap();
        assert!(text(0).starts_with(&format!("Photo of {session}: \"")) && text(0).len() == 18, "{}", text(0));
        assert_eq!((text(1), text(4), text(5)), ("7".into(), format!("row\n{session}"), "last".into()));
        assert_eq!((parts[2].1.as_slice(), parts[3].1.as_slice()), (PHOTO, PHOTO));
        assert_eq!(text(6), format!("{{\"by\":\"{session}\",\"n\":{session}}}"));
    }
}

#[test]
fn a_population_s_own_content_type_gives_way_to_that_of_the_parts() {
    let server = Server::start(|_| Reply::Keep(ok("")));
    let more = "headers: { Content-Type: text/plain }";
    let steps = "[{ post: /, multipart: { a: b } }, { post: /, text: c }]";
    let done = run_with_photo(&scenario(&server.url(), 1, 1, "session", steps, more));
    assert_eq!(done.completed(), 2, "{}", done.said);
    let requests = server.requests();
    let types: Vec<_> = requests[0].headers.iter().filter(|line| line.starts_with("Content-Type")).collect();
    assert!(types.len() == 1 && types[0].contains("boundary="), "{types:?}");
    assert_eq!(requests[1].header("content-type"), Some("text/plain"));
}

/// A server that gives the boundary back, which is then to be sent as a value: such a form would end within it.
#[test]
fn the_boundary_is_in_no_part() {
    let server = Server::start(|request| Reply::Keep(ok(&parts(request).0)));
    let upload = "{ post: /, multipart: { a: \"b{{last}}\" }, save: { last: 'regex .*' } }";
    let steps =
        format!("[{{ post: /, multipart: {{ c: d }}, save: {{ last: 'regex x?' }} }}, {upload}, {upload}, {upload}]");
    let done = run_with_photo(&scenario(&server.url(), 1, 1, "session", &steps, ""));
    let boundaries: BTreeSet<String> = server.requests().iter().map(|request| parts(request).0).collect();
    assert_eq!(boundaries.len(), server.requests().len(), "steps that differ have boundaries that differ");
    // The third upload is the second's twin, but for its number.
    assert_eq!(done.completed(), 4, "{:?}", done.failures());

    let steps = format!(
        "[{{ post: /, multipart: {{ c: d }}, save: {{ last: 'regex x?' }} }}, {{ repeat: {{ times: 2, steps: [{upload}] }} }}]"
    );
    let done = run_with_photo(&scenario(&server.url(), 1, 1, "session", &steps, ""));
    assert_eq!((done.completed(), done.reason("failed.not_attempted")), (2, 1), "{:?}", done.failures());
    assert!(done.detail().contains("holds the boundary"), "{}", done.detail());
}

/// The same plan sends the same bytes.
#[test]
fn a_form_is_the_same_in_every_run() {
    let bodies = [(); 2].map(|()| {
        let server = Server::start(|_| Reply::Keep(ok("")));
        run_with_photo(&scenario(&server.url(), 1, 1, "session", &format!("[{{ post: /, {FORM} }}]"), ""));
        let request = server.requests().remove(0);
        (request.header("content-type").unwrap().to_owned(), request.body)
    });
    assert!(bodies[0] == bodies[1]);
}
