//! How long sessions are without a stream that they lost: the measure `reconnect`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tungstenite::Message;

use crate::peer::{Peer, measure, right, streams, wrong};
use crate::rig::{Done, run, scenario};

/// What a session waits before it connects again, in ms.
const PAUSE_MS: u64 = 300;

/// A server that drops so many streams after a message; the others stay.
fn drops(streams: usize) -> Peer {
    let opened = AtomicUsize::new(0);
    Peer::start(move |socket| {
        socket.send(Message::text("welcome")).unwrap();
        if opened.fetch_add(1, Ordering::SeqCst) < streams {
            socket.get_mut().shutdown(std::net::Shutdown::Both).unwrap();
        }
    })
}

/// A session that is on a stream for a while, and connects again after a pause for as long as that is lost.
fn again(peer: &Peer, slo: &str) -> Done {
    let live = "{ ws: /, name: live, ended: link, then: [{ stream: { for: 100ms } }] }";
    let again =
        format!("{{ while: {{ value: link, is: lost, at_most: 9, steps: [{{ think: {PAUSE_MS}ms }}, {live}] }} }}");
    run(&scenario(&peer.url(), 1, 1, "session", &format!("[{live}, {again}]"), slo), &[])
}

#[test]
fn it_is_timed_from_the_loss_to_the_next_stream() {
    let done = again(&drops(2), "");
    assert_eq!((streams(&done, "opened"), streams(&done, "lost")), (3, 2), "{:?}", done.failures());
    assert_eq!(right(&done, "reconnect"), 2);
    let min = measure(&done, "reconnect")["value"]["min"].as_f64().unwrap() / 1e3;
    // A thousandth is the histogram's.
    assert!(min >= PAUSE_MS as f64 * 0.999, "{min} ms: the pause is within");
}

#[test]
fn an_objective_may_be_about_it() {
    // Six samples are the fewest that can prove a median.
    for (limit, code, verdict) in [("20s", 0, "READY"), ("200ms", 1, "NOT READY")] {
        let done = again(&drops(6), &format!("slo: {{ users.live: [\"reconnect p50 < {limit}\"] }}"));
        assert_eq!((done.code, done.summary["verdict"].as_str()), (code, Some(verdict)), "{}", done.summary["reasons"]);
    }
}

#[test]
fn where_nothing_was_lost_nothing_is_proven() {
    let done = again(&drops(0), "slo: { users.live: [\"reconnect p50 < 20s\"] }");
    let reason = &done.summary["reasons"][0];
    assert_eq!((done.code, reason["code"].as_str()), (3, Some("no_data")), "{}", done.summary["reasons"]);
    assert_eq!(reason["cause"], "no stream was lost in this run");
}

#[test]
fn a_stream_that_is_not_opened_again_is_not_right() {
    let peer = drops(9);
    // The second stream has another name: it is not the one that was lost.
    let steps = "[{ ws: /, name: live, then: [{ stream: { for: 9s } }] }, { ws: /, name: other, then: [{ stream: { for: 9s } }] }]";
    let done = run(&scenario(&peer.url(), 2, 1, "session", steps, ""), &[]);
    assert_eq!((right(&done, "reconnect"), wrong(&done, "reconnect", "failed.reset")), (0, 2), "{:?}", done.failures());
    assert_eq!(streams(&done, "lost"), 4);
}

#[test]
fn a_run_that_ends_first_leaves_it_unfinished() {
    let live = "{ ws: /, name: live, then: [{ stream: { for: 100ms } }] }";
    let steps = format!("[{live}, {{ think: 30s }}, {live}]");
    let running = crate::rig::start_run(&scenario(&drops(9).url(), 1, 1, "session", &steps, ""), &[]);
    running.wait_for_seconds(2);
    std::thread::sleep(Duration::from_millis(500));
    running.signal(rustix::process::Signal::INT);
    let done = running.wait();
    assert_eq!((done.code, wrong(&done, "reconnect", "unfinished.stopped")), (130, 1), "{}", done.said);
}
