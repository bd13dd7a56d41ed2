//! The lines of the SLO: scope, metric, limit, window (O1, O7).

use std::collections::BTreeSet;

use super::population::Compiled;
use super::{Fields, Reader, shorten};
use crate::scenario::model::{Clock, Measure, Metric, Objective, Scope, Window};
use crate::scenario::problem::{Problem, Read};
use crate::scenario::yaml::{Entry, Node, Place};
use crate::unit::{ParseError, Quantile, Span};

/// Lines of one SLO; each has its counters in every bin of a run.
const MOST_OBJECTIVES: usize = 1_000;

/// A line: what is measured if it says so, what it demands, its window, and the text.
type Line = (Option<Measure>, Metric, Option<Window>, String);

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
            return Err(self.problem(node.place, format!("a scenario has at most {MOST_OBJECTIVES} objectives")));
        }
        let populations = scenario.get("populations").map_or(&[][..], Node::entries);
        let mut names: Vec<&str> = populations.iter().map(|entry| entry.key.as_str()).collect();
        names.sort_unstable();
        let mut objectives: Vec<Objective> = Vec::new();
        let mut failed = None;
        for entry in entries {
            let scope = self.scope(entry, &names, compiled);
            let lines = self.some_list(&entry.value, "a list of lines, such as `[\"p99 < 300ms\"]`");
            for line in lines.unwrap_or_default() {
                match (self.objective(line, clock), &scope) {
                    (Ok((measure, metric, window, text)), Ok(scope)) => {
                        match self.measured(measure, scope, &names, compiled, line.place) {
                            Ok(Some(_)) if metric.counts_exchanges() => {
                                let message =
                                    "only requests are sent more than once: this scope is a transaction or a measure";
                                failed = Some(self.problem(line.place, message));
                            }
                            Ok(measure) => {
                                let new = Objective { scope: scope.clone(), window, measure, metric, text };
                                if objectives.iter().any(|known| known.is_same(&new)) {
                                    failed = Some(self.problem(line.place, "this objective stands here twice"));
                                }
                                objectives.push(new);
                            }
                            Err(told) => failed = Some(told),
                        }
                    }
                    (Err(told), _) => failed = Some(told),
                    // Told below, once for all lines.
                    (Ok(_), Err(_)) => {}
                }
            }
            failed = failed.or(scope.err()).or(lines.err());
        }
        if let Some(told) = failed {
            return Err(told);
        }
        if objectives.len() > MOST_OBJECTIVES {
            return Err(self.problem(node.place, format!("a scenario has at most {MOST_OBJECTIVES} objectives")));
        }
        Ok(objectives)
    }

    fn scope(&mut self, entry: &Entry, names: &[&str], compiled: &Read<Vec<Compiled>>) -> Read<Scope> {
        let Entry { key, place, .. } = entry;
        if key == "overall" {
            return Ok(Scope::Overall);
        }
        let (population, step) = match key.split_once('.') {
            Some((population, step)) => (population, Some(step)),
            None => (key.as_str(), None),
        };
        let Ok(index) = names.binary_search(&population) else {
            // Where nothing says which populations there are, that was told already.
            if let (true, Err(told)) = (names.is_empty(), compiled) {
                return Err(*told);
            }
            let problem = Problem::new(*place, format!("there is no population `{}`", shorten(population)));
            return Err(self.problems.push_near(problem, population, names.iter().copied().chain(["overall"])));
        };
        let Some(step) = step else { return Ok(Scope::Population(index)) };
        let compiled = compiled.as_ref().map_err(|told| *told)?;
        self.step_scope(index, step, &compiled[index].step_names, population, *place)
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
    fn objective(&mut self, node: &Node, clock: &Read<Clock>) -> Read<Line> {
        let text = self.text(node, "a line such as `p99 < 300ms`")?.trim();
        let (line, window) = match text.split_once(" during ") {
            Some((line, window)) => (line.trim(), Some(self.window(window, node.place, clock))),
            None => (text, None),
        };
        let word = line.split_whitespace().next().and_then(Measure::named);
        let rest = word.and_then(|word| line.strip_prefix(word.name())).unwrap_or(line);
        let metric = self.metric(rest.trim_start(), node.place);
        let window = window.transpose()?;
        Ok((word, self.promise(metric?, node.place)?, window, text.to_owned()))
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

    fn metric(&mut self, line: &str, place: Place) -> Read<Metric> {
        let example = "`p99 < 300ms`, `p99.9 <= 1s` or `errors < 0.1%`, perhaps with ` during 22:55..23:30`";
        let Some(at) = line.find(['<', '>', '=']) else {
            let message = format!("expected an objective, found `{}`", shorten(line));
            return Err(self.problem_with_hint(place, message, example));
        };
        let (name, rest) = (line[..at].trim(), &line[at..]);
        let name = self.metric_name(name, place)?;
        let (inclusive, limit) = match (rest.strip_prefix("<="), rest.strip_prefix('<')) {
            (Some(limit), _) => (true, limit.trim()),
            (None, Some(limit)) => (false, limit.trim()),
            (None, None) => {
                let message =
                    format!("`{}` has no `<` or `<=`: an objective says what must stay below its limit", shorten(line));
                return Err(self.problem_with_hint(place, message, example));
            }
        };
        let metric = match name {
            Name::Errors => limit.parse().map(|allowed| Metric::Errors { allowed, inclusive }),
            Name::Amplification => ratio(limit).map(|allowed| Metric::Amplification { allowed, inclusive }),
            Name::Quantile(quantile) => limit.parse().map(|limit| Metric::Response { quantile, limit, inclusive }),
        };
        match metric {
            Ok(metric) => Ok(metric),
            Err(error) => {
                let place = self.problems.within(place, limit);
                let message = format!("expected {}, found `{}`", error.expected, shorten(limit));
                Err(self.problem_with_hint(place, message, example))
            }
        }
    }

    /// What a metric's name stands for.
    fn metric_name(&mut self, name: &str, place: Place) -> Read<Name> {
        let place = if name.is_empty() { place } else { self.problems.within(place, name) };
        if matches!(name, "lost" | "duplicated") {
            let message = format!("`{name}` cannot be judged yet: nothing reads the writes back after a run");
            return Err(self.problem_with_hint(place, message, "leave the line out; it would be an empty promise"));
        }
        match name.parse() {
            Ok(quantile) => return Ok(Name::Quantile(quantile)),
            Err(_) if name == "errors" => return Ok(Name::Errors),
            Err(_) if name == "amplification" => return Ok(Name::Amplification),
            Err(_) => {}
        }
        let words = ["errors", "amplification", "p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99"];
        let problem = Problem::new(place, format!("`{}` is nothing that an objective can be about", shorten(name)));
        Err(self.problems.push_near(problem, name, words))
    }
}

/// What an objective is about.
enum Name {
    Errors,
    Amplification,
    Quantile(Quantile),
}

/// A ratio of exchanges to requests, of which there is at least one each.
fn ratio(text: &str) -> Result<f64, ParseError> {
    let ratio = text.parse().ok().filter(|ratio| (1.0..=1e6).contains(ratio));
    let expected = "a ratio of exchanges to requests, at least 1, such as `1.2`";
    ratio.ok_or_else(|| ParseError { expected, given: text.to_owned() })
}
