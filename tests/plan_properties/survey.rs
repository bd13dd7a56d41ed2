//! What the planning pass tells `check`, the judge and the engine.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};

use scrutinio::plan::{Plan, Stripe, feed_row};
use scrutinio::scenario::*;
use scrutinio::unit::{Instant, Percent, Span};

use super::models::*;

fn errors(scope: Scope, window: Option<(f64, f64)>) -> Objective {
    let metric =
        Metric::Errors { errors: Errors::All, allowed: Percent::from_fraction(0.001).unwrap(), inclusive: false };
    let window = window.map(|(from, to)| Window { from, to, text: String::new() });
    Objective { scope, window, measure: None, metric, text: "errors < 0.1%".to_owned(), each_of: None }
}

#[test]
fn objectives_know_the_requests_of_their_scope_and_window() {
    let think = Node::Think(Draw::Fixed(10.0));
    let flow = [Node::Named("home"), think.clone(), Node::Named("page"), think, Node::Named("page")];
    let mut made = Maker::new(1000.0).population("a", Size::Users(10), burst(100.0, 0.0), &flow).population(
        "b",
        Size::Users(5),
        burst(105.0, 0.0),
        &flow,
    );
    made.scenario.objectives = vec![
        errors(Scope::Overall, None),
        errors(Scope::Population(1), None),
        errors(Scope::Step(0, "page".to_owned()), None),
        errors(Scope::Overall, Some((105.0, 115.0))),
        errors(Scope::Step(0, "page".to_owned()), Some((110.0, 120.0))),
        errors(Scope::Population(0), Some((110.0, 120.1))),
    ];
    // Due at 100, 110, 120 and at 105, 115, 125; a window holds its start, not its end.
    assert_eq!(made.plan().unwrap().objective_requests, [45, 15, 20, 15, 10, 20]);
}

#[test]
fn transactions_are_counted_where_they_have_a_request() {
    let or_nothing = |steps: Vec<Node>| Node::Pick(vec![(1.0, steps), (1.0, vec![])]);
    let pause = || Node::Think(Draw::Fixed(10.0));
    let flow = [
        Node::Get,
        Node::Transaction(
            "outer",
            vec![
                pause(),
                Node::Named("a"),
                Node::Repeat((2, 4), None, vec![Node::Transaction("inner", vec![Node::Named("b"), Node::Get])]),
            ],
        ),
        Node::Transaction("rare", vec![or_nothing(vec![pause(), Node::Named("c")]), Node::Think(Draw::Fixed(1.0))]),
        Node::Get,
    ];
    let mut made = Maker::new(1000.0).population("p", Size::Users(400), burst(100.0, 0.0), &flow);
    let about = |name: &str, window| Objective {
        measure: Some(Measure::Transaction),
        ..errors(Scope::Step(0, name.to_owned()), window)
    };
    made.scenario.objectives = vec![
        about("inner", None),
        about("rare", None),
        about("outer", Some((110.0, 110.5))),
        about("outer", Some((100.0, 110.0))),
        Objective { scope: Scope::Population(0), ..about("", None) },
    ];
    let plan = made.plan().unwrap();
    let population = &plan.populations[0];
    let step = |name: &str| {
        let named = |step: &Step| matches!(&step.kind, StepKind::Request(request) if request.name == name);
        population.requests_by_step[population.path.flow.steps.iter().position(named).unwrap()]
    };
    let [inner, rare] = [step("b"), step("c")];
    assert!((900..1_500).contains(&inner) && (150..250).contains(&rare), "{inner} {rare}");
    let expected = [("inner", inner), ("outer", 400), ("rare", rare)];
    assert_eq!(population.transactions().into_iter().collect::<Vec<_>>(), expected);
    assert_eq!(plan.objective_requests, [inner, rare, 400, 0, inner + rare + 400]);
    // Only one session in seven is timed: the counts stay exact.
    let threads = NonZeroUsize::new(2).unwrap();
    let sampled = Plan::build_timing(&made.scenario, threads, &AtomicU64::new(0), 500).unwrap();
    assert!(sampled.nominal_sampled.is_some());
    assert_eq!(sampled.populations[0].transactions_by_step, population.transactions_by_step);
}

