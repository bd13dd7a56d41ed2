//! Where an origin is: its addresses, looked up once and pinned (S8), and whether they are loopback (O9).

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use super::tls::{HandshakeError, TlsClient};

/// An origin with its addresses.
#[derive(Clone, Debug)]
pub struct ResolvedOrigin {
    /// The Host header.
    pub authority: String,
    /// Every address, at least one; connections take them in turn.
    pub addresses: Vec<SocketAddr>,
    /// Speaks TLS with it; `None`: plain HTTP.
    pub tls: Option<TlsClient>,
}

impl ResolvedOrigin {
    /// Whether every address is loopback (O9).
    pub fn is_loopback(&self) -> bool {
        self.addresses.iter().all(|address| address.ip().to_canonical().is_loopback())
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

/// Those of the origin's addresses that accept a connection now, and speak TLS on it where that is asked for (O8);
/// what the last one lacked if none does.
pub fn reachable(origin: &ResolvedOrigin, timeout: Duration) -> Result<Vec<SocketAddr>, Unreachable> {
    let mut lacking = Unreachable::Connect(io::ErrorKind::AddrNotAvailable.into());
    let mut accepted = Vec::new();
    for address in &origin.addresses {
        let connected = TcpStream::connect_timeout(address, timeout);
        match connected.map_err(Unreachable::Connect).and_then(|stream| speaks_tls(origin, stream, timeout)) {
            Ok(()) => accepted.push(*address),
            Err(error) => lacking = error,
        }
    }
    if accepted.is_empty() { Err(lacking) } else { Ok(accepted) }
}

fn speaks_tls(origin: &ResolvedOrigin, stream: TcpStream, timeout: Duration) -> Result<(), Unreachable> {
    let Some(client) = &origin.tls else { return Ok(()) };
    stream.set_read_timeout(Some(timeout)).map_err(Unreachable::Connect)?;
    client.try_handshake(stream.into()).map_err(Unreachable::Handshake)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_loopback_only_if_every_address_is() {
        let origin = |addresses: &[&str]| ResolvedOrigin {
            authority: "x".to_owned(),
            addresses: addresses.iter().map(|a| a.parse().expect("an address")).collect(),
            tls: None,
        };
        assert!(origin(&["127.0.0.1:80", "[::1]:80", "127.9.8.7:80", "[::ffff:127.0.0.1]:80"]).is_loopback());
        assert!(!origin(&["127.0.0.1:80", "192.0.2.1:80"]).is_loopback());
    }
}
