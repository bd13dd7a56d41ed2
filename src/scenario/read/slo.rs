//! The lines of the SLO: scope, metric, limit, window (O1, O7).

use std::collections::BTreeSet;

use super::population::Compiled;
use super::{Fields, Reader, shorten};
use crate::scenario::model::{Clock, Line, Measure, Metric, Objective, Scope, Window};
use crate::scenario::problem::{Problem, Read};
use crate::scenario::yaml::{Entry, Node, Place};

/// Lines of one SLO; each has its counters in every bin of a run.
pub(super) const MOST_OBJECTIVES: usize = 1_000;

pub(super) fn too_many() -> String {
    format!("a scenario has at most {MOST_OBJECTIVES} objectives")
}

/// What a line says.
pub(super) struct Demand {
    /// What is measured, if the line names it.
    pub(super) measure: Option<Measure>,
    /// What it demands.
    pub(super) metric: Metric,
    /// Its window.
    pub(super) window: Option<Window>,
    /// The line as written.
    pub(super) text: String,
}

impl Demand {
    pub(super) fn of(&self, scope: &Scope, measure: Option<Measure>, each_of: Option<String>) -> Objective {
        let Self { metric, window, text, .. } = self;
        let (scope, window, text) = (scope.clone(), window.clone(), text.clone());
        Objective { scope, window, measure, metric: *metric, text, each_of }
    }
}

/// Whom the lines of an entry are about.
pub(super) enum Scopes {
    /// All, a population, or a step.
    One(Scope),
    /// Each named step of a population (`buyers.*`), or of all of them (`*.*`).
    Each(Vec<Scope>),
}

