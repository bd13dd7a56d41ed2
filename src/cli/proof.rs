//! What a plan can prove of its scenario's objectives, for `check` and `run` alike (P9, P10).

use anyhow::anyhow;

use crate::judge::{self, Evidence, Provable};
use crate::plan::Plan;
use crate::record::Objectives;
use crate::report::words::{count, counted, per_second};
use crate::scenario::{Fault, Metric, Objective, PlanTells, Scenario, Written};

use super::Failure;

/// More than a scale needs by its numbers, as what is drawn scatters.
const SCALE_ROOM: f64 = 1.05;

/// The evidence that a plan has for each objective. `is_part`: a window or a scale was chosen.
pub fn evidence(scenario: &Scenario, plan: &Plan, is_part: bool) -> Vec<Evidence> {
    let counts = plan.objective_requests.iter().copied().zip(plan.objective_extra_most.iter().copied());
    judge::evidence(scenario, counts, is_part)
}

/// The objectives that a run of the plan judges, and those that it leaves out; an error where one of the whole day can
/// never be proven.
pub fn judged(
    scenario: &Scenario,
    plan: &Plan,
    evidence: &[Evidence],
    written: Option<&Written>,
) -> Result<Objectives, Failure> {
    let pairs = scenario.objectives.iter().zip(evidence);
    let refused = pairs.filter(|(_, evidence)| evidence.provable == Provable::Refused);
    let faults: Vec<Fault> = refused.map(|(objective, evidence)| fault(scenario, plan, objective, evidence)).collect();
    match (faults.is_empty(), written) {
        (true, _) => Ok(judge::judged(scenario, evidence)),
        (false, Some(written)) => Err(Failure::usage(written.refuse(faults))),
        (false, None) => {
            let lines: Vec<String> = faults.into_iter().map(|fault| fault.message).collect();
            Err(Failure::usage(anyhow!("{}", lines.join("\n       "))))
        }
    }
}

fn fault(scenario: &Scenario, plan: &Plan, objective: &Objective, evidence: &Evidence) -> Fault {
    let (scope, line) = (scenario.scope_name(&objective.scope), objective.text.clone());
    let (needed, has) = (count(evidence.needed), count(evidence.planned));
    let what = counted(objective.measure);
    let more = match evidence.extra_most {
        0 => String::new(),
        extra => format!(", plus at most {} under conditions", count(extra)),
    };
    let most = if objective.told_by_plan() == PlanTells::AtMost { "at most " } else { "" };
    let message = match objective.metric {
        Metric::Rate { .. } if evidence.needed == u64::MAX => {
            format!("{scope}: `{line}` is about no whole second of the run, and a rate is judged by those")
        }
        Metric::Rate { at_least } => {
            let mean = at_least.as_per_second() * evidence.planned as f64 / evidence.needed as f64;
            let mean = per_second(mean);
            format!("{scope}: `{line}` is above what the plan itself asks for there, {mean} on average")
        }
        _ => format!(
            "{scope}: `{line}` needs at least {needed} {what} to be proven, and the plan has {most}{has} in its scope{more}"
        ),
    };
    let written = objective.each_of.clone().unwrap_or(scope);
    Fault {
        path: vec!["slo".to_owned(), written, line],
        message,
        hint: Some(hint(scenario, plan, objective, evidence)),
    }
}

/// The scale that would do, and who does not grow with it.
fn hint(scenario: &Scenario, plan: &Plan, objective: &Objective, evidence: &Evidence) -> String {
    let inside =
        scenario.populations.iter().zip(&plan.populations).enumerate().filter(|(index, _)| objective.scope.has(*index));
    let (mut grows, mut stays, mut fixed) = (0, 0, Vec::new());
    for (_, (population, plan)) in inside {
        if population.is_fixed() {
            stays += plan.requests;
            fixed.push(format!("`{}`", population.name));
        } else {
            grows += plan.requests;
        }
    }
    let less = match objective.metric {
        Metric::Rate { .. } if evidence.needed == u64::MAX => return "a longer window, or less compression".to_owned(),
        Metric::Rate { .. } => "ask for a lower rate",
        _ => "ask for less, such as a lower quantile",
    };
    let stay = match fixed.as_slice() {
        [] => String::new(),
        _ => format!("; {} cannot grow: the rows or instants are given", fixed.join(", ")),
    };
    let (most, all) = (evidence.at_most() as f64, (grows + stays) as f64);
    if grows == 0 || most == 0.0 || evidence.needed == u64::MAX {
        return format!("{less}{stay}");
    }
    let scale = (evidence.needed as f64 / most - stays as f64 / all) * all / grows as f64 * SCALE_ROOM;
    let scale = (scale * 10.0).ceil() / 10.0;
    format!(
        "`--scale {scale}` plans enough; or {less}; a rehearsal (`--window`, a lower `--scale`) leaves it out{stay}"
    )
}
