//! Values of environment variables, hidden wherever they would be shown (S4): in requests, and in answers that
//! repeat them.

use std::collections::BTreeSet;

use crate::scenario::{BodyContent, Expect, Piece, Request, Scenario, StepKind, Template};

/// What must not be shown, and what is shown in its place.
#[derive(Debug)]
pub struct Mask {
    /// (as written somewhere, `{{env.NAME}}`), the longest first.
    hidden: Vec<(String, String)>,
}

impl Mask {
    /// Hides every variable that a template of the scenario uses.
    pub fn new(scenario: &Scenario) -> Self {
        let mut variables = BTreeSet::new();
        let headers = scenario.populations.iter().flat_map(|population| &population.headers);
        headers.for_each(|(_, value)| find(value, &mut variables));
        let steps = scenario.flows.iter().flat_map(|flow| &flow.steps);
        for step in steps {
            if let StepKind::Request(request) = &step.kind {
                templates(request).for_each(|template| find(template, &mut variables));
            }
        }
        Self::of(variables)
    }

    /// Hides these variables: (name, value).
    fn of(variables: BTreeSet<(String, String)>) -> Self {
        let written = variables.into_iter().filter(|(_, value)| !value.is_empty()).flat_map(|(name, value)| {
            let shown = format!("{{{{env.{name}}}}}");
            let forms = BTreeSet::from([in_header(&value), in_json(&value), in_url(&value), value]);
            forms.into_iter().map(move |form| (form, shown.clone()))
        });
        let mut hidden: Vec<(String, String)> = written.collect();
        hidden.sort_by_key(|(form, _)| std::cmp::Reverse(form.len()));
        Self { hidden }
    }

    /// The text without them.
    pub fn hide(&self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            match self.hidden.iter().find(|(form, _)| rest.starts_with(form.as_str())) {
                Some((form, name)) => {
                    shown.push_str(name);
                    rest = &rest[form.len()..];
                }
                None => {
                    shown.push(first);
                    rest = &rest[first.len_utf8()..];
                }
            }
        }
        shown
    }
}

fn find(template: &Template, variables: &mut BTreeSet<(String, String)>) {
    for piece in &template.0 {
        if let Piece::Env { name, value } = piece {
            variables.insert((name.clone(), value.clone()));
        }
    }
}

/// Every template of a request.
fn templates(request: &Request) -> impl Iterator<Item = &Template> {
    let body = request.body.as_ref().and_then(|body| match &body.content {
        BodyContent::Template(template) => Some(template),
        BodyContent::File { .. } => None,
    });
    let expected = request.expect.iter().filter_map(|expect| match expect {
        Expect::Header { contains, .. } => contains.as_ref(),
        Expect::Json { equals, .. } => equals.as_ref(),
        Expect::Text { contains } => Some(contains),
        Expect::Status(_) | Expect::Size { .. } => None,
    });
    let headers = request.headers.iter().map(|(_, value)| value);
    let streamed = request.stream.iter().flat_map(|stream| stream.templates());
    [&request.path].into_iter().chain(headers).chain(body).chain(expected).chain(streamed)
}

/// As a header has it: control characters are spaces.
fn in_header(value: &str) -> String {
    value.chars().map(|c| if c.is_ascii_control() { ' ' } else { c }).collect()
}

/// As the inside of a JSON string has it.
fn in_json(value: &str) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// As a path, query or form has it (RFC 3986 section 2.3).
fn in_url(value: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    value.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(variables: &[(&str, &str)]) -> Mask {
        Mask::of(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn a_value_is_hidden_in_every_form_in_which_it_is_sent() {
        let mask = mask(&[("TOKEN", "a b\"c"), ("EMPTY", "")]);
        let shown = mask.hide("GET /?t=a%20b%22c x: a b\"c {\"t\":\"a b\\\"c\"}");
        assert_eq!(shown, "GET /?t={{env.TOKEN}} x: {{env.TOKEN}} {\"t\":\"{{env.TOKEN}}\"}");
    }

    #[test]
    fn the_longer_of_two_values_wins_and_names_are_not_hidden_in_turn() {
        let mask = mask(&[("A", "key"), ("B", "key-7"), ("C", "env")]);
        assert_eq!(mask.hide("key-7 key"), "{{env.B}} {{env.A}}");
    }
}
