//! Where an origin is: its addresses, looked up once and pinned (S8), and whether they are loopback (O9).

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::connection::{Connection, OpenError};
use super::sources::Sources;
use super::tls::{HandshakeError, TlsClient};

/// Where a connection goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// An IP address and a port.
    Ip(SocketAddr),
    /// A Unix-domain socket of this machine.
    Unix(Arc<Path>),
}

impl Address {
    /// Whether what is sent there stays on this machine (O9).
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Ip(address) => address.ip().to_canonical().is_loopback(),
            Self::Unix(_) => true,
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self::Ip(address)
    }
}

/// As a target is written: `10.0.0.7:80`, `unix:/run/app.sock`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// An origin with its addresses.
#[derive(Clone, Debug)]
pub struct ResolvedOrigin {
    /// The Host header.
    pub authority: String,
    /// Every address, at least one; connections take them in turn.
    pub addresses: Vec<Address>,
    /// The local addresses that connections come from, in turn; empty: as [`Sources`] has it.
    pub sources: Vec<IpAddr>,
    /// Speaks TLS with it; `None`: plain HTTP.
    pub tls: Option<TlsClient>,
}

impl ResolvedOrigin {
    /// The same, with these protocols offered by ALPN where it speaks TLS.
    pub fn offering(mut self, protocols: &[&[u8]]) -> Self {
        self.tls = self.tls.map(|tls| tls.offering(protocols));
        self
    }

    /// Whether every address is loopback (O9).
    pub fn is_loopback(&self) -> bool {
        self.addresses.iter().all(Address::is_loopback)
    }
}

/// Why an origin has no addresses.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// The name is not known, or the resolver did not answer.
    #[error("cannot find the address of `{host}`: {source}")]
    Lookup {
        /// The host.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// The name exists but has no address.
    #[error("`{host}` has no address")]
    Empty {
        /// The host.
        host: String,
    },
}

/// Looks a host up; all its addresses, IPv4 and IPv6, in the resolver's order.
pub fn resolve(host: &str, port: u16, pinned: Option<IpAddr>) -> Result<Vec<SocketAddr>, ResolveError> {
    if let Some(address) = pinned {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let found = (host, port).to_socket_addrs();
    let mut addresses: Vec<SocketAddr> =
        found.map_err(|source| ResolveError::Lookup { host: host.to_owned(), source })?.collect();
    addresses.dedup();
    if addresses.is_empty() {
        return Err(ResolveError::Empty { host: host.to_owned() });
    }
    Ok(addresses)
}

/// Why no connection to an origin could be opened.
#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    /// Not even a connection.
    #[error("{0}")]
    Connect(io::Error),
    /// A connection, but no TLS on it.
    #[error("{}", .0.words())]
    Handshake(HandshakeError),
}

/// Those of the origin's addresses that accept a connection now, opened as a run would, and speak TLS on it where that
/// is asked for (O8); what the last one lacked if none does.
pub fn reachable(origin: &ResolvedOrigin, timeout: Duration) -> Result<Vec<Address>, Unreachable> {
    let mut sources = Sources::new(origin.sources.clone(), 0, 1);
    let mut lacking = Unreachable::Connect(io::ErrorKind::AddrNotAvailable.into());
    let mut accepted = Vec::new();
    for address in &origin.addresses {
        match connects(address, &mut sources, origin.tls.as_ref(), timeout) {
            Ok(()) => accepted.push(address.clone()),
            Err(error) => lacking = error,
        }
    }
    if accepted.is_empty() { Err(lacking) } else { Ok(accepted) }
}

fn connects(
    address: &Address,
    sources: &mut Sources,
    tls: Option<&TlsClient>,
    timeout: Duration,
) -> Result<(), Unreachable> {
    let mut connection = match Connection::open(address, sources) {
        // Somebody listens there, and is only busy.
        Err(OpenError::Full) => return Ok(()),
        opening => opening.map_err(refused)?,
    };
    let wait = Timespec::try_from(timeout).map_err(|error| Unreachable::Connect(io::Error::other(error)))?;
    let ready = poll(&mut [PollFd::new(connection.socket(), PollFlags::OUT)], Some(&wait));
    if ready.map_err(|errno| Unreachable::Connect(errno.into()))? == 0 {
        return Err(Unreachable::Connect(io::ErrorKind::TimedOut.into()));
    }
    connection.opened(true, &mut []).map_err(refused)?;
    tls.map_or(Ok(()), |client| client.try_handshake(blocking(&connection, timeout)?).map_err(Unreachable::Handshake))
}

fn refused(error: OpenError) -> Unreachable {
    Unreachable::Connect(error.into())
}

/// The connection's socket, as one that blocks for at most `timeout`.
fn blocking(connection: &Connection, timeout: Duration) -> Result<OwnedFd, Unreachable> {
    let stream = connection.socket().try_clone().map(TcpStream::from);
    let prepared = stream.and_then(|stream| {
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(timeout))?;
        Ok(stream.into())
    });
    prepared.map_err(Unreachable::Connect)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_loopback_only_if_every_address_is() {
        let origin = |addresses: &[&str]| ResolvedOrigin {
            authority: "x".to_owned(),
            addresses: addresses.iter().map(|a| Address::Ip(a.parse().expect("an address"))).collect(),
            sources: Vec::new(),
            tls: None,
        };
        assert!(origin(&["127.0.0.1:80", "[::1]:80", "127.9.8.7:80", "[::ffff:127.0.0.1]:80"]).is_loopback());
        assert!(!origin(&["127.0.0.1:80", "192.0.2.1:80"]).is_loopback());
    }
}
