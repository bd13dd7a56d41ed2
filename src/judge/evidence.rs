//! Can a plan prove an objective? Asked before any traffic (P9, P10).

use crate::record::{LeftOut, Objectives};
use crate::scenario::{Metric, Objective, PlanTells, Scenario};
use crate::unit::{Instant, Rate, Span};

use super::bound::requests_needed;

const SECOND: Span = Span::from_secs(1);

/// What a plan has of an objective, and what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The requests or samples that can prove it; `u64::MAX`: no number can.
    pub needed: u64,
    /// Those that the plan has in its scope.
    pub planned: u64,
    /// Those that conditions can add at most.
    pub extra_most: u64,
    /// What follows.
    pub provable: Provable,
}

/// Whether an objective can be proven, and what becomes of one that cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provable {
    /// It is judged: there are enough, or no plan tells how many.
    Judged,
    /// The window that runs has nothing of it: it is left out.
    Empty,
    /// There are too few in the part that runs, or in one of the steps that a line for each stands for: it is left out.
    TooFew,
    /// There are too few: the scenario is refused.
    Refused,
}

impl Evidence {
    /// The most requests or samples that there can be.
    pub const fn at_most(&self) -> u64 {
        self.planned.saturating_add(self.extra_most)
    }
}

/// The requests that can prove an objective (P10): of a share those that do if none is bad. A number of bad ones is decided
/// by counting, and so is a ratio: of one.
pub fn needed(metric: &Metric) -> u64 {
    metric.share().map_or(1, requests_needed)
}

/// The right answers that a rate comes to over the whole seconds of what runs of its window; `u64::MAX` where there is none.
fn answers_needed(scenario: &Scenario, objective: &Objective, at_least: Rate) -> u64 {
    let clock = &scenario.clock;
    let (from, to) = clock.window;
    let window = objective.window.as_ref().map_or((from, to), |window| (window.from.max(from), window.to.min(to)));
    let (from, to) = (clock.instant(window.0).max(Instant::ZERO + clock.warm_up()), clock.instant(window.1));
    let has_second = to.bin(SECOND) > from.as_nanos().div_ceil(SECOND.as_nanos()) as u32;
    let answers = at_least.as_per_second() * to.since(from).as_secs_f64();
    // A plan of just that rate is one request short as often as not.
    if has_second { (answers - 0.5).ceil().max(1.0) as u64 } else { u64::MAX }
}

/// The evidence for each objective of a scenario, of which `counts` has what is planned and what conditions can add at
/// most. `is_part`: a window or a scale was chosen, so that what cannot be proven is left out, and not refused.
pub fn evidence(scenario: &Scenario, counts: impl Iterator<Item = (u64, u64)>, is_part: bool) -> Vec<Evidence> {
    let of = |(objective, (planned, extra_most)): (&Objective, (u64, u64))| {
        let (needed, extra_most) = match objective.metric {
            // The plan's own mean is that of what is planned, whatever may come on top.
            Metric::Rate { at_least } => (answers_needed(scenario, objective, at_least), 0),
            metric => (needed(&metric), extra_most),
        };
        let evidence = Evidence { needed, planned, extra_most, provable: Provable::Judged };
        let most = evidence.at_most();
        let provable = if scenario.has_nothing_of(objective, most) {
            Provable::Empty
        } else if most >= needed || objective.told_by_plan() == PlanTells::Nothing {
            Provable::Judged
        } else if is_part || objective.each_of.is_some() {
            Provable::TooFew
        } else {
            Provable::Refused
        };
        Evidence { provable, ..evidence }
    };
    let mut all: Vec<Evidence> = scenario.objectives.iter().zip(counts).map(of).collect();
    // A scenario whose lines for each step all come to nothing asks for nothing.
    if !is_part && all.iter().all(|evidence| evidence.provable != Provable::Judged) {
        let too_few = all.iter_mut().filter(|evidence| evidence.provable == Provable::TooFew);
        too_few.for_each(|evidence| evidence.provable = Provable::Refused);
    }
    all
}

