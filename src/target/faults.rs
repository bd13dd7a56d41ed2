//! The knobs at work: how long each request is held, and what becomes of it.
//!
//! One `Faults` stands before one listener's service, whichever that is. A request's fate depends only
//! on the seed, the station and the request's number in order of arrival.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::alarm::Alarm;
use super::knobs::{Knobs, ServiceTime};
use super::queue::VirtualQueue;
use super::shed::{Doors, Inside};
use crate::unit::{Instant, Span};

/// The knobs of one station with the state of its queue.
pub struct Faults {
    knobs: Knobs,
    station: u16,
    alarm: Rc<Alarm>,
    queue: RefCell<VirtualQueue>,
    arrivals: Cell<u64>,
    doors: Doors,
}

/// What becomes of a request once it has been held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The service answers it.
    Served,
    /// It is answered 503; the service never sees it.
    Refused,
    /// It is shed: answered 503 at once, with this many seconds of Retry-After.
    Shed(u64),
    /// Its connection is closed without an answer; the service never sees it.
    Dropped,
}

/// What a draw is for, so that turning one knob changes no other's draws.
#[derive(Clone, Copy)]
enum Use {
    Service = 0,
    Fate = 1,
}

impl Faults {
    /// The knobs as they act on the requests of station number `station`.
    pub fn new(knobs: Knobs, station: u16, alarm: Rc<Alarm>) -> Self {
        let queue = RefCell::new(VirtualQueue::new(knobs.servers));
        Self { knobs, station, alarm, queue, arrivals: Cell::new(0), doors: Doors::default() }
    }

    /// Holds a request that arrived at `arrived` as long as the knobs say, then tells its fate, and that it is in flight
    /// until it is answered. To be called in the order of arrival.
    pub async fn hold(&self, arrived: Instant) -> (Fate, Option<Inside>) {
        let number = self.arrivals.replace(self.arrivals.get() + 1);
        let Some(inside) = self.doors.enter(self.knobs.shed, arrived) else {
            return (Fate::Shed(self.knobs.shed_retry_after.as_secs_f64().ceil().max(1.0) as u64), None);
        };
        let (released, fate) = (self.release(arrived, number), self.fate(number));
        self.alarm.sleep_until(released).await;
        (fate, Some(inside))
    }

    fn release(&self, arrived: Instant, number: u64) -> Instant {
        let opens = |at| self.knobs.stall.map_or(at, |stall| stall.release(at));
        let departs = match self.knobs.service {
            None => opens(arrived),
            Some(service) => {
                let service = self.service_time(service, number);
                self.queue.borrow_mut().depart(arrived, service, opens)
            }
        };
        departs + self.knobs.delay
    }

    fn service_time(&self, service: ServiceTime, number: u64) -> Span {
        match service {
            ServiceTime::Fixed(time) => time,
            ServiceTime::Exponential(mean) => {
                Span::from_secs_f64(-self.uniform(Use::Service, number).ln() * mean.as_secs_f64())
            }
        }
    }

    fn fate(&self, number: u64) -> Fate {
        let (drops, errors) = (self.knobs.drops.as_fraction(), self.knobs.errors.as_fraction());
        match self.uniform(Use::Fate, number) {
            draw if draw < drops => Fate::Dropped,
            draw if draw < drops + errors => Fate::Refused,
            _ => Fate::Served,
        }
    }

    /// A number in (0, 1) that depends only on seed, station, use and request number.
    fn uniform(&self, purpose: Use, number: u64) -> f64 {
        let stream = scramble(scramble(self.knobs.seed) ^ (u64::from(self.station) << 1 | purpose as u64));
        let bits = scramble(stream ^ scramble(number)) >> 11;
        (bits as f64 + 0.5) / (1_u64 << 53) as f64
    }
}

