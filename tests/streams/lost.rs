//! Streams that end before their script does.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tungstenite::Message;
use tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};

use crate::peer::{Peer, measure, right, streams, wrong};
use crate::rig::{run, scenario, scrutinio, start_run};

const LIVE: &str = "{ ws: /, name: live, then: [{ stream: { for: 50s, send: { rate: 50/s, text: \"{{input}}\" }, answers: { json: $ } } }] }";

#[test]
fn a_connection_that_drops_fails_what_was_under_way_and_the_session_goes_on() {
    let peer = Peer::start(|socket| {
        for n in 0..5 {
            let message = socket.read().unwrap();
            assert_eq!(message.to_text().unwrap(), (n + 1).to_string());
            // The first two are answered, the others never.
            if n < 2 {
                socket.send(message).unwrap();
            }
        }
        let linger = rustix::net::sockopt::set_socket_linger(&*socket.get_mut(), Some(Duration::ZERO));
        linger.unwrap();
        // Its own half is gone, so that what reads on finds nothing.
        let _ = socket.get_mut().shutdown(std::net::Shutdown::Both);
    });
    let done = run(&scenario(&peer.url(), 2, 1, "session", &format!("[{LIVE}, {LIVE}]"), ""), &[]);
    assert_eq!((done.completed(), streams(&done, "opened"), streams(&done, "lost")), (4, 4, 4));
    assert_eq!((right(&done, "input_to_frame"), right(&done, "frame_gap")), (8, 8));
    // Three at least of each: more may have been sent before the end was seen.
    assert!(wrong(&done, "input_to_frame", "failed.reset") >= 12, "{}", measure(&done, "input_to_frame"));
    assert_eq!(wrong(&done, "frame_gap", "failed.reset"), 4);
    assert!(measure(&done, "frame_gap")["value"]["p99"].is_null(), "the gap that never ended is the longest");
}

#[test]
fn a_close_before_the_end_says_its_code_and_may_end_the_session() {
    for (policy, opened, unattempted) in [("session", 4, 0), ("session, on_failure: end", 2, 2)] {
        let peer = Peer::start(|socket| {
            let reason = CloseFrame { code: CloseCode::Error, reason: "out of frames".into() };
            socket.close(Some(reason)).unwrap();
        });
        let done = run(&scenario(&peer.url(), 2, 1, policy, &format!("[{LIVE}, {LIVE}]"), ""), &[]);
        assert_eq!((streams(&done, "opened"), streams(&done, "lost")), (opened, opened));
        assert_eq!(done.reason("failed.not_attempted"), unattempted);
        assert!(done.detail().contains("1011 (internal error)"), "{}", done.detail());
    }
}

#[test]
fn a_message_that_never_comes_is_a_timeout() {
    let peer = Peer::start(|socket| socket.send(Message::text("something else")).unwrap());
    let steps = "[{ ws: /, name: live, then: [{ receive: { text: ready, timeout: 200ms } }] }]";
    let done = run(&scenario(&peer.url(), 2, 1, "session", steps, ""), &[]);
    assert_eq!((done.completed(), streams(&done, "lost"), wrong(&done, "round_trip", "failed.timeout")), (2, 2, 2));
    assert_eq!(streams(&done, "messages_received"), 2);
}

#[test]
fn what_is_over_a_limit_or_against_the_protocol_is_bad_bytes() {
    let too_long = Peer::start(|socket| socket.send(Message::binary(vec![0; 5000])).unwrap());
    let not_text = Peer::start(|socket| {
        socket.get_mut().write_all(b"\x81\x02\xff\xfe").unwrap();
    });
    for (peer, detail, code) in [(too_long, "limit of 4096 bytes", 1009), (not_text, "not UTF-8", 1007)] {
        let steps = "[{ ws: /, name: live, then: [{ receive: 1 }] }]";
        let done = run(&scenario(&peer.url(), 1, 1, "session", steps, "limits: { max_body: 4KiB }"), &[]);
        assert_eq!((streams(&done, "lost"), wrong(&done, "round_trip", "failed.bad_bytes")), (1, 1));
        assert!(done.detail().contains(detail), "{}", done.detail());
        // The server is told before the connection ends; what it still reads may be nothing but that.
        assert!(peer.closes().is_empty() || peer.closes() == [Some(code)], "{:?}", peer.closes());
    }
}

