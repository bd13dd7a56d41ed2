//! The null server: the same 200 to every request without a body, with as little work as a process can do.
//!
//! It is what a generator is calibrated against, so it must be faster than the generator: one epoll loop a thread, one
//! read and one write for all the requests that came together, no head looked into beyond its end. What it answers is
//! in `talk`; TLS is removed before.

mod talk;

use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;
use rustix::net::{SocketFlags, accept_with, sockopt};
use rustls::ServerConnection;

use super::tls::ServerTls;
use talk::Talk;

/// Events taken at once.
const EVENTS: usize = 512;
/// Bytes read at once.
const READ: usize = 16 << 10;
/// A client that reads nothing is dropped once so much waits for it.
const UNSENT_MAX: usize = 1 << 20;

const LISTENER: u64 = u64::MAX;
const STOP: u64 = u64::MAX - 1;

/// One connection.
struct Client {
    socket: OwnedFd,
    tls: Option<Box<ServerConnection>>,
    talk: Talk,
    unsent: Vec<u8>,
}

/// One thread's server.
struct Server<'a> {
    epoll: OwnedFd,
    tls: Option<&'a ServerTls>,
    listener: TcpListener,
    clients: Vec<Option<Client>>,
    free: Vec<usize>,
}

/// A descriptor that ends [`serve`] once a `u64` is written to it, on every thread that was given it.
pub fn new_stop() -> io::Result<OwnedFd> {
    Ok(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?)
}

/// Serves the listener, which must not block, on this thread until `stop`; over TLS if there is one.
pub fn serve(listener: TcpListener, stop: &OwnedFd, tls: Option<&ServerTls>) -> io::Result<()> {
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), EventFlags::IN)?;
    epoll::add(&epoll, stop, EventData::new_u64(STOP), EventFlags::IN)?;
    let mut server = Server { epoll, tls, listener, clients: Vec::new(), free: Vec::new() };
    let (mut events, mut read) = (Vec::with_capacity(EVENTS), vec![0; READ]);
    loop {
        events.clear();
        match epoll::wait(&server.epoll, rustix::buffer::spare_capacity(&mut events), None) {
            Err(Errno::INTR) => continue,
            waited => waited?,
        };
        for event in &events {
            match event.data.u64() {
                STOP => return Ok(()),
                LISTENER => server.accept()?,
                index => server.answer(index as usize, &mut read),
            }
        }
    }
}

impl Server<'_> {
    fn accept(&mut self) -> io::Result<()> {
        // One for each event: where connections are many, answers must not wait for all of them.
        let socket = match accept_with(&self.listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) {
            Ok(socket) => socket,
            // None is there any more, it broke meanwhile, or no descriptor is left until others close.
            Err(Errno::AGAIN | Errno::CONNABORTED | Errno::INTR | Errno::MFILE | Errno::NFILE) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        sockopt::set_tcp_nodelay(&socket, true)?;
        let tls = self.tls.map(|ServerTls(config)| ServerConnection::new(Arc::clone(config)).map(Box::new));
        let tls = tls.transpose().map_err(io::Error::other)?;
        let index = self.free.pop().unwrap_or_else(|| {
            self.clients.push(None);
            self.clients.len() - 1
        });
        epoll::add(&self.epoll, socket.as_fd(), EventData::new_u64(index as u64), EventFlags::IN)?;
        self.clients[index] = Some(Client { socket, tls, talk: Talk::Beginning(0), unsent: Vec::new() });
        Ok(())
    }

    fn answer(&mut self, index: usize, read: &mut [u8]) {
        // Gone with an earlier event of the same wait.
        let Some(client) = self.clients.get_mut(index).and_then(Option::as_mut) else { return };
        let was_blocked = !client.unsent.is_empty();
        let ended = client.turn(read).is_err();
        let is_blocked = !client.unsent.is_empty();
        let watched = if is_blocked != was_blocked {
            let flags = if is_blocked { EventFlags::IN | EventFlags::OUT } else { EventFlags::IN };
            epoll::modify(&self.epoll, &client.socket, EventData::new_u64(index as u64), flags).is_ok()
        } else {
            true
        };
        if ended || !watched {
            self.clients[index] = None;
            self.free.push(index);
        }
    }
}

