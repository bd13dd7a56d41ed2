//! How many extra requests a plan can lead to at most: what answers decide on cannot be counted, but it has bounds (P3).

use std::ops::Range;

use crate::scenario::{Flow, Objective, Scenario, StepKind};

use super::PopulationPlan;
use super::count::siblings;
use super::survey::in_scope;

/// The most extra requests, or samples, that each objective can be about, wherever in its window they fall. More than
/// there will be: every session is taken to go the longest way, whatever it draws.
pub fn most(scenario: &Scenario, populations: &[PopulationPlan]) -> Vec<u64> {
    let of = |objective: &Objective, index: usize, plan: &PopulationPlan| {
        let bound = Bound { flow: &plan.path.flow, inside: in_scope(objective, index, plan) };
        plan.own_sessions.saturating_mul(bound.list(0..plan.path.flow.steps.len() as u32, false))
    };
    let all = |objective| populations.iter().enumerate().map(move |(index, plan)| of(objective, index, plan));
    scenario.objectives.iter().map(|objective| all(objective).fold(0, u64::saturating_add)).collect()
}

/// The most extra requests of all, counted in the same way.
pub fn most_of_all(populations: &[PopulationPlan]) -> u64 {
    let of = |plan: &PopulationPlan| {
        let flow = &plan.path.flow;
        let inside = flow.steps.iter().map(|step| u64::from(matches!(step.kind, StepKind::Request(_)))).collect();
        plan.own_sessions.saturating_mul(Bound { flow, inside }.list(0..flow.steps.len() as u32, false))
    };
    populations.iter().map(of).fold(0, u64::saturating_add)
}

struct Bound<'a> {
    flow: &'a Flow,
    /// How many requests or samples in the objective's scope each step is.
    inside: Vec<u64>,
}

impl Bound<'_> {
    /// The most that one run of these steps leads to, which stand under a condition or not.
    fn list(&self, range: Range<u32>, under: bool) -> u64 {
        siblings(self.flow, range).map(|step| self.step(step, under)).fold(0, u64::saturating_add)
    }

    fn step(&self, step: u32, under: bool) -> u64 {
        let own = |counts: bool| if counts { self.inside[step as usize] } else { 0 };
        match &self.flow.steps[step as usize].kind {
            StepKind::Request(_) => own(under),
            StepKind::Think(_) | StepKind::At(_) => 0,
            StepKind::Pick(alternatives) => {
                alternatives.iter().map(|alternative| self.list(alternative.body.clone(), under)).max().unwrap_or(0)
            }
            StepKind::If { body, otherwise, .. } => {
                self.list(body.clone(), true).max(self.list(otherwise.clone(), true))
            }
            StepKind::While { at_most, body, .. } => self.list(body.clone(), true).saturating_mul(u64::from(*at_most)),
            StepKind::Repeat { times, body, .. } => self.list(body.clone(), under).saturating_mul(u64::from(times.1)),
            // One in which nothing is planned is not planned either: what is extra may make it one all the same.
            StepKind::Transaction { body, .. } => {
                let most = self.list(body.clone(), under);
                let comes_of_extra = self.has_condition(body) && !self.always_asks(body.clone());
                own(under || comes_of_extra).saturating_add(most)
            }
            StepKind::Parallel { body, .. } => self.list(body.clone(), under),
        }
    }

    /// Whether something is planned in every run of these steps.
    fn always_asks(&self, range: Range<u32>) -> bool {
        siblings(self.flow, range).any(|step| match &self.flow.steps[step as usize].kind {
            StepKind::Request(_) => true,
            StepKind::Think(_) | StepKind::At(_) | StepKind::If { .. } | StepKind::While { .. } => false,
            StepKind::Pick(alternatives) => alternatives.iter().all(|it| self.always_asks(it.body.clone())),
            StepKind::Repeat { times, body, .. } => times.0 > 0 && self.always_asks(body.clone()),
            StepKind::Transaction { body, .. } | StepKind::Parallel { body, .. } => self.always_asks(body.clone()),
        })
    }

    fn has_condition(&self, body: &Range<u32>) -> bool {
        let decides = |kind: &StepKind| matches!(kind, StepKind::If { .. } | StepKind::While { .. });
        body.clone().any(|step| decides(&self.flow.steps[step as usize].kind))
    }
}
