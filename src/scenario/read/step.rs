//! Steps: which kind each is, and the kinds that are not requests.

use std::ops::Range;

use super::flow::{Compiler, Extent};
use super::value::grouped;
use super::{Fields, shorten};
use crate::scenario::keys::{ALTERNATIVE, AT, OPTIONS, REPEAT, STEP, VERBS};
use crate::scenario::model::{Alternative, At, Distribution, Draw, Step, StepKind};
use crate::scenario::problem::{Problem, Read};
use crate::scenario::yaml::{Node, Value};
use crate::unit::Span;

/// Steps of a flow.
const MOST_STEPS: usize = 10_000;
/// How often a repeat repeats.
const MOST_TIMES: u64 = 1_000_000;

impl Compiler<'_, '_, '_> {
    /// The steps of a list, in order.
    pub fn list(&mut self, node: &Node) -> Read<Extent> {
        let items = self.reader.list(node, "a list of steps, such as `- get: /`")?;
        let mut sum = Extent::default();
        let mut failed = None;
        for item in items {
            match self.step(item) {
                Ok(Extent { least_requests, most_executed }) => {
                    sum.least_requests = sum.least_requests.saturating_add(least_requests);
                    sum.most_executed = sum.most_executed.saturating_add(most_executed);
                }
                Err(told) => {
                    failed = Some(told);
                    // What it would have saved is not missed as well.
                    self.name_saved(&Node { place: item.place, value: Value::List(vec![item.clone()]) }, true);
                }
            }
            if self.steps.len() > MOST_STEPS {
                return Err(self.reader.problem(item.place, format!("a flow has at most {MOST_STEPS} steps")));
            }
        }
        failed.map_or(Ok(sum), Err)
    }

    /// One step, with those inside it.
    pub fn step(&mut self, item: &Node) -> Read<Extent> {
        if let Some(word) = item.scalar() {
            let problem = Problem::new(item.place, format!("`{}` is not a step: a step is a map", shorten(word)));
            return Err(self.reader.problems.push(problem.hint("- get: /path")));
        }
        let fields = self.reader.fields(item, &STEP)?;
        let (kind, node) = self.reader.one_of(&fields)?;
        self.refuse_options(&fields, kind);
        if kind == "call" {
            return self.call(node);
        }
        // The number of a step is its place in pre-order: it is taken before its body's.
        let number = self.steps.len();
        self.steps.push(Step { kind: StepKind::Think(Distribution { draw: Draw::Fixed(0.0), max: 0.0 }), end: 0 });
        let (kind, extent) = match kind {
            "think" => (StepKind::Think(self.think(node)?), one(0)),
            "at" => (StepKind::At(self.at(node)?), one(0)),
            "pick" => self.pick(node)?,
            "repeat" => self.repeat(node)?,
            "ws" | "sse" => (StepKind::Request(Box::new(self.stream(kind, node, &fields, number)?)), one(1)),
            "transaction" => self.transaction(node)?,
            "if" => self.when(node)?,
            "while" => self.r#while(node)?,
            "parallel" => self.parallel(node)?,
            verb => (StepKind::Request(Box::new(self.request(verb, node, &fields, number)?)), one(1)),
        };
        self.steps[number] = Step { kind, end: self.steps.len() as u32 };
        Ok(extent)
    }

    fn think(&mut self, node: &Node) -> Read<Distribution> {
        let think = self.reader.distribution(node)?;
        if let (Draw::Fixed(seconds), Ok(clock)) = (think.draw, &self.world.clock)
            && seconds > clock.length
        {
            let (think, clock) = (Span::from_secs_f64(seconds), Span::from_secs_f64(clock.length));
            let note = format!("a pause of {think} is longer than the clock, which is {clock} long");
            if !self.reader.notes.contains(&note) {
                self.reader.notes.push(note);
            }
        }
        Ok(think)
    }

    fn refuse_options(&mut self, fields: &Fields, kind: &str) {
        for entry in fields.node.entries() {
            let message = match entry.key.as_str() {
                "subprotocols" if kind != "ws" => "`subprotocols` belongs to a `ws` step".to_owned(),
                "then" | "ended" if !matches!(kind, "ws" | "sse") => {
                    format!("`{}` belongs to a `ws` or `sse` step", entry.key)
                }
                key if OPTIONS.contains(&key) && !VERBS.contains(&kind) => {
                    format!("`{key}` belongs to a request, and this step is `{kind}`")
                }
                _ => continue,
            };
            self.reader.problem(entry.place, message);
        }
    }

    fn at(&mut self, node: &Node) -> Read<At> {
        if let Value::Scalar { .. } = node.value {
            return Ok(At { time: self.reader.time(node, self.world)?, plus: None });
        }
        let fields = self.reader.fields(node, &AT)?;
        let time = self.reader.need(&fields, "time").and_then(|node| self.reader.time(node, self.world));
        let spread = fields.get("spread").map(|node| self.reader.seconds(node)).transpose();
        let plus = fields.get("plus").map(|node| self.reader.distribution(node)).transpose();
        let plus = match (spread?, plus?) {
            (Some(_), Some(_)) => {
                let problem = Problem::new(fields.place("plus"), "`spread` and `plus` both add to the time");
                return Err(self
                    .reader
                    .problems
                    .push(problem.hint("`spread: 20m` is `plus: { uniform: [0s, 20m] }`; keep one")));
            }
            (Some(spread), None) => Some(Distribution { draw: Draw::Uniform(0.0, spread), max: f64::INFINITY }),
            (None, plus) => plus,
        };
        Ok(At { time: time?, plus })
    }

    fn pick(&mut self, node: &Node) -> Read<(StepKind, Extent)> {
        let what = "a list of alternatives, such as `- { weight: 2, steps: [{ get: / }] }`";
        let items = self.reader.some_list(node, what)?;
        let before = self.available.clone();
        let mut after = before.clone();
        let mut alternatives: Vec<Read<(f64, Range<u32>, Extent)>> = Vec::new();
        for item in items {
            self.restore(&before);
            let alternative = self.alternative(item);
            if alternative.as_ref().is_ok_and(|(.., extent)| extent.least_requests == 0) {
                self.idle.get_or_insert(item.place);
            }
            alternatives.push(alternative);
            after.resize(self.available.len(), false);
            after.iter_mut().zip(&self.available).for_each(|(after, now)| *after |= now);
        }
        self.available = after;
        let alternatives = alternatives.into_iter().collect::<Read<Vec<_>>>()?;
        let sum: f64 = alternatives.iter().map(|(weight, ..)| weight).sum();
        let mut extent = Extent { least_requests: u64::MAX, most_executed: 0 };
        let mut reached = 0.0;
        let count = alternatives.len();
        let alternatives = alternatives.into_iter().enumerate().map(|(i, (weight, body, inner))| {
            extent.least_requests = extent.least_requests.min(inner.least_requests);
            extent.most_executed = extent.most_executed.max(inner.most_executed);
            reached += weight;
            Alternative { cumulative: if i + 1 == count { 1.0 } else { reached / sum }, body }
        });
        let alternatives = alternatives.collect();
        extent.most_executed = extent.most_executed.saturating_add(1);
        Ok((StepKind::Pick(alternatives), extent))
    }

    /// Values saved in another alternative are not available in this one.
    pub fn restore(&mut self, before: &[bool]) {
        let names = self.available.len();
        self.available = before.to_vec();
        self.available.resize(names, false);
    }

    fn alternative(&mut self, item: &Node) -> Read<(f64, Range<u32>, Extent)> {
        let fields = self.reader.fields(item, &ALTERNATIVE)?;
        let weight = self
            .reader
            .need(&fields, "weight")
            .and_then(|node| self.reader.number_as(node, 1e-9..=1e9, "a weight above 0"));
        let list = self.reader.need(&fields, "steps");
        let (body, extent) = self.body(list?)?;
        Ok((weight?, body, extent))
    }

    /// The steps of a body, and their range.
    pub fn body(&mut self, node: &Node) -> Read<(Range<u32>, Extent)> {
        let begin = self.steps.len() as u32;
        let extent = self.list(node)?;
        Ok((begin..self.steps.len() as u32, extent))
    }

    fn repeat(&mut self, node: &Node) -> Read<(StepKind, Extent)> {
        let fields = self.reader.fields(node, &REPEAT)?;
        let times = self.reader.need(&fields, "times").and_then(|node| self.times(node));
        let every = fields.get("every").map(|node| self.reader.positive(node)).transpose();
        let list = self.reader.need(&fields, "steps")?;
        if times.is_ok_and(|(_, most)| most > 1) {
            // What one iteration saves, a later one may use.
            self.name_saved(list, true);
        }
        let (body, inner) = self.body(list)?;
        let (times, every) = (times?, every?);
        if body.is_empty() {
            return Err(self.reader.problem(list.place, "there is nothing to repeat"));
        }
        if times.0 == 0 {
            self.idle.get_or_insert(fields.place("times"));
        }
        let extent = Extent {
            least_requests: inner.least_requests.saturating_mul(u64::from(times.0)),
            most_executed: inner.most_executed.saturating_mul(u64::from(times.1)).saturating_add(1),
        };
        Ok((StepKind::Repeat { times, every, body }, extent))
    }

    /// Names all that the steps of a list, however deep, save.
    pub fn name_saved(&mut self, node: &Node, available: bool) {
        for item in node.items() {
            for entry in item.entries() {
                match entry.key.as_str() {
                    "ended" => entry.value.scalar().into_iter().for_each(|name| self.save_name(name, available)),
                    "save" => entry.value.entries().iter().for_each(|saved| self.save_name(&saved.key, available)),
                    "call" => self.name_saved_by_call(&entry.value, available),
                    "if" => {
                        let branches = ["then", "else"].into_iter().filter_map(|key| entry.value.get(key));
                        branches.for_each(|list| self.name_saved(list, available));
                    }
                    "repeat" | "transaction" | "while" | "parallel" => {
                        self.name_saved(entry.value.get("steps").unwrap_or(&entry.value), available)
                    }
                    "steps" | "pick" => self.name_saved(&entry.value, available),
                    _ => {}
                }
            }
        }
    }

    fn times(&mut self, node: &Node) -> Read<(u32, u32)> {
        let what =
            format!("how often: a whole number such as `5`, or two such as `8..12`, up to {}", grouped(MOST_TIMES));
        let text = self.reader.text(node, &what)?;
        let (least, most) = text.split_once("..").unwrap_or((text, text));
        let number =
            |text: &str| text.trim().replace('_', "").parse::<u32>().ok().filter(|n| u64::from(*n) <= MOST_TIMES);
        match (number(least), number(most)) {
            (Some(least), Some(most)) if least <= most && most > 0 => Ok((least, most)),
            _ => Err(self.reader.expected(node, &what)),
        }
    }
}

fn one(requests: u64) -> Extent {
    Extent { least_requests: requests, most_executed: 1 }
}
