//! P7 and P8: any split into stripes is the same plan, and lanes come to the plan's hash.

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicU64;

use proptest::prelude::*;
use scrutinio::plan::{Arrival, ArrivalsHash, Plan, Stripe};
use scrutinio::scenario::{Arrivals, Process, Size};
use scrutinio::unit::Side;

use super::models::*;

fn bytes(arrivals: &[Arrival]) -> Vec<u8> {
    let words = arrivals.iter().flat_map(|a| [a.due.as_nanos(), u64::from(a.population), a.session]);
    words.flat_map(u64::to_le_bytes).collect()
}

/// The stripes' arrivals merged by (due, population, session), and the sum of the hashes their lanes keep.
fn in_stripes(plan: &Plan, of: u64) -> (Vec<Arrival>, u128) {
    let mut merged = Vec::new();
    let mut sum = ArrivalsHash::default();
    for index in 0..of {
        let mut lane = ArrivalsHash::default();
        let stripe: Vec<Arrival> = plan.arrivals(Stripe { index, of }).collect();
        assert!(stripe.is_sorted() && stripe.iter().all(|arrival| arrival.session % of == index));
        for arrival in &stripe {
            lane.add(&plan.populations[usize::from(arrival.population)].path, arrival.session, arrival.due);
        }
        sum.merge(lane.sum());
        merged.extend(stripe);
    }
    merged.sort();
    (merged, sum.sum())
}

#[test]
fn any_number_of_stripes_is_byte_for_byte_the_same_plan() {
    let plan = night(60_000).plan().unwrap();
    let whole: Vec<Arrival> = plan.arrivals(Stripe::ALL).collect();
    assert!(whole.is_sorted());
    assert_eq!(whole.len() as u64, plan.sessions);
    for of in [1, 2, 3, 7, 64] {
        let (merged, hash) = in_stripes(&plan, of);
        assert_eq!(bytes(&merged), bytes(&whole), "{of} stripes");
        assert_eq!(hash, plan.arrivals_hash, "{of} stripes");
    }
}

#[test]
fn the_sides_of_a_duet_are_the_plan_in_any_stripes() {
    let made = night(20_000);
    let (plan, threads) = (made.plan().unwrap(), NonZeroUsize::MIN);
    let sides = [Side::Base, Side::New]
        .map(|side| Plan::build_side(&made.scenario, side, threads, &AtomicU64::new(0)).unwrap());
    let sum = |of: fn(&Plan) -> u64| sides.iter().map(of).sum::<u64>();
    assert_eq!((sum(|side| side.sessions), sum(|side| side.requests)), (plan.sessions, plan.requests));
    assert_eq!(sides[0].arrivals_hash.wrapping_add(sides[1].arrivals_hash), plan.arrivals_hash);
    assert!(sides.iter().all(|side| side.digest == plan.digest && side.last_due <= plan.last_due));
    for (base, new) in sides[0].populations.iter().zip(&sides[1].populations) {
        assert!(base.own_sessions.abs_diff(new.own_sessions) <= 1, "{}", base.name);
    }
    for of in [1, 3] {
        let mut merged = Vec::new();
        for side in &sides {
            let (arrivals, hash) = in_stripes(side, of);
            assert_eq!((arrivals.len() as u64, hash), (side.sessions, side.arrivals_hash), "{of} stripes");
            merged.extend(arrivals);
        }
        merged.sort();
        assert_eq!(bytes(&merged), bytes(&plan.arrivals(Stripe::ALL).collect::<Vec<_>>()), "{of} stripes");
    }
}

#[test]
fn the_hash_does_not_depend_on_threads() {
    let made = night(50_000);
    let [one, three] = [1, 3].map(|threads| build(&made.scenario, threads).unwrap());
    assert_eq!(one.arrivals_hash, three.arrivals_hash);
    assert_eq!((one.nominal, one.last_due, one.alive_peak), (three.nominal, three.last_due, three.alive_peak));
}

