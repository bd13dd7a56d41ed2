//! The embedded target over real sockets: every knob, the log and the counts.
//!
//! Lower bounds are exact, as the target never answers early; upper bounds are generous, medians, or of the fastest
//! of many, as the machine may be busy. Where a knob has an arithmetic, it is redone here from the log's own stamps.
#![allow(clippy::unwrap_used)] // The lint's exception for tests does not reach their helpers.

mod rig;
mod shed;

use std::num::{NonZeroU16, NonZeroUsize};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rig::{Client, MS, closed_loop, lines, median, start, with_log};
use scrutinio::target::{self, Config, Knobs, ServiceTime};
use scrutinio::unit::Span;

#[test]
fn a_constant_delay_is_never_undercut() {
    let (_folder, log, config) = with_log(Knobs { delay: Span::from_millis(5), ..Knobs::default() });
    let target = start(config);
    let times = closed_loop(target.addresses[0], 4, 50);
    target.stop();
    assert!(times.iter().all(|time| *time >= Duration::from_millis(5)), "{:?}", times.iter().min());
    let overheads: Vec<_> = lines(&log).iter().map(|l| l.answered.unwrap() - l.arrived - 5 * MS).collect();
    assert_eq!(overheads.len(), 200);
    // A busy machine may hold up many, but hardly each of them: one delay too many would.
    let least = overheads.iter().min().unwrap();
    assert!(*least < 5 * MS, "the fastest of 200 took {least} ns beyond its delay");
}

#[test]
fn a_stall_holds_what_arrives_in_it_to_its_end() {
    let (_folder, log, config) = with_log(Knobs { stall: "100ms/300ms".parse().ok(), ..Knobs::default() });
    let target = start(config);
    let start_ns = target.stats()["start_ns"].as_u64().unwrap();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(1) {
        closed_loop(target.addresses[0], 2, 20);
        std::thread::sleep(Duration::from_millis(3));
    }
    target.stop();
    let (mut held, mut free) = (Vec::new(), Vec::new());
    for line in lines(&log) {
        let (arrived, answered) = (line.arrived - start_ns, line.answered.unwrap() - start_ns);
        let (period, phase) = (arrived / (300 * MS), arrived % (300 * MS));
        if period >= 1 && phase < 100 * MS {
            held.push(answered.checked_sub(arrived - phase + 100 * MS).expect("answered during the stall"));
        } else {
            free.push(answered - arrived);
        }
    }
    // Three stalls in the second, each meeting two clients at least.
    assert!(held.len() >= 4, "{} held", held.len());
    assert!(median(held) < 50 * MS && median(free) < 50 * MS);
}

#[test]
fn every_station_is_a_queue_of_its_own() {
    let service = Some(ServiceTime::Fixed(Span::from_millis(10)));
    let (_folder, log, config) = with_log(Knobs { service, ..Knobs::default() });
    let target = start(Config { stations: NonZeroU16::new(2).unwrap(), ..config });
    let addresses = target.addresses.clone();
    assert_ne!(addresses[0], addresses[1]);
    let threads = addresses.into_iter().map(|address| std::thread::spawn(move || closed_loop(address, 4, 8)));
    threads.collect::<Vec<_>>().into_iter().for_each(|thread| drop(thread.join().unwrap()));
    target.stop();
    for station in [0, 1] {
        let mut free = 0;
        let mut errors = Vec::new();
        for line in lines(&log).iter().filter(|line| line.station == station) {
            free = line.arrived.max(free) + 10 * MS;
            errors.push(line.answered.unwrap().checked_sub(free).expect("answered before its departure"));
        }
        assert_eq!(errors.len(), 32);
        // With a common queue half of the requests would leave tens of milliseconds late.
        assert!(median(errors) < 5 * MS);
    }
}

#[test]
fn stations_draw_their_fates_apart() {
    let knobs = Knobs { errors: "50%".parse().unwrap(), ..Knobs::default() };
    let target = start(Config { knobs, stations: NonZeroU16::new(2).unwrap(), ..Config::default() });
    let fates = |address| {
        let mut client = Client::new(address);
        (0..64).map(|_| client.get("/").unwrap().status).collect::<Vec<_>>()
    };
    assert_ne!(fates(target.addresses[0]), fates(target.addresses[1]));
    target.stop();
}

#[test]
fn errors_and_drops_have_their_shares_and_the_same_seed_the_same_fates() {
    let share = |text: &str| text.parse().unwrap();
    let knobs = Knobs { errors: share("30%"), drops: share("20%"), seed: 7, ..Knobs::default() };
    let fates = || {
        let (_folder, log, config) = with_log(knobs.clone());
        let target = start(config);
        let mut client = target.client();
        let mut one = |_| match client.get("/") {
            Some(answer) => answer.status,
            None => {
                client = target.client();
                0
            }
        };
        let fates: Vec<u16> = (0..500).map(&mut one).collect();
        let count = |fate| fates.iter().filter(|f| **f == fate).count();
        let stats = target.stats();
        assert_eq!(stats["received"], 500);
        assert_eq!(stats["answered"], 500 - count(0));
        target.stop();
        let in_log: Vec<u64> = lines(&log).iter().map(|line| line.status.unwrap_or(0)).collect();
        assert_eq!(in_log, fates.iter().map(|fate| u64::from(*fate)).collect::<Vec<_>>());
        // Four standard deviations: 41 of 150, 36 of 100.
        assert!(count(503).abs_diff(150) < 41 && count(0).abs_diff(100) < 36, "{} {}", count(503), count(0));
        assert_eq!(count(200) + count(503) + count(0), 500);
        fates
    };
    assert_eq!(fates(), fates());
}

