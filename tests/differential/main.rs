//! Our reader of answers beside hyper's, on the corpus of `tests/answers` and on mutations of the fuzz seeds.
//!
//! Two readers may disagree on what to refuse. They must not agree that an answer is right and see another status or
//! body in it: then one of them takes bytes for what they are not. On the corpus each difference is listed by name with
//! its reason, so that a change on either side shows.
#![allow(clippy::unwrap_used)] // The lint's exception for tests does not reach their helpers.

#[path = "../answers/corpus/mod.rs"]
mod corpus;
#[path = "../fuzz_support/mod.rs"]
mod fuzz_support;

use std::collections::BTreeSet;

use fuzz_support::{Numbers, mutate};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use scrutinio::wire::h1::{Answer, Fed, HeadMemo, Want};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Status and body of a right answer; `None` of what is not one.
type Read = Option<(u16, Vec<u8>)>;

/// The server closes after these bytes.
fn ours(bytes: &[u8], to_head: bool) -> Read {
    let want = Want {
        to_head,
        opens: None,
        head: true,
        cookies: false,
        body: Some(1 << 20),
        head_max: 1 << 16,
        body_max: 1 << 20,
    };
    let mut answer = Answer::new(want);
    match answer.feed(bytes, &mut HeadMemo::default()) {
        Ok(Fed::Whole(_)) => {}
        Ok(Fed::More) if answer.end() => {}
        _ => return None,
    }
    Some((answer.finished().status, answer.body().0.to_vec()))
}

async fn hypers(bytes: &[u8], to_head: bool) -> Read {
    let (client, mut server) = tokio::io::duplex(1 << 22);
    let bytes = bytes.to_vec();
    tokio::spawn(async move {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(server.read_u8().await.unwrap());
        }
        server.write_all(&bytes).await.unwrap();
        server.shutdown().await.unwrap();
    });
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(client)).await.unwrap();
    tokio::spawn(connection);
    let method = if to_head { hyper::Method::HEAD } else { hyper::Method::GET };
    let request = hyper::Request::builder().method(method).uri("/").header("host", "x").body(Empty::<Bytes>::new());
    let answer = sender.send_request(request.unwrap()).await.ok()?;
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.ok()?;
    Some((status, body.to_bytes().to_vec()))
}

/// Whether both take the answer for the same, or neither takes it; else how they differ.
async fn compare(bytes: &[u8], to_head: bool) -> Result<(), &'static str> {
    match (ours(bytes, to_head), hypers(bytes, to_head).await) {
        (Some(ours), Some(hypers)) if ours != hypers => Err("both take it, as different answers"),
        (Some(_), None) => Err("only ours takes it"),
        (None, Some(_)) => Err("only hyper's takes it"),
        _ => Ok(()),
    }
}

#[tokio::test]
async fn the_corpus_is_read_as_hyper_reads_it() {
    let mut found = BTreeSet::new();
    for row in corpus::rows() {
        let Some(bytes) = row.bytes() else { continue };
        if let Err(who) = compare(&bytes, row.method == "head").await {
            found.insert((who, row.name));
        }
    }
    let known: BTreeSet<_> = KNOWN.iter().flat_map(|(who, names)| names.iter().map(|name| (*who, *name))).collect();
    let new: Vec<_> = found.difference(&known).collect();
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(new.is_empty() && gone.is_empty(), "not listed: {new:#?}\nlisted, but not so: {gone:#?}");
}

/// Where the two differ, and why ours does what it does.
const KNOWN: [(&str, &[&str]); 6] = [
    // RFC 9110 section 5.6.1: empty elements of a list do not count, so this body is chunked. Hyper looks at the last.
    ("both take it, as different answers", &["codings-with-an-empty-one"]),
    // RFC 9112 sections 6.1 and 6.3: a length beside a coding, or chunked twice, may be an attempt to smuggle.
    (
        "only hyper's takes it",
        &[
            "chunked-twice",
            "chunked-twice-on-two-lines",
            "chunks-and-length-0",
            "length-and-chunks",
            "length-and-identity",
        ],
    ),
    // No byte of the protocol; a chain of interim answers has an end; nobody asked for another protocol.
    ("only hyper's takes it", &["nul-in-an-extension", "seventeen-interims"]),
    ("only hyper's takes it", &["status-101-after-100", "status-101-then-an-answer", "status-101-unasked"]),
    // RFC 9112 section 5.2: a user agent reads a folded line as one.
    ("only ours takes it", &["a-folded-header", "a-folded-length", "says-close-in-a-fold"]),
    // Hyper's default is a hundred lines; ours counts bytes.
    ("only ours takes it", &["a-hundred-headers"]),
];

#[tokio::test]
async fn mutations_of_the_seeds_are_never_read_as_different_answers() {
    let folder = format!("{}/fuzz/seeds/answer", env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let seeds: Vec<Vec<u8>> = paths.iter().map(|path| std::fs::read(path).unwrap()).collect();
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut both = 0;
    for i in 0..50_000 {
        let mut input = seeds[numbers.below(seeds.len())].clone();
        for _ in 0..=numbers.below(3) {
            mutate(&mut input, &seeds, &mut numbers);
        }
        let compared = compare(&input, i % 8 == 0).await;
        assert_ne!(compared, Err("both take it, as different answers"), "{:?}", String::from_utf8_lossy(&input));
        both += u32::from(compared.is_ok());
    }
    assert!(both > 10_000, "only {both} of the mutations say anything");
}
