//! The lines of an `slo:` about a run that is stored: the file that has them may have nothing else, and whom they are about is
//! for the run to say.

use super::Reader;
use super::slo::{MOST_OBJECTIVES, too_many};
use crate::scenario::model::{AskedLine, Clock, Line};
use crate::scenario::problem::Read;
use crate::scenario::yaml::Node;

/// How an `slo:` looks.
const SLO: &str = "a map from scopes to lines, such as `overall: [\"errors < 0.1%\"]`";

impl Reader<'_> {
    /// The lines below `slo:` of a file. `clock`: that of the run, if it has one.
    pub fn asked(&mut self, root: &Node, clock: Option<&Clock>) -> Read<Vec<AskedLine>> {
        let Some(slo) = root.get("slo") else {
            let hint = "slo: { overall: [\"errors < 0.1%\"] }";
            return Err(self.problem_with_hint(root.place, "this file has no `slo:`", hint));
        };
        let clock = clock.cloned().map(Ok);
        let (mut lines, mut failed) = (Vec::new(), None);
        for entry in self.names(slo, SLO)? {
            for node in self.some_list(&entry.value, "a list of lines, such as `[\"p99 < 300ms\"]`")? {
                match self.asked_line(&entry.key, node, clock.as_ref()) {
                    Ok(line) => lines.push(line),
                    Err(told) => failed = Some(told),
                }
            }
        }
        match failed {
            Some(told) => Err(told),
            None if lines.len() > MOST_OBJECTIVES => Err(self.problem(slo.place, too_many())),
            None if lines.is_empty() => Err(self.problem(slo.place, "this asks for nothing")),
            None => Ok(lines),
        }
    }

    fn asked_line(&mut self, scope: &str, node: &Node, clock: Option<&Read<Clock>>) -> Read<AskedLine> {
        let text = self.text(node, "a line such as `p99 < 300ms`")?.trim();
        let line = Line::split(text);
        let metric = self.demanded(&line, node.place);
        let window = match (line.window, clock) {
            (None, _) => None,
            (Some(window), Some(clock)) => {
                let window = self.window(window, node.place, clock)?;
                Some((window.from, window.to))
            }
            (Some(_), None) => {
                let hint = "only the run of a scenario has one";
                return Err(self.problem_with_hint(node.place, "a part of the day needs a clock", hint));
            }
        };
        let (scope, text) = (scope.to_owned(), text.to_owned());
        Ok(AskedLine { scope, text, measure: line.measure, metric: metric?, window })
    }
}
