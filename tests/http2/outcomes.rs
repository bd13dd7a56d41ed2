//! What ends a request that is not answered rightly, and what becomes of the others on its connection.

use crate::rig::{Done, quick, run, scenario, side_by_side};
use crate::server::*;

const HTTP2: &[&str] = &["--http2", "-c", "1", "--lanes", "1"];

fn load(server: &Server, more: &[&str]) -> Done {
    quick(&server.url(), &[HTTP2, more].concat())
}

fn goaway(last: u32) -> Vec<u8> {
    frame(GOAWAY, 0, 0, &[last.to_be_bytes(), 0u32.to_be_bytes()].concat())
}

fn reset(stream: u32, code: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &code.to_be_bytes())
}

#[test]
fn requests_above_a_goaway_are_sent_again_on_a_new_connection() {
    let server = Server::start(|peer| {
        if peer.nth > 0 {
            while let Some(stream) = peer.request() {
                peer.write(&answer(stream, b""));
            }
            return;
        }
        let streams: Vec<u32> = (0..4).map(|_| peer.request().unwrap()).collect();
        peer.write(&goaway(streams[1]));
        peer.pause();
        streams[..2].iter().for_each(|stream| peer.write(&answer(*stream, b"")));
        peer.drain();
    });
    let done = load(&server, &["-p", "4", "-n", "20", "-m", "POST"]);
    assert_eq!((done.completed(), done.count("/exchanges")), (20, 22), "{}", done.detail());
    assert_eq!((done.count("/connections/goaways"), done.count("/connections/streams_refused")), (1, 2));
    assert_eq!(done.count("/connections/opened"), 2);
}

#[test]
fn a_refused_stream_is_sent_again_and_one_refused_for_good_fails() {
    let server = Server::start(|peer| {
        while let Some(stream) = peer.request() {
            peer.write(&if stream % 4 == 1 { reset(stream, 7) } else { answer(stream, b"") });
        }
    });
    let done = load(&server, &["-n", "10", "-m", "POST"]);
    assert_eq!((done.completed(), done.count("/exchanges")), (10, 20), "{}", done.detail());
    assert_eq!(done.count("/connections/streams_refused"), 10);

    let server = Server::start(|peer| {
        while let Some(stream) = peer.request() {
            peer.write(&reset(stream, 7));
        }
    });
    let done = load(&server, &["-n", "3"]);
    assert_eq!((done.reason("failed.reset"), done.count("/exchanges")), (3, 12), "{}", done.detail());
    assert!(done.detail().contains("refused the stream 4 times"), "{}", done.detail());
}

#[test]
fn a_reset_ends_its_own_stream_alone() {
    let server = Server::start(|peer| {
        for i in 0.. {
            let Some(stream) = peer.request() else { return };
            peer.write(&match i % 3 {
                0 => answer(stream, b"x"),
                1 => reset(stream, 2),
                // After the head, with frames behind it that were on their way.
                _ => [frame(HEADERS, END_HEADERS, stream, OK), reset(stream, 8)].concat(),
            });
        }
    });
    let done = load(&server, &["-p", "3", "-n", "30"]);
    assert_eq!((done.completed(), done.reason("failed.reset")), (10, 20), "{}", done.detail());
    assert_eq!((done.count("/connections/opened"), done.count("/connections/streams_reset")), (1, 20));
    assert!(done.failures().iter().any(|f| f["detail"].as_str().unwrap().contains("INTERNAL_ERROR")));
}

