//! Parallel groups: requests sent at once, such as a page's images and scripts.

use super::flow::{Compiler, Extent};
use crate::scenario::keys::PARALLEL;
use crate::scenario::model::StepKind;
use crate::scenario::problem::Read;
use crate::scenario::yaml::Node;

/// What browsers open to one host.
const DEFAULT_CONNECTIONS: u32 = 6;
/// Requests open at once in one group.
const MOST_CONNECTIONS: u64 = 256;
/// Requests of one group.
const MOST_REQUESTS: usize = 1_000;

impl Compiler<'_, '_, '_> {
    /// `parallel: { connections: 6, steps: [...] }`.
    pub fn parallel(&mut self, node: &Node) -> Read<(StepKind, Extent)> {
        let fields = self.reader.fields(node, &PARALLEL)?;
        let connections = match fields.get("connections") {
            Some(node) => self.reader.whole(node, 1..=MOST_CONNECTIONS).map(|connections| connections as u32),
            None => Ok(DEFAULT_CONNECTIONS),
        };
        let list = self.reader.need(&fields, "steps")?;
        let items = self.reader.list(list, "a list of requests, such as `- get: /`")?;
        if items.is_empty() || items.len() > MOST_REQUESTS {
            return Err(self.reader.problem(list.place, format!("a parallel group has 1 to {MOST_REQUESTS} requests")));
        }
        // What one of them saves comes too late for the others.
        let before = self.available.clone();
        let mut after = before.clone();
        let (begin, mut read) = (self.steps.len() as u32, Ok(()));
        for item in items {
            self.restore(&before);
            let number = self.steps.len();
            read = self.step(item).map(|_| ()).and(read);
            let fits = |kind: &StepKind| matches!(kind, StepKind::Request(request) if request.stream.is_none());
            if self.steps.get(number).is_some_and(|step| !fits(&step.kind)) {
                let hint = "put a pause, a choice or a stream before or after the group";
                read = Err(self.reader.problem_with_hint(item.place, "only requests can be sent at once", hint));
            }
            after.resize(self.available.len(), false);
            after.iter_mut().zip(&self.available).for_each(|(after, now)| *after |= now);
        }
        self.available = after;
        read?;
        let body = begin..self.steps.len() as u32;
        let requests = u64::from(body.end - body.start);
        let extent = Extent { least_requests: requests, most_executed: requests + 1 };
        Ok((StepKind::Parallel { connections: connections?, body }, extent))
    }
}
