//! A connection of HTTP/2: pieces give what the whole gives, each request ends once at most, what is kept and what is
//! written back is bounded.

use std::collections::BTreeMap;

use scrutinio::wire::h1::Want;
use scrutinio::wire::h2::{Client, Ending, Event};

/// Small limits, so that inputs reach them.
const WANT: Want = Want {
    to_head: false,
    opens: None,
    head: true,
    cookies: true,
    body: Some(200),
    head_max: 1 << 10,
    body_max: 1 << 11,
};
/// The requests that the input is an answer to; the last one's body is more than the server's first window.
const REQUESTS: u32 = 3;

/// What became of an input.
#[derive(Debug, PartialEq)]
struct Seen {
    /// How each request ended, by its key: its status and body, or why it has none.
    ends: BTreeMap<u32, Result<(u16, Vec<u8>), Ending>>,
    gone: bool,
    /// Whether the connection is lost; why depends on what is still known of a stream that has ended.
    violated: bool,
}

/// Feeds the input to a connection with three open requests: whole, in single bytes and in pieces.
pub fn target(data: &[u8]) {
    let whole = read(data, data.len().max(1));
    for cut in [1, 2 + data.len() % 13] {
        assert_eq!(whole, read(data, cut), "whole, and in pieces of {cut}: {data:x?}");
    }
}

fn read(data: &[u8], cut: usize) -> Seen {
    let mut client = Client::new(false, 10, WANT.head_max);
    for key in 0..REQUESTS {
        let method = ["GET", "HEAD", "POST"][key as usize];
        let body = if key == 2 { vec![b'x'; 66_000] } else { Vec::new() };
        let head = format!("{method} / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len());
        let request = [head.as_bytes(), &body].concat();
        client.request(&request, Want { to_head: key == 1, ..WANT }, key);
    }
    let before = client.output().len();
    let mut seen = Seen { ends: BTreeMap::new(), gone: false, violated: false };
    let mut events = Vec::new();
    for piece in data.chunks(cut) {
        let fed = client.feed(piece, &mut events);
        for event in events.drain(..) {
            take(event, &mut client, &mut seen);
        }
        // What is written back: our bodies as the windows open, and little for each frame that came.
        let most = before + 70_000 + 8 * data.len();
        assert!(client.output().len() <= most, "{} bytes to write", client.output().len());
        if fed.is_err() {
            seen.violated = true;
            break;
        }
    }
    assert!(client.open() + seen.ends.len() >= REQUESTS as usize);
    seen
}

fn take(event: Event, client: &mut Client, seen: &mut Seen) {
    let (key, stream, end) = match event {
        Event::Begun { key } => return assert!(!seen.ends.contains_key(&key), "begun after its end"),
        Event::GoneAway => return seen.gone = true,
        Event::Answered { key, stream } => (key, stream, None),
        Event::Ended { key, stream, why } => (key, stream, Some(why)),
    };
    let (answer, _) = client.finish(stream).expect("an ended request is there to be fetched");
    let (finished, body) = (answer.finished(), answer.body().0.to_vec());
    assert!(answer.head().len() <= WANT.head_max && body.len() <= 200);
    let end = end.map_or_else(
        || {
            assert!((200..=999).contains(&finished.status) && finished.body_len <= WANT.body_max);
            Ok((finished.status, body))
        },
        Err,
    );
    client.recycle(stream, answer);
    assert_eq!(seen.ends.insert(key, end), None, "a request ended twice");
}
