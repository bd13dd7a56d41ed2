//! P4, S2, S3: draws are keyed, populations independent, and steps due when the semantics say.

use scrutinio::plan::{Due, Plan, PlanError, Stripe, Walk, golden};
use scrutinio::scenario::{Draw, Scenario, Size, StepKind};
use scrutinio::unit::{Instant, Span};

use super::models::*;

/// Every session of a population with its due and its requests' steps and nominal dues.
fn sessions(plan: &Plan, name: &str) -> Vec<(Instant, Vec<Due>)> {
    let index = plan.populations.iter().position(|population| population.name == name).unwrap();
    let path = &plan.populations[index].path;
    let mut walk = Walk::default();
    let own = plan.arrivals(Stripe::ALL).filter(|arrival| usize::from(arrival.population) == index);
    own.map(|arrival| {
        walk.restart(path, arrival.session);
        let mut done = arrival.due;
        let dues = std::iter::from_fn(|| {
            let due = walk.next(path, done)?;
            done = done.max(due.due);
            Some(due)
        });
        (arrival.due, dues.collect())
    })
    .collect()
}

fn steps(sessions: &[(Instant, Vec<Due>)]) -> Vec<(Instant, Vec<u32>)> {
    sessions.iter().map(|(start, dues)| (*start, dues.iter().map(|due| due.step).collect())).collect()
}

#[test]
fn adding_a_population_moves_no_other() {
    let rate =
        |made: Maker, name: &str| made.population(name, Size::Rate { scale: 0.01 }, poisson(night_curve()), &citizen());
    let before = rate(Maker::new(30.25 * 3600.0), "citizens").plan().unwrap();
    let after = rate(rate(Maker::new(30.25 * 3600.0), "bots"), "citizens").plan().unwrap();
    assert_eq!(sessions(&before, "citizens"), sessions(&after, "citizens"));
    assert_ne!(sessions(&after, "citizens"), sessions(&after, "bots"));
}

#[test]
fn adding_users_with_their_requests_moves_no_other() {
    let before = night(30_000).plan().unwrap();
    let made = night(30_000 + 50 * 7).population("staff", Size::Users(50), burst(9.0, 60.0), &vec![Node::Get; 7]);
    let after = made.plan().unwrap();
    for name in ["citizens", "maps", "newsrooms", "sections"] {
        assert_eq!(sessions(&before, name), sessions(&after, name), "{name}");
    }
}

#[test]
fn editing_one_think_moves_no_other_draw() {
    let before = night(20_000).plan().unwrap();
    let mut made = night(20_000);
    let StepKind::Think(think) = &mut made.scenario.flows[0].steps[1].kind else {
        panic!("the second step is a think")
    };
    think.draw = Draw::Exponential(30.0);
    let after = made.plan().unwrap();
    assert_eq!(before.arrivals_hash, after.arrivals_hash);
    assert_ne!(before.digest, after.digest);
    let [old, new] = [&before, &after].map(|plan| sessions(plan, "citizens"));
    assert_eq!(steps(&old), steps(&new));
    // The thinks between the pages are as before: only the first has moved, and what follows with it.
    let later = |sessions: &[(Instant, Vec<Due>)]| -> Vec<Vec<Span>> {
        sessions
            .iter()
            .map(|(_, dues)| dues[1..].windows(2).map(|pair| pair[1].due.since(pair[0].due)).collect())
            .collect()
    };
    assert_eq!(later(&old), later(&new));
    assert_ne!(old, new);
}

#[test]
fn another_seed_is_another_plan_and_the_same_seed_the_same() {
    let made = night(20_000);
    let mut other = night(20_000);
    other.scenario.seed += 1;
    let [a, b, c] = [&made, &made, &other].map(|made| made.plan().unwrap());
    assert_eq!((a.digest, a.arrivals_hash), (b.digest, b.arrivals_hash));
    assert_ne!(a.digest, c.digest);
    assert_ne!(a.arrivals_hash, c.arrivals_hash);
}

/// The dues of one session in seconds, where request k takes `service(k)` seconds.
fn walked(nodes: &[Node], start: u64, service: fn(usize) -> u64) -> Vec<f64> {
    let plan = Maker::new(1e6).population("p", Size::Users(1), burst(start as f64, 0.0), nodes).plan().unwrap();
    let path = &plan.populations[0].path;
    let mut walk = Walk::default();
    walk.restart(path, 0);
    let mut done = Instant::ZERO + Span::from_secs(start);
    let mut dues = Vec::new();
    while let Some(due) = walk.next(path, done) {
        assert_eq!(due.nth as usize, dues.iter().filter(|(step, _)| *step == due.step).count());
        done = done.max(due.due) + Span::from_secs(service(dues.len()));
        dues.push((due.step, due.due));
    }
    dues.iter().map(|(_, due)| due.since(Instant::ZERO).as_secs_f64()).collect()
}

#[test]
fn a_step_is_due_at_the_previous_done_plus_its_think() {
    let think = Node::Think(Draw::Fixed(5.0));
    assert_eq!(walked(&[think.clone(), Node::Get, think, Node::Get, Node::Get], 10, |_| 2), [15.0, 22.0, 24.0]);
}

