//! The reader of answers: pieces give what the whole gives, an answer ends at its last byte and not before, and what
//! is kept of it is bounded.

use scrutinio::wire::h1::{Answer, Fed, Finished, HeadMemo, Malformed, Want};

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

/// What became of an input.
#[derive(Debug, PartialEq)]
enum Seen {
    /// Whole after so many bytes.
    Whole { used: usize, finished: Finished, body: Vec<u8>, head: Vec<u8> },
    /// All taken. `ends`: the end of the connection makes it whole.
    More { status: u16, body_len: u64, ends: bool },
    /// Not an answer. `status` is that of the final head, 0 before it.
    Wrong { why: Malformed, status: u16 },
}

/// Reads the input as the answer to a GET and to a HEAD: whole, in single bytes and in pieces.
pub fn target(data: &[u8]) {
    for want in [WANT, Want { to_head: true, ..WANT }] {
        let whole = read(data, want, data.len().max(1));
        for cut in [1, 2 + data.len() % 13] {
            let pieces = read(data, want, cut);
            // What is wrong within a line of the head may show only at its end.
            let late = matches!((&whole, &pieces), (Seen::Wrong { status: 0, .. }, Seen::More { status: 0, .. }))
                || matches!((&whole, &pieces), (Seen::Wrong { status: 0, .. }, Seen::Wrong { status: 0, .. }));
            assert!(late || whole == pieces, "whole {whole:?}\nin pieces of {cut} {pieces:?}");
        }
        if let Seen::Whole { used, finished, body, head } = whole {
            assert!(used <= data.len() && head.len() <= WANT.head_max && finished.body_len <= WANT.body_max);
            assert_eq!(body.len() as u64, finished.body_len.min(200));
            assert!((200..=999).contains(&finished.status));
            let shorter = read(&data[..used - 1], want, used);
            assert!(matches!(shorter, Seen::More { ends: false, .. }), "whole a byte too early: {shorter:?}");
        }
    }
}

fn read(data: &[u8], want: Want, cut: usize) -> Seen {
    let (mut answer, mut used, mut heads) = (Answer::new(want), 0, HeadMemo::default());
    for piece in data.chunks(cut) {
        match answer.feed(piece, &mut heads) {
            Ok(Fed::More) => used += piece.len(),
            Ok(Fed::Whole(n)) => {
                let (body, head) = (answer.body().0.to_vec(), answer.head().to_vec());
                return Seen::Whole { used: used + n, finished: answer.finished(), body, head };
            }
            Err(why) => return Seen::Wrong { why, status: answer.status() },
        }
    }
    let (status, body_len, ends) = (answer.status(), answer.finished().body_len, answer.end());
    assert!(!(ends && answer.finished().keep_alive), "what only the end of the connection ends leaves none to keep");
    Seen::More { status, body_len, ends }
}
