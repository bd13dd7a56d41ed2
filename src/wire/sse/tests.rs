//! The examples of the standard, and a reader that only knows whole streams.

use proptest::prelude::*;

use super::{Client, Event, Events, Limits, TooLong, Violation};
use crate::wire::h1::{Body, Framing, Malformed};

const LIMITS: Limits = Limits { event: 1 << 20, kept: 1 << 20 };

/// The types and data of events.
type All = Vec<(String, String)>;

/// Feeds `bytes` in pieces of `cut`.
fn read(bytes: &[u8], cut: usize, limits: Limits) -> Result<All, TooLong> {
    let (mut events, mut all) = (Events::new(limits), Vec::new());
    for piece in bytes.chunks(cut) {
        let mut at = 0;
        while at < piece.len() {
            let (used, whole) = events.feed(&piece[at..])?;
            at += used;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            if whole {
                all.push((text(events.name()), text(events.data())));
            } else {
                assert_eq!(at, piece.len(), "all is taken if nothing ends");
            }
        }
    }
    Ok(all)
}

/// A reader that follows the standard's words, for whole streams alone.
fn naive(bytes: &[u8]) -> All {
    let text = String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).into_owned();
    let mut lines: Vec<String> =
        text.replace("\r\n", "\n").replace('\r', "\n").split('\n').map(str::to_owned).collect();
    // What is not ended is no line.
    lines.pop();
    let (mut all, mut data, mut name) = (Vec::new(), String::new(), String::new());
    for line in lines {
        if line.is_empty() {
            if let Some(data) = data.strip_suffix('\n') {
                all.push((std::mem::take(&mut name), data.to_owned()));
            }
            data.clear();
            name.clear();
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => data = data + value + "\n",
            "event" => name = value.to_owned(),
            _ => {}
        }
    }
    all
}

fn events(all: &[(&str, &str)]) -> All {
    all.iter().map(|(name, data)| ((*name).to_owned(), (*data).to_owned())).collect()
}

#[test]
fn the_examples_of_the_standard() {
    let cases: [(&str, All); 7] = [
        (
            "data: This is the first message.\n\ndata: This is the second message, it\ndata: has two lines.\n\n\
             data: This is the third message.\n\n",
            events(&[
                ("", "This is the first message."),
                ("", "This is the second message, it\nhas two lines."),
                ("", "This is the third message."),
            ]),
        ),
        (
            "event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n",
            events(&[("add", "73857293"), ("remove", "2153")]),
        ),
        ("data: YHOO\ndata: +2\ndata: 10\n\n", events(&[("", "YHOO\n+2\n10")])),
        (
            ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
            events(&[("", "first event"), ("", "second event"), ("", " third event")]),
        ),
        // Two events; the third is never ended.
        ("data\n\ndata\ndata\n\ndata:", events(&[("", ""), ("", "\n")])),
        ("data:test\n\ndata: test\n\n", events(&[("", "test"), ("", "test")])),
        // A type without data is no event, and does not stay for the next.
        ("event: lonely\nretry: 5\n\nevent: a\nevent: b\nDATA: x\ndata : y\ndata: z\n\n", events(&[("b", "z")])),
    ];
    for (text, wanted) in cases {
        let other_ends =
            [text.to_owned(), text.replace('\n', "\r"), text.replace('\n', "\r\n"), format!("\u{feff}{text}")];
        for text in other_ends {
            for cut in 1..=text.len() {
                assert_eq!(read(text.as_bytes(), cut, LIMITS), Ok(wanted.clone()), "{text:?} by {cut}");
            }
            assert_eq!(naive(text.as_bytes()), wanted, "{text:?}");
        }
    }
}

