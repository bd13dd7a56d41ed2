//! The local addresses that connections come from: those that the scenario names, or many of loopback (M2).

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketType, bind, socket};

/// Addresses of 127/8 that a lane uses in turn. Each has all local ports to itself: so many last for over 100,000
/// new connections a second, though a closed one keeps its port for a minute. More would only crowd the tables in
/// which the kernel keeps something of every pair of addresses.
const LOOPBACK_EACH: u32 = 256;
/// 127.0.0.2 to 127.255.255.253: neither the usual address nor the network's last ones.
const LOOPBACK_ALL: u32 = (1 << 24) - 4;

/// What a lane's connections to one origin come from, in turn.
#[derive(Clone, Debug)]
pub struct Sources {
    named: Vec<IpAddr>,
    lane: u32,
    lanes: u32,
    turn: u32,
}

impl Sources {
    /// Sources of lane `lane` of `lanes`: those named; without any, addresses of loopback towards loopback, of which
    /// no two lanes ever use the same, and elsewhere what the kernel chooses.
    pub const fn new(named: Vec<IpAddr>, lane: u32, lanes: u32) -> Self {
        Self { named, lane, lanes, turn: 0 }
    }

    /// The next source towards `address`; `None` where the kernel is to choose.
    pub(super) fn next(&mut self, address: &SocketAddr) -> Option<IpAddr> {
        let turn = self.turn;
        self.turn = self.turn.wrapping_add(1);
        if !self.named.is_empty() {
            // Each lane begins with another one, and uses all of the address's own family.
            let of_family = || self.named.iter().filter(|source| source.is_ipv4() == address.is_ipv4());
            let nth = self.lane.wrapping_add(turn) as usize % of_family().count().max(1);
            return of_family().nth(nth).copied();
        }
        let IpAddr::V4(target) = address.ip() else { return None };
        target.is_loopback().then(|| {
            let source = self.lane.wrapping_add(self.lanes.wrapping_mul(turn % LOOPBACK_EACH)) % LOOPBACK_ALL;
            IpAddr::V4(Ipv4Addr::from_bits(0x7f00_0002 + source))
        })
    }
}

/// Whether connections may come from this address: whether it is one of this machine. Sends nothing.
pub fn is_local(address: IpAddr) -> io::Result<bool> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    match bind(socket(family, SocketType::STREAM, None)?, &SocketAddr::new(address, 0)) {
        Ok(()) => Ok(true),
        Err(Errno::ADDRNOTAVAIL) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn towards(address: &str) -> SocketAddr {
        address.parse().expect("an address")
    }

    #[test]
    fn sources_rotate_over_loopback_and_lanes_never_share_one() {
        let target = towards("127.0.0.1:80");
        let (mut even, mut odd) = (Sources::new(vec![], 0, 2), Sources::new(vec![], 1, 2));
        let of = |sources: &mut Sources| (0..1000).map(|_| sources.next(&target)).collect::<Vec<_>>();
        let (even_ones, odd_ones) = (of(&mut even), of(&mut odd));
        assert_eq!(even_ones[..2], [Some([127, 0, 0, 2].into()), Some([127, 0, 0, 4].into())]);
        assert_eq!(odd_ones[0], Some([127, 0, 0, 3].into()));
        assert!(even_ones.iter().all(|source| !odd_ones.contains(source)));
        assert_eq!(even.next(&towards("[::1]:80")), None);
        assert_eq!(even.next(&towards("192.0.2.1:80")), None);
    }

    #[test]
    fn named_sources_are_taken_in_turn_by_every_lane_and_only_of_the_targets_family() {
        let named: Vec<IpAddr> = ["10.0.0.5", "::1", "10.0.0.6"].map(|a| a.parse().expect("an address")).to_vec();
        for (lane, first, second) in [(0, named[0], named[2]), (1, named[2], named[0])] {
            let mut sources = Sources::new(named.clone(), lane, 2);
            let mut next = |address: &str| sources.next(&towards(address));
            assert_eq!([next("192.0.2.1:80"), next("192.0.2.1:80")], [Some(first), Some(second)]);
            assert_eq!([next("127.0.0.1:80"), next("[::1]:80")], [Some(first), Some(named[1])]);
        }
        assert_eq!(Sources::new(vec![named[1]], 0, 1).next(&towards("192.0.2.1:80")), None);
    }

    #[test]
    fn only_addresses_of_this_machine_are_local() {
        assert!(is_local([127, 0, 0, 9].into()).expect("a socket"));
        // RFC 5737: no machine has it.
        assert!(!is_local([192, 0, 2, 1].into()).expect("a socket"));
    }
}
