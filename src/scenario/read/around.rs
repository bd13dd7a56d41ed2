//! `before:` and `after:`: a session of its own each, on either side of the plan.

use super::flow::Common;
use super::template::Known;
use super::{Fields, Reader, World};
use crate::scenario::keys::{AFTER, BEFORE, Table};
use crate::scenario::model::{Around, Connection, Flow, OnFailure, StepKind};
use crate::scenario::problem::Read;
use crate::scenario::yaml::Node;
use crate::unit::Span;

/// The longest wait before `after`.
const LONGEST_SETTLE: Span = Span::from_secs(3_600);

impl Reader<'_> {
    /// Reads `before:`; from here on templates know what it saves. What is wrong is told.
    pub fn before(&mut self, scenario: &Fields, world: &World) -> Read<Option<Around>> {
        let Some(node) = scenario.get("before") else { return Ok(None) };
        let flow = self.around("before", node, &BEFORE, scenario, world);
        self.before = flow.as_ref().ok().map(|flow| flow.saved.clone());
        let headers = self.layered_headers([scenario.get("headers"), None], &known("before"));
        let (flow, mut headers) = (flow?, headers?);
        // It cannot send what it has yet to fetch.
        headers.retain(|(_, value)| !value.names_before());
        Ok(Some(Around { settle: None, headers, flow: Flow { on_failure: OnFailure::End, ..flow } }))
    }

    /// Reads `after:`, behind `before:`.
    pub fn after(&mut self, scenario: &Fields, world: &World) -> Read<Option<Around>> {
        let Some(node) = scenario.get("after") else { return Ok(None) };
        let flow = self.around("after", node, &AFTER, scenario, world);
        let settle = node.get("settle").map(|node| self.settle(node)).transpose();
        let headers = self.layered_headers([scenario.get("headers"), None], &known("after"));
        Ok(Some(Around { flow: flow?, settle: settle?, headers: headers? }))
    }

    fn settle(&mut self, node: &Node) -> Read<Span> {
        let settle = self.span(node)?;
        if settle <= LONGEST_SETTLE {
            return Ok(settle);
        }
        Err(self.expected(node, "a wait from 0s to 1h"))
    }

    fn around(
        &mut self,
        name: &'static str,
        node: &Node,
        table: &'static Table,
        scenario: &Fields,
        world: &World,
    ) -> Read<Flow> {
        self.spend_node(node)?;
        let fields = self.fields(node, table)?;
        let retry = fields.get("retry").map(|node| self.retry(node)).transpose();
        let list = self.need(&fields, "steps")?;
        let flows = scenario.get("flows").map_or(&[][..], Node::entries);
        let (policy, known) = (retry.as_ref().ok().cloned().flatten(), known(name));
        let common = Common { flows, calling: Vec::new(), known, retry: policy, follow: 0, auth: None };
        let compiled = self.steps_of(name, node.place, list, common, world)?;
        retry?;
        if compiled.steps.iter().any(|step| matches!(step.kind, StepKind::At(_))) {
            let message = format!("`at` is a time of the day, and `{name}` is no part of it");
            return Err(self.problem_with_hint(list.place, message, "`think: 5s` waits; here it is real time"));
        }
        Ok(Flow {
            name: name.to_owned(),
            connection: Connection::Session,
            on_failure: OnFailure::Continue,
            cookies: true,
            steps: compiled.steps,
            saved: compiled.saved,
        })
    }
}

/// What the templates of such a session may name.
const fn known(name: &'static str) -> Known<'static> {
    Known { population: Some(name), session: true, ..Known::nothing() }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::scenario::{Overrides, Scenario, parse};
    use crate::unit::Span;

    /// A scenario with these lines, whose only request sends this as a header.
    fn read(around: &str, header: &str) -> Result<Scenario, String> {
        let text = format!(
            "name: a\nclock: {{ from: 2026-01-01T00:00, to: 2026-01-02T00:00 }}\ntarget: http://127.0.0.1:1\n{around}\n\
             limits: {{ timeout: 3s }}\nheaders: {{ X-All: '{{{{before.token}}}}', X-Fixed: a }}\n\
             populations: {{ all: {{ arrivals: {{ curve: [{{ constant: 1 }}] }}, flow: read }} }}\n\
             flows: {{ read: {{ steps: [{{ get: /, timeout: 4s, headers: {{ X-Own: '{header}' }} }}] }} }}\n"
        );
        let checked = parse(&text, "a", Path::new(""), &Overrides::default(), &|_| None);
        checked.map(|checked| checked.scenario).map_err(|error| error.to_string())
    }

    const BEFORE: &str = "before: { steps: [{ get: /token, save: { token: json $.token } }] }";

    #[test]
    fn what_before_saves_is_known_everywhere_but_in_before() {
        let around = format!("{BEFORE}\nafter: {{ steps: [{{ get: '/{{{{before.token}}}}' }}] }}");
        let scenario = read(&around, "{{before.token}}").unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(scenario.before_saves(), ["token"]);
        let headers = |headers: &[(String, _)]| headers.iter().any(|(name, _)| name == "X-All");
        let around = [&scenario.before, &scenario.after].map(|it| headers(&it.as_ref().expect("it is there").headers));
        assert_eq!((headers(&scenario.populations[0].headers), around), (true, [false, true]));
        // The longest that a request may take, unless it is said.
        assert_eq!(scenario.settle(), Span::from_secs(4));
        let soon = read(&format!("{BEFORE}\nafter: {{ settle: 0s, steps: [{{ get: / }}] }}"), "");
        assert_eq!(soon.map(|scenario| scenario.settle()), Ok(Span::ZERO));
    }

    #[test]
    fn what_is_wrong_is_told_where_it_stands() {
        let steps = |steps: &str| format!("before: {{ steps: [{steps}, {{ get: /t, save: {{ token: etag }} }}] }}");
        for (around, header, told) in [
            (BEFORE.to_owned(), "{{before.tokn}}", "`before` saves nothing called `tokn`\n --> a:8:68"),
            (BEFORE.to_owned(), "{{before.tokn}}", "did you mean `token`?"),
            (steps("{ get: '/{{before.token}}' }"), "", "there itself, it is {{token}}"),
            (steps("{ get: '/{{feed.id}}' }"), "", "`before` uses this and has no feed"),
            (steps("{ at: '12:00' }"), "", "`at` is a time of the day, and `before` is no part of it"),
            (BEFORE.replace("before: {", "before: { settle: 1s,"), "", "`settle` is not a key of `before`"),
            (format!("{BEFORE}\nafter: {{ settle: 2h, steps: [{{ get: / }}] }}"), "", "expected a wait from 0s to 1h"),
            (format!("{BEFORE}\nafter: {{ steps: [{{ think: 1s }}] }}"), "", "a session of `after` may end without"),
        ] {
            let error = read(&around, header).expect_err(&around);
            assert!(error.contains(told), "no `{told}` in\n{error}");
        }
    }

    #[test]
    fn a_before_that_cannot_be_read_is_the_only_problem() {
        let error = read(&BEFORE.replace("json $.token", "jsn $.token"), "{{before.token}}").expect_err("it is wrong");
        assert_eq!(error.matches("error: ").count(), 1, "{error}");
    }

    #[test]
    fn they_call_flows_and_a_flow_may_have_their_name() {
        let calls = read("before: { steps: [{ call: read }, { get: /t, save: { token: etag } }] }", "");
        assert_eq!(calls.map(|scenario| scenario.before.map(|it| it.flow.steps.len())), Ok(Some(2)));
    }
}
