//! Where an origin is: its addresses, looked up once and pinned (S8), and whether they are loopback (O9).

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use super::tls::TlsClient;

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
    /// The same, with these protocols offered by ALPN where it speaks TLS.
    pub fn offering(mut self, protocols: &[&[u8]]) -> Self {
        self.tls = self.tls.map(|tls| tls.offering(protocols));
        self
    }

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

/// Those of the addresses that accept a connection now (O8); the last error if none does.
pub fn reachable(addresses: &[SocketAddr], timeout: Duration) -> io::Result<Vec<SocketAddr>> {
    let mut last_error = io::Error::from(io::ErrorKind::AddrNotAvailable);
    let mut accepted = Vec::new();
    for address in addresses {
        match TcpStream::connect_timeout(address, timeout) {
            Ok(_) => accepted.push(*address),
            Err(error) => last_error = error,
        }
    }
    if accepted.is_empty() { Err(last_error) } else { Ok(accepted) }
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
