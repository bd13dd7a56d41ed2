//! Windows, streams at once, floods: what the two sides let each other do.

use crate::rig::{Done, quick, run, scenario};
use crate::server::*;

fn load(server: &Server, more: &[&str]) -> Done {
    quick(&server.url(), &[&["--http2", "-c", "1", "--lanes", "1"], more].concat())
}

#[test]
fn no_more_requests_are_open_than_the_server_takes() {
    let server = Server::with_settings(&setting(3, 1), |peer| {
        // Those that were sent before the settings came are refused; of the others two are never open at once.
        let mut confirmed = false;
        while let Some(frame) = peer.next() {
            confirmed |= frame.kind == SETTINGS && frame.flags == ACK;
            if frame.kind == HEADERS && !confirmed {
                peer.write(&frame_reset(frame.stream));
            } else if frame.kind == HEADERS {
                assert!(peer.is_silent(), "a second request at once");
                peer.write(&answer(frame.stream, b""));
            }
        }
    });
    let done = load(&server, &["-p", "16", "-n", "40"]);
    assert_eq!(done.completed(), 40, "{}", done.detail());
}

fn frame_reset(stream: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &7u32.to_be_bytes())
}

#[test]
fn a_body_waits_for_the_windows_of_its_stream_and_of_the_connection() {
    // Ten bytes a stream at first, 7,000 at a time after; the connection's own 65,535 are used up by the third body.
    let server = Server::with_settings(&setting(4, 10), |peer| {
        // Before our settings are confirmed, its own 65,535 hold for each stream too.
        let (mut initial, mut stream_window, mut window, mut body) = (65_535i64, 65_535i64, 65_535i64, 0);
        while let Some(got) = peer.next() {
            if got.kind == SETTINGS && got.flags == ACK {
                stream_window += 10 - initial;
                initial = 10;
            }
            if got.kind != DATA {
                continue;
            }
            stream_window -= got.payload.len() as i64;
            window -= got.payload.len() as i64;
            body += got.payload.len();
            assert!(stream_window >= 0 && window >= 0, "more than was allowed");
            if got.flags & END_STREAM != 0 {
                assert_eq!(body, 30_000);
                peer.write(&answer(got.stream, b""));
                (stream_window, body) = (initial, 0);
            } else if stream_window == 0 {
                stream_window += 7_000;
                peer.write(&frame(WINDOW_UPDATE, 0, got.stream, &7_000u32.to_be_bytes()));
            }
            if window < 7_000 {
                window += 20_000;
                peer.write(&frame(WINDOW_UPDATE, 0, 0, &20_000u32.to_be_bytes()));
            }
        }
    });
    let done = load(&server, &["-n", "4", "--body", &"x".repeat(30_000)]);
    assert_eq!(done.completed(), 4, "{}", done.detail());
}

#[test]
fn an_answer_before_the_whole_body_was_sent_is_right_and_the_rest_is_not_sent() {
    let server = Server::with_settings(&setting(4, 10), |peer| {
        while let Some(stream) = peer.request() {
            peer.write(&answer(stream, b""));
        }
    });
    let done = load(&server, &["-n", "5", "--body", &"x".repeat(1000)]);
    assert_eq!(done.completed(), 5, "{}", done.detail());
    // The first may have been on its way before the settings came; the last may end with the run.
    assert!(server.seen_at_least(RST_STREAM, 3).len() <= 5);
    assert!(server.seen(DATA).iter().map(|(_, frame)| frame.payload.len()).sum::<usize>() <= 1040);
}

#[test]
fn pings_and_settings_are_answered() {
    let server = Server::start(|peer| {
        let stream = peer.request().unwrap();
        for i in 0..100 {
            peer.write(&frame(PING, 0, 0, &[i; 8]));
            peer.write(&frame(SETTINGS, 0, 0, &setting(3, u32::from(i) + 1)));
        }
        let mut acks = 0;
        while acks < 200 {
            let frame = peer.next().unwrap();
            acks += usize::from(matches!(frame.kind, PING | SETTINGS) && frame.flags == ACK);
        }
        peer.write(&answer(stream, b""));
        peer.drain();
    });
    let done = load(&server, &["-n", "1"]);
    assert_eq!(done.completed(), 1, "{}", done.detail());
}

#[test]
fn a_server_that_never_reads_the_answers_to_its_pings_is_given_up() {
    let server = Server::start(|peer| {
        let _ = peer.request();
        let pings = frame(PING, 0, 0, &[1; 8]).repeat(1000);
        // Far more than the sockets' buffers hold; ends when the client closes.
        for _ in 0..20_000 {
            peer.write(&pings);
        }
    });
    let done = load(&server, &["-n", "1", "--timeout", "60s"]);
    assert_eq!(done.reason("failed.bad_bytes"), 1, "{}", done.summary["requests"]);
    assert!(done.detail().contains("pings"), "{}", done.detail());
}

#[test]
fn a_small_block_that_unfolds_into_a_large_one_is_refused() {
    let server = Server::start(|peer| {
        let _ = peer.request();
        // A field of 4 KB put into the table, and named 10,000 times.
        let mut block = vec![0x88, 0x40, 1, b'a', 0x7f, 0x80, 0x1e];
        block.extend(vec![b'x'; 127 + 0x1e * 128]);
        block.extend(vec![0xbe; 10_000]);
        peer.write(&frame(HEADERS, END_HEADERS, 1, &block));
        peer.drain();
    });
    let done = load(&server, &["-n", "1"]);
    assert_eq!(done.reason("failed.bad_bytes"), 1);
    assert!(done.detail().contains("unfolds"), "{}", done.detail());
}

#[test]
fn large_bodies_pass_the_windows() {
    let server = Server::start(|peer| {
        while let Some(stream) = peer.request() {
            peer.write(&frame(HEADERS, END_HEADERS, stream, OK));
            let piece = frame(DATA, 0, stream, &[b'x'; 16_384]);
            for _ in 0..200 {
                peer.write(&piece);
            }
            peer.write(&frame(DATA, END_STREAM, stream, b""));
        }
    });
    let done = load(&server, &["-n", "3"]);
    assert_eq!(done.completed(), 3, "{}", done.detail());
    assert!(done.count("/bytes/received") > 3 * 200 * 16_384);
}

/// A session's own connection, too, is asked only while the server takes requests.
#[test]
fn a_session_waits_while_the_server_takes_none() {
    let server = Server::start(|peer| {
        let Some(first) = peer.request() else { return };
        peer.write(&[frame(SETTINGS, 0, 0, &setting(3, 0)), answer(first, b"")].concat());
        assert!(
            (0..20).all(|_| peer.is_silent() || peer.next().is_some_and(|frame| frame.kind != HEADERS)),
            "asked while it takes none"
        );
        peer.write(&frame(SETTINGS, 0, 0, &setting(3, 1)));
        while let Some(stream) = peer.request() {
            peer.write(&answer(stream, b""));
        }
    });
    let steps = "[{ get: /a }, { get: /b }, { get: /c }]";
    let done = run(&scenario(&server.target(32), 2, 1, "session", steps, ""), &[]);
    assert_eq!((done.completed(), done.count("/connections/opened")), (6, 2), "{}", done.detail());
}
