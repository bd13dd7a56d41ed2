//! Can a plan prove an objective? Asked before any traffic (P9, P10).

use crate::record::{LeftOut, Objectives};
use crate::scenario::{Objective, PlanTells, Scenario};

use super::bound::requests_needed;

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

/// The evidence for each objective of a scenario, of which `counts` has what is planned and what conditions can add at
/// most. `is_part`: a window or a scale was chosen, so that what cannot be proven is left out, and not refused.
pub fn evidence(scenario: &Scenario, counts: impl Iterator<Item = (u64, u64)>, is_part: bool) -> Vec<Evidence> {
    let of = |(objective, (planned, extra_most)): (&Objective, (u64, u64))| {
        let needed = requests_needed(objective.metric.allowed());
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
