//! Request steps: the verb and its path, and the options beside it.

use super::feed::Must;
use super::flow::Compiler;
use super::retry::inherited;
use super::template::{Known, map_text, push_text};
use super::{Fields, Reader, shorten};
use crate::scenario::model::{Origin, Piece, Request, Template};
use crate::scenario::problem::{Problem, Read};
use crate::scenario::yaml::{Entry, Node, Place};
use crate::scenario::{Escape, fits_path};

/// The longest path as written.
const LONGEST_PATH: usize = 8_000;
/// The longest name of a step.
const LONGEST_NAME: usize = 100;

impl Compiler<'_, '_, '_> {
    /// A request; `number` is its step's.
    pub fn request(&mut self, verb: &str, node: &Node, fields: &Fields, number: usize) -> Read<Request> {
        let method = verb.to_ascii_uppercase();
        let path = self.path(node, fields.get("query"));
        let name = match fields.get("name") {
            Some(node) => self.step_name(node),
            None => Ok(format!("{method} {}", node.scalar().unwrap_or_default())),
        };
        let headers = self.all_headers(fields, number);
        let body = self.request_body(verb, fields);
        let revalidate = fields.get("revalidate").map_or(Ok(false), |node| match verb {
            "get" => self.reader.flag(node),
            _ => Err(self.reader.problem(fields.place("revalidate"), "only a GET can be conditional")),
        });
        let expect = fields.get("expect").map_or(Ok(Vec::new()), |node| self.expect(node));
        let timeout = fields.get("timeout").map(|node| self.reader.timeout(node)).transpose();
        let follow = fields.get("follow").map_or(Ok(self.follow), |node| self.reader.follow(node));
        let known = Known { saved: &self.saved, available: &self.available, ..self.known };
        let auth = fields.get("auth").map(|node| self.reader.auth(node, &known)).transpose();
        // Last, so that a step cannot use what its own answer holds.
        let save = fields.get("save").map_or(Ok(Vec::new()), |node| self.save(node));
        let retry = fields.get("retry").map(|node| self.reader.retry(node)).transpose();
        let ((origin, path), name, headers, body) = (path?, name?, headers?, body?);
        let (revalidate, save, expect, timeout, retry) = (revalidate?, save?, expect?, timeout?, retry?);
        let (follow, auth) = (follow?, auth?.or_else(|| self.auth.clone()));
        let stream = None;
        let request = Request {
            name,
            method,
            origin,
            path,
            headers,
            body,
            revalidate,
            save,
            expect,
            timeout,
            stream,
            follow,
            auth,
            retry: None,
        };
        let retry = retry.or_else(|| inherited(self.retry.as_ref(), &request)).filter(|retry| retry.times > 0);
        Ok(Request { retry, ..request })
    }

    fn step_name(&mut self, node: &Node) -> Read<String> {
        let name = self.counted_name(node)?;
        self.names.insert(name.clone());
        Ok(name)
    }

    /// A name under which something is counted.
    pub fn counted_name(&mut self, node: &Node) -> Read<String> {
        let name = self.reader.text(node, "a name")?;
        if name.len() > LONGEST_NAME || !name.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) || name.trim() != name
        {
            let message = format!("a name is printable ASCII, at most {LONGEST_NAME} characters");
            return Err(self.reader.problem(node.place, message));
        }
        Ok(name.to_owned())
    }

    fn all_headers(&mut self, fields: &Fields, number: usize) -> Read<Vec<(String, Template)>> {
        let known = Known { saved: &self.saved, available: &self.available, ..self.known };
        let headers = self.reader.step_headers(fields.get("headers"), &known);
        let key = fields.get("idempotency_key").map(|node| self.idempotency_key(node, number)).transpose();
        let (mut headers, key) = (headers?, key?.flatten());
        if let Some(key) = key {
            if headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("idempotency-key")) {
                let place = fields.place("idempotency_key");
                return Err(self.reader.problem(place, "`headers` already has an Idempotency-Key"));
            }
            headers.push(("Idempotency-Key".to_owned(), key));
        }
        Ok(headers)
    }

    /// `true`: unique to run, population, session, step and iteration (S4).
    fn idempotency_key(&mut self, node: &Node, number: usize) -> Read<Option<Template>> {
        let known = Known { saved: &self.saved, available: &self.available, ..self.known };
        if !matches!(node.scalar(), Some("true" | "false")) {
            let key = self.reader.template(node, &known)?;
            return self.reader.refuse_control(&key, node.place, &known).map(|()| Some(key));
        }
        if !self.reader.flag(node)? {
            return Ok(None);
        }
        let middle = Piece::Text(format!("/{}/", known.population.unwrap_or_default()));
        let step = Piece::Text(format!("/{number}/"));
        Ok(Some(Template(vec![Piece::RunId, middle, Piece::Session, step, Piece::Nth])))
    }

    /// `/path` or `origin:/path`, and what `query:` adds to it.
    fn path(&mut self, node: &Node, query: Option<&Node>) -> Read<(usize, Template)> {
        let text = self.reader.text(node, "a path such as `/results`")?;
        let (origin, path) = self.origin(text, node.place)?;
        let bad = |c: char| c.is_whitespace() || c.is_control();
        if path.len() > LONGEST_PATH || outside_slots(path).any(|text| text.contains(bad)) {
            let hint = if outside_slots(path).any(|text| text.contains(char::is_control)) {
                "no line breaks and no control characters: write %0A for the end of a line"
            } else {
                "no spaces: write %20; values of `query:` are encoded by themselves"
            };
            return Err(self.reader.problem_with_hint(node.place, "this cannot be the path of a request", hint));
        }
        if outside_slots(path).any(|text| text.contains('#')) {
            return Err(self.reader.problem(node.place, "what follows `#` is never sent: leave it out"));
        }
        let known = Known { saved: &self.saved, available: &self.available, path: true, ..self.known };
        let template = self.reader.template_text(path, node.place, &known);
        let template = template.and_then(|path| self.reader.raw_values(path, node.place, &known));
        let query = query.map_or(Ok(Vec::new()), |node| self.pairs(node, "query"));
        let mut pieces = map_text(template?, |text| Escape::Path.of(text)).0;
        let mut separator = if path.contains('?') { '&' } else { '?' };
        for (name, value) in query? {
            push_text(&mut pieces, &format!("{separator}{}=", Escape::Percent.of(&name)));
            separator = '&';
            for piece in map_text(value, |text| Escape::Percent.of(text)).0 {
                match piece {
                    Piece::Text(text) => push_text(&mut pieces, &text),
                    slot => pieces.push(slot),
                }
            }
        }
        origin.map(|origin| (origin, Template(pieces)))
    }

    /// Names and templates of `query:` or `form:`.
    pub fn pairs(&mut self, node: &Node, what: &str) -> Read<Vec<(String, Template)>> {
        let entries = self.reader.names(node, &format!("a map of the {what}'s names and values"))?;
        let known = Known { saved: &self.saved, available: &self.available, ..self.known };
        let mut pair = |entry: &Entry| Ok((entry.key.clone(), self.reader.template(&entry.value, &known)?));
        let pairs: Vec<Read<(String, Template)>> = entries.iter().map(&mut pair).collect();
        pairs.into_iter().collect()
    }

    /// Splits `api:/results` into the origin's index and the path.
    fn origin<'t>(&mut self, text: &'t str, place: Place) -> Read<(Read<usize>, &'t str)> {
        if text.contains("://") && !text.starts_with('/') {
            let hint = "targets: { api: http://10.0.0.7 }, and here `api:/results`";
            return Err(self.reader.problem_with_hint(place, "a step names a path, not a whole URL", hint));
        }
        let (name, path) = match text.find(":/").or_else(|| text.find(":{{")) {
            Some(colon) if !text.starts_with(['/', '{']) => (Some(&text[..colon]), &text[colon + 1..]),
            _ => (None, text),
        };
        if !path.starts_with('/') && !path.starts_with("{{") {
            let message = format!("expected a path such as `/results`, found `{}`", shorten(text));
            return Err(self.reader.problem_with_hint(place, message, "a path begins with `/`"));
        }
        let origins = match &self.world.origins {
            Ok(origins) => origins,
            Err(told) => return Ok((Err(*told), path)),
        };
        let found = match name {
            None if origins.len() == 1 => Some(0),
            None => origins.iter().position(|origin| origin.name == Origin::DEFAULT),
            Some(name) => origins.iter().position(|origin| origin.name == name),
        };
        let origin = found.ok_or_else(|| match name {
            None => {
                let hint = format!("{}:{}; or call one of them `{}`", origins[0].name, shorten(path), Origin::DEFAULT);
                self.reader.problem_with_hint(place, "this path names no origin, and there are several", hint)
            }
            Some(name) => {
                let problem = Problem::new(place, format!("there is no origin `{}`", shorten(name)));
                self.reader.problems.push_near(problem, name, origins.iter().map(|origin| origin.name.as_str()))
            }
        });
        Ok((origin, path))
    }
}

