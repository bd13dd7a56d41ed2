//! A desktop's stream: frames that answer inputs, and every way in which it ends.

use super::client::{Browser, End, Server, Stream, quick, serve};
use scrutinio::target::remote::RemoteOptions;
use scrutinio::unit::Span;
use serde_json::Value;

fn desktop(server: &Server, uid: &str) -> (Browser, String) {
    let mut browser = Browser::new(server);
    browser.log_on(uid);
    let id = format!("{uid}-1");
    assert_eq!(browser.post(&format!("/api/desktops/{id}/start")).status, 200);
    (browser, id)
}

#[test]
fn frames_answer_inputs_and_the_log_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let server = serve(quick(), Some(path.clone()));
    for (uid, opcode) in [("e051", 1), ("e001", 2)] {
        let (mut browser, id) = desktop(&server, uid);
        let mut stream = Stream::open(&server, &mut browser, &id);
        let first = stream.next().unwrap();
        assert_eq!((first.frame, first.input), (1, 0));
        let mut seen = vec![first];
        for number in [7, 8] {
            match opcode {
                1 => stream.input(number),
                _ => stream.send(2, &number.to_be_bytes()),
            }
            while seen.last().unwrap().input < number {
                seen.push(stream.next().unwrap());
            }
        }
        assert!(seen.iter().zip(1..).all(|(frame, n)| frame.frame == n), "{seen:?}");
        assert!(seen.is_sorted_by_key(|frame| frame.input) && seen.iter().all(|frame| frame.bytes >= 5000), "{seen:?}");
        drop(stream);
        browser.wait_for(&id, "disconnected");
    }
    drop(server);
    let lines: Vec<Value> =
        std::fs::read_to_string(path).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    for session in ["e051-1/1", "e001-1/1"] {
        let of_session = || lines.iter().filter(|line| line["session"] == session);
        let inputs: Vec<&Value> = of_session().filter(|line| line["input_ns"].is_u64()).collect();
        assert!(inputs.iter().map(|line| &line["input"]).eq([7, 8]), "{inputs:?}");
        let frames: Vec<&Value> = of_session().filter(|line| line["sent_ns"].is_u64()).collect();
        assert!(frames.iter().zip(1_u64..).all(|(line, n)| line["frame"] == n), "{frames:?}");
        assert!(frames.is_sorted_by_key(|line| line["sent_ns"].as_u64().unwrap()));
        assert!(frames.iter().any(|line| line["input"] == 8));
    }
}

#[test]
fn a_session_outlives_its_stream() {
    let server = serve(quick(), None);
    let (mut browser, id) = desktop(&server, "e002");
    let mut first = Stream::open(&server, &mut browser, &id);
    let mut second = Stream::open(&server, &mut browser, &id);
    assert_eq!(first.end(), End::Close(1000), "another took over");
    second.next().unwrap();
    assert_eq!(browser.post(&format!("/api/desktops/{id}/disconnect")).json()["state"], "disconnected");
    assert_eq!(second.end(), End::Close(1000));
    let again = browser.post(&format!("/api/desktops/{id}/connect")).json();
    assert_eq!((&again["session"], &again["reconnected"]), (&1.into(), &true.into()));
    browser.post(&format!("/api/desktops/{id}/logoff"));
    let (_, refused) = Stream::ask(&server, again["stream"].as_str().unwrap());
    assert_eq!(refused.status, 403, "its session is over");
}

#[test]
fn a_ticket_is_good_once_and_a_stream_is_a_websocket() {
    let server = serve(quick(), None);
    let (mut browser, id) = desktop(&server, "e003");
    let ticket = browser.post(&format!("/api/desktops/{id}/connect")).json()["stream"].as_str().unwrap().to_owned();
    assert_eq!(browser.get(&ticket).status, 426);
    let (_open, first) = Stream::ask(&server, &ticket);
    assert_eq!((first.status, Stream::ask(&server, &ticket).1.status), (101, 403));
}

#[test]
fn an_input_without_a_number_ends_the_stream() {
    let server = serve(quick(), None);
    let (mut browser, id) = desktop(&server, "e004");
    for nonsense in ["hello", "{}"] {
        let mut stream = Stream::open(&server, &mut browser, &id);
        stream.send(1, nonsense.as_bytes());
        assert_eq!(stream.end(), End::Close(1008), "{nonsense}");
    }
}

#[test]
fn dropped_sessions_end_without_a_word_and_may_be_taken_up_again() {
    let server = serve(quick(), None);
    let mut desks = ["e005", "e055"].map(|uid| desktop(&server, uid));
    let mut streams: Vec<Stream> = desks.iter_mut().map(|(browser, id)| Stream::open(&server, browser, id)).collect();
    let kept = desks[0].0.post("/api/desktops/e005-1/connect").json();
    let mut operator = Browser::new(&server);
    assert_eq!(operator.get("/__scrutinio/drop-sessions").status, 404);
    assert_eq!(operator.post("/__scrutinio/drop-sessions").json()["dropped"], 2);
    assert!(streams.iter_mut().all(|stream| stream.end() == End::Silence));
    assert_eq!(Stream::ask(&server, kept["stream"].as_str().unwrap()).1.status, 403, "tickets are dropped too");
    for (browser, id) in &mut desks {
        browser.wait_for(id, "disconnected");
        Stream::open(&server, browser, id).next().unwrap();
    }
    assert_eq!(operator.post("/__scrutinio/drop-sessions?at_ns=0").status, 202);
    assert_eq!(operator.post("/__scrutinio/drop-sessions?at_ns=soon").status, 400);
}

#[test]
fn streams_that_live_for_a_while_are_cut() {
    let server = serve(RemoteOptions { stream_life: Some(Span::from_millis(100)), ..quick() }, None);
    let (mut browser, id) = desktop(&server, "e006");
    assert_eq!(Stream::open(&server, &mut browser, &id).end(), End::Silence);
    browser.wait_for(&id, "disconnected");
}

#[test]
fn frames_stall() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let stall = "300ms/600ms".parse().unwrap();
    let server = serve(RemoteOptions { frame_stall: Some(stall), ..quick() }, Some(path.clone()));
    let (mut browser, id) = desktop(&server, "e007");
    let mut stream = Stream::open(&server, &mut browser, &id);
    for _ in 0..60 {
        stream.next().unwrap();
    }
    drop(server);
    let text = std::fs::read_to_string(path).unwrap();
    let sent = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).unwrap()["sent_ns"].as_u64());
    let sent: Vec<u64> = sent.collect();
    let longest = sent.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
    // 60 frames take two seconds, with two whole stalls of 300 ms in them; a busy machine may eat some of one.
    assert!(longest >= 200_000_000, "the longest gap is {longest} ns");
}
