//! The lines of the SLO: scope, metric, limit, window (O1, O7).

use std::collections::BTreeSet;

use super::population::Compiled;
use super::{Fields, Reader, objective_of_ours, shorten, with_unit};
use crate::scenario::model::{Clock, Line, Measure, Metric, MetricError, Objective, Scope, Window};
use crate::scenario::problem::{Problem, Read, Told};
use crate::scenario::yaml::{Entry, Node, Place};
use crate::unit::{ParseError, Span};

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
        let measure = self.measured(split.measure, &Scope::Overall, &[], &Ok(Vec::new()), place)?;
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
        let measure = self.measured(demand.measure, scope, names, compiled, place)?;
        if measure.is_some() && demand.metric.counts_exchanges() {
            let message = "only requests are sent more than once: this scope is a transaction or a measure";
            return Err(self.problem(place, message));
        }
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
        let window = window.transpose()?;
        Ok(Demand { measure: line.measure, metric: metric?, window, text: text.to_owned() })
    }

    fn demanded(&mut self, line: &Line<'_>, place: Place) -> Read<Metric> {
        let metric = line.metric.parse().map_err(|error| self.no_metric(error, line.metric, place))?;
        self.promise(metric, place)
    }

    /// The metric, if runs can meet it and can fail to.
    fn promise(&mut self, metric: Metric, place: Place) -> Read<Metric> {
        let (message, hint) = match metric {
            // What is recorded is whole microseconds, and no answer comes within one.
            Metric::Response { limit, .. } if limit <= Span::from_micros(1) => {
                ("no run can meet this: answers are timed to 1us, and none comes within it", "such as `p99 < 300ms`")
            }
            Metric::Errors { allowed, .. } if allowed.as_fraction() == 0.0 => {
                ("no run can prove 0%: the next request might fail", "write `errors < 0.1%`")
            }
            Metric::Errors { allowed, .. } if allowed.as_fraction() == 1.0 => {
                ("this promises nothing: nearly all requests may fail", "write `errors < 0.1%`")
            }
            Metric::Amplification { allowed, inclusive: false } if allowed <= 1.0 => {
                ("no run can meet this: each request is sent at least once", "`amplification <= 1`: none is sent again")
            }
            _ => return Ok(metric),
        };
        Err(self.problem_with_hint(place, message, hint))
    }

    /// Tells why a line has no metric, at the part that is wrong.
    fn no_metric(&mut self, error: MetricError, line: &str, place: Place) -> Told {
        let example = "`p99 < 300ms`, `p99.9 <= 1s` or `errors < 0.1%`, perhaps with ` during 22:55..23:30`";
        let mut hint = None;
        let (place, message) = match error {
            MetricError::Unknown(name) => return self.no_name(&name, line, place),
            MetricError::NoTime => return self.problem(place, error.to_string()),
            MetricError::NoComparison => (place, format!("expected an objective, found `{}`", shorten(line))),
            MetricError::NotBelow => {
                let line = shorten(line);
                (place, format!("`{line}` has no `<` or `<=`: an objective says what must stay below its limit"))
            }
            MetricError::Limit(ParseError { expected, given }) => {
                let message = format!("expected {expected}, found `{}`", shorten(&given));
                hint = with_unit(&given).and_then(|_| objective_of_ours(line));
                (self.problems.within(place, &given), message)
            }
        };
        self.problem_with_hint(place, message, hint.as_deref().unwrap_or(example))
    }

    fn no_name(&mut self, name: &str, line: &str, place: Place) -> Told {
        let place = if name.is_empty() { place } else { self.problems.within(place, name) };
        if matches!(name, "lost" | "duplicated") {
            let message = format!("`{name}` cannot be judged yet: nothing reads the writes back after a run");
            return self.problem_with_hint(place, message, "leave the line out; it would be an empty promise");
        }
        let words = ["errors", "amplification", "p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99"];
        let problem = Problem::new(place, format!("an objective cannot be about `{}`", shorten(name)));
        match objective_of_ours(line) {
            Some(ours) => self.problems.push(problem.hint(ours)),
            None => self.problems.push_near(problem, name, words),
        }
    }
}