#[test]
fn a_malformed_answer_ends_its_own_stream_alone() {
    let head = |block: &'static [u8]| move |id| frame(HEADERS, END_HEADERS | END_STREAM, id, block);
    let with_length = |id| frame(HEADERS, END_HEADERS, id, &[OK, &field("content-length", "4")].concat());
    type Bad = (Box<dyn Fn(u32) -> Vec<u8> + Send + Sync>, &'static str);
    let cases: Vec<Bad> = vec![
        (Box::new(head(&[])), "no `:status`"),
        (Box::new(head(&[0x88, 0x88])), "pseudo-header"),
        (Box::new(head(b"\x88\x00\x01A\x01x")), "header name"),
        (Box::new(head(b"\x88\x00\x0aconnection\x05close")), "HTTP/2 does not have"),
        (Box::new(head(b"\x88\x00\x01a\x01\x01")), "control character"),
        (Box::new(head(b"\x88\x00\x01a\x01\x7f")), "control character"),
        (
            Box::new(|id| frame(HEADERS, END_HEADERS | END_STREAM, id, &[OK, &field("a", "b").repeat(129)].concat())),
            "more than 128 header fields",
        ),
        (Box::new(head(b"\x08\x03101")), "101 was not asked for"),
        (Box::new(move |id| [with_length(id), frame(DATA, END_STREAM, id, b"abc")].concat()), "another length"),
        (Box::new(move |id| [with_length(id), frame(DATA, END_STREAM, id, b"abcde")].concat()), "another length"),
        (Box::new(|id| frame(DATA, END_STREAM, id, b"abc")), "DATA before the head"),
        (
            Box::new(|id| [frame(HEADERS, END_HEADERS, id, &[0x89]), frame(DATA, END_STREAM, id, b"x")].concat()),
            "cannot have one",
        ),
        (Box::new(|id| (0..20).flat_map(|_| frame(HEADERS, END_HEADERS, id, b"\x08\x03103")).collect()), "interim"),
    ];
    side_by_side(cases, |(bad, words)| {
        let server = Server::start(move |peer| {
            for i in 0.. {
                let Some(stream) = peer.request() else { return };
                peer.write(&if i % 2 == 0 { bad(stream) } else { answer(stream, b"") });
            }
        });
        let done = load(&server, &["-n", "4"]);
        let ended = (done.completed(), done.reason("failed.bad_bytes"), done.count("/connections/opened"));
        assert_eq!(ended, (2, 2, 1), "{words}: {}", done.detail());
        assert!(done.detail().contains(words), "{words}: {}", done.detail());
    });
}

#[test]
fn what_breaks_the_connection_ends_all_that_is_open_on_it() {
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2, 0x82]), "pushed"),
        (frame(DATA, END_STREAM, 9999, b"x"), "cannot belong"),
        (frame(HEADERS, END_HEADERS, 1, &[0xbe]), "names field 62"),
        (frame(DATA, PADDED, 1, &[9, 0]), "padding"),
        (frame(SETTINGS, 0, 0, &[0; 5]), "length is wrong"),
        (frame(SETTINGS, 0, 0, &setting(4, 0x8000_0000)), "setting"),
        (frame(WINDOW_UPDATE, 0, 0, &[0; 4]), "window update"),
        (frame(CONTINUATION, END_HEADERS, 1, OK), "header block"),
        ([frame(HEADERS, 0, 1, OK), frame(DATA, 0, 1, b"x")].concat(), "header block"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), "length is wrong"),
        ([frame(HEADERS, 0, 1, OK), frame(CONTINUATION, 0, 1, &[]).repeat(100)].concat(), "too many frames"),
        ([frame(HEADERS, 0, 1, OK), frame(CONTINUATION, 0, 1, &[0; 16_000]).repeat(10)].concat(), "header block over"),
        ([answer(1, b""), frame(DATA, END_STREAM, 1, b"more")].concat(), "after its end"),
    ];
    side_by_side(cases, |(bytes, words)| {
        let all_read = bytes.len() < 10_000;
        let server = Server::start(move |peer| {
            for _ in 0..3 {
                let _ = peer.request();
            }
            peer.write(&bytes);
            peer.drain();
        });
        let done = load(&server, &["-p", "3", "-n", "3"]);
        let answered = u64::from(words == "after its end");
        let ended = (done.completed(), done.reason("failed.bad_bytes"));
        assert_eq!(ended, (answered, 3 - answered), "{words}: {}", done.detail());
        assert!(done.detail().contains(words), "{words}: {}", done.detail());
        if all_read {
            assert_eq!(server.seen_at_least(GOAWAY, 1).len(), 1, "{words}: the server is told");
        }
    });
}