/// The objectives of a scenario that a run judges, and those that it leaves out.
pub fn judged(scenario: &Scenario, evidence: &[Evidence]) -> Objectives {
    let mut objectives = Objectives::default();
    for (objective, evidence) in scenario.objectives.iter().zip(evidence) {
        let needs = match evidence.provable {
            Provable::Judged | Provable::Refused => {
                objectives.judged.push(objective.clone());
                continue;
            }
            Provable::Empty => None,
            Provable::TooFew => Some(evidence.needed),
        };
        let objective = format!("{} {}", scenario.scope_name(&objective.scope), objective.text);
        // What is about another window or an event that does not come has none of those that the plan may count.
        let has = needs.map_or(0, |_| evidence.at_most());
        objectives.left_out.push(LeftOut { objective, needs, has });
    }
    objectives
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scenario::{Overrides, parse};

    /// A day with these lines about all and about each named step (`a`, `b`), or its first hour.
    fn scenario(lines: &str, window: Option<&str>) -> Scenario {
        let text = format!(
            "name: day\nclock: {{ from: 2016-06-05T07:00, to: 2016-06-05T09:00 }}\ntarget: http://127.0.0.1\n\
             populations: {{ all: {{ arrivals: {{ curve: [{{ constant: 1 }}] }}, flow: one }} }}\n\
             flows: {{ one: {{ steps: [{{ get: /a, name: a }}, {{ sse: /b, name: b, then: [] }}] }} }}\nslo: {{ {lines} }}\n"
        );
        let overrides = Overrides { window: window.map(str::to_owned), ..Overrides::default() };
        match parse(&text, "day.yaml", Path::new(""), &overrides, &|_| None) {
            Ok(checked) => checked.scenario,
            Err(error) => panic!("{error}\n{text}"),
        }
    }

    /// What becomes of each objective whose plan has these counts.
    fn of(scenario: &Scenario, counts: &[(u64, u64)], is_part: bool) -> Vec<Provable> {
        evidence(scenario, counts.iter().copied(), is_part).iter().map(|evidence| evidence.provable).collect()
    }

    #[test]
    fn too_few_are_refused_of_the_whole_day_and_left_out_of_a_part() {
        use Provable::{Judged, Refused, TooFew};
        let day = scenario("overall: [p95 < 1s]", None);
        for (counts, whole, part) in [
            ((71, 0), Refused, TooFew),
            ((72, 0), Judged, Judged),
            ((0, 72), Judged, Judged),
            ((11, 60), Refused, TooFew),
        ] {
            assert_eq!(
                (of(&day, &[counts], false), of(&day, &[counts], true)),
                (vec![whole], vec![part]),
                "{counts:?}"
            );
        }
        let kept = judged(&day, &evidence(&day, [(11, 60)].into_iter(), true));
        let left_out = LeftOut { objective: "overall p95 < 1s".to_owned(), needs: Some(72), has: 71 };
        assert_eq!((kept.judged.len(), kept.left_out), (0, vec![left_out]));
    }

    #[test]
    fn a_line_for_each_step_leaves_the_rare_ones_out_but_not_all() {
        use Provable::{Judged, Refused, TooFew};
        let day = scenario("'*.*': [p95 < 1s]", None);
        assert_eq!(of(&day, &[(72, 0), (71, 0)], false), [Judged, TooFew]);
        assert_eq!(of(&day, &[(70, 0), (71, 0)], false), [Refused; 2], "nothing would be asked for");
        assert_eq!(of(&day, &[(70, 0), (71, 0)], true), [TooFew; 2]);
    }

    #[test]
    fn what_no_plan_tells_is_judged_and_what_the_window_has_nothing_of_is_no_rehearsal() {
        use Provable::{Empty, Judged, Refused};
        let lines = "all.b: [reconnect p95 < 1s, first_event p95 < 1s]";
        assert_eq!(of(&scenario(lines, None), &[(10, 0), (10, 0)], false), [Judged, Refused]);
        let hour = scenario("overall: [p95 < 1s, 'p95 < 2s during 08:10..08:20', p95 < 3s]", Some("07:00..08:00"));
        let counts = [(900, 0), (900, 0), (0, 0)];
        assert_eq!(of(&hour, &counts, true), [Judged, Empty, Empty]);
        let kept = judged(&hour, &evidence(&hour, counts.into_iter(), true));
        let told: Vec<_> = kept.left_out.iter().map(|it| (it.needs, it.has)).collect();
        assert_eq!(told, [(None, 0); 2]);
    }
}
