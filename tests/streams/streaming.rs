//! A `stream`: inputs at a rate, and the frames that answer them.

use std::io::{ErrorKind, Read as _, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tungstenite::Message;

use crate::peer::{Peer, measure, right, streams, wrong};
use crate::rig::{run, scenario};

/// What the server takes to answer an input.
const DELAY: Duration = Duration::from_millis(40);

/// A frame: its own number, the number of the newest input that it answers, and what is to be seen.
fn frame(number: u64, input: u64) -> Message {
    Message::binary([&number.to_be_bytes()[..], &input.to_be_bytes(), &[7; 100]].concat())
}

#[test]
fn inputs_keep_their_rate_under_compression_and_each_counts_from_its_due() {
    let peer = Peer::start(|socket| {
        let mut frames = 0;
        while let Ok(Message::Binary(input)) = socket.read() {
            std::thread::sleep(DELAY);
            frames += 1;
            let input = u64::from_be_bytes(input[..8].try_into().unwrap());
            if socket.send(frame(frames, input)).is_err() {
                return;
            }
        }
    });
    let steps = "[{ ws: /, name: live, then: [{ stream: { for: 20s, send: { rate: 10/s, binary: 8 }, answers: { u64: 8 } } }] }]";
    let done = run(&scenario(&peer.url(), 2, 10, "session", steps, ""), &["--compress", "10"]);
    // 20 s of the day are 2 s, in which ten a second are twenty.
    assert_eq!((streams(&done, "messages_sent"), right(&done, "input_to_frame")), (40, 40), "{:?}", done.failures());
    let min = measure(&done, "input_to_frame")["value"]["min"].as_f64().unwrap();
    assert!(min >= DELAY.as_micros() as f64 * 0.999, "{min} µs: no answer is faster than the server");
    // Every frame ends a gap, but for those that only came while the last inputs were waited for.
    assert!((2..=42).contains(&right(&done, "frame_gap")), "{}", measure(&done, "frame_gap"));
}

#[test]
fn one_frame_answers_every_input_up_to_its_number_and_none_that_was_never_sent() {
    let peer = Peer::start(|socket| {
        for n in 1.. {
            let Ok(Message::Text(text)) = socket.read() else { return };
            assert_eq!(text.as_str(), format!("{{\"input\":{n}}}"));
            // A number from nowhere answers nothing; every fifth input answers those before it too.
            let answered = if n % 5 == 0 { n } else { 1_000_000 };
            socket.send(Message::text(format!("{{\"answers\":{answered}}}"))).unwrap();
        }
    });
    let steps = r#"[{ ws: /, name: live, then: [{ stream: { for: 2s, answers: { json: $.answers },
        send: { rate: 20/s, json: { input: "{{input | number}}" } } } }] }]"#;
    let done = run(&scenario(&peer.url(), 1, 1, "session", steps, ""), &[]);
    assert_eq!((right(&done, "input_to_frame"), streams(&done, "lost")), (40, 0), "{:?}", done.failures());
    // The first of five waits for the fifth, four twentieths of a second later, if the machine did not lag.
    let max = measure(&done, "input_to_frame")["value"]["max"].as_f64().unwrap();
    assert!(max >= 199_000.0, "{max} µs");
}

#[test]
fn inputs_that_nobody_answers_fail_and_a_server_that_falls_silent_has_one_long_gap() {
    let peer = Peer::start(|socket| {
        for n in 0..3 {
            let _ = socket.read();
            socket.send(frame(n, 0)).unwrap();
        }
    });
    let steps = "[{ ws: /, name: live, timeout: 300ms, then: [{ stream: { for: 1500ms, stall_over: 700ms,
        send: { rate: 20/s, binary: 16 }, answers: { u64: 8 } } }] }]";
    let done = run(&scenario(&peer.url(), 1, 1, "session", steps, ""), &[]);
    assert_eq!((right(&done, "input_to_frame"), wrong(&done, "input_to_frame", "failed.timeout")), (0, 30));
    // Three frames, and the time behind the last.
    assert!(right(&done, "frame_gap") >= 3 && streams(&done, "stalls") >= 1, "{}", measure(&done, "frame_gap"));
    assert_eq!(streams(&done, "lost"), 0);
    let max = measure(&done, "frame_gap")["value"]["max"].as_f64().unwrap();
    assert!(max > 700_000.0, "the gap at the end counts as far as it was seen: {max} µs");
}

#[test]
fn objectives_are_about_frames_and_inputs() {
    let steps = "[{ ws: /, name: live, then: [{ stream: { for: 3s, send: { rate: 20/s, binary: 16 }, answers: { u64: 8 } } }] }]";
    for (limit, code) in [("10s", 0), ("1ms", 1)] {
        let peer = Peer::start(|socket| {
            while let Ok(Message::Binary(input)) = socket.read() {
                let input = u64::from_be_bytes(input[..8].try_into().unwrap());
                std::thread::sleep(Duration::from_millis(20));
                if socket.send(frame(0, input)).is_err() {
                    return;
                }
            }
        });
        let slo = format!("slo: {{ users.live: [\"input_to_frame p90 < {limit}\", \"frame_gap p90 < 10s\"] }}");
        let done = run(&scenario(&peer.url(), 2, 1, "session", steps, &slo), &[]);
        assert_eq!(done.code, code, "{}", done.summary["reasons"]);
    }
}

/// A stream that is read without a pause sends its inputs all the same, each when it is due: had they waited for the
/// end, the server would have sent all it could by the second.
#[test]
fn inputs_go_out_while_the_other_side_never_stops_sending() {
    let sent_before = Arc::<Mutex<Vec<usize>>>::default();
    let seen = Arc::clone(&sent_before);
    let peer = Peer::start(move |socket| {
        // A binary message that has no end in sight.
        let stream = socket.get_mut();
        let _ = stream.write_all(&[0x82, 127, 0, 0, 0, 0x80, 0, 0, 0, 0]);
        stream.set_nonblocking(true).unwrap();
        let (piece, mut sent) = (vec![0; 140_000], 0);
        loop {
            match stream.write(&piece) {
                Ok(n) => sent += n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::yield_now(),
                Err(_) => return,
            }
            match stream.read(&mut [0; 1 << 10]) {
                Ok(0) => return,
                Ok(_) => seen.lock().unwrap().push(sent),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    });
    let steps = "[{ ws: /, then: [{ stream: { for: 2s, send: { rate: 20/s, binary: 8 } } }] }]";
    let limits = "limits: { max_body: 1024GiB }";
    let done = run(&scenario(&peer.url(), 1, 1, "session", steps, limits), &[]);
    let reads = sent_before.lock().unwrap().len();
    assert!(reads >= 20, "40 inputs came in {reads} reads: {:?}", done.failures());
}
