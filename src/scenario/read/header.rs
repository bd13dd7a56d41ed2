//! Headers: names and values that can stand in a request, and who may set which.

use super::feed::Must;
use super::template::Known;
use super::{Reader, shorten};
use crate::scenario::model::{Piece, Template};
use crate::scenario::problem::{Problem, Read};
use crate::scenario::yaml::{Entry, Node, Place};

/// Headers by name.
pub type Headers = Vec<(String, Template)>;

/// What is sent unless the scenario says otherwise: a client's name, and what browsers accept (S9).
const DEFAULTS: [(&str, &str); 2] = [("User-Agent", "scrutinio"), ("Accept-Encoding", "gzip")];
/// Headers of one map.
const MOST_HEADERS: usize = 100;
/// Headers that the engine sets, and how to say what one of them would say.
const RESERVED: [(&str, &str); 9] = [
    ("host", "`host:` beside the target's url sets it"),
    ("content-length", "it follows from the body"),
    ("transfer-encoding", "bodies are sent with their length"),
    ("connection", "`connection:` of the flow decides it"),
    ("x-scrutinio", "`trace_header:` switches it"),
    ("sec-websocket-extensions", "extensions, such as compression, are not spoken here"),
    ("sec-websocket-protocol", "`subprotocols:` of a `ws` step offers them"),
    ("sec-websocket-key", "a `ws` step makes one for each connection"),
    ("sec-websocket-version", "a `ws` step speaks version 13"),
];

impl Reader<'_> {
    /// The headers of a population: the defaults, the scenario's over them, its own over those (S9).
    pub fn layered_headers(&mut self, layers: [Option<&Node>; 2], known: &Known) -> Read<Headers> {
        let fixed = |text: &str| Template(vec![Piece::Text(text.to_owned())]);
        let mut headers: Headers = DEFAULTS.iter().map(|(name, value)| ((*name).to_owned(), fixed(value))).collect();
        let mut failed = None;
        for layer in layers.into_iter().flatten() {
            match self.spend_node(layer).and_then(|()| self.headers(layer, known)) {
                Ok(layer) => layer.into_iter().for_each(|(name, value)| overlay(&mut headers, name, value)),
                Err(told) => failed = Some(told),
            }
        }
        failed.map_or(Ok(headers), Err)
    }

    /// The headers of a step, over those of its population.
    pub fn step_headers(&mut self, node: Option<&Node>, known: &Known) -> Read<Headers> {
        let Some(node) = node else { return Ok(Vec::new()) };
        let headers = self.headers(node, known)?;
        // A step cannot take a header away, only set it anew: an empty value would be sent.
        Ok(headers.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect())
    }

    /// Headers as written; `None` removes one.
    fn headers(&mut self, node: &Node, known: &Known) -> Read<Vec<(String, Option<Template>)>> {
        let entries = self.names(node, "a map of headers, such as `Accept: text/html`")?;
        if entries.len() > MOST_HEADERS {
            return Err(self.problem(node.place, format!("at most {MOST_HEADERS} headers can be given here")));
        }
        let headers: Vec<Read<_>> = entries.iter().map(|entry| self.header(entry, known)).collect();
        let headers: Vec<_> = headers.into_iter().collect::<Read<_>>()?;
        for (i, (name, _)) in headers.iter().enumerate() {
            if headers[..i].iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
                return Err(self.problem(entries[i].place, format!("the header `{name}` is given twice")));
            }
        }
        Ok(headers)
    }

    fn header(&mut self, entry: &Entry, known: &Known) -> Read<(String, Option<Template>)> {
        let Entry { key, place, value } = entry;
        self.header_name(key, *place)?;
        if let Some((_, instead)) = RESERVED.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)) {
            return Err(self.problem_with_hint(
                *place,
                format!("`{key}` is not set by a scenario's headers"),
                *instead,
            ));
        }
        if value.is_null() {
            return Ok((key.clone(), None));
        }
        let template = self.template(value, known)?;
        self.refuse_control(&template, value.place, known)?;
        Ok((key.clone(), Some(template)))
    }

    /// Checks a header's name (RFC 9110 section 5.1: a token).
    pub fn header_name(&mut self, name: &str, place: Place) -> Read<()> {
        let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if !name.is_empty() && name.len() <= 256 && name.bytes().all(token) {
            return Ok(());
        }
        Err(self.problems.push(Problem::new(place, format!("`{}` cannot be the name of a header", shorten(name)))))
    }

    /// A line break in a header would end it: none in fixed text, the environment or a feed's column.
    pub fn refuse_control(&mut self, template: &Template, place: Place, known: &Known) -> Read<()> {
        let bad = |text: &str| text.contains(|c: char| c.is_control() && c != '\t');
        for piece in &template.0 {
            let wrong = match piece {
                Piece::Text(text) if bad(text) => "this text".to_owned(),
                Piece::Env { name, value } if bad(value) => format!("the variable `{name}`"),
                Piece::Secret { name, value } if bad(value) => format!("the secret `{name}`"),
                Piece::Feed(column) => match self.row_that_fails(known.feed, *column, Must::FitHeader) {
                    Some(row) => format!("row {} of the feed", row + 1),
                    None => continue,
                },
                _ => continue,
            };
            return Err(self
                .problem(place, format!("{wrong} has a line break or control character, which a header cannot hold")));
        }
        Ok(())
    }
}

fn overlay(headers: &mut Headers, name: String, value: Option<Template>) {
    headers.retain(|(other, _)| !other.eq_ignore_ascii_case(&name));
    headers.extend(value.map(|value| (name, value)));
}
