//! What an objective measures: its word, or the transaction that its scope names, held against the flows.

use super::population::Compiled;
use super::{Reader, shorten};
use crate::scenario::model::{Measure, Scope};
use crate::scenario::problem::{Problem, Read};
use crate::scenario::yaml::Place;

impl Reader<'_> {
    /// What a line with this word measures in this scope; `None`: the requests. A scope that has nothing of the kind
    /// is an error, as the line could never be judged.
    pub fn measured(
        &mut self,
        word: Option<Measure>,
        scope: &Scope,
        names: &[&str],
        compiled: &Read<Vec<Compiled>>,
        place: Place,
    ) -> Read<Option<Measure>> {
        let compiled = match (word, scope) {
            (None, Scope::Overall | Scope::Population(_)) => return Ok(None),
            _ => compiled.as_ref().map_err(|told| *told)?,
        };
        let mut there: Vec<Measure> = Vec::new();
        for (index, population) in compiled.iter().enumerate() {
            let measures = population.flow.measures();
            there.extend(measures.iter().filter(|(name, _)| scope.covers(index, name)).map(|(_, measure)| *measure));
        }
        let Some(word) = word else {
            return Ok(there.contains(&Measure::Transaction).then_some(Measure::Transaction));
        };
        if there.contains(&word) {
            return Ok(Some(word));
        }
        let who = match scope {
            Scope::Overall => "no population".to_owned(),
            Scope::Population(index) => format!("no step of `{}`", names[*index]),
            Scope::Step(index, step) => format!("`{}` of `{}`", shorten(step), names[*index]),
        };
        let has = if matches!(scope, Scope::Step(..)) { "has no" } else { "has a" };
        there.sort_unstable();
        there.dedup();
        // Every request can open a connection: that helps nobody who wanted something else.
        let others = there.iter().filter(|measure| **measure != Measure::Connect);
        let known: Vec<String> = others.map(|measure| format!("`{}`", measure.name())).collect();
        let problem = Problem::new(place, format!("{who} {has} `{}` to measure", word.name()));
        Err(self.problems.push(match known.is_empty() {
            true => problem,
            false => problem.hint(format!("there is {}", known.join(", "))),
        }))
    }
}
