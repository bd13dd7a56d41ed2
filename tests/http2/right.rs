//! Right answers: over both servers, in all shapes that HTTP/2 allows.

use std::collections::HashSet;

use crate::rig::{Target, quick, run, scenario, side_by_side};
use crate::server::*;

#[test]
fn the_embedded_target_is_asked_exactly_what_was_planned() {
    for (args, requests, connections) in [
        (&["--http2", "-c", "4", "-p", "8", "-n", "2000"][..], 2000, 4),
        (&["--http2", "-c", "3", "-p", "2", "-n", "601", "--lanes", "2"], 601, 3),
        (&["--http2", "-c", "2", "-p", "10", "-n", "500", "--rate", "2000"], 500, 2),
        (&["--http2", "-c", "5", "-n", "50", "--disable-keepalive"], 50, 50),
        (&["--http2", "-c", "2", "-p", "4", "-n", "100", "--body", "some text", "-m", "post"], 100, 2),
    ] {
        let target = Target::start(&[]);
        let done = quick(&target.url(), args);
        let planned = done.count("/requests/planned");
        assert_eq!((done.completed(), planned), (requests, requests), "{args:?}: {}", done.detail());
        assert_eq!(done.count("/connections/opened"), connections, "{args:?}");
        assert_eq!(target.stop().len() as u64, planned, "{args:?}");
    }
}

#[test]
fn streams_share_a_connection_and_each_gets_its_own_answer() {
    // Answers all requests of a connection at once, the last first.
    let server = Server::start(|peer| {
        loop {
            let mut streams = Vec::new();
            while streams.len() < 4 {
                let Some(stream) = peer.request() else { return };
                streams.push(stream);
            }
            let answers: Vec<u8> = streams.iter().rev().flat_map(|id| answer(*id, b"x")).collect();
            peer.write(&answers);
        }
    });
    let done = quick(&server.url(), &["--http2", "-c", "1", "-p", "4", "-n", "80"]);
    assert_eq!((done.completed(), done.count("/connections/opened")), (80, 1), "{}", done.detail());
    let ids: HashSet<(usize, u32)> = server.seen(HEADERS).iter().map(|(nth, frame)| (*nth, frame.stream)).collect();
    assert_eq!(ids.len(), 80, "each request has a stream of its own");
}

/// An answer on a stream; the second is the block of an interim head.
type Shape = fn(u32, Vec<u8>) -> Vec<u8>;

#[test]
fn an_answer_may_have_any_shape_that_http2_allows() {
    let status = |code: &str| [&[0x08, 3][..], code.as_bytes()].concat();
    let shapes: Vec<Shape> = vec![
        // The head alone.
        |id, _| frame(HEADERS, END_HEADERS | END_STREAM, id, OK),
        // A head in pieces, with padding of nothing.
        |id, _| {
            let padded = frame(HEADERS, PADDED, id, &[0]);
            let rest = [frame(CONTINUATION, 0, id, &[]), frame(CONTINUATION, END_HEADERS, id, OK)].concat();
            [padded, rest, frame(DATA, END_STREAM | PADDED, id, &[0])].concat()
        },
        // Padding, empty frames, a body in pieces, an unknown frame, a priority and a ping in between.
        |id, _| {
            let head = frame(HEADERS, END_HEADERS, id, &[OK, &field("content-length", "4")].concat());
            let odd = [frame(99, 0xff, id, b"?"), frame(2, 0, id, &[0; 5]), frame(PING, 0, 0, &[7; 8])].concat();
            let body = [frame(DATA, PADDED, id, b"\x03ab\0\0\0"), frame(DATA, 0, id, &[])].concat();
            [head, odd, body, frame(DATA, END_STREAM, id, b"cd")].concat()
        },
        // An interim answer first, trailers last.
        |id, early| {
            let trailers = frame(HEADERS, END_HEADERS | END_STREAM, id, &field("x-sum", "1"));
            [
                frame(HEADERS, END_HEADERS, id, &early),
                frame(HEADERS, END_HEADERS, id, OK),
                frame(DATA, 0, id, b"a"),
                trailers,
            ]
            .concat()
        },
    ];
    side_by_side(shapes, |shape| {
        let early = status("103");
        let server = Server::start(move |peer| {
            while let Some(stream) = peer.request() {
                peer.write(&shape(stream, early.clone()));
            }
        });
        let done = quick(&server.url(), &["--http2", "-c", "1", "-n", "3"]);
        assert_eq!((done.completed(), done.count("/connections/opened")), (3, 1), "{}", done.detail());
    });
}

#[test]
fn answers_without_a_body_may_say_a_length() {
    for (method, block) in [("HEAD", &[OK, &field("content-length", "4")].concat()), ("GET", &vec![0x89])] {
        let block = block.clone();
        let server = Server::start(move |peer| {
            while let Some(stream) = peer.request() {
                peer.write(&frame(HEADERS, END_HEADERS | END_STREAM, stream, &block));
            }
        });
        let done = quick(&server.url(), &["--http2", "-c", "1", "-n", "2", "-m", method]);
        assert_eq!(done.completed(), 2, "{}", done.detail());
    }
}

#[test]
fn a_scenario_saves_and_expects_over_http2_as_over_http1() {
    let server = Server::start(|peer| {
        while let Some(stream) = peer.request() {
            let block = [OK, &field("etag", "\"7\""), &field("content-type", "application/json")].concat();
            peer.write(&frame(HEADERS, END_HEADERS, stream, &block));
            peer.write(&frame(DATA, END_STREAM, stream, b"{\"id\": 42}"));
        }
    });
    let steps = "[{ get: /a, save: { id: json $.id, tag: etag } }, \
                  { get: '/b/{{id}}', expect: { header: { etag: '7' }, json: { $.id: '{{id}}' } } }]";
    let done = run(&scenario(&server.target(10), 5, 1, "session", steps, ""), &[]);
    assert_eq!((done.completed(), done.count("/connections/opened")), (10, 5), "{}", done.detail());
}

/// A stall of the server is in every response that it held up, over a few streams as over many connections (T2).
#[test]
fn a_stall_is_in_the_responses_of_all_that_were_due_in_it() {
    let target = Target::start(&["--stall", "1s/3s"]);
    // From the target's start on: two seconds of answers, one without; 200 requests are due a second.
    let url = target.url();
    let done = quick(&url, &["--http2", "-c", "1", "-p", "2", "--rate", "200", "--process", "even", "-n", "800"]);
    assert_eq!(done.completed(), 800, "{}", done.detail());
    // Four seconds hold a whole stall: its 200 requests waited half a second on average, an eighth of all over 500 ms.
    let p90 = done.number("/latency_us/response/p90");
    assert!(p90 >= 500_000.0, "the stall is in the ninetieth percentile: {p90} µs");
}
