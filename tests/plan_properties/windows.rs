//! P9: a part of the day at the day's own rates, and `users` that start with it.

use scrutinio::plan::{Plan, Stripe, Walk};
use scrutinio::scenario::Size;
use scrutinio::unit::Instant;

use super::models::*;

const HOUR: f64 = 3600.0;
/// 22:50 to 23:20.
const NIGHT: (f64, f64) = (15.0 * HOUR + 3000.0, 16.0 * HOUR + 1200.0);

fn requests(plan: &Plan, name: &str) -> u64 {
    plan.populations.iter().find(|population| population.name == name).unwrap().requests
}

#[test]
fn a_window_holds_what_the_day_holds_there() {
    let day = night(400_000).plan().unwrap();
    let window = night(400_000).window(NIGHT.0, NIGHT.1).plan().unwrap();
    let inside = |name: &str| {
        let index = day.populations.iter().position(|population| population.name == name).unwrap();
        let (from, to) =
            (day.populations[index].path.clock.instant(NIGHT.0), day.populations[index].path.clock.instant(NIGHT.1));
        let own = day.arrivals(Stripe::ALL).filter(|arrival| usize::from(arrival.population) == index);
        own.filter(|arrival| (from..to).contains(&arrival.due)).count() as f64
    };
    for population in &window.populations[..3] {
        let expected = inside(&population.name);
        // The day's own count there is a draw around the exact one.
        assert!(
            (population.sessions as f64 - expected).abs() < 4.0 * expected.sqrt() + 1.0,
            "{} {expected}",
            population.name
        );
    }
    assert!(
        window.arrivals(Stripe::ALL).all(|arrival| arrival.due <= window.populations[0].path.clock.instant(NIGHT.1))
    );
    assert_eq!(window.populations[0].shape.level_at(NIGHT.0), day.populations[0].shape.level_at(NIGHT.0));
}

#[test]
fn users_start_with_the_window_and_report_only_what_falls_into_it() {
    let plan = night(400_000).window(NIGHT.0, NIGHT.1).plan().unwrap();
    let sections = plan.populations.iter().position(|population| population.name == "sections").unwrap();
    let population = &plan.populations[sections];
    assert_eq!(population.sessions, 174);
    let mut walk = Walk::default();
    let mut walked = 0;
    for session in 0..174 {
        assert_eq!(plan.arrival(sections, session).due, Instant::ZERO);
        walk.restart(&population.path, session);
        while let Some(due) = walk.next(&population.path, Instant::ZERO) {
            // Steps 1 to 3 and 5 to 7 belong to the bulletins of 12:00 and 19:00.
            assert!(due.step > 8, "step {}", due.step);
            let at = population.path.clock.scenario_secs(due.due);
            assert!(due.due == Instant::ZERO || (NIGHT.0..=NIGHT.1).contains(&at), "{at}");
            walked += 1;
        }
    }
    assert_eq!(walked, population.requests);
    // All 174 bulletins of 23:00 (up to 20 minutes after) and a few early counts.
    assert!((174 * 3..174 * 3 + 60).contains(&population.requests), "{}", population.requests);
}

#[test]
fn users_that_would_come_after_the_window_do_not_come() {
    let made = Maker::new(100.0).window(20.0, 50.0).population("p", Size::Users(1000), burst(0.0, 100.0), &[Node::Get]);
    let plan = made.plan().unwrap();
    assert!(plan.sessions.abs_diff(500) < 64, "{}", plan.sessions);
    let at_once = plan.arrivals(Stripe::ALL).filter(|arrival| arrival.due == Instant::ZERO).count();
    assert!(at_once.abs_diff(200) < 51, "{at_once}");
}

#[test]
fn a_population_may_be_empty_in_a_window_but_not_all_of_them() {
    let made = |from, to| {
        Maker::new(100.0)
            .window(from, to)
            .population("early", Size::Requests(100), burst(10.0, 5.0), &[Node::Get])
            .population("late", Size::Requests(100), burst(80.0, 5.0), &[Node::Get])
    };
    let plan = made(0.0, 50.0).plan().unwrap();
    assert_eq!((requests(&plan, "early"), requests(&plan, "late")), (100, 0));
    assert_eq!(made(0.0, 12.5).plan().unwrap().requests, 50);
    assert!(made(20.0, 50.0).plan().unwrap_err().to_string().contains("inside the window"));
}
