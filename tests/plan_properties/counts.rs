//! P1, P2: totals are exact, shares are rounded fairly, and what cannot be planned is an error.

use proptest::prelude::*;
use scrutinio::plan::{Plan, PlanError, Stripe, Walk};
use scrutinio::scenario::{Arrivals, Burst, Draw, Process, Size, Surge};
use scrutinio::unit::Instant;

use super::models::*;

fn walked(plan: &Plan) -> Vec<u64> {
    let mut requests = vec![0; plan.populations.len()];
    let mut walk = Walk::default();
    for arrival in plan.arrivals(Stripe::ALL) {
        let path = &plan.populations[usize::from(arrival.population)].path;
        walk.restart(path, arrival.session);
        while walk.next(path, arrival.due).is_some() {
            requests[usize::from(arrival.population)] += 1;
        }
    }
    requests
}

#[test]
fn the_night_has_exactly_its_requests_after_the_users() {
    let plan = night(100_000).plan().unwrap();
    // 174 sections report four times with three requests: 2,088; of the other 97,912 the shares are
    // 83,225.2, 2,937.36 and 11,749.44, and the request left over goes to the largest remainder.
    let planned: Vec<_> = plan.populations.iter().map(|p| (p.name.as_str(), p.requests)).collect();
    assert_eq!(planned, [("citizens", 83_225), ("maps", 2_937), ("newsrooms", 11_750), ("sections", 2_088)]);
    assert_eq!(plan.requests, 100_000);
    assert_eq!(walked(&plan), [83_225, 2_937, 11_750, 2_088]);
    for population in &plan.populations {
        assert_eq!(population.requests_by_step.iter().sum::<u64>(), population.requests);
    }
    assert_eq!(plan.nominal.iter().sum::<u64>(), 100_000);
    assert_eq!(plan.starts.iter().sum::<u64>(), plan.sessions);
    assert_eq!(plan.nominal_sampled, None);
}

#[test]
fn ties_of_remainders_go_by_name() {
    let third = Size::Share(1.0 / 3.0);
    let arrivals = || poisson(line(&[(0.0, 1.0)]));
    let made = Maker::new(10.0)
        .requests(100)
        .population("c", third, arrivals(), &[Node::Get])
        .population("a", third, arrivals(), &[Node::Get])
        .population("b", third, arrivals(), &[Node::Get]);
    let requests: Vec<u64> = made.plan().unwrap().populations.iter().map(|p| p.requests).collect();
    assert_eq!(requests, [34, 33, 33]);
}

#[test]
fn remainders_are_counted_in_whole_numbers() {
    let share = |percent: f64| Size::Share(percent / 100.0);
    let arrivals = || poisson(line(&[(0.0, 1.0)]));
    let made = Maker::new(10.0).requests(150).population("a", share(29.0), arrivals(), &[Node::Get]).population(
        "b",
        share(71.0),
        arrivals(),
        &[Node::Get],
    );
    // 43½ and 106½: a tie, which 150.0 * 0.29 = 43.49999999999999 would hide.
    let requests: Vec<u64> = made.plan().unwrap().populations.iter().map(|p| p.requests).collect();
    assert_eq!(requests, [44, 106]);
}

#[test]
fn rates_are_sessions_a_second_and_bursts_come_on_top_of_them() {
    let with = |bursts: Vec<Burst>| {
        let arrivals = Arrivals { bursts, ..poisson(line(&[(0.0, 2.0), (100.0, 4.0)])) };
        let made = Maker::new(100.0).population("p", Size::Rate { scale: 1.5 }, arrivals, &[Node::Get, Node::Get]);
        made.plan().unwrap()
    };
    let plan = with(vec![]);
    assert_eq!((plan.sessions, plan.requests), (450, 900));
    let plan = with(vec![Burst { at: 50.0, weight: 0.25, spread: 0.0 }]);
    assert_eq!(plan.sessions, 600);
    assert_eq!(plan.populations[0].bursts[0].sessions, 150);
    let at_once = plan.arrivals(Stripe::ALL).filter(|a| a.due == Instant::from_nanos(50_000_000_000)).count();
    assert_eq!(plan.populations[0].bursts[0].starts, at_once as u64);
    // A binomial of 600 at ¼: four standard deviations are 42.
    assert!((108..=192).contains(&at_once), "{at_once}");
}

#[test]
fn even_and_jittered_arrivals_follow_their_formulas() {
    let dues = |process| {
        let arrivals = Arrivals { process, ..poisson(line(&[(0.0, 1.0)])) };
        let made = Maker::new(100.0).population("p", Size::Users(50), arrivals, &[Node::Get]);
        made.plan().unwrap().arrivals(Stripe::ALL).map(|a| a.due.as_nanos()).collect::<Vec<u64>>()
    };
    let even: Vec<u64> = (0..50).map(|i| 1_000_000_000 + i * 2_000_000_000).collect();
    assert_eq!(dues(Process::Even), even);
    let jittered = dues(Process::Jittered);
    assert!(jittered.iter().zip(&even).all(|(j, e)| j.abs_diff(*e) <= 1_000_000_000));
    assert_ne!(jittered, even);
}

