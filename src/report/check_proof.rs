//! What a plan can prove of its objectives: how many requests each needs, how likely a good service is then found READY,
//! and what a run of another length could prove.

use std::io::{self, Write};

use serde::Serialize;

use crate::judge::{Evidence, Provable, chance_of_proof, requests_for_likely_proof};
use crate::plan::{Plan, strata};
use crate::record::Catalog;
use crate::report::words::{count, share};
use crate::scenario::{Objective, PlanTells, Scenario};
use crate::unit::Span;

use super::Style;
use super::table::Table;

/// An objective and its evidence (P10).
#[derive(Clone, Debug, Serialize)]
pub struct CheckObjective {
    /// What it is about.
    pub scope: String,
    /// The line as written.
    pub text: String,
    /// Requests without which it can never be proven; `None`: no number proves it.
    pub needed: Option<u64>,
    /// Requests that prove it in 95 of 100 runs against a service that is bad by half of what is allowed, if its requests
    /// are independent of one another; `None` where no share of them is bounded, and where no number does.
    pub likely: Option<u64>,
    /// Requests, or samples of what it measures, that the plan has in its scope; `None` where no plan can tell.
    pub planned: Option<u64>,
    /// The most that conditions can add to them; 0 where no plan can tell.
    pub extra_most: u64,
    /// The most that there can be of them, those under conditions included; `None` where no plan can tell.
    pub at_most: Option<u64>,
    /// Whether it is left out, because the part that runs has nothing of its scope, or too little (P9).
    pub left_out: bool,
    /// Whether the plan can prove it.
    pub provable: bool,
    /// Whether more requests prove more of it: not of what is counted, of ratios and of rates.
    #[serde(skip)]
    is_inferred: bool,
    /// Of a run of the length asked for (`--budget`), at the plan's mean pace: how many requests it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_budget: Option<u64>,
}

/// The chance that a plan proves all of its objectives.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CheckChance {
    /// The chance, between 0 and 1, for a service that is bad by half of what each allows, if requests and objectives
    /// are independent of one another.
    pub all_proven: f64,
    /// Objectives that are judged and have no part in it, as they bound no share, or no plan tells how many requests they have.
    pub not_counted: usize,
}

impl CheckObjective {
    /// What there is to say of an objective. `budget`: the length of another run.
    pub(super) fn new(
        scenario: &Scenario,
        objective: &Objective,
        evidence: &Evidence,
        budget: Option<(Span, Span)>,
    ) -> Self {
        let Evidence { needed, planned, extra_most, provable } = *evidence;
        let tells = objective.told_by_plan();
        let (planned, extra_most) = if tells == PlanTells::HowMany { (Some(planned), extra_most) } else { (None, 0) };
        let known = |n: u64| Some(n).filter(|n| *n < u64::MAX);
        let share = objective.metric.share();
        Self {
            scope: scenario.scope_name(&objective.scope),
            text: objective.text.clone(),
            needed: known(needed),
            likely: share.map(requests_for_likely_proof).and_then(known),
            planned,
            extra_most,
            at_most: (tells != PlanTells::Nothing).then(|| evidence.at_most()),
            left_out: matches!(provable, Provable::Empty | Provable::TooFew),
            provable: provable == Provable::Judged,
            is_inferred: share.is_some(),
            in_budget: budget.zip(planned).map(|((budget, length), planned)| {
                (planned as f64 * budget.as_secs_f64() / length.as_secs_f64().max(1.0)) as u64
            }),
        }
    }

    /// How likely so many requests prove it.
    fn proof(&self, requests: u64) -> &'static str {
        match (self.needed, self.likely) {
            _ if !self.is_inferred => "",
            (_, Some(likely)) if requests >= likely => "likely",
            (Some(needed), _) if requests >= needed => "if none is bad",
            _ => "never",
        }
    }

    /// What the plan has of it, in words; `None` where no plan can tell.
    fn planned(&self) -> Option<String> {
        match (self.planned, self.extra_most) {
            (None, _) => self.at_most.map(|most| format!("at most {}", count(most))),
            (Some(planned), 0) => Some(count(planned)),
            (Some(planned), extra) => Some(format!("{} + up to {}", count(planned), count(extra))),
        }
    }
}

impl CheckChance {
    /// `None` where nothing is judged of which the plan tells how many requests there are.
    pub(super) fn new(scenario: &Scenario, plan: &Plan, evidence: &[Evidence]) -> Option<Self> {
        let strata = strata(&plan.nominal, Catalog::bin_of(plan.last_due)).len();
        let judged = || scenario.objectives.iter().zip(evidence).filter(|(_, it)| it.provable == Provable::Judged);
        let told = judged().filter(|(objective, _)| objective.told_by_plan() == PlanTells::HowMany);
        let shares = told.filter_map(|(objective, it)| Some((objective.metric.share()?, it.planned)));
        let chances: Vec<f64> = shares.map(|(allowed, planned)| chance_of_proof(allowed, planned, strata)).collect();
        let not_counted = judged().count() - chances.len();
        (!chances.is_empty()).then(|| Self { all_proven: chances.iter().product(), not_counted })
    }

    /// `about 93% that a service at half of what each allows is proven to meet all`.
    pub(super) fn words(self) -> String {
        let chance = if self.all_proven > 0.995 { "over 99%".to_owned() } else { share(round(self.all_proven)) };
        let left = match self.not_counted {
            0 => String::new(),
            1 => "; one is not counted, as it bounds no share, or no plan tells its number".to_owned(),
            n => format!("; {n} are not counted, as they bound no share, or no plan tells their number"),
        };
        format!(
            "{chance} that a service which is bad by half of what each allows is proven to meet them all, if its requests are \
             independent of one another{left}"
        )
    }
}

fn round(chance: f64) -> f64 {
    (chance * 100.0).round() / 100.0
}

/// The table of objectives; `budget` is the length that `in_budget` is about.
pub(super) fn write_table(
    objectives: &[CheckObjective],
    budget: Option<Span>,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let in_budget = budget.map_or("planned".to_owned(), |budget| format!("in {budget}"));
    let mut table = Table::new(&["objective", "needs requests", "likely", &in_budget, ""]);
    for objective in objectives {
        let mark = match (objective.in_budget, objective) {
            (_, objective) if objective.left_out => "left out",
            (Some(n), objective) => objective.proof(n),
            (None, objective) if objective.provable => "",
            _ => "cannot be proven",
        };
        let has = if budget.is_some() { objective.in_budget.map(count) } else { objective.planned() };
        table.row(vec![
            format!("{} {}", objective.scope, objective.text),
            objective.needed.map_or("no number".to_owned(), count),
            objective.likely.map_or("–".to_owned(), count),
            has.unwrap_or_else(|| "unknown".to_owned()),
            mark.to_owned(),
        ]);
    }
    table.write(style, out)
}