impl Reader<'_> {
    /// Holds the values that stand in a path as they are against what a path can be, where they are known by now.
    fn raw_values(&mut self, mut path: Template, place: Place, known: &Known) -> Read<Template> {
        match path.0.first_mut() {
            Some(Piece::Text(text)) if text.starts_with('/') => {}
            Some(Piece::Raw { first, of }) if matches!(**of, Piece::Feed(_) | Piece::Saved(_) | Piece::Env { .. }) => {
                *first = true;
            }
            _ => {
                let hint = "`/{{feed.id}}`; or `{{feed.path | raw}}`, whose values begin with `/` themselves";
                return Err(self.problem_with_hint(place, "a path begins with `/`", hint));
            }
        }
        for piece in &path.0 {
            let Piece::Raw { of, first } = piece else { continue };
            let wrong = match &**of {
                Piece::Env { name, value } if !fits_path(value, *first) => format!("the variable `{name}`"),
                Piece::Secret { name, value } if !fits_path(value, *first) => format!("the secret `{name}`"),
                Piece::Feed(column) => {
                    match self.row_that_fails(known.feed, *column, Must::FitPath { first: *first }) {
                        Some(row) => format!("row {} of the feed", row + 1),
                        None => continue,
                    }
                }
                _ => continue,
            };
            let hint = match first {
                true => {
                    "a path begins with `/` and has no spaces, line breaks or `#`; without `raw`, values are encoded"
                }
                false => "a path has no spaces, line breaks or `#`; without `raw`, values are encoded",
            };
            return Err(self.problem_with_hint(place, format!("{wrong} cannot stand in a path as it is"), hint));
        }
        Ok(path)
    }
}

/// The parts of a template's text that are not in `{{…}}`.
fn outside_slots(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{").enumerate().map(|(i, part)| match part.split_once("}}") {
        Some((_, rest)) if i > 0 => rest,
        _ if i > 0 => "",
        _ => part,
    })
}
