//! `if`, `while` and `call`: steps that the answers decide on (P3), and steps that stand elsewhere.

use super::flow::{Compiler, Extent};
use super::{Fields, shorten};
use crate::scenario::keys::{FLOW, IF, WHILE};
use crate::scenario::model::{Condition, StepKind, ValueTest};
use crate::scenario::problem::{Problem, Read};
use crate::scenario::yaml::{Node, Value};

/// Iterations of a loop, at most.
const MOST_TIMES: u64 = 1_000_000;

impl Compiler<'_, '_, '_> {
    /// `if: { value: state, is: stopped, then: [...], else: [...] }`.
    pub fn when(&mut self, node: &Node) -> Read<(StepKind, Extent)> {
        let fields = self.reader.fields(node, &IF)?;
        let condition = self.condition(&fields);
        let (body, inner) = self.reader.need(&fields, "then").and_then(|list| self.body(list))?;
        let end = self.steps.len() as u32;
        let (otherwise, other) =
            fields.get("else").map_or(Ok((end..end, Extent::default())), |list| self.body(list))?;
        if body.is_empty() && otherwise.is_empty() {
            return Err(self.reader.problem(node.place, "neither branch has a step"));
        }
        let most_executed = inner.most_executed.max(other.most_executed).saturating_add(1);
        Ok((StepKind::If { condition: condition?, body, otherwise }, Extent { least_requests: 0, most_executed }))
    }

    /// `while: { value: state, is_not: running, at_most: 30, steps: [...] }`.
    pub fn r#while(&mut self, node: &Node) -> Read<(StepKind, Extent)> {
        let fields = self.reader.fields(node, &WHILE)?;
        let at_most = self.reader.need(&fields, "at_most").and_then(|node| self.reader.whole(node, 1..=MOST_TIMES));
        let list = self.reader.need(&fields, "steps")?;
        // What one iteration saves, the condition and a later one may use.
        self.name_saved(list, true);
        let condition = self.condition(&fields);
        let (body, inner) = self.body(list)?;
        if inner.least_requests == 0 {
            let hint = "give every path through it a request, and save the value there anew";
            return Err(self.reader.problem_with_hint(list.place, "this loop may go round without a request", hint));
        }
        let (condition, at_most) = (condition?, at_most?);
        let most_executed = inner.most_executed.saturating_mul(at_most).saturating_add(1);
        let kind = StepKind::While { condition, at_most: at_most as u32, body };
        Ok((kind, Extent { least_requests: 0, most_executed }))
    }

    fn condition(&mut self, fields: &Fields) -> Read<Condition> {
        let value = self.reader.need(fields, "value").and_then(|node| self.saved_value(node));
        let (test, node) = self.reader.one_of(fields)?;
        let test = match test {
            "is" => ValueTest::Is(self.texts(node)?),
            "is_not" => ValueTest::IsNot(self.texts(node)?),
            "contains" => ValueTest::Contains(self.reader.text(node, "a text")?.to_owned()),
            _ => ValueTest::Saved(self.reader.flag(node)?),
        };
        Ok(Condition { saved: value?, test })
    }

    fn saved_value(&mut self, node: &Node) -> Read<usize> {
        let name = self.reader.text(node, "the name of a saved value")?;
        if let Some(index) = self.saved.iter().position(|saved| saved == name) {
            return Ok(index);
        }
        let problem = Problem::new(node.place, format!("no step of this flow saves `{}`", shorten(name)));
        Err(self.reader.problems.push_near(problem, name, self.saved.iter().map(String::as_str)))
    }

    fn texts(&mut self, node: &Node) -> Read<Vec<String>> {
        match &node.value {
            Value::List(items) => items.iter().map(|item| Ok(self.reader.text(item, "a text")?.to_owned())).collect(),
            _ => Ok(vec![self.reader.text(node, "a text, or a list of texts")?.to_owned()]),
        }
    }

    /// `call: logon`: the steps of that flow stand here.
    pub fn call(&mut self, node: &Node) -> Read<Extent> {
        let name = self.reader.text(node, "the name of a flow")?;
        if let Some(first) = self.calling.iter().position(|calling| calling == name) {
            let cycle = self.calling[first..].iter().map(|flow| shorten(flow)).collect::<Vec<_>>().join(" calls ");
            let message = format!("this never ends: {cycle} calls {}", shorten(name));
            return Err(self.reader.problem(node.place, message));
        }
        let Some(entry) = self.flows.iter().find(|entry| entry.key == name) else {
            let problem = Problem::new(node.place, format!("there is no flow `{}`", shorten(name)));
            return Err(self.reader.problems.push_near(problem, name, self.flows.iter().map(|e| e.key.as_str())));
        };
        self.reader.identifier(entry, "a flow")?;
        self.reader.spend_node(&entry.value)?;
        let fields = self.reader.fields(&entry.value, &FLOW)?;
        let list = self.reader.need(&fields, "steps")?;
        self.calling.push(name.to_owned());
        let extent = self.list(list);
        self.calling.pop();
        extent
    }

    /// Names what the steps of a called flow save; each flow once.
    pub fn name_saved_by_call(&mut self, node: &Node, available: bool) {
        let Some(name) = node.scalar() else { return };
        let flows = self.flows;
        let steps = flows.iter().find(|entry| entry.key == name).and_then(|entry| entry.value.get("steps"));
        if let Some(steps) = steps
            && self.named.insert((name.to_owned(), available))
        {
            self.name_saved(steps, available);
        }
    }
}

/// The names of all flows that a step calls, here or deeper.
pub fn called(node: &Node) -> Vec<&str> {
    let mut names = Vec::new();
    for entry in node.entries() {
        names.extend(entry.value.scalar().filter(|_| entry.key == "call"));
        names.extend(called(&entry.value));
    }
    names.extend(node.items().iter().flat_map(called));
    names
}