impl Client {
    /// Reads once and answers what is whole; an error is the connection's end.
    fn turn(&mut self, read: &mut [u8]) -> io::Result<()> {
        let n = match rustix::io::read(&self.socket, &mut *read) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => n,
            Err(Errno::AGAIN | Errno::INTR) => 0,
            Err(error) => return Err(error.into()),
        };
        let mut out = std::mem::take(&mut self.unsent);
        match &mut self.tls {
            None => self.talk.answer(&read[..n], &mut out).map_err(|_| io::ErrorKind::InvalidData)?,
            Some(tls) => decipher(tls, &read[..n], &mut self.talk, &mut out)?,
        }
        if out.is_empty() { Ok(()) } else { self.send(out) }
    }

    /// Writes, and keeps what the socket does not take.
    fn send(&mut self, mut bytes: Vec<u8>) -> io::Result<()> {
        let written = match rustix::io::write(&self.socket, &bytes) {
            Ok(n) => n,
            Err(Errno::AGAIN | Errno::INTR) => 0,
            Err(error) => return Err(error.into()),
        };
        bytes.drain(..written);
        if bytes.len() > UNSENT_MAX {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        self.unsent = bytes;
        Ok(())
    }
}

/// Takes the TLS off what came, and puts it on what is said to it.
fn decipher(tls: &mut ServerConnection, mut came: &[u8], talk: &mut Talk, out: &mut Vec<u8>) -> io::Result<()> {
    let (mut plain, mut answers) = ([0; 4096], Vec::new());
    while !came.is_empty() {
        if tls.read_tls(&mut came)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let state = tls.process_new_packets().map_err(io::Error::other)?;
        let mut left = state.plaintext_bytes_to_read();
        while left > 0 {
            let n = tls.reader().read(&mut plain)?;
            talk.answer(&plain[..n], &mut answers).map_err(|_| io::ErrorKind::InvalidData)?;
            left = left.saturating_sub(n);
        }
        tls.writer().write_all(&answers)?;
        answers.clear();
        while tls.wants_write() {
            tls.write_tls(out)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::time::Duration;

    use super::talk::ANSWER;
    use super::*;

    /// Runs `talk` against a server of its own.
    fn with_server(talk: impl FnOnce(TcpStream)) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), new_stop().unwrap());
        std::thread::scope(|scope| {
            let serving = scope.spawn(|| serve(listener, &stop, None));
            let stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
            talk(stream);
            rustix::io::write(&stop, &1u64.to_ne_bytes()).unwrap();
            serving.join().unwrap().unwrap();
        });
    }

    fn expect_answers(stream: &mut TcpStream, n: usize) {
        let mut answers = vec![0; ANSWER.len() * n];
        stream.read_exact(&mut answers).unwrap();
        assert_eq!(answers, ANSWER.repeat(n));
    }

    #[test]
    fn each_request_has_one_answer_however_its_bytes_come() {
        with_server(|mut stream| {
            stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
            expect_answers(&mut stream, 1);
            stream.write_all(b"GET /a HTTP/1.1\r\nA: b\r\n\r\nGET /b HTTP/1.1\r\n\r\nGET /c").unwrap();
            expect_answers(&mut stream, 2);
            for byte in b" HTTP/1.1\r\nX: \r \r\n\r\r\n\r\n" {
                stream.write_all(&[*byte]).unwrap();
            }
            expect_answers(&mut stream, 1);
        });
    }

    #[test]
    fn a_reader_that_is_slow_gets_everything_and_the_others_do_not_wait() {
        with_server(|mut stream| {
            let requests = b"GET / HTTP/1.1\r\n\r\n".repeat(2_000);
            for _ in 0..8 {
                stream.write_all(&requests).unwrap();
            }
            let mut other = TcpStream::connect(stream.peer_addr().unwrap()).unwrap();
            other.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
            expect_answers(&mut other, 1);
            expect_answers(&mut stream, 16_000);
        });
    }
}