#[test]
fn log_and_counts_hold_every_request_once() {
    let (_folder, log, config) = with_log(Knobs::default());
    let target = start(config);
    let address = target.addresses[0];
    let client = |thread: usize| {
        move || {
            let mut client = Client::new(address);
            (0..200).for_each(|i| assert_eq!(client.get(&format!("/{thread}-{i}?query=1")).unwrap().status, 200));
        }
    };
    let threads: Vec<_> = (0..3).map(|thread| std::thread::spawn(client(thread))).collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let stats = target.stats();
    // Within about a second the file holds what was answered, also while the target runs.
    let begun = Instant::now();
    while lines(&log).len() < 600 {
        assert!(begun.elapsed() < Duration::from_secs(10), "the log is not flushed");
        std::thread::sleep(Duration::from_millis(50));
    }
    target.stop();
    assert_eq!((&stats["received"], &stats["answered"]), (&600.into(), &600.into()));
    let seconds = stats["per_second"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap());
    assert_eq!(seconds.sum::<u64>(), 600);
    let lines = lines(&log);
    let mut paths: Vec<_> = lines.iter().map(|line| line.path.clone()).collect();
    paths.sort_unstable();
    paths.dedup();
    assert_eq!((lines.len(), paths.len()), (600, 600));
    assert!(lines.iter().all(|line| line.id == format!("id{}?query=1", line.path)));
    assert!(lines.iter().all(|line| line.answered.unwrap() >= line.arrived && line.status == Some(200)));
}

#[test]
fn it_speaks_http_as_clients_expect() {
    let target = start(Config::default());
    let mut client = target.client();
    client.send("HEAD /bytes/5000 HTTP/1.1\r\nhost: test\r\n\r\n");
    assert_eq!(client.read(false).unwrap().length, 5000);
    client.send(&format!("POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 300000\r\n\r\n{}", "x".repeat(300_000)));
    assert_eq!(client.read(true).unwrap().body, b"ok\n");
    client.send("GET /bytes/7 HTTP/1.1\r\nhost: test\r\n\r\nGET /status/404 HTTP/1.1\r\nhost: test\r\n\r\n");
    assert_eq!(client.read(true).unwrap().body, [0; 7]);
    assert_eq!(client.read(true).unwrap().status, 404);
    client.send("GET /status/204 HTTP/1.1\r\nhost: test\r\n\r\n");
    assert_eq!(client.read(true).unwrap().status, 204);
    client.send("GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    assert_eq!(client.read(true).unwrap().status, 200);
    assert!(client.read(true).is_none());
    target.stop();
}

#[test]
fn several_threads_answer_on_one_port_and_are_counted_together() {
    let target = start(Config { threads: NonZeroUsize::new(2).unwrap(), ..Config::default() });
    assert_eq!(closed_loop(target.addresses[0], 16, 10).len(), 160);
    assert_eq!(target.stats()["received"], 160);
    target.stop();
}

#[test]
fn a_stop_does_not_wait_for_held_requests_and_their_lines_are_not_lost() {
    let (_folder, log, config) = with_log(Knobs { delay: Span::from_secs(20), ..Knobs::default() });
    let target = start(config);
    let mut client = target.client();
    client.send("GET /held HTTP/1.1\r\nhost: test\r\n\r\n");
    while target.stats()["received"] == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    target.stop();
    assert!(client.read(true).is_none());
    let lines = lines(&log);
    assert_eq!((lines.len(), lines[0].path.as_str(), lines[0].answered), (1, "/held", None));
}

#[test]
fn what_cannot_be_is_refused_in_words() {
    let service = Some(ServiceTime::Exponential(Span::from_millis(1)));
    let two = NonZeroUsize::new(2).unwrap();
    let half = || "60%".parse().unwrap();
    for (config, words) in [
        (Config { threads: two, knobs: Knobs { service, ..Knobs::default() }, ..Config::default() }, "take 1"),
        (Config { knobs: Knobs { errors: half(), drops: half(), ..Knobs::default() }, ..Config::default() }, "60%"),
        (Config { cpus: Some(vec![100_000]), ..Config::default() }, "processor 100000"),
        (Config { log: Some("/no/such/folder/log".into()), ..Config::default() }, "/no/such/folder/log"),
    ] {
        let config = Config { listen: ([127, 0, 0, 1], 0).into(), ..config };
        let result = target::run(&config, |_| panic!("announced"), std::future::pending());
        assert!(result.unwrap_err().to_string().contains(words), "{words}");
    }
}

/// In a process of its own, started by the next test, this waits for its parent to go.
#[test]
fn child_that_lives_as_long_as_its_parent() {
    if std::env::var_os("SCRUTINIO_TEST_CHILD").is_some() {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(target::parent_gone().unwrap());
    }
}

#[test]
fn the_parents_end_is_noticed_by_its_pipe() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_lives_as_long_as_its_parent"])
        .env("SCRUTINIO_TEST_CHILD", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "ended while its parent lived");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}