/// One step of SplitMix64 (Steele, Lea and Flood 2014): every bit of the result depends on all of `x`.
fn scramble(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::super::clock::Clock;
    use super::*;

    fn with_faults(knobs: Knobs, station: u16, test: impl FnOnce(Faults)) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build_local(Default::default()).unwrap();
        runtime.block_on(async { test(Faults::new(knobs, station, Alarm::new(Clock::start()).unwrap())) });
    }

    fn at(millis: u64) -> Instant {
        Instant::ZERO + Span::from_millis(millis)
    }

    #[test]
    fn scrambling_gives_the_published_sequence() {
        // SplitMix64 from state 0: the first two outputs of the reference implementation.
        assert_eq!(scramble(0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(scramble(0x9e37_79b9_7f4a_7c15), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn exponential_service_times_have_their_mean_and_quantiles() {
        let mean = Span::from_millis(20);
        with_faults(Knobs { seed: 1, ..Knobs::default() }, 3, |faults| {
            let n = 100_000;
            let mut times: Vec<f64> =
                (0..n).map(|i| faults.service_time(ServiceTime::Exponential(mean), i).as_secs_f64() / 0.02).collect();
            times.sort_by(f64::total_cmp);
            // Four standard errors: 1/√n for the mean, √(p/((1-p)n)) for the quantile -ln(1-p).
            let sample_mean = times.iter().sum::<f64>() / n as f64;
            assert!((sample_mean - 1.0).abs() < 4.0 / 316.0, "mean {sample_mean}");
            for (p, tolerance) in [(0.5_f64, 0.0127), (0.9, 0.038), (0.99, 0.126)] {
                let found = times[(p * n as f64) as usize];
                assert!((found + (1.0 - p).ln()).abs() < tolerance, "p{p}: {found}");
            }
        });
    }

    #[test]
    fn stations_draw_from_streams_of_their_own() {
        let draws = |station| {
            let mut draws = Vec::new();
            with_faults(Knobs::default(), station, |f| draws = (0..8).map(|i| f.uniform(Use::Service, i)).collect());
            draws
        };
        assert_eq!(draws(1), draws(1));
        assert!(draws(1).iter().zip(draws(2)).all(|(a, b)| *a != b));
    }

    #[test]
    fn stall_queue_and_delay_add_up() {
        let knobs = Knobs {
            delay: Span::from_millis(1),
            service: Some(ServiceTime::Fixed(Span::from_millis(10))),
            stall: "2s/10s".parse().ok(),
            ..Knobs::default()
        };
        with_faults(knobs, 0, |faults| {
            // Idle: 10 + 1. Behind it: 20 + 1. In the stall: begins at 12 s, the next one after it.
            assert_eq!(faults.release(at(0), 0), at(11));
            assert_eq!(faults.release(at(5), 1), at(21));
            assert_eq!(faults.release(at(10_500), 2), at(12_011));
            assert_eq!(faults.release(at(10_600), 3), at(12_021));
        });
    }

    #[test]
    fn without_a_queue_a_stall_releases_all_it_held_at_once() {
        let knobs = Knobs { delay: Span::from_millis(1), stall: "2s/10s".parse().ok(), ..Knobs::default() };
        with_faults(knobs, 0, |faults| {
            assert_eq!(faults.release(at(10_500), 0), at(12_001));
            assert_eq!(faults.release(at(11_900), 1), at(12_001));
        });
    }

    #[test]
    fn fates_have_their_shares() {
        let knobs = Knobs { errors: "10%".parse().unwrap(), drops: "5%".parse().unwrap(), ..Knobs::default() };
        with_faults(knobs, 0, |faults| {
            let count = |fate| (0..100_000).filter(|&i| faults.fate(i) == fate).count();
            // Four standard deviations of a binomial of 100,000: 380 at 10 %, 276 at 5 %.
            assert!(count(Fate::Refused).abs_diff(10_000) < 380, "{}", count(Fate::Refused));
            assert!(count(Fate::Dropped).abs_diff(5_000) < 276, "{}", count(Fate::Dropped));
        });
    }
}