#[test]
fn the_hash_notices_a_missing_a_doubled_and_a_moved_session() {
    let plan = night(20_000).plan().unwrap();
    let sum = |change: fn(&mut Vec<Arrival>)| {
        let mut arrivals: Vec<Arrival> = plan.arrivals(Stripe::ALL).collect();
        change(&mut arrivals);
        let mut hash = ArrivalsHash::default();
        for a in &arrivals {
            hash.add(&plan.populations[usize::from(a.population)].path, a.session, a.due);
        }
        hash.sum()
    };
    assert_eq!(sum(|_| ()), plan.arrivals_hash);
    assert_ne!(sum(|arrivals| arrivals.truncate(arrivals.len() - 1)), plan.arrivals_hash);
    assert_ne!(sum(|arrivals| arrivals.push(arrivals[7])), plan.arrivals_hash);
    assert_ne!(sum(|arrivals| arrivals[7].due = arrivals[8].due), plan.arrivals_hash);
}

#[test]
fn any_arrival_is_found_alone() {
    let plan = night(100_000).plan().unwrap();
    for arrival in plan.arrivals(Stripe::ALL).step_by(97) {
        assert_eq!(plan.arrival(usize::from(arrival.population), arrival.session), arrival);
    }
}

#[test]
fn the_last_of_a_billion_arrivals_is_found_without_the_others() {
    // In a release build in well under a second: `cargo test --release --test plan_properties billion -- --nocapture`.
    let crowd = Maker::new(3600.0).population("crowd", Size::Users(1_000_000_000), burst(0.0, 3600.0), &[Node::Get]);
    let began = std::time::Instant::now();
    let plans = Plan::populations(&crowd.scenario, std::num::NonZeroUsize::MIN).unwrap();
    let last = plans[0].arrival(999_999_999);
    println!("arrival 999,999,999 after {:?}", began.elapsed());
    assert_eq!(plans[0].requests, 1_000_000_000);
    // The same from an independent implementation in Python and numpy.
    assert_eq!(last.as_nanos(), 3_599_999_999_796);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_process_has_every_session_once_in_any_stripes(
        n in 0u64..5_000, of in 1u64..100, which in 0..3usize, from in 0.0..5.0f64
    ) {
        let process = [Process::Poisson, Process::Even, Process::Jittered][which].clone();
        let arrivals = Arrivals { process, ..poisson(line(&[(0.0, from), (40.0, 3.0), (100.0, 0.0)])) };
        let made = Maker::new(100.0)
            .population("crowd", Size::Users(n), arrivals, &[Node::Get])
            .population("one", Size::Users(1), burst(3.0, 0.0), &[Node::Get]);
        let plan = made.plan().unwrap();
        let (merged, hash) = in_stripes(&plan, of);
        prop_assert_eq!(merged.len() as u64, n + 1);
        prop_assert_eq!(hash, plan.arrivals_hash);
        prop_assert_eq!(merged, plan.arrivals(Stripe::ALL).collect::<Vec<_>>());
    }
}

#[test]
fn seeds_arrivals_paths_and_hash_are_those_of_an_independent_implementation() {
    // Written from P4, P8 and docs/sources.md (Arrivals) in Python, with its hashlib and xxhash.
    let pick = vec![(1.0, vec![Node::Get]), (2.0, vec![Node::Get, Node::Get]), (3.0, vec![])];
    let pages = Node::Repeat((2, 5), None, vec![Node::Pick(pick), Node::Think(READING)]);
    let polls = Node::Repeat((1, 3), Some(60.0), vec![Node::Get]);
    let arrivals = poisson(line(&[(0.0, 1.0), (100.0, 5.0), (250.0, 2.0)]));
    let flow = [Node::Get, Node::Think(READING), pages, polls];
    let made = Maker::new(1000.0).compress(7.0).population("citizens", Size::Requests(20_000), arrivals, &flow);
    let plan = made.plan().unwrap();
    assert_eq!(plan.populations[0].path.seed, 0x59c3_06cb_bcf8_0902);
    assert_eq!(plan.sessions, 3_383);
    assert_eq!(format!("{:032x}", plan.arrivals_hash), "12b2b8d68b1273e60518ac0ed2dd19a7");
}
