//! Opening the sockets, so that a port in use is told in words.

use std::io;
use std::net::{SocketAddr, TcpListener};

use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};

use super::TargetError;

/// Connections that may wait to be accepted; the system caps it at net.core.somaxconn.
const BACKLOG: i32 = 4096;

/// One row of sockets a thread, one socket a station. With several stations and a port given, station i
/// listens on that port + i. With several threads each has a socket of its own on the same port, and the
/// system spreads the connections over them.
pub fn listen(first: SocketAddr, stations: u16, threads: usize) -> Result<Vec<Vec<TcpListener>>, TargetError> {
    let mut rows: Vec<Vec<TcpListener>> = (0..threads).map(|_| Vec::new()).collect();
    for station in 0..stations {
        let mut address = address_of(first, station, stations)?;
        if threads > 1 && address.port() != 0 {
            // Sockets that share a port do not notice a stranger that shares it as well; this one does.
            drop(bind(address, false).map_err(|source| TargetError::Listen { address, source })?);
        }
        for row in &mut rows {
            let socket = bind(address, threads > 1).map_err(|source| TargetError::Listen { address, source })?;
            address = socket.local_addr().map_err(|source| TargetError::Listen { address, source })?;
            row.push(socket);
        }
    }
    Ok(rows)
}

fn address_of(first: SocketAddr, station: u16, stations: u16) -> Result<SocketAddr, TargetError> {
    let port = match first.port() {
        0 => 0,
        port => port.checked_add(station).ok_or(TargetError::Ports { first, stations })?,
    };
    Ok(SocketAddr::new(first.ip(), port))
}

fn bind(address: SocketAddr, share_port: bool) -> io::Result<TcpListener> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    sockopt::set_socket_reuseport(&socket, share_port)?;
    rustix::net::bind(&socket, &address)?;
    rustix::net::listen(&socket, BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loopback(port: u16) -> SocketAddr {
        ([127, 0, 0, 1], port).into()
    }

    #[test]
    fn stations_have_ports_of_their_own_and_threads_share_them() {
        let rows = listen(loopback(0), 3, 2).unwrap();
        let ports = |row: &Vec<TcpListener>| row.iter().map(|s| s.local_addr().unwrap().port()).collect::<Vec<_>>();
        assert_eq!(ports(&rows[0]), ports(&rows[1]));
        assert_eq!(rows[0].len(), 3);
        assert!(ports(&rows[0])[0] != ports(&rows[0])[1]);
    }

    #[test]
    fn a_port_in_use_is_named_with_the_way_out() {
        for threads in [1, 2] {
            let taken = listen(loopback(0), 1, threads).unwrap();
            let address = taken[0][0].local_addr().unwrap();
            let error = listen(address, 1, threads).unwrap_err().to_string();
            assert!(error.contains(&address.to_string()) && error.contains("--listen"), "{error}");
        }
    }

    #[test]
    fn ports_end_at_65535() {
        assert!(matches!(listen(loopback(65_530), 32, 1), Err(TargetError::Ports { stations: 32, .. })));
    }
}
