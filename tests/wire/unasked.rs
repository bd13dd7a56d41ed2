//! Answers that nobody asked for (R8): counted, told, and taken for no request's where they were there before it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::rig::{Done, quick, run, scenario, scrutinio, side_by_side, start_run};
use crate::server::{Reply, Server, ok};

/// When each answer of a connection was written, and when each request of it was read.
#[derive(Clone, Default)]
struct Exchanges {
    written: Vec<Instant>,
    read: Vec<Instant>,
}

/// A server that writes answers when it should not, and logs when it wrote and read on each connection.
struct Talker {
    url: String,
    log: Arc<Mutex<Vec<Exchanges>>>,
}

impl Talker {
    /// Writes so many answers at accept, so many at once to each request, and one more 5 ms later if `again`.
    fn start(at_accept: usize, at_once: usize, again: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let log = Arc::<Mutex<Vec<Exchanges>>>::default();
        let shared = Arc::clone(&log);
        std::thread::spawn(move || {
            for (id, stream) in listener.incoming().flatten().enumerate() {
                let log = Arc::clone(&shared);
                log.lock().unwrap().push(Exchanges::default());
                std::thread::spawn(move || serve(stream, &log, id, (at_accept, at_once, again)));
            }
        });
        Self { url, log }
    }

    /// Requests whose answer, by its place on the connection, was written well before they were read. A millisecond would
    /// do, if only a busy machine did not let a request lie for some before it runs the server's thread.
    fn answered_too_soon(&self) -> u64 {
        let log = self.log.lock().unwrap();
        let soon = |(written, read): &(&Instant, &Instant)| **written + Duration::from_millis(50) <= **read;
        log.iter().map(|it| it.written.iter().zip(&it.read).filter(soon).count() as u64).sum()
    }
}

fn serve(mut stream: TcpStream, log: &Arc<Mutex<Vec<Exchanges>>>, id: usize, how: (usize, usize, bool)) {
    let (at_accept, at_once, again) = how;
    let _ = stream.set_nodelay(true);
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut write = |n: usize| {
        log.lock().unwrap()[id].written.extend(vec![Instant::now(); n]);
        let _ = stream.write_all(&ok("somebody's page").repeat(n));
    };
    write(at_accept);
    // A request is read when it comes, whatever the answers do.
    let (asked, requests) = channel();
    let reads = Arc::clone(log);
    std::thread::spawn(move || {
        while read_request(&mut reader) {
            reads.lock().unwrap()[id].read.push(Instant::now());
            let _ = asked.send(());
        }
    });
    for () in requests {
        write(at_once);
        if again {
            std::thread::sleep(Duration::from_millis(5));
            write(1);
        }
    }
}

fn read_request(reader: &mut BufReader<TcpStream>) -> bool {
    let mut line = String::new();
    loop {
        line.clear();
        match reader.read_line(&mut line) {
            Ok(0) | Err(_) => return false,
            Ok(_) if line == "\r\n" => return true,
            Ok(_) => {}
        }
    }
}

/// The finding about unasked bytes, as `summary.json` has it.
fn finding(done: &Done) -> Option<Value> {
    let findings = done.summary["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["code"] == "unasked").cloned()
}

/// Holds what must be so of any run against a server that answers unasked.
fn hold(done: &Done, too_soon: u64) -> String {
    let planned = done.count("/requests/planned");
    assert!(done.count("/connections/unasked") > 0, "{}", done.summary["connections"]);
    assert!(done.completed() + too_soon <= planned, "{} of {planned}, {too_soon} too soon", done.completed());
    finding(done).expect("told")["seen"].as_str().unwrap().to_owned()
}

#[test]
fn an_answer_that_comes_again_is_counted_and_told() {
    let talker = Talker::start(0, 1, true);
    let done = quick(&talker.url, &["-c", "1", "-r", "50", "-n", "30"]);
    let seen = hold(&done, talker.answered_too_soon());
    assert!(seen.contains("on an idle connection") && seen.contains("GET /"), "{seen}");
    assert!(seen.contains("HTTP/1.1 200 OK"), "with its first bytes: {seen}");
}

#[test]
fn answers_written_at_accept_are_counted_and_told() {
    let talker = Talker::start(3, 0, false);
    let done = quick(&talker.url, &["-c", "1", "-r", "50", "-n", "30", "--timeout", "1s"]);
    hold(&done, talker.answered_too_soon());
}

#[test]
fn a_second_answer_at_once_is_counted_and_told() {
    let talker = Talker::start(0, 2, false);
    let done = quick(&talker.url, &["-c", "1", "-n", "30"]);
    assert_eq!((done.completed(), done.count("/connections/unasked")), (30, 30));
    assert!(hold(&done, 0).contains("behind an answer"));
    assert_eq!(done.count("/populations/quick/connections/unasked"), 30);
}

/// The first fills the buffer that answers are read into: what is behind it was not read with it.
#[test]
fn an_answer_behind_a_full_buffer_is_told_with_its_first_bytes() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 65491\r\n\r\n";
    let page = [head.as_bytes(), &vec![b'x'; (64 << 10) - head.len()]].concat();
    let page = String::from_utf8(page).unwrap().replace("65491", &((64 << 10) - head.len()).to_string());
    let server = Server::start(move |_| Reply::Keep([page.as_bytes(), b"HTTP/1.1 299 Stray\r\n\r\n"].concat()));
    let done = quick(&server.url(), &["-c", "1", "-n", "5"]);
    assert_eq!((done.completed(), done.count("/connections/unasked")), (5, 5));
    assert!(hold(&done, 0).contains("299 Stray"));
}

