//! Ticks of the scenario's clock under a run's time: round times of day, and the day where it changes.

use std::time::Duration;

use crate::scenario::Clock;

use super::ticks::{TIME_STEPS, Tick, multiples};

/// More ticks than this are never drawn.
const MOST: f64 = 60.0;
const DAY: f64 = 86_400.0;

/// Sets of ticks from the finest to the coarsest, at run seconds; the domain is in run seconds too.
pub fn ticks(clock: &Clock, (from, to): (f64, f64)) -> Vec<Vec<Tick>> {
    let scenario = |run: f64| clock.window.0 + run * clock.compress;
    let (from, to) = (scenario(from), scenario(to));
    let steps = TIME_STEPS.into_iter().filter(|step| (to - from) / MOST <= *step && *step <= to - from);
    steps.map(|step| set(clock, from, to, step)).collect()
}

/// The multiples of a step since the midnight before the clock's beginning.
fn set(clock: &Clock, from: f64, to: f64, step: f64) -> Vec<Tick> {
    let begin = &clock.from;
    let midnight = -f64::from(begin.hour()) * 3_600.0 - f64::from(begin.minute()) * 60.0 - f64::from(begin.second());
    let (mut day, mut ticks) = (String::new(), Vec::<Tick>::new());
    for local in multiples(from - midnight, to - midnight, step) {
        let secs = local + midnight;
        let Ok(mut at) = begin.checked_add(Duration::from_secs_f64(secs.max(0.0))) else { break };
        // Where clocks were changed in between, round times of day are elsewhere.
        let changed = f64::from(at.offset().seconds() - begin.offset().seconds());
        let secs = if step > 3_600.0 { secs - changed } else { secs };
        if step > 3_600.0
            && let Ok(moved) = begin.checked_add(Duration::from_secs_f64(secs.max(0.0)))
        {
            at = moved;
        }
        let run = (secs - clock.window.0) / clock.compress;
        if secs < from || secs > to || ticks.last().is_some_and(|last| run <= last.at) {
            continue;
        }
        let of = at.strftime("%a").to_string();
        let time = at.strftime(if step < 60.0 { "%H:%M:%S" } else { "%H:%M" }).to_string();
        let label = match of == day {
            _ if step >= DAY => of.clone(),
            true => time,
            false => format!("{of} {time}"),
        };
        day = of;
        ticks.push(Tick { at: run, label });
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The finest set of at most seven ticks: seconds of the run, and labels.
    fn shown(from: &str, hours: f64, run: f64) -> Vec<(f64, String)> {
        let length = hours * 3_600.0;
        let clock = Clock::kept(from, "Europe/Rome", length, (0.0, length), length / run).expect("a clock");
        let set = ticks(&clock, (0.0, run)).into_iter().find(|set| set.len() <= 7).expect("a set");
        set.into_iter().map(|tick| ((tick.at * 10.0).round() / 10.0, tick.label)).collect()
    }

    fn expected(ticks: &[(f64, &str)]) -> Vec<(f64, String)> {
        ticks.iter().map(|(at, label)| (*at, (*label).to_owned())).collect()
    }

    #[test]
    fn times_of_day_are_round_and_say_the_day_where_it_changes() {
        let night = shown("2026-06-07T22:30:00+02:00", 3.0, 180.0);
        assert_eq!(
            night,
            expected(&[
                (0.0, "Sun 22:30"),
                (30.0, "23:00"),
                (60.0, "23:30"),
                (90.0, "Mon 00:00"),
                (120.0, "00:30"),
                (150.0, "01:00"),
                (180.0, "01:30")
            ])
        );
        let minute = shown("2026-06-07T22:59:40+02:00", 1.0 / 60.0, 60.0);
        assert_eq!(minute[..3], expected(&[(0.0, "Sun 22:59:40"), (10.0, "22:59:50"), (20.0, "23:00:00")])[..]);
    }

    #[test]
    fn clocks_that_are_set_back_move_what_comes_after() {
        let days = shown("2026-10-24T12:00:00+02:00", 48.0, 480.0);
        let after = days.iter().map(|(at, label)| (*at, label.as_str())).collect::<Vec<_>>();
        assert_eq!(
            after,
            [(0.0, "Sat 12:00"), (120.0, "Sun 00:00"), (250.0, "12:00"), (370.0, "Mon 00:00")],
            "midday of Sunday is 25 hours after that of Saturday"
        );
    }
}