/// R8: of the requests none is open any more that could fail by it.
#[test]
fn answers_on_streams_that_are_not_open_are_counted_and_told() {
    type Stray = fn(u32) -> Vec<u8>;
    let cases: [(Stray, &str); 2] = [
        (|stream| answer(stream, b"again"), "after its end"),
        (|stream| answer(stream + 2, b"unasked"), "cannot belong"),
    ];
    side_by_side(cases, |(stray, words)| {
        let server = Server::start(move |peer| {
            while let Some(stream) = peer.request() {
                peer.write(&[answer(stream, b""), stray(stream)].concat());
            }
        });
        let done = load(&server, &["-n", "5"]);
        assert_eq!((done.completed(), done.count("/connections/unasked")), (5, 5), "{}", done.detail());
        let finding = &done.summary["findings"][0];
        let seen = finding["seen"].as_str().unwrap();
        assert_eq!(finding["code"], "unasked", "{seen}");
        assert!(seen.contains("on a stream that was not open (quick GET /)") && seen.contains(words), "{seen}");
    });
}

#[test]
fn why_a_server_goes_away_is_told_with_what_fails_by_it() {
    let server = Server::start(|peer| {
        let stream = peer.request().unwrap();
        let payload = [&stream.to_be_bytes()[..], &11u32.to_be_bytes(), b"too_many_resets\x1b["].concat();
        peer.write(&frame(GOAWAY, 0, 0, &payload));
        peer.pause();
    });
    let done = load(&server, &["-n", "1"]);
    assert_eq!(done.reason("failed.reset"), 1);
    let told = "the server went away: ENHANCE_YOUR_CALM, \"too_many_resets\\x1b[\"; ";
    assert!(done.detail().starts_with(told), "{}", done.detail());

    let server = Server::start(|peer| {
        peer.request().unwrap();
        peer.write(&frame(GOAWAY, 0, 0, &[&0u32.to_be_bytes()[..], &11u32.to_be_bytes(), b"calm down"].concat()));
        peer.drain();
    });
    let done = load(&server, &["-n", "1"]);
    let told = "the server refused the stream 4 times; the last went away: ENHANCE_YOUR_CALM, \"calm down\"";
    assert_eq!((done.reason("failed.reset"), done.detail().as_str()), (1, told));
}

#[test]
fn a_server_of_http1_is_told_as_one() {
    let server = Server::raw(|peer| {
        peer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        peer.drain();
    });
    let done = load(&server, &["-n", "1"]);
    assert_eq!(done.reason("failed.bad_bytes"), 1);
    assert!(done.detail().contains("does not speak HTTP/2"), "{}", done.detail());
}

#[test]
fn a_late_answer_is_ignored_and_never_anothers() {
    // The first request of the connection is answered only after the second, which is sent when the first has timed out;
    // with 500, so that a mix-up shows.
    let server = Server::start(|peer| {
        let first = peer.request().unwrap();
        let second = peer.request().unwrap();
        peer.write(&frame(HEADERS, END_HEADERS, first, &[0x8e]));
        peer.write(&frame(DATA, END_STREAM, first, b"late"));
        peer.write(&answer(second, b""));
        while let Some(stream) = peer.request() {
            peer.write(&answer(stream, b""));
        }
    });
    let steps = "[{ get: /, timeout: 200ms }, { get: / }, { get: / }]";
    let done = run(&scenario(&server.target(1), 1, 1, "session", steps, ""), &[]);
    assert_eq!((done.completed(), done.reason("failed.timeout")), (2, 1), "{}", done.detail());
    assert_eq!(done.count("/connections/opened"), 1, "a timeout ends the stream, not the connection");
    let cancelled = &server.seen_at_least(RST_STREAM, 1)[0].1;
    assert_eq!((cancelled.stream, &cancelled.payload[..]), (1, &8u32.to_be_bytes()[..]));
}

#[test]
fn an_end_amid_answers_resets_those_and_sends_the_others_again() {
    let server = Server::start(|peer| {
        if peer.nth > 0 {
            while let Some(stream) = peer.request() {
                peer.write(&answer(stream, b""));
            }
            return;
        }
        let first = peer.request().unwrap();
        peer.write(&answer(first, b""));
        let (second, _third) = (peer.request().unwrap(), peer.request().unwrap());
        peer.write(&frame(HEADERS, END_HEADERS, second, OK));
        peer.pause();
    });
    let done = load(&server, &["-p", "2", "-n", "6"]);
    assert_eq!((done.completed(), done.reason("failed.reset")), (5, 1), "{}", done.detail());
    assert_eq!((done.count("/connections/reconnected"), done.count("/connections/opened")), (1, 2));
}