#[test]
fn polls_stay_on_the_grid_of_the_first_and_none_is_skipped() {
    let polls = Node::Repeat((4, 4), Some(60.0), vec![Node::Get]);
    let flow = [Node::Get, polls, Node::Get];
    assert_eq!(walked(&flow, 10, |_| 7), [10.0, 17.0, 77.0, 137.0, 197.0, 204.0]);
    // The second poll takes 150 s: two fall due while it runs, and keep their grid instants.
    let slow = |k| if k == 2 { 150 } else { 1 };
    assert_eq!(walked(&flow, 10, slow), [10.0, 11.0, 71.0, 131.0, 191.0, 223.0]);
}

#[test]
fn an_iteration_with_more_requests_only_starts_on_the_grid() {
    let pair = vec![Node::Get, Node::Think(Draw::Fixed(3.0)), Node::Get];
    assert_eq!(walked(&[Node::Repeat((2, 2), Some(60.0), pair)], 0, |_| 1), [0.0, 4.0, 60.0, 64.0]);
    let late = vec![Node::Think(Draw::Fixed(3.0)), Node::Get];
    assert_eq!(walked(&[Node::Repeat((3, 3), Some(60.0), late)], 0, |_| 1), [3.0, 63.0, 123.0]);
}

#[test]
fn what_follows_polls_counts_from_the_previous_done_even_where_the_last_sent_nothing() {
    let polls = Node::Repeat((2, 2), Some(60.0), vec![Node::Pick(vec![(1.0, vec![Node::Get]), (1.0, vec![])])]);
    let made = Maker::new(9.0).population("p", Size::Users(40), burst(0.0, 0.0), &[polls, Node::Get]);
    let plan = made.plan().unwrap();
    let path = &plan.populations[0].path;
    let second = |secs: u64| Instant::ZERO + Span::from_secs(secs);
    let mut walk = Walk::default();
    let mut seen = std::collections::BTreeSet::new();
    for session in 0..40 {
        walk.restart(path, session);
        let mut done = Instant::ZERO;
        let mut dues = Vec::new();
        while let Some(due) = walk.next(path, done) {
            done = done.max(due.due) + Span::from_secs(500);
            dues.push(due.due);
        }
        seen.insert(dues);
    }
    // Both polled, the first, the second, none: an iteration without a poll still takes its time.
    let all = [vec![0, 60, 1000], vec![0, 500], vec![60, 560], vec![60]];
    assert_eq!(seen, all.map(|dues| dues.into_iter().map(second).collect()).into());
}

#[test]
fn an_instant_waits_for_its_time_or_the_previous_done() {
    let flow = [Node::Get, Node::At(100.0, None), Node::Get, Node::At(110.0, Some(Draw::Fixed(5.0))), Node::Get];
    assert_eq!(walked(&flow, 0, |_| 3), [0.0, 100.0, 115.0]);
    assert_eq!(walked(&flow, 0, |_| 30), [0.0, 100.0, 130.0]);
}

#[test]
fn picks_are_taken_by_their_weights_and_may_do_nothing() {
    let flow = [Node::Pick(vec![(1.0, vec![Node::Get]), (2.0, vec![]), (3.0, vec![Node::Get, Node::Get])]), Node::Get];
    let plan = Maker::new(9.0).population("p", Size::Users(60_000), burst(0.0, 9.0), &flow).plan().unwrap();
    let by_step = &plan.populations[0].requests_by_step;
    assert_eq!((by_step[2], by_step[4]), (by_step[3], 60_000));
    // Binomial: four standard deviations of 10,000 in 60,000 are 365, of 30,000 are 490.
    assert!(by_step[1].abs_diff(10_000) < 365 && by_step[2].abs_diff(30_000) < 490, "{by_step:?}");
}

#[test]
fn a_walk_without_instants_takes_the_same_steps() {
    let plan = night(20_000).plan().unwrap();
    for (index, population) in plan.populations.iter().enumerate() {
        let mut walk = Walk::default();
        for (session, (_, timed)) in sessions(&plan, &population.name).iter().enumerate() {
            walk.restart(&plan.populations[index].path, session as u64);
            let skipped: Vec<u32> = std::iter::from_fn(|| walk.skip(&population.path)).collect();
            assert_eq!(skipped, timed.iter().map(|due| due.step).collect::<Vec<_>>());
        }
    }
}

#[test]
fn the_golden_hash_notices_a_moved_think() -> Result<(), PlanError> {
    let hash = |scenario: &Scenario| golden(scenario);
    let mut made = night(20_000);
    let before = hash(&made.scenario)?;
    assert_eq!(before, hash(&night(20_000).scenario)?);
    // Pinned: any machine and any compiler must come to it (P5). It changes only with the plan's format.
    assert_eq!(format!("{before:032x}"), GOLDEN_NIGHT);
    let StepKind::Think(think) = &mut made.scenario.flows[0].steps[1].kind else {
        panic!("the second step is a think")
    };
    think.draw = Draw::Lognormal { median: 8.0, sigma: 0.91 };
    assert_ne!(before, hash(&made.scenario)?);
    Ok(())
}

const GOLDEN_NIGHT: &str = "e67e881af01fe8d58fdae9894fe09832";
