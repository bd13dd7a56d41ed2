//! A queue that exists only as arithmetic.
//!
//! First come, first served, by one server or several. As each service time is known at arrival, so is
//! the departure: the later of the arrival and the first moment a server is free, plus the service time
//! (Lindley 1952). The answer goes out then; nothing waits anywhere meanwhile, so the queue is exact
//! whatever the scheduler does, and its response times have closed forms (M/M/c, M/D/1).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::num::NonZeroU16;

use crate::unit::{Instant, Span};

/// When each server of the queue will be free.
pub struct VirtualQueue {
    free_at: BinaryHeap<Reverse<Instant>>,
}

impl VirtualQueue {
    /// An empty queue before `servers` servers.
    pub fn new(servers: NonZeroU16) -> Self {
        Self { free_at: vec![Reverse(Instant::ZERO); servers.get().into()].into() }
    }

    /// When a request that arrives at `arrived` and needs `service` departs. Arrivals must be handed in
    /// their order. `opens` maps an instant to the first at or after it when a service may begin.
    pub fn depart(&mut self, arrived: Instant, service: Span, opens: impl Fn(Instant) -> Instant) -> Instant {
        let mut earliest = self.free_at.peek_mut().expect("a queue has at least one server and never loses one");
        let departs = opens(arrived.max(earliest.0)) + service;
        *earliest = Reverse(departs);
        departs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn departures(servers: u16, requests: &[(u64, u64)]) -> Vec<u64> {
        let mut queue = VirtualQueue::new(NonZeroU16::new(servers).unwrap());
        let departs = |&(arrived, service): &(u64, u64)| {
            queue.depart(Instant::from_nanos(arrived), Span::from_nanos(service), |at| at).as_nanos()
        };
        requests.iter().map(departs).collect()
    }

    #[test]
    fn one_server_serves_in_order_of_arrival() {
        // Arrives at 0, needs 10: departs 10. At 4: waits 6, departs 10 + 5. At 20: finds it idle.
        assert_eq!(departures(1, &[(0, 10), (4, 5), (5, 1), (20, 3)]), [10, 15, 16, 23]);
    }

    #[test]
    fn the_first_free_of_several_servers_takes_the_next_request() {
        // Server A is busy to 10, B to 3; the third waits for B (3 + 4), the fourth for B again (7 + 1),
        // the fifth finds B free at 8 and A at 10, so it begins at 9 on B.
        assert_eq!(departures(2, &[(0, 10), (1, 2), (2, 4), (2, 1), (9, 5)]), [10, 3, 7, 8, 14]);
    }

    #[test]
    fn a_service_begins_only_when_the_server_works() {
        let mut queue = VirtualQueue::new(NonZeroU16::MIN);
        let opens = |at: Instant| at.max(Instant::from_nanos(100));
        let mut depart = |at| queue.depart(Instant::from_nanos(at), Span::from_nanos(7), opens).as_nanos();
        assert_eq!([depart(10), depart(11), depart(200)], [107, 114, 207]);
    }

    proptest::proptest! {
        #[test]
        fn no_order_of_service_by_hand_differs(
            servers in 1_u16..5, requests in proptest::collection::vec((0_u64..20, 1_u64..50), 1..60)
        ) {
            let mut arrived = 0;
            let requests: Vec<_> = requests.into_iter().map(|(gap, service)| { arrived += gap; (arrived, service) }).collect();
            let departed = departures(servers, &requests);
            for (i, (arrived, service)) in requests.iter().enumerate() {
                let start = departed[i] - service;
                let busy = |at: u64| (0..i).filter(|&j| departed[j] - requests[j].1 <= at && at < departed[j]).count();
                // Begins not before it came nor before those ahead of it, into a free server, and at the
                // first such moment: just before, it had not come or every server was busy or kept for them.
                let ahead = (0..i).map(|j| departed[j] - requests[j].1).max().unwrap_or(0);
                proptest::prop_assert!(start >= *arrived && start >= ahead && busy(start) < servers.into());
                proptest::prop_assert!(start == *arrived || start == ahead || busy(start - 1) == usize::from(servers));
            }
        }
    }
}