#[test]
fn alive_and_connections_follow_the_sessions() {
    let flow = [Node::Get, Node::Think(Draw::Fixed(10.0)), Node::Get];
    let with = |connection| {
        let mut made = Maker::new(100.0).population("p", Size::Users(7), burst(20.5, 0.0), &flow);
        made.scenario.flows[0].connection = connection;
        made.plan().unwrap()
    };
    let plan = with(Connection::Session);
    assert_eq!((plan.alive_peak, plan.last_due), (7, Instant::ZERO + Span::from_millis(30_500)));
    assert_eq!((plan.connections[20], plan.connections.iter().sum::<u64>()), (7, 7));
    assert_eq!((plan.nominal[20], plan.nominal[30], plan.starts[20]), (7, 7, 7));
    let plan = with(Connection::Request);
    assert_eq!((plan.connections[20], plan.connections[30]), (7, 7));
    assert!(with(Connection::Shared { size: 3 }).connections.is_empty());
}

#[test]
fn the_requests_of_a_group_are_due_at_once_over_as_many_connections() {
    let flow = [Node::Get, Node::Think(Draw::Fixed(10.0)), Node::Parallel(5, 3), Node::Get, Node::Parallel(2, 6)];
    let made = Maker::new(100.0).population("p", Size::Users(7), burst(20.5, 0.0), &flow);
    let plan = made.plan().unwrap();
    assert_eq!((plan.requests, plan.nominal[20], plan.nominal[30]), (63, 7, 56));
    assert_eq!((plan.connections[20], plan.connections[30]), (7, 14), "one for the page, and two more for the group");
}

#[test]
fn a_sampled_survey_is_exact_in_counts_and_near_in_the_rest() {
    let made = night(200_000);
    let threads = NonZeroUsize::new(2).unwrap();
    let progress = AtomicU64::new(0);
    let exact = made.plan().unwrap();
    let sampled = Plan::build_timing(&made.scenario, threads, &progress, 20_000).unwrap();
    assert_eq!(progress.load(Ordering::Relaxed), 200_000);
    assert_eq!((exact.nominal_sampled, sampled.nominal_sampled), (None, Some(9)));
    assert_eq!(
        (sampled.arrivals_hash, sampled.requests, &sampled.starts),
        (exact.arrivals_hash, 200_000, &exact.starts)
    );
    for (a, b) in exact.populations.iter().zip(&sampled.populations) {
        assert_eq!(a.requests_by_step, b.requests_by_step);
    }
    let sum = |plan: &Plan| plan.nominal.iter().sum::<u64>() as f64;
    assert!((sum(&sampled) / sum(&exact) - 1.0).abs() < 0.02);
    assert!((sampled.alive_peak as f64 / exact.alive_peak as f64 - 1.0).abs() < 0.2);
    assert!(sampled.last_due >= exact.last_due);
}

#[test]
fn the_digest_names_what_is_sent_and_when_and_nothing_else() {
    let digest = |change: fn(&mut Scenario)| {
        let mut made = night(1_000_000);
        change(&mut made.scenario);
        scrutinio::plan::digest(&made.scenario)
    };
    let plain = digest(|_| ());
    assert_eq!(plain.to_string().len(), 64);
    for same in [
        digest(|scenario| scenario.name = "other".to_owned()),
        digest(|scenario| scenario.limits.timeout = Span::from_secs(1)),
        digest(|scenario| scenario.objectives.push(errors(Scope::Overall, None))),
        digest(|scenario| scenario.target.embedded = Some((EmbeddedService::Election, vec![]))),
    ] {
        assert_eq!(same, plain);
    }
    let others = [
        digest(|scenario| scenario.seed += 1),
        digest(|scenario| scenario.requests = Some(1_000_001)),
        digest(|scenario| scenario.clock.compress = 100.0),
        digest(|scenario| scenario.clock.window.0 = 1.0),
        digest(|scenario| scenario.flows[0].connection = Connection::Request),
        digest(|scenario| scenario.populations[0].feed = Some(feed_with([1; 32]))),
        digest(|scenario| scenario.populations[0].feed = Some(feed_with([2; 32]))),
        digest(|scenario| scenario.populations[0].arrivals.process = Process::Even),
    ];
    for (i, other) in others.iter().enumerate() {
        assert!(*other != plain && !others[..i].contains(other), "change {i}");
    }
}

