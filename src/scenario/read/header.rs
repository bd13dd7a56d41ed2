//! Headers of scenarios: in layers, each over those below it.

use super::Reader;
use super::feed::Must;
use super::template::Known;
use crate::scenario::header::{HeaderFault, check_name, check_own_name, check_repeated, fits_header};
use crate::scenario::model::{Piece, Template};
use crate::scenario::problem::{Read, Told};
use crate::scenario::yaml::{Entry, Node, Place};

/// Headers by name.
pub type Headers = Vec<(String, Template)>;

/// What is sent unless the scenario says otherwise: a client's name, and what browsers accept (S9).
const DEFAULTS: [(&str, &str); 2] = [("User-Agent", "scrutinio"), ("Accept-Encoding", "gzip")];
/// Headers of one map.
const MOST_HEADERS: usize = 100;

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
        check_repeated(&headers).map_err(|(i, fault)| self.faulty(entries[i].place, &fault))?;
        Ok(headers)
    }

    fn header(&mut self, entry: &Entry, known: &Known) -> Read<(String, Option<Template>)> {
        let Entry { key, place, value } = entry;
        check_own_name(key).map_err(|fault| self.faulty(*place, &fault))?;
        if value.is_null() {
            return Ok((key.clone(), None));
        }
        let template = self.template(value, known)?;
        self.refuse_control(&template, value.place, known)?;
        Ok((key.clone(), Some(template)))
    }

    /// Checks the name of a header, of a request or an answer.
    pub fn header_name(&mut self, name: &str, place: Place) -> Read<()> {
        check_name(name).map_err(|fault| self.faulty(place, &fault))
    }

    fn faulty(&mut self, place: Place, fault: &HeaderFault) -> Told {
        match fault {
            HeaderFault::Reserved { instead, .. } => self.problem_with_hint(place, fault.to_string(), *instead),
            _ => self.problem(place, fault.to_string()),
        }
    }

    /// Refuses what cannot stand in a header, in fixed text, the environment, secrets and a feed's column.
    pub fn refuse_control(&mut self, template: &Template, place: Place, known: &Known) -> Read<()> {
        let bad = |text: &str| !fits_header(text);
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
            return Err(self.faulty(place, &HeaderFault::Control(wrong)));
        }
        Ok(())
    }
}

fn overlay(headers: &mut Headers, name: String, value: Option<Template>) {
    headers.retain(|(other, _)| !other.eq_ignore_ascii_case(&name));
    headers.extend(value.map(|value| (name, value)));
}
