//! Lines of the SLO for each named step: `buyers.*`, `*.*`.

use super::population::Compiled;
use super::slo::{Demand, MOST_OBJECTIVES, too_many};
use super::{Reader, shorten};
use crate::scenario::model::{Measure, Objective, Scope};
use crate::scenario::problem::{Problem, Read};
use crate::scenario::yaml::Place;

impl Reader<'_> {
    /// Each step and transaction with a `name:` of a population, or of all (`*`).
    pub(super) fn each_named(
        &mut self,
        population: &str,
        names: &[&str],
        compiled: &Read<Vec<Compiled>>,
        place: Place,
    ) -> Read<Vec<Scope>> {
        let only = match population {
            "*" => None,
            population => Some(self.population_index(population, names, compiled, place)?),
        };
        let compiled = compiled.as_ref().map_err(|told| *told)?;
        let of = |index: usize| compiled[index].step_names.iter().map(move |name| Scope::Step(index, name.clone()));
        let all: Vec<Scope> = match only {
            Some(index) => of(index).collect(),
            None => (0..compiled.len()).flat_map(of).collect(),
        };
        if all.is_empty() {
            let message = match only {
                Some(_) => format!("no step of `{}` has a name", shorten(population)),
                None => "no step of any population has a name".to_owned(),
            };
            let problem = Problem::new(place, message);
            let hint = "name the steps beside their verbs: `- { get: /cart, name: cart }`";
            return Err(self.problems.push(problem.hint(hint)));
        }
        if all.len() > MOST_OBJECTIVES {
            return Err(self.problem(place, too_many()));
        }
        Ok(all)
    }

    /// Adds an objective for each of these steps that has what the line is about, but for those that it stands for
    /// already.
    pub(super) fn add_each(
        &mut self,
        objectives: &mut Vec<Objective>,
        demand: &Demand,
        (scopes, written): (&[Scope], &str),
        compiled: &Read<Vec<Compiled>>,
        place: Place,
    ) -> Read<()> {
        self.has_rate(&demand.metric, None, place)?;
        let compiled = compiled.as_ref().map_err(|told| *told)?;
        if objectives.iter().any(|known| known.each_of.as_deref() == Some(written) && known.text == demand.text) {
            return Err(self.problem(place, "this line stands here twice"));
        }
        let mut stands_for_any = false;
        for scope in scopes {
            // More are refused when all lines are read.
            if objectives.len() > MOST_OBJECTIVES {
                break;
            }
            let Some(measure) = measured_there(demand, scope, compiled) else { continue };
            stands_for_any = true;
            let new = demand.of(scope, measure, Some(written.to_owned()));
            if !objectives.iter().any(|known| known.is_same(&new)) {
                objectives.push(new);
            }
        }
        if stands_for_any {
            return Ok(());
        }
        let what = demand.measure.map_or("requests", Measure::name);
        Err(self.problem(place, format!("no step that `{}` stands for has `{what}` to measure", shorten(written))))
    }
}

/// What a line measures of a step or a transaction: `Some(None)` its requests; `None` if it has nothing of the kind.
fn measured_there(demand: &Demand, scope: &Scope, compiled: &[Compiled]) -> Option<Option<Measure>> {
    let Scope::Step(index, step) = scope else { return None };
    let all = compiled[*index].flow.measures();
    let has = |measure: Measure| all.iter().any(|(name, of)| name == step && *of == measure);
    match demand.measure {
        Some(word) => has(word).then_some(Some(word)),
        None if has(Measure::Transaction) => {
            demand.metric.only_of_requests().is_none().then_some(Some(Measure::Transaction))
        }
        None => Some(None),
    }
}
