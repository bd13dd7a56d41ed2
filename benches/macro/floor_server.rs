//! A bare server: what the other side of a measurement costs at the least, and when requests really came.
//!
//! `floor_server ADDRESS [LOG]` answers every request with 612 bytes from one epoll loop, until its standard input
//! ends. With LOG it keeps two stamps of each request on CLOCK_MONOTONIC in memory: when the kernel had it for this
//! server's socket, which no pause of the server can delay, and when the server had read it; at the end it writes them,
//! one JSON line a request, with the value of the request's `X-Scrutinio` as `id`. A request must come in one piece, as
//! small ones on loopback do.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, IoSliceMut, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd};

use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt::ReceiveTimestampns};
use nix::sys::time::TimeSpec;
use rustix::event::epoll;
use rustix::time::{ClockId, clock_gettime};

const LISTENER: u64 = u64::MAX;
const INPUT: u64 = u64::MAX - 1;
/// Bytes of a page, as in the other sections of the figures.
const PAGE: usize = 612;

struct Seen {
    arrived_ns: u64,
    read_ns: u64,
    id: Box<[u8]>,
}

struct Server {
    links: Vec<Option<TcpStream>>,
    answer: Vec<u8>,
    log: Option<Vec<Seen>>,
    /// What CLOCK_REALTIME, by which the kernel stamps, is ahead of CLOCK_MONOTONIC.
    ahead_ns: u64,
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [address, log @ ..] = args.as_slice() else { panic!("usage: floor_server ADDRESS [LOG]") };
    let listener = TcpListener::bind(address).expect("the address is free");
    listener.set_nonblocking(true).expect("set");
    let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {PAGE}\r\n\r\n").into_bytes();
    answer.resize(answer.len() + PAGE, b'x');
    // A million requests of room from the start: growing would show in the stamps.
    let mut server = Server {
        links: Vec::new(),
        answer,
        log: log.first().map(|_| Vec::with_capacity(1 << 20)),
        ahead_ns: ahead_ns(),
    };
    println!("{{\"listening\":\"{}\"}}", listener.local_addr().expect("it is bound"));
    server.serve(&listener);
    if let (Some(path), Some(seen)) = (log.first(), server.log) {
        write(path, &seen).expect("the log can be written");
    }
}

impl Server {
    fn serve(&mut self, listener: &TcpListener) {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).expect("an epoll set");
        let watch = |fd: &dyn AsFd, token| {
            epoll::add(&epoll, fd.as_fd(), epoll::EventData::new_u64(token), epoll::EventFlags::IN).expect("watched");
        };
        watch(listener, LISTENER);
        watch(&std::io::stdin(), INPUT);
        let mut events = Vec::with_capacity(256);
        let mut buffer = vec![0; 16 << 10];
        loop {
            events.clear();
            epoll::wait(&epoll, rustix::buffer::spare_capacity(&mut events), None).expect("a wait");
            for event in &events {
                match event.data.u64() {
                    INPUT => return,
                    LISTENER => {
                        if let Ok((socket, _)) = listener.accept() {
                            socket.set_nodelay(true).expect("set");
                            socket.set_nonblocking(true).expect("set");
                            setsockopt(&socket, ReceiveTimestampns, &self.log.is_some()).expect("set");
                            watch(&socket, self.links.len() as u64);
                            self.links.push(Some(socket));
                        }
                    }
                    link => self.answer(link as usize, &mut buffer),
                }
            }
        }
    }

    fn answer(&mut self, link: usize, buffer: &mut [u8]) {
        let Some(socket) = &mut self.links[link] else { return };
        let received = match self.log {
            Some(_) => read_stamped(socket, buffer),
            None => socket.read(buffer).map(|n| (n, 0)),
        };
        let (request, stamp_ns) = match received {
            Ok((n, stamp_ns)) if n > 0 => (&buffer[..n], stamp_ns),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return,
            _ => return self.links[link] = None,
        };
        assert!(request.ends_with(b"\r\n\r\n"), "a request in pieces");
        let read_ns = self.log.as_ref().map_or(0, |_| monotonic_ns());
        // A client that is gone does not read its answer; the next read tells.
        let _ = socket.write(&self.answer);
        if let Some(log) = &mut self.log {
            log.push(Seen { arrived_ns: stamp_ns - self.ahead_ns, read_ns, id: id(request).into() });
        }
    }
}

/// Reads a request, and when the kernel had all of it, by CLOCK_REALTIME; 0 bytes and no stamp at the end.
fn read_stamped(socket: &TcpStream, buffer: &mut [u8]) -> io::Result<(usize, u64)> {
    let mut room = nix::cmsg_space!(TimeSpec);
    let mut parts = [IoSliceMut::new(buffer)];
    let received = recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut room), MsgFlags::empty())?;
    let stamp = received.cmsgs()?.find_map(|message| match message {
        ControlMessageOwned::ScmTimestampns(at) => Some(nanos(at.tv_sec(), at.tv_nsec())),
        _ => None,
    });
    match received.bytes {
        0 => Ok((0, 0)),
        n => Ok((n, stamp.expect("it was asked for"))),
    }
}

/// The value of the request's `X-Scrutinio`; empty if it has none.
fn id(request: &[u8]) -> &[u8] {
    let name = b"\r\nx-scrutinio:";
    let at = request.windows(name.len()).position(|window| window.eq_ignore_ascii_case(name));
    let value = at.map_or(&[][..], |at| &request[at + name.len()..]);
    value.split(|byte| *byte == b'\r').next().unwrap_or_default().trim_ascii()
}

fn write(path: &str, seen: &[Seen]) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    for Seen { arrived_ns, read_ns, id } in seen {
        let id = String::from_utf8_lossy(id);
        writeln!(out, "{{\"arrived_ns\":{arrived_ns},\"read_ns\":{read_ns},\"id\":\"{id}\"}}")?;
    }
    out.flush()
}

fn monotonic_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    nanos(now.tv_sec, now.tv_nsec)
}

/// From the two clocks read close together: of many tries the one that took the least time.
fn ahead_ns() -> u64 {
    let once = || {
        let before = monotonic_ns();
        let wall = clock_gettime(ClockId::Realtime);
        let took = monotonic_ns() - before;
        (took, nanos(wall.tv_sec, wall.tv_nsec) - before - took / 2)
    };
    (0..100).map(|_| once()).min().expect("there are some").1
}

fn nanos(seconds: i64, nanoseconds: i64) -> u64 {
    seconds as u64 * 1_000_000_000 + nanoseconds as u64
}