#[test]
fn the_finding_stands_beside_ready_with_population_and_step() {
    let server = Server::start(|request| {
        let twice = if request.line.contains("/cart") { 2 } else { 1 };
        Reply::Keep(ok("a page").repeat(twice))
    });
    let steps = "[{ get: /home }, { post: /cart, text: x, name: add to cart }]";
    let objective = "slo: { overall: ['errors < 1%'] }";
    let done = run(&scenario(&server.url(), 500, 1, "session", steps, objective), &[]);
    assert_eq!((done.summary["verdict"].as_str(), done.code), (Some("READY"), 0), "{}", done.said);
    assert_eq!(done.count("/connections/unasked"), 500);
    let seen = hold(&done, 0);
    assert!(seen.contains("users add to cart") && !seen.contains("/home"), "{seen}");
    let page = scrutinio().arg("report").arg(&done.folder).output().unwrap();
    let page = String::from_utf8(page.stdout).unwrap();
    let told =
        "\nanswers that nobody asked for\n  bytes came 500 times behind an answer (users add to cart); the first:";
    assert!(page.contains(told) && page.contains("\nverdict READY\n"), "{page}");
}

/// A server that is done with an idle connection may say so before it closes (RFC 9110 section 15.5.9).
#[test]
fn a_408_on_an_idle_connection_is_a_close_and_what_servers_may_say_is_not_told() {
    let bye = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_vec();
    let bye = Server::start(move |_| Reply::Pieces(vec![ok(""), bye.clone()], Duration::from_millis(5)));
    let hints = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".to_vec();
    let hints = Server::start(move |_| Reply::Keep([hints.clone(), ok("")].concat()));
    let closes = Server::start(|_| Reply::Close(ok("")));
    side_by_side([bye.url(), hints.url(), closes.url()], |url| {
        let done = run(&scenario(&url, 20, 1, "{ shared: 1 }", "[{ get: / }]", ""), &[]);
        // On a busy machine a 408 may cross a request, and is its answer.
        assert_eq!(done.completed() + done.reason("failed.status"), 20, "{}", done.summary["requests"]);
        assert_eq!((done.count("/connections/unasked"), finding(&done)), (0, None));
    });
}

/// A server whose first connection that is asked something gets an answer, and another one when the test says so.
fn on_command(go: Receiver<()>, says: &'static str) -> (String, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream);
            while read_request(&mut reader) {
                reader.get_mut().write_all(&ok("")).unwrap();
                let _ = tell.send(());
                if go.recv().is_ok() {
                    let _ = reader.get_mut().write_all(says.as_bytes());
                    let _ = tell.send(());
                }
            }
        }
    });
    (url, told)
}

/// The second request falls due, and then an answer comes, while the generator is stopped: when it goes on, it knows of
/// both at once, and the request goes out first.
fn stopped_while_it_says(says: &'static str) -> Done {
    let (go, wait) = channel();
    let (url, told) = on_command(wait, says);
    let running = start_run(&scenario(&url, 1, 1, "session", "[{ get: /a }, { think: 500ms }, { get: /b }]", ""), &[]);
    told.recv().unwrap();
    std::thread::sleep(Duration::from_millis(50));
    running.signal(Signal::STOP);
    std::thread::sleep(Duration::from_millis(600));
    go.send(()).unwrap();
    told.recv().unwrap();
    std::thread::sleep(Duration::from_millis(20));
    drop(go);
    running.signal(Signal::CONT);
    running.wait()
}

#[test]
fn an_answer_that_was_there_before_its_request_is_not_its_answer() {
    let stray = "HTTP/1.1 299 Stray\r\nContent-Length: 0\r\n\r\n";
    let bye = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    let [done, closed]: [Done; 2] = side_by_side([stray, bye], stopped_while_it_says).try_into().ok().unwrap();
    assert_eq!(
        (closed.completed(), closed.count("/connections/reconnected")),
        (2, 1),
        "{}",
        closed.summary["requests"]
    );
    assert_eq!(closed.count("/connections/unasked"), 0);
    assert_eq!((done.completed(), done.reason("failed.bad_bytes")), (1, 1), "{}", done.summary["requests"]);
    assert!(hold(&done, 1).contains("before its request"));
    assert_eq!(done.detail(), "an answer that was there before its request");
    assert!(done.failures()[0]["head"].as_str().unwrap().starts_with("HTTP/1.1 299 Stray"));
}
