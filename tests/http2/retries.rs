//! Requests tried again over HTTP/2: each try on a stream of its own, of a connection that goes on.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::rig::{Done, run, scenario};
use crate::server::*;

/// What the server does about a request.
#[derive(Clone)]
enum Act {
    /// A right answer.
    Answer,
    /// 503 with a Retry-After of so many seconds, and a body.
    Busy(u32),
    /// RST_STREAM with this code, unread.
    Reset(u32),
    /// RST_STREAM with this code, after a head.
    ResetBehindHead(u32),
    /// RST_STREAM with this code, after a head and a part of the body.
    ResetInBody(u32),
    /// Nothing.
    Silence,
}

const INTERNAL_ERROR: u32 = 2;
const REFUSED_STREAM: u32 = 7;
const CANCEL: u32 = 8;

/// A server that does these things to the requests of each connection, in turn, and then answers; and when they came.
fn acting(acts: &'static [Act]) -> (Server, Arc<Mutex<Vec<Instant>>>) {
    let came = Arc::<Mutex<Vec<Instant>>>::default();
    let shared = Arc::clone(&came);
    let server = Server::start(move |peer| {
        for act in acts.iter().chain(std::iter::repeat(&Act::Answer)) {
            let Some(stream) = peer.request() else { return };
            shared.lock().unwrap().push(Instant::now());
            let head = frame(HEADERS, END_HEADERS, stream, OK);
            let reset = |code: u32| frame(RST_STREAM, 0, stream, &code.to_be_bytes());
            peer.write(&match *act {
                Act::Answer => answer(stream, b"fine"),
                Act::Busy(seconds) => busy(stream, seconds),
                Act::Reset(code) => reset(code),
                Act::ResetBehindHead(code) => [head, reset(code)].concat(),
                Act::ResetInBody(code) => [head, frame(DATA, 0, stream, b"half"), reset(code)].concat(),
                Act::Silence => Vec::new(),
            });
        }
    });
    (server, came)
}

fn busy(stream: u32, seconds: u32) -> Vec<u8> {
    let block = [field(":status", "503"), field("retry-after", &seconds.to_string())].concat();
    [frame(HEADERS, END_HEADERS, stream, &block), frame(DATA, END_STREAM, stream, b"busy")].concat()
}

/// One session with one request, tried again as `retry` says.
fn one(server: &Server, timeout: &str, retry: &str) -> Done {
    let steps = format!("[{{ get: /, timeout: {timeout}, retry: {retry} }}]");
    run(&scenario(&server.target(10), 1, 1, "session", &steps, ""), &[])
}

fn counts(done: &Done) -> [u64; 4] {
    ["/requests/completed", "/exchanges", "/retries/retries", "/connections/opened"].map(|it| done.count(it))
}

#[test]
fn a_busy_answer_is_asked_again_on_the_same_connection_when_its_retry_after_is_over() {
    let (server, came) = acting(&[Act::Busy(1), Act::Busy(3_600)]);
    let done = one(&server, "60s", "{ on: [503], times: 2, backoff: 1ms, respect_retry_after: 1500ms }");
    assert_eq!(counts(&done), [1, 3, 2, 1], "{}", done.detail());
    let came = came.lock().unwrap();
    assert!(came[1] - came[0] >= Duration::from_secs(1), "as the server asked");
    assert!(came[2] - came[1] >= Duration::from_millis(1_500), "no longer than the bound");
    assert!(done.count("/latency_us/response/min") >= 2_500_000);
}

#[test]
fn a_stream_that_is_reset_is_tried_again_on_the_same_connection() {
    for act in [
        &[Act::Reset(INTERNAL_ERROR)],
        &[Act::Reset(CANCEL)],
        &[Act::ResetBehindHead(INTERNAL_ERROR)],
        &[Act::ResetBehindHead(REFUSED_STREAM)],
        &[Act::ResetInBody(INTERNAL_ERROR)],
        &[Act::ResetInBody(0)],
    ] {
        let (server, _) = acting(act);
        let done = one(&server, "60s", "{ on: [reset], times: 1, backoff: 1ms }");
        assert_eq!(counts(&done), [1, 2, 1, 1], "{}", done.detail());
        assert_eq!(done.count("/populations/users/by_status/200"), 1);
        let (server, _) = acting(act);
        let done = one(&server, "60s", "{ on: [503], times: 1, backoff: 1ms }");
        assert_eq!((counts(&done), done.reason("failed.reset")), ([0, 1, 0, 1], 1), "{}", done.detail());
    }
}

#[test]
fn a_refused_stream_is_no_retry_until_it_is_refused_too_often() {
    static REFUSED: [Act; 6] = [const { Act::Reset(REFUSED_STREAM) }; 6];
    let (server, _) = acting(&REFUSED[..3]);
    let done = one(&server, "60s", "{ on: [reset], times: 1, backoff: 1ms }");
    assert_eq!(counts(&done), [1, 4, 0, 1], "{}", done.detail());
    // Four times is once too often: then it is the policy that tries again, and each try may be refused anew.
    let (server, _) = acting(&REFUSED);
    let done = one(&server, "60s", "{ on: [reset], times: 1, backoff: 1ms }");
    assert_eq!(counts(&done), [1, 7, 1, 1], "{}", done.detail());
    assert_eq!(done.count("/connections/streams_refused"), 6);
}

#[test]
fn a_post_that_timed_out_is_tried_again_on_the_same_connection() {
    let (server, _) = acting(&[Act::Silence]);
    let steps =
        "[{ post: /, text: body, timeout: 300ms, retry: { on: [timeout], times: 1, backoff: 1ms } }, { get: / }]";
    let done = run(&scenario(&server.target(10), 1, 1, "session", steps, ""), &[]);
    assert_eq!(counts(&done), [2, 3, 1, 1], "{}", done.detail());
    assert_eq!(server.seen_at_least(RST_STREAM, 1)[0].1.stream, 1, "the first try was cancelled");
}
