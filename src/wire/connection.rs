//! A non-blocking connection, plain or TLS, over TCP or to a Unix-domain socket: opened, written and read by readiness.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::Path;

use nix::sys::socket::{setsockopt, sockopt::IpBindAddressNoPort};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, bind, connect, getsockname, ipproto,
    recv, send, socket_with, sockopt,
};

use super::address::Address;
use super::sources::Sources;
use super::tls::{Broken, Handshake, HandshakeError, TlsSession};

/// Why a connection could not be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// Ours: the process or the system has no descriptor left (R3).
    Descriptors,
    /// Ours: no local port is left towards this address.
    Ports,
    /// Ours: the kernel has no memory for it.
    Memory,
    /// Nobody's yet: the queue of a Unix-domain socket is full, and it is to be tried again. A blocking connect would
    /// wait there; TCP has no such answer.
    Full,
    /// The target's: refused, reset or unreachable.
    Refused(Errno),
    /// The target's: no TLS with it.
    Handshake(HandshakeError),
}

impl OpenError {
    fn from_errno(errno: Errno) -> Self {
        match errno {
            Errno::MFILE | Errno::NFILE => Self::Descriptors,
            Errno::ADDRNOTAVAIL | Errno::ADDRINUSE | Errno::AGAIN => Self::Ports,
            Errno::NOBUFS | Errno::NOMEM => Self::Memory,
            errno => Self::Refused(errno),
        }
    }
}

impl From<OpenError> for io::Error {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Descriptors => Errno::MFILE.into(),
            OpenError::Ports => Errno::ADDRNOTAVAIL.into(),
            OpenError::Memory => Errno::NOBUFS.into(),
            OpenError::Full => Errno::AGAIN.into(),
            OpenError::Refused(errno) => errno.into(),
            OpenError::Handshake(error) => Self::other(error.words().to_owned()),
        }
    }
}

/// What a write did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrote {
    /// This many bytes were taken; fewer than given means the socket is full.
    Bytes(usize),
    /// The connection is broken.
    Broken(Errno),
}

/// What a read found.
#[derive(Clone, Debug)]
pub enum Received {
    /// Bytes.
    Bytes {
        /// How many.
        n: usize,
        /// What the next read would find.
        then: Then,
    },
    /// Nothing for now.
    Nothing,
    /// The other side closed its half.
    End,
    /// The connection is broken.
    Broken(Broken),
}

/// What a next read would find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Nothing, until the socket becomes readable again.
    Nothing,
    /// Perhaps more.
    More,
    /// The end: the other side has said that it closes.
    End,
}

/// What is there behind a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behind {
    /// Nothing.
    Nothing,
    /// The end, or of TLS what may be no bytes at all, but a ticket.
    Doubtful,
    /// Bytes of the other side.
    Bytes,
}

/// How far opening a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// The socket is not connected yet.
    Connecting,
    /// It is connected; the two sides agree on TLS.
    Shaking,
    /// Requests can be sent.
    Open,
}

const FLAGS: SocketFlags = SocketFlags::NONBLOCK.union(SocketFlags::CLOEXEC);

/// A connection, open or opening.
#[derive(Debug)]
pub struct Connection {
    socket: OwnedFd,
    connected: bool,
    /// Boxed, so that a plain connection does not carry its weight.
    tls: Option<Box<TlsSession>>,
}

impl Connection {
    /// Begins to connect; the connection is there when [`Connection::opened`] says so, which is to be asked each time
    /// that its socket becomes ready.
    pub fn open(address: &Address, sources: &mut Sources) -> Result<Self, OpenError> {
        match address {
            Address::Ip(address) => Self::open_tcp(address, sources),
            Address::Unix(path) => Self::open_unix(path),
        }
    }

    fn open_tcp(address: &SocketAddr, sources: &mut Sources) -> Result<Self, OpenError> {
        let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let socket = socket_with(family, SocketType::STREAM, FLAGS, Some(ipproto::TCP));
        let socket = socket.map_err(OpenError::from_errno)?;
        sockopt::set_tcp_nodelay(&socket, true).map_err(OpenError::from_errno)?;
        if let Some(source) = sources.next(address) {
            // The port is chosen by connect, which knows the whole four-tuple: else bind would keep a port
            // of this source to itself.
            setsockopt(&socket, IpBindAddressNoPort, &true)
                .map_err(|errno| OpenError::from_errno(Errno::from_raw_os_error(errno as i32)))?;
            bind(&socket, &SocketAddr::from((source, 0))).map_err(OpenError::from_errno)?;
        }
        match connect(&socket, address) {
            Ok(()) | Err(Errno::INPROGRESS) => Ok(Self { socket, connected: false, tls: None }),
            Err(errno) => Err(OpenError::from_errno(errno)),
        }
    }

