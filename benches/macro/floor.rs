//! The floor: what one core must spend on loopback HTTP/1.1 if it does nothing else.
//!
//! A bare epoll and timerfd loop: no parsing beyond the length of the first answer, no sessions, no
//! classes of outcomes. `floor closed ADDRESS PATH CONNECTIONS SECONDS` repeats the request on every
//! connection; `floor open ADDRESS PATH CONNECTIONS SECONDS RATE even|poisson` sends at even instants or those of a
//! Poisson process. Seconds may have a fraction. Prints one line of JSON.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use hdrhistogram::Histogram;
use rustix::event::epoll;
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime, timerfd_create,
    timerfd_settime,
};

const TIMER: u64 = u64::MAX;

fn nanos(clock: ClockId) -> u64 {
    let now = clock_gettime(clock);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

fn histogram() -> Histogram<u32> {
    Histogram::new_with_bounds(1, 3_600_000_000, 3).expect("the bounds are valid")
}

struct Link {
    socket: TcpStream,
    due: u64,
    left: usize,
}

struct Floor {
    request: Vec<u8>,
    answer_len: usize,
    links: Vec<Link>,
    idle: Vec<usize>,
    waiting: VecDeque<u64>,
    response: Histogram<u32>,
    lag: Histogram<u32>,
}

impl Floor {
    fn send(&mut self, link: usize, due: u64) {
        let link = &mut self.links[link];
        (link.due, link.left) = (due, self.answer_len);
        let n = link.socket.write(&self.request).expect("the server takes requests");
        assert_eq!(n, self.request.len());
    }

    /// Reads an answer's bytes; whether it is whole.
    fn receive(&mut self, link: usize, buffer: &mut [u8]) -> bool {
        let link = &mut self.links[link];
        match link.socket.read(buffer) {
            Ok(0) => panic!("the server closed a connection"),
            Ok(n) => link.left -= n,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
            Err(error) => panic!("reading: {error}"),
        }
        link.left == 0
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [mode, address, path, connections, seconds, ..] = args.as_slice() else {
        panic!("usage: floor closed|open ADDRESS PATH CONNECTIONS SECONDS [RATE even|poisson]");
    };
    let rate: Option<f64> = (mode == "open").then(|| args[5].parse().expect("a rate"));
    let seconds: f64 = seconds.parse().expect("seconds");
    let due = rate.map_or_else(Vec::new, |rate| schedule(rate, seconds, args.get(6).is_some_and(|p| p == "poisson")));
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).expect("an epoll set");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").into_bytes();
    let links = (0..connections.parse().expect("a number of connections")).map(|_| open(address)).collect();
    let mut floor = Floor {
        answer_len: answer_len(address, &request),
        request,
        links,
        idle: Vec::new(),
        waiting: VecDeque::new(),
        response: histogram(),
        lag: histogram(),
    };
    for (i, link) in (0u64..).zip(&floor.links) {
        let flags = epoll::EventFlags::IN | epoll::EventFlags::ET;
        epoll::add(&epoll, &link.socket, epoll::EventData::new_u64(i), flags).expect("watched");
    }
    let cpu_before = nanos(ClockId::ProcessCPUTime);
    let start = nanos(ClockId::Monotonic);
    let end = start + (seconds * 1e9) as u64;
    match rate {
        None => closed(&mut floor, &epoll, start, end),
        Some(_) => open_loop(&mut floor, &epoll, start, &due),
    }
    let (response, lag) = (&floor.response, &floor.lag);
    let (n, elapsed) = (response.len(), nanos(ClockId::Monotonic) - start);
    let cpu = (nanos(ClockId::ProcessCPUTime) - cpu_before) as f64 / 1e3 / n as f64;
    println!(
        "{{\"requests\":{n},\"rate\":{:.0},\"cpu_us_per_request\":{cpu:.3},\"p50_us\":{},\"p99_us\":{},\"lag_p50_us\":{},\"lag_p99_us\":{}}}",
        n as f64 / (elapsed as f64 / 1e9),
        response.value_at_quantile(0.5),
        response.value_at_quantile(0.99),
        lag.value_at_quantile(0.5),
        lag.value_at_quantile(0.99),
    );
}

fn closed(floor: &mut Floor, epoll: impl rustix::fd::AsFd, start: u64, end: u64) {
    let (mut events, mut buffer) = (Vec::with_capacity(64), vec![0; 64 << 10]);
    (0..floor.links.len()).for_each(|link| floor.send(link, start));
    let mut busy = floor.links.len();
    while busy > 0 {
        events.clear();
        epoll::wait(&epoll, rustix::buffer::spare_capacity(&mut events), None).expect("a wait");
        for event in &events {
            let link = event.data.u64() as usize;
            if floor.receive(link, &mut buffer) {
                let now = nanos(ClockId::Monotonic);
                floor.response.saturating_record((now - floor.links[link].due) / 1_000);
                if now < end { floor.send(link, now) } else { busy -= 1 }
            }
        }
    }
}

/// When requests are due, nanoseconds after the start.
fn schedule(rate: f64, seconds: f64, poisson: bool) -> Vec<u64> {
    let mut at = 0.0;
    let gap = |_| {
        at += if poisson { -(1.0 - rand::random::<f64>()).ln() / rate } else { 1.0 / rate };
        // Even instants lie in the middle of their gaps.
        ((at - if poisson { 0.0 } else { 0.5 / rate }) * 1e9) as u64
    };
    (0..).map(gap).take_while(|due| *due < (seconds * 1e9) as u64).collect()
}

fn open_loop(floor: &mut Floor, epoll: impl rustix::fd::AsFd, start: u64, due: &[u64]) {
    let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK).expect("a timer");
    let flags = epoll::EventFlags::IN | epoll::EventFlags::ET;
    epoll::add(&epoll, &timer, epoll::EventData::new_u64(TIMER), flags).expect("watched");
    let (mut events, mut buffer) = (Vec::with_capacity(64), vec![0; 64 << 10]);
    floor.idle = (0..floor.links.len()).collect();
    let due_of = |i: usize| due.get(i).map_or(u64::MAX, |due| start + due);
    let mut next = 0;
    while next < due.len() || floor.idle.len() < floor.links.len() {
        let now = nanos(ClockId::Monotonic);
        while due_of(next) <= now {
            floor.lag.saturating_record((nanos(ClockId::Monotonic) - due_of(next)) / 1_000);
            match floor.idle.pop() {
                Some(link) => floor.send(link, due_of(next)),
                None => floor.waiting.push_back(due_of(next)),
            }
            next += 1;
        }
        if next < due.len() {
            arm(&timer, due_of(next));
        }
        events.clear();
        epoll::wait(&epoll, rustix::buffer::spare_capacity(&mut events), None).expect("a wait");
        for event in events.iter().filter(|event| event.data.u64() != TIMER) {
            let link = event.data.u64() as usize;
            if floor.receive(link, &mut buffer) {
                let now = nanos(ClockId::Monotonic);
                floor.response.saturating_record((now - floor.links[link].due) / 1_000);
                match floor.waiting.pop_front() {
                    Some(due) => floor.send(link, due),
                    None => floor.idle.push(link),
                }
            }
        }
    }
}

fn arm(timer: impl rustix::fd::AsFd, at: u64) {
    let it_value = Timespec { tv_sec: (at / 1_000_000_000) as i64, tv_nsec: (at % 1_000_000_000) as i64 };
    let spec = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value };
    timerfd_settime(timer, TimerfdTimerFlags::ABSTIME, &spec).expect("armed");
}

fn open(address: &str) -> Link {
    let socket = TcpStream::connect(address).expect("the server is there");
    socket.set_nodelay(true).expect("set");
    socket.set_nonblocking(true).expect("set");
    Link { socket, due: 0, left: 0 }
}

/// Length of the answer to the request: head and Content-Length.
fn answer_len(address: &str, request: &[u8]) -> usize {
    let mut socket = TcpStream::connect(address).expect("the server is there");
    socket.write_all(request).expect("written");
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let n = socket.read(&mut buffer).expect("an answer");
        assert!(n > 0, "the server closed the connection");
        bytes.extend_from_slice(&buffer[..n]);
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        if let Some(end) = text.find("\r\n\r\n") {
            let (_, length) = text.split_once("content-length: ").expect("an answer with a Content-Length");
            return end + 4 + length.lines().next().and_then(|n| n.parse::<usize>().ok()).expect("a length");
        }
    }
}
