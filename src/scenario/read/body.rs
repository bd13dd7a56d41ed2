//! Request bodies: JSON, form, text or a file; forms of several parts are in `multipart`.

use sha2::{Digest, Sha256};

use super::Fields;
use super::feed::Must;
use super::flow::Compiler;
use super::template::{FeedNames, Known, map_text, push_text};
use crate::scenario::Escape;
use crate::scenario::model::{Body, BodyContent, Piece, Template};
use crate::scenario::problem::{Problem, Read};
use crate::scenario::yaml::{Node, Value};

/// The keys that give a body.
const KINDS: [&str; 5] = ["json", "form", "multipart", "text", "file"];

impl Compiler<'_, '_, '_> {
    /// The body of a request, if one of the keys is there.
    pub fn request_body(&mut self, verb: &str, fields: &Fields) -> Read<Option<Body>> {
        let mut given = KINDS.iter().filter(|kind| fields.get(kind).is_some());
        let Some(kind) = given.next() else { return Ok(None) };
        if let Some(second) = given.next() {
            let problem = Problem::new(fields.place(second), format!("a request has one body: `{kind}` or `{second}`"));
            return Err(self.reader.problems.push(problem.also(fields.place(kind), "the other one")));
        }
        if matches!(verb, "get" | "head") {
            let message = format!("a {} has no body", verb.to_ascii_uppercase());
            return Err(self.reader.problem(fields.place(kind), message));
        }
        let Some(node) = fields.get(kind) else { return Ok(None) };
        let body =
            |content_type: &str, escape, content| Body { content_type: Some(content_type.to_owned()), escape, content };
        Ok(Some(match *kind {
            "json" => body("application/json", Escape::Json, BodyContent::Template(self.json(node)?)),
            "form" => {
                body("application/x-www-form-urlencoded", Escape::Percent, BodyContent::Template(self.form(node)?))
            }
            "text" => {
                let known = Known { saved: &self.saved, available: &self.available, ..self.known };
                let template = self.reader.template(node, &known)?;
                body("text/plain; charset=utf-8", Escape::Plain, BodyContent::Template(template))
            }
            "multipart" => {
                let (content_type, content) = self.multipart(node, fields)?;
                body(&content_type, Escape::Plain, content)
            }
            _ => {
                let (_, bytes) = self.reader.file(node)?;
                let digest = Sha256::digest(&bytes).into();
                body("application/octet-stream", Escape::Plain, BodyContent::File { bytes, digest })
            }
        }))
    }

    fn form(&mut self, node: &Node) -> Read<Template> {
        let mut pieces = Vec::new();
        for (name, value) in self.pairs(node, "form")? {
            let separator = if pieces.is_empty() { "" } else { "&" };
            push_text(&mut pieces, &format!("{separator}{}=", Escape::Percent.of(&name)));
            append(&mut pieces, map_text(value, |text| Escape::Percent.of(text)));
        }
        Ok(Template(pieces))
    }

    /// A value as JSON, with templates in its texts.
    pub fn json(&mut self, node: &Node) -> Read<Template> {
        let mut pieces = Vec::new();
        self.json_value(node, &mut pieces)?;
        Ok(Template(pieces))
    }

    fn json_value(&mut self, node: &Node, pieces: &mut Vec<Piece>) -> Read<()> {
        match &node.value {
            Value::Broken(told) => return Err(*told),
            Value::List(items) => {
                for (i, item) in items.iter().enumerate() {
                    push_text(pieces, if i == 0 { "[" } else { "," });
                    self.json_value(item, pieces)?;
                }
                push_text(pieces, if items.is_empty() { "[]" } else { "]" });
            }
            Value::Map(entries) => {
                for (i, entry) in entries.iter().enumerate() {
                    push_text(pieces, if i == 0 { "{" } else { "," });
                    push_text(pieces, &format!("{}:", serde_json::Value::from(entry.key.as_str())));
                    self.json_value(&entry.value, pieces)?;
                }
                push_text(pieces, if entries.is_empty() { "{}" } else { "}" });
            }
            Value::Scalar { text, plain } => match bare_slot(text) {
                Some(slot) => self.json_number(slot, node, pieces)?,
                None if *plain => self.json_plain(text, node, pieces)?,
                None => self.json_text(node, text, pieces)?,
            },
        }
        Ok(())
    }

    fn json_text(&mut self, node: &Node, text: &str, pieces: &mut Vec<Piece>) -> Read<()> {
        let known = Known { saved: &self.saved, available: &self.available, ..self.known };
        let template = self.reader.template_text(text, node.place, &known)?;
        push_text(pieces, "\"");
        append(pieces, map_text(template, |text| Escape::Json.of(text)));
        push_text(pieces, "\"");
        Ok(())
    }

    /// What a scalar without quotes is, by the core schema of YAML 1.2.
    fn json_plain(&mut self, text: &str, node: &Node, pieces: &mut Vec<Piece>) -> Read<()> {
        let numeric = text.trim_start_matches(['-', '+', '.']).starts_with(|c: char| c.is_ascii_digit());
        match text {
            _ if node.is_null() => push_text(pieces, "null"),
            "true" | "True" | "TRUE" => push_text(pieces, "true"),
            "false" | "False" | "FALSE" => push_text(pieces, "false"),
            _ if serde_json::from_str::<serde_json::Number>(text).is_ok() => push_text(pieces, text),
            // 007, +5, .5, 0x1F: a number for some readers and a text for others.
            _ if numeric && (text.parse::<f64>().is_ok() || text.starts_with("0x") || text.starts_with("0o")) => {
                let hint = "quote it to send a text, or write it as JSON has it: no leading zero or `+`";
                return Err(self.reader.problem_with_hint(
                    node.place,
                    "this is neither clearly a number nor clearly a text",
                    hint,
                ));
            }
            _ => return self.json_text(node, text, pieces),
        }
        Ok(())
    }

    /// `{{feed.votes | number}}`: the value without quotes. A feed's column must hold numbers only.
    fn json_number(&mut self, slot: &str, node: &Node, pieces: &mut Vec<Piece>) -> Read<()> {
        let known = Known { saved: &self.saved, available: &self.available, ..self.known };
        let template = self.reader.template_text(&format!("{{{{{slot}}}}}"), node.place, &known)?;
        if let ([Piece::Feed(column)], FeedNames::Feed(feed)) = (template.0.as_slice(), known.feed)
            && let Some(row) = self.reader.row_that_fails(known.feed, *column, Must::BeNumber)
        {
            let message = format!("row {} of the feed has no number in `{}`", row + 1, feed.columns[*column]);
            return Err(self.reader.problem(node.place, message));
        }
        append(pieces, template);
        Ok(())
    }
}

/// The inside of a text that is one `{{… | number}}` and nothing else.
fn bare_slot(text: &str) -> Option<&str> {
    let inside = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    let (slot, filter) = inside.rsplit_once('|')?;
    (filter.trim() == "number" && !slot.contains("}}")).then_some(slot.trim())
}

fn append(pieces: &mut Vec<Piece>, template: Template) {
    for piece in template.0 {
        match piece {
            Piece::Text(text) => push_text(pieces, &text),
            slot => pieces.push(slot),
        }
    }
}