    fn open_unix(path: &Path) -> Result<Self, OpenError> {
        let address = SocketAddrUnix::new(path).map_err(OpenError::Refused)?;
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, FLAGS, None);
        let socket = socket.map_err(OpenError::from_errno)?;
        match connect(&socket, &address) {
            Ok(()) | Err(Errno::INPROGRESS) => Ok(Self { socket, connected: false, tls: None }),
            Err(Errno::AGAIN) => Err(OpenError::Full),
            Err(errno) => Err(OpenError::from_errno(errno)),
        }
    }

    /// TLS is to be spoken on it.
    pub fn with_tls(mut self, session: TlsSession) -> Self {
        self.tls = Some(Box::new(session));
        self
    }

    /// Goes on with opening, once the socket has become ready (`writable`: to be written); how far it has come.
    /// `buffer`: as for [`Connection::read`].
    pub fn opened(&mut self, writable: bool, buffer: &mut [u8]) -> Result<Opening, OpenError> {
        if !self.connected {
            if !writable {
                return Ok(Opening::Connecting);
            }
            match sockopt::socket_error(&self.socket) {
                Ok(Ok(())) => self.connected = true,
                Ok(Err(errno)) | Err(errno) => return Err(OpenError::from_errno(errno)),
            }
        }
        match self.tls.as_mut().map(|tls| tls.shake(&self.socket, buffer)) {
            None | Some(Ok(true)) => Ok(Opening::Open),
            Some(Ok(false)) => Ok(Opening::Shaking),
            Some(Err(error)) => Err(OpenError::Handshake(error)),
        }
    }

    /// Whether TLS is spoken on it.
    pub const fn speaks_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// How the TLS handshake went; `None` without one, or while it lasts.
    pub fn handshake(&self) -> Option<Handshake> {
        self.tls.as_ref().and_then(|tls| tls.handshake())
    }

    /// Whether a TLS handshake has begun that has not ended.
    pub fn is_shaking(&self) -> bool {
        self.connected && self.tls.as_ref().is_some_and(|tls| tls.handshake().is_none())
    }

    /// The protocol that was agreed on in the handshake (ALPN), if one was.
    pub fn protocol(&self) -> Option<&[u8]> {
        self.tls.as_ref().and_then(|tls| tls.protocol())
    }

    /// Whether there are bytes to read that no event will tell of: they came with the end of the handshake.
    pub fn holds_bytes(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.holds_bytes())
    }

    /// The socket, to be watched.
    pub const fn socket(&self) -> &OwnedFd {
        &self.socket
    }

    /// Writes as much as the socket takes. With TLS that is always all: what the socket does not take is kept, and
    /// goes with [`Connection::flush`].
    pub fn write(&mut self, bytes: &[u8]) -> Wrote {
        if let Some(tls) = &mut self.tls {
            return tls.write(&self.socket, bytes);
        }
        match send(&self.socket, bytes, SendFlags::NOSIGNAL) {
            Ok(n) => Wrote::Bytes(n),
            Err(Errno::AGAIN | Errno::INTR) => Wrote::Bytes(0),
            Err(errno) => Wrote::Broken(errno),
        }
    }

    /// Writes on what TLS keeps of earlier writes.
    pub fn flush(&mut self) {
        if let Some(tls) = &mut self.tls {
            // What is wrong with the connection shows when it is read.
            let _ = tls.flush(&self.socket);
        }
    }

    /// Whether all that was written is on its way.
    pub fn is_flushed(&self) -> bool {
        !self.tls.as_ref().is_some_and(|tls| tls.has_unsent())
    }

    /// Reads what there is into `buffer`, which holds at least 64 KiB.
    pub fn read(&mut self, buffer: &mut [u8]) -> Received {
        if let Some(tls) = &mut self.tls {
            return tls.read(&self.socket, buffer);
        }
        match recv(&self.socket, &mut *buffer, RecvFlags::empty()) {
            Ok((0, _)) => Received::End,
            // A short read has emptied the socket.
            Ok((n, _)) => Received::Bytes { n, then: if n < buffer.len() { Then::Nothing } else { Then::More } },
            Err(Errno::AGAIN | Errno::INTR) => Received::Nothing,
            Err(errno) => Received::Broken(Broken::Socket(errno)),
        }
    }

    /// What is here already behind the read that just was, which told that `then` comes.
    pub fn behind(&self, then: Then) -> Behind {
        if self.tls.as_ref().is_some_and(|tls| tls.holds_part()) {
            return Behind::Doubtful;
        }
        match then {
            Then::Nothing => Behind::Nothing,
            Then::End => Behind::Doubtful,
            Then::More => match (self.peek(&mut [0; 1]), &self.tls) {
                (None, _) => Behind::Nothing,
                (Some(1..), None) => Behind::Bytes,
                (Some(_), tls) if tls.as_ref().is_some_and(|tls| tls.holds_bytes()) => Behind::Bytes,
                _ => Behind::Doubtful,
            },
        }
    }

    /// Looks at the first of what is to be read next, of TLS encrypted unless it came with the end of the handshake;
    /// `None` if nothing is there, not even the end.
    pub fn peek(&self, first: &mut [u8]) -> Option<usize> {
        match &self.tls {
            Some(tls) if tls.holds_bytes() => Some(tls.peek(first)),
            _ => recv(&self.socket, first, RecvFlags::PEEK).ok().map(|(n, _)| n),
        }
    }

    /// The local port; 0 if there is none, as of a Unix-domain socket.
    pub fn local_port(&self) -> u16 {
        getsockname(&self.socket).ok().and_then(|any| SocketAddr::try_from(any).ok()).map_or(0, |a| a.port())
    }
}

/// Whoever closes says so (RFC 8446 section 6.1).
impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.say_goodbye(&self.socket);
        }
    }
}
