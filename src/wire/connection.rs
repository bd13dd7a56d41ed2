//! A non-blocking TCP connection: opened from a rotating source address on loopback, written and read by readiness.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;

use nix::sys::socket::{setsockopt, sockopt::IpBindAddressNoPort};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, connect, getsockname, ipproto, recv, send,
    socket_with, sockopt,
};

/// Why a connection could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// Ours: the process or the system has no descriptor left (R3).
    Descriptors,
    /// Ours: no local port is left towards this address.
    Ports,
    /// Ours: the kernel has no memory for it.
    Memory,
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

/// The source addresses of connections to loopback: 127/8 in turn, so that ports do not run out (M2).
#[derive(Clone, Debug)]
pub struct Sources {
    next: u32,
    step: u32,
}

impl Sources {
    /// Sources of lane `lane` of `lanes`: no two lanes ever use the same.
    pub const fn new(lane: u32, lanes: u32) -> Self {
        Self { next: lane, step: lanes }
    }

    /// The next source towards `address`; `None` where the kernel is to choose: beyond IPv4 loopback.
    fn next(&mut self, address: &SocketAddr) -> Option<Ipv4Addr> {
        let IpAddr::V4(target) = address.ip() else { return None };
        if !target.is_loopback() {
            return None;
        }
        // 127.0.0.2 … 127.255.255.253: neither the usual address nor the network's last ones.
        const ADDRESSES: u32 = (1 << 24) - 4;
        let source = Ipv4Addr::from_bits(0x7f00_0002 + self.next % ADDRESSES);
        self.next = (self.next + self.step) % ADDRESSES;
        Some(source)
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

/// A TCP connection, open or opening.
#[derive(Debug)]
pub struct Connection {
    socket: OwnedFd,
}

impl Connection {
    /// Begins to connect; the connection is there when its socket becomes writable and [`Connection::opened`] says so.
    pub fn open(address: &SocketAddr, sources: &mut Sources) -> Result<Self, OpenError> {
        let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket =
            socket_with(family, SocketType::STREAM, flags, Some(ipproto::TCP)).map_err(OpenError::from_errno)?;
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

    /// The local port; 0 if the socket cannot say.
    pub fn local_port(&self) -> u16 {
        getsockname(&self.socket).ok().and_then(|any| SocketAddr::try_from(any).ok()).map_or(0, |a| a.port())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_rotate_over_loopback_and_lanes_never_share_one() {
        let target: SocketAddr = "127.0.0.1:80".parse().expect("an address");
        let (mut even, mut odd) = (Sources::new(0, 2), Sources::new(1, 2));
        assert_eq!(even.next(&target), Some(Ipv4Addr::new(127, 0, 0, 2)));
        assert_eq!(odd.next(&target), Some(Ipv4Addr::new(127, 0, 0, 3)));
        assert_eq!(even.next(&target), Some(Ipv4Addr::new(127, 0, 0, 4)));
        assert_eq!(even.next(&"[::1]:80".parse().expect("an address")), None);
        assert_eq!(even.next(&"192.0.2.1:80".parse().expect("an address")), None);
    }
}
