//! A non-blocking connection, over TCP or to a Unix-domain socket: opened, written and read by readiness.

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

/// Why a connection could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// This many bytes; fewer than asked for means there is no more for now.
    Bytes(usize),
    /// Nothing for now.
    Nothing,
    /// The other side closed its half.
    End,
    /// The connection is broken.
    Broken(Errno),
}

const FLAGS: SocketFlags = SocketFlags::NONBLOCK.union(SocketFlags::CLOEXEC);

/// A connection, open or opening.
#[derive(Debug)]
pub struct Connection {
    socket: OwnedFd,
}

impl Connection {
    /// Begins to connect; the connection is there when its socket becomes writable and [`Connection::opened`] says so.
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
            Ok(()) | Err(Errno::INPROGRESS) => Ok(Self { socket }),
            Err(errno) => Err(OpenError::from_errno(errno)),
        }
    }

    fn open_unix(path: &Path) -> Result<Self, OpenError> {
        let address = SocketAddrUnix::new(path).map_err(OpenError::Refused)?;
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, FLAGS, None);
        let socket = socket.map_err(OpenError::from_errno)?;
        match connect(&socket, &address) {
            Ok(()) | Err(Errno::INPROGRESS) => Ok(Self { socket }),
            Err(Errno::AGAIN) => Err(OpenError::Full),
            Err(errno) => Err(OpenError::from_errno(errno)),
        }
    }

    /// Whether connecting has succeeded, once the socket has become writable.
    pub fn opened(&self) -> Result<(), OpenError> {
        match sockopt::socket_error(&self.socket) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(errno)) | Err(errno) => Err(OpenError::from_errno(errno)),
        }
    }

    /// The socket, to be watched.
    pub const fn socket(&self) -> &OwnedFd {
        &self.socket
    }

    /// Writes as much as the socket takes.
    pub fn write(&self, bytes: &[u8]) -> Wrote {
        match send(&self.socket, bytes, SendFlags::NOSIGNAL) {
            Ok(n) => Wrote::Bytes(n),
            Err(Errno::AGAIN | Errno::INTR) => Wrote::Bytes(0),
            Err(errno) => Wrote::Broken(errno),
        }
    }

    /// Reads what there is into `buffer`.
    pub fn read(&self, buffer: &mut [u8]) -> Received {
        match recv(&self.socket, buffer, RecvFlags::empty()) {
            Ok((0, _)) => Received::End,
            Ok((n, _)) => Received::Bytes(n),
            Err(Errno::AGAIN | Errno::INTR) => Received::Nothing,
            Err(errno) => Received::Broken(errno),
        }
    }

    /// The local port; 0 if there is none, as of a Unix-domain socket.
    pub fn local_port(&self) -> u16 {
        getsockname(&self.socket).ok().and_then(|any| SocketAddr::try_from(any).ok()).map_or(0, |a| a.port())
    }
}