#[test]
fn a_mark_stands_before_the_first_line_only() {
    assert_eq!(read(b"\xef\xbb\xbf\ndata: a\n\n", 2, LIMITS), Ok(events(&[("", "a")])));
    assert_eq!(read(b"\n\xef\xbb\xbfdata: a\n\ndata: b\n\n", 2, LIMITS), Ok(events(&[("", "b")])));
    assert_eq!(read(b"\xef\xbbdata: a\n\n", 2, LIMITS), Ok(events(&[])));
}

#[test]
fn lines_and_events_are_bounded_and_what_is_kept_of_them() {
    let limits = Limits { event: 12, kept: 4 };
    assert_eq!(read(b"event: longer\ndata: whole\n\n", 3, limits), Err(TooLong::Line(12)));
    assert_eq!(read(b": a comment without an end", 5, limits), Err(TooLong::Line(12)));
    assert_eq!(read(b"data: 123456\ndata: 12345\n\n", 5, limits), Ok(events(&[("", "1234")])));
    assert_eq!(read(b"data: 123456\ndata: 123456\n\n", 5, limits), Err(TooLong::Event(12)));
    assert_eq!(read(b"event: abcde\ndata\n\n", 5, limits), Ok(events(&[("abcd", "")])));
    // Comments between two events may come as many as they like.
    assert_eq!(read(&b":hb\n\n".repeat(100), 7, limits), Ok(events(&[])));
}

#[test]
fn a_body_in_any_framing_and_its_end() {
    const TEXT: &str = "data: a\n\n:\n\ndata: b\n\n";
    let chunks: String = TEXT.as_bytes().chunks(4).fold(String::new(), |all, chunk| {
        let chunk = std::str::from_utf8(chunk).expect("ASCII");
        format!("{all}{:x}\r\n{chunk}\r\n", chunk.len())
    });
    let framings = [
        (Framing::Chunked, format!("{chunks}0\r\n\r\n"), true),
        (Framing::Chunked, chunks, false),
        (Framing::Length(TEXT.len() as u64), TEXT.to_owned(), true),
        (Framing::Close, TEXT.to_owned(), false),
    ];
    for (framing, bytes, ends) in framings {
        for cut in 1..=bytes.len() {
            let mut client = Client::new(Body::new(framing), LIMITS);
            let (mut seen, mut ended) = (Vec::new(), false);
            for piece in bytes.as_bytes().chunks(cut) {
                let mut at = 0;
                while let (used, Some(event)) = client.feed(&piece[at..]).expect("right") {
                    at += used;
                    if event == Event::Ended {
                        ended = true;
                        break;
                    }
                    seen.push(client.data().to_vec());
                }
            }
            assert_eq!((seen, ended), (vec![b"a".to_vec(), b"b".to_vec()], ends), "{framing:?} by {cut}");
        }
    }
    let mut broken = Client::new(Body::new(Framing::Chunked), LIMITS);
    assert_eq!(broken.feed(b"7\r\ndata: a\n\n"), Err(Violation::Body(Malformed::ChunkEnd)));
}

/// Pieces of streams: what lines are made of, and bytes that mean nothing.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        "data", "event", "id", "retry", ":", ": ", " ", "x", "\n", "\r", "\r\n", "\n\n", "\u{feff}", "é", "datas", "\0",
    ]);
    let pieces =
        prop_oneof![8 => words.prop_map(|word| word.as_bytes().to_vec()), 1 => any::<u8>().prop_map(|b| vec![b])];
    prop::collection::vec(pieces, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_cut_gives_the_events_that_the_standard_says(bytes in stream(), cut in 1usize..20) {
        prop_assert_eq!(read(&bytes, cut, LIMITS), Ok(naive(&bytes)));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in stream(), cut in 1usize..20, event in 0u64..30, kept in 0usize..30) {
        let limits = Limits { event, kept };
        if let Ok(all) = read(&bytes, cut, limits) {
            for (name, data) in all {
                // Where half a character is kept, its mark takes more bytes than it.
                prop_assert!(name.chars().count() <= kept && data.chars().count() <= kept);
            }
        }
    }
}