#[test]
fn a_trace_gives_its_instants_and_must_be_long_enough() {
    let with = |size, instants: &[f64]| {
        let process = Process::Trace(std::sync::Arc::new(instants.to_vec()));
        let arrivals = Arrivals { process, curve: None, bursts: vec![] };
        Maker::new(100.0).compress(2.0).population("p", size, arrivals, &[Node::Get, Node::Get]).plan()
    };
    let plan = with(Size::Rate { scale: 1.0 }, &[1.0, 1.0, 7.5, 99.0, 200.0]).unwrap();
    let dues: Vec<u64> = plan.arrivals(Stripe::ALL).map(|a| a.due.as_nanos() / 1_000_000).collect();
    assert_eq!(dues, [500, 500, 3_750, 49_500]);
    let plan = with(Size::Requests(5), &[1.0, 2.0, 3.0, 4.0]).unwrap();
    assert_eq!((plan.sessions, plan.requests, plan.populations[0].path.last), (3, 5, Some((2, 1))));
    let error = with(Size::Requests(5), &[1.0, 2.0]).unwrap_err();
    assert_eq!(error, PlanError::ShortTrace { population: "p".to_owned(), needed: 3, instants: 2 });
}

#[test]
fn what_cannot_be_planned_says_why_and_what_would_be_right() {
    let flat = || poisson(line(&[(0.0, 1.0)]));
    let share = |share, requests| {
        Maker::new(100.0).requests(requests).population("p", Size::Share(share), flat(), &[Node::Get])
    };
    let told = |made: Maker| made.plan().unwrap_err().to_string();
    let crowd = share(1.0, 100).population("u", Size::Users(40), burst(0.0, 1.0), &[Node::Get, Node::Get, Node::Get]);
    assert!(told(crowd).contains("plan 120 requests, more than the scenario's `requests: 100`"));
    assert!(told(share(0.9, 100)).contains("add up to 90%"));
    let mut unclaimed = Maker::new(100.0).population("u", Size::Users(40), burst(0.0, 1.0), &[Node::Get]);
    assert_eq!(unclaimed.plan().unwrap().requests, 40);
    unclaimed.scenario.requests = Some(50);
    assert!(told(unclaimed).contains("write `requests: 40`"));
    let dark = Maker::new(100.0).population("p", Size::Users(4), poisson(line(&[(0.0, 0.0)])), &[Node::Get]);
    assert!(told(dark).contains("curve is zero all day"));
    let idle = Maker::new(100.0).population("p", Size::Users(4), flat(), &[Node::Think(READING)]);
    assert!(told(idle).contains("never sends a request"));
    let deep = Node::Repeat((0, 1 << 16), None, vec![Node::Repeat((0, 1 << 16), None, vec![Node::Get])]);
    assert!(told(Maker::new(9.0).population("p", Size::Users(4), flat(), &[deep])).contains("lower the `times:`"));
    let mut low = line(&[(0.0, 5.0)]);
    low.surges.push(Surge { at: 10.0, to: 4.0, rise: 1.0, half_life: 5.0 });
    let error = told(Maker::new(100.0).population("p", Size::Users(4), poisson(low), &[Node::Get]));
    assert!(error.contains("at Sun 07:00 goes to 4, below the curve under it, which is at 5.000"), "{error}");
    let late = Maker::new(100.0).population("p", Size::Users(4), burst(90.0, 30.0), &[Node::Get]);
    assert!(told(late).contains("does not lie inside the clock"));
    let many = Maker::new(100.0).population("p", Size::Users(u64::MAX), flat(), &[Node::Get]);
    assert!(told(many).contains("more than 1000000000000 requests or sessions"));
    let none = Maker::new(100.0).population("p", Size::Requests(0), flat(), &[Node::Get]);
    assert!(told(none).contains("nothing is planned"));
}

fn body() -> impl Strategy<Value = Vec<Node>> {
    let leaf = prop_oneof![
        4 => Just(Node::Get),
        1 => Just(Node::Think(Draw::Exponential(2.0))),
        1 => (0.0..100.0).prop_map(|time| Node::At(time, Some(Draw::Uniform(0.0, 5.0)))),
    ];
    let node = leaf.prop_recursive(3, 24, 4, |inner| {
        let body = prop::collection::vec(inner, 0..4);
        let times = (0u32..3, 0u32..3).prop_map(|(low, more)| (low, low + more));
        prop_oneof![
            prop::collection::vec((0.1..5.0f64, body.clone()), 1..4).prop_map(Node::Pick),
            body.clone().prop_map(|body| Node::Transaction("group", body)),
            (times, prop::option::of(0.5..9.0f64), body)
                .prop_map(|(times, every, body)| Node::Repeat(times, every, body)),
        ]
    });
    prop::collection::vec(node, 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_flow_has_exactly_the_requests_asked_for(mut nodes in body(), n in 0u64..3_000, users in 0u64..50) {
        nodes.push(Node::Get);
        let made = Maker::new(100.0)
            .population("exact", Size::Requests(n), poisson(line(&[(0.0, 1.0)])), &nodes)
            .population("users", Size::Users(users + 1), burst(5.0, 1.0), &nodes);
        let plan = made.plan().unwrap();
        prop_assert_eq!(plan.populations[0].requests, n);
        prop_assert_eq!(plan.populations[1].sessions, users + 1);
        prop_assert_eq!(walked(&plan), plan.populations.iter().map(|p| p.requests).collect::<Vec<_>>());
        prop_assert_eq!(plan.nominal.iter().sum::<u64>(), plan.requests);
    }
}