#[test]
fn a_server_that_never_answers_the_close_is_left() {
    let peer = Peer::start(|socket| {
        while !matches!(socket.get_mut().peek(&mut [0]), Ok(0) | Err(_)) {
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    let done = run(&scenario(&peer.url(), 2, 1, "session", "[{ ws: /, name: live, then: [{ send: a }] }]", ""), &[]);
    assert_eq!((done.completed(), streams(&done, "lost")), (2, 0));
    assert_eq!(done.summary["ending"], "finished");
}

#[test]
fn a_run_that_is_stopped_leaves_unfinished_what_its_streams_wait_for() {
    let talking = Arc::new(AtomicUsize::new(0));
    let shared = Arc::clone(&talking);
    let peer = Peer::start(move |socket| {
        socket.read().unwrap();
        shared.fetch_add(1, Ordering::Relaxed);
        while socket.read().is_ok() {}
    });
    let running = start_run(&scenario(&peer.url(), 2, 1, "session", &format!("[{LIVE}, {LIVE}]"), ""), &[]);
    let begun = Instant::now();
    while talking.load(Ordering::Relaxed) < 2 {
        assert!(begun.elapsed() < Duration::from_secs(60), "no inputs come");
        std::thread::sleep(Duration::from_millis(5));
    }
    running.signal(Signal::INT);
    let done = running.wait();
    assert_eq!(done.code, 130);
    assert_eq!((done.completed(), streams(&done, "opened"), streams(&done, "lost")), (2, 2, 0));
    assert_eq!(done.reason("unfinished.not_begun"), 2);
    assert!(wrong(&done, "input_to_frame", "unfinished.stopped") > 0);
}

#[test]
fn a_session_knows_that_its_stream_was_lost_and_connects_again() {
    let connected = Arc::new(AtomicUsize::new(0));
    let peer = Peer::start(move |socket| {
        // The first two connections drop, the third stays.
        if connected.fetch_add(1, Ordering::SeqCst) < 2 {
            socket.close(None).unwrap();
        } else {
            while socket.read().is_ok() {}
        }
    });
    let live = "{ ws: /, ended: link, then: [{ stream: { for: 1s } }] }";
    let again = format!("{{ while: {{ value: link, is: lost, at_most: 9, steps: [{live}] }} }}");
    let done = run(&scenario(&peer.url(), 1, 3, "session", &format!("[{live}, {again}]"), ""), &[]);
    assert_eq!((streams(&done, "opened"), streams(&done, "lost")), (3, 2));
    assert_eq!(done.summary["requests"]["extra"]["completed"], 2, "{}", done.said);
}

#[test]
fn why_streams_were_lost_is_told_apart_from_requests_that_failed() {
    let peer = Peer::start(|socket| {
        socket.get_mut().write_all(b"\xc1\x00").unwrap();
    });
    // The same reason; and the requests' own: what speaks no WebSocket is closed without an answer.
    let leaves = Peer::start(|socket| socket.close(None).unwrap());
    let targets = format!("{{ bad: {}, leaves: {} }}", peer.url(), leaves.url());
    let steps =
        "[{ ws: bad:/a, then: [{ receive: 1 }] }, { ws: leaves:/w, then: [{ receive: 1 }] }, { get: leaves:/cut }]";
    let yaml = scenario("TARGET", 3, 1, "session", steps, "").replace("target: TARGET", &format!("targets: {targets}"));
    let done = run(&yaml, &[]);
    assert_eq!((done.completed(), done.reason("failed.reset"), streams(&done, "lost")), (6, 3, 6), "{}", done.said);
    let [failed] = &done.summary["failures"].as_array().unwrap()[..] else { panic!("{}", done.summary["failures"]) };
    assert_eq!((&failed["reason"], &failed["count"]), (&"failed.reset".into(), &3.into()));
    assert_eq!(failed["sample"]["step"], "GET leaves:/cut", "{failed}");
    let [reset, bad] = &done.summary["lost_streams"].as_array().unwrap()[..] else {
        panic!("{}", done.summary["lost_streams"])
    };
    assert_eq!((&reset["reason"], &reset["count"]), (&"lost.reset".into(), &3.into()));
    assert_eq!((&bad["reason"], &bad["count"]), (&"lost.bad_bytes".into(), &3.into()));
    assert!(bad["sample"]["detail"].as_str().unwrap().contains("reserved bit"), "{bad}");
    assert_eq!((&bad["sample"]["class"], &bad["sample"]["path"]), (&"lost".into(), &"/a".into()));
    let page = scrutinio().arg("report").arg(&done.folder).output().unwrap();
    let page = String::from_utf8(page.stdout).unwrap();
    let lost = &page[page.find("\nlost streams\n").unwrap_or_else(|| panic!("{page}"))..];
    let lost = lost.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(lost.contains("3 lost.bad_bytes · users.WS bad:/a · a frame has a reserved bit set"), "{page}");
    let not_right = &page[page.find("\nnot right\n").unwrap()..page.find("\nlost streams\n").unwrap()];
    assert!(not_right.contains("users.GET leaves:/cut · ") && !not_right.contains("/w"), "{page}");
}