impl Reader<'_> {
    /// `slo:`, from scopes to lines. `compiled`: the populations, if they could be read.
    pub fn slo(
        &mut self,
        scenario: &Fields,
        compiled: &Read<Vec<Compiled>>,
        clock: &Read<Clock>,
    ) -> Read<Vec<Objective>> {
        let Some(node) = scenario.get("slo") else { return Ok(Vec::new()) };
        let entries = self.names(node, "a map from scopes to lines, such as `overall: [\"errors < 0.1%\"]`")?;
        if entries.len() > MOST_OBJECTIVES {
            return Err(self.problem(node.place, too_many()));
        }
        let populations = scenario.get("populations").map_or(&[][..], Node::entries);
        let mut names: Vec<&str> = populations.iter().map(|entry| entry.key.as_str()).collect();
        names.sort_unstable();
        let mut objectives: Vec<Objective> = Vec::new();
        let (mut failed, mut read) = (None, 0);
        for entry in entries {
            let scopes = self.scopes(entry, &names, compiled);
            let lines = self.some_list(&entry.value, "a list of lines, such as `[\"p99 < 300ms\"]`");
            for line in lines.unwrap_or_default() {
                read += 1;
                if read > MOST_OBJECTIVES {
                    return Err(self.problem(node.place, too_many()));
                }
                let added = match (self.objective(line, clock), &scopes) {
                    (Ok(demand), Ok(Scopes::One(scope))) => {
                        self.add(&mut objectives, &demand, scope, &names, compiled, line.place)
                    }
                    (Ok(demand), Ok(Scopes::Each(scopes))) => {
                        self.add_each(&mut objectives, &demand, (scopes, &entry.key), compiled, line.place)
                    }
                    // What is wrong with the scope is told below, once for all lines.
                    (demand, _) => demand.map(|_| ()),
                };
                failed = added.err().or(failed);
            }
            failed = failed.or(scopes.err()).or(lines.err());
        }
        if let Some(told) = failed {
            return Err(told);
        }
        if objectives.len() > MOST_OBJECTIVES {
            return Err(self.problem(node.place, too_many()));
        }
        Ok(objectives)
    }

    /// Lines about all requests, which no file holds: `option` is what they were typed behind.
    pub fn objectives_of_all(&mut self, option: &str, lines: &[String]) -> Read<Vec<Objective>> {
        let mut objectives: Vec<Objective> = Vec::new();
        let mut failed = None;
        for line in lines {
            let place = self.problems.option(&format!("{option} '{line}'"));
            match self.typed_objective(line, place) {
                Ok(new) if objectives.iter().any(|known| known.is_same(&new)) => {
                    failed = Some(self.problem(place, "this objective stands here twice"));
                }
                Ok(new) => objectives.push(new),
                Err(told) => failed = Some(told),
            }
        }
        failed.map_or(Ok(objectives), Err)
    }

    fn typed_objective(&mut self, line: &str, place: Place) -> Read<Objective> {
        let split = Line::split(line);
        if split.window.is_some() {
            return Err(self.problem_with_hint(
                place,
                "a part of the day needs a clock",
                "only a scenario file has one",
            ));
        }
        let metric = self.demanded(&split, place)?;
        self.of_requests(&metric, split.measure, place)?;
        let measure = match split.measure {
            // There is one request, which has no more to measure.
            Some(Measure::Connect) => split.measure,
            measure => self.measured(measure, &Scope::Overall, &[], &Ok(Vec::new()), place)?,
        };
        Ok(Objective {
            scope: Scope::Overall,
            window: None,
            measure,
            metric,
            text: line.trim().to_owned(),
            each_of: None,
        })
    }

    /// Adds the objective of a line that names its scope; it replaces one that a line for each step made.
    fn add(
        &mut self,
        objectives: &mut Vec<Objective>,
        demand: &Demand,
        scope: &Scope,
        names: &[&str],
        compiled: &Read<Vec<Compiled>>,
        place: Place,
    ) -> Read<()> {
        self.has_rate(&demand.metric, Some(scope), place)?;
        let measure = self.measured(demand.measure, scope, names, compiled, place)?;
        self.of_requests(&demand.metric, measure, place)?;
        let new = demand.of(scope, measure, None);
        objectives.retain(|known| known.each_of.is_none() || !known.is_same(&new));
        // They are known by these words, in a run's files too.
        if objectives.iter().any(|known| known.scope == new.scope && known.text == new.text) {
            return Err(self.problem(place, "this objective is there already"));
        }
        if objectives.iter().any(|known| known.is_same(&new)) {
            return Err(self.problem(place, "this objective stands here twice"));
        }
        objectives.push(new);
        Ok(())
    }

    fn scopes(&mut self, entry: &Entry, names: &[&str], compiled: &Read<Vec<Compiled>>) -> Read<Scopes> {
        let Entry { key, place, .. } = entry;
        match key.strip_suffix(".*") {
            Some(population) => self.each_named(population, names, compiled, *place).map(Scopes::Each),
            None => self.scope(key, names, compiled, *place).map(Scopes::One),
        }
    }

    fn scope(&mut self, key: &str, names: &[&str], compiled: &Read<Vec<Compiled>>, place: Place) -> Read<Scope> {
        if key == "overall" {
            return Ok(Scope::Overall);
        }
        let (population, step) = match key.split_once('.') {
            Some((population, step)) => (population, Some(step)),
            None => (key, None),
        };
        let index = self.population_index(population, names, compiled, place)?;
        let Some(step) = step else { return Ok(Scope::Population(index)) };
        let compiled = compiled.as_ref().map_err(|told| *told)?;
        self.step_scope(index, step, &compiled[index].step_names, population, place)
    }

    pub(super) fn population_index(
        &mut self,
        population: &str,
        names: &[&str],
        compiled: &Read<Vec<Compiled>>,
        place: Place,
    ) -> Read<usize> {
        if let Ok(index) = names.binary_search(&population) {
            return Ok(index);
        }
        // Where nothing says which populations there are, that was told already.
        if let (true, Err(told)) = (names.is_empty(), compiled) {
            return Err(*told);
        }
        let problem = Problem::new(place, format!("there is no population `{}`", shorten(population)));
        Err(self.problems.push_near(problem, population, names.iter().copied().chain(["overall"])))
    }

    fn step_scope(
        &mut self,
        index: usize,
        step: &str,
        names: &BTreeSet<String>,
        population: &str,
        place: Place,
    ) -> Read<Scope> {
        if names.contains(step) {
            return Ok(Scope::Step(index, step.to_owned()));
        }
        let problem = Problem::new(place, format!("no step of `{population}` is named `{}`", shorten(step)));
        if names.is_empty() {
            let hint = format!("name it beside its verb: `- {{ get: /path, name: {} }}`", shorten(step));
            return Err(self.problems.push(problem.hint(hint)));
        }
        Err(self.problems.push_near(problem, step, names.iter().map(String::as_str)))
    }

    /// `p99 < 300ms`, `frame_gap p99 < 100ms`, `errors <= 0.1% during 22:55..23:30`.
    fn objective(&mut self, node: &Node, clock: &Read<Clock>) -> Read<Demand> {
        let text = self.text(node, "a line such as `p99 < 300ms`")?.trim();
        let line = Line::split(text);
        let window = line.window.map(|window| self.window(window, node.place, clock));
        let metric = self.demanded(&line, node.place);
        let (metric, window) = (metric?, window.transpose()?);
        self.of_requests(&metric, line.measure, node.place)?;
        Ok(Demand { measure: line.measure, metric, window, text: text.to_owned() })
    }
}
