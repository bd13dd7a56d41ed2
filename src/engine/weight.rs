//! What a plan's requests weigh on the wire, before any is sent: for `check`.
//!
//! Each step is rendered as a lane would, for some sessions spread over the population; their mean stands for
//! all. What only a run knows is stood in for: a saved value by eight characters, a port by five digits.

use crate::plan::{Plan, PopulationPlan};
use crate::record::Catalog;
use crate::scenario::{Origin, Scenario};
use crate::wire::ResolvedOrigin;

use super::program::{self, OfRun, PopulationPrograms, Program};
use super::values::Values;

/// Sessions of a population whose requests are rendered.
const SAMPLES: u64 = 16;
/// Stands for a value that an earlier answer would have given.
const SAVED: &str = "12345678";
/// Stands for a run's id.
const RUN_ID: &str = "0000000000000000";

/// About how many bytes the planned requests have, heads and bodies; If-None-Match lines are left out.
pub fn request_bytes(scenario: &Scenario, plan: &Plan) -> u64 {
    let catalog = Catalog::without_objectives(scenario);
    let origins: Vec<ResolvedOrigin> = scenario.target.origins.iter().map(placeholder).collect();
    let before = vec![SAVED.to_owned(); scenario.before_saves().len()];
    let of_run = OfRun { origins: &origins, run_id: RUN_ID, before: &before };
    let populations = plan.populations.iter().zip(&catalog.populations).enumerate();
    let bytes = populations.map(|(index, (plan, names))| {
        let programs = program::compile(scenario, index, &names.step_by_number, of_run, Vec::new());
        let steps = programs.steps.iter().zip(&plan.requests_by_step);
        steps.filter_map(|(step, n)| Some(*n as f64 * mean(step.as_ref()?, &programs, plan))).sum::<f64>()
    });
    bytes.sum::<f64>().round() as u64
}

fn placeholder(origin: &Origin) -> ResolvedOrigin {
    let authority = if origin.port == 0 { "127.0.0.1:40000".to_owned() } else { origin.authority() };
    ResolvedOrigin { authority, addresses: Vec::new(), sources: Vec::new(), tls: None }
}

/// The mean size of a step's requests over some sessions.
fn mean(step: &Program, programs: &PopulationPrograms, plan: &PopulationPlan) -> f64 {
    let saved = vec![Some(SAVED.to_owned()); programs.saved_len];
    let samples = plan.sessions.min(SAMPLES);
    let (mut out, mut bytes) = (Vec::new(), 0);
    for sample in 0..samples {
        let session = (u128::from(sample) * u128::from(plan.sessions) / u128::from(samples)) as u64;
        let (path, saved) = (&plan.path, &saved);
        let values = Values { path, programs, session, nth: 0, input: 0, message: 0, saved, run_id: RUN_ID };
        // What stands for a saved value may not fit where that does: then it counts as far as it goes.
        let _ = step.render(&values, None, &mut out);
        bytes += out.len();
        out.clear();
    }
    bytes as f64 / samples.max(1) as f64
}