fn stored(n: usize) -> FeedRows {
    FeedRows::Stored(vec![vec![]; n].into())
}

fn feed_with(digest: [u8; 32]) -> Feed {
    Feed { columns: vec![], order: FeedOrder::InOrder, rows: stored(3), digest }
}

#[test]
fn a_feed_row_is_a_function_of_the_session_alone() {
    let row = |order, session| feed_row(&Feed { order, ..feed_with([0; 32]) }, 7, session);
    assert_eq!([0, 1, 2, 3, 7].map(|session| row(FeedOrder::InOrder, session)), [0, 1, 2, 0, 1]);
    assert_eq!(row(FeedOrder::Once, 2), 2);
    let mut counts = [0u32; 3];
    (0..9_000).for_each(|session| counts[row(FeedOrder::Random, session) as usize] += 1);
    assert!(counts.iter().all(|n| n.abs_diff(3_000) < 180), "{counts:?}");
}

#[test]
fn every_session_of_every_population_is_among_the_arrivals() {
    let plan = night(100_000).plan().unwrap();
    let mut next = vec![0; plan.populations.len()];
    for arrival in plan.arrivals(Stripe::ALL) {
        assert_eq!(arrival.session, next[usize::from(arrival.population)]);
        next[usize::from(arrival.population)] += 1;
    }
    assert_eq!(next, plan.populations.iter().map(|population| population.sessions).collect::<Vec<_>>());
}

#[test]
fn what_conditions_can_add_is_bounded_by_the_longest_way_through_them() {
    use Node::{Get, If, Named, Pick, Repeat, Transaction, While};
    let x = || Named("x");
    let way = |n: usize| vec![x(); n];
    for (flow, of_x, of_t) in [
        (vec![x(), Get], 0, 0),
        (vec![Get, If(way(2), way(3)), x()], 3, 0),
        (vec![Get, While(5, vec![Get, x(), If(vec![], way(1))])], 10, 0),
        (vec![Get, Repeat((1, 4), None, vec![While(3, way(1)), x()])], 12, 0),
        (vec![Get, Pick(vec![(99.0, vec![If(way(1), vec![])]), (1.0, vec![While(7, way(1))])])], 7, 0),
        (vec![Get, While(2, vec![While(3, vec![Repeat((2, 2), None, way(1))])])], 12, 0),
        (vec![Transaction("t", way(2))], 0, 0),
        (vec![Get, While(4, vec![Transaction("t", way(2))])], 8, 4),
        // Planned only where it has something planned in it: here it may come to nothing.
        (vec![Get, Transaction("t", vec![If(way(2), vec![])])], 2, 1),
        (vec![Get, Transaction("t", vec![Pick(vec![(1.0, way(1)), (1.0, vec![])]), If(way(1), vec![])])], 1, 1),
        (vec![Transaction("t", vec![x(), If(way(2), vec![])])], 2, 0),
        (vec![Transaction("t", vec![Repeat((1, 2), None, way(1)), While(2, way(1))])], 2, 0),
        (vec![Get, While(u32::MAX, vec![While(u32::MAX, vec![While(u32::MAX, way(1))])])], u64::MAX, 0),
    ] {
        let mut made = Maker::new(1000.0).population("p", Size::Users(3), burst(100.0, 0.0), &flow);
        made.scenario.objectives = vec![
            errors(Scope::Step(0, "x".to_owned()), None),
            errors(Scope::Step(0, "x".to_owned()), Some((900.0, 1000.0))),
            Objective { measure: Some(Measure::Transaction), ..errors(Scope::Step(0, "t".to_owned()), None) },
        ];
        let bounds = [of_x, of_x, of_t].map(|of: u64| of.saturating_mul(3));
        assert_eq!(made.plan().unwrap().objective_extra_most, bounds, "{flow:?}");
    }
}
